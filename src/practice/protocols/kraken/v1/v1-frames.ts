/**
 * The public frames of the WebSocket's first version, fields and their order as recorded from the venue: arrays for data,
 * objects for events. Numbers are texts with the decimals of the pair's cost where these are more than its price has, and
 * the checksum is over just those digits; otherwise it is that of v2 (protocol reference 1.7).
 */
import { crc32 } from 'node:zlib';
import { divideDown } from '../../../../money/money.ts';
import type { TradeRecord } from '../../../exchange/exchange-types.ts';
import { longPriceDecimals, longPriceText, type PairRules, qtyText } from '../../../exchange/pair-rules.ts';
import { type BookLevels, type MarketBook, windowChanges } from '../../../market/market-book.ts';
import { checksumDigits, type Level } from '../../../market/market-level.ts';
import type { MarketSide } from '../../../market/market-side.ts';
import { averagePriceText, type Candle } from '../../../market/market-statistics.ts';
import { pairNames } from '../legacy-names.ts';
import { takerSide } from '../public/feed-frames.ts';

/** Levels that the checksum covers, per side. */
const CHECKSUM_LEVELS = 10;

export const V1_HEARTBEAT = '{"event":"heartbeat"}';

/** @param connectionId decimal text: it exceeds 2^53. */
export function systemStatusFrame(status: string, connectionId: string): string {
  return `{"connectionID":${connectionId},"event":"systemStatus","status":${JSON.stringify(status)},"version":"1.9.6"}`;
}

/** Where a data frame belongs: it stands around what it says. */
export interface V1Channel {
  readonly id: number;
  /** `book-10`, `ticker`, `ohlc-5`, … */
  readonly name: string;
  readonly pair: PairRules;
}

function dataFrame({ id, name, pair }: V1Channel, ...parts: readonly unknown[]): string {
  return JSON.stringify([id, ...parts, name, pairNames(pair.symbol).wsname]);
}

/** Seconds since 1970 with microseconds. */
export function v1Time(wallMs: number): string {
  const micros = BigInt(Math.round(wallMs * 1_000));
  return `${micros / 1_000_000n}.${String(micros % 1_000_000n).padStart(6, '0')}`;
}

type Row = readonly string[];

function levelRow(pair: PairRules, { price, qty }: Pick<Level, 'price' | 'qty'>, time: string): Row {
  return [longPriceText(pair, price), qtyText(pair, qty), time];
}

/** A snapshot has no checksum. The times of levels are the time of sending: a recording has none of them. */
export function v1BookSnapshot(channel: V1Channel, book: MarketBook, depth: number, atMs: number): string {
  const time = v1Time(atMs);
  const rows = (levels: readonly Level[]) => levels.slice(0, depth).map((one) => levelRow(channel.pair, one, time));
  return dataFrame(channel, { as: rows(book.asks), bs: rows(book.bids) });
}

export interface V1BookChange {
  readonly book: MarketBook;
  readonly before: BookLevels;
  readonly atMs: number;
}

/** The sides of a change in the order in which a client can take them one by one without its book ever being crossed. */
export function v1SideOrder({ book, before }: V1BookChange): readonly MarketSide[] {
  const ask = book.asks[0]?.price;
  const bid = before.bids[0]?.price;
  return ask === undefined || bid === undefined || ask > bid ? ['ask', 'bid'] : ['bid', 'ask'];
}

/** The change of one side; undefined when nothing changed in the window. As recorded, each side has a message of its own. */
export function v1SideUpdate(
  channel: V1Channel,
  change: V1BookChange,
  side: MarketSide,
  depth: number,
): string | undefined {
  const rows = changedRows(channel.pair, change, side, depth);
  if (rows.length === 0) return undefined;
  const { book, before } = change;
  const isFirst = v1SideOrder(change)[0] === side;
  const [bids, asks] =
    side === 'ask' ? [isFirst ? before.bids : book.bids, book.asks] : [book.bids, isFirst ? before.asks : book.asks];
  return dataFrame(channel, {
    [side === 'ask' ? 'a' : 'b']: rows,
    c: String(v1Checksum(channel.pair, { bids, asks })),
  });
}

