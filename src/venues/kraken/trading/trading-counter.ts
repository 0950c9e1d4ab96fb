/**
 * Kraken's trading counters, one per pair (protocol reference 4.2), kept so that the venue's never overflow. New orders keep
 * a reserve free: when everything goes wrong there must be room to cancel.
 *
 * As with the REST counter, points begin to decay here when the answer is in, so that no delay in transit makes the venue's
 * counter larger than ours. An order is taken to be as young as it can be: as old as its last answer.
 */

import type { InstrumentIndex } from '../../../market/instrument.ts';
import { DecayingCounter } from '../../../net/limiters/decaying-counter.ts';
import { type RateTier, TRADING_LIMITS } from '../rate-tier.ts';

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

/** The tier that a threshold belongs to, as the executions channel reports it in `maxratecount`. */
export function tierOfThreshold(maxRateCount: number): RateTier {
  if (maxRateCount >= TRADING_LIMITS.pro.max) return 'pro';
  return maxRateCount >= TRADING_LIMITS.intermediate.max ? 'intermediate' : 'starter';
}

export class TradingCounter {
  readonly #pairs = new Map<InstrumentIndex, DecayingCounter>();
  #tier: RateTier;

  constructor(tier: RateTier) {
    this.#tier = tier;
  }

  setTier(tier: RateTier, nowMs: number): void {
    for (const pair of this.#pairs.values()) pair.set(TRADING_LIMITS[tier], inNs(nowMs));
    this.#tier = tier;
  }

  /** Whether an order of `points` leaves the reserve for cancels untouched. */
  hasRoomToAdd(instrument: InstrumentIndex, points: number, nowMs: number): boolean {
    return this.#pair(instrument).hasRoom(points, inNs(nowMs), CANCEL_RESERVE);
  }

  /** Whether a cancel of `points` fits at all. */
  hasRoomToCancel(instrument: InstrumentIndex, points: number, nowMs: number): boolean {
    return this.#pair(instrument).hasRoom(points, inNs(nowMs));
  }

  /** Counts a request as sent. Validation that fails costs the same. */
  onSent(instrument: InstrumentIndex, points: number): void {
    this.#pair(instrument).begin(points);
  }

  /** The venue has counted it by now: it answered, or what was sent cannot arrive any more. */
  onSettled(instrument: InstrumentIndex, points: number, nowMs: number): void {
    this.#pair(instrument).settle(points, inNs(nowMs));
  }

  /** `cancel_all` and the dead-man's switch cost a point on every pair that they touch: on each that is known here. */
  onEveryPair(points: number, nowMs: number): void {
    for (const pair of this.#pairs.values()) {
      pair.begin(points);
      pair.settle(points, inNs(nowMs));
    }
  }

  /** The venue reports its own count: ours is never below. */
  onReported(instrument: InstrumentIndex, points: number, nowMs: number): void {
    this.#pair(instrument).raiseTo(points, inNs(nowMs));
  }

  /** `EOrder:Rate limit exceeded`: the venue's counter is at its threshold. */
  onExceeded(instrument: InstrumentIndex, nowMs: number): void {
    this.#pair(instrument).fill(inNs(nowMs));
  }

  #pair(instrument: InstrumentIndex): DecayingCounter {
    const known = this.#pairs.get(instrument);
    if (known !== undefined) return known;
    const fresh = new DecayingCounter(TRADING_LIMITS[this.#tier]);
    this.#pairs.set(instrument, fresh);
    return fresh;
  }
}

/** Exact: milliseconds are those of a clock that counts whole nanoseconds. */
const inNs = (ms: number): number => Math.round(ms * 1e6);

function penalty(rows: readonly (readonly [belowMs: number, points: number])[], ageMs: number): number {
  return rows.find(([belowMs]) => ageMs < belowMs)?.[1] ?? 0;
}
