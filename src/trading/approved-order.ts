/**
 * The pre-trade check. An order is made here or nowhere: {@link approveOrder} asks the gate and the limits, on integers, right
 * before bytes leave, and only what it returns can be handed to a venue.
 */

import type { InstrumentIndex, OrderScale } from '../market/instrument.ts';
import type { Lots, Ticks, Units } from '../money/money.ts';
import type { Side } from '../money/side.ts';
import type { MonotonicNs } from '../platform/time.ts';
import type { GateState } from './trading-gate.ts';

declare const approval: unique symbol;

/**
 * One immediate-or-cancel limit order: what does not fill at once is cancelled. Its ticks and lots are in the scale it
 * carries, also when the instrument's changes.
 */
export interface OrderRequest extends OrderScale {
  /** Client's order id: at most 18 characters, never used again by any process. */
  readonly clOrdId: string;
  readonly plan: number;
  /** Leg whose instrument it trades, from 0 in trading order. */
  readonly leg: number;
  /** Orders of the plan before this one. */
  readonly attempt: number;
  readonly instrument: InstrumentIndex;
  readonly side: Side;
  readonly qtyLots: Lots;
  /** Price collar: highest price of a buy, lowest of a sell. */
  readonly limitTicks: Ticks;
  /** Most that may be spent, in units of the asset given. */
  readonly fundsUnits: Units;
  readonly feePpm: number;
  /** Monotonic, when it was decided. */
  readonly placedNs: MonotonicNs;
  /** Takes back, or brings home, what is held: may leave while the gate says `reducing`. */
  readonly shrinksExposure: boolean;
}

/** An order that passed every check at the pre-trade check. Nothing else can be sent. */
export type ApprovedOrder = OrderRequest & { readonly [approval]: true };

/** What is left to a plan. */
export interface PlanBounds {
  readonly hasOrdersLeft: boolean;
  /** Units of the asset given that the plan may still give, beside all that it has given and has in orders. */
  readonly roomUnits: Units;
  /** It is too old to begin a further leg. */
  readonly isTooOld: boolean;
  /** It has lost more than a plan may. */
  readonly isLossReached: boolean;
}

/** The limits as they are at this moment. `pre-trade-limits.ts` keeps them. */
export interface OrderLimits {
  /** Why a limit of the settings cannot be applied; undefined when all can. */
  readonly unusable: string | undefined;
  /** Largest quantity of one order in lots, by instrument; undefined when there is none. */
  qtyMaxLots(instrument: InstrumentIndex): Lots | undefined;
  /** Most that the order can cost at its limit, in units of the asset it gives, independent of its own figure. */
  worstSpendUnits(order: OrderRequest): Units;
  /** Most that one order may spend, in units of the asset it gives; undefined when there is none. */
  spendMaxUnits(instrument: InstrumentIndex, side: Side): Units | undefined;
  /** What may still go out of the asset given, beside all that is out, in its units; undefined when that is not limited. */
  exposureRoomUnits(instrument: InstrumentIndex, side: Side): Units | undefined;
  /** What is left to the order's plan; undefined when no such plan is at work. */
  planBounds(order: OrderRequest): PlanBounds | undefined;
  /** Whether the orders of the last second leave room for one more. */
  hasRate(shrinksExposure: boolean): boolean;
}

export type Refusal =
  | 'gate_closed'
  | 'order_too_large'
  | 'order_malformed'
  /** The limits are in another scale than the order. */
  | 'precision_changed'
  | 'exposure_too_large'
  | 'too_many_orders'
  | 'limit_unusable'
  /** Bounds of the plan: orders, volume, loss so far. */
  | 'plan_too_old'
  | 'plan_orders_over'
  | 'plan_volume_over'
  | 'plan_loss_over';

export type Approval =
  | { readonly ok: true; readonly order: ApprovedOrder }
  | { readonly ok: false; readonly reason: Refusal };

/** Kraken's bound on `cl_ord_id` as free text. */
const CLIENT_ID_MAX = 18;

/** Asks gate and limits. What it returns must be sent in the same turn: the answer is good for this moment only. */
export function approveOrder(order: OrderRequest, gate: GateState, limits: OrderLimits): Approval {
  const reason =
    closedFor(order, gate) ??
    malformed(order) ??
    tooLarge(order, limits) ??
    tooMuch(order, limits) ??
    beyondPlan(order, limits);
  return reason === undefined ? { ok: true, order: order as ApprovedOrder } : { ok: false, reason };
}

function closedFor({ shrinksExposure }: OrderRequest, gate: GateState): Refusal | undefined {
  if (gate === 'active' || gate === 'draining') return undefined; // what begins a plan is asked before it is a plan
  return gate === 'reducing' && shrinksExposure ? undefined : 'gate_closed';
}

function malformed({ qtyLots, limitTicks, fundsUnits, clOrdId }: OrderRequest): Refusal | undefined {
  const isWhole = qtyLots > 0n && limitTicks > 0n && fundsUnits > 0n;
  return isWhole && clOrdId !== '' && clOrdId.length <= CLIENT_ID_MAX ? undefined : 'order_malformed';
}

function tooLarge(order: OrderRequest, limits: OrderLimits): Refusal | undefined {
  const { instrument, side, qtyLots } = order;
  const qtyMax = limits.qtyMaxLots(instrument);
  const spendMax = limits.spendMaxUnits(instrument, side);
  if (qtyMax !== undefined && qtyLots > qtyMax) return 'order_too_large';
  return spendMax !== undefined && limits.worstSpendUnits(order) > spendMax ? 'order_too_large' : undefined;
}

/** What brings home or takes back is not held up by a limit on what is out: it is what makes it less. */
function tooMuch(order: OrderRequest, limits: OrderLimits): Refusal | undefined {
  const { shrinksExposure, instrument, side } = order;
  if (!limits.hasRate(shrinksExposure)) return 'too_many_orders';
  if (shrinksExposure) return undefined;
  if (limits.unusable !== undefined) return 'limit_unusable';
  const room = limits.exposureRoomUnits(instrument, side);
  return room === undefined || limits.worstSpendUnits(order) <= room ? undefined : 'exposure_too_large';
}

/** A plan trades what was planned, in a bounded number of orders, and loses no more than a plan may. */
function beyondPlan(order: OrderRequest, limits: OrderLimits): Refusal | undefined {
  const bounds = limits.planBounds(order);
  if (bounds === undefined || limits.worstSpendUnits(order) > bounds.roomUnits) return 'plan_volume_over';
  if (bounds.isTooOld && !order.shrinksExposure) return 'plan_too_old';
  if (!bounds.hasOrdersLeft) return 'plan_orders_over';
  return bounds.isLossReached ? 'plan_loss_over' : undefined;
}
