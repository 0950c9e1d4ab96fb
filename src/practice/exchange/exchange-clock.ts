/** The exchange's own clock: its wall time can be set off from the true one, and its timers end with the exchange. */

import type { CancelTimer, Clock } from '../../platform/clock.ts';
import { type MonotonicNs, type WallMs, wallMs } from '../../platform/time.ts';

export class ExchangeClock implements Clock {
  readonly #true: Clock;
  readonly #timers = new Set<CancelTimer>();
  #skewMs = 0;
  #isClosed = false;

  constructor(trueClock: Clock) {
    this.#true = trueClock;
  }

  /** Whole milliseconds ahead of the true time; behind it when negative. */
  setSkew(skewMs: number): void {
    this.#skewMs = skewMs;
  }

  /** No timer strikes any more, and none can be set. */
  close(): void {
    this.#isClosed = true;
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
  }

  nowNs(): MonotonicNs {
    return this.#true.nowNs();
  }

  readNs(into: Float64Array, at: number): void {
    this.#true.readNs(into, at);
  }

  wallNs(): bigint {
    return this.#true.wallNs() + BigInt(this.#skewMs) * 1_000_000n;
  }

  wallMs(): WallMs {
    return wallMs(this.#true.wallMs() + this.#skewMs);
  }

  after(delayMs: number, run: () => void): CancelTimer {
    if (this.#isClosed) return () => {};
    const cancel = this.#true.after(delayMs, () => {
      this.#timers.delete(cancel);
      run();
    });
    this.#timers.add(cancel);
    return () => {
      this.#timers.delete(cancel);
      cancel();
    };
  }
}
