import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { InstrumentDirectory } from '../../../src/shared/instrument.ts';
import { instrumentMessageOf } from '../../../src/venues/kraken/instrument-message.ts';

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
  test('a pair becomes integers, and an asset counts in the finest unit that it needs', () => {
    const { known, refused } = read(message([PAIR]));
    expect(refused).toEqual([]);
    expect(known.assetNamed('USD')?.precision).toBe(5); // cost_precision is finer than the ledger's 4
    expect(known.assetNamed('BTC')?.precision).toBe(10);
    expect(known.instrumentNamed('BTC/USD')).toMatchObject({
      priceIncrement: 5n,
      qtyIncrement: 1n,
      qtyMin: 10_000n,
      costMin: 50_000n,
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

  test('a later pair that needs a finer unit is refused by name and is not traded', () => {
    const { known } = read(message([PAIR]));
    const { refused } = read(message([{ ...PAIR, cost_precision: 9 }]), known);
    expect(refused).toEqual([{ name: 'BTC/USD', reason: expect.stringContaining('USD is counted with 5 decimals') }]);
    expect(known.instrumentNamed('BTC/USD')?.status).toBe('unknown');
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
    const { known, refused } = read(message(pairs), undefined, { instrumentsMax: 2, assetsMax: 16 });
    expect(known.instruments.map((pair) => pair.symbol)).toEqual(['A/USD', 'B/USD']);
    expect(refused.map((entry) => entry.name)).toEqual(['C/USD']);
  });

  test('any other frame is none', () => {
    for (const frame of [{ channel: 'book' }, [], null, 'x', { channel: 'instrument', type: 'snapshot', data: [] }]) {
      expect(instrumentMessageOf(frame, new InstrumentDirectory(), LIMITS)).toBeUndefined();
    }
  });
});
