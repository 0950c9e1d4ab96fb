/**
 * What a client says to Kraken's private socket (WebSocket v2, protocol reference 2). Texts only.
 *
 * Prices and quantities are written as plain decimals by hand: JavaScript would write small ones with an exponent, which
 * the venue may not take. Only an order that passed the last check can be written as one.
 */

import assert from 'node:assert/strict';
import type { Instrument } from '../../../market/instrument.ts';
import { formatDecimal } from '../../../money/money.ts';
import { BUY, sideName } from '../../../money/side.ts';
import type { ApprovedOrder } from '../../../trading/approved-order.ts';
import type { RequestId } from '../../market-data.ts';

/** What every request of the private socket carries. */
export interface PrivateTerms {
  readonly reqId: RequestId;
  /** The newest token. */
  readonly token: string;
}

/** What a request that places or changes an order carries besides. */
export interface OrderTerms extends PrivateTerms {
  /** By the venue's clock, milliseconds since 1970: the venue does not match the order after it. */
  readonly deadlineMs: number;
}

/** Rows that the venue takes in one message (reference 2.8). */
export const BATCH_ADD = { MIN: 2, MAX: 15 } as const;
export const BATCH_CANCEL = { MIN: 2, MAX: 50 } as const;
/** Longest time of the dead-man's switch, in seconds (reference 2.7). */
const SWITCH_MAX_S = 86_399;

/**
 * Asks for the account's orders and fills, open orders and the last 50 fills first. Every change of state is wanted: the
 * first one carries the client's order id.
 */
export function subscribeExecutions({ reqId, token }: PrivateTerms): string {
  const params = { channel: 'executions', token, snap_orders: true, snap_trades: true, order_status: true };
  return JSON.stringify({ method: 'subscribe', params: { ...params, ratecounter: true }, req_id: reqId });
}

export function subscribeBalances({ reqId, token }: PrivateTerms): string {
  const params = { channel: 'balances', token, snapshot: true };
  return JSON.stringify({ method: 'subscribe', params, req_id: reqId });
}

export function unsubscribePrivate(channel: 'executions' | 'balances', { reqId, token }: PrivateTerms): string {
  return JSON.stringify({ method: 'unsubscribe', params: { channel, token }, req_id: reqId });
}

/**
 * An order that fills at once, no worse than its limit, or not at all. The fee is asked for in the asset received, so that
 * what is given is exactly what was planned; an order of ours that would meet another of ours dies.
 */
export function addOrder(order: ApprovedOrder, instrument: Instrument, terms: OrderTerms): string {
  const params = `${orderFields(order, instrument)},"symbol":${JSON.stringify(instrument.symbol)}`;
  return trading('add_order', `${params},"deadline":"${instant(terms.deadlineMs)}"`, terms);
}

/** Two to fifteen orders of one instrument. */
export function batchAdd(orders: readonly ApprovedOrder[], instrument: Instrument, terms: OrderTerms): string {
  assert.ok(orders.length >= BATCH_ADD.MIN && orders.length <= BATCH_ADD.MAX, 'a batch has 2 to 15 orders');
  const rows = orders.map((order) => `{${orderFields(order, instrument)}}`).join(',');
  const params = `"symbol":${JSON.stringify(instrument.symbol)},"orders":[${rows}]`;
  return trading('batch_add', `${params},"deadline":"${instant(terms.deadlineMs)}"`, terms);
}

/** Gives an order that is open the quantity and the limit of `order`, which was approved like a new one. */
export function amendOrder(order: ApprovedOrder, instrument: Instrument, terms: OrderTerms): string {
  const params = `"cl_ord_id":${JSON.stringify(order.clOrdId)},${amounts(order, instrument)}`;
  return trading('amend_order', `${params},"deadline":"${instant(terms.deadlineMs)}"`, terms);
}

export function cancelOrders(clOrdIds: readonly string[], terms: PrivateTerms): string {
  return trading('cancel_order', `"cl_ord_id":${JSON.stringify(clOrdIds)}`, terms);
}

/** Two to fifty orders, with one answer for all. */
export function batchCancel(clOrdIds: readonly string[], terms: PrivateTerms): string {
  assert.ok(clOrdIds.length >= BATCH_CANCEL.MIN && clOrdIds.length <= BATCH_CANCEL.MAX, 'a batch cancels 2 to 50');
  return trading('batch_cancel', `"cl_ord_id":${JSON.stringify(clOrdIds)}`, terms);
}

/** Every order of the account, foreign ones too. */
export function cancelAll(terms: PrivateTerms): string {
  return trading('cancel_all', '', terms);
}

/** Dead-man's switch: the venue cancels everything when it is not armed again within `seconds`; 0 disarms. */
export function cancelAllOrdersAfter(seconds: number, terms: PrivateTerms): string {
  assert.ok(Number.isInteger(seconds) && seconds >= 0 && seconds <= SWITCH_MAX_S, 'whole seconds below a day');
  return trading('cancel_all_orders_after', `"timeout":${seconds}`, terms);
}

/** RFC 3339 with milliseconds, as the venue's deadlines have them. */
export function instant(wallMs: number): string {
  return new Date(Math.floor(wallMs)).toISOString();
}

function orderFields(order: ApprovedOrder, instrument: Instrument): string {
  const isBuy = order.side === BUY;
  const kind = `"order_type":"limit","side":"${sideName(order.side)}"`;
  const terms = `"time_in_force":"ioc","fee_preference":"${isBuy ? 'base' : 'quote'}","stp_type":"cancel_newest"`;
  return `${kind},${amounts(order, instrument)},${terms},"cl_ord_id":${JSON.stringify(order.clOrdId)}`;
}

function amounts(order: ApprovedOrder, { qtyPrecision, pricePrecision }: Instrument): string {
  const qty = formatDecimal(order.qtyLots, qtyPrecision);
  return `"order_qty":${qty},"limit_price":${formatDecimal(order.limitTicks, pricePrecision)}`;
}

function trading(method: string, params: string, { reqId, token }: PrivateTerms): string {
  const separator = params === '' ? '' : ',';
  return `{"method":"${method}","params":{${params}${separator}"token":${JSON.stringify(token)}},"req_id":${reqId}}`;
}
