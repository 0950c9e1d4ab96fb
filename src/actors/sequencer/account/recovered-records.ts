/**
 * What is recorded of orders that no plan of this run has out: those of earlier runs, and what the venue adds to an order
 * after its plan has ended. As the records of any other order, under the run that the order's id names.
 */

import type { InstrumentIndex } from '../../../market/instrument.ts';
import {
  EXECUTION,
  EXECUTION_EVENT,
  ORDER_OUTCOMES,
  type OrderOutcome,
  PLAN_OUTCOMES,
  PLAN_REASONS,
  type PlanOutcome,
} from '../../../messages/execution-message.ts';
import { writeAmount } from '../../../shared/amount-field.ts';
import { writeAscii } from '../../../shared/ascii-field.ts';
import { decodeClientOrderId, type OrderOrigin } from '../../../trading/client-order-id.ts';
import type { StoredOrder } from '../../../trading/stored-trading.ts';
import type { Fill, OrderReading } from '../../../venues/trading-port.ts';
import { type Moment, writeSaid } from '../journal/execution-events.ts';
import type { Journal } from '../journal/journal.ts';
import type { FillMovements } from '../model/fill-movements.ts';
import type { InterruptedPlan } from './interrupted-plans.ts';

/** An order of ours as the venue has it, with what its id says. */
export interface FoundOrder {
  readonly origin: OrderOrigin;
  readonly clOrdId: string;
  readonly reading: Omit<OrderReading, 'clOrdId'>;
}

export function recordFoundSent(journal: Journal, order: FoundOrder, when: Moment): void {
  journal.emitExecution(EXECUTION_EVENT.ORDER_SENT, (view, at) => writeOrder(view, at, order, when));
}

export function recordFoundFill(
  journal: Journal,
  order: FoundOrder,
  fill: Fill,
  moves: FillMovements,
  when: Moment,
): void {
  journal.emitExecution(EXECUTION_EVENT.FILL, (view, at) => {
    writeOrder(view, at, order, when);
    writeTotals(view, at, [fill]);
    writeAscii(view, at + EXECUTION.execId, fill.execId, EXECUTION.EXEC_ID_BYTES);
    writeAmount(view, at + EXECUTION.priceTicks, fill.priceTicks);
    view.setUint16(at + EXECUTION.spentAsset, moves.spentAsset, true);
    writeAmount(view, at + EXECUTION.spentUnits, moves.spentUnits);
    view.setUint16(at + EXECUTION.receivedAsset, moves.receivedAsset, true);
    writeAmount(view, at + EXECUTION.receivedUnits, moves.receivedUnits);
  });
}

export function recordFoundEnded(journal: Journal, order: FoundOrder, when: Moment): void {
  journal.emitExecution(EXECUTION_EVENT.ORDER_ENDED, (view, at) => {
    const filled = writeTotals(view, at, order.reading.fills);
    writeOrder(view, at, order, when);
    const { qtyLots } = order.reading;
    writeOutcome(view, at, filled === 0n ? 'unfilled' : filled < qtyLots ? 'partial' : 'filled');
  });
}

/** An order of an earlier run that has no end yet: it may be out. */
export function recordTakenOverOrder(
  journal: Journal,
  { clOrdId, venueOrderId, side }: StoredOrder,
  instrument: InstrumentIndex,
  when: Moment,
): void {
  const origin = decodeClientOrderId(clOrdId);
  if (origin === undefined) return;
  journal.emitExecution(EXECUTION_EVENT.ORDER_TAKEN_OVER, (view, at) => {
    writeOrigin(view, at, clOrdId, origin, when);
    writeAscii(view, at + EXECUTION.venueOrderId, venueOrderId, EXECUTION.VENUE_ORDER_ID_BYTES);
    view.setUint32(at + EXECUTION.instrument, instrument, true);
    view.setUint8(at + EXECUTION.side, side);
  });
}

/** An order that the database has and the venue does not: it never got there, or the venue has lost it. */
export function recordUnknown(
  journal: Journal,
  clOrdId: string,
  origin: OrderOrigin,
  outcome: 'absent' | 'lost',
  when: Moment,
): void {
  journal.emitExecution(EXECUTION_EVENT.ORDER_ENDED, (view, at) => {
    writeOrigin(view, at, clOrdId, origin, when);
    writeOutcome(view, at, outcome);
  });
}

