/**
 * What a fill costs and what an open order must hold, in exact integers. The venue's own rounding is not documented
 * (protocol reference 5.1); here a cost is price × quantity at the quote asset's ledger precision, up for a buy and down
 * for a sell, and a fee is rounded up at the ledger precision of the asset it is taken in.
 */

import { divideDown, divideUp, PPM } from '../../shared/money.ts';
import type { SideName } from '../../shared/side.ts';
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

/** Base units of a quantity: exact, since an asset's unit is never coarser than its pairs' lots. */
export function baseUnits(pair: PairRules, qty: bigint): bigint {
  return qty * 10n ** BigInt(pair.base.decimals - pair.scale.qty);
}

/** Units of the fee's asset. */
export function feeOf(terms: FillTerms, ppm: bigint, cost: bigint, qty: bigint): bigint {
  const inQuote = terms.feePreference === 'quote';
  const amount = inQuote ? cost : baseUnits(terms.pair, qty);
  return steppedUp(divideUp(amount * ppm, PPM), feeAsset(terms));
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
  const pays = terms.side === 'buy' ? cost : baseUnits(terms.pair, qty);
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

/** `value` × 10^-`decimals` in units of `asset`, whole at the ledger's precision. */
function toUnits(value: bigint, decimals: number, asset: AssetRules, up: boolean): bigint {
  const { decimals: unit, ledgerDecimals } = asset;
  const fine = 10n ** BigInt(unit - ledgerDecimals);
  if (decimals <= ledgerDecimals) return value * 10n ** BigInt(ledgerDecimals - decimals) * fine;
  const divisor = 10n ** BigInt(decimals - ledgerDecimals);
  return (up ? divideUp(value, divisor) : divideDown(value, divisor)) * fine;
}

function steppedUp(units: bigint, { decimals, ledgerDecimals }: AssetRules): bigint {
  const fine = 10n ** BigInt(decimals - ledgerDecimals);
  return divideUp(units, fine) * fine;
}
