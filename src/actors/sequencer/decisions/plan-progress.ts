/** What fills and ends of orders do to a plan, in exact units. Pure: these functions change the plan they are given. */

import { assetSpent } from '../../../market/asset-graph.ts';
import type { AssetIndex, InstrumentDirectory } from '../../../market/instrument.ts';
import { LEGS_MAX } from '../../../messages/opportunity-message.ts';
import { largest, minus, NO_UNITS, negated, plus, type Units, units } from '../../../money/money.ts';
import type { FillMovements } from '../model/fill-movements.ts';
import type { NewestBooks } from '../model/newest-books.ts';
import type { Order } from '../model/order.ts';
import type { Plan } from '../model/plan.ts';
import { isClosing, type PlanEventType } from '../model/plan-machine.ts';
import { isTradable } from './holding-value.ts';

/** The asset of a place; undefined when its leg's instrument is not listed. */
export function assetAt(plan: Plan, place: number, { instruments }: InstrumentDirectory): AssetIndex | undefined {
  if (place === 0) return plan.startAsset;
  const leg = plan.legs[place];
  const found = leg && instruments[leg.instrument];
  return leg === undefined || found === undefined ? undefined : assetSpent(found, leg.side);
}

/** Places of a plan but the start asset's. */
export function placesOf({ legs }: Plan): readonly number[] {
  return Array.from({ length: legs.length - 1 }, (_, index) => index + 1);
}

/**
 * Books what a fill of `order` moved.
 * @returns what it took of an asset that the plan does not trade: a fee; undefined when nothing.
 */
export function bookMoves(
  plan: Plan,
  order: Order,
  moves: FillMovements,
  directory: InstrumentDirectory,
): { readonly asset: AssetIndex; readonly units: Units } | undefined {
  change(plan, order.gives, negated(moves.spentUnits));
  plan.gaveUnits[order.gives] = plus(plan.gaveUnits[order.gives] ?? NO_UNITS, moves.spentUnits);
  change(plan, order.takes, moves.receivedUnits);
  if (order.isReversing) plan.reversed = true;
  const { feeAsset, feeUnits } = moves;
  if (feeAsset === moves.spentAsset || feeAsset === moves.receivedAsset || feeUnits === 0n) return undefined;
  const place = [0, ...placesOf(plan)].find((one) => assetAt(plan, one, directory) === feeAsset);
  if (place === undefined) return { asset: feeAsset, units: feeUnits };
  change(plan, place, negated(feeUnits));
  return undefined;
}

/** The event that the plan gets when no order of it is out any more. */
export function stepResult(plan: Plan, books: NewestBooks): PlanEventType {
  plan.reservedUnits.fill(NO_UNITS);
  if (isClosing(plan.state)) return attemptResult(plan);
  return plan.parallel ? allLegsResult(plan, books) : legResult(plan, books);
}

/** The orders of the newest step. */
export function newestOrders({ orders, parallel, state, legs }: Plan): readonly Order[] {
  return parallel && !isClosing(state) ? orders.slice(-legs.length) : orders.slice(-1);
}

function attemptResult(plan: Plan): PlanEventType {
  const newest = plan.orders.at(-1);
  if (newest === undefined || !newest.isClosing) return 'order.partial'; // an earlier step turned out otherwise
  if (newest.booked.qtyLots >= newest.qtyLots) return 'order.filled';
  plan.closingAttempts = Math.min(plan.closingAttempts + 1, 255);
  return newest.booked.qtyLots === 0n ? 'order.unfilled' : 'order.partial';
}

function legResult(plan: Plan, books: NewestBooks): PlanEventType {
  const [order] = newestOrders(plan);
  if (order === undefined || order.booked.qtyLots === 0n) return 'order.unfilled';
  if (plan.leg === 0) return order.booked.qtyLots < order.qtyLots ? 'order.partial' : 'order.filled';
  // An order can be whole and yet leave much behind, when the book had no more within the collar.
  return isTradable(plan, plan.leg, books) ? 'order.partial' : 'order.filled';
}

function allLegsResult(plan: Plan, books: NewestBooks): PlanEventType {
  if (newestOrders(plan).every(({ booked }) => booked.qtyLots === 0n)) return 'order.unfilled';
  return placesOf(plan).some((place) => isTradable(plan, place, books)) ? 'order.partial' : 'order.filled';
}

/** Adds `units` to what is held at a place; what is given is no longer held back for it. */
export function change(plan: Plan, place: number, units: Units): void {
  if (place > 0) plan.heldUnits[place] = plus(plan.heldUnits[place] ?? NO_UNITS, units);
  else if (units > 0n) plan.receivedUnits = plus(plan.receivedUnits, units);
  else plan.spentUnits = minus(plan.spentUnits, units);
  if (units < 0n) plan.reservedUnits[place] = largest(NO_UNITS, plus(plan.reservedUnits[place] ?? NO_UNITS, units));
}

/** Units of `asset` that belong to the plan: held back for its orders, or brought by them. */
export function claimedUnits(plan: Plan, asset: AssetIndex, directory: InstrumentDirectory): Units {
  let sum = 0n;
  for (let place = 0; place < Math.min(plan.legs.length, LEGS_MAX); place++) {
    if (assetAt(plan, place, directory) !== asset) continue;
    sum += (plan.reservedUnits[place] ?? 0n) + largest(0n, plan.heldUnits[place] ?? 0n);
  }
  return units(sum);
}

/** Units of `asset` that the plan gave away and has not got back, or has in orders that are out. */
export function outUnits(plan: Plan, asset: AssetIndex, directory: InstrumentDirectory, open: readonly Order[]): Units {
  let sum = 0n;
  for (const place of [0, ...placesOf(plan)]) {
    if (assetAt(plan, place, directory) !== asset) continue;
    sum += largest(0n, place === 0 ? plan.spentUnits - plan.receivedUnits : -(plan.heldUnits[place] ?? 0n));
    for (const order of open) if (order.gives === place) sum += order.fundsUnits;
  }
  return units(sum);
}
