/** One order of ours: what was sent, what has been reported of it, and what it came to. */

import type { Instrument, OrderScale } from '../../../market/instrument.ts';
import { type Lots, lots, NO_LOTS, plus, ticks } from '../../../money/money.ts';
import type { Side } from '../../../money/side.ts';
import type { ApprovedOrder } from '../../../trading/approved-order.ts';
import type { Fill, OrderReading } from '../../trading-port.ts';
import { isEnd, type MergedOrder } from '../private/merged-orders.ts';
import { amountDown } from '../wire/rounded-amount.ts';

/** Ticks and lots are in the scale of its instrument here: the one it was made in, as far as known. */
export interface OwnOrder {
  readonly clOrdId: string;
  readonly instrument: Instrument;
  readonly side: Side;
  /** Undefined for one that a predecessor of this process sent. */
  readonly sent: ApprovedOrder | undefined;
  readonly sentMs: number;
  newsMs: number;
  venueOrderId: string | undefined;
  isRefused: boolean;
  isEnded: boolean;
  isUncertain: boolean;
  /** It was reported as another order than was sent. */
  isMisreported: boolean;
  /** Its end was missed once: asking the stream for it a second time would not help. */
  isMissed: boolean;
  /** By `execId`, as each was reported first. */
  readonly fills: Map<string, Fill>;
  /** Those that were reported again, otherwise, as each was reported last. */
  readonly refills: Map<string, Fill>;
}

export interface OwnTerms extends Pick<OwnOrder, 'clOrdId' | 'instrument' | 'side'> {
  /** Undefined for one that a predecessor of this process sent. */
  readonly sent?: ApprovedOrder;
  readonly nowMs: number;
}

/** An order of which nothing has been reported. */
export function newOwnOrder({ clOrdId, instrument, side, sent, nowMs }: OwnTerms): OwnOrder {
  return {
    clOrdId,
    instrument,
    side,
    sent,
    sentMs: nowMs,
    newsMs: nowMs,
    venueOrderId: undefined,
    isRefused: false,
    isEnded: false,
    isUncertain: false,
    isMisreported: false,
    isMissed: false,
    fills: new Map(),
    refills: new Map(),
  };
}

/** Lots of all reported fills. */
export function lotsOfFills(own: OwnOrder): Lots {
  let sum = NO_LOTS;
  for (const { qtyLots } of own.fills.values()) sum = plus(sum, qtyLots);
  return sum;
}

/** Whether two reports of one fill say the same of it, but for its time. */
export function isSameFill(a: Fill, b: Fill): boolean {
  return (
    a.qtyLots === b.qtyLots &&
    a.priceTicks === b.priceTicks &&
    a.costUnits === b.costUnits &&
    a.feeUnits === b.feeUnits &&
    a.feeAsset === b.feeAsset &&
    a.feeElsewhere === b.feeElsewhere
  );
}

/** What the venue says it came to. `filled` without a total is the whole order. */
export function endLots(
  { instrument, sent }: OwnOrder,
  { orderId, endQty, orderQty, status }: MergedOrder,
): Lots | undefined {
  const lotsOf = (text: string): Lots => lots(amountDown(text, instrument.qtyPrecision, `order ${orderId}`));
  if (endQty !== undefined) return lotsOf(endQty);
  if (status !== 'filled') return undefined;
  if (sent !== undefined) return sent.qtyLots;
  return orderQty === undefined ? undefined : lotsOf(orderQty);
}

/** The whole of an order, once it was reported to its end. */
export function endedReading(own: OwnOrder, order: MergedOrder): OrderReading | undefined {
  if (!isEnd(order.status) || endLots(own, order) !== lotsOfFills(own)) return undefined;
  const { instrument, sent } = own;
  const amount = (text: string | undefined, decimals: number): bigint =>
    text === undefined ? 0n : amountDown(text, decimals, `order ${order.orderId}`);
  return {
    clOrdId: own.clOrdId,
    venueOrderId: order.orderId,
    instrument: instrument.index,
    side: own.side,
    pricePrecision: instrument.pricePrecision,
    qtyPrecision: instrument.qtyPrecision,
    qtyLots: sent?.qtyLots ?? lots(amount(order.orderQty, instrument.qtyPrecision)),
    limitTicks: sent?.limitTicks ?? ticks(amount(order.limitPrice, instrument.pricePrecision)),
    isOpen: false,
    fills: [...own.fills.values()],
    reason: order.reason,
  };
}

/** The instrument as an order of that scale counts in it. */
export function inScale(instrument: Instrument, { pricePrecision, qtyPrecision }: OrderScale): Instrument {
  return { ...instrument, pricePrecision, qtyPrecision };
}
