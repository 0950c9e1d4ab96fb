/** Which asset a size starts from, and what it may spend. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { assetIndex, instrumentIndex } from '../../../src/market/instrument.ts';
import { lots, parseDecimal, ticks, units } from '../../../src/money/money.ts';
import { openTable } from '../../../src/runtime/memory/shared-tables.ts';
import { announceTriangle, DetectorStage, type Emitted } from './stage.ts';

const IDS = ['USD', 'BTC', 'ETH'] as const;
type Id = (typeof IDS)[number];

const SMALL_LIMITS = {
  instruments_max: 8,
  assets_max: 8,
  instrument_log_bytes: 65_536,
  book_versions: 4,
  deltas_ring: 64,
  tops_ring: 64,
  records_ring: 512,
  opportunities_ring: 256,
};

interface Books {
  readonly btcUsd: Level;
  readonly ethBtc: Level;
  readonly ethUsd: Level;
}
/** Ticks of the bid, ticks from there to the ask, lots on either side. */
type Level = readonly [bid: bigint, spread: bigint, lots: bigint];

function stageOf(config: object, books: Books, prepare?: (stage: DetectorStage) => void): Emitted[] {
  const stage = new DetectorStage({ config: { fees: { taker_pct: '0.1' }, limits: SMALL_LIMITS, ...config } });
  prepare?.(stage);
  announceTriangle(stage);
  for (const [instrument, [bid, spread, lots]] of [books.btcUsd, books.ethBtc, books.ethUsd].entries()) {
    stage.book(instrumentIndex(instrument), [[ticks(bid), lots]], [[ticks(bid + spread), lots]]);
  }
  stage.run();
  return stage.recorded();
}

const started = (startAssets: readonly Id[], books: Books, more: object = {}): Emitted['size'] | undefined =>
  stageOf({ strategy: { start_assets: startAssets }, ...more }, books)[0]?.size;

/** What a profit is worth in `into` at the mids: any two of the three assets have a pair. */
function worthIn(into: string, { asset, profit }: { asset: string; profit: string }, drawn: Books): number {
  const mid = ([bid, spread]: Level) => (2 * Number(bid) + Number(spread)) / 200;
  const prices: Record<string, number> = {
    'BTC/USD': mid(drawn.btcUsd),
    'ETH/BTC': mid(drawn.ethBtc),
    'ETH/USD': mid(drawn.ethUsd),
  };
  const amount = Number(parseDecimal(profit, 6)) / 1e6;
  if (asset === into) return amount;
  const price = prices[`${asset}/${into}`];
  return price === undefined ? amount / prices[`${into}/${asset}`]! : amount * price;
}

const level = (bid: number): fc.Arbitrary<Level> =>
  fc.tuple(
    fc.integer({ min: Math.round(bid * 0.97), max: Math.round(bid * 1.03) }).map(BigInt),
    fc.bigInt(1n, 60n),
    fc.bigInt(300n, 9_000n),
  );
const books: fc.Arbitrary<Books> = fc.record({
  btcUsd: level(10_000),
  ethBtc: level(200).map(([bid, , lots]) => [bid, 1n, lots] as const),
  ethUsd: level(20_000),
});

