import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import {
  madeAccounts,
  readAccounts,
  TRADING_PERMISSIONS,
  withFees,
} from '../../src/practice/exchange/accounts/account-spec.ts';

const folder = mkdtempSync(join(tmpdir(), 'accounts-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(text: string): string {
  const path = join(folder, `${Buffer.from(text).toString('hex').slice(0, 60)}.yaml`);
  writeFileSync(path, text);
  return path;
}

test('made accounts have a key, a secret of 64 bytes, and something of every asset; a seed makes them again', () => {
  const made = madeAccounts(['BTC', 'USD', 'AMP'], 7);
  expect(made.map(({ name }) => name)).toEqual(['main', 'second']);
  for (const { key, secret, balances } of made) {
    expect(key).toHaveLength(56);
    expect(Buffer.from(secret, 'base64')).toHaveLength(64);
    expect(Object.keys(balances)).toEqual(['BTC', 'USD', 'AMP']);
  }
  expect(madeAccounts(['BTC', 'USD', 'AMP'], 7)).toEqual(made);
  expect(madeAccounts(['BTC'])[0]?.key).not.toEqual(madeAccounts(['BTC'])[0]?.key);
  expect(new Set(made.flatMap(({ key, secret }) => [key, secret])).size).toBe(4);
});

test('a file says what it wants to say, in YAML or JSON', () => {
  const accounts = readAccounts(
    file(`accounts:
  - name: poor
    key: MYKEY
    secret: c2VjcmV0
    tier: 3
    rate_tier: starter
    sell_fees_in: base
    balances: { USD: "12.50", BTC: 0.001 }
    permissions: [query-funds, withdraw-funds]
    nonce_window: 1000
  - name: flat
    fee_pct: "0.1"
`),
    ['ETH'],
  );
  expect(accounts[0]).toEqual({
    name: 'poor',
    key: 'MYKEY',
    secret: 'c2VjcmV0',
    tier: 3,
    fees: { tier: 3 },
    rateTier: 'starter',
    sellFeesIn: 'base',
    balances: { USD: '12.50', BTC: '0.001' },
    permissions: ['query-funds', 'withdraw-funds'],
    nonceWindow: 1_000,
    nonceScales: 'one',
  });
  expect(accounts[1]).toMatchObject({
    fees: { makerPct: '0.1', takerPct: '0.1' },
    permissions: TRADING_PERMISSIONS,
    balances: { ETH: '100' },
    sellFeesIn: 'quote',
  });
  expect(readAccounts(file('{"accounts":[{"name":"j"}]}'), [])[0]?.name).toBe('j');
});

test.each([
  ['accounts: []', /accounts/],
  ['accounts: [{ name: a, tier: 18 }]', /accounts\.0\.tier/],
  ['accounts: [{ name: a, secret: "not base64" }]', /accounts\.0\.secret/],
  ['accounts: [{ name: a, sell_fees_in: both }]', /sell_fees_in/],
  ['accounts: [{ name: a, permissions: [fly] }]', /permissions/],
  ['accounts: [{ name: a, balances: { USD: -1 } }]', /balances/],
  ['accounts: [{ name: a, colour: red }]', /colour|accounts\.0/],
  ['accounts: [{ name: a }, { name: a }]', /a name of its own/],
  ['accounts: [{ name: a, key: K }, { name: b, key: K }]', /a key of its own/],
  ['accounts: [', /could not be read/],
])('%s is refused', (text, why) => {
  expect(() => readAccounts(file(text), [])).toThrow(why);
});

test('fees can be set for all: a percentage or a tier', () => {
  const made = madeAccounts(['USD'], 1);
  expect(withFees(made, '0.1').map(({ fees }) => fees)).toEqual(Array(2).fill({ makerPct: '0.1', takerPct: '0.1' }));
  expect(withFees(made, 'tier12')[0]).toMatchObject({ tier: 12, fees: { tier: 12 } });
  for (const bad of ['-1', '100', 'tier0', 'tier18', 'cheap', '0.00001']) {
    expect(() => withFees(made, bad)).toThrow(/--fees/);
  }
});