/** A level that moves back into the window is marked as published again. */
function changedRows(pair: PairRules, change: V1BookChange, side: MarketSide, depth: number): readonly Row[] {
  const { book, before, atMs } = change;
  const was = side === 'bid' ? before.bids : before.asks;
  const { gone, set } = windowChanges(was, side === 'bid' ? book.bids : book.asks, depth, side);
  const beyond = new Set(was.slice(depth));
  const time = v1Time(atMs);
  const deleted = gone.map(({ price }) => levelRow(pair, { price, qty: 0n }, time));
  return [...deleted, ...set.map((one) => [...levelRow(pair, one, time), ...(beyond.has(one) ? ['r'] : [])])];
}

export function v1Checksum(pair: PairRules, { asks, bids }: BookLevels): number {
  const digits = (levels: readonly Level[]) =>
    levels
      .slice(0, CHECKSUM_LEVELS)
      .map(({ price, qty }) => checksumDigits(longPriceText(pair, price)) + checksumDigits(qtyText(pair, qty)))
      .join('');
  return crc32(digits(asks) + digits(bids));
}

/** Whole lots are numbers here and may be 0: they are texts in REST's ticker, and no less than 1. */
export function v1Ticker(channel: V1Channel, book: MarketBook, day: Candle, last: TradeRecord | undefined): string {
  const { pair } = channel;
  const price = (value: bigint) => longPriceText(pair, value);
  const lots = (qty: bigint) => Number(divideDown(qty, 10n ** BigInt(pair.scale.qty)));
  const best = ({ price: at, qty }: Pick<Level, 'price' | 'qty'> = { price: 0n, qty: 0n }) => [
    price(at),
    lots(qty),
    qtyText(pair, qty),
  ];
  const average = averagePriceText(pair, day, longPriceDecimals(pair));
  return dataFrame(channel, {
    a: best(book.asks[0]),
    b: best(book.bids[0]),
    c: [price(last?.price ?? day.close), qtyText(pair, last?.qty ?? 0n)],
    v: twice(qtyText(pair, day.volume)),
    p: twice(average),
    t: twice(day.trades),
    l: twice(price(day.low)),
    h: twice(price(day.high)),
    o: twice(price(day.open)),
  });
}

/** Today and the last 24 hours are the same here. */
function twice<T>(value: T): [T, T] {
  return [value, value];
}

export function v1Trade(channel: V1Channel, trade: TradeRecord): string {
  const { pair } = channel;
  const side = takerSide(trade) === 'buy' ? 'b' : 's';
  const type = trade.order.type === 'market' ? 'm' : 'l';
  const row = [longPriceText(pair, trade.price), qtyText(pair, trade.qty), v1Time(trade.atMs), side, type, ''];
  return dataFrame(channel, [row]);
}

export function v1Spread(channel: V1Channel, { bids, asks }: BookLevels, atMs: number): string {
  const { pair } = channel;
  const [bid, ask] = [bids[0], asks[0]];
  const prices = [longPriceText(pair, bid?.price ?? 0n), longPriceText(pair, ask?.price ?? 0n)];
  return dataFrame(channel, [...prices, v1Time(atMs), qtyText(pair, bid?.qty ?? 0n), qtyText(pair, ask?.qty ?? 0n)]);
}

export function v1Candle(channel: V1Channel, candle: Candle, minutes: number, atMs: number): string {
  const { pair } = channel;
  const prices = [candle.open, candle.high, candle.low, candle.close].map((value) => longPriceText(pair, value));
  const times = [v1Time(atMs), v1Time(candle.startMs + minutes * 60_000)];
  const average = averagePriceText(pair, candle, longPriceDecimals(pair));
  return dataFrame(channel, [...times, ...prices, average, qtyText(pair, candle.volume), candle.trades]);
}
