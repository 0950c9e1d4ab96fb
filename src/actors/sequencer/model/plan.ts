/**
 * A plan: what was decided, its current leg, what it holds, and its orders. Kept in a fixed slot of the actor's own
 * memory, so that a successor goes on where its predecessor stopped.
 *
 *   slot:  | fields … | held, reserved, planned, gave (4 × i64 each) | legs (4 × 32) | orders (8 × ORDER_SLOT_BYTES) |
 *
 * Assets of a plan are counted along the cycle: place k is what leg k gives, and place 0 the start asset.
 */

import assert from 'node:assert/strict';
import { type AssetIndex, assetIndex, instrumentIndex } from '../../../market/instrument.ts';
import type { LegSpec } from '../../../market/legs/leg.ts';
import { PLAN_REASONS, type PlanReason } from '../../../messages/execution-message.ts';
import { LEGS_MAX } from '../../../messages/opportunity-message.ts';
import { type Lots, lots, NO_LOTS, type Ticks, ticks, type Units, units } from '../../../money/money.ts';
import { type MonotonicNs, monotonicNs } from '../../../platform/time.ts';
import { writeAmount } from '../../../shared/amount-field.ts';
import { ORDER_SLOT_BYTES, type Order, readOrder, writeOrder } from './order.ts';
import { isEnded, isUnknown } from './order-machine.ts';
import { PLAN_STATES, type PlanState } from './plan-machine.ts';
import { type NotedReason, REASONS_BYTES, readReasons, writeReasons } from './plan-reasons.ts';

export interface PlanLeg extends LegSpec {
  /** Worst price that the decision counted on. */
  readonly decidedTicks: Ticks;
}

/** What makes a plan one that brings home what others left behind: a person asked for it. */
export interface Flattening {
  /** Most that it may lose, of what it took over is worth at the prices it was decided at. Basis points. */
  readonly lossMaxBps: number;
  /** The record of its beginning: no order leaves before that is committed, so that an order found later has a known plan. */
  readonly recordSeq: number;
}

export interface Plan {
  readonly id: number;
  /** Market message and place in it of the opportunity: with these a repeated one is recognised. */
  readonly seq: number;
  readonly ordinal: number;
  readonly startAsset: AssetIndex;
  /** In trading order. */
  readonly legs: readonly PlanLeg[];
  readonly plannedStartUnits: Units;
  readonly plannedEndUnits: Units;
  /** What each leg was to order. Leg after leg, only the first does; the others order what came in. */
  readonly legLots: readonly Lots[];
  /** Monotonic. */
  readonly openedNs: MonotonicNs;
  /** By place: most that its leg gives at its collar when all goes as planned. */
  readonly plannedUnits: readonly Units[];
  /** All legs at once, out of stock. */
  readonly parallel: boolean;
  /** Undefined for a plan that follows from an opportunity. */
  readonly flattening: Flattening | undefined;
  state: PlanState;
  leg: number;
  rest: boolean;
  /** By place: what came in less what went out. Place 0 counts nothing here: see `spentUnits` and `receivedUnits`. */
  readonly heldUnits: Units[];
  /** By place: all that its orders gave of it, without what came back. */
  readonly gaveUnits: Units[];
  /** By place: what the account holds back for orders of the cycle. */
  readonly reservedUnits: Units[];
  /** Of the start asset. */
  spentUnits: Units;
  receivedUnits: Units;
  /** In the start asset: what dust and fees in other assets are worth, as long as they are not its profit. */
  markUnits: Units;
  /** Orders so far; and of them, such that closed out without getting on. */
  attempt: number;
  closingAttempts: number;
  /** Something was taken back, or sold by another route. */
  reversed: boolean;
  /** Routes to close out that the venue refused, a bit each: by leg, and LEGS_MAX on by place for the direct ones. */
  barred: number;
  /** Why it did not go as planned, first cause; all of them are in `reasons`. */
  reason: PlanReason;
  readonly reasons: NotedReason[];
  /** Monotonic; 0 while it does not wait. */
  patienceUntilNs: MonotonicNs;
  retryDueNs: MonotonicNs;
  /** Newest last. Of those that ended long ago, the oldest are dropped. */
  readonly orders: Order[];
}

/** Orders a plan remembers: all that can be out at once, and as many that were. */
export const ORDERS_PER_PLAN = 2 * LEGS_MAX;

