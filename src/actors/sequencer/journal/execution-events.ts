/** Lays out what the sequencer records of its plans: EXECUTION messages, and audit events for what was left behind. */

import type { AssetIndex } from '../../../market/instrument.ts';
import {
  EXECUTION,
  EXECUTION_EVENT,
  ORDER_OUTCOMES,
  PLAN_OUTCOMES,
  PLAN_REASONS,
  type PlanReason,
} from '../../../messages/execution-message.ts';
import { LEGS_MAX } from '../../../messages/opportunity-message.ts';
import { NO_INSTRUMENT } from '../../../messages/record-messages.ts';
import type { MonotonicNs } from '../../../platform/time.ts';
import type { AuditEvent } from '../../../runtime/records/audit-events.ts';
import { writeAudit } from '../../../runtime/records/record-writer.ts';
import { writeAmount } from '../../../shared/amount-field.ts';
import { writeAscii } from '../../../shared/ascii-field.ts';
import type { Fill } from '../../../venues/trading-port.ts';
import type { FillMovements } from '../model/fill-movements.ts';
import type { Opportunity } from '../model/opportunity.ts';
import type { Order } from '../model/order.ts';
import type { Plan } from '../model/plan.ts';
import type { Journal } from './journal.ts';

/** When something happened, and under which instruments: market message of the newest ones known. */
export interface Moment {
  readonly nowNs: MonotonicNs;
  readonly instrumentsSeq: number;
}

const isOutcome = (state: string): state is (typeof PLAN_OUTCOMES)[number] =>
  (PLAN_OUTCOMES as readonly string[]).includes(state);

export function recordOpened(journal: Journal, plan: Plan, when: Moment): void {
  journal.emitExecution(EXECUTION_EVENT.PLAN_OPENED, (view, at) => {
    writePlanHead(view, at, plan, when);
    writeAmount(view, at + EXECUTION.startUnits, plan.reservedUnits[0] ?? 0n);
    writeAmount(view, at + EXECUTION.endUnits, plan.plannedEndUnits);
    writeAmount(view, at + EXECUTION.profitUnits, plan.plannedEndUnits - plan.plannedStartUnits);
    writeAmount(view, at + EXECUTION.markUnits, plan.markUnits);
    view.setUint16(
      at + EXECUTION.reason,
      PLAN_REASONS.indexOf(plan.flattening === undefined ? 'none' : 'flatten'),
      true,
    );
    for (let leg = 0; leg < LEGS_MAX; leg++) {
      const { instrument = NO_INSTRUMENT } = plan.legs[leg] ?? {};
      view.setUint32(at + EXECUTION.legInstruments + leg * 4, instrument, true);
    }
  });
}

export function recordRefused(
  journal: Journal,
  { seq, ordinal, legs, startUnits, endUnits }: Opportunity,
  reason: PlanReason,
  startAsset: AssetIndex,
  when: Moment,
): void {
  journal.emitExecution(EXECUTION_EVENT.PLAN_REFUSED, (view, at) => {
    view.setUint32(at + EXECUTION.instrument, legs[0]?.instrument ?? NO_INSTRUMENT, true);
    view.setFloat64(at + EXECUTION.seq, seq, true);
    view.setUint16(at + EXECUTION.ordinal, ordinal, true);
    view.setUint16(at + EXECUTION.startAsset, startAsset, true);
    view.setUint16(at + EXECUTION.reason, PLAN_REASONS.indexOf(reason), true);
    writeAmount(view, at + EXECUTION.startUnits, startUnits);
    writeAmount(view, at + EXECUTION.endUnits, endUnits);
    writeAmount(view, at + EXECUTION.profitUnits, endUnits - startUnits);
    writeMoment(view, at, when);
  });
}

export type OrderChange = 'ORDER_SENT' | 'ORDER_ACKED' | 'ORDER_UNCERTAIN' | 'ORDER_ENDED';

/** What happened to an order. Its end carries the totals of its fills. */
export function recordOrder(journal: Journal, event: OrderChange, plan: Plan, order: Order, when: Moment): void {
  journal.emitExecution(EXECUTION_EVENT[event], (view, at) => {
    writeOrderHead(view, at, plan, order, when);
    if (event !== 'ORDER_ENDED') return;
    const { qtyLots, costUnits, feeUnits, feeAsset } = order.booked;
    writeAmount(view, at + EXECUTION.qtyLots, qtyLots);
    writeAmount(view, at + EXECUTION.costUnits, costUnits);
    writeAmount(view, at + EXECUTION.feeUnits, feeUnits);
    view.setUint16(at + EXECUTION.feeAsset, feeAsset, true);
    view.setUint8(at + EXECUTION.orderOutcome, Math.max(0, (ORDER_OUTCOMES as readonly string[]).indexOf(order.state)));
  });
}

