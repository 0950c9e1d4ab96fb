/** How often a key may call and an account may trade, by the verification level of the account. */
import type { DecaySettings } from '../../net/limiters/decaying-counter.ts';

/** Tiers by verification level; the account's is read from the venue (protocol reference 4.2). */
export type RateTier = 'starter' | 'intermediate' | 'pro';

/**
 * The REST counter of one key (protocol reference 4.1): every private call adds its points, and beyond the maximum calls are
 * refused. The venue counts a call when it arrives, which is between its sending and its answer; here its points begin to
 * decay when the answer is in. So our counter is never below the venue's, however long the transit.
 */
export const REST_LIMITS: Readonly<Record<RateTier, DecaySettings>> = {
  starter: { max: 15, decay: { points: 33, inMs: 100_000 } },
  intermediate: { max: 20, decay: { points: 50, inMs: 100_000 } },
  pro: { max: 20, decay: { points: 100, inMs: 100_000 } },
};

/** The trading counter of one pair (protocol reference 4.2), counted alike. */
export const TRADING_LIMITS: Readonly<Record<RateTier, DecaySettings>> = {
  starter: { max: 60, decay: { points: 100, inMs: 100_000 } },
  intermediate: { max: 125, decay: { points: 234, inMs: 100_000 } },
  pro: { max: 180, decay: { points: 375, inMs: 100_000 } },
};
