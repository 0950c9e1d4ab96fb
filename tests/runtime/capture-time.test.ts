import { describe, expect, test } from 'vitest';
import type { Actor } from '../../src/runtime/actor.ts';
import type { CaptureTime } from '../../src/runtime/capture-time/capture-time.ts';
import { takingTurns } from '../../src/runtime/capture-time/taking-turns.ts';
import { TimeKeeper } from '../../src/runtime/capture-time/time-keeper.ts';
import type { ActorId } from '../../src/runtime/counter-names.ts';
import type { SharedMemory } from '../../src/runtime/memory/shared-memory.ts';
import { createTestContext, type TestContextOptions } from '../support/test-context.ts';

const OPTIONS = { captureTime: true };
const BEAT_NS = 50e6;

interface Spied {
  readonly actor: Actor;
  readonly did: string[];
  /** What the next turns of work give; nothing is left when it is empty. */
  readonly work: number[];
  waitsFor: string | undefined;
}

function spied(id: ActorId): Spied {
  const did: string[] = [];
  const work: number[] = [];
  const spy: Spied = {
    did,
    work,
    waitsFor: undefined,
    actor: {
      id,
      onStart: () => undefined,
      doWork: () => {
        const handled = work.shift() ?? 0;
        if (handled > 0) did.push('work');
        return handled;
      },
      onTimer: () => void did.push('timer'),
      waitsFor: () => spy.waitsFor,
      onStop: () => void did.push('stop'),
    },
  };
  return spy;
}

function stage(options: TestContextOptions = { options: OPTIONS }) {
  const feed = createTestContext('feed', options);
  const shared = { ...options, memory: feed.memory as SharedMemory };
  const sequencer = createTestContext('sequencer', shared);
  const risk = createTestContext('risk', shared);
  const time = feed.context.captureTime as CaptureTime;
  const trader = spied('sequencer');
  const watcher = spied('risk');
  feed.context.gate.setRisk('active', 'none');
  feed.context.gate.setSupervisor('active', 'none');
  return {
    feed,
    sequencer,
    risk,
    time,
    trader,
    watcher,
    keeper: new TimeKeeper(feed.context, time),
    sequencerInTurn: takingTurns(trader.actor, sequencer.context),
    riskInTurn: takingTurns(watcher.actor, risk.context),
  };
}

/** Lets sequencer and risk act until the feed may go on. */
function untilFeed({ time, sequencerInTurn, riskInTurn }: ReturnType<typeof stage>): void {
  for (let turn = 0; turn < 20 && time.turn !== 'feed'; turn++) {
    sequencerInTurn.doWork();
    riskInTurn.doWork();
  }
  expect(time.turn).toBe('feed');
}

/** As after the first look. */
function begun(): ReturnType<typeof stage> {
  const made = stage();
  expect(made.keeper.reach(0)).toBe(false);
  untilFeed(made);
  expect(made.keeper.reach(0)).toBe(true);
  for (const { did } of [made.trader, made.watcher]) did.length = 0;
  return made;
}

