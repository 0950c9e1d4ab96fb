/**
 * The venue's trading counter: one per account and pair, for whatever comes over socket or REST. Every request adds
 * points, more for orders that are changed young, and time takes them away (protocol reference 4.2).
 */
import type { RateTier } from './exchange-types.ts';

export interface TierLimits {
  /** The counter may not exceed it. */
  readonly points: number;
  readonly decayPerS: number;
  /** Orders that may be open in a pair at once. */
  readonly openOrders: number;
}

export const TIER_LIMITS: Readonly<Record<RateTier, TierLimits>> = {
  starter: { points: 60, decayPerS: 1, openOrders: 60 },
  intermediate: { points: 125, decayPerS: 2.34, openOrders: 80 },
  pro: { points: 180, decayPerS: 3.75, openOrders: 225 },
};

interface AgePoints {
  readonly belowS: number;
  readonly points: number;
}

/** One of them applies: the first whose age is not reached. An order older than all of them costs nothing. */
const CANCEL_POINTS: readonly AgePoints[] = [
  { belowS: 5, points: 8 },
  { belowS: 10, points: 6 },
  { belowS: 15, points: 5 },
  { belowS: 45, points: 4 },
  { belowS: 90, points: 2 },
  { belowS: 300, points: 1 },
];
const AMEND_POINTS: readonly AgePoints[] = [
  { belowS: 5, points: 3 },
  { belowS: 10, points: 2 },
  { belowS: 15, points: 1 },
];

export const ADD_POINTS = 1;
/** An amend costs this whatever becomes of it, and more while the order is young. */
export const AMEND_FIXED_POINTS = 1;
/** `cancel_all` costs this in every pair it touches. */
export const CANCEL_ALL_POINTS = 1;

/** @param ageNs since the order was placed or last amended. */
export function cancelPoints(ageNs: number): number {
  return pointsAt(CANCEL_POINTS, ageNs);
}

/** What an amend costs beyond its fixed point. @param ageNs as for {@link cancelPoints}. */
export function amendPoints(ageNs: number): number {
  return pointsAt(AMEND_POINTS, ageNs);
}

function pointsAt(table: readonly AgePoints[], ageNs: number): number {
  return table.find(({ belowS }) => ageNs < belowS * 1e9)?.points ?? 0;
}

export class TradingCounter {
  readonly #limits: TierLimits;
  #points = 0;
  #atNs = 0;

  constructor(limits: TierLimits) {
    this.#limits = limits;
  }

  /** Points now. */
  at(nowNs: number): number {
    return Math.max(0, this.#points - ((nowNs - this.#atNs) / 1e9) * this.#limits.decayPerS);
  }

  /** Adds `points`, unless that exceeds the limit: then nothing is added. */
  tryAdd(points: number, nowNs: number): boolean {
    const now = this.at(nowNs);
    if (points > 0 && now + points > this.#limits.points) return false;
    this.#points = now + points;
    this.#atNs = nowNs;
    return true;
  }
}
