/** What the account holds, from `BalanceEx` or, where the venue does not have that, `Balance` (protocol reference 3.3). */

import { z } from 'zod';
import type { AssetIndex } from '../../../market/instrument.ts';
import { units } from '../../../money/money.ts';
import type { BalanceReading } from '../../trading-port.ts';
import { signedAmountText } from '../amount-text.ts';
import { amountDown, amountUp, isCountable } from '../wire/rounded-amount.ts';
import type { VenueNames } from '../wire/venue-names.ts';

export const BALANCES_EX = z.record(
  z.string().max(64),
  z.object({ balance: signedAmountText, hold_trade: signedAmountText.nullish() }),
);
export const BALANCES = z.record(z.string().max(64), signedAmountText);

export interface Balances {
  readonly balances: readonly BalanceReading[];
  /** Assets of which more is held than 64 bits count: they have no entry in `balances`. */
  readonly uncountable: readonly AssetIndex[];
  /** Assets held of which no precision is known, by the venue's name. */
  readonly unknownAssets: readonly string[];
  /** Held, but not tradable: staked, earning, tokenised; by the venue's name. */
  readonly notSpot: readonly string[];
  /** False when the venue did not report what open orders hold: `heldUnits` is 0 then. */
  readonly knowsHolds: boolean;
}

/** Reads `BalanceEx`. A total is rounded down where the venue counts finer than we do, what is held up. */
export function balancesOf(rows: z.infer<typeof BALANCES_EX>, names: VenueNames): Balances {
  const balances = new Map<AssetIndex, { readonly totalUnits: bigint; readonly heldUnits: bigint }>();
  const unknownAssets: string[] = [];
  const notSpot: string[] = [];
  for (const [id, { balance, hold_trade }] of Object.entries(rows)) {
    const asset = names.asset(id);
    if (asset === undefined || asset === 'not_spot') {
      if (/[1-9]/.test(balance)) (asset === undefined ? unknownAssets : notSpot).push(id);
      continue;
    }
    const before = balances.get(asset.index);
    const totalUnits = (before?.totalUnits ?? 0n) + amountDown(balance, asset.precision, `balance of ${id}`);
    const heldUnits = (before?.heldUnits ?? 0n) + amountUp(hold_trade ?? '0', asset.precision, `hold of ${id}`);
    balances.set(asset.index, { totalUnits, heldUnits });
  }
  // Only the sum of all its names says whether an asset can be counted.
  const counted: BalanceReading[] = [];
  const uncountable: AssetIndex[] = [];
  for (const [asset, { totalUnits, heldUnits }] of balances) {
    if (isCountable(totalUnits) && isCountable(heldUnits)) {
      counted.push({ asset, totalUnits: units(totalUnits), heldUnits: units(heldUnits) });
    } else uncountable.push(asset);
  }
  return { balances: counted, uncountable, unknownAssets, notSpot, knowsHolds: true };
}

/** Reads `Balance`. */
export function plainBalancesOf(rows: z.infer<typeof BALANCES>, names: VenueNames): Balances {
  const extended = Object.fromEntries(Object.entries(rows).map(([id, balance]) => [id, { balance }]));
  return { ...balancesOf(extended, names), knowsHolds: false };
}