const LEG = { instrument: 0, side: 4, feePpm: 8, decidedTicks: 16, lots: 24, SIZE: 32 } as const;
const SLOT = {
  id: 0, // f64; 0 is an empty slot
  seq: 8, // f64
  ordinal: 16, // u16
  startAsset: 18, // u16
  legCount: 20, // u8
  state: 21, // u8, index into PLAN_STATES
  leg: 22, // u8
  rest: 23, // u8
  attempt: 24, // u16
  closingAttempts: 26, // u8
  reason: 27, // u8, index into PLAN_REASONS
  parallel: 28, // u8
  reversed: 29, // u8
  barred: 30, // u8
  isFlattening: 31, // u8
  plannedStart: 32, // i64 from here on
  plannedEnd: 40,
  spent: 48,
  received: 56,
  patienceUntilNs: 64, // f64
  retryDueNs: 72, // f64
  openedNs: 80, // f64
  mark: 88, // i64
  lossMaxBps: 96, // f64
  recordSeq: 104, // f64
  held: 112, // i64 from here on
  reserved: 112 + LEGS_MAX * 8,
  planned: 112 + LEGS_MAX * 16,
  gave: 112 + LEGS_MAX * 24,
  legs: 112 + LEGS_MAX * 32,
  orders: 112 + LEGS_MAX * (32 + LEG.SIZE),
} as const;

/** Bytes of a plan's slot. */
export const PLAN_SLOT_BYTES = SLOT.orders + ORDERS_PER_PLAN * ORDER_SLOT_BYTES + REASONS_BYTES;

/** Orders whose end is not proven. */
export const openOrders = ({ orders }: Plan): readonly Order[] => orders.filter(({ state }) => !isEnded(state));
export const hasUnknown = ({ orders }: Plan): boolean => orders.some(({ state }) => isUnknown(state));

/** Place of what leg `leg` brings. */
export const placeAfter = ({ legs }: Pick<Plan, 'legs'>, leg: number): number => (leg + 1) % legs.length;

/** Adds an order; of those that ended the oldest is dropped when there are too many. */
export function addOrder({ orders }: Plan, order: Order): void {
  orders.push(order);
  if (orders.length <= ORDERS_PER_PLAN) return;
  const oldest = orders.findIndex(({ state }) => isEnded(state));
  assert.ok(oldest >= 0, 'a plan never has more orders out than it remembers');
  orders.splice(oldest, 1);
}

/** Reads the plan in the slot at `at`; undefined when the slot is empty. */
export function readPlan(view: DataView, at: number, runMs: number): Plan | undefined {
  const id = view.getFloat64(at + SLOT.id, true);
  if (id === 0) return undefined;
  const int64 = (field: number) => view.getBigInt64(at + field, true);
  const flag = (field: number) => view.getUint8(at + field) === 1;
  const perPlace = (field: number) => Array.from({ length: LEGS_MAX }, (_, place) => units(int64(field + place * 8)));
  const legCount = view.getUint8(at + SLOT.legCount);
  const legs = Array.from({ length: legCount }, (_, leg) => readLeg(view, legAt(at, leg)));
  const legLots = (_: unknown, leg: number) => lots(view.getBigInt64(legAt(at, leg) + LEG.lots, true));
  const order = (_: unknown, slot: number) => readOrder(view, orderAt(at, slot), runMs, id);
  return {
    id,
    seq: view.getFloat64(at + SLOT.seq, true),
    ordinal: view.getUint16(at + SLOT.ordinal, true),
    startAsset: assetIndex(view.getUint16(at + SLOT.startAsset, true)),
    legs,
    plannedStartUnits: units(int64(SLOT.plannedStart)),
    plannedEndUnits: units(int64(SLOT.plannedEnd)),
    legLots: Array.from({ length: legCount }, legLots),
    plannedUnits: perPlace(SLOT.planned),
    openedNs: monotonicNs(view.getFloat64(at + SLOT.openedNs, true)),
    parallel: flag(SLOT.parallel),
    flattening: flag(SLOT.isFlattening) ? readFlattening(view, at) : undefined,
    state: PLAN_STATES[view.getUint8(at + SLOT.state)] ?? 'stranded',
    leg: view.getUint8(at + SLOT.leg),
    rest: flag(SLOT.rest),
    heldUnits: perPlace(SLOT.held),
    gaveUnits: perPlace(SLOT.gave),
    reservedUnits: perPlace(SLOT.reserved),
    spentUnits: units(int64(SLOT.spent)),
    receivedUnits: units(int64(SLOT.received)),
    markUnits: units(int64(SLOT.mark)),
    attempt: view.getUint16(at + SLOT.attempt, true),
    closingAttempts: view.getUint8(at + SLOT.closingAttempts),
    reversed: flag(SLOT.reversed),
    barred: view.getUint8(at + SLOT.barred),
    reason: PLAN_REASONS[view.getUint8(at + SLOT.reason)] ?? 'none',
    patienceUntilNs: monotonicNs(view.getFloat64(at + SLOT.patienceUntilNs, true)),
    retryDueNs: monotonicNs(view.getFloat64(at + SLOT.retryDueNs, true)),
    orders: Array.from({ length: ORDERS_PER_PLAN }, order).filter((found) => found !== undefined),
    reasons: readReasons(view, orderAt(at, ORDERS_PER_PLAN)),
  };
}

