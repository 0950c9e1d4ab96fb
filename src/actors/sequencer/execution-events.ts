/** Lays out what the sequencer tells of its plans: EXECUTION messages, and audit events for what was left behind. */
import { writeAudit } from '../../runtime/record-writer.ts';
import { BUY } from '../../shared/asset-graph.ts';
import { powerOfTen } from '../../shared/cycle-leg.ts';
import {
  type AuditEvent,
  EXECUTION,
  EXECUTION_EVENT,
  NO_INSTRUMENT,
  PLAN_OUTCOMES,
  PLAN_REASONS,
  type PlanReason,
} from '../../shared/messages.ts';
import { divideDown, divideUp } from '../../shared/money.ts';
import type { OrderReport } from './execution-port.ts';
import type { Journal } from './journal.ts';
import type { NewestBooks } from './newest-books.ts';
import type { Opportunity } from './opportunity.ts';
import type { OpenOrder, Plan } from './plan.ts';

/** When something happened, and under which instruments: market message of the newest ones known. */
export interface Moment {
  readonly nowNs: number;
  readonly instrumentsSeq: number;
}

const isOutcome = (state: string): state is (typeof PLAN_OUTCOMES)[number] =>
  (PLAN_OUTCOMES as readonly string[]).includes(state);

export function tellOpened(journal: Journal, plan: Plan, when: Moment): void {
  journal.emitExecution(EXECUTION_EVENT.PLAN_OPENED, (view, at) => {
    writePlanHead(view, at, plan, when);
    view.setBigInt64(at + EXECUTION.startUnits, plan.reservedUnits, true);
    view.setBigInt64(at + EXECUTION.endUnits, plan.plannedEndUnits, true);
    view.setBigInt64(at + EXECUTION.profitUnits, plan.plannedEndUnits - plan.plannedStartUnits, true);
  });
}

export function tellRefused(
  journal: Journal,
  { seq, ordinal, legs, startUnits, endUnits }: Opportunity,
  reason: PlanReason,
  startAsset: number,
  when: Moment,
): void {
  journal.emitExecution(EXECUTION_EVENT.PLAN_REFUSED, (view, at) => {
    view.setUint32(at + EXECUTION.instrument, legs[0]?.instrument ?? NO_INSTRUMENT, true);
    view.setFloat64(at + EXECUTION.seq, seq, true);
    view.setUint16(at + EXECUTION.ordinal, ordinal, true);
    view.setUint16(at + EXECUTION.startAsset, startAsset, true);
    view.setUint16(at + EXECUTION.reason, PLAN_REASONS.indexOf(reason), true);
    view.setBigInt64(at + EXECUTION.startUnits, startUnits, true);
    view.setBigInt64(at + EXECUTION.endUnits, endUnits, true);
    view.setBigInt64(at + EXECUTION.profitUnits, endUnits - startUnits, true);
    writeMoment(view, at, when);
  });
}

export function tellFill(
  journal: Journal,
  plan: Plan,
  { order, position }: OpenOrder,
  fill: OrderReport,
  assets: { readonly spent: number; readonly received: number },
  priceTicks: bigint,
  when: Moment,
): void {
  journal.emitExecution(EXECUTION_EVENT.FILL, (view, at) => {
    const int64 = (field: number, value: bigint) => view.setBigInt64(at + field, value, true);
    writePlanHead(view, at, plan, when);
    view.setUint8(at + EXECUTION.side, order.side);
    view.setUint8(at + EXECUTION.leg, position);
    view.setUint32(at + EXECUTION.instrument, order.instrument, true);
    int64(EXECUTION.priceTicks, priceTicks);
    int64(EXECUTION.qtyLots, fill.qtyLots);
    int64(EXECUTION.costUnits, fill.costUnits);
    int64(EXECUTION.feeUnits, fill.feeUnits);
    int64(EXECUTION.qtyWantedLots, order.qtyLots);
    int64(EXECUTION.limitTicks, order.limitTicks);
    int64(EXECUTION.spentUnits, fill.spentUnits);
    int64(EXECUTION.receivedUnits, fill.receivedUnits);
    view.setUint16(at + EXECUTION.feeAsset, assets.received, true);
    view.setUint16(at + EXECUTION.spentAsset, assets.spent, true);
    view.setUint16(at + EXECUTION.receivedAsset, assets.received, true);
  });
}

/** What a plan came to. What was stranded counts nothing: as long as nobody sold it, it is as good as lost. */
export function tellEnded(journal: Journal, plan: Plan, when: Moment): void {
  journal.emitExecution(EXECUTION_EVENT.PLAN_ENDED, (view, at) => {
    writePlanHead(view, at, plan, when);
    view.setUint8(at + EXECUTION.outcome, PLAN_OUTCOMES.indexOf(isOutcome(plan.state) ? plan.state : 'none'));
    view.setUint16(at + EXECUTION.reason, PLAN_REASONS.indexOf(plan.reason), true);
    view.setBigInt64(at + EXECUTION.startUnits, plan.spentUnits, true);
    view.setBigInt64(at + EXECUTION.endUnits, plan.receivedUnits, true);
    view.setBigInt64(at + EXECUTION.profitUnits, plan.receivedUnits - plan.spentUnits, true);
  });
}

export function tellAudit(
  journal: Journal,
  event: AuditEvent,
  severity: 0 | 1 | 2,
  text: string,
  a: number,
  b: number,
): void {
  journal.emitAudit((view, at) => writeAudit(view, at, event, { severity, text, a, b }));
}

/** Average price of a fill in ticks, rounded against us. */
export function averageTicks({ order }: OpenOrder, fill: OrderReport, books: NewestBooks): bigint {
  const terms = books.terms(order.instrument, order.side, order.feePpm);
  if (terms === undefined) return order.limitTicks;
  const { quote, instrument, side } = terms;
  const [up, down] = powerOfTen(quote.precision - instrument.pricePrecision - instrument.qtyPrecision);
  const rounded = side === BUY ? divideUp : divideDown;
  return rounded(fill.costUnits * down, fill.qtyLots * up);
}

function writePlanHead(view: DataView, at: number, plan: Plan, when: Moment): void {
  view.setFloat64(at + EXECUTION.plan, plan.id, true);
  view.setFloat64(at + EXECUTION.seq, plan.seq, true);
  view.setUint16(at + EXECUTION.ordinal, plan.ordinal, true);
  view.setUint16(at + EXECUTION.startAsset, plan.startAsset, true);
  view.setUint32(at + EXECUTION.instrument, plan.legs[0]?.instrument ?? NO_INSTRUMENT, true);
  view.setUint8(at + EXECUTION.attempt, plan.attempt);
  writeMoment(view, at, when);
}

function writeMoment(view: DataView, at: number, { nowNs, instrumentsSeq }: Moment): void {
  view.setFloat64(at + EXECUTION.stampNs, nowNs, true);
  view.setFloat64(at + EXECUTION.instrumentsSeq, instrumentsSeq, true);
}
