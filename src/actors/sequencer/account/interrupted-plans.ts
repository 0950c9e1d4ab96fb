/**
 * Plans of runs that died in the middle of them: what each has moved so far, from what the database has of its fills and
 * what the venue says of its orders. The two overlap; a fill counts once, by the venue's id. Nothing here depends on what
 * was booked by whom: a run that dies while it recovers leaves the next one the same sums.
 */

import type { AssetIndex, Instrument, InstrumentDirectory } from '../../../market/instrument.ts';
import { minus, NO_UNITS, negated, parseAmountDown, plus, type Units, units } from '../../../money/money.ts';
import { BUY } from '../../../money/side.ts';
import { decodeClientOrderId, type OrderOrigin } from '../../../trading/client-order-id.ts';
import type { StoredAmount, StoredTrading } from '../../../trading/stored-trading.ts';
import type { OrderReading } from '../../../venues/trading-port.ts';
import { balanceChanges, fillMovements } from '../model/fill-movements.ts';

export interface InterruptedPlan {
  readonly runMs: number;
  readonly plan: number;
  /** What the plan started from: of a plan without a record of its opening, what its first order gave. */
  readonly startAsset: AssetIndex | undefined;
  /** Of the start asset. */
  spentUnits: Units;
  receivedUnits: Units;
  /** In the start asset, negative: what exposure that it took over is worth. What is left of that counts nothing. */
  markUnits: Units;
  /** What is left of everything else; negative when it is owed. */
  readonly left: Map<AssetIndex, Units>;
}

type Changes = readonly (readonly [asset: AssetIndex, units: Units])[];

/** Name of a plan over all runs. */
export const planKey = ({ runMs, plan }: { readonly runMs: number; readonly plan: number }): string =>
  `${runMs}/${plan}`;

/** Amount of the database in units; digits that the asset does not have any more are dropped. */
export function storedUnits(amount: string, precision: number): Units {
  return units(parseAmountDown(amount, precision));
}

/**
 * Which plans earlier runs left without an end: those that the database says so of, and those of which the venue has an
 * order that the database does not know, for they were opened after its last record.
 */
export function interruptedKeys(stored: StoredTrading, orders: Iterable<OrderReading>): ReadonlySet<string> {
  const known = new Set(stored.ordersKnown);
  const ended = new Set(stored.plansEnded);
  const keys = new Set(stored.plans.map(planKey));
  for (const { clOrdId } of orders) {
    const origin = decodeClientOrderId(clOrdId ?? '');
    if (origin === undefined || clOrdId === undefined || known.has(clOrdId)) continue;
    if (!ended.has(planKey(origin))) keys.add(planKey(origin));
  }
  return keys;
}

/** What each interrupted plan has moved. @param orders of earlier runs, as the venue knows them. */
export function sumInterrupted(
  stored: StoredTrading,
  orders: readonly OrderReading[],
  directory: InstrumentDirectory,
): readonly InterruptedPlan[] {
  const keys = interruptedKeys(stored, orders);
  const plans: Sums = new Map();
  const own = orders.flatMap((order) => ownOrder(order, directory) ?? []).filter(({ key }) => keys.has(key));
  const firsts = firstOrders(stored, own, directory);
  for (const { runMs, plan, startAsset, mark, fills, entered } of stored.plans) {
    const key = planKey({ runMs, plan });
    const asset = startAsset === undefined ? undefined : directory.assetNamed(startAsset);
    const sum = open(plans, { runMs, plan }, asset?.index ?? firsts.get(key)?.gives);
    sum.plan.markUnits = asset === undefined ? NO_UNITS : storedUnits(mark, asset.precision);
    // What is in a ledger already is not left by the plan once more; dust that it swept along, it had from there.
    add(
      sum.plan,
      namedChanges(entered, directory).map(([asset, units]) => [asset, negated(units)] as const),
    );
    for (const { execId, changes } of fills) count(sum, execId, namedChanges(changes, directory));
  }
  for (const { order, instrument, origin, key } of own) {
    const sum = open(plans, origin, firsts.get(key)?.gives);
    for (const fill of order.fills) {
      count(sum, fill.execId, balanceChanges(fillMovements(instrument, order, order.side, directory, fill)));
    }
  }
  return [...plans.values()].map(({ plan }) => plan);
}

interface OwnOrder {
  readonly order: OrderReading;
  readonly instrument: Instrument;
  readonly origin: OrderOrigin;
  /** Of its plan. */
  readonly key: string;
}

function ownOrder(order: OrderReading, directory: InstrumentDirectory): OwnOrder | undefined {
  const origin = decodeClientOrderId(order.clOrdId ?? '');
  const instrument = order.instrument === undefined ? undefined : directory.instruments[order.instrument];
  if (origin === undefined || instrument === undefined) return undefined;
  return { order, instrument, origin, key: planKey(origin) };
}

/** The first order of each plan, of those recorded and those the venue reports: the same at every call. */
function firstOrders(
  stored: StoredTrading,
  orders: readonly OwnOrder[],
  directory: InstrumentDirectory,
): ReadonlyMap<string, { readonly clOrdId: string; readonly gives: AssetIndex | undefined }> {
  const firsts = new Map<string, { clOrdId: string; gives: AssetIndex | undefined }>();
  const take = (key: string, clOrdId: string, gives: AssetIndex | undefined): void => {
    const first = firsts.get(key);
    if (first === undefined || clOrdId < first.clOrdId) firsts.set(key, { clOrdId, gives });
  };
  for (const { firstOrder, ...plan } of stored.plans) {
    if (firstOrder === undefined) continue;
    take(planKey(plan), firstOrder.clOrdId, directory.assetNamed(firstOrder.gives)?.index);
  }
  for (const { key, order, instrument } of orders) {
    take(key, order.clOrdId ?? '', order.side === BUY ? instrument.quote : instrument.base);
  }
  return firsts;
}

interface SumOfPlan {
  readonly plan: InterruptedPlan;
  readonly counted: Set<string>;
}

type Sums = Map<string, SumOfPlan>;

function open(
  plans: Sums,
  { runMs, plan }: Pick<InterruptedPlan, 'runMs' | 'plan'>,
  startAsset?: AssetIndex,
): SumOfPlan {
  const key = planKey({ runMs, plan });
  const found = plans.get(key) ?? {
    plan: {
      runMs,
      plan,
      startAsset,
      spentUnits: NO_UNITS,
      receivedUnits: NO_UNITS,
      markUnits: NO_UNITS,
      left: new Map(),
    },
    counted: new Set<string>(),
  };
  plans.set(key, found);
  return found;
}

function count({ plan, counted }: SumOfPlan, execId: string, changes: Changes) {
  if (counted.has(execId)) return;
  counted.add(execId);
  add(plan, changes);
}

function add(plan: InterruptedPlan, changes: Changes): void {
  for (const [asset, units] of changes) {
    if (asset !== plan.startAsset) plan.left.set(asset, plus(plan.left.get(asset) ?? NO_UNITS, units));
    else if (units < 0n) plan.spentUnits = minus(plan.spentUnits, units);
    else plan.receivedUnits = plus(plan.receivedUnits, units);
  }
}

function namedChanges(changes: readonly StoredAmount[], directory: InstrumentDirectory): Changes {
  return changes.flatMap(({ asset, amount }) => {
    const found = directory.assetNamed(asset);
    return found === undefined ? [] : [[found.index, storedUnits(amount, found.precision)] as const];
  });
}
