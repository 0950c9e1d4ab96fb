/**
 * Compares what the exchange did with what our records say of it. Pure: two readings in, violations out. It asks the
 * exchange's ledger, not the engine's opinion of it, and shares no arithmetic with the engine.
 */

import { formatDecimal } from '../money/money.ts';
import { decodeClientOrderId } from '../trading/client-order-id.ts';
import {
  DECIMALS,
  type ExchangeOrder,
  type ExchangeReading,
  type FillReading,
  type LedgerAddition,
  type OurReading,
  type SentOrder,
  type SpendLimits,
} from './day-readings.ts';

export const VIOLATIONS = {
  order_unrecorded: 'the exchange accepted an order that our records do not have',
  accepted_unseen: 'the exchange accepted an order of ours that was not seen to leave',
  order_open: 'the exchange still has an open order of ours',
  order_not_ended: 'an order that we sent has no recorded end',
  order_totals_differ: 'the recorded end of an order has other totals than the exchange',
  fill_unrecorded: 'the exchange has a fill that our records do not have',
  fill_invented: 'our records have a fill that the exchange does not have',
  fill_doubled: 'our records have one fill twice',
  fill_differs: 'a fill has another quantity, price, cost, fee or fee asset in our records',
  balance_differs: 'the balance that we expect is not the exchange’s',
  plan_not_ended: 'a plan was opened and never ended',
  plan_ended_twice: 'a plan was opened or ended more than once',
  result_differs: 'profit, exposure and dust do not add up to the change of the exchange’s balance',
  id_repeated: 'a client order id was used more than once',
  sent_unrecorded: 'an order left that was not recorded as sent before',
  overdrawn: 'the exchange refused an order for want of funds that we believed to have',
  profit_misplaced: 'the profit of a plan is not what the fills of its own orders come to',
  sent_while_closed: 'an order left while the gate did not let it',
  begun_while_reducing: 'a plan was begun while the gate let only those at work go on',
  halt_unheeded: 'trading was halted, and the exchange was not asked to cancel what is open',
  switch_never_armed: 'orders were out, and the dead-man’s switch was never armed',
  above_limit: 'an order could spend more than its limit',
} as const;

export type ViolationName = keyof typeof VIOLATIONS;

export interface Violation {
  readonly name: ViolationName;
  /** What was compared, with both values. */
  readonly text: string;
}

export interface Checked {
  readonly exchange: ExchangeReading;
  readonly ours: OurReading;
  /** Every order as it left, with any outcome. */
  readonly sent: readonly SentOrder[];
  readonly limits: SpendLimits;
  /** Orders that the exchange refused for want of funds, other than by a fault. */
  readonly overdrawn: number;
  /** Halts after which nothing was cancelled, though it could have been; each as a text. */
  readonly unheededHalts: readonly string[];
  /** How often the dead-man's switch was armed; undefined when it is off, or was not watched. */
  readonly switchArms: number | undefined;
}

/** Everything that does not hold; empty when all does. */
export function check(checked: Checked): Violation[] {
  return [
    ...checkOrders(checked),
    ...checkFills(checked),
    ...checkPlans(checked),
    ...checkBalances(checked),
    ...checkProfits(checked),
    ...checkHalts(checked),
    ...checkIds(checked),
    ...checkSent(checked),
    ...checkLimits(checked),
  ];
}

const amount = (value: bigint | undefined): string => {
  if (value === undefined) return 'nothing';
  return formatDecimal(value, DECIMALS).replace(/\.?0+$/, '');
};

function ownOrders({ exchange }: Checked): (ExchangeOrder & { readonly clOrdId: string })[] {
  return exchange.orders.flatMap((order) => (order.clOrdId === undefined ? [] : { ...order, clOrdId: order.clOrdId }));
}

function* checkOrders(checked: Checked): Generator<Violation> {
  const { ours } = checked;
  const accepted = new Map(ownOrders(checked).map((order) => [order.clOrdId, order]));
  for (const order of accepted.values()) {
    const name = `${order.clOrdId} (${order.id}, ${order.side} ${order.symbol})`;
    if (order.isOpen) yield { name: 'order_open', text: name };
    if (!ours.orders.has(order.clOrdId)) yield { name: 'order_unrecorded', text: name };
  }
  for (const { clOrdId, ended } of ours.orders.values()) {
    if (ended === undefined) yield { name: 'order_not_ended', text: clOrdId };
    else yield* checkTotals(clOrdId, ended, accepted.get(clOrdId)?.fills ?? []);
  }
}

function* checkTotals(
  clOrdId: string,
  ended: { readonly qty: bigint; readonly cost: bigint; readonly fee: bigint },
  fills: readonly FillReading[],
): Generator<Violation> {
  for (const field of ['qty', 'cost', 'fee'] as const) {
    const theirs = fills.reduce((sum, fill) => sum + fill[field], 0n);
    if (ended[field] === theirs) continue;
    const text = `${clOrdId}: ${field} ${amount(ended[field])} recorded, ${amount(theirs)} at the exchange`;
    yield { name: 'order_totals_differ', text };
  }
}

