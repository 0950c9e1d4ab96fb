/** Requests for the channels of trades and what is made of them: `ticker`, `trade`, `ohlc` (protocol reference 1.8). */
import { integerOf, type Json, type JsonObject, type RawNumber } from '../../../../net/exact-json.ts';
import { CANDLE_WIDTHS } from '../../../market/market-statistics.ts';

const FEED_CHANNELS = ['ticker', 'trade', 'ohlc'] as const;
export type FeedChannel = (typeof FEED_CHANNELS)[number];

export interface FeedRequest {
  readonly kind: 'feed';
  readonly channel: FeedChannel;
  readonly method: 'subscribe' | 'unsubscribe';
  readonly reqId: RawNumber | undefined;
  readonly symbols: readonly string[];
  readonly snapshot: boolean;
  /** Of `ticker`: with each trade, or with each change of the best prices. */
  readonly trigger: 'trades' | 'bbo';
  /** Of `ohlc`, in minutes. */
  readonly interval: number;
}

export const FEED_FIELDS: Readonly<Record<FeedChannel, readonly string[]>> = {
  ticker: ['channel', 'symbol', 'event_trigger', 'snapshot'],
  trade: ['channel', 'symbol', 'snapshot'],
  ohlc: ['channel', 'symbol', 'interval', 'snapshot'],
};

export function isFeedChannel(channel: Json | undefined): channel is FeedChannel {
  return FEED_CHANNELS.some((known) => known === channel);
}

/** Undefined when trigger or interval is none of the venue's. A snapshot of trades comes only when asked for. */
export function readFeedRequest(
  params: JsonObject,
  channel: FeedChannel,
  head: Pick<FeedRequest, 'method' | 'reqId'>,
  symbols: readonly string[],
): FeedRequest | undefined {
  const trigger = params['event_trigger'] ?? 'trades';
  const interval = params['interval'] === undefined ? 1 : integerOf(params, 'interval');
  if (trigger !== 'trades' && trigger !== 'bbo') return undefined;
  if (interval === undefined || !CANDLE_WIDTHS.includes(interval)) return undefined;
  const snapshot = (params['snapshot'] ?? channel !== 'trade') === true;
  return { kind: 'feed', channel, ...head, symbols, snapshot, trigger, interval };
}

/** What an acknowledgement says of the subscription. */
export function feedResult({ channel, snapshot, trigger, interval }: FeedRequest): object {
  const own = channel === 'ticker' ? { event_trigger: trigger } : channel === 'ohlc' ? { interval } : {};
  return { channel, ...own, snapshot };
}
