/** The worst price at which a plan that flattens trades: beyond it, it would lose more than it may. */
import { divideDown, divideUp, largest, PPM, smaller, type Ticks, ticks } from '../../../money/money.ts';
import { BUY, type Side } from '../../../money/side.ts';
import type { NewestBooks } from '../model/newest-books.ts';
import type { Plan } from '../model/plan.ts';
import type { OrderDraft } from './next-order.ts';

const BPS = 10_000n;

export interface BoundTerms {
  readonly side: Side;
  /** Price that what is sold, or bought, is valued at. */
  readonly referenceTicks: Ticks;
  readonly lossMaxBps: number;
  readonly feePpm: number;
  /** Step of the pair's prices. */
  readonly stepTicks: Ticks;
}

/** Lowest price of a sale, highest of a purchase, the fee counted in; on the pair's price step, towards the reference. */
export function boundTicks({ side, referenceTicks, lossMaxBps, feePpm, stepTicks }: BoundTerms): Ticks {
  const step = stepTicks > 0n ? stepTicks : 1n;
  const left = BPS - BigInt(lossMaxBps);
  const kept = PPM - BigInt(feePpm);
  if (side === BUY) return ticks(divideDown(referenceTicks * BPS * kept, left * PPM * step) * step);
  return ticks(divideUp(referenceTicks * left * PPM, BPS * kept * step) * step);
}

/** The order with a limit no worse than the plan's bound, whatever collar it has. Of other plans, the order itself. */
export function withinLoss(plan: Plan, draft: OrderDraft, books: NewestBooks): OrderDraft {
  const { flattening, legs } = plan;
  const instrument = books.directory.instruments[draft.instrument];
  const leg = legs[draft.position];
  if (flattening === undefined || instrument === undefined || leg === undefined) return draft;
  const bound = boundTicks({
    side: draft.side,
    referenceTicks: leg.decidedTicks,
    lossMaxBps: flattening.lossMaxBps,
    feePpm: draft.feePpm,
    stepTicks: instrument.priceIncrement,
  });
  const pick = draft.side === BUY ? smaller : (one: Ticks, other: Ticks) => largest(one, other);
  return { ...draft, limitTicks: pick(draft.limitTicks, bound) };
}
