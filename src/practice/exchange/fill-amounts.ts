/**
 * What a fill costs and what an open order must hold, in exact integers, whole at the precision of each asset's ledger. The
 * venue rounds so, but does not say in which direction (protocol reference 5.1). Here every fill is rounded for itself, against the
 * client: a cost and a quantity up where they are given and down where they are received, a fee up.
 */

import { divideDown, divideUp, PPM } from '../../money/money.ts';
import type { SideName } from '../../money/side.ts';
import type { FeePreference, FeeRates } from './exchange-types.ts';
import type { AssetRules, PairRules } from './pair-rules.ts';

/** Whose money, and in which terms: all that rounding depends on. */
export interface FillTerms {
  readonly pair: PairRules;
  readonly side: SideName;
  readonly feePreference: FeePreference;
  readonly feeRates: FeeRates;
}

/** Quote units of `qty` at `price`. */
export function costOf({ pair, side }: FillTerms, price: bigint, qty: bigint): bigint {
  return toUnits(price * qty, pair.scale.price + pair.scale.qty, pair.quote, side === 'buy');
}

/** Base units of a quantity: what a sale gives or a purchase brings. A pair's lots can be finer than the base's ledger. */
export function baseUnits({ pair, side }: Pick<FillTerms, 'pair' | 'side'>, qty: bigint): bigint {
  return toUnits(qty, pair.scale.qty, pair.base, side === 'sell');
}

/** Units of the fee's asset. */
export function feeOf(terms: FillTerms, ppm: bigint, cost: bigint, qty: bigint): bigint {
  const amount = terms.feePreference === 'quote' ? cost : baseUnits(terms, qty);
  return divideUp(amount * ppm, PPM);
}

/** What a fee is worth in quote units at `price`. */
export function feeInQuote({ pair, feePreference }: FillTerms, fee: bigint, price: bigint): bigint {
  if (feePreference === 'quote') return fee;
  return toUnits(fee * price, pair.base.decimals + pair.scale.price, pair.quote, true);
}

export function feeAsset({ pair, feePreference }: FillTerms): AssetRules {
  return feePreference === 'quote' ? pair.quote : pair.base;
}

/** What a fill takes from the account, in units of {@link spentAsset}. */
export function spentOf(terms: FillTerms, cost: bigint, qty: bigint, fee: bigint): bigint {
  const pays = terms.side === 'buy' ? cost : baseUnits(terms, qty);
  return feeAsset(terms) === spentAsset(terms) ? pays + fee : pays;
}

/** The asset that an order gives. */
export function spentAsset({ pair, side }: FillTerms): AssetRules {
  return side === 'buy' ? pair.quote : pair.base;
}

/** What an order must hold for `qty` more at no worse than `price`, the dearer of its two fees included. */
export function holdFor(terms: FillTerms, price: bigint, qty: bigint): bigint {
  const { makerPpm, takerPpm } = terms.feeRates;
  const cost = costOf(terms, price, qty);
  return spentOf(terms, cost, qty, feeOf(terms, makerPpm > takerPpm ? makerPpm : takerPpm, cost, qty));
}

/** `value` × 10^-`decimals` in units of `asset`. */
function toUnits(value: bigint, decimals: number, asset: AssetRules, up: boolean): bigint {
  if (decimals <= asset.decimals) return value * 10n ** BigInt(asset.decimals - decimals);
  const divisor = 10n ** BigInt(decimals - asset.decimals);
  return up ? divideUp(value, divisor) : divideDown(value, divisor);
}
