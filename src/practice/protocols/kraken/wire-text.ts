/** The texts the practice exchange sends: Kraken WebSocket v2 frames, field order as recorded from the venue. */

import type { RawNumber } from '../../../net/exact-json.ts';
import type { Clock } from '../../../platform/clock.ts';
import type { InstrumentEntries } from '../../market/instrument-entries.ts';
import type { BookLevels, MarketBook } from '../../market/market-book.ts';

// The text of the newest whole millisecond: a busy market asks many times within one.
let newestMs = Number.NaN;
let newestText = '';

/** RFC 3339 UTC with microseconds, as on the wire. */
export function wireTime(clock: Clock): string {
  return timeText(clock.wallMs());
}

/** @param ms wall time, milliseconds since 1970. */
export function timeText(ms: number): string {
  const whole = Math.floor(ms);
  if (whole !== newestMs) {
    newestMs = whole;
    newestText = new Date(whole).toISOString().slice(0, -1);
  }
  const micros = Math.min(999, Math.floor((ms - whole) * 1000));
  return `${newestText}${String(micros).padStart(3, '0')}Z`;
}

/** Whole seconds, as the dead-man's switch has them: `2023-09-21T15:49:29Z`. */
export function secondsText(ms: number): string {
  return `${new Date(Math.floor(ms)).toISOString().slice(0, -5)}Z`;
}

export const HEARTBEAT_FRAME = '{"channel":"heartbeat"}';
/** Not the v2 envelope: capital E, no method (protocol reference 1.2). */
export const MESSAGE_RATE_FRAME = '{"Error":"Exceeded msg rate"}';

/** @param connectionId decimal text: it exceeds 2^53. */
export function statusFrame(system: string, connectionId: string): string {
  const data = `{"version":"2.0.10","system":${JSON.stringify(system)},"api_version":"v2","connection_id":${connectionId}}`;
  return `{"channel":"status","type":"update","data":[${data}]}`;
}

export function instrumentFrame(type: 'snapshot' | 'update', entries: InstrumentEntries): string {
  return `{"channel":"instrument","type":"${type}","data":${JSON.stringify(entries)}}`;
}

export function bookSnapshotFrame(book: MarketBook, depth: number, time: string): string {
  return bookFrame('snapshot', book, book.snapshotSide('bid', depth), book.snapshotSide('ask', depth), time);
}

/** The change since `before` as a subscriber of `depth` sees it; undefined when nothing changed in its window. */
export function bookUpdateFrame(book: MarketBook, before: BookLevels, depth: number, time: string): string | undefined {
  const bids = book.changedSide('bid', before, depth);
  const asks = book.changedSide('ask', before, depth);
  return bids === '[]' && asks === '[]' ? undefined : bookFrame('update', book, bids, asks, time);
}

function bookFrame(type: string, book: MarketBook, bids: string, asks: string, time: string): string {
  const symbol = JSON.stringify(book.symbol);
  return `{"channel":"book","type":"${type}","data":[{"symbol":${symbol},"bids":${bids},"asks":${asks},"checksum":${book.checksum()},"timestamp":"${time}"}]}`;
}

/** The parts of a reply that echo the request. */
export interface ReplyHead {
  readonly method?: string | undefined;
  readonly reqId?: RawNumber | undefined;
  readonly timeIn: string;
}

export function ackFrame(head: ReplyHead, result: object, timeOut: string): string {
  return reply(head, { result, success: true }, timeOut);
}

/** A reply of the private socket. @param more what stands beside `result`. */
export function replyFrame(head: ReplyHead, result: unknown, timeOut: string, more: object = {}): string {
  return reply(head, { ...more, result, success: true }, timeOut);
}

/** @param symbol the symbol at fault, where one is. */
export function errorFrame(head: ReplyHead, error: string, timeOut: string, symbol?: string): string {
  const at = symbol === undefined ? {} : { symbol };
  return reply(head, { error, success: false, ...at }, timeOut);
}

/** `pong` has no `success` (protocol reference 1.4). */
export function pongFrame(head: ReplyHead, timeOut: string): string {
  return reply({ ...head, method: 'pong' }, {}, timeOut);
}

function reply(head: ReplyHead, body: object, timeOut: string): string {
  const method = head.method === undefined ? {} : { method: head.method };
  const reqId = head.reqId === undefined ? {} : { req_id: head.reqId };
  return JSON.stringify({ ...method, ...reqId, ...body, time_in: head.timeIn, time_out: timeOut });
}
