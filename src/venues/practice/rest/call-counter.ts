/** How often a key may call: a counter that grows with each call and decays with time (protocol reference 4.1). */
import type { Clock } from '../../../shared/clock.ts';
import type { RateTier } from '../exchange-types.ts';

/** Counted in hundredths, so that the decay is whole. */
const TIERS: Readonly<Record<RateTier, { readonly max: number; readonly decayPerS: number }>> = {
  starter: { max: 1_500, decayPerS: 33 },
  intermediate: { max: 2_000, decayPerS: 50 },
  pro: { max: 2_000, decayPerS: 100 },
};

export class CallCounter {
  readonly #tier: { readonly max: number; readonly decayPerS: number };
  readonly #clock: Clock;
  #count = 0;
  #atNs: number;

  constructor(tier: RateTier, clock: Clock) {
    this.#tier = TIERS[tier];
    this.#clock = clock;
    this.#atNs = clock.nowNs();
  }

  /** Counts a call of that cost; false, and not counted, when it is one too many. */
  take(cost: number): boolean {
    const now = this.#clock.nowNs();
    this.#count = Math.max(0, this.#count - ((now - this.#atNs) / 1e9) * this.#tier.decayPerS);
    this.#atNs = now;
    if (this.#count + cost * 100 > this.#tier.max) return false;
    this.#count += cost * 100;
    return true;
  }
}
