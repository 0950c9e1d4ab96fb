/** The capture's time as an actor's clock. Wall time counts from 1970, so that a replay is the same on every day. */
import { type CancelTimer, type Clock, VirtualClock } from '../../platform/clock.ts';
import { type MonotonicNs, monotonicNs, type WallMs, wallMs } from '../../platform/time.ts';
import type { CaptureTime } from './capture-time.ts';

export class CaptureClock implements Clock {
  readonly #time: CaptureTime;
  readonly #timers = new VirtualClock();

  constructor(time: CaptureTime) {
    this.#time = time;
    this.#timers.advanceTo(time.nowNs); // a successor begins where time is
  }

  nowNs(): MonotonicNs {
    return monotonicNs(this.#time.nowNs);
  }

  readNs(into: Float64Array, at: number): void {
    this.#time.readNs(into, at);
  }

  wallNs(): bigint {
    return BigInt(Math.round(this.nowNs()));
  }

  wallMs(): WallMs {
    return wallMs(this.nowNs() / 1e6);
  }

  /** Its due time is counted from the last {@link fireDue}. For the actors that take turns: only their timers fire. */
  after(delayMs: number, run: () => void): CancelTimer {
    return this.#timers.after(delayMs, run);
  }

  /** Calls what has fallen due. At the beginning of a turn. */
  fireDue(): void {
    this.#timers.advanceTo(this.#time.nowNs);
  }

  /** When the next timer is due; Infinity when none is set. */
  get nextTimerNs(): number {
    return this.#timers.nextTimerNs() ?? Number.POSITIVE_INFINITY;
  }
}
