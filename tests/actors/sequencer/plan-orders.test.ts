import { expect, test } from 'vitest';
import type { Order } from '../../../src/actors/sequencer/model/order.ts';
import type { OrderState } from '../../../src/actors/sequencer/model/order-machine.ts';
import { addOrder, ORDERS_PER_PLAN, type Plan } from '../../../src/actors/sequencer/model/plan.ts';

/** A plan with as many orders as it remembers, each in the state given. */
const planWith = (states: readonly OrderState[]) =>
  ({ orders: states.map((state, attempt) => ({ attempt, state }) as Order) }) as unknown as Plan;
const next = { attempt: 99, state: 'sent' } as Order;

test('of orders that ended the oldest gives way to one more', () => {
  const plan = planWith(Array.from({ length: ORDERS_PER_PLAN }, (_, at) => (at < 2 ? 'sent' : 'filled')));
  addOrder(plan, next);
  expect(plan.orders).toHaveLength(ORDERS_PER_PLAN);
  expect(plan.orders.map(({ attempt }) => attempt)).toEqual([0, 1, 3, 4, 5, 6, 7, 99]);
});

test('no order that is out is forgotten: one more than a plan remembers is a fault', () => {
  const plan = planWith(Array.from({ length: ORDERS_PER_PLAN }, () => 'sent' as const));
  expect(() => addOrder(plan, next)).toThrow('more orders out');
});