function* checkFills({ exchange, ours }: Checked): Generator<Violation> {
  const theirs = new Map(exchange.orders.flatMap(({ fills }) => fills).map((fill) => [fill.execId, fill]));
  const own = new Map<string, FillReading>();
  for (const fill of ours.fills) {
    if (own.has(fill.execId)) yield { name: 'fill_doubled', text: `${fill.execId} of ${fill.clOrdId}` };
    own.set(fill.execId, fill);
    if (!theirs.has(fill.execId)) yield { name: 'fill_invented', text: `${fill.execId} of ${fill.clOrdId}` };
  }
  for (const { clOrdId, fills } of exchange.orders) {
    if (clOrdId === undefined) continue;
    for (const fill of fills) yield* compareFill(fill, own.get(fill.execId));
  }
}

function* compareFill(theirs: FillReading, ours: FillReading | undefined): Generator<Violation> {
  const what = `${theirs.execId} of ${theirs.clOrdId} (${theirs.side} ${theirs.symbol})`;
  if (ours === undefined) {
    yield { name: 'fill_unrecorded', text: `${what}: ${amount(theirs.qty)}` };
    return;
  }
  for (const field of ['qty', 'price', 'cost', 'fee'] as const) {
    if (ours[field] === theirs[field]) continue;
    const text = `${what}: ${field} ${amount(ours[field])} recorded, ${amount(theirs[field])} at the exchange`;
    yield { name: 'fill_differs', text };
  }
  for (const field of ['clOrdId', 'symbol', 'side', 'feeAsset'] as const) {
    if (ours[field] === theirs[field] || (field === 'feeAsset' && theirs.fee === 0n)) continue; // no fee, no asset of it
    yield { name: 'fill_differs', text: `${what}: ${field} ${ours[field]} recorded, ${theirs[field]} at the exchange` };
  }
}

function* checkPlans({ ours }: Checked): Generator<Violation> {
  for (const { boot, plan, opened, ended } of ours.plans) {
    const name = `plan ${plan} of boot ${boot}`;
    if (ended === 0) yield { name: 'plan_not_ended', text: name };
    if (opened > 1 || ended > 1) {
      yield { name: 'plan_ended_twice', text: `${name}: opened ${opened} times, ended ${ended} times` };
    }
  }
}

/** Per asset: what the exchange's balance changed by is profit booked in it, and what the two ledgers have of it. */
function* checkBalances({ exchange, ours }: Checked): Generator<Violation> {
  const assets = new Set([
    ...exchange.start.keys(),
    ...exchange.end.keys(),
    ...ours.balances.keys(),
    ...ours.additions.map(({ asset }) => asset),
    ...ours.plans.map(({ startAsset }) => startAsset),
  ]);
  for (const asset of assets) {
    const end = exchange.end.get(asset) ?? 0n;
    const expected = ours.balances.get(asset);
    if (expected !== undefined && expected !== end) {
      const text = `${asset}: ${amount(expected)} expected, ${amount(end)} at the exchange`;
      yield { name: 'balance_differs', text };
    }
    const change = end - (exchange.start.get(asset) ?? 0n);
    const profit = sum(ours.plans.filter(({ startAsset }) => startAsset === asset).map((plan) => plan.profit));
    const exposure = sum(ours.additions.filter((one) => one.asset === asset && one.kind === 'exposure').map(added));
    const dust = sum(ours.additions.filter((one) => one.asset === asset && one.kind === 'dust').map(added));
    if (profit + exposure + dust === change) continue;
    const parts = `profit ${amount(profit)}, exposure ${amount(exposure)}, dust ${amount(dust)}`;
    yield { name: 'result_differs', text: `${asset}: ${parts}; the exchange’s balance changed by ${amount(change)}` };
  }
}

/**
 * Plan by plan: what the exchange's fills of its orders moved of its start asset is its profit, and what was entered of that
 * asset as exposure under its name, which is what came after its end.
 */
function* checkProfits(checked: Checked): Generator<Violation> {
  const { ours } = checked;
  const planOf = new Map<string, string>();
  for (const { clOrdId, fills } of ownOrders(checked)) {
    const { runMs, plan } = decodeClientOrderId(clOrdId) ?? {};
    for (const { execId } of fills) planOf.set(execId, `${runMs}/${plan}`);
  }
  const moved = new Map<string, bigint>();
  for (const { execId, asset, change } of checked.exchange.moves) {
    const key = `${planOf.get(execId)} ${asset}`;
    moved.set(key, (moved.get(key) ?? 0n) + change);
  }
  const plans = Map.groupBy(ours.plans, ({ runMs, plan }) => `${runMs}/${plan}`);
  for (const [key, entries] of plans) {
    const startAsset = entries[0]?.startAsset ?? '';
    const isOf = (one: LedgerAddition) => one.kind === 'exposure' && one.asset === startAsset;
    const late = sum(ours.additions.filter((one) => isOf(one) && `${one.runMs}/${one.plan}` === key).map(added));
    const booked = sum(entries.map(({ profit }) => profit)) + late;
    const theirs = moved.get(`${key} ${startAsset}`) ?? 0n;
    if (booked === theirs || entries.some(({ ended }) => ended === 0)) continue;
    const text = `plan ${key}: ${amount(booked)} ${startAsset} booked, ${amount(theirs)} by the exchange’s fills of its orders`;
    yield { name: 'profit_misplaced', text };
  }
}

