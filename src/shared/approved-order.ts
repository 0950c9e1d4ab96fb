/**
 * The last hop. An order is made here or nowhere: {@link approveOrder} asks the gate and the limits, on integers, right
 * before bytes leave, and only what it returns can be handed to a venue.
 */
import type { GateState } from './trading-gate.ts';

declare const approval: unique symbol;

/** 0 buys the base asset, 1 sells it. */
export type OrderSide = 0 | 1;

/** One immediate-or-cancel limit order: whatever does not fill at once is given up. */
export interface OrderRequest {
  /** Client's order id: at most 18 characters, never used again by any process. */
  readonly clOrdId: string;
  readonly plan: number;
  /** Leg whose instrument it trades, from 0 in trading order. */
  readonly leg: number;
  /** Orders of the plan before this one. */
  readonly attempt: number;
  readonly instrument: number;
  readonly side: OrderSide;
  readonly qtyLots: bigint;
  /** Price collar: highest price of a buy, lowest of a sell. */
  readonly limitTicks: bigint;
  /** Most that may be spent, in units of the asset given. */
  readonly fundsUnits: bigint;
  readonly feePpm: number;
  /** Monotonic, when it was decided. */
  readonly placedNs: number;
  /** Takes back, or brings home, what is held: may leave while the gate says `reducing`. */
  readonly shrinksExposure: boolean;
}

/** An order that passed every check at the last hop. Nothing else can be sent. */
export type ApprovedOrder = OrderRequest & { readonly [approval]: true };

export interface OrderLimits {
  /** Largest quantity of one order in lots, by instrument; undefined when there is none. */
  readonly qtyMaxLots: (instrument: number) => bigint | undefined;
  /** Most that one order may spend, in units of the asset it gives; undefined when there is none. */
  readonly spendMaxUnits: (instrument: number, side: OrderSide) => bigint | undefined;
}

export type Refusal = 'gate_closed' | 'order_too_large' | 'order_malformed';

/** Asks gate and limits. What it returns must be sent in the same turn: the answer is good for this moment only. */
export function approveOrder(
  order: OrderRequest,
  gate: GateState,
  limits: OrderLimits,
): { readonly ok: true; readonly order: ApprovedOrder } | { readonly ok: false; readonly reason: Refusal } {
  if (gate === 'paused' || gate === 'halted') return { ok: false, reason: 'gate_closed' };
  if (gate === 'reducing' && !order.shrinksExposure) return { ok: false, reason: 'gate_closed' };
  const { qtyLots, limitTicks, fundsUnits, clOrdId } = order;
  if (qtyLots <= 0n || limitTicks <= 0n || fundsUnits <= 0n || clOrdId === '' || clOrdId.length > 18) {
    return { ok: false, reason: 'order_malformed' };
  }
  const qtyMax = limits.qtyMaxLots(order.instrument);
  const spendMax = limits.spendMaxUnits(order.instrument, order.side);
  if ((qtyMax !== undefined && qtyLots > qtyMax) || (spendMax !== undefined && fundsUnits > spendMax)) {
    return { ok: false, reason: 'order_too_large' };
  }
  return { ok: true, order: order as ApprovedOrder };
}
