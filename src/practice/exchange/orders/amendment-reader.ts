/** Reads what an open order is to become, or answers with the venue's text why it cannot. */

import { VENUE_REFUSAL } from '../../protocols/kraken/venue-refusals.ts';
import type { Amendment, Answer } from '../exchange-types.ts';
import type { ExchangeOrder } from './exchange-order.ts';
import { deadlineFault, minimumFault, readDisplay, readPrice, readQty } from './order-reader.ts';

export interface AmendedNumbers {
  readonly qty: bigint;
  readonly limitPrice: bigint;
  readonly displayQty: bigint | undefined;
}

/** What is not named stays. A quantity down to what is filled already is for the engine to judge. */
export function readAmendment(amendment: Amendment, order: ExchangeOrder, nowMs: number): Answer<AmendedNumbers> {
  const { pair, type } = order;
  const deadline = deadlineFault(amendment, nowMs);
  if (deadline !== undefined) return { ok: false, error: deadline };
  const given = [amendment.qty, amendment.limitPrice, amendment.displayQty];
  if (given.every((text) => text === undefined)) return { ok: false, error: VENUE_REFUSAL.nothingToAmend };
  const qty = amendment.qty === undefined ? known(order.qty) : readQty(amendment.qty, pair);
  if (!qty.ok) return qty;
  const price = amendment.limitPrice === undefined ? known(order.limitPrice) : readPrice(amendment.limitPrice, pair);
  if (!price.ok) return price;
  const display =
    amendment.displayQty === undefined
      ? known(order.displayQty)
      : readDisplay(amendment.displayQty, pair, type, qty.value);
  if (!display.ok) return display;
  if (price.value === undefined) return { ok: false, error: VENUE_REFUSAL.nothingToAmend };
  const minimum = minimumFault({ ...order, qty: qty.value }, price.value);
  if (minimum !== undefined && qty.value > order.filledQty) return { ok: false, error: minimum };
  return { ok: true, value: { qty: qty.value, limitPrice: price.value, displayQty: display.value } };
}

function known<T>(value: T): Answer<T> {
  return { ok: true, value };
}
