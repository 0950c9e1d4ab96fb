import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { InstrumentDirectory } from '../../../src/market/instrument.ts';
import { instrumentMessageOf } from '../../../src/venues/kraken/market/instrument-message.ts';

const LIMITS = { instrumentsMax: 2_048, assetsMax: 1_024 };
const PAIR = {
  symbol: 'BTC/USD',
  base: 'BTC',
  quote: 'USD',
  status: 'online',
  qty_precision: 8,
  qty_increment: 1e-8,
  price_precision: 1,
  price_increment: 0.5,
  cost_precision: 5,
  cost_min: 0.5,
  qty_min: 0.0001,
};
const ASSETS = [
  { id: 'BTC', precision: 10 },
  { id: 'USD', precision: 4 },
];
const message = (pairs: unknown[], assets: unknown[] = ASSETS) => ({
  channel: 'instrument',
  type: 'update',
  data: { assets, pairs },
});

function read(frame: unknown, known = new InstrumentDirectory(), limits = LIMITS) {
  const result = instrumentMessageOf(frame, known, limits);
  if (result === undefined) throw new Error('not an instrument message');
  known.apply(result.changes);
  return { ...result, known };
}

describe('instrument message', () => {
  test('a pair becomes integers, and an asset counts in the unit of its ledger', () => {
    const { known, refused } = read(message([PAIR]));
    expect(refused).toEqual([]);
    expect(known.assetNamed('USD')?.precision).toBe(4); // cost_precision is finer, and nothing is booked in it
    expect(known.assetNamed('BTC')?.precision).toBe(10);
    expect(known.instrumentNamed('BTC/USD')).toMatchObject({
      priceIncrement: 5n,
      qtyIncrement: 1n,
      qtyMin: 10_000n,
      costMin: 5_000n,
      status: 'online',
    });
  });

  test('the full recorded snapshot is taken over without a refusal', () => {
    const file = new URL('../../fixtures/kraken/ws2_instrument_snapshot_20240403.json.gz', import.meta.url);
    const { known, refused } = read(JSON.parse(gunzipSync(readFileSync(file)).toString()));
    expect(refused).toEqual([]);
    expect([known.assets.length, known.instruments.length]).toEqual([296, 683]);
  });

  test('an unknown status means not tradable, and the text "inferred" does not come from outside', () => {
    for (const status of ['brand_new', 'inferred', '']) {
      const { known } = read(message([{ ...PAIR, status }]));
      expect(known.instrumentNamed('BTC/USD')?.status).toBe('unknown');
    }
  });

  test('what has not changed is left out of the changes', () => {
    const { known } = read(message([PAIR]));
    expect(read(message([PAIR]), known).changes).toEqual({ assets: [], instruments: [] });
    const changed = read(message([{ ...PAIR, status: 'cancel_only' }]), known).changes;
    expect(changed.instruments.map((pair) => [pair.index, pair.status])).toEqual([[0, 'cancel_only']]);
  });

  test.each([12, 14, 18])('a listing with %d decimals changes the unit of no asset, whenever it comes', (places) => {
    const tiny = { ...PAIR, symbol: 'TINY/USD', base: 'TINY', cost_precision: places, price_precision: places };
    const assets = [...ASSETS, { id: 'TINY', precision: 5 }];
    const first = read(message([PAIR, { ...tiny, status: 'work_in_progress' }], assets));
    const later = read(message([PAIR])).known;
    expect(read(message([tiny], assets), later).refused).toEqual([]);
    expect(read(message([tiny], assets), first.known).refused).toEqual([]);
    for (const known of [first.known, later]) {
      expect(known.assetNamed('USD')?.precision).toBe(4);
      expect(known.instrumentNamed('TINY/USD')?.status).toBe('online');
      expect(known.instrumentNamed('BTC/USD')).toMatchObject({ status: 'online', costMin: 5_000n });
    }
  });

  test('of a base whose ledger is coarser than its lots whole units are ordered; a minimum is rounded up', () => {
    const EURUSD = { ...PAIR, symbol: 'EUR/USD', base: 'EUR', qty_min: 0.5, cost_min: 0.00001 };
    const assets = [...ASSETS, { id: 'EUR', precision: 4 }];
    const { known } = read(
      message([EURUSD, { ...EURUSD, symbol: 'EUR/BTC', quote: 'BTC', qty_increment: 3e-8 }], assets),
    );
    expect(known.instrumentNamed('EUR/USD')).toMatchObject({ qtyIncrement: 10_000n, qtyMin: 50_000_000n, costMin: 1n });
    expect(known.instrumentNamed('EUR/BTC')).toMatchObject({ qtyIncrement: 30_000n, costMin: 100_000n });
  });

  test('a pair of an asset that was not announced is refused by name', () => {
    const { known, refused } = read(message([PAIR, { ...PAIR, symbol: 'ETH/USD', base: 'ETH' }]));
    expect(refused).toEqual([{ name: 'ETH/USD', reason: expect.stringContaining('ETH was not announced') }]);
    expect(known.instrumentNamed('BTC/USD')?.status).toBe('online');
  });

  test('when a ledger changes its precision the pairs of that asset rest until it is as before, and no other', () => {
    const assets = [...ASSETS, { id: 'EUR', precision: 4 }];
    const pairs = [PAIR, { ...PAIR, symbol: 'BTC/EUR', quote: 'EUR' }];
    const { known } = read(message(pairs, assets));
    const changed = read(message([], [{ id: 'USD', precision: 6 }]), known);
    expect(changed.refused).toEqual([{ name: 'USD', reason: expect.stringContaining('6 decimals now') }]);
    expect(known.assetNamed('USD')).toMatchObject({ precision: 4, suspended: true });
    expect(known.instruments.map(({ status }) => status)).toEqual(['unknown', 'online']);
    const told = read(message(pairs, []), known);
    expect(told.refused).toEqual([{ name: 'BTC/USD', reason: expect.stringContaining('has changed its precision') }]);
    expect(known.instruments.map(({ status }) => status)).toEqual(['unknown', 'online']);
    expect(read(message(pairs, assets), known).refused).toEqual([]);
    expect(known.assetNamed('USD')).toEqual({ index: 1, id: 'USD', precision: 4 });
    expect(known.instruments.map(({ status }) => status)).toEqual(['online', 'online']);
  });

  test('an asset that only captures had takes the precision that is announced', () => {
    const { known } = read(message([PAIR]));
    known.apply({
      assets: [],
      instruments: known.instruments.map((pair) => ({ ...pair, status: 'inferred' as const })),
    });
    expect(read(message([PAIR], [{ id: 'BTC', precision: 8 }]), known).refused).toEqual([]);
    expect(known.assetNamed('BTC')?.precision).toBe(8);
    expect(known.instrumentNamed('BTC/USD')?.status).toBe('online');
  });

  test.each([
    ['a missing precision', { ...PAIR, qty_precision: undefined }],
    ['a negative minimum', { ...PAIR, qty_min: -1 }],
    ['an increment that does not fit', { ...PAIR, price_increment: 0.01 }],
    ['an increment of zero', { ...PAIR, qty_increment: 0 }],
    ['a precision beyond reason', { ...PAIR, price_precision: 99 }],
  ])('%s refuses the pair and keeps the others', (_what, broken) => {
    const other = { ...PAIR, symbol: 'ETH/USD', base: 'ETH' };
    const { known, refused } = read(message([broken, other], [...ASSETS, { id: 'ETH', precision: 10 }]));
    expect(refused.map((entry) => entry.name)).toEqual(['BTC/USD']);
    expect(known.instrumentNamed('ETH/USD')?.index).toBe(0);
    expect(known.instrumentNamed('BTC/USD')).toBeUndefined();
  });

  test('more instruments than memory was laid out for are refused', () => {
    const pairs = ['A/USD', 'B/USD', 'C/USD'].map((symbol) => ({ ...PAIR, symbol, base: symbol.slice(0, 1) }));
    const letters = ['A', 'B', 'C'].map((id) => ({ id, precision: 8 }));
    const { known, refused } = read(message(pairs, [...ASSETS, ...letters]), undefined, {
      instrumentsMax: 2,
      assetsMax: 16,
    });
    expect(known.instruments.map((pair) => pair.symbol)).toEqual(['A/USD', 'B/USD']);
    expect(refused.map((entry) => entry.name)).toEqual(['C/USD']);
  });

  test('any other frame is none', () => {
    for (const frame of [{ channel: 'book' }, [], null, 'x', { channel: 'instrument', type: 'snapshot', data: [] }]) {
      expect(instrumentMessageOf(frame, new InstrumentDirectory(), LIMITS)).toBeUndefined();
    }
  });
});
