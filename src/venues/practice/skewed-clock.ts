/** A clock whose wall time can be set off from the true one; what is monotonic stays as it is. */
import type { CancelTimer, Clock } from '../../shared/clock.ts';

export class SkewedClock implements Clock {
  readonly #true: Clock;
  #skewMs = 0;

  constructor(trueClock: Clock) {
    this.#true = trueClock;
  }

  /** Whole milliseconds ahead of the true time; behind it when negative. */
  setSkew(skewMs: number): void {
    this.#skewMs = skewMs;
  }

  nowNs(): number {
    return this.#true.nowNs();
  }

  readNs(into: Float64Array, at: number): void {
    this.#true.readNs(into, at);
  }

  wallNs(): bigint {
    return this.#true.wallNs() + BigInt(this.#skewMs) * 1_000_000n;
  }

  wallMs(): number {
    return this.#true.wallMs() + this.#skewMs;
  }

  after(delayMs: number, run: () => void): CancelTimer {
    return this.#true.after(delayMs, run);
  }
}
