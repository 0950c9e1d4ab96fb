/**
 * A plan: what was decided, how far it has come, and what it holds. Kept in a fixed slot of the actor's own memory, so
 * that a successor goes on where its predecessor stopped.
 *
 *   slot:  | fields … | order | rests (4 × i64) | legs (4 × 32) |
 */
import { PLAN_REASONS, type PlanReason } from '../../shared/messages.ts';
import type { LegOrder, OrderReport, OrderSide } from './execution-port.ts';
import { PLAN_STATES, type PlanState } from './plan-machine.ts';

export interface PlanLeg {
  readonly instrument: number;
  readonly side: OrderSide;
  readonly feePpm: number;
  /** Worst price that the decision counted on. */
  readonly decidedTicks: bigint;
}

/** An order that is out: what was ordered, and what of it has been booked. */
export interface OpenOrder {
  readonly order: LegOrder;
  /** Leg whose instrument it trades. */
  readonly position: number;
  readonly isUnwind: boolean;
  booked: OrderReport;
}

export interface Plan {
  readonly id: number;
  /** Market message and place in it of the opportunity: with these a repeated one is recognised. */
  readonly seq: number;
  readonly ordinal: number;
  readonly startAsset: number;
  /** In trading order. */
  readonly legs: readonly PlanLeg[];
  readonly plannedStartUnits: bigint;
  readonly plannedEndUnits: bigint;
  /** Order of the first leg. */
  readonly firstLots: bigint;
  /** Most that the first leg can spend; held back for it until that leg is over. */
  reservedUnits: bigint;
  state: PlanState;
  leg: number;
  rest: boolean;
  /** What the leg in hand can spend, in units of the asset it gives. */
  fundsUnits: bigint;
  /** `restUnits[k]`: what leg k left over of the asset it gives; to be taken back, or dust. */
  readonly restUnits: bigint[];
  /** Of the start asset. */
  spentUnits: bigint;
  receivedUnits: bigint;
  attempt: number;
  /** Why it did not go as planned, first cause. */
  reason: PlanReason;
  /** Monotonic; 0 while it does not wait. */
  patienceUntilNs: number;
  retryDueNs: number;
  open: OpenOrder | undefined;
}

const LEGS = 4;
const LEG = { instrument: 0, side: 4, feePpm: 8, decidedTicks: 16, SIZE: 32 } as const;
const SLOT = {
  id: 0, // f64; 0 is an empty slot
  seq: 8, // f64
  ordinal: 16, // u16
  startAsset: 18, // u16
  legCount: 20, // u8
  state: 21, // u8, index into PLAN_STATES
  leg: 22, // u8
  rest: 23, // u8
  attempt: 24, // u8
  reason: 25, // u8, index into PLAN_REASONS
  hasOrder: 26, // u8
  isUnwind: 27, // u8
  position: 28, // u8
  orderSide: 29, // u8
  plannedStart: 32, // i64 from here on
  plannedEnd: 40,
  firstLots: 48,
  reserved: 56,
  funds: 64,
  spent: 72,
  received: 80,
  patienceUntilNs: 88, // f64
  retryDueNs: 96, // f64
  orderId: 104, // f64
  orderInstrument: 112, // u32
  orderFeePpm: 116, // u32
  orderPlacedNs: 120, // f64
  orderQty: 128, // i64 from here on
  orderLimit: 136,
  orderFunds: 144,
  bookedQty: 152,
  bookedCost: 160,
  bookedFee: 168,
  bookedSpent: 176,
  bookedReceived: 184,
  rests: 192,
  legs: 192 + LEGS * 8,
} as const;

/** Bytes of a plan's slot. */
export const PLAN_SLOT_BYTES = SLOT.legs + LEGS * LEG.SIZE;

/** Reads the plan in the slot at `at`; undefined when the slot is empty. */
export function readPlan(view: DataView, at: number): Plan | undefined {
  const id = view.getFloat64(at + SLOT.id, true);
  if (id === 0) return undefined;
  const int64 = (field: number) => view.getBigInt64(at + field, true);
  return {
    id,
    seq: view.getFloat64(at + SLOT.seq, true),
    ordinal: view.getUint16(at + SLOT.ordinal, true),
    startAsset: view.getUint16(at + SLOT.startAsset, true),
    legs: Array.from({ length: view.getUint8(at + SLOT.legCount) }, (_, leg) => readLeg(view, legAt(at, leg))),
    plannedStartUnits: int64(SLOT.plannedStart),
    plannedEndUnits: int64(SLOT.plannedEnd),
    firstLots: int64(SLOT.firstLots),
    reservedUnits: int64(SLOT.reserved),
    state: PLAN_STATES[view.getUint8(at + SLOT.state)] ?? 'stranded',
    leg: view.getUint8(at + SLOT.leg),
    rest: view.getUint8(at + SLOT.rest) === 1,
    fundsUnits: int64(SLOT.funds),
    restUnits: Array.from({ length: LEGS }, (_, leg) => int64(SLOT.rests + leg * 8)),
    spentUnits: int64(SLOT.spent),
    receivedUnits: int64(SLOT.received),
    attempt: view.getUint8(at + SLOT.attempt),
    reason: PLAN_REASONS[view.getUint8(at + SLOT.reason)] ?? 'none',
    patienceUntilNs: view.getFloat64(at + SLOT.patienceUntilNs, true),
    retryDueNs: view.getFloat64(at + SLOT.retryDueNs, true),
    open: view.getUint8(at + SLOT.hasOrder) === 0 ? undefined : readOrder(view, at, id),
  };
}

