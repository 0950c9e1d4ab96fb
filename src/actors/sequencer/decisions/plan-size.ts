/**
 * How large a plan is: as large as was decided, or less where the account, a limit of the settings or a book no longer
 * allow that. Cut down before it begins, so that no leg finds itself above a limit with the one before it filled.
 */

import { executeCycle, firstOrderWithin } from '../../../market/cycles/cycle-sizing.ts';
import type { AssetIndex } from '../../../market/instrument.ts';
import type { Leg } from '../../../market/legs/leg.ts';
import type { PlanReason } from '../../../messages/execution-message.ts';
import { type Lots, NO_LOTS, type Ticks, type Units } from '../../../money/money.ts';
import type { OrderLimits } from '../../../trading/approved-order.ts';

/** A leg on the newest book, and the price that its order goes out at. */
export interface CollaredLeg {
  readonly leg: Leg;
  readonly limitTicks: Ticks;
}

/** What bounds the orders of a plan. */
export interface SizeBounds {
  readonly limits: Pick<OrderLimits, 'qtyMaxLots' | 'spendMaxUnits' | 'exposureRoomUnits'>;
  /** Units of an asset that are free to be spent; undefined when without limit. */
  readonly available: (asset: AssetIndex) => Units | undefined;
  /** Every leg is paid out of stock, not the first alone. */
  readonly isParallel: boolean;
}

export interface PlanSize {
  readonly startUnits: Units;
  readonly endUnits: Units;
  /** By leg. */
  readonly lots: readonly Lots[];
}

/** The plan at no more than `decidedLots` of its first leg. @returns why not, when what is left is no order any more. */
export function sizePlan(
  collared: readonly CollaredLeg[],
  decidedLots: Lots,
  bounds: SizeBounds,
): PlanSize | PlanReason {
  const legs = collared.map(({ leg }) => leg);
  if (legs.some(({ lotsMin }) => lotsMin === undefined)) return 'edge_gone'; // nothing left within the collar
  const byStock = firstOrderWhere(
    collared,
    (one, index) => stockUnits(one, index, bounds),
    () => undefined,
  );
  const byLimit = firstOrderWhere(
    collared,
    (one) => limitUnits(one, bounds),
    ({ leg }) => bounds.limits.qtyMaxLots(leg.terms.instrument.index),
  );
  const firstLots = least(decidedLots, legs[0]?.lotsMax, byStock, byLimit) ?? NO_LOTS;
  const executed = executeCycle(legs, firstLots);
  const isTaken = executed?.lots.every((lots, index) => reachesCostMin(collared[index] as CollaredLeg, lots));
  if (executed !== undefined && isTaken === true) return executed;
  if (firstLots === byStock) return 'no_inventory';
  return firstLots === byLimit ? 'over_limit' : 'below_minimum';
}

const reachesCostMin = ({ leg, limitTicks }: CollaredLeg, lots: Lots): boolean => leg.reachesCostMin(lots, limitTicks);

type Bound<A> = (one: CollaredLeg, index: number) => A | undefined;

/** The largest first order with which every leg stays within what is given for it; undefined when nothing bounds it. */
function firstOrderWhere(
  collared: readonly CollaredLeg[],
  unitsMost: Bound<Units>,
  lotsMost: Bound<Lots>,
): Lots | undefined {
  const legs = collared.map(({ leg }) => leg);
  return least(
    ...collared.map((one, index) => {
      const spend = unitsMost(one, index);
      const most = least(
        lotsMost(one, index),
        spend === undefined ? undefined : one.leg.lotsForAtLimit(spend, one.limitTicks),
      );
      return most === undefined ? undefined : firstOrderWithin(legs, index, most);
    }),
  );
}

function stockUnits({ leg }: CollaredLeg, index: number, { available, isParallel }: SizeBounds): Units | undefined {
  return index === 0 || isParallel ? available(leg.spends.index) : undefined;
}

function limitUnits({ leg }: CollaredLeg, { limits }: SizeBounds): Units | undefined {
  const { instrument, side } = leg.terms;
  return least(limits.spendMaxUnits(instrument.index, side), limits.exposureRoomUnits(instrument.index, side));
}

/** The least of the bounds that there are. */
function least<A extends Lots | Units>(...bounds: readonly (A | undefined)[]): A | undefined {
  let lowest: A | undefined;
  for (const bound of bounds) if (bound !== undefined && (lowest === undefined || bound < lowest)) lowest = bound;
  return lowest;
}
