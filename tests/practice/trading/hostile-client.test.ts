/** Whatever a client of the private socket says, it gets answers in JSON, and the exchange goes on. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { TRADING_METHODS } from '../../../src/practice/protocols/kraken/private/private-request-reader.ts';
import { MadeExchange } from './made-exchange.ts';
import { PrivateClient } from './private-client.ts';

const METHODS = [...TRADING_METHODS, 'subscribe', 'unsubscribe'];
const ORDER = {
  order_type: 'limit',
  side: 'buy',
  symbol: 'BTC/USD',
  order_qty: 0.01,
  limit_price: 100,
  cl_ord_id: 'x',
};
const PARAMS = {
  ...ORDER,
  channel: 'executions',
  orders: [ORDER, ORDER],
  order_id: ['OAAAAA-BBBBB-CCCCCC'],
  timeout: 60,
  deadline: '2026-08-02T03:35:55Z',
};
/** Texts that have broken parsers, and values of every type. */
const value = fc.oneof(
  fc.constantFrom(null, true, 0, -0, 1e-9, 1e21, -5, '', 'NaN', '__proto__', '1e999', '\u0000', [], {}, [null], [[1]]),
  fc.constantFrom('buy', 'sell', 'market', 'iceberg', 'gtd', 'ioc', 'fok', '9999-12-31T23:59:59Z', 'BTC/USD'),
  fc.jsonValue({ maxDepth: 2 }),
);
const request = fc.record({
  method: fc.constantFrom(...METHODS),
  keep: fc.uniqueArray(fc.constantFrom(...Object.keys(PARAMS)), { maxLength: 8 }),
  wrong: fc.dictionary(
    fc.constantFrom(
      ...Object.keys(PARAMS),
      'post_only',
      'expire_time',
      'display_qty',
      'stp_type',
      'req_id',
      'time_in_force',
    ),
    value,
    { maxKeys: 2 },
  ),
});

test('any mixture of right and wrong fields is answered, and no balance goes wrong', () => {
  const made = new MadeExchange();
  const client = new PrivateClient(made.exchange, 'alice');
  const outcomes = { taken: 0, refused: 0 };
  fc.assert(
    fc.property(request, ({ method, keep, wrong }) => {
      made.run(1_000);
      const right = Object.fromEntries(Object.entries(PARAMS).filter(([name]) => keep.includes(name)));
      for (const frame of client.ask(method, { ...right, ...wrong })) {
        if (frame['method'] !== method) continue;
        expect(typeof frame['success']).toBe('boolean');
        expect(frame['success'] === (frame['error'] === undefined)).toBe(true);
        outcomes[frame['success'] === true ? 'taken' : 'refused'] += 1;
      }
      for (const { total, held } of made.trading.balances('alice')) expect(held >= 0n && total >= held).toBe(true);
    }),
    { numRuns: 3_000, seed: 11 },
  );
  expect(outcomes.taken).toBeGreaterThan(100);
  expect(outcomes.refused).toBeGreaterThan(1_000);
  expect(client.closedWith).toBeUndefined();
});

test('bytes that are no request, a flood, and the largest request are survived', () => {
  const made = new MadeExchange();
  const client = new PrivateClient(made.exchange, 'alice');
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
      made.run(100);
      const from = client.frames.length;
      client.raw(text);
      expect(client.since(from)).toMatchObject([{ success: false }]);
    }),
    { numRuns: 300, seed: 12 },
  );
  for (let i = 0; i < 200; i += 1) client.raw('{"method":"ping"}');
  expect(client.frames.at(-1)).toBe('{"Error":"Exceeded msg rate"}');
  made.run(1_000);
  const replies = client.ask('cancel_order', {
    order_id: Array.from({ length: 9_000 }, (_, i) => `OAAAAA-BBBBB-${i}`),
  });
  expect(replies.length).toBe(9_000);
  made.run(1_000);
  expect(client.ask('add_order', { ...ORDER, order_qty: 'x'.repeat(200_000) })).toMatchObject([{ success: false }]);
  const [digits] = client.ask('add_order', { ...ORDER, order_qty: 0, cl_ord_id: 'y'.repeat(200_000) });
  expect(digits).toMatchObject({ success: false });
});
