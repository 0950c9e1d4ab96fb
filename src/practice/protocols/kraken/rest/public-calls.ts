/** The public REST calls: time, status, what is listed, and the market (protocol reference 3.2). */
import { divideDown, divideUp, formatDecimal } from '../../../../money/money.ts';
import type { Answer } from '../../../exchange/exchange-types.ts';
import { longPriceDecimals, longPriceText, type PairRules, priceText, qtyText } from '../../../exchange/pair-rules.ts';
import { averagePriceText, CANDLE_WIDTHS, type Candle, joinCandles } from '../../../market/market-statistics.ts';
import { takerSide } from '../public/feed-frames.ts';
import { refused } from '../venue-refusals.ts';
import { secondsText } from '../wire-text.ts';
import { assetList, assetPairs } from './listings.ts';
import {
  assetClassAsked,
  BAD_ARGUMENTS,
  done,
  pairOf,
  pairsOf,
  type RestContext,
  UNKNOWN_PAIR,
  unixSeconds,
  wantsModernNames,
} from './rest-context.ts';
import { paramCount, paramList, paramText, type RestParams } from './rest-params.ts';

export type PublicCall = (context: RestContext, params: RestParams) => Answer<unknown>;

const CANDLES_MAX = 720;
const DEPTH_MAX = 500;

export const PUBLIC_CALLS: Readonly<Record<string, PublicCall>> = {
  Time: ({ clock }) => done({ unixtime: Math.floor(clock.wallMs() / 1_000), rfc1123: rfc1123(clock.wallMs()) }),
  SystemStatus: ({ clock, market }) => done({ status: market.system, timestamp: secondsText(clock.wallMs()) }),
  Assets: assetList,
  AssetPairs: assetPairs,
  Ticker: tickers,
  Depth: depth,
  Trades: trades,
  OHLC: candles,
  Spread: spread,
};

/** `Tue, 11 Nov 25 00:17:04 +0000` */
function rfc1123(wallMs: number): string {
  const [day = '', date = '', month = '', year = '', time = ''] = new Date(wallMs).toUTCString().split(' ');
  return `${day} ${date} ${month} ${year.slice(2)} ${time} +0000`;
}

/** Calls `of` for the one pair that a call must name. */
function forPair(
  context: RestContext,
  params: RestParams,
  of: (pair: PairRules, key: string) => Answer<unknown>,
): Answer<unknown> {
  const name = paramText(params, 'pair');
  if (name === undefined) return refused(`${BAD_ARGUMENTS}:pair`);
  const asked = pairOf(context, name, assetClassAsked(params, 'asset_class'), wantsModernNames(params));
  return asked === undefined ? refused(UNKNOWN_PAIR) : of(asked.pair, asked.key);
}

function tickers(context: RestContext, params: RestParams): Answer<unknown> {
  const assetClass = assetClassAsked(params, 'asset_class');
  const modern = wantsModernNames(params);
  const wanted = paramList(params, 'pair');
  const pairs = wanted?.flatMap((name) => pairOf(context, name, assetClass, modern) ?? []);
  if (wanted !== undefined && pairs?.length !== wanted.length) return refused(UNKNOWN_PAIR);
  const rows = (pairs ?? pairsOf(context, assetClass, modern)).flatMap(({ pair, key }) => {
    const row = ticker(context, pair);
    return row === undefined ? [] : [[key, row]];
  });
  return done(Object.fromEntries(rows));
}

/** Undefined for a pair of which nothing has been seen. Today and the last day are the same here: the last day. */
function ticker(context: RestContext, pair: PairRules): object | undefined {
  const book = context.market.books.get(pair.symbol);
  const made = context.statistics.of(pair.symbol).trades;
  const candle = context.statistics.lastDay(pair.symbol);
  if (book === undefined || candle === undefined) return undefined;
  const last = made.at(-1);
  const price = (value: bigint) => longPriceText(pair, value);
  const best = (level: { price: bigint; qty: bigint } | undefined) => {
    const lots = wholeLots(pair, level?.qty ?? 0n);
    return [price(level?.price ?? 0n), lots, `${lots}.000`];
  };
  return {
    a: best(book.asks[0]),
    b: best(book.bids[0]),
    c: [price(last?.price ?? candle.close), qtyText(pair, last?.qty ?? 0n)],
    v: twice(qtyText(pair, candle.volume)),
    p: twice(averagePriceText(pair, candle, longPriceDecimals(pair))),
    t: twice(candle.trades),
    l: twice(price(candle.low)),
    h: twice(price(candle.high)),
    o: price(candle.open),
  };
}

