/** Reads what a client of the WebSocket's first version sent: a request in its terms, or the text of its refusal. */

import {
  integerOf,
  isObject,
  isRawNumber,
  type JsonObject,
  parseJsonIfAny,
  type RawNumber,
  textOf,
} from '../../../../net/exact-json.ts';
import { CANDLE_WIDTHS } from '../../../market/market-statistics.ts';
import { BOOK_DEPTHS } from '../../../market/market-tape.ts';
import { refused } from '../venue-refusals.ts';

/** Error texts as clients of this version list them. */
export const V1_REFUSAL = {
  malformed: 'Malformed request',
  event: 'Event(s) not found',
  pairs: 'Pair field must be an array',
  pairsUnwanted: 'Pair field unsupported for this subscription type',
  subscription: 'Subscription field must be an object',
  name: 'Subscription name invalid',
  depth: 'Subscription depth not supported',
  depthType: 'Subscription book depth must be an integer',
  interval: 'Subscription ohlc interval not supported',
  intervalType: 'Subscription ohlc interval must be an integer',
  duplicate: 'Already subscribed',
  notSubscribed: 'Subscription Not Found',
  pairForm: (pair: string) => `Currency pair not in ISO 4217-A3 format ${pair}`,
  pair: (pair: string) => `Currency pair not supported ${pair}`,
} as const;

export const V1_FEEDS = ['book', 'ticker', 'trade', 'spread', 'ohlc'] as const;
export type V1Feed = (typeof V1_FEEDS)[number];

/** The envelope of any request: an object that says which event it is. */
export interface V1Head {
  readonly event: string | undefined;
  readonly reqId: RawNumber | undefined;
  /** All there is in it; empty when it could not be read. */
  readonly message: JsonObject;
  readonly fault: string | undefined;
}

/** Never throws: what cannot be read has a `fault`. */
export function readV1Head(text: string): V1Head {
  const message = parseJsonIfAny(text);
  if (!isObject(message)) return { event: undefined, reqId: undefined, message: {}, fault: V1_REFUSAL.malformed };
  const given = message['reqid'];
  const reqId = isRawNumber(given) && Number.isInteger(Number(given.rawJSON)) ? given : undefined;
  const fault = given !== undefined && reqId === undefined ? V1_REFUSAL.malformed : undefined;
  return { event: textOf(message, 'event'), reqId, message, fault };
}

/** What a public subscription is of, beside its pair. */
export interface V1Terms {
  readonly feed: V1Feed;
  /** Of `book`. */
  readonly depth: number;
  /** Of `ohlc`, in minutes. */
  readonly interval: number;
}

export type V1Read<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: string };

export function readV1Terms(message: JsonObject): V1Read<V1Terms> {
  const { subscription } = message;
  if (!isObject(subscription)) return refused(V1_REFUSAL.subscription);
  const feed = V1_FEEDS.find((known) => known === subscription['name']);
  if (feed === undefined) return refused(V1_REFUSAL.name);
  const depth = wholeOf(subscription, 'depth', 10);
  const interval = wholeOf(subscription, 'interval', 1);
  if (feed === 'book' && depth === undefined) return refused(V1_REFUSAL.depthType);
  if (feed === 'book' && !BOOK_DEPTHS.some((known) => known === depth)) return refused(V1_REFUSAL.depth);
  if (feed === 'ohlc' && interval === undefined) return refused(V1_REFUSAL.intervalType);
  if (feed === 'ohlc' && !CANDLE_WIDTHS.includes(interval ?? 0)) return refused(V1_REFUSAL.interval);
  return { ok: true, value: { feed, depth: depth ?? 10, interval: interval ?? 1 } };
}

export function readV1Pairs(message: JsonObject): V1Read<readonly string[]> {
  const { pair } = message;
  const names = Array.isArray(pair) ? pair.filter((one) => typeof one === 'string') : [];
  const isList = Array.isArray(pair) && names.length === pair.length && names.length > 0;
  return isList ? { ok: true, value: names } : refused(V1_REFUSAL.pairs);
}

/** `book-10`, `ohlc-5`; others by their name alone. */
export function v1ChannelName({ feed, depth, interval }: V1Terms): string {
  return feed === 'book' ? `book-${depth}` : feed === 'ohlc' ? `ohlc-${interval}` : feed;
}

/** What an answer says of a subscription. */
export function v1Subscription({ feed, depth, interval }: V1Terms): object {
  const own = feed === 'book' ? { depth } : feed === 'ohlc' ? { interval } : {};
  return { ...own, name: feed };
}

/** A `subscriptionStatus`; fields in the order of the alphabet, as the venue has them. */
export function v1StatusFrame(fields: Readonly<Record<string, unknown>>): string {
  const all: [string, unknown][] = Object.entries({ event: 'subscriptionStatus', ...fields });
  return JSON.stringify(Object.fromEntries(all.sort(([a], [b]) => (a < b ? -1 : 1))));
}

/** An answer to any other event. */
export function v1ReplyFrame(event: string, reqId: RawNumber | undefined, fields: object): string {
  const id = reqId === undefined ? {} : { reqid: reqId };
  return v1StatusFrame({ ...fields, event, ...id });
}

/** Undefined when there is one that is no whole number. */
function wholeOf(subscription: JsonObject, name: string, otherwise: number): number | undefined {
  return subscription[name] === undefined ? otherwise : integerOf(subscription, name);
}
