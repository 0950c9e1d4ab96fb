/** The venue's limit on connection attempts: so many in a rolling window, and refusal for a whole window beyond it. */
import { SlidingWindow } from '../../net/limiters/sliding-window.ts';
import type { Clock } from '../../platform/clock.ts';

export interface ConnectionBudgetSettings {
  /** Attempts in a window; one more closes the door. */
  readonly connectsPerWindow: number;
  readonly connectWindowMs: number;
}

/** About 150 per rolling 10 minutes; then refused for 10 minutes (protocol reference 1.2). */
export const CONNECTION_BUDGET: ConnectionBudgetSettings = { connectsPerWindow: 150, connectWindowMs: 600_000 };

export class ConnectionBudget {
  readonly #clock: Clock;
  readonly #windowNs: number;
  readonly #attempts: SlidingWindow;
  #refusedUntilNs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, { connectsPerWindow, connectWindowMs }: ConnectionBudgetSettings) {
    this.#clock = clock;
    this.#windowNs = connectWindowMs * 1e6;
    this.#attempts = new SlidingWindow({ max: connectsPerWindow, spanNs: this.#windowNs });
  }

  /** Counts an attempt. False: answer 429. */
  admit(): boolean {
    const now = this.#clock.nowNs();
    if (now < this.#refusedUntilNs) return false;
    if (this.#attempts.tryTake(now)) return true;
    this.#refusedUntilNs = now + this.#windowNs;
    return false;
  }
}
