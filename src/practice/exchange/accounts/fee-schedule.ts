/**
 * Fees by 30-day volume: Kraken's schedule of 9 July 2026, tiers 1 to 12, then Pro 1 to 5 (protocol reference 5.1,
 * second-hand). The engine has a table of its own, so that neither hides a mistake of the other.
 */

import { parsePercent } from '../../../money/money.ts';
import { arbitradeError } from '../../../platform/errors.ts';
import type { AccountSettings, FeeRates } from '../exchange-types.ts';

/** Volume in US dollars from which a tier holds, maker and taker in parts per million. */
export interface FeeTier {
  readonly fromUsd: bigint;
  readonly makerPpm: bigint;
  readonly takerPpm: bigint;
}

const tier = (fromUsd: bigint, makerPpm: bigint, takerPpm: bigint): FeeTier => ({ fromUsd, makerPpm, takerPpm });

export const FEE_SCHEDULE: readonly FeeTier[] = [
  tier(0n, 4_000n, 8_000n),
  tier(2_500n, 3_000n, 6_000n),
  tier(10_000n, 2_200n, 3_800n),
  tier(25_000n, 2_000n, 3_500n),
  tier(50_000n, 1_500n, 3_000n),
  tier(100_000n, 1_200n, 2_500n),
  tier(250_000n, 1_000n, 2_200n),
  tier(500_000n, 800n, 2_000n),
  tier(1_000_000n, 600n, 1_800n),
  tier(2_500_000n, 400n, 1_500n),
  tier(5_000_000n, 200n, 1_200n),
  tier(10_000_000n, 0n, 1_000n),
  tier(50_000_000n, 0n, 900n),
  tier(100_000_000n, 0n, 800n),
  tier(250_000_000n, 0n, 700n),
  tier(400_000_000n, 0n, 600n),
  tier(500_000_000n, 0n, 500n),
];

/** What an account pays: its fixed fees, or those of the better of its own tier and its volume's. */
export type FeePlan = (volumeUsdCents: bigint) => FeeRates;

/** @throws OPTION_INVALID for a tier that is none or a percentage outside 0 to 100, DECIMAL_INVALID for no number. */
export function feePlan(fees: AccountSettings['fees']): FeePlan {
  if ('tier' in fees) return planOfTier(fees.tier);
  const fixed = { makerPpm: percent(fees.makerPct), takerPpm: percent(fees.takerPct) };
  return () => fixed;
}

function planOfTier(number: number): FeePlan {
  const given = FEE_SCHEDULE[number - 1];
  if (given === undefined) {
    throw arbitradeError('OPTION_INVALID', 'fee tier', `a tier from 1 to ${FEE_SCHEDULE.length}`, number);
  }
  return (volumeUsdCents) => {
    const earned = FEE_SCHEDULE.findLast(({ fromUsd }) => fromUsd * 100n <= volumeUsdCents) ?? given;
    return earned.fromUsd > given.fromUsd ? earned : given;
  };
}

function percent(text: string): bigint {
  const ppm = parsePercent(text, 'fee');
  if (ppm < 0 || ppm >= 1_000_000) throw arbitradeError('OPTION_INVALID', 'fee', 'from 0 to below 100 %', text);
  return BigInt(ppm);
}
