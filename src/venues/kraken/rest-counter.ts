/**
 * Kraken's REST counter of one key (protocol reference 4.1), kept so that the venue's never overflows: every private call
 * adds its points, the counter decays all the time, and beyond its maximum calls are refused.
 *
 * The venue counts a call when it arrives, which is between its sending and its answer. Its points begin to decay here
 * when the answer is in: so this counter is never below the venue's, whatever the network delays. Integers: millionths of
 * a point and whole milliseconds, in which every published rate is exact.
 */

/** Tiers by verification level; the account's is read from the venue (reference 4.2). */
export type RateTier = 'starter' | 'intermediate' | 'pro';

/** One point, in the unit that counters count in. */
export const POINT = 1_000_000;

const TIERS: Readonly<Record<RateTier, { readonly points: number; readonly decayPerMs: number }>> = {
  starter: { points: 15, decayPerMs: 330 },
  intermediate: { points: 20, decayPerMs: 500 },
  pro: { points: 20, decayPerMs: 1_000 },
};

export class RestCounter {
  #tier: RateTier;
  #level = 0;
  #inFlight = 0;
  #atMs = Number.NEGATIVE_INFINITY;

  constructor(tier: RateTier) {
    this.#tier = tier;
  }

  setTier(tier: RateTier, nowMs: number): void {
    this.#decay(nowMs);
    this.#tier = tier;
  }

  /** Milliseconds until a call of `points` fits; infinite while calls in flight must be answered first. */
  waitMs(points: number, nowMs: number): number {
    this.#decay(nowMs);
    const { points: most, decayPerMs } = TIERS[this.#tier];
    const excess = this.#level + this.#inFlight + points * POINT - most * POINT;
    if (excess <= 0) return 0;
    return excess > this.#level ? Number.POSITIVE_INFINITY : Math.ceil(excess / decayPerMs);
  }

  /** Counts a call as sent. Ask {@link waitMs} before. */
  onSent(points: number): void {
    this.#inFlight += points * POINT;
  }

  /** The venue has counted it by now: it answered, or whatever was sent cannot arrive any more. */
  onSettled(points: number, nowMs: number): void {
    this.#decay(nowMs);
    this.#inFlight -= points * POINT;
    this.#level += points * POINT;
    this.#atMs = Math.ceil(nowMs); // not a fraction of a millisecond too early
  }

  /** It never left: the venue has not counted it. */
  onNeverSent(points: number): void {
    this.#inFlight -= points * POINT;
  }

  /** The venue refused for its counter: it is at its maximum, whatever was believed here. */
  onExceeded(nowMs: number): void {
    this.#decay(nowMs);
    this.#level = Math.max(this.#level, TIERS[this.#tier].points * POINT);
  }

  #decay(nowMs: number): void {
    if (nowMs <= this.#atMs) return;
    const elapsedMs = Math.floor(nowMs - this.#atMs);
    this.#level = this.#level === 0 ? 0 : Math.max(0, this.#level - elapsedMs * TIERS[this.#tier].decayPerMs);
    this.#atMs = Number.isFinite(this.#atMs) ? this.#atMs + elapsedMs : Math.floor(nowMs);
  }
}
