/**
 * Cancel and replace, the older request to change an order: another order under an id of its own, behind all others of its
 * price. Fills stay with the old order (protocol reference 2.6). Socket and REST both change orders here.
 */

import { refused, VENUE_REFUSAL } from '../../protocols/kraken/venue-refusals.ts';
import type { AddedOrder, Answer, NewOrder, OrderRecord, TradingDesk } from '../exchange-types.ts';
import { priceText, qtyText } from '../pair-rules.ts';
import { readQty } from './order-reader.ts';

export interface ReplacedOrder {
  readonly old: OrderRecord;
  readonly added: AddedOrder;
}

/**
 * With `validate` the old order stays, so that the new one must be affordable beside it. Otherwise it is cancelled first:
 * when the engine refuses the new order, the old one is gone.
 * @param name id or userref of an open order
 * @param replacement what it is to become
 */
export function replaceOrder(
  desk: TradingDesk,
  account: string,
  name: string | undefined,
  replacement: (old: OrderRecord) => Answer<NewOrder>,
): Answer<ReplacedOrder> {
  const old = desk.openOrders(account).find((order) => isNamed(order, name));
  if (old === undefined) return refused(VENUE_REFUSAL.unknownOrder);
  const order = replacement(old);
  if (!order.ok) return order;
  const fault = replacementFault(old, order.value);
  if (fault !== undefined) return refused(fault);
  if (order.value.validate !== true) {
    const cancelled = desk.cancel(account, { orderId: old.id });
    if (!cancelled.ok) return cancelled;
  }
  const added = desk.add(account, order.value);
  return added.ok ? { ok: true, value: { old, added: added.value } } : added;
}

/** The terms of an order as a request for another like it. The id that its client gave it is its own. */
export function keptTerms(order: OrderRecord): NewOrder {
  const { pair, limitPrice, displayQty } = order;
  return {
    symbol: pair.symbol,
    side: order.side,
    orderType: order.type,
    qty: qtyText(pair, order.qty),
    limitPrice: limitPrice === undefined ? undefined : priceText(pair, limitPrice),
    displayQty: displayQty === undefined ? undefined : qtyText(pair, displayQty),
    timeInForce: order.timeInForce,
    expireAtMs: order.expireAtMs,
    postOnly: order.postOnly,
    feePreference: order.feePreference,
    stp: order.stp,
    userref: order.userref,
  };
}

function isNamed({ id, userref }: OrderRecord, name: string | undefined): boolean {
  return id === name || (userref !== undefined && String(userref) === name);
}

/** The venue edits no order to less than is filled of it. What is malformed is for the desk to refuse. */
function replacementFault({ pair, filledQty }: OrderRecord, { symbol, qty }: NewOrder): string | undefined {
  if (symbol !== pair.symbol) return VENUE_REFUSAL.arguments('pair');
  const read = readQty(qty, pair);
  return read.ok && read.value < filledQty ? VENUE_REFUSAL.leaves : undefined;
}
