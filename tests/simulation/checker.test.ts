import { describe, expect, test } from 'vitest';
import { type Checked, check, type ViolationName } from '../../src/simulation/checker.ts';
import type { ExchangeOrder, FillReading, OurOrder, OurPlan, SentOrder } from '../../src/simulation/day-readings.ts';
import { WireLog } from '../../src/simulation/wire-log.ts';
import { encodeClientOrderId } from '../../src/trading/client-order-id.ts';

const ONE = 10n ** 18n;
const RUN_MS = 1_800_000_000_000;
/** Of the first order of plan 1. */
const ID = encodeClientOrderId({ runMs: RUN_MS, plan: 1, leg: 0, attempt: 0 });

function fill(execId: string, over: Partial<FillReading> = {}): FillReading {
  const of = { clOrdId: ID, symbol: 'BTC/USD', side: 'buy', qty: 2n * ONE, cost: 200n * ONE, fee: ONE } as const;
  return { price: 100n * ONE, execId, feeAsset: 'USD', ...of, ...over };
}

/** One order of one fill, by a plan that lost its cost and fee in dollars and left two coins. */
function good(): Checked {
  const order = { clOrdId: ID, id: 'O1', symbol: 'BTC/USD', side: 'buy', qty: 2n * ONE, limit: 100n * ONE } as const;
  const ended = { outcome: 'filled', qty: 2n * ONE, cost: 200n * ONE, fee: ONE };
  const ours: OurOrder = { ...order, boot: 1, sent: 1, ended };
  return {
    exchange: {
      orders: [{ ...order, isOpen: false, fills: [fill('T1')] }],
      moves: [
        { execId: 'T1', asset: 'BTC', change: 2n * ONE },
        { execId: 'T1', asset: 'USD', change: -201n * ONE },
      ],
      start: new Map([['USD', 1_000n * ONE]]),
      end: new Map([
        ['USD', 799n * ONE],
        ['BTC', 2n * ONE],
      ]),
    },
    ours: {
      orders: new Map([[ID, ours]]),
      fills: [fill('T1')],
      plans: [
        {
          boot: 1,
          runMs: RUN_MS,
          plan: 1,
          startAsset: 'USD',
          isFlattening: false,
          opened: 1,
          ended: 1,
          outcome: 'stranded',
          profit: -201n * ONE,
        },
      ],
      additions: [{ kind: 'exposure', asset: 'BTC', amount: 2n * ONE, reason: 'stranded', plan: 1, runMs: RUN_MS }],
      balances: new Map([['USD', 799n * ONE]]),
    },
    sent: [{ ...order, gate: 'active' }],
    limits: new Map([['USD', 200n * ONE]]),
    overdrawn: 0,
    unheededHalts: [],
    switchArms: 1,
  };
}

const names = (checked: Checked): ViolationName[] => [...new Set(check(checked).map(({ name }) => name))];

describe('the checker', () => {
  test('finds nothing where both sides say the same', () => {
    expect(check(good())).toEqual([]);
  });

  test.each<[ViolationName, (checked: Checked) => Checked]>([
    ['order_unrecorded', (is) => ({ ...is, ours: { ...is.ours, orders: new Map() } })],
    ['order_open', (is) => withOrder(is, { isOpen: true })],
    ['order_not_ended', (is) => withOwn(is, { ended: undefined })],
    [
      'order_totals_differ',
      (is) => withOwn(is, { ended: { outcome: 'partial', qty: ONE, cost: 200n * ONE, fee: ONE } }),
    ],
    ['fill_unrecorded', (is) => ({ ...is, ours: { ...is.ours, fills: [] } })],
    ['fill_invented', (is) => ({ ...is, ours: { ...is.ours, fills: [fill('T1'), fill('T2')] } })],
    ['fill_doubled', (is) => ({ ...is, ours: { ...is.ours, fills: [fill('T1'), fill('T1')] } })],
    ['fill_differs', (is) => ({ ...is, ours: { ...is.ours, fills: [fill('T1', { fee: ONE + 1n })] } })],
    ['fill_differs', (is) => ({ ...is, ours: { ...is.ours, fills: [fill('T1', { price: 100n * ONE + 1n })] } })],
    ['fill_differs', (is) => ({ ...is, ours: { ...is.ours, fills: [fill('T1', { feeAsset: 'BTC' })] } })],
    ['balance_differs', (is) => ({ ...is, ours: { ...is.ours, balances: new Map([['USD', 799n * ONE + 1n]]) } })],
    ['plan_not_ended', (is) => withPlan(is, { ended: 0 })],
    ['plan_ended_twice', (is) => withPlan(is, { ended: 2 })],
    ['result_differs', (is) => withPlan(is, { profit: -200n * ONE })],
    ['result_differs', (is) => ({ ...is, ours: { ...is.ours, additions: [] } })],
    ['id_repeated', (is) => ({ ...is, sent: [...is.sent, ...is.sent] })],
    ['id_repeated', (is) => withOwn(is, { sent: 2 })],
    ['sent_while_closed', (is) => ({ ...is, sent: is.sent.map((order) => ({ ...order, gate: 'halted' })) })],
    ['begun_while_reducing', (is) => ({ ...is, sent: is.sent.map((order) => ({ ...order, gate: 'reducing' })) })],
    ['begun_while_reducing', (is) => ({ ...is, sent: is.sent.map((order) => ({ ...order, gate: 'draining' })) })],
    ['profit_misplaced', (is) => ({ ...is, ours: { ...is.ours, plans: [...is.ours.plans, ...earned(-ONE, ONE)] } })],
    ['profit_misplaced', (is) => ({ ...is, ours: { ...is.ours, plans: swapped(is) } })],
    ['halt_unheeded', (is) => ({ ...is, unheededHalts: ['the halt at 1 ms'] })],
    ['switch_never_armed', (is) => ({ ...withOrders(is, 5), switchArms: 0 })],
    ['sent_unrecorded', (is) => withOwn(is, { sent: 0 })],
    ['accepted_unseen', (is) => ({ ...is, sent: [] })],
    ['overdrawn', (is) => ({ ...is, overdrawn: 1 })],
    ['above_limit', (is) => ({ ...is, limits: new Map([['USD', 200n * ONE - 1n]]) })],
    ['above_limit', (is) => ({ ...is, limits: new Map([['BTC', 2n * ONE - 1n]]) })],
  ])('names %s', (name, spoil) => {
    expect(names(spoil(good()))).toContain(name);
  });
});

