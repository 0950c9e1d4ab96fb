/** One public client's subscriptions to `ticker`, `trade` and `ohlc`, and what it is sent for them. */
import type { Clock } from '../../../../platform/clock.ts';
import type { TradeRecord } from '../../../exchange/exchange-types.ts';
import type { PairRules } from '../../../exchange/pair-rules.ts';
import type { MarketBook } from '../../../market/market-book.ts';
import { type Candle, joinCandles, type MarketStatistics } from '../../../market/market-statistics.ts';
import { wireTime } from '../wire-text.ts';
import { candleFrame, tickerFrame, tradeFrame } from './feed-frames.ts';
import type { FeedRequest } from './feed-requests.ts';

/** What a snapshot holds at most (protocol reference 1.8). */
const TRADES_SHOWN = 50;
const CANDLES_SHOWN = 720;

export interface FeedDeps {
  readonly clock: Clock;
  readonly statistics: MarketStatistics;
  readonly pair: (symbol: string) => PairRules | undefined;
  readonly send: (frame: string) => void;
}

type Subscription = Pick<FeedRequest, 'channel' | 'trigger' | 'interval'>;

export class FeedSubscriptions {
  readonly #deps: FeedDeps;
  readonly #bySymbol = new Map<string, Map<string, Subscription>>();

  constructor(deps: FeedDeps) {
    this.#deps = deps;
  }

  get isEmpty(): boolean {
    return this.#bySymbol.size === 0;
  }

  /** False when there is one already. */
  add(request: FeedRequest, symbol: string): boolean {
    const known = this.#bySymbol.get(symbol) ?? new Map<string, Subscription>();
    if (known.has(keyOf(request))) return false;
    this.#bySymbol.set(symbol, known.set(keyOf(request), request));
    return true;
  }

  /** False when there is none. */
  remove(request: FeedRequest, symbol: string): boolean {
    const known = this.#bySymbol.get(symbol);
    const removed = known?.delete(keyOf(request)) === true;
    if (known?.size === 0) this.#bySymbol.delete(symbol);
    return removed;
  }

  clear(): void {
    this.#bySymbol.clear();
  }

  sendSnapshot({ channel, interval }: FeedRequest, book: MarketBook): void {
    const { statistics, send } = this.#deps;
    const pair = this.#deps.pair(book.symbol);
    const { trades, minutes } = statistics.of(book.symbol);
    if (pair === undefined) return;
    if (channel === 'ticker') this.#sendTicker('snapshot', pair, book);
    else if (channel === 'trade') send(tradeFrame('snapshot', trades.slice(-TRADES_SHOWN)));
    else this.#sendCandles('snapshot', pair, joinCandles(minutes, interval).slice(-CANDLES_SHOWN), interval);
  }

  onTrade(trade: TradeRecord, book: MarketBook): void {
    const { pair } = trade.order;
    for (const { channel, interval } of this.#bySymbol.get(pair.symbol)?.values() ?? []) {
      if (channel === 'ticker') this.#sendTicker('update', pair, book);
      else if (channel === 'trade') this.#deps.send(tradeFrame('update', [trade]));
      else {
        const newest = joinCandles(this.#deps.statistics.of(pair.symbol).minutes, interval).slice(-1);
        this.#sendCandles('update', pair, newest, interval);
      }
    }
  }

  /** The best prices of a book are others than before. */
  onTouch(book: MarketBook): void {
    const wanted = [...(this.#bySymbol.get(book.symbol)?.values() ?? [])];
    if (!wanted.some(({ channel, trigger }) => channel === 'ticker' && trigger === 'bbo')) return;
    const pair = this.#deps.pair(book.symbol);
    if (pair !== undefined) this.#sendTicker('update', pair, book);
  }

  #sendCandles(type: 'snapshot' | 'update', pair: PairRules, candles: readonly Candle[], minutes: number): void {
    const { clock, send } = this.#deps;
    send(candleFrame(type, { pair, candles, minutes }, clock.wallMs()));
  }

  #sendTicker(type: 'snapshot' | 'update', pair: PairRules, book: MarketBook): void {
    const { statistics, clock, send } = this.#deps;
    const day = statistics.lastDay(book.symbol);
    const last = statistics.of(book.symbol).trades.at(-1);
    if (day !== undefined) send(tickerFrame(type, { pair, book, day, last }, wireTime(clock)));
  }
}

/** Per symbol one list of trades, a ticker of each trigger, candles of several widths (protocol reference 1.3). */
function keyOf({ channel, trigger, interval }: Subscription): string {
  return { trade: channel, ticker: `${channel} ${trigger}`, ohlc: `${channel} ${interval}` }[channel];
}
