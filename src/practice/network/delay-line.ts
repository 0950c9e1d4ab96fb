/** What is put in comes out later and in order: one direction of a connection, on the clock. */
import type { Clock } from '../../platform/clock.ts';

export class DelayLine {
  readonly #clock: Clock;
  readonly #latencyMs: () => number;
  readonly #waiting: { readonly dueNs: number; readonly run: () => void }[] = [];
  #newestNs = 0;

  constructor(clock: Clock, latencyMs: () => number) {
    this.#clock = clock;
    this.#latencyMs = latencyMs;
  }

  /** Runs `run` after a latency, and after everything that was put in before. */
  push(run: () => void): void {
    const dueNs = Math.max(this.#newestNs, this.#clock.nowNs() + this.#latencyMs() * 1e6);
    this.#newestNs = dueNs;
    this.#waiting.push({ dueNs, run });
    if (this.#waiting.length === 1) this.#arm(dueNs);
  }

  #arm(dueNs: number): void {
    this.#clock.after(Math.max(0, (dueNs - this.#clock.nowNs()) / 1e6), () => this.#deliver());
  }

  /** One at a time: others that fall due now have their turn in between. */
  #deliver(): void {
    const first = this.#waiting[0];
    if (first === undefined) return;
    // The next one is armed before this one runs: it may put in more.
    this.#waiting.shift();
    const next = this.#waiting[0];
    if (next !== undefined) this.#arm(next.dueNs);
    first.run();
  }
}
