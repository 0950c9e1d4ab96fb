/** The worst price at which a plan that flattens trades: beyond it, it would lose more than it may. */
import { largest, smaller, type Ticks } from '../../../money/money.ts';
import { BUY } from '../../../money/side.ts';
import type { NewestBooks } from '../model/newest-books.ts';
import type { Plan } from '../model/plan.ts';
import type { OrderDraft } from './next-order.ts';

/** The order with a limit no worse than the plan's bound, with any collar. Of other plans, the order itself. */
export function withinLoss(plan: Plan, draft: OrderDraft, books: NewestBooks): OrderDraft {
  const { flattening, legs } = plan;
  const terms = books.terms(draft);
  const leg = legs[draft.position];
  if (flattening === undefined || terms === undefined || leg === undefined) return draft;
  const bound = books.ticksWithinLoss(terms, leg.decidedTicks, flattening.lossMaxBps);
  const pick = draft.side === BUY ? smaller : (one: Ticks, other: Ticks) => largest(one, other);
  return { ...draft, limitTicks: pick(draft.limitTicks, bound) };
}
