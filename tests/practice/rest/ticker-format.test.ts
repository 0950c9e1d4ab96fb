/** `Ticker` as it was recorded from the venue: kinds, decimals and order of its fields. */
import { describe, expect, test } from 'vitest';
import { VirtualClock } from '../../../src/platform/clock.ts';
import { madeAccounts } from '../../../src/practice/exchange/accounts/account-spec.ts';
import { readAssetPairs } from '../../../src/practice/market/instrument-entries.ts';
import { PRACTICE_DEFAULTS, PracticeExchange } from '../../../src/practice/practice-exchange.ts';
import { ASSET_PAIRS, BTC_USD, tape } from '../captures.ts';
import { dig, RestClient } from './rest-client.ts';

function open() {
  const recorded = tape(BTC_USD);
  const listed = readAssetPairs(ASSET_PAIRS);
  const entries = { ...listed, pairs: listed.pairs.filter((pair) => pair['symbol'] === 'BTC/USD') };
  const accounts = madeAccounts(['BTC', 'USD'], 3);
  const clock = new VirtualClock(1_700_000_000_000_000_000n);
  const exchange = new PracticeExchange({ ...recorded, entries }, clock, { ...PRACTICE_DEFAULTS, accounts });
  return new RestClient((request, respond) => exchange.rest.handle(request, respond), accounts[0]);
}

describe('Ticker', () => {
  const client = open();
  const order = { pair: 'XBTUSD', type: 'buy', ordertype: 'market' };
  for (const volume of ['0.5', '0.01']) expect(client.private('AddOrder', { ...order, volume }).error).toEqual([]);
  const row = dig(client.public('Ticker', 'pair=XBTUSD'), 'result', 'XXBTZUSD') as Record<string, unknown>;

  test('has its fields in the order of the venue', () => {
    expect(Object.keys(row)).toEqual(['a', 'b', 'c', 'v', 'p', 't', 'l', 'h', 'o']);
  });

  // `price, whole lots, the same with three zeros`; five decimals of a pair that is traded in tenths.
  test.each([
    ['a', [/^\d+\.\d0000$/, /^[1-9]\d*$/, /^[1-9]\d*\.000$/]],
    ['b', [/^\d+\.\d0000$/, /^[1-9]\d*$/, /^[1-9]\d*\.000$/]],
    ['c', [/^\d+\.\d0000$/, /^0\.01000000$/]],
    ['v', [/^0\.51000000$/, /^0\.51000000$/]],
    ['p', [/^\d+\.\d{5}$/, /^\d+\.\d{5}$/]],
    ['l', [/^\d+\.\d0000$/, /^\d+\.\d0000$/]],
    ['h', [/^\d+\.\d0000$/, /^\d+\.\d0000$/]],
  ])('%s is written as recorded', (field, patterns) => {
    const values = row[field] as string[];
    expect(values).toHaveLength(patterns.length);
    for (const [at, pattern] of patterns.entries()) expect(values[at]).toMatch(pattern);
  });

  test('counts trades in numbers, and opens with one text', () => {
    expect((row['t'] as number[]).every((count) => Number.isInteger(count) && count >= 2)).toBe(true);
    expect(row['o']).toMatch(/^\d+\.\d0000$/);
    const [a, b] = [row['a'], row['b']] as [string[], string[]];
    for (const [, lots, volume] of [a, b]) expect(volume).toBe(`${lots}.000`);
  });
});