describe('where a size starts', () => {
  test('without start assets from the one that earns most, valued at the mids of the books', () => {
    const chosen = new Map<string, number>();
    fc.assert(
      fc.property(books, (drawn) => {
        const [opportunity] = stageOf({ strategy: { start_assets: [] } }, drawn);
        if (opportunity === undefined) return;
        const { size, startAsset } = opportunity;
        const each = IDS.flatMap((id) => started([id], drawn) ?? []);
        if (size === null) {
          expect(each).toEqual([]);
          return;
        }
        const best = Math.max(...each.map((one) => worthIn(startAsset, one, drawn)));
        expect(each).toContainEqual(size);
        expect(worthIn(startAsset, size, drawn)).toBeGreaterThanOrEqual(best * (1 - 1e-12));
        chosen.set(size.asset, (chosen.get(size.asset) ?? 0) + 1);
      }),
      { numRuns: 300, seed: 20_261_128 },
    );
    expect([...chosen.keys()].sort()).toEqual(['BTC', 'ETH', 'USD']);
    expect(Math.min(...chosen.values())).toBeGreaterThan(3);
  });

  test('a list limits the choice, and does not order it', () => {
    let differs = 0;
    fc.assert(
      fc.property(books, (drawn) => {
        const all = started([], drawn);
        const two = started(['ETH', 'BTC'], drawn);
        expect(two).toEqual(started(['BTC', 'ETH'], drawn)); // no two drawn sizes are worth exactly the same
        if (all?.asset === 'USD') {
          expect(two?.asset).not.toBe('USD');
          differs++;
        } else expect(two).toEqual(all);
      }),
      { numRuns: 200, seed: 20_261_129 },
    );
    expect(differs).toBeGreaterThan(10);
  });

  test('of two of the same value the one that stands first in the list is taken', () => {
    // Without fees and spreads, one for one: whatever it starts from, the same is earned.
    const even: Books = {
      btcUsd: [100n, 0n, lots(900n)],
      ethBtc: [100n, 0n, 500n],
      ethUsd: [110n, 0n, lots(900n)],
    };
    const free = { fees: { taker_pct: '0' } };
    const assetOf = (list: readonly Id[]) => started(list, even, free)?.asset;
    expect(assetOf(['USD', 'BTC'])).toBe('USD');
    expect(assetOf(['BTC', 'USD'])).toBe('BTC');
  });
});

describe('what a size may spend', () => {
  const PAYING: Books = {
    btcUsd: [9_990n, 10n, 500n],
    ethBtc: [190n, 10n, 500n],
    ethUsd: [21_000n, 100n, 500n],
  };
  const tell = (funds: Partial<Record<Id, bigint>>) => (stage: DetectorStage) => {
    const table = openTable(stage.test.memory, 'funds_table', 'sequencer');
    for (const [index, id] of IDS.entries()) table.set(assetIndex(index), units(funds[id] ?? 0n));
    table.begin();
  };
  const sizeOf = (config: object, prepare?: (stage: DetectorStage) => void) =>
    stageOf({ fees: { taker_pct: '0' }, ...config }, PAYING, prepare)[0]?.size ?? null;

  test.each(['paper', 'alert'])('in %s the inventory of the settings, to the unit', (mode) => {
    const within = (inventory: object) => sizeOf({ mode, paper: { inventory } });
    expect(within({ USD: '150.005' })).toMatchObject({ asset: 'USD', startQty: '150.000000' });
    expect(within({ BTC: '1.5' })).toMatchObject({ asset: 'BTC', startQty: expect.stringMatching(/^1\.[0-5]/) });
    expect(within({ DOGE: '1' })).toBeNull();
    expect(within({})?.profit).toBe(
      sizeOf({ mode, paper: { inventory: { USD: '9999', BTC: '9999', ETH: '9999' } } })?.profit,
    );
    // What the sequencer reports of an account is of no account here.
    expect(sizeOf({ mode, paper: { inventory: { USD: '150.005' } } }, tell({ USD: 1n }))).toMatchObject({
      startQty: '150.000000',
    });
  });

  test.each(['demo', 'dry-run', 'live'])('in %s what the account has free, and never the inventory', (mode) => {
    const config = { mode, paper: { inventory: { USD: '20' } } };
    expect(sizeOf(config, tell({ USD: 150_005_000n }))).toMatchObject({ asset: 'USD', startQty: '150.000000' });
    expect(sizeOf(config, tell({ BTC: 1_500_000n }))).toMatchObject({ asset: 'BTC' });
    expect(sizeOf(config, tell({ USD: -5n }))).toBeNull();
    expect(sizeOf(config, tell({}))).toBeNull();
    // Before the account is known nothing is opened anyway: the books alone say how large it could be.
    expect(sizeOf(config)).toEqual(sizeOf({ mode: 'paper' }));
  });
});
