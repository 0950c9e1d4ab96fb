/** Frames of the channels `ticker`, `trade` and `ohlc`: fields and their order as the venue has them (reference 1.8). */

import { rawNumber } from '../../../../net/exact-json.ts';
import type { TradeRecord } from '../../../exchange/exchange-types.ts';
import { type PairRules, priceText, qtyText } from '../../../exchange/pair-rules.ts';
import type { MarketBook } from '../../../market/market-book.ts';
import type { Candle } from '../../../market/market-statistics.ts';
import { timeText } from '../wire-text.ts';

type FrameType = 'snapshot' | 'update';

/** What a ticker is made of: the book, the last 24 hours, the newest trade. */
export interface TickerParts {
  readonly pair: PairRules;
  readonly book: MarketBook;
  readonly day: Candle;
  readonly last: TradeRecord | undefined;
}

export function tickerFrame(type: FrameType, { pair, book, day, last }: TickerParts, time: string): string {
  const price = (value: bigint) => rawNumber(priceText(pair, value));
  const [bid, ask] = [book.bids[0], book.asks[0]];
  const now = last?.price ?? day.close;
  const change = now - day.open;
  const row = {
    symbol: pair.symbol,
    bid: price(bid?.price ?? 0n),
    bid_qty: rawNumber(qtyText(pair, bid?.qty ?? 0n)),
    ask: price(ask?.price ?? 0n),
    ask_qty: rawNumber(qtyText(pair, ask?.qty ?? 0n)),
    last: price(now),
    volume: rawNumber(qtyText(pair, day.volume)),
    vwap: price(averagePrice(day)),
    trades: day.trades,
    low: price(day.low),
    high: price(day.high),
    change: price(change),
    change_pct: day.open === 0n ? 0 : Number((change * 10_000n) / day.open) / 100,
    timestamp: time,
  };
  return JSON.stringify({ channel: 'ticker', type, data: [row] });
}

export function tradeFrame(type: FrameType, trades: readonly TradeRecord[]): string {
  const data = trades.map((trade) => ({
    symbol: trade.order.pair.symbol,
    side: takerSide(trade),
    price: rawNumber(priceText(trade.order.pair, trade.price)),
    qty: rawNumber(qtyText(trade.order.pair, trade.qty)),
    ord_type: trade.order.type === 'market' ? 'market' : 'limit',
    trade_id: trade.tradeId,
    timestamp: timeText(trade.atMs),
  }));
  return JSON.stringify({ channel: 'trade', type, data });
}

/** @param sentMs wall time: the message's own, beside those of its candles. */
export function candleFrame(
  type: FrameType,
  { pair, candles, minutes }: { pair: PairRules; candles: readonly Candle[]; minutes: number },
  sentMs: number,
): string {
  const price = (value: bigint) => rawNumber(priceText(pair, value));
  const data = candles.map((candle) => ({
    symbol: pair.symbol,
    open: price(candle.open),
    high: price(candle.high),
    low: price(candle.low),
    close: price(candle.close),
    trades: candle.trades,
    volume: rawNumber(qtyText(pair, candle.volume)),
    vwap: price(averagePrice(candle)),
    interval_begin: nanosecondText(candle.startMs),
    interval: minutes,
    timestamp: timeText(candle.startMs + minutes * 60_000),
  }));
  return JSON.stringify({ channel: 'ohlc', type, timestamp: nanosecondText(sentMs), data });
}

/** Candles, and when they are sent, are in nanoseconds. */
function nanosecondText(wallMs: number): string {
  return timeText(wallMs).replace('Z', '000Z');
}

/** The side that took: a maker's trade was taken from the other side. */
export function takerSide({ order, liquidity }: TradeRecord): 'buy' | 'sell' {
  return (order.side === 'buy') === (liquidity === 'taker') ? 'buy' : 'sell';
}

/** By volume; where nothing was traded, the last price. */
export function averagePrice({ volume, turnover, close }: Candle): bigint {
  return volume === 0n ? close : turnover / volume;
}
