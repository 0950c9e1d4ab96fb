/** How often a key may call: a counter that grows with each call and decays with time (protocol reference 4.1). */
import type { DecaySettings } from '../../../../net/limiters/decaying-counter.ts';
import type { RateTier } from '../../../exchange/exchange-types.ts';

export const CALL_LIMITS: Readonly<Record<RateTier, DecaySettings>> = {
  starter: { max: 15, decay: { points: 33, inMs: 100_000 } },
  intermediate: { max: 20, decay: { points: 1, inMs: 2_000 } },
  pro: { max: 20, decay: { points: 1, inMs: 1_000 } },
};
