/**
 * How often sockets may be opened. Arithmetic: time comes in.
 *
 * Kraken's proxy refuses an address for ten minutes after about 150 attempts in ten minutes (protocol reference 1.2). The
 * budget is one for all sockets of the process. It lies in memory that outlives the actor, so that an actor that is
 * restarted again and again does not spend it again and again:
 *
 *   f64: | attempts ever | time of attempt 0 (ms) | time of attempt 1 | … | one slot per attempt of a window
 */

export interface ConnectBudgetSettings {
  /** Attempts allowed in any window. */
  readonly attemptsMax: number;
  readonly windowMs: number;
}

/** Bytes that hold the budget for up to 255 attempts a window; the setting's maximum is 150. */
export const CONNECT_BUDGET_BYTES = 2_048;

export class ConnectBudget {
  readonly #settings: ConnectBudgetSettings;
  readonly #slots: Float64Array<ArrayBufferLike>;

  /** `slots` holds at least `attemptsMax` + 1 values: zeros, or what a predecessor left there. */
  constructor(
    settings: ConnectBudgetSettings,
    slots: Float64Array<ArrayBufferLike> = new Float64Array(settings.attemptsMax + 1),
  ) {
    this.#settings = settings;
    this.#slots = slots;
  }

  /** Milliseconds until the next attempt is allowed; 0 when it is allowed now. */
  waitMs(nowMs: number): number {
    const attempts = this.#slots[0] as number;
    if (attempts < this.#settings.attemptsMax) return 0;
    const oldestMs = this.#slots[this.#slotOf(attempts)] as number;
    return Math.max(0, oldestMs + this.#settings.windowMs - nowMs);
  }

  /** Takes one attempt. False, and nothing is taken, when the window is used up. */
  tryTake(nowMs: number): boolean {
    if (this.waitMs(nowMs) > 0) return false;
    const attempts = this.#slots[0] as number;
    this.#slots[this.#slotOf(attempts)] = nowMs;
    this.#slots[0] = attempts + 1;
    return true;
  }

  #slotOf(attempt: number): number {
    return 1 + (attempt % this.#settings.attemptsMax);
  }
}
