/** When the next attempt to connect is made: after the back-off, and when the budget has a place. */
import type { Chance } from '../platform/chance.ts';
import type { CancelTimer, Clock } from '../platform/clock.ts';
import { type ConnectWaits, failedWaitMs, refusedWaitMs } from './connect-waits.ts';
import type { SlidingWindow } from './limiters/sliding-window.ts';

export interface ConnectAttemptsDeps {
  readonly clock: Clock;
  readonly chance: Chance;
  /** How often connections may be tried. */
  readonly budget: SlidingWindow;
  readonly waits: ConnectWaits;
  /** Takes a place in the budget: connect now. */
  readonly onDue: () => void;
}

export class ConnectAttempts {
  readonly #deps: ConnectAttemptsDeps;
  #cancelTimer: CancelTimer | undefined;
  #failures = 0;
  /** Refusals since a connection lasted. */
  #refusals = 0;
  /** Whether the newest failure was one. */
  #wasRefused = false;

  constructor(deps: ConnectAttemptsDeps) {
    this.#deps = deps;
  }

  /** Attempts in a row that failed, and connections that were lost before they had lasted. */
  get failures(): number {
    return this.#failures;
  }

  /** An attempt failed, or a connection was lost. */
  onFailed(): void {
    this.#failures++;
    this.#wasRefused = false;
  }

  /** The venue or its edge refused the connection: the next attempt is made late. */
  onRefused(): void {
    this.#failures++;
    this.#refusals++;
    this.#wasRefused = true;
  }

  /** A connection has lasted: what failed before it is forgiven. */
  onLasted(): void {
    this.#failures = 0;
    this.#refusals = 0;
    this.#wasRefused = false;
  }

  /** @param isVenueOnline as the venue said last. */
  schedule(isVenueOnline: boolean): void {
    const { budget, clock, waits, chance } = this.#deps;
    const waitMs = this.#wasRefused
      ? refusedWaitMs(this.#refusals, waits, chance)
      : failedWaitMs(this.#failures, isVenueOnline, waits, chance);
    this.#in(Math.max(waitMs, budget.waitNs(clock.nowNs()) / 1e6));
  }

  cancel(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  /** Sockets that wait for the same place in the budget come at once: all but one of them wait again. */
  #in(delayMs: number): void {
    const { clock, budget, onDue } = this.#deps;
    this.#cancelTimer = clock.after(Math.ceil(delayMs), () => {
      if (budget.tryTake(clock.nowNs())) onDue();
      else this.#in(budget.waitNs(clock.nowNs()) / 1e6);
    });
  }
}
