/** When the next attempt to connect is made: after the back-off, and when the budget has a place. */
import type { Chance } from '../../shared/chance.ts';
import type { CancelTimer, Clock } from '../../shared/clock.ts';
import { type BackoffSettings, backoffMs, type ConnectBudget } from './connect-budget.ts';

export interface ConnectAttemptsDeps {
  readonly clock: Clock;
  readonly chance: Chance;
  readonly budget: ConnectBudget;
  readonly backoff: BackoffSettings;
  /** Takes a place in the budget: connect now. */
  readonly onDue: () => void;
}

export class ConnectAttempts {
  readonly #deps: ConnectAttemptsDeps;
  #cancelTimer: CancelTimer | undefined;
  #failures = 0;

  constructor(deps: ConnectAttemptsDeps) {
    this.#deps = deps;
  }

  /** An attempt failed, or a connection was lost. */
  onFailed(): void {
    this.#failures++;
  }

  /** A connection has lasted: what failed before it is forgiven. */
  onLasted(): void {
    this.#failures = 0;
  }

  /** @param isVenueOnline as the venue said last. */
  schedule(isVenueOnline: boolean): void {
    const { budget, backoff, chance } = this.#deps;
    const waitMs = backoffMs(this.#failures, isVenueOnline, backoff, chance);
    this.#in(Math.max(waitMs, budget.waitMs(this.#nowMs())));
  }

  cancel(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  #in(delayMs: number): void {
    const { clock, budget, onDue } = this.#deps;
    this.#cancelTimer = clock.after(Math.ceil(delayMs), () => {
      if (budget.tryTake(this.#nowMs())) onDue();
      else this.#in(budget.waitMs(this.#nowMs()));
    });
  }

  #nowMs(): number {
    return this.#deps.clock.nowNs() / 1e6;
  }
}
