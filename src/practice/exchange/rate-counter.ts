/**
 * The venue's trading counter: one per account and pair, for all requests of socket and REST. Every request adds
 * points, more for orders that are changed young, and time takes them away (protocol reference 4.2).
 */
import type { DecaySettings } from '../../net/limiters/decaying-counter.ts';
import type { RateTier } from './exchange-types.ts';

export interface TierLimits {
  /** Of the counter of each pair. */
  readonly rate: DecaySettings;
  /** Orders that may be open in a pair at once. */
  readonly openOrders: number;
}

export const TIER_LIMITS: Readonly<Record<RateTier, TierLimits>> = {
  starter: { rate: { max: 60, decay: { points: 1, inMs: 1_000 } }, openOrders: 60 },
  intermediate: { rate: { max: 125, decay: { points: 117, inMs: 50_000 } }, openOrders: 80 },
  pro: { rate: { max: 180, decay: { points: 15, inMs: 4_000 } }, openOrders: 225 },
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
/** An amend costs this with every outcome, and more while the order is young. */
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
