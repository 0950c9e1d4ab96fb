/** What an amount is worth in US dollars by the exchange's own books: for volume tiers and `fee_usd_equiv` only. */
import type { Market } from '../market/market.ts';
import type { MarketBook } from '../market/market-book.ts';
import type { AssetRules } from './pair-rules.ts';

const USD = 'USD';
/** Worth a dollar where no book says otherwise. */
const DOLLAR_COINS = ['USDT', 'USDC', 'USDG', 'RLUSD', 'PYUSD', 'DAI'];

/** `units` of `asset` in units of 10^-`decimals` US dollars, rounded down; 0 when no book leads there. */
export function usdValue(market: Market, asset: AssetRules, units: bigint, decimals: number): bigint {
  const scaled = units * 10n ** BigInt(decimals);
  const one = 10n ** BigInt(asset.decimals);
  if (asset.id === USD) return scaled / one;
  const direct = midPrice(market.books.get(`${asset.id}/${USD}`));
  if (direct !== undefined) return (scaled * direct.price) / (direct.one * one);
  const inverse = midPrice(market.books.get(`${USD}/${asset.id}`));
  if (inverse !== undefined) return (scaled * inverse.one) / (inverse.price * one);
  return DOLLAR_COINS.includes(asset.id) ? scaled / one : 0n;
}

function midPrice(book: MarketBook | undefined): { price: bigint; one: bigint } | undefined {
  const bid = book?.bids[0]?.price;
  const ask = book?.asks[0]?.price;
  if (book === undefined || bid === undefined || ask === undefined) return undefined;
  return { price: (bid + ask) / 2n, one: 10n ** BigInt(book.scale.price) };
}
