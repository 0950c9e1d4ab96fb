import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { Market } from '../../src/practice/market/market.ts';
import { makeMarket } from '../../src/practice/market/market-generator.ts';

const SEEDS = Array.from({ length: 12 }, (_, index) => index + 1);
const made = (seed: number) => makeMarket({ seed, dislocations: 30, feesBps: 60 });
const hashOf = (seed: number) =>
  createHash('sha256')
    .update(JSON.stringify(made(seed), (_key, value) => (typeof value === 'bigint' ? String(value) : value)))
    .digest('hex');

describe('a made market', () => {
  test('is the same to the byte for the same seed, and another for another', () => {
    expect(hashOf(7)).toBe(hashOf(7));
    expect(hashOf(7)).not.toBe(hashOf(8));
  });

  test.each(SEEDS)('by seed %i never crosses its own books, and always has ten levels a side', (seed) => {
    const market = new Market(made(seed));
    for (const event of made(seed).events) {
      market.play(event);
      for (const { symbol, bids, asks } of market.books.values()) {
        expect(bids[0]?.price ?? 0n, symbol).toBeLessThan(asks[0]?.price ?? 0n);
        expect(Math.min(bids.length, asks.length), symbol).toBeGreaterThanOrEqual(10);
      }
    }
  });

  test.each(SEEDS)('by seed %i has triangles, and says that its dislocations are injected', (seed) => {
    const { symbols, notes, events, lengthMs } = made(seed);
    const names = symbols.map(({ symbol }) => symbol);
    expect(names).toEqual(expect.arrayContaining(['EUR/USD', 'BTC/USD', 'BTC/EUR']));
    expect(notes.join()).toContain('injected');
    expect(events.at(-1)?.offsetMs).toBeLessThanOrEqual(lengthMs);
  });
});