/** Writes `plan` into the slot at `at`. */
export function writePlan(view: DataView, at: number, plan: Plan): void {
  const int64 = (field: number, value: bigint) => writeAmount(view, at + field, value);
  view.setFloat64(at + SLOT.id, plan.id, true);
  view.setFloat64(at + SLOT.seq, plan.seq, true);
  view.setUint16(at + SLOT.ordinal, plan.ordinal, true);
  view.setUint16(at + SLOT.startAsset, plan.startAsset, true);
  view.setUint8(at + SLOT.legCount, plan.legs.length);
  view.setUint8(at + SLOT.state, PLAN_STATES.indexOf(plan.state));
  view.setUint8(at + SLOT.leg, plan.leg);
  view.setUint8(at + SLOT.rest, Number(plan.rest));
  view.setUint16(at + SLOT.attempt, plan.attempt, true);
  view.setUint8(at + SLOT.closingAttempts, plan.closingAttempts);
  view.setUint8(at + SLOT.reason, PLAN_REASONS.indexOf(plan.reason));
  view.setUint8(at + SLOT.parallel, Number(plan.parallel));
  view.setUint8(at + SLOT.isFlattening, Number(plan.flattening !== undefined));
  view.setFloat64(at + SLOT.lossMaxBps, plan.flattening?.lossMaxBps ?? 0, true);
  view.setFloat64(at + SLOT.recordSeq, plan.flattening?.recordSeq ?? 0, true);
  view.setUint8(at + SLOT.reversed, Number(plan.reversed));
  view.setUint8(at + SLOT.barred, plan.barred);
  int64(SLOT.plannedStart, plan.plannedStartUnits);
  int64(SLOT.plannedEnd, plan.plannedEndUnits);
  int64(SLOT.spent, plan.spentUnits);
  int64(SLOT.received, plan.receivedUnits);
  int64(SLOT.mark, plan.markUnits);
  view.setFloat64(at + SLOT.openedNs, plan.openedNs, true);
  view.setFloat64(at + SLOT.patienceUntilNs, plan.patienceUntilNs, true);
  view.setFloat64(at + SLOT.retryDueNs, plan.retryDueNs, true);
  for (let place = 0; place < LEGS_MAX; place++) {
    int64(SLOT.held + place * 8, plan.heldUnits[place] ?? 0n);
    int64(SLOT.reserved + place * 8, plan.reservedUnits[place] ?? 0n);
    int64(SLOT.planned + place * 8, plan.plannedUnits[place] ?? 0n);
    int64(SLOT.gave + place * 8, plan.gaveUnits[place] ?? 0n);
  }
  for (const [index, leg] of plan.legs.entries()) writeLeg(view, legAt(at, index), leg, plan.legLots[index] ?? NO_LOTS);
  for (let slot = 0; slot < ORDERS_PER_PLAN; slot++) writeOrder(view, orderAt(at, slot), plan.orders[slot]);
  writeReasons(view, orderAt(at, ORDERS_PER_PLAN), plan.reasons);
}

/** Empties the slot at `at`. */
export function clearPlan(view: DataView, at: number): void {
  view.setFloat64(at + SLOT.id, 0, true);
}

function readFlattening(view: DataView, at: number): Flattening {
  return {
    lossMaxBps: view.getFloat64(at + SLOT.lossMaxBps, true),
    recordSeq: view.getFloat64(at + SLOT.recordSeq, true),
  };
}

const legAt = (at: number, leg: number): number => at + SLOT.legs + leg * LEG.SIZE;
const orderAt = (at: number, slot: number): number => at + SLOT.orders + slot * ORDER_SLOT_BYTES;

function readLeg(view: DataView, at: number): PlanLeg {
  return {
    instrument: instrumentIndex(view.getUint32(at + LEG.instrument, true)),
    side: view.getUint8(at + LEG.side) === 0 ? 0 : 1,
    feePpm: view.getUint32(at + LEG.feePpm, true),
    decidedTicks: ticks(view.getBigInt64(at + LEG.decidedTicks, true)),
  };
}

function writeLeg(view: DataView, at: number, leg: PlanLeg, lots: Lots): void {
  view.setUint32(at + LEG.instrument, leg.instrument, true);
  view.setUint8(at + LEG.side, leg.side);
  view.setUint32(at + LEG.feePpm, leg.feePpm, true);
  writeAmount(view, at + LEG.decidedTicks, leg.decidedTicks);
  writeAmount(view, at + LEG.lots, lots);
}
