/**
 * How large a plan is: as large as was decided, or less where the account, a limit of the settings or a book no longer
 * allow that. Cut down before it begins, so that no leg finds itself above a limit with the one before it filled.
 */

import type { OrderLimits } from '../../shared/approved-order.ts';
import { assetSpent } from '../../shared/asset-graph.ts';
import type { CycleLeg } from '../../shared/cycle-leg.ts';
import { executeCycle, firstOrderWithin } from '../../shared/cycle-sizing.ts';
import type { PlanReason } from '../../shared/execution-message.ts';
import type { AssetIndex } from '../../shared/instrument.ts';
import { divideUp } from '../../shared/money.ts';
import { BUY } from '../../shared/side.ts';

/** A leg on the newest book, and the price that its order goes out at. */
export interface CollaredLeg {
  readonly leg: CycleLeg;
  readonly limitTicks: bigint;
}

/** What bounds the orders of a plan. */
export interface SizeBounds {
  readonly limits: Pick<OrderLimits, 'qtyMaxLots' | 'spendMaxUnits' | 'exposureRoomUnits'>;
  /** Units of an asset that are free to be spent; undefined when without limit. */
  readonly available: (asset: AssetIndex) => bigint | undefined;
  /** Every leg is paid out of stock, not the first alone. */
  readonly isParallel: boolean;
}

export interface PlanSize {
  readonly startUnits: bigint;
  readonly endUnits: bigint;
  /** By leg. */
  readonly lots: readonly bigint[];
}

/** The plan at no more than `decidedLots` of its first leg. @returns why not, when what is left is no order any more. */
export function sizePlan(
  collared: readonly CollaredLeg[],
  decidedLots: bigint,
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
  const firstLots = least(decidedLots, legs[0]?.lotsMax, byStock, byLimit) ?? 0n;
  const executed = executeCycle(legs, firstLots);
  const isTaken = executed?.lots.every((lots, index) => reachesCostMin(collared[index] as CollaredLeg, lots));
  if (executed !== undefined && isTaken === true) return executed;
  if (firstLots === byStock) return 'no_inventory';
  return firstLots === byLimit ? 'over_limit' : 'below_minimum';
}

/** Most that an order can come to at its collar, in units of the asset given. */
export function atCollar({ leg, limitTicks }: CollaredLeg, lots: bigint): bigint {
  return leg.terms.side === BUY ? divideUp(limitTicks * lots * leg.quoteUp, leg.quoteDown) : leg.spent(lots);
}

/** The largest order of which {@link atCollar} is no more than `units`, but for the step of its quantity. */
function lotsAtCollar({ leg, limitTicks }: CollaredLeg, units: bigint): bigint {
  if (units <= 0n) return 0n;
  return leg.terms.side === BUY ? (units * leg.quoteDown) / (limitTicks * leg.quoteUp) : leg.lotsFor(units);
}

const reachesCostMin = ({ leg, limitTicks }: CollaredLeg, lots: bigint): boolean =>
  leg.reachesCostMin(lots, limitTicks);

type Bound = (one: CollaredLeg, index: number) => bigint | undefined;

/** The largest first order with which every leg stays within what is given for it; undefined when nothing bounds it. */
function firstOrderWhere(collared: readonly CollaredLeg[], units: Bound, lots: Bound): bigint | undefined {
  const legs = collared.map(({ leg }) => leg);
  return least(
    ...collared.map((one, index) => {
      const unitsMost = units(one, index);
      const most = least(lots(one, index), unitsMost === undefined ? undefined : lotsAtCollar(one, unitsMost));
      return most === undefined ? undefined : firstOrderWithin(legs, index, most);
    }),
  );
}

function stockUnits({ leg }: CollaredLeg, index: number, { available, isParallel }: SizeBounds): bigint | undefined {
  const { instrument, side } = leg.terms;
  return index === 0 || isParallel ? available(assetSpent(instrument, side)) : undefined;
}

function limitUnits({ leg }: CollaredLeg, { limits }: SizeBounds): bigint | undefined {
  const { instrument, side } = leg.terms;
  return least(limits.spendMaxUnits(instrument.index, side), limits.exposureRoomUnits(instrument.index, side));
}

/** The least of the bounds that there are. */
function least(...bounds: readonly (bigint | undefined)[]): bigint | undefined {
  let lowest: bigint | undefined;
  for (const bound of bounds) if (bound !== undefined && (lowest === undefined || bound < lowest)) lowest = bound;
  return lowest;
}
