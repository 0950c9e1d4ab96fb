/** What a client says to Kraken's public socket (WebSocket v2, protocol reference 1.3, 1.4, 1.6, 1.7). Texts only. */

import type { RequestId } from '../../market-data.ts';

/** Asks for every asset and pair, and for their changes. */
export function subscribeInstrument(reqId: RequestId): string {
  return JSON.stringify({ method: 'subscribe', params: { channel: 'instrument', snapshot: true }, req_id: reqId });
}

/** Asks for the books of `symbols` with `depth` levels a side. The venue answers once per symbol. */
export function subscribeBook(symbols: readonly string[], depth: number, reqId: RequestId): string {
  const params = { channel: 'book', symbol: symbols, depth, snapshot: true };
  return JSON.stringify({ method: 'subscribe', params, req_id: reqId });
}

/** Ends the books of `symbols`. `depth` is part of a subscription's key: it must be the one subscribed with. */
export function unsubscribeBook(symbols: readonly string[], depth: number, reqId: RequestId): string {
  return JSON.stringify({ method: 'unsubscribe', params: { channel: 'book', symbol: symbols, depth }, req_id: reqId });
}

/** The venue's own ping; its pong says when it was read and answered. */
export function ping(reqId: RequestId): string {
  return JSON.stringify({ method: 'ping', req_id: reqId });
}
