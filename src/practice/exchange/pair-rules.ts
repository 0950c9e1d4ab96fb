/** What the exchange holds an order of a pair to, read from the pair's own `instrument` entry, in exact integers. */

import { formatDecimal, parseDecimal } from '../../money/money.ts';
import { integerOf, isObject, type JsonObject, lexemeOf, textOf } from '../../net/exact-json.ts';
import type { InstrumentEntries } from '../market/instrument-entries.ts';
import type { MarketBook } from '../market/market-book.ts';
import type { Precision } from '../market/market-level.ts';

/** Ledger precision of an asset that was not announced: 10, the most the venue uses. */
const PRECISION_UNANNOUNCED = 10;

/** What an asset is: a coin or money, or a share that is traded as a token. */
export const ASSET_CLASSES = ['currency', 'tokenized_asset'] as const;
export type AssetClass = (typeof ASSET_CLASSES)[number];

export interface AssetRules {
  /** Modern code, such as `BTC`. */
  readonly id: string;
  /** Decimals of the ledger. Amounts are integers of 10^-`decimals`; every fill is rounded to them. */
  readonly decimals: number;
  readonly assetClass: AssetClass;
}

export interface PairRules {
  /** Modern name, such as `BTC/USD`. */
  readonly symbol: string;
  readonly base: AssetRules;
  readonly quote: AssetRules;
  /** As the venue says it: `online`, `cancel_only`, `post_only`, `limit_only`, `reduce_only`, `maintenance`, … */
  readonly status: string;
  /** Decimals of prices and quantities in here: those of the market's books, which never change. */
  readonly scale: Precision;
  /** Decimals the venue allows and writes at present. */
  readonly wire: Precision;
  readonly costPrecision: number;
  readonly priceIncrement: bigint;
  readonly qtyIncrement: bigint;
  readonly qtyMin: bigint;
  /** In units of the quote asset. */
  readonly costMin: bigint;
}

/** The rules of every asset, fixed when the exchange opens: a unit never changes its size. */
export function assetRules({ assets, pairs }: InstrumentEntries): ReadonlyMap<string, AssetRules> {
  const ledger = new Map<string, number>();
  const tokenized = new Set<string>();
  for (const pair of pairs.filter(isObject)) {
    for (const side of ['base', 'quote']) ledger.set(textOf(pair, side) ?? '', PRECISION_UNANNOUNCED);
  }
  for (const asset of assets.filter(isObject)) {
    ledger.set(textOf(asset, 'id') ?? '', integerOf(asset, 'precision') ?? PRECISION_UNANNOUNCED);
    if (assetClassOf(asset) === 'tokenized_asset') tokenized.add(textOf(asset, 'id') ?? '');
  }
  return new Map(
    [...ledger].map(([id, decimals]) => [
      id,
      { id, decimals, assetClass: tokenized.has(id) ? 'tokenized_asset' : 'currency' },
    ]),
  );
}

/** The class of an asset's entry: a currency unless it says otherwise. */
export function assetClassOf(asset: JsonObject): AssetClass {
  return textOf(asset, 'class') === 'tokenized_asset' ? 'tokenized_asset' : 'currency';
}

/** The rules that a pair's entry sets; undefined when it is not one that could be traded. */
export function pairRules(
  entry: JsonObject,
  book: MarketBook,
  assets: ReadonlyMap<string, AssetRules>,
): PairRules | undefined {
  const base = assets.get(textOf(entry, 'base') ?? '');
  const quote = assets.get(textOf(entry, 'quote') ?? '');
  if (base === undefined || quote === undefined) return undefined;
  const { scale, wire } = book;
  return {
    symbol: book.symbol,
    base,
    quote,
    status: textOf(entry, 'status') ?? 'online',
    scale,
    wire,
    costPrecision: integerOf(entry, 'cost_precision') ?? quote.decimals,
    priceIncrement: step(entry, ['price_increment', 'tick_size'], scale.price),
    qtyIncrement: step(entry, ['qty_increment'], scale.qty),
    qtyMin: amount(entry, 'qty_min', scale.qty),
    costMin: amount(entry, 'cost_min', quote.decimals),
  };
}

/** The entry's step, at least the finest the book can show. */
function step(entry: JsonObject, names: readonly string[], decimals: number): bigint {
  const text = names.map((name) => lexemeOf(entry[name])).find((found) => found !== undefined);
  const found = text === undefined ? 1n : roundedUp(text, decimals);
  return found > 0n ? found : 1n;
}

function amount(entry: JsonObject, name: string, decimals: number): bigint {
  return roundedUp(lexemeOf(entry[name]) ?? '0', decimals);
}

/** An entry's amount in units of 10^-`decimals`, rounded up: minimums never become smaller by our counting. */
export function roundedUp(text: string, decimals: number): bigint {
  const spare = 18;
  const finest = parseDecimal(text, decimals + spare, 'instrument entry');
  const divisor = 10n ** BigInt(spare);
  return (finest + divisor - 1n) / divisor;
}

/** Plain decimal text of a price, padded as the venue pads it. */
export function priceText(pair: PairRules, price: bigint): string {
  return padded(price, pair.scale.price, pair.wire.price);
}

/** Decimals of prices in REST's market data and on the v1 socket: those of the pair's cost, where these are more. */
export function longPriceDecimals({ wire, costPrecision }: PairRules): number {
  return Math.max(wire.price, costPrecision);
}

/** A price as REST's market data and the v1 socket write it: `105944.30000` where v2 writes `105944.3`. */
export function longPriceText(pair: PairRules, price: bigint): string {
  return padded(price, pair.scale.price, longPriceDecimals(pair));
}

/** Plain decimal text of a quantity, padded as the venue pads it. */
export function qtyText(pair: PairRules, qty: bigint): string {
  return padded(qty, pair.scale.qty, pair.wire.qty);
}

/** Plain decimal text of an amount, padded to the ledger's precision. */
export function amountText({ decimals }: AssetRules, units: bigint): string {
  return formatDecimal(units, decimals);
}

/** `value` × 10^-`scale` with `decimals` places, or with `scale` of them where digits would be lost. */
function padded(value: bigint, scale: number, decimals: number): string {
  if (decimals >= scale) return formatDecimal(value * 10n ** BigInt(decimals - scale), decimals);
  const divisor = 10n ** BigInt(scale - decimals);
  return value % divisor === 0n ? formatDecimal(value / divisor, decimals) : formatDecimal(value, scale);
}
