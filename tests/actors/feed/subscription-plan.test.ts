import { describe, expect, test } from 'vitest';
import { planSubscriptions, socketWithRoom } from '../../../src/actors/feed/subscriptions/subscription-plan.ts';
import { type InstrumentStatus, instrumentIndex } from '../../../src/market/instrument.ts';
import { checkConfig } from '../../../src/settings/read-config.ts';
import { directoryOf } from '../../support/directory-of.ts';

const TRIANGLE = ['BTC/USD', 'ETH/USD', 'ETH/BTC', 'SOL/EUR'];

function plan(config: unknown, statuses: Partial<Record<string, InstrumentStatus>> = {}, followed: number[] = []) {
  const directory = directoryOf(TRIANGLE, statuses);
  const { wanted, unknown } = planSubscriptions(directory, checkConfig(config), followed.map(instrumentIndex));
  return { wanted: wanted.map((index) => directory.instruments[index]?.symbol), unknown };
}

describe('subscription plan', () => {
  test('takes the pairs on a cycle when no symbols are configured', () => {
    expect(plan({})).toEqual({ wanted: ['BTC/USD', 'ETH/USD', 'ETH/BTC'], unknown: [] });
  });

  test('takes only cycles through a start asset', () => {
    expect(plan({ strategy: { start_assets: ['EUR'] } }).wanted).toEqual([]);
    expect(plan({ strategy: { start_assets: ['USD', 'EUR'] } }).wanted).toHaveLength(3);
  });

  test('leaves a cycle out while one of its pairs is not online', () => {
    expect(plan({}, { 'ETH/BTC': 'cancel_only' }).wanted).toEqual([]);
  });

  test('keeps what is followed already while the venue lists it', () => {
    expect(plan({}, { 'ETH/BTC': 'cancel_only' }, [0, 1, 2]).wanted).toEqual(['BTC/USD', 'ETH/USD', 'ETH/BTC']);
    expect(plan({}, { 'ETH/BTC': 'delisted' }, [0, 1, 2]).wanted).toEqual(['BTC/USD', 'ETH/USD']);
  });

  test('takes the configured symbols and names those that the venue does not list', () => {
    const config = { venue: { symbols: ['SOL/EUR', 'WWW/USD', 'BTC/USD'] } };
    expect(plan(config)).toEqual({ wanted: ['BTC/USD', 'SOL/EUR'], unknown: ['WWW/USD'] });
  });

  test('a book goes to the first socket with room, never to a lost one', () => {
    expect(socketWithRoom([], 2)).toBe(0);
    expect(socketWithRoom([2, 1], 2)).toBe(1);
    expect(socketWithRoom([2, -1, 2], 2)).toBe(3);
  });
});
