import fc from 'fast-check';
import { expect, test } from 'vitest';
import { VirtualClock } from '../../../src/platform/clock.ts';
import { madeAccounts } from '../../../src/practice/exchange/accounts/account-spec.ts';
import { PRACTICE_DEFAULTS, PracticeExchange } from '../../../src/practice/practice-exchange.ts';
import { PRIVATE_CALLS } from '../../../src/practice/protocols/kraken/rest/private-calls.ts';
import { PUBLIC_CALLS } from '../../../src/practice/protocols/kraken/rest/public-calls.ts';
import { BTC_USD, tape } from '../captures.ts';
import { RestClient } from './rest-client.ts';

const TAPE = tape(BTC_USD);
const SEED = 20261121;

function open() {
  const clock = new VirtualClock(1_700_000_000_000_000_000n);
  const accounts = madeAccounts(['BTC', 'USD'], 3);
  const exchange = new PracticeExchange(TAPE, clock, { ...PRACTICE_DEFAULTS, accounts });
  const client = new RestClient((request, respond) => exchange.rest.handle(request, respond), accounts[0]);
  return { clock, exchange, client };
}

const NAMES = [
  ...['pair', 'type', 'ordertype', 'volume', 'price', 'oflags', 'timeinforce', 'deadline', 'expiretm', 'starttm'],
  ...['userref', 'cl_ord_id', 'txid', 'orders', 'cl_ord_ids', 'timeout', 'start', 'end', 'ofs', 'id', 'asset', 'count'],
  ...[
    'since',
    'interval',
    'info',
    'closetime',
    'order_qty',
    'limit_price',
    'leverage',
    'close',
    'validate',
    'displayvol',
  ],
];
const sensible = fc.constantFrom(
  ...['BTC/USD', 'XXBTZUSD', 'XBTUSD', 'ETH/NOPE', 'buy', 'sell', 'limit', 'market', 'iceberg', 'IOC', 'GTC', 'GTD'],
  ...['0.01', '1000.0', '1e400', '1e-9', '-1', '0', '+5', 'NaN', 'Infinity', '9'.repeat(400), '2023-11-14T22:13:22Z'],
  ...['post,fcib', 'viqc', 'true', '2147483648', 'OAAAAA-AAAAA-AAAAAA', '__proto__', 'constructor', '', ' '],
);
const value = fc.oneof({ weight: 5, arbitrary: sensible }, fc.jsonValue({ maxDepth: 3 }), fc.double(), fc.boolean());
const params = fc.dictionary(fc.constantFrom(...NAMES), value, { maxKeys: 10 });

test('no call throws, with any parameters: each is answered in the envelope', () => {
  const { client, clock } = open();
  const calls = fc.constantFrom(...Object.keys(PRIVATE_CALLS));
  fc.assert(
    fc.property(calls, params, (name, given) => {
      clock.advanceTo(clock.nowNs() + 3e9);
      const { error, result } = client.json(name, given);
      expect(Array.isArray(error) && error.every((one) => typeof one === 'string')).toBe(true);
      expect(error.length === 0).toBe(result !== undefined);
    }),
    { seed: SEED, numRuns: 4_000 },
  );
});

test('no public call throws, with any query', () => {
  const { client } = open();
  const calls = fc.constantFrom(...Object.keys(PUBLIC_CALLS));
  fc.assert(
    fc.property(calls, fc.dictionary(fc.constantFrom(...NAMES), fc.oneof(sensible, fc.string())), (name, given) => {
      const { error, result } = client.public(name, new URLSearchParams(given).toString());
      expect(error.length === 0).toBe(result !== undefined);
    }),
    { seed: SEED, numRuns: 3_000 },
  );
});

test('after all that the account is whole: balances are the sums of the ledger, holds those of open orders', () => {
  const { client, clock, exchange } = open();
  fc.assert(
    fc.property(
      fc.constantFrom('buy', 'sell'),
      fc.constantFrom('limit', 'market'),
      fc.integer({ min: 1, max: 400 }),
      fc.constantFrom('GTC', 'IOC', 'FOK'),
      (type, ordertype, hundredths, timeinforce) => {
        clock.advanceTo(clock.nowNs() + 1e9);
        const price = type === 'buy' ? '80000.0' : '40000.0';
        client.json('AddOrder', {
          pair: 'XBTUSD',
          type,
          ordertype,
          volume: String(hundredths / 1e4),
          price,
          timeinforce,
        });
      },
    ),
    { seed: SEED, numRuns: 300 },
  );
  client.private('CancelAll');
  for (const { asset, total, held } of exchange.trading.balances('main')) {
    const entries = exchange.trading.ledger('main').filter((entry) => entry.asset.id === asset.id);
    expect(entries.reduce((sum, { amount, fee }) => sum + amount - fee, 0n)).toBe(total);
    expect(held).toBe(0n);
  }
  expect(exchange.trading.trades('main').length).toBeGreaterThan(20);
});
