/**
 * What tickers, candles and lists of trades are made of. A book recording holds no trades: those reported here are the ones
 * that the accounts make. Where a candle or a ticker needs a price without one, it is the best bid's.
 */

import { divideDown, formatDecimal } from '../../money/money.ts';
import type { Clock } from '../../platform/clock.ts';
import type { TradeRecord } from '../exchange/exchange-types.ts';
import type { PairRules } from '../exchange/pair-rules.ts';
import type { Market } from './market.ts';
import type { MarketBook } from './market-book.ts';

const MINUTE_MS = 60_000;
/** Minutes, trades and touches kept of a pair: the venue's REST gives at most 720 candles and 1,000 trades. */
const MINUTES_MAX = 1_440;
const TRADES_MAX = 1_000;
const TOUCHES_MAX = 200;

/** Widths of candles in minutes that the venue offers. */
export const CANDLE_WIDTHS = [1, 5, 15, 30, 60, 240, 1_440, 10_080, 21_600];
const DAY_MS = 86_400_000;

/** Prices × 10^`scale.price` of the pair's book, volumes × 10^`scale.qty`. */
export interface Candle {
  readonly startMs: number;
  open: bigint;
  high: bigint;
  low: bigint;
  close: bigint;
  volume: bigint;
  /** Sum of price × quantity, × 10^(`scale.price` + `scale.qty`). */
  turnover: bigint;
  trades: number;
}

export interface Touch {
  readonly atMs: number;
  readonly bid: bigint;
  readonly ask: bigint;
}

export interface PairStatistics {
  /** Oldest first, as the others. Minutes in which nothing changed are not there. */
  readonly minutes: readonly Candle[];
  readonly trades: readonly TradeRecord[];
  readonly touches: readonly Touch[];
}

interface Gathered {
  readonly minutes: Candle[];
  readonly trades: TradeRecord[];
  readonly touches: Touch[];
}

const NOTHING: PairStatistics = { minutes: [], trades: [], touches: [] };

export class MarketStatistics {
  readonly #clock: Clock;
  readonly #pairs = new Map<string, Gathered>();

  constructor(market: Market, clock: Clock) {
    this.#clock = clock;
    for (const book of market.books.values()) this.#noteBook(book);
    market.listen({ onBook: (book) => this.#noteBook(book), onStatus: () => {}, onInstruments: () => {} });
  }

  of(symbol: string): PairStatistics {
    return this.#pairs.get(symbol) ?? NOTHING;
  }

  /** The last 24 hours as one candle; before anything moved, the newest there is. Undefined when nothing was seen. */
  lastDay(symbol: string): Candle | undefined {
    const { minutes } = this.of(symbol);
    const now = this.#clock.wallMs();
    const day = minutes.filter(({ startMs }) => now - startMs < DAY_MS);
    const [joined] = joinCandles(
      day.map((one) => ({ ...one, startMs: 0 })),
      1,
    );
    return joined ?? minutes.at(-1);
  }

  /**
   * A trade of an account; when two accounts met, either may come first and the second is the same trade.
   * @returns whether it was new.
   */
  noteTrade(trade: TradeRecord): boolean {
    const gathered = this.#gathered(trade.order.pair.symbol);
    if (gathered.trades.some(({ tradeId }) => tradeId === trade.tradeId)) return false;
    keep(gathered.trades, trade, TRADES_MAX);
    const candle = this.#candleAt(gathered, trade.price);
    candle.volume += trade.qty;
    candle.turnover += trade.qty * trade.price;
    candle.trades += 1;
    return true;
  }

  #noteBook(book: MarketBook): void {
    const bid = book.bids[0]?.price;
    const ask = book.asks[0]?.price;
    if (bid === undefined || ask === undefined) return;
    const gathered = this.#gathered(book.symbol);
    const last = gathered.touches.at(-1);
    if (last?.bid === bid && last.ask === ask) return;
    keep(gathered.touches, { atMs: this.#clock.wallMs(), bid, ask }, TOUCHES_MAX);
    this.#candleAt(gathered, bid);
  }

  /** The present minute's candle, with `price` in it. */
  #candleAt({ minutes }: Gathered, price: bigint): Candle {
    const startMs = Math.floor(this.#clock.wallMs() / MINUTE_MS) * MINUTE_MS;
    const last = minutes.at(-1);
    if (last === undefined || last.startMs < startMs) {
      const made = { startMs, open: price, high: price, low: price, close: price, volume: 0n, turnover: 0n, trades: 0 };
      keep(minutes, made, MINUTES_MAX);
      return made;
    }
    if (price > last.high) last.high = price;
    if (price < last.low) last.low = price;
    last.close = price;
    return last;
  }

  #gathered(symbol: string): Gathered {
    const known = this.#pairs.get(symbol);
    if (known !== undefined) return known;
    const made: Gathered = { minutes: [], trades: [], touches: [] };
    this.#pairs.set(symbol, made);
    return made;
  }
}

/** Price by volume with `decimals` places, rounded down; where nothing was traded, the last price. */
export function averagePriceText({ scale }: PairRules, { volume, turnover, close }: Candle, decimals: number): string {
  const [exact, units] = volume === 0n ? [close, 1n] : [turnover, volume];
  return formatDecimal(divideDown(exact * 10n ** BigInt(decimals), units * 10n ** BigInt(scale.price)), decimals);
}

/** Minutes joined to candles of `minutes` each, aligned to the clock as the venue's are. */
export function joinCandles(minutes: readonly Candle[], width: number): readonly Candle[] {
  const joined: Candle[] = [];
  for (const minute of minutes) {
    const startMs = Math.floor(minute.startMs / (width * MINUTE_MS)) * width * MINUTE_MS;
    const last = joined.at(-1);
    if (last === undefined || last.startMs !== startMs) joined.push({ ...minute, startMs });
    else absorb(last, minute);
  }
  return joined;
}

function absorb(candle: Candle, next: Candle): void {
  if (next.high > candle.high) candle.high = next.high;
  if (next.low < candle.low) candle.low = next.low;
  candle.close = next.close;
  candle.volume += next.volume;
  candle.turnover += next.turnover;
  candle.trades += next.trades;
}

function keep<T>(list: T[], added: T, most: number): void {
  list.push(added);
  if (list.length > most) list.shift();
}