/** A size as `Ticker` reports it: whole lots, and no order is less than one (so recorded, rounding down is ours). */
function wholeLots({ scale }: PairRules, qty: bigint): string {
  const lots = divideDown(qty, 10n ** BigInt(scale.qty));
  return formatDecimal(lots === 0n && qty > 0n ? 1n : lots, 0);
}

function twice<T>(value: T): [T, T] {
  return [value, value];
}

function depth(context: RestContext, params: RestParams): Answer<unknown> {
  const count = paramCount(params, 'count') ?? 100;
  if (!(count >= 1 && count <= DEPTH_MAX)) return refused(`${BAD_ARGUMENTS}:count`);
  return forPair(context, params, (pair, key) => {
    const book = context.market.books.get(pair.symbol);
    const now = Math.floor(context.clock.wallMs() / 1_000);
    const rows = (levels: readonly { price: bigint; qty: bigint }[] = []) =>
      levels.slice(0, count).map(({ price, qty }) => [longPriceText(pair, price), thousandths(pair, qty), now]);
    return done({ [key]: { asks: rows(book?.asks), bids: rows(book?.bids) } });
  });
}

/** `Depth` has three decimals of a quantity; a part of the last one is reported as a whole one, so that none is 0 (ours). */
function thousandths({ scale }: PairRules, qty: bigint): string {
  return formatDecimal(
    scale.qty <= 3 ? qty * 10n ** BigInt(3 - scale.qty) : divideUp(qty, 10n ** BigInt(scale.qty - 3)),
    3,
  );
}

/** `since` is the `last` of an earlier answer: nanoseconds; shorter numbers are seconds. */
function trades(context: RestContext, params: RestParams): Answer<unknown> {
  const since = paramText(params, 'since') ?? '0';
  const count = paramCount(params, 'count') ?? 1_000;
  if (!/^\d+(\.\d+)?$/.test(since) || !(count >= 1 && count <= 1_000)) return refused(BAD_ARGUMENTS);
  const sinceNs = since.length > 15 ? BigInt(since.split('.')[0] ?? '0') : BigInt(Math.round(Number(since) * 1e9));
  return forPair(context, params, (pair, key) => {
    const made = context.statistics.of(pair.symbol).trades;
    const newer = made.filter(({ atMs }) => wallNs(atMs) > sinceNs).slice(0, count);
    const rows = newer.map((trade) => [
      longPriceText(pair, trade.price),
      qtyText(pair, trade.qty),
      unixSeconds(trade.atMs),
      takerSide(trade) === 'buy' ? 'b' : 's',
      trade.order.type === 'market' ? 'm' : 'l',
      '',
      trade.tradeId,
    ]);
    const last = newer.at(-1);
    return done({ [key]: rows, last: String(last === undefined ? sinceNs : wallNs(last.atMs)) });
  });
}

function wallNs(wallMs: number): bigint {
  return BigInt(Math.round(wallMs * 1e3)) * 1_000n;
}

function candles(context: RestContext, params: RestParams): Answer<unknown> {
  const width = paramCount(params, 'interval') ?? 1;
  const since = paramCount(params, 'since') ?? 0;
  if (!CANDLE_WIDTHS.includes(width) || Number.isNaN(since)) return refused(BAD_ARGUMENTS);
  return forPair(context, params, (pair, key) => {
    const joined = joinCandles(context.statistics.of(pair.symbol).minutes, width);
    const newer = joined.filter(({ startMs }) => startMs / 1_000 > since).slice(-CANDLES_MAX);
    const before = newer.at(-2) ?? newer.at(-1);
    return done({ [key]: newer.map((one) => candleRow(pair, one)), last: (before?.startMs ?? 0) / 1_000 });
  });
}

function candleRow(pair: PairRules, candle: Candle): readonly unknown[] {
  const price = (value: bigint) => priceText(pair, value);
  const average = candle.volume === 0n ? '0.0' : averagePriceText(pair, candle, pair.wire.price);
  const prices = [candle.open, candle.high, candle.low, candle.close].map(price);
  return [candle.startMs / 1_000, ...prices, average, qtyText(pair, candle.volume), candle.trades];
}

function spread(context: RestContext, params: RestParams): Answer<unknown> {
  const since = paramCount(params, 'since') ?? 0;
  if (Number.isNaN(since)) return refused(BAD_ARGUMENTS);
  return forPair(context, params, (pair, key) => {
    const { touches } = context.statistics.of(pair.symbol);
    const newer = touches.filter(({ atMs }) => atMs / 1_000 >= since);
    const rows = newer.map(({ atMs, bid, ask }) => [
      Math.floor(atMs / 1_000),
      longPriceText(pair, bid),
      longPriceText(pair, ask),
    ]);
    return done({ [key]: rows, last: Math.floor((newer.at(-1)?.atMs ?? 0) / 1_000) });
  });
}
