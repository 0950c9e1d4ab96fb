/** What a report does to a plan, in exact units. Pure: these functions change the plan they are given and nothing else. */
import type { OrderReport } from './execution-port.ts';
import type { NewestBooks } from './newest-books.ts';
import { isTradable } from './next-order.ts';
import type { OpenOrder, Plan } from './plan.ts';
import type { PlanEventType } from './plan-machine.ts';

/** What `report` says beyond what was booked; undefined when nothing. */
export function newSince({ booked }: OpenOrder, report: OrderReport): OrderReport | undefined {
  if (report.qtyLots <= booked.qtyLots) return undefined;
  return {
    orderId: report.orderId,
    isFinal: report.isFinal,
    qtyLots: report.qtyLots - booked.qtyLots,
    costUnits: report.costUnits - booked.costUnits,
    feeUnits: report.feeUnits - booked.feeUnits,
    spentUnits: report.spentUnits - booked.spentUnits,
    receivedUnits: report.receivedUnits - booked.receivedUnits,
  };
}

/** Books `fill`, a part of the open order, into the plan's amounts. */
export function bookFill(plan: Plan, { position, isUnwind }: OpenOrder, fill: OrderReport): void {
  if (isUnwind) {
    plan.restUnits[position + 1] = (plan.restUnits[position + 1] as bigint) - fill.spentUnits;
    if (position === 0) plan.receivedUnits += fill.receivedUnits;
    else plan.restUnits[position] = (plan.restUnits[position] as bigint) + fill.receivedUnits;
    return;
  }
  plan.fundsUnits -= fill.spentUnits;
  if (position === 0) plan.spentUnits += fill.spentUnits;
  if (position === plan.legs.length - 1) plan.receivedUnits += fill.receivedUnits;
}

/**
 * Ends the open order: hands on what the leg brought to the next one and puts its rest aside.
 * @returns what the plan machine is to be told.
 */
export function endOrder(plan: Plan, open: OpenOrder, books: NewestBooks): PlanEventType {
  const { order, booked, isUnwind } = open;
  plan.open = undefined;
  const isWhole = booked.qtyLots >= order.qtyLots;
  if (isUnwind) return booked.qtyLots === 0n ? 'order.unfilled' : isWhole ? 'order.filled' : 'order.partial';
  const leftUnits = setAside(plan);
  if (booked.qtyLots === 0n) return 'order.unfilled';
  const isLast = plan.leg === plan.legs.length - 1;
  plan.fundsUnits = isLast ? 0n : booked.receivedUnits;
  if (plan.leg === 0) return isWhole ? 'order.filled' : 'order.partial';
  // An order can be whole and yet leave much behind, when the book had no more within the collar.
  return isTradable(plan, plan.leg, leftUnits, books) ? 'order.partial' : 'order.filled';
}

/** Puts what the leg in hand has not spent to the rests; of the first leg it is start asset and simply stays. */
export function setAside(plan: Plan): bigint {
  const left = plan.fundsUnits;
  plan.fundsUnits = 0n;
  plan.reservedUnits = 0n;
  if (plan.leg > 0) plan.restUnits[plan.leg] = (plan.restUnits[plan.leg] as bigint) + left;
  return left;
}
