/** The venue's limit on connection attempts: so many in a rolling window, and refusal for a whole window beyond it. */
import type { Clock } from '../../shared/clock.ts';

export interface ConnectionBudgetSettings {
  /** Attempts in a window; one more closes the door. */
  readonly connectsPerWindow: number;
  readonly connectWindowMs: number;
}

/** About 150 per rolling 10 minutes; then refused for 10 minutes (protocol reference 1.2). */
export const CONNECTION_BUDGET: ConnectionBudgetSettings = { connectsPerWindow: 150, connectWindowMs: 600_000 };

export class ConnectionBudget {
  readonly #clock: Clock;
  readonly #settings: ConnectionBudgetSettings;
  #attemptsNs: number[] = [];
  #refusedUntilNs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, settings: ConnectionBudgetSettings) {
    this.#clock = clock;
    this.#settings = settings;
  }

  /** Counts an attempt. False: answer 429. */
  admit(): boolean {
    const now = this.#clock.nowNs();
    if (now < this.#refusedUntilNs) return false;
    const windowNs = this.#settings.connectWindowMs * 1e6;
    this.#attemptsNs = this.#attemptsNs.filter((at) => now - at < windowNs);
    if (this.#attemptsNs.length >= this.#settings.connectsPerWindow) {
      this.#refusedUntilNs = now + windowNs;
      return false;
    }
    this.#attemptsNs.push(now);
    return true;
  }
}