export function recordFill(
  journal: Journal,
  plan: Plan,
  order: Order,
  fill: Fill,
  moves: FillMovements,
  when: Moment,
): void {
  journal.emitExecution(EXECUTION_EVENT.FILL, (view, at) => {
    const int64 = (field: number, value: bigint) => writeAmount(view, at + field, value);
    writeOrderHead(view, at, plan, order, when);
    int64(EXECUTION.priceTicks, fill.priceTicks);
    int64(EXECUTION.qtyLots, fill.qtyLots);
    int64(EXECUTION.costUnits, fill.costUnits);
    int64(EXECUTION.feeUnits, fill.feeUnits);
    int64(EXECUTION.spentUnits, moves.spentUnits);
    int64(EXECUTION.receivedUnits, moves.receivedUnits);
    view.setUint16(at + EXECUTION.feeAsset, moves.feeAsset, true);
    view.setUint16(at + EXECUTION.spentAsset, moves.spentAsset, true);
    view.setUint16(at + EXECUTION.receivedAsset, moves.receivedAsset, true);
    writeAscii(view, at + EXECUTION.execId, fill.execId, EXECUTION.EXEC_ID_BYTES);
  });
}

/** What the venue said of an order that cannot be true: the fill, where it was one, beside what was asked for. */
export function recordMisreport(
  journal: Journal,
  plan: Plan,
  order: Order,
  fill: Fill | undefined,
  when: Moment,
): void {
  journal.emitExecution(EXECUTION_EVENT.ORDER_MISREPORTED, (view, at) => {
    writeOrderHead(view, at, plan, order, when);
    writeSaid(view, at, fill);
  });
}

/** The figures of a fill that is not believed. */
export function writeSaid(view: DataView, at: number, fill: Fill | undefined): void {
  if (fill === undefined) return;
  writeAmount(view, at + EXECUTION.qtyLots, fill.qtyLots);
  writeAmount(view, at + EXECUTION.costUnits, fill.costUnits);
  writeAmount(view, at + EXECUTION.feeUnits, fill.feeUnits);
  view.setUint16(at + EXECUTION.feeAsset, fill.feeAsset, true);
}

/** What a plan came to. What was stranded counts nothing: until it is sold, it counts as lost. */
export function recordEnded(journal: Journal, plan: Plan, when: Moment): void {
  journal.emitExecution(EXECUTION_EVENT.PLAN_ENDED, (view, at) => {
    writePlanHead(view, at, plan, when);
    view.setUint8(at + EXECUTION.outcome, PLAN_OUTCOMES.indexOf(isOutcome(plan.state) ? plan.state : 'none'));
    view.setUint16(at + EXECUTION.reason, PLAN_REASONS.indexOf(plan.reason), true);
    writeAmount(view, at + EXECUTION.startUnits, plan.spentUnits);
    writeAmount(view, at + EXECUTION.endUnits, plan.receivedUnits);
    writeAmount(view, at + EXECUTION.profitUnits, plan.receivedUnits - plan.spentUnits);
    writeAmount(view, at + EXECUTION.markUnits, plan.markUnits);
  });
}

/** What a person has to know of an order that the venue had and knows no more. */
export const describeLost = (clOrdId: string, venueOrderId: string): string =>
  `order ${clOrdId} (${venueOrderId}): the venue had it and does not know it any more; compare the account by hand`;

export function recordAudit(
  journal: Journal,
  event: AuditEvent,
  severity: 0 | 1 | 2,
  text: string,
  a: number,
  b: number,
): void {
  journal.emitAudit((view, at) => writeAudit(view, at, event, { severity, text, a, b }));
}

function writeOrderHead(view: DataView, at: number, plan: Plan, order: Order, when: Moment): void {
  writePlanHead(view, at, plan, when);
  view.setUint8(at + EXECUTION.side, order.side);
  view.setUint8(at + EXECUTION.leg, order.position);
  view.setUint8(at + EXECUTION.attempt, Math.min(order.attempt, 255));
  view.setUint32(at + EXECUTION.instrument, order.instrument, true);
  writeAmount(view, at + EXECUTION.qtyWantedLots, order.qtyLots);
  writeAmount(view, at + EXECUTION.limitTicks, order.limitTicks);
  writeAscii(view, at + EXECUTION.clOrdId, order.clOrdId, EXECUTION.CL_ORD_ID_BYTES);
  writeAscii(view, at + EXECUTION.venueOrderId, order.venueOrderId, EXECUTION.VENUE_ORDER_ID_BYTES);
}

function writePlanHead(view: DataView, at: number, plan: Plan, when: Moment): void {
  view.setFloat64(at + EXECUTION.plan, plan.id, true);
  view.setFloat64(at + EXECUTION.seq, plan.seq, true);
  view.setUint16(at + EXECUTION.ordinal, plan.ordinal, true);
  view.setUint16(at + EXECUTION.startAsset, plan.startAsset, true);
  view.setUint32(at + EXECUTION.instrument, plan.legs[0]?.instrument ?? NO_INSTRUMENT, true);
  view.setUint8(at + EXECUTION.attempt, Math.min(plan.attempt, 255));
  writeMoment(view, at, when);
}

function writeMoment(view: DataView, at: number, { nowNs, instrumentsSeq }: Moment): void {
  view.setFloat64(at + EXECUTION.stampNs, nowNs, true);
  view.setFloat64(at + EXECUTION.instrumentsSeq, instrumentsSeq, true);
}
