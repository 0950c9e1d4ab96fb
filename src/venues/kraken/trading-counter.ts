/**
 * Kraken's trading counters, one per pair (protocol reference 4.2), kept so that the venue's never overflow. New orders keep
 * a reserve free: when everything goes wrong there must be room to cancel.
 *
 * As with the REST counter, points begin to decay here when the answer is in, so that no delay on the way makes the venue's
 * counter larger than ours. An order is taken to be as young as it can be: as old as its last answer.
 */
import type { InstrumentIndex } from '../../shared/instrument.ts';
import { POINT, type RateTier } from './rest-counter.ts';

const TIERS: Readonly<Record<RateTier, { readonly points: number; readonly decayPerMs: number }>> = {
  starter: { points: 60, decayPerMs: 1_000 },
  intermediate: { points: 125, decayPerMs: 2_340 },
  pro: { points: 180, decayPerMs: 3_750 },
};

/** Points that only cancels may use. */
const CANCEL_RESERVE = 35;

/** Points by age of the order since it was placed or last amended, in milliseconds; older ones cost the last. */
const CANCEL_PENALTY = [
  [5_000, 8],
  [10_000, 6],
  [15_000, 5],
  [45_000, 4],
  [90_000, 2],
  [300_000, 1],
] as const;
const AMEND_PENALTY = [
  [5_000, 3],
  [10_000, 2],
  [15_000, 1],
] as const;

/** Points of a new order. */
export const ADD_POINTS = 1;

/** Points of a cancel of an order that is at least this old. An order without an answer yet is 0 ms old. */
export function cancelPoints(ageMs: number): number {
  return penalty(CANCEL_PENALTY, ageMs);
}

/** Points of an amend of an order that is at least this old. */
export function amendPoints(ageMs: number): number {
  return 1 + penalty(AMEND_PENALTY, ageMs);
}

/** Points of `count` orders in one message: half of what they cost one by one, rounded up. */
export function batchAddPoints(count: number): number {
  return Math.ceil(count / 2);
}

/** The tier that a threshold belongs to, as the executions channel tells it in `maxratecount`. */
export function tierOfThreshold(maxRateCount: number): RateTier {
  if (maxRateCount >= TIERS.pro.points) return 'pro';
  return maxRateCount >= TIERS.intermediate.points ? 'intermediate' : 'starter';
}

export class TradingCounter {
  readonly #pairs = new Map<InstrumentIndex, PairCounter>();
  #tier: RateTier;

  constructor(tier: RateTier) {
    this.#tier = tier;
  }

  setTier(tier: RateTier, nowMs: number): void {
    for (const pair of this.#pairs.values()) pair.decay(TIERS[this.#tier].decayPerMs, nowMs);
    this.#tier = tier;
  }

  /** Whether an order of `points` leaves the reserve for cancels untouched. */
  hasRoomToAdd(instrument: InstrumentIndex, points: number, nowMs: number): boolean {
    return this.#level(instrument, nowMs) + points * POINT <= (TIERS[this.#tier].points - CANCEL_RESERVE) * POINT;
  }

  /** Whether a cancel of `points` fits at all. */
  hasRoomToCancel(instrument: InstrumentIndex, points: number, nowMs: number): boolean {
    return this.#level(instrument, nowMs) + points * POINT <= TIERS[this.#tier].points * POINT;
  }

  /** Counts a request as sent. Validation that fails costs the same. */
  onSent(instrument: InstrumentIndex, points: number): void {
    this.#pair(instrument).inFlight += points * POINT;
  }

  /** The venue has counted it by now: it answered, or whatever was sent cannot arrive any more. */
  onSettled(instrument: InstrumentIndex, points: number, nowMs: number): void {
    const pair = this.#pair(instrument);
    pair.decay(TIERS[this.#tier].decayPerMs, nowMs);
    pair.inFlight -= points * POINT;
    pair.level += points * POINT;
    pair.atMs = Math.ceil(nowMs); // not a fraction of a millisecond too early
  }

  /** It never left. */
  onNeverSent(instrument: InstrumentIndex, points: number): void {
    this.#pair(instrument).inFlight -= points * POINT;
  }

  /** `cancel_all` and the dead-man's switch cost a point on every pair that they touch: on each that is known here. */
  onEveryPair(points: number, nowMs: number): void {
    for (const instrument of this.#pairs.keys()) {
      this.onSent(instrument, points);
      this.onSettled(instrument, points, nowMs);
    }
  }

  /** The venue tells its own count, or refuses for it (then the threshold): ours is never below. */
  onTold(instrument: InstrumentIndex, points: number, nowMs: number): void {
    const pair = this.#pair(instrument);
    pair.decay(TIERS[this.#tier].decayPerMs, nowMs);
    pair.level = Math.max(pair.level, Math.ceil(points * POINT));
    pair.atMs = Math.ceil(nowMs);
  }

  /** `EOrder:Rate limit exceeded`: the venue's counter is at its threshold. */
  onExceeded(instrument: InstrumentIndex, nowMs: number): void {
    this.onTold(instrument, TIERS[this.#tier].points, nowMs);
  }

  #level(instrument: InstrumentIndex, nowMs: number): number {
    const pair = this.#pair(instrument);
    pair.decay(TIERS[this.#tier].decayPerMs, nowMs);
    return pair.level + pair.inFlight;
  }

  #pair(instrument: InstrumentIndex): PairCounter {
    let pair = this.#pairs.get(instrument);
    if (pair === undefined) {
      pair = new PairCounter();
      this.#pairs.set(instrument, pair);
    }
    return pair;
  }
}

/** Millionths of a point. */
class PairCounter {
  level = 0;
  inFlight = 0;
  atMs = 0;

  decay(perMs: number, nowMs: number): void {
    const elapsedMs = Math.floor(nowMs - this.atMs);
    if (elapsedMs <= 0) return;
    this.level = Math.max(0, this.level - elapsedMs * perMs);
    this.atMs += elapsedMs;
  }
}

function penalty(rows: readonly (readonly [belowMs: number, points: number])[], ageMs: number): number {
  return rows.find(([belowMs]) => ageMs < belowMs)?.[1] ?? 0;
}
