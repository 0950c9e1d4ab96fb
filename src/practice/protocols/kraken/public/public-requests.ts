/** Reads what a client sent to the public socket: a request in the venue's terms, or the text of its refusal. */

import {
  integerOf,
  isObject,
  isRawNumber,
  type Json,
  type JsonObject,
  parseJsonIfAny,
  type RawNumber,
} from '../../../../net/exact-json.ts';
import { EXECUTION_VENUES, type InstrumentScope } from '../../../market/instrument-entries.ts';
import { BOOK_DEPTHS } from '../../../market/market-tape.ts';
import { FEED_FIELDS, type FeedChannel, type FeedRequest, isFeedChannel, readFeedRequest } from './feed-requests.ts';

/**
 * Error texts. Recorded from the venue or reported by its clients: `Currency pair not supported …`, `Subscription name
 * invalid`, `Unsupported field: '…'`, `Symbol(s) not found` (protocol reference 1.3), `Subscription depth not
 * supported`, `Already subscribed` (also for another depth), `Symbol field must be an array`, `Method(s) not found`.
 * The other texts are in the venue's style but not confirmed for v2.
 */
export const REFUSAL = {
  malformed: 'Malformed request',
  method: 'Method(s) not found',
  params: 'Params field must be an object',
  channel: 'Subscription name invalid',
  status: 'Symbol(s) not found',
  symbols: 'Symbol field must be an array',
  depth: 'Subscription depth not supported',
  duplicate: 'Already subscribed',
  notSubscribed: 'Subscription Not Found',
  field: (name: string) => `Unsupported field: '${name}'`,
  fieldType: (name: string, type: string) => `Field '${name}' must be ${type}`,
  symbol: (symbol: string) => `Currency pair not supported ${symbol}`,
  venue: 'Execution venue not supported',
  feed: (channel: string) =>
    channel === 'ohlc' ? 'Subscription ohlc interval not supported' : 'Event trigger invalid',
  fault: 'EService:Unavailable',
} as const;

export interface PingRequest {
  readonly kind: 'ping';
  readonly reqId: RawNumber | undefined;
}

export interface BookRequest {
  readonly kind: 'book';
  readonly method: 'subscribe' | 'unsubscribe';
  readonly reqId: RawNumber | undefined;
  readonly symbols: readonly string[];
  readonly depth: number;
  readonly snapshot: boolean;
}

export interface InstrumentRequest {
  readonly kind: 'instrument';
  readonly scope: InstrumentScope;
  readonly method: 'subscribe' | 'unsubscribe';
  readonly reqId: RawNumber | undefined;
  readonly snapshot: boolean;
}

export interface Refused {
  readonly kind: 'refused';
  readonly method: string | undefined;
  readonly reqId: RawNumber | undefined;
  readonly error: string;
}

export type PublicRequest = PingRequest | BookRequest | InstrumentRequest | FeedRequest | Refused;

const FIELDS: Readonly<Record<'book' | 'instrument' | FeedChannel, readonly string[]>> = {
  ...FEED_FIELDS,
  book: ['channel', 'symbol', 'depth', 'snapshot'],
  instrument: ['channel', 'snapshot', 'include_tokenized_assets', 'execution_venue'],
};

/** Never throws: what cannot be read is refused. */
export function readPublicRequest(text: string): PublicRequest {
  const message = parseJsonIfAny(text);
  if (!isObject(message)) return { kind: 'refused', method: undefined, reqId: undefined, error: REFUSAL.malformed };
  const method = typeof message['method'] === 'string' ? message['method'] : undefined;
  const given = message['req_id'];
  const reqId = isRawNumber(given) && Number.isInteger(Number(given.rawJSON)) ? given : undefined;
  const refuse = (error: string): Refused => ({ kind: 'refused', method, reqId, error });
  if (given !== undefined && reqId === undefined) return refuse(REFUSAL.fieldType('req_id', 'an integer'));
  if (method === 'ping') return { kind: 'ping', reqId };
  if (method !== 'subscribe' && method !== 'unsubscribe') return refuse(REFUSAL.method);
  const params = message['params'];
  if (!isObject(params)) return refuse(REFUSAL.params);
  const { channel } = params;
  if (channel === 'status') return refuse(REFUSAL.status);
  if (channel !== 'book' && channel !== 'instrument' && !isFeedChannel(channel)) return refuse(REFUSAL.channel);
  const snapshot = params['snapshot'] ?? true;
  const unknown = Object.keys(params).find((name) => !FIELDS[channel].includes(name));
  if (unknown !== undefined) return refuse(REFUSAL.field(unknown));
  if (typeof snapshot !== 'boolean') return refuse(REFUSAL.fieldType('snapshot', 'a boolean'));
  if (channel === 'instrument') return instrumentRequest(params, { method, reqId, snapshot }, refuse);
  if (!isFeedChannel(channel)) return bookRequest(params, { method, reqId, snapshot }, refuse);
  const symbols = params['symbol'];
  if (!isTextList(symbols) || symbols.length === 0) return refuse(REFUSAL.symbols);
  return readFeedRequest(params, channel, { method, reqId }, symbols) ?? refuse(REFUSAL.feed(channel));
}

function instrumentRequest(
  params: JsonObject,
  head: Pick<InstrumentRequest, 'method' | 'reqId' | 'snapshot'>,
  refuse: (error: string) => Refused,
): InstrumentRequest | Refused {
  const withTokenized = params['include_tokenized_assets'] ?? false;
  const venue = params['execution_venue'] ?? EXECUTION_VENUES[0];
  if (typeof withTokenized !== 'boolean') return refuse(REFUSAL.fieldType('include_tokenized_assets', 'a boolean'));
  const known = EXECUTION_VENUES.find((one) => one === venue);
  if (known === undefined) return refuse(REFUSAL.venue);
  return { kind: 'instrument', ...head, scope: { withTokenized, venue: known } };
}

function bookRequest(
  params: JsonObject,
  head: Pick<BookRequest, 'method' | 'reqId' | 'snapshot'>,
  refuse: (error: string) => Refused,
): BookRequest | Refused {
  const symbols = params['symbol'];
  if (!isTextList(symbols) || symbols.length === 0) return refuse(REFUSAL.symbols);
  const depth = params['depth'] === undefined ? 10 : integerOf(params, 'depth');
  if (depth === undefined || !BOOK_DEPTHS.some((known) => known === depth)) return refuse(REFUSAL.depth);
  return { kind: 'book', ...head, symbols, depth };
}

function isTextList(value: Json | undefined): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}
