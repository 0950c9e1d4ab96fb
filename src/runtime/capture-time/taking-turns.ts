/** Actors in the capture's time: the same actors, given work only when it is their turn. */

import type { TradingGate } from '../../trading/trading-gate.ts';
import type { Actor, ActorContext } from '../actor.ts';
import type { ActorId } from '../counter-names.ts';
import { CaptureClock } from './capture-clock.ts';
import type { CaptureTime } from './capture-time.ts';

/** What a turn looks at. */
type TurnContext = Pick<ActorContext, 'clock' | 'config' | 'gauge' | 'countersOf'>;

/** `actor` as it is, or, in a run that follows the capture's time, so that it keeps to its turns. */
export function takingTurns<A extends ActorId>(actor: Actor, context: ActorContext<A>): Actor {
  const time = context.captureTime;
  if (time === undefined) return actor;
  switch (actor.id) {
    case 'book':
    case 'detector':
      return { ...delegating(actor), doWork: () => workAndTell(actor, time) };
    case 'sequencer':
      return inTurn(actor, context.gate, sequencersTurn(actor, context, time));
    case 'risk':
      return inTurn(actor, context.gate, risksTurn(actor, context, time));
    default:
      return actor;
  }
}

/** The methods of an actor as an object of their own: those of a class do not come with a spread. */
function delegating(actor: Actor): Actor {
  return {
    id: actor.id,
    ...(actor.needsEventLoop !== undefined && { needsEventLoop: actor.needsEventLoop }),
    ...(actor.control !== undefined && { control: actor.control }),
    onStart: () => actor.onStart(),
    doWork: () => actor.doWork(),
    onTimer: () => actor.onTimer?.(),
    onStop: () => actor.onStop(),
    isBusy: () => actor.isBusy?.() ?? false,
  };
}

/** Rings the feed at the end of a frame. */
function workAndTell(actor: Actor, time: CaptureTime): number {
  const handled = actor.doWork();
  if (handled > 0 && time.isFrameDone) time.ringFeed();
  return handled;
}

/** Works by `turn`, whose time-outs are part of it; a run that is being stopped goes on without turns. */
function inTurn(actor: Actor, gate: TradingGate, turn: () => number): Actor {
  return {
    ...delegating(actor),
    doWork: () => (gate.isEnding ? actor.doWork() : turn()),
    onTimer: () => undefined,
    onStop: () => {
      while (actor.doWork() > 0); // what the halt means for plans at work comes before the end of the actor
      return actor.onStop();
    },
  };
}

/**
 * Everything there is to do now. The turn is given away with nothing left, or when risk has to make room; never for want of
 * room for records, which comes by itself sooner or later.
 */
function sequencersTurn(actor: Actor, context: TurnContext, time: CaptureTime): () => number {
  const { clock } = context;
  const executions = context.gauge('executions');
  const counters = context.countersOf('sequencer');
  let beatenNs = -1;
  const passOn = (): void => {
    if (executions.used > 0 || time.beatNs <= time.nowNs) {
      time.pass('risk');
      return;
    }
    const timerNs = clock instanceof CaptureClock ? clock.nextTimerNs : Number.POSITIVE_INFINITY;
    // Plans at work have deadlines: they are looked at with every heartbeat, and not only when there is a frame.
    time.dueNs = counters.get('plans_active') > 0 ? Math.min(timerNs, time.beatNs) : timerNs;
    time.pass('feed');
  };
  return () => {
    if (time.turn !== 'sequencer') return 0;
    if (clock instanceof CaptureClock) clock.fireDue();
    for (;;) {
      const handled = actor.doWork();
      if (handled > 0) return handled;
      const ring = actor.waitsFor?.();
      if (ring !== undefined && ring !== 'executions') return 0;
      const { nowNs } = time;
      if (ring !== undefined || time.beatNs > nowNs || beatenNs === nowNs) break;
      beatenNs = nowNs;
      actor.onTimer?.();
    }
    passOn();
    return 0;
  };
}

/** Books what was executed, looks at its limits when that is due, and gives the turn back. */
function risksTurn(actor: Actor, { config }: TurnContext, time: CaptureTime): () => number {
  return () => {
    if (time.turn !== 'risk') return 0;
    const handled = actor.doWork();
    if (handled > 0) return handled;
    if (time.beatNs <= time.nowNs) {
      actor.onTimer?.();
      time.beatNs = time.nowNs + config.runtime.heartbeat_ms * 1e6;
    }
    time.pass('sequencer');
    return 0;
  };
}