/** Orders that are needed at least before a day without the switch is no accident. */
const ORDERS_UNDER_SWITCH = 5;

function* checkHalts({ unheededHalts, switchArms, exchange }: Checked): Generator<Violation> {
  for (const text of unheededHalts) yield { name: 'halt_unheeded', text };
  if (switchArms === 0 && exchange.orders.length >= ORDERS_UNDER_SWITCH) {
    yield { name: 'switch_never_armed', text: `${exchange.orders.length} orders` };
  }
}

const added = (one: { readonly amount: bigint }): bigint => one.amount;
const sum = (values: readonly bigint[]): bigint => values.reduce((total, value) => total + value, 0n);

function* checkIds(checked: Checked): Generator<Violation> {
  const lists = [
    ['sent', checked.sent.map(({ clOrdId }) => clOrdId)],
    ['accepted', ownOrders(checked).map(({ clOrdId }) => clOrdId)],
    ['recorded as sent', [...checked.ours.orders.values()].flatMap((one) => Array(one.sent).fill(one.clOrdId))],
  ] as const;
  for (const [how, ids] of lists) {
    const seen = new Set<string>();
    for (const id of ids) {
      if (seen.has(id)) yield { name: 'id_repeated', text: `${id} was ${how} more than once` };
      seen.add(id);
    }
  }
}

function* checkSent(checked: Checked): Generator<Violation> {
  const { sent, ours } = checked;
  const seen = new Set(sent.map(({ clOrdId }) => clOrdId));
  for (const { clOrdId } of ownOrders(checked)) {
    if (!seen.has(clOrdId)) yield { name: 'accepted_unseen', text: clOrdId };
  }
  for (const order of sent) {
    const isRecorded = (ours.orders.get(order.clOrdId)?.sent ?? 0) > 0;
    if (!isRecorded && order.mayBeUnrecorded !== true) yield { name: 'sent_unrecorded', text: order.clOrdId };
    if (order.gate === 'halted' || order.gate === 'paused') {
      yield { name: 'sent_while_closed', text: `${order.clOrdId} left while the gate was ${order.gate}` };
    }
    if (isBeginning(order.clOrdId, ours) && (order.gate === 'reducing' || order.gate === 'draining')) {
      yield { name: 'begun_while_reducing', text: `${order.clOrdId} left while the gate was ${order.gate}` };
    }
  }
}

/** Whether it is the first order of a plan that the engine began of itself: a person may have one begun at any time. */
function isBeginning(clOrdId: string, { plans }: Checked['ours']): boolean {
  const origin = decodeClientOrderId(clOrdId);
  if (origin?.attempt !== 0) return false;
  return !plans.some((one) => one.isFlattening && one.runMs === origin.runMs && one.plan === origin.plan);
}

/** As it left, as it was taken, and as it is recorded. */
function* checkLimits(checked: Checked): Generator<Violation> {
  const { sent, ours, limits, overdrawn } = checked;
  if (overdrawn > 0) yield { name: 'overdrawn', text: `${overdrawn} orders` };
  for (const order of sent) yield* checkSpend(`${order.clOrdId} as it left`, order, limits);
  for (const order of ownOrders(checked)) {
    if (order.limit === undefined) continue;
    yield* checkSpend(`${order.clOrdId} as it was taken`, { ...order, limit: order.limit }, limits);
  }
  for (const order of ours.orders.values()) yield* checkSpend(`${order.clOrdId} as recorded`, order, limits);
}

function* checkSpend(name: string, order: Spending, limits: SpendLimits): Generator<Violation> {
  for (const [asset, most] of couldMove(order)) {
    const allowed = limits.get(asset);
    if (allowed === undefined || most <= allowed) continue;
    yield { name: 'above_limit', text: `${name}: could move ${amount(most)} ${asset}, allowed ${amount(allowed)}` };
  }
}

export type Spending = Pick<SentOrder, 'symbol' | 'side' | 'qty' | 'limit'>;

/** The most that an order can give, and buy. A sale may bring more than its limit says: what it brings is not bounded. */
export function couldMove({ symbol, side, qty, limit }: Spending): readonly (readonly [asset: string, most: bigint])[] {
  const [base = '', quote = ''] = symbol.split('/');
  const cost = (qty * limit) / 10n ** BigInt(DECIMALS);
  return side === 'buy' ? [[quote, cost] as const, [base, qty] as const] : [[base, qty] as const];
}
