import { describe, expect, test } from 'vitest';
import type { FaultName } from '../../src/practice/faults/faults.ts';
import { InlineClient } from './inline-client.ts';
import { MadeExchange } from './trading/made-exchange.ts';
import { PrivateClient } from './trading/private-client.ts';

const ORDERS = {
  market: { order_type: 'market', order_qty: 0.1 },
  limit: { order_qty: 0.1, limit_price: 101 },
  post: { order_qty: 0.1, limit_price: 90, post_only: true, cl_ord_id: 'resting' },
};

/** A market that somebody watches, with the fault ordered for its next second. */
function strike(fault: FaultName) {
  const made = new MadeExchange();
  const watcher = new InlineClient(made.exchange);
  watcher.subscribe(['BTC/USD']);
  const trader = new PrivateClient(made.exchange, 'alice');
  trader.add({ ...ORDERS.post, cl_ord_id: 'before' });
  made.exchange.orderFault(fault);
  made.run(1_200);
  return { made, watcher, trader };
}

const errorOf = (frames: { error?: unknown }[]) => frames[0]?.error ?? 'taken';

describe('states of the system', () => {
  test.each([
    ['status', 'maintenance', { market: 'no', limit: 'no', post: 'no', cancel: 'no' }],
    ['system-cancel-only', 'cancel_only', { market: 'no', limit: 'no', post: 'no', cancel: 'yes' }],
    ['system-post-only', 'post_only', { market: 'no', limit: 'no', post: 'yes', cancel: 'yes' }],
    ['system-limit-only', 'limit_only', { market: 'no', limit: 'yes', post: 'yes', cancel: 'yes' }],
  ] as const)('%s: %s is announced on both sockets and holds for both', (fault, system, allowed) => {
    const { made, watcher, trader } = strike(fault);
    expect(watcher.having(`"system":"${system}"`)).toHaveLength(1);
    expect(trader.frames.filter((frame) => frame.includes(`"system":"${system}"`))).toHaveLength(1);
    for (const kind of ['market', 'limit', 'post'] as const) {
      const error = errorOf(trader.add(ORDERS[kind]));
      if (allowed[kind] === 'yes') expect(error, kind).toBe('taken');
      else expect(error, kind).toMatch(/^EService:(Unavailable|Market in \w+ mode)$/);
    }
    const cancelled = errorOf(trader.ask('cancel_order', { cl_ord_id: ['before'] }));
    if (allowed.cancel === 'yes') expect(cancelled).toBe('taken');
    else expect(cancelled).toMatch(/^EService:/);
    made.run(5_000);
    expect(watcher.having('"system":"online"')).toHaveLength(2);
    expect(errorOf(trader.add(ORDERS.market))).toBe('taken');
  });
});

test('clock-skew: time stamps and deadlines go by a clock that is seconds off, for half a minute', () => {
  const { made, watcher, trader } = strike('clock-skew');
  const offMs = () => {
    watcher.say({ method: 'ping' });
    return Date.parse(String(watcher.last()['time_in'])) - made.nowMs;
  };
  expect(offMs()).toBeCloseTo(8_000, -1);
  const deadline = new Date(made.nowMs + 2_000).toISOString();
  expect(errorOf(trader.add({ ...ORDERS.limit, deadline }))).toBe('EService:Deadline elapsed');
  made.run(31_000);
  expect(offMs()).toBeCloseTo(0, -1);
  const later = new Date(made.nowMs + 2_000).toISOString();
  expect(errorOf(trader.add({ ...ORDERS.limit, deadline: later }))).toBe('taken');
});