/** What the venue said of an order that cannot be true. @param order undefined: nothing but its id is known. */
export function recordFoundMisreport(
  journal: Journal,
  { clOrdId, origin }: Pick<FoundOrder, 'clOrdId' | 'origin'>,
  order: FoundOrder | undefined,
  fill: Fill | undefined,
  when: Moment,
): void {
  journal.emitExecution(EXECUTION_EVENT.ORDER_MISREPORTED, (view, at) => {
    if (order === undefined) writeOrigin(view, at, clOrdId, origin, when);
    else writeOrder(view, at, order, when);
    writeSaid(view, at, fill);
  });
}

/** The end of a plan that its own run did not live to see. */
export function recordInterrupted(journal: Journal, plan: InterruptedPlan, outcome: PlanOutcome, when: Moment): void {
  journal.emitExecution(EXECUTION_EVENT.PLAN_ENDED, (view, at) => {
    view.setFloat64(at + EXECUTION.plan, plan.plan, true);
    view.setFloat64(at + EXECUTION.runMs, plan.runMs, true);
    view.setUint16(at + EXECUTION.startAsset, plan.startAsset ?? 0, true);
    view.setUint8(at + EXECUTION.outcome, PLAN_OUTCOMES.indexOf(outcome));
    view.setUint16(at + EXECUTION.reason, PLAN_REASONS.indexOf('interrupted'), true);
    writeAmount(view, at + EXECUTION.startUnits, plan.spentUnits);
    writeAmount(view, at + EXECUTION.endUnits, plan.receivedUnits);
    writeAmount(view, at + EXECUTION.profitUnits, plan.receivedUnits - plan.spentUnits);
    writeAmount(view, at + EXECUTION.markUnits, plan.markUnits);
    writeMoment(view, at, when);
  });
}

function writeOrder(view: DataView, at: number, { clOrdId, origin, reading }: FoundOrder, when: Moment): void {
  writeOrigin(view, at, clOrdId, origin, when);
  writeAscii(view, at + EXECUTION.venueOrderId, reading.venueOrderId, EXECUTION.VENUE_ORDER_ID_BYTES);
  view.setUint8(at + EXECUTION.side, reading.side);
  view.setUint32(at + EXECUTION.instrument, reading.instrument ?? 0, true);
  writeAmount(view, at + EXECUTION.qtyWantedLots, reading.qtyLots);
  writeAmount(view, at + EXECUTION.limitTicks, reading.limitTicks);
}

function writeOrigin(view: DataView, at: number, clOrdId: string, origin: OrderOrigin, when: Moment): void {
  view.setFloat64(at + EXECUTION.plan, origin.plan, true);
  view.setFloat64(at + EXECUTION.runMs, origin.runMs, true);
  view.setUint8(at + EXECUTION.leg, origin.leg);
  view.setUint8(at + EXECUTION.attempt, Math.min(origin.attempt, 255));
  writeAscii(view, at + EXECUTION.clOrdId, clOrdId, EXECUTION.CL_ORD_ID_BYTES);
  writeMoment(view, at, when);
}

/** Sums of some fills. @returns lots filled. */
function writeTotals(view: DataView, at: number, fills: readonly Fill[]): bigint {
  const sum = (field: 'qtyLots' | 'costUnits' | 'feeUnits') => fills.reduce((total, fill) => total + fill[field], 0n);
  writeAmount(view, at + EXECUTION.qtyLots, sum('qtyLots'));
  writeAmount(view, at + EXECUTION.costUnits, sum('costUnits'));
  writeAmount(view, at + EXECUTION.feeUnits, sum('feeUnits'));
  view.setUint16(at + EXECUTION.feeAsset, fills[0]?.feeAsset ?? 0, true);
  return sum('qtyLots');
}

function writeOutcome(view: DataView, at: number, outcome: OrderOutcome): void {
  view.setUint8(at + EXECUTION.orderOutcome, ORDER_OUTCOMES.indexOf(outcome));
}

function writeMoment(view: DataView, at: number, { nowNs, instrumentsSeq }: Moment): void {
  view.setFloat64(at + EXECUTION.stampNs, nowNs, true);
  view.setFloat64(at + EXECUTION.instrumentsSeq, instrumentsSeq, true);
}
