/**
 * Runs a thread's duty: turns, and what to do when there is nothing to do.
 *
 *   spin      never waits: the fastest hop, and a core of its own per thread
 *   adaptive  spins about as long as waking up would cost, then parks
 *   park      waits at once: where threads outnumber cores, a spinner only keeps the one it waits for from running
 *
 * A thread without sockets or database blocks in `Atomics.wait`; one with them waits with its event loop turning.
 * Either waits no longer than to its next heartbeat, and lets the event loop turn then and whenever it is summoned.
 */
import { setImmediate as nextLoopTurn } from 'node:timers/promises';
import type { CancelTimer, Clock } from '../../platform/clock.ts';
import type { Doorbell } from '../memory/doorbell.ts';
import type { Duty } from './duty.ts';

export const IDLE_STRATEGIES = ['spin', 'adaptive', 'park'] as const;
export type IdleStrategy = (typeof IDLE_STRATEGIES)[number];

/** How long `adaptive` spins after its last work: parking and being woken costs about as much. */
const SPIN_NS = 50_000;
/** Idle rounds between two readings of the clock. */
const ROUNDS_PER_GLANCE = 64;
/** With sockets or a database, a busy thread lets its event loop turn this often. */
const LOOP_TURN_NS = 1e6;

export interface DutyLoopOptions {
  readonly clock: Clock;
  readonly idle: IdleStrategy;
  readonly needsEventLoop: boolean;
  readonly heartbeatMs: number;
}

export class DutyLoop {
  readonly #duty: Duty;
  readonly #doorbell: Doorbell;
  readonly #options: DutyLoopOptions;
  #running = true;
  #summonsesSeen: number;
  #idleRounds = 0;
  #lastWorkNs = 0;
  #beatDueNs = 0;
  #loopTurnDueNs = 0;
  #alarm: CancelTimer | undefined;
  /** What an actor threw in a round outside {@link run}. */
  #failure: { readonly thrown: unknown } | undefined;

  constructor(duty: Duty, doorbell: Doorbell, options: DutyLoopOptions) {
    this.#duty = duty;
    this.#doorbell = doorbell;
    this.#options = options;
    this.#summonsesSeen = doorbell.summonses;
  }

  /** Ends {@link run} after the current turn. */
  stop(): void {
    this.#running = false;
    this.#alarm?.();
  }

  /** Turns until stopped. @throws what an actor throws: the thread is then to end. */
  async run(): Promise<void> {
    // From here on everything runs in the loop's check phase, so one loop turn always passes its poll phase, where
    // messages come in. A turn begun in the poll phase itself would end before the next poll.
    await nextLoopTurn();
    while (this.#running) {
      if (this.#duty.round() > 0) this.#noteWork();
      else this.#noteIdle();
      const waiting = this.#next();
      if (waiting !== undefined) await waiting; // never a promise while there is work or while it spins
      if (this.#failure !== undefined) throw this.#failure.thrown;
    }
  }

  /** A round at once, from a callback of the event loop. What an actor throws ends {@link run}, not the callback. */
  roundNow(): void {
    if (!this.#running || this.#duty.current !== undefined) return;
    try {
      if (this.#duty.round() > 0) this.#noteWork();
    } catch (thrown) {
      this.#failure = { thrown };
      this.#doorbell.ring();
    }
  }

  /**
   * Turns until `done`, waiting in short steps when there is no work; gives up when nothing has got on for `patienceMs`.
   * @param progressNs when something outside the rings last got on.
   */
  async runUntil(done: () => boolean, patienceMs: number, progressNs: () => number): Promise<void> {
    let workedNs = this.#duty.glance();
    while (!done() && this.#duty.glance() - Math.max(workedNs, progressNs()) < patienceMs * 1e6) {
      if (this.#duty.round() === 0) await this.#doorbell.waitTurning(1);
      else {
        this.#duty.beat();
        workedNs = this.#duty.nowNs;
      }
      await nextLoopTurn();
    }
  }

  #noteWork(): void {
    this.#idleRounds = 0;
    this.#lastWorkNs = this.#duty.nowNs;
  }

  #noteIdle(): void {
    if (this.#idleRounds % ROUNDS_PER_GLANCE === 0) this.#duty.glance();
    this.#idleRounds++;
  }

  /** What comes before the next round, if it takes the event loop. */
  #next(): Promise<unknown> | undefined {
    const nowNs = this.#duty.nowNs;
    if (nowNs >= this.#beatDueNs || this.#doorbell.summonses !== this.#summonsesSeen) return this.#attend();
    const { idle, needsEventLoop } = this.#options;
    if (this.#idleRounds === 0) return needsEventLoop && nowNs >= this.#loopTurnDueNs ? this.#turnLoop() : undefined;
    if (idle === 'spin' || (idle === 'adaptive' && nowNs - this.#lastWorkNs < SPIN_NS)) {
      return needsEventLoop ? this.#turnLoop() : undefined;
    }
    return this.#park();
  }

  #park(): Promise<unknown> | undefined {
    this.#doorbell.announceParking();
    // What was published before the announcement did not ring: look once more.
    if (this.#duty.round() > 0 || this.#doorbell.summonses !== this.#summonsesSeen) {
      this.#doorbell.cancelParking();
      this.#noteWork();
      return undefined;
    }
    if (this.#options.needsEventLoop) return this.#doorbell.waitTurning();
    this.#doorbell.waitBlocking(Math.max(0, (this.#beatDueNs - this.#duty.glance()) / 1e6));
    return undefined;
  }

  /** Heartbeat, time-outs, and what waits in the event loop. */
  async #attend(): Promise<void> {
    this.#summonsesSeen = this.#doorbell.summonses;
    if (this.#duty.nowNs >= this.#beatDueNs) {
      this.#duty.beat();
      this.#beatDueNs = this.#duty.nowNs + this.#options.heartbeatMs * 1e6;
      this.#duty.onTimer();
      if (this.#options.needsEventLoop) this.#setAlarm();
    }
    await this.#turnLoop();
  }

  /** One timer per heartbeat in place of a time-out per wait: those cost as much as the wake-up itself. */
  #setAlarm(): void {
    this.#alarm?.();
    this.#alarm = this.#options.clock.after(this.#options.heartbeatMs, () => {
      this.#beatDueNs = 0; // the timer has decided: its clock and ours may differ by a hair
      this.#doorbell.ring();
    });
  }

  async #turnLoop(): Promise<void> {
    await nextLoopTurn();
    this.#loopTurnDueNs = this.#duty.glance() + LOOP_TURN_NS;
  }
}
