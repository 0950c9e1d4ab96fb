/**
 * How often sockets may be opened, and how long to wait before the next attempt. Arithmetic: time and chance come in.
 *
 * Kraken's proxy refuses an address for ten minutes after about 150 attempts in ten minutes (protocol reference 1.2). The
 * budget is one for all sockets of the process. It lies in memory that outlives the actor, so that an actor that is
 * restarted again and again does not spend it again and again:
 *
 *   f64: | attempts ever | time of attempt 0 (ms) | time of attempt 1 | … | one slot per attempt of a window
 */
import type { Chance } from '../../shared/chance.ts';
import type { Config } from '../../shared/config.ts';

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

export interface BackoffSettings {
  readonly baseMs: number;
  readonly maxMs: number;
  /** Least wait after maintenance and after repeated failure; the venue asks for 5 s (reference 1.2). */
  readonly repeatedMinMs: number;
  /** Least wait after the first refusal in a row; twice as long with every further one. */
  readonly refusedMinMs: number;
  /** Longest of these waits. */
  readonly refusedMaxMs: number;
}

/** The waits between attempts to connect that the settings ask for. */
export function backoffOf(venue: Config['venue']): BackoffSettings {
  return {
    baseMs: venue.backoff_base_ms,
    maxMs: venue.backoff_max_ms,
    repeatedMinMs: venue.backoff_repeated_min_ms,
    refusedMinMs: venue.refused_retry_min_ms,
    refusedMaxMs: venue.refused_retry_max_ms,
  };
}

/** Failures in a row from which on `repeatedMinMs` holds: a single random drop is reconnected at once. */
const REPEATED_FROM = 3;
/** Beyond this the doubling has long reached any cap. */
const DOUBLINGS_MAX = 20;

/**
 * Milliseconds to wait after `failures` attempts in a row that failed: exponential with full jitter, uniform in [0,
 * min(max, base × 2^failures)) (M. Brooker, "Exponential Backoff And Jitter", 2015). 0 before any failure.
 */
export function backoffMs(
  failures: number,
  venueOnline: boolean,
  { baseMs, maxMs, repeatedMinMs }: BackoffSettings,
  chance: Chance,
): number {
  if (failures === 0) return 0;
  const ceilingMs = Math.min(maxMs, baseMs * 2 ** Math.min(failures, DOUBLINGS_MAX));
  const jitteredMs = chance.unit() * ceilingMs;
  // The jitter stays on top of the minimum: sockets that fell together shall not come back together.
  return failures >= REPEATED_FROM || !venueOnline ? repeatedMinMs + jitteredMs : jitteredMs;
}

/** How much longer each wait after a refusal is than the one before. */
const REFUSED_GROWTH = 2;
/** Part of a wait after a refusal that chance may add: sockets that were refused together shall not come back together. */
const REFUSED_JITTER = 0.25;

/** Milliseconds to wait after `refusals` (from 1) answers in a row by which the venue or its edge refused the connection. */
export function refusedBackoffMs(
  refusals: number,
  { refusedMinMs, refusedMaxMs }: BackoffSettings,
  chance: Chance,
): number {
  const leastMs = Math.min(refusedMaxMs, refusedMinMs * REFUSED_GROWTH ** Math.min(refusals - 1, DOUBLINGS_MAX));
  return leastMs * (1 + REFUSED_JITTER * chance.unit());
}
