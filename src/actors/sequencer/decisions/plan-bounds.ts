/**
 * What is left to a plan, beyond which its machine cannot go: how many orders, how much of each asset, how much loss. The pre-trade check
 * asks for it right before an order leaves. Pure but for reading books.
 *
 * Every place of a plan may give as much as was planned and `excessMaxBps` beyond, for what came in better than planned,
 * with the dust that lies about; while closing out as much again, which is what a route back takes. A plan that flattens has
 * no other route than the one it began, and a bound on its loss of its own.
 */

import { assetSpent } from '../../../market/asset-graph.ts';
import type { BookTable } from '../../../market/book-table.ts';
import type { AssetIndex, InstrumentDirectory } from '../../../market/instrument.ts';
import { worthWithin } from '../../../market/worth.ts';
import { largest, minus, NO_UNITS, plus, type Units, units } from '../../../money/money.ts';
import type { MonotonicNs } from '../../../platform/time.ts';
import type { OrderRequest, PlanBounds } from '../../../trading/approved-order.ts';
import { openOrders, type Plan } from '../model/plan.ts';
import { isClosing } from '../model/plan-machine.ts';
import { assetAt, placesOf } from './plan-progress.ts';

export interface PlanBoundTerms {
  readonly ordersMax: number;
  readonly excessMaxBps: number;
  readonly lossMaxBps: number;
  /** A plan that was opened before this begins no further leg. Monotonic. */
  readonly openedSinceNs: MonotonicNs;
  readonly dustUnits: (asset: AssetIndex) => Units;
}

const BPS = 10_000n;

export function planBounds(
  plan: Plan,
  { instrument, side }: Pick<OrderRequest, 'instrument' | 'side'>,
  directory: InstrumentDirectory,
  books: BookTable,
  terms: PlanBoundTerms,
): PlanBounds {
  const traded = directory.instruments[instrument];
  const asset = traded === undefined ? undefined : assetSpent(traded, side);
  const place = [0, ...placesOf(plan)].find((one) => asset !== undefined && assetAt(plan, one, directory) === asset);
  return {
    hasOrdersLeft: plan.attempt < terms.ordersMax,
    roomUnits: units(
      place === undefined || asset === undefined ? 0n : roomAt(plan, place, terms.dustUnits(asset), terms),
    ),
    isTooOld: plan.openedNs < terms.openedSinceNs,
    isLossReached: isLossReached(plan, directory, books, terms),
  };
}

function roomAt(plan: Plan, place: number, dust: bigint, { excessMaxBps }: PlanBoundTerms): Units {
  const times = isClosing(plan.state) && plan.flattening === undefined ? 2n * BPS : BPS;
  const most = ((plan.plannedUnits[place] ?? 0n) * (times + BigInt(excessMaxBps))) / BPS + largest(0n, dust);
  const out = openOrders(plan).reduce((sum, { gives, fundsUnits }) => (gives === place ? sum + fundsUnits : sum), 0n);
  return units(most - out - (plan.gaveUnits[place] ?? 0n));
}

/** What cannot be valued now is not judged: without a book it is not traded either. */
function isLossReached(
  plan: Plan,
  directory: InstrumentDirectory,
  books: BookTable,
  { lossMaxBps }: PlanBoundTerms,
): boolean {
  const result = resultSoFar(plan, directory, books);
  const mostBps = plan.flattening?.lossMaxBps ?? lossMaxBps;
  return result !== undefined && -result * BPS > plan.plannedStartUnits * BigInt(mostBps);
}

/** What the plan would come to if all that it holds went home at the touch, in the start asset; undefined: no book says. */
export function resultSoFar(plan: Plan, directory: InstrumentDirectory, books: BookTable): Units | undefined {
  const pairs = plan.legs.flatMap(({ instrument }) => directory.instruments[instrument] ?? []);
  let result = plus(minus(plan.receivedUnits, plan.spentUnits), plan.markUnits);
  for (const place of placesOf(plan)) {
    const held = plan.heldUnits[place] ?? NO_UNITS;
    if (held === 0n) continue;
    const asset = assetAt(plan, place, directory);
    const worth = asset === undefined ? undefined : worthWithin(held, asset, plan.startAsset, pairs, directory, books);
    if (worth === undefined) return undefined;
    result = plus(result, worth);
  }
  return result;
}
