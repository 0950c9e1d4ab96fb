/**
 * How often and when a question is asked again. Two bounds: attempts of one call, and a budget for all calls together,
 * so that a venue in trouble is not asked more the worse it gets.
 */

import type { Chance } from '../platform/chance.ts';
import { backOffMs } from './back-off.ts';
import { DecayingCounter } from './limiters/decaying-counter.ts';

export interface RetrySettings {
  /** Attempts of one call, the first included. */
  readonly attemptsMax: number;
  readonly baseMs: number;
  readonly maxMs: number;
  /** Repetitions of all calls that may follow one another at once. */
  readonly budget: number;
  /** After this long, one more. */
  readonly refillMs: number;
}

export const RETRY_DEFAULTS: Omit<RetrySettings, 'attemptsMax'> = {
  baseMs: 500,
  maxMs: 30_000,
  budget: 10,
  refillMs: 5_000,
};

export class RetryBudget {
  readonly #settings: RetrySettings;
  readonly #chance: Chance;
  readonly #spent: DecayingCounter;

  constructor(settings: RetrySettings, chance: Chance) {
    this.#settings = settings;
    this.#chance = chance;
    const { budget, refillMs } = settings;
    this.#spent = new DecayingCounter({ max: budget, decay: { points: 1, inMs: refillMs } });
  }

  /**
   * Milliseconds to wait before the next attempt after `attempts` that failed, or undefined when there shall be none.
   * All of it is left to chance.
   */
  tryTake(attempts: number, nowNs: number): number | undefined {
    const { attemptsMax, baseMs, maxMs } = this.#settings;
    if (attempts >= attemptsMax || !this.#spent.tryAdd(1, nowNs)) return undefined;
    return backOffMs(attempts, { baseMs, maxMs, growth: 2, jitter: 'full' }, this.#chance);
  }
}