test('a plan that a person has begun may begin while reducing', () => {
  const is = good();
  const reducing = { ...is, sent: is.sent.map((order) => ({ ...order, gate: 'reducing' })) };
  expect(
    names({ ...reducing, ours: { ...is.ours, plans: is.ours.plans.map((plan) => ({ ...plan, isFlattening: true })) } }),
  ).toEqual([]);
});

describe('a limit', () => {
  const limits = new Map([['USD', 200n * ONE - 1n]]);
  const smaller = { qty: ONE };

  test.each<[string, (checked: Checked) => Checked]>([
    ['as it left', (is) => withOwn(withOrder(is, smaller), smaller)],
    ['as it was taken', (is) => withOwn(withSent(is, smaller), smaller)],
    ['as recorded', (is) => withOrder(withSent(is, smaller), smaller)],
  ])('holds for an order %s', (which, shrinkOthers) => {
    const above = check({ ...shrinkOthers(good()), limits }).filter(({ name }) => name === 'above_limit');
    expect(above.map(({ text }) => text)).toEqual([
      `${ID} ${which}: could move 200 USD, allowed 199.999999999999999999`,
    ]);
  });
});

test('the record of an order may be missing when its process was killed with it', () => {
  const unrecorded = { ...good(), ours: { ...good().ours, orders: new Map() } };
  expect(names(unrecorded)).toContain('sent_unrecorded');
  expect(names(withSent(unrecorded, { mayBeUnrecorded: true }))).not.toContain('sent_unrecorded');
});

test('what arrived over the wire after a halt is a violation', () => {
  const log = new WireLog();
  log.haltAsked();
  log.haltConfirmed(0);
  const params = `"side":"buy","order_qty":2,"limit_price":100,"symbol":"BTC/USD","cl_ord_id":"${ID}"`;
  log.note(`{"method":"add_order","params":{${params}},"req_id":1}`, 2_000);
  expect(names({ ...good(), sent: log.sent })).toEqual(['sent_while_closed']);
});

function withSent(is: Checked, change: Partial<SentOrder>): Checked {
  return { ...is, sent: is.sent.map((order) => ({ ...order, ...change })) };
}

/** Two more plans whose profits add up to nothing, without an order of theirs. */
const earned = (...profits: readonly bigint[]): OurPlan[] =>
  profits.map((profit, index) => ({
    ...{ boot: 1, runMs: RUN_MS, plan: 2 + index, startAsset: 'USD', isFlattening: false },
    ...{ opened: 1, ended: 1, outcome: 'completed', profit },
  }));

/** The plan's result under another plan's name: the sums are right. */
const swapped = ({ ours }: Checked): OurPlan[] =>
  ours.plans.flatMap((plan) => [{ ...plan, profit: 0n }, ...earned(plan.profit)]);

const withOrders = (is: Checked, count: number): Checked => ({
  ...is,
  exchange: { ...is.exchange, orders: Array.from({ length: count }, () => is.exchange.orders[0] as ExchangeOrder) },
});

function withOrder(is: Checked, change: Partial<ExchangeOrder>): Checked {
  return { ...is, exchange: { ...is.exchange, orders: is.exchange.orders.map((order) => ({ ...order, ...change })) } };
}

function withOwn(is: Checked, change: Partial<OurOrder>): Checked {
  const orders = new Map([...is.ours.orders].map(([id, order]) => [id, { ...order, ...change }]));
  return { ...is, ours: { ...is.ours, orders } };
}

function withPlan(is: Checked, change: { ended?: number; profit?: bigint }): Checked {
  return { ...is, ours: { ...is.ours, plans: is.ours.plans.map((plan) => ({ ...plan, ...change })) } };
}