describe('time', () => {
  test('stands still until everybody has started, and begins with a look of sequencer and risk', () => {
    const made = stage();
    made.feed.context.gate.setSupervisor('halted', 'starting');
    expect(made.keeper.reach(0)).toBe(false);
    expect(made.time.turn).toBe('feed');
    made.feed.context.gate.setSupervisor('active', 'none');
    expect(made.keeper.reach(0)).toBe(false);
    untilFeed(made);
    expect([made.trader.did, made.watcher.did]).toEqual([['timer'], ['timer']]);
    expect(made.keeper.reach(0)).toBe(true);
  });

  test('does not pass a frame that is not done', () => {
    const made = begun();
    made.feed.producer('deltas').publish(1);
    expect(made.keeper.reach(5e6)).toBe(false);
    made.feed.consumer('deltas').advance(1);
    made.feed.producer('tops').publish(1);
    expect(made.keeper.reach(5e6)).toBe(false);
    expect(made.time.nowNs).toBe(0);
    made.feed.consumer('tops').advance(1);
    expect(made.keeper.reach(5e6)).toBe(true);
    expect(made.time.nowNs).toBe(5e6);
  });

  test('stops at a timer on the way, and at one that is due with the frame', () => {
    const made = begun();
    made.sequencer.producer('opportunities').publish(1); // for a turn in which the timers are set
    expect(made.keeper.reach(1e6)).toBe(false);
    made.feed.consumer('opportunities').advance(1);
    const fired: number[] = [];
    for (const ms of [3, 7]) made.sequencer.context.clock.after(ms, () => fired.push(made.time.nowNs));
    untilFeed(made);
    expect(made.keeper.reach(7e6)).toBe(false);
    expect(made.time.nowNs).toBe(3e6);
    untilFeed(made);
    expect(made.keeper.reach(7e6)).toBe(false);
    expect(made.time.nowNs).toBe(7e6);
    untilFeed(made);
    expect(fired).toEqual([3e6, 7e6]);
    expect(made.keeper.reach(7e6)).toBe(true);
  });

  test('stops at every heartbeat while plans are at work, and at none without', () => {
    const made = begun();
    expect(made.keeper.reach(2 * BEAT_NS)).toBe(true);
    expect(made.keeper.reach(2 * BEAT_NS)).toBe(false); // the heartbeat is overdue
    const { counters } = made.sequencer.context;
    counters.set(counters.at('plans_active'), 1);
    untilFeed(made);
    expect(made.keeper.reach(10 * BEAT_NS)).toBe(false);
    expect(made.time.nowNs).toBe(3 * BEAT_NS);
    untilFeed(made);
    expect(made.watcher.did).toEqual(['timer', 'timer']);
  });

  test('never goes back, whatever the capture says', () => {
    const made = begun();
    expect(made.keeper.reach(5e6)).toBe(true);
    expect(made.keeper.reach(2e6)).toBe(true);
    expect(made.time.nowNs).toBe(5e6);
  });
});

describe('turns', () => {
  test('risk books what was executed before the sequencer goes on, and the feed waits for both', () => {
    const made = begun();
    made.sequencer.producer('opportunities').publish(1);
    expect(made.keeper.reach(1e6)).toBe(false);
    made.trader.work.push(1);
    made.sequencerInTurn.doWork();
    made.feed.consumer('opportunities').advance(1);
    made.sequencer.producer('executions').publish(1);
    expect(made.riskInTurn.doWork()).toBe(0); // not its turn yet
    made.sequencerInTurn.doWork();
    expect(made.time.turn).toBe('risk');
    expect(made.keeper.reach(1e6)).toBe(false);
    made.risk.consumer('executions').advance(1);
    made.watcher.work.push(1);
    untilFeed(made);
    expect(made.watcher.did).toEqual(['work']);
  });

  test('without room for records the turn is kept; without room for executions risk makes it', () => {
    const made = begun();
    made.sequencer.producer('opportunities').publish(1);
    made.sequencer.producer('executions').publish(1);
    made.keeper.reach(1e6);
    made.trader.waitsFor = 'sequencer_records';
    made.sequencerInTurn.doWork();
    expect(made.time.turn).toBe('sequencer');
    made.trader.waitsFor = 'executions';
    made.sequencerInTurn.doWork();
    expect(made.time.turn).toBe('risk');
  });

  test('once the run is being stopped no one waits for his turn, and work comes before the end', () => {
    const made = begun();
    made.feed.context.gate.setSupervisor('halted', 'stopping');
    expect(made.keeper.goesOn).toBe(false);
    made.trader.work.push(1, 1);
    expect(made.sequencerInTurn.doWork()).toBe(1);
    made.sequencerInTurn.onStop();
    expect(made.trader.did).toEqual(['work', 'work', 'stop']);
    expect(made.keeper.reach(1e9)).toBe(false);
  });

  test('a successor goes on in the turn of its predecessor, at its time', () => {
    const made = begun();
    made.keeper.reach(4e6);
    made.sequencer.producer('opportunities').publish(1);
    made.keeper.reach(4e6);
    const heir = spied('sequencer');
    const context = made.sequencer.successor();
    heir.work.push(1);
    takingTurns(heir.actor, context).doWork();
    expect(heir.did).toEqual(['work']);
    expect(context.clock.nowNs()).toBe(4e6);
  });
});

test('a run that does not go by the capture’s time is as it was', () => {
  const { context } = createTestContext('sequencer');
  const { actor } = spied('sequencer');
  expect(context.captureTime).toBeUndefined();
  expect(takingTurns(actor, context)).toBe(actor);
});
