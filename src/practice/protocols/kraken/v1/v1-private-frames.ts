/**
 * The private data frames of the WebSocket's first version: `openOrders` and `ownTrades`, lists of objects by id. What a
 * step of an order does not change is left out. Fees are in quote, as REST reports them; numbers are texts.
 */
import type { ExecutionEvent, OrderRecord, TradeRecord } from '../../../exchange/exchange-types.ts';
import { amountText, longPriceDecimals, longPriceText, qtyText } from '../../../exchange/pair-rules.ts';
import { pairNames } from '../legacy-names.ts';
import { averageText, orderDescription, orderFlags, volumeText } from '../rest/order-text.ts';
import { v1Time } from './v1-frames.ts';

type Fields = Readonly<Record<string, unknown>>;

/** The venue's states of an order that has not ended. */
const STATUSES = { new: 'open', partially_filled: 'open', filled: 'closed', canceled: 'canceled', expired: 'expired' };

export function v1DataFrame(channel: string, rows: readonly object[], sequence: number): string {
  return JSON.stringify([rows, channel, { sequence }]);
}

/** A whole order, as it stands in a snapshot. */
export function v1OrderRow(order: OrderRecord, status: string = STATUSES[order.status]): Fields {
  const { pair, limitPrice, expireAtMs } = order;
  const none = longPriceText(pair, 0n);
  return {
    avg_price: averageText(order, longPriceDecimals(pair)),
    ...(order.clOrdId === undefined ? {} : { cl_ord_id: order.clOrdId }),
    cost: amountText(pair.quote, order.filledCost),
    descr: {
      close: null,
      leverage: null,
      order: orderDescription(order, pairNames(pair.symbol).wsname),
      ordertype: order.type,
      pair: pairNames(pair.symbol).wsname,
      price: limitPrice === undefined ? none : longPriceText(pair, limitPrice),
      price2: none,
      type: order.side,
    },
    expiretm: expireAtMs === undefined ? null : v1Time(expireAtMs),
    fee: amountText(pair.quote, order.feeInQuote),
    limitprice: none,
    misc: order.amended ? 'amended' : '',
    oflags: orderFlags(order),
    opentm: v1Time(order.openedAtMs),
    refid: null,
    starttm: null,
    status,
    stopprice: none,
    timeinforce: order.timeInForce.toUpperCase(),
    userref: order.userref ?? 0,
    vol: volumeText(order),
    vol_exec: qtyText(pair, order.filledQty),
  };
}

/** What a step changes; the first of an order has all of it. @param rateCount when the subscriber asked for it. */
export function v1OrderStep({ kind, order, atMs }: ExecutionEvent, rateCount: number | undefined): Fields {
  const counter = rateCount === undefined ? {} : { ratecount: rateCount };
  const reference = {
    ...(order.clOrdId === undefined ? {} : { cl_ord_id: order.clOrdId }),
    userref: order.userref ?? 0,
  };
  switch (kind) {
    case 'pending_new':
      return { ...v1OrderRow(order, 'pending'), ...counter };
    case 'new':
      return { status: 'open', ...reference, ...counter };
    case 'trade':
      return { ...totals(order), ...reference, ...counter };
    case 'amended':
      return { ...v1OrderRow(order), lastupdated: v1Time(atMs), ...counter };
    default: {
      const reason = order.reason === '' ? {} : { cancel_reason: order.reason };
      const end = { lastupdated: v1Time(atMs), status: STATUSES[order.status] };
      return { ...end, ...totals(order), ...reference, ...reason, ...counter };
    }
  }
}

function totals(order: OrderRecord): Fields {
  const { pair } = order;
  return {
    vol_exec: qtyText(pair, order.filledQty),
    cost: amountText(pair.quote, order.filledCost),
    fee: amountText(pair.quote, order.feeInQuote),
    avg_price: averageText(order, longPriceDecimals(pair)),
  };
}

export function v1TradeRow(trade: TradeRecord): Fields {
  const { order } = trade;
  const { pair } = order;
  return {
    ...(order.clOrdId === undefined ? {} : { cl_ord_id: order.clOrdId }),
    cost: amountText(pair.quote, trade.cost),
    fee: amountText(pair.quote, trade.feeInQuote),
    margin: amountText(pair.quote, 0n),
    ordertxid: order.id,
    ordertype: order.type,
    pair: pairNames(pair.symbol).wsname,
    postxid: order.id,
    price: longPriceText(pair, trade.price),
    time: v1Time(trade.atMs),
    type: order.side,
    ...(order.userref === undefined ? {} : { userref: order.userref }),
    vol: qtyText(pair, trade.qty),
  };
}