/** Writes `plan` into the slot at `at`. */
export function writePlan(view: DataView, at: number, plan: Plan): void {
  const int64 = (field: number, value: bigint) => view.setBigInt64(at + field, value, true);
  view.setFloat64(at + SLOT.id, plan.id, true);
  view.setFloat64(at + SLOT.seq, plan.seq, true);
  view.setUint16(at + SLOT.ordinal, plan.ordinal, true);
  view.setUint16(at + SLOT.startAsset, plan.startAsset, true);
  view.setUint8(at + SLOT.legCount, plan.legs.length);
  view.setUint8(at + SLOT.state, PLAN_STATES.indexOf(plan.state));
  view.setUint8(at + SLOT.leg, plan.leg);
  view.setUint8(at + SLOT.rest, plan.rest ? 1 : 0);
  view.setUint8(at + SLOT.attempt, plan.attempt);
  view.setUint8(at + SLOT.reason, PLAN_REASONS.indexOf(plan.reason));
  int64(SLOT.plannedStart, plan.plannedStartUnits);
  int64(SLOT.plannedEnd, plan.plannedEndUnits);
  int64(SLOT.firstLots, plan.firstLots);
  int64(SLOT.reserved, plan.reservedUnits);
  int64(SLOT.funds, plan.fundsUnits);
  int64(SLOT.spent, plan.spentUnits);
  int64(SLOT.received, plan.receivedUnits);
  view.setFloat64(at + SLOT.patienceUntilNs, plan.patienceUntilNs, true);
  view.setFloat64(at + SLOT.retryDueNs, plan.retryDueNs, true);
  for (let leg = 0; leg < LEGS; leg++) int64(SLOT.rests + leg * 8, plan.restUnits[leg] ?? 0n);
  for (const [index, leg] of plan.legs.entries()) writeLeg(view, legAt(at, index), leg);
  view.setUint8(at + SLOT.hasOrder, plan.open === undefined ? 0 : 1);
  if (plan.open !== undefined) writeOrder(view, at, plan.open);
}

/** Empties the slot at `at`. */
export function clearPlan(view: DataView, at: number): void {
  view.setFloat64(at + SLOT.id, 0, true);
}

const legAt = (at: number, leg: number): number => at + SLOT.legs + leg * LEG.SIZE;

function readLeg(view: DataView, at: number): PlanLeg {
  return {
    instrument: view.getUint32(at + LEG.instrument, true),
    side: view.getUint8(at + LEG.side) === 0 ? 0 : 1,
    feePpm: view.getUint32(at + LEG.feePpm, true),
    decidedTicks: view.getBigInt64(at + LEG.decidedTicks, true),
  };
}

function writeLeg(view: DataView, at: number, leg: PlanLeg): void {
  view.setUint32(at + LEG.instrument, leg.instrument, true);
  view.setUint8(at + LEG.side, leg.side);
  view.setUint32(at + LEG.feePpm, leg.feePpm, true);
  view.setBigInt64(at + LEG.decidedTicks, leg.decidedTicks, true);
}

function readOrder(view: DataView, at: number, plan: number): OpenOrder {
  const int64 = (field: number) => view.getBigInt64(at + field, true);
  const id = view.getFloat64(at + SLOT.orderId, true);
  return {
    order: {
      id,
      plan,
      instrument: view.getUint32(at + SLOT.orderInstrument, true),
      side: view.getUint8(at + SLOT.orderSide) === 0 ? 0 : 1,
      qtyLots: int64(SLOT.orderQty),
      limitTicks: int64(SLOT.orderLimit),
      fundsUnits: int64(SLOT.orderFunds),
      feePpm: view.getUint32(at + SLOT.orderFeePpm, true),
      placedNs: view.getFloat64(at + SLOT.orderPlacedNs, true),
    },
    position: view.getUint8(at + SLOT.position),
    isUnwind: view.getUint8(at + SLOT.isUnwind) === 1,
    booked: {
      orderId: id,
      isFinal: false,
      qtyLots: int64(SLOT.bookedQty),
      costUnits: int64(SLOT.bookedCost),
      feeUnits: int64(SLOT.bookedFee),
      spentUnits: int64(SLOT.bookedSpent),
      receivedUnits: int64(SLOT.bookedReceived),
    },
  };
}

function writeOrder(view: DataView, at: number, { order, position, isUnwind, booked }: OpenOrder): void {
  const int64 = (field: number, value: bigint) => view.setBigInt64(at + field, value, true);
  view.setFloat64(at + SLOT.orderId, order.id, true);
  view.setUint32(at + SLOT.orderInstrument, order.instrument, true);
  view.setUint32(at + SLOT.orderFeePpm, order.feePpm, true);
  view.setFloat64(at + SLOT.orderPlacedNs, order.placedNs, true);
  view.setUint8(at + SLOT.orderSide, order.side);
  view.setUint8(at + SLOT.position, position);
  view.setUint8(at + SLOT.isUnwind, isUnwind ? 1 : 0);
  int64(SLOT.orderQty, order.qtyLots);
  int64(SLOT.orderLimit, order.limitTicks);
  int64(SLOT.orderFunds, order.fundsUnits);
  int64(SLOT.bookedQty, booked.qtyLots);
  int64(SLOT.bookedCost, booked.costUnits);
  int64(SLOT.bookedFee, booked.feeUnits);
  int64(SLOT.bookedSpent, booked.spentUnits);
  int64(SLOT.bookedReceived, booked.receivedUnits);
}
