import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  assetReceived,
  assetSpent,
  type CycleTable,
  edgesOfCycle,
  findCycles,
  instrumentsOnCycles,
  spellCycle,
  spellEdges,
} from '../../src/market/asset-graph.ts';
import {
  type AssetIndex,
  assetIndex,
  InstrumentDirectory,
  type InstrumentStatus,
  instrumentIndex,
} from '../../src/market/instrument.ts';
import { lots, ticks, units } from '../../src/money/money.ts';
import type { Side } from '../../src/money/side.ts';
import { krakenPairs } from '../support/asset-pairs.ts';

const EVERY = { startAssets: [], cycleLength: 3 } as const;

describe('asset graph', () => {
  test("Kraken's full list has 1,057 triangles, each in both directions", () => {
    const directory = krakenPairs();
    expect(directory.instruments).toHaveLength(1_114);
    expect(directory.instruments.filter(({ status }) => status === 'online')).toHaveLength(1_096);
    expect(findCycles(directory, EVERY).count).toBe(2 * 1_057);
  });

  test('EUR/USD lies on 450 triangles', () => {
    const directory = krakenPairs();
    const touching = spellings(directory, findCycles(directory, EVERY)).filter((text) => /(^|>)EUR\/USD:/.test(text));
    expect(touching).toHaveLength(900);
  });

  test('the triangle of the captures is spelled from its alphabetically first symbol, once per direction', () => {
    const directory = directoryOf(['ETH/USD', 'ETH/BTC', 'BTC/USD', 'LTC/USD']);
    expect(spellings(directory, findCycles(directory, EVERY))).toEqual([
      'BTC/USD:buy>ETH/BTC:buy>ETH/USD:sell',
      'BTC/USD:sell>ETH/USD:buy>ETH/BTC:sell',
    ]);
  });

  test('only online instruments are walked', () => {
    for (const status of ['cancel_only', 'post_only', 'inferred', 'unknown', 'delisted'] as const) {
      const directory = directoryOf(['ETH/USD', 'ETH/BTC'], 'online');
      addPair(directory, 'BTC/USD', status);
      expect(findCycles(directory, EVERY).count).toBe(0);
    }
  });

  test('start assets keep the cycles that pass through one of them, wherever the spelling begins', () => {
    const directory = directoryOf(['ETH/USD', 'ETH/BTC', 'BTC/USD', 'ETH/EUR', 'BTC/EUR', 'EUR/USD']);
    const through = (...startAssets: string[]) =>
      spellings(directory, findCycles(directory, { startAssets, cycleLength: 3 }));
    expect(through()).toHaveLength(8);
    expect(through('EUR')).toHaveLength(6);
    expect(through('EUR')).not.toContain('BTC/USD:buy>ETH/BTC:buy>ETH/USD:sell');
    expect(through('EUR', 'USD', 'DOGE')).toHaveLength(8);
    expect(through('DOGE')).toEqual([]);
  });

  test('two instruments between the same assets make cycles of their own', () => {
    const directory = directoryOf(['ETH/USD', 'ETH/BTC', 'BTC/USD', 'BTC/ETH']);
    expect(findCycles(directory, EVERY).count).toBe(4);
  });

  test('finds exactly the cycles of 3 and 4 that a search over all permutations finds', () => {
    const names = ['A', 'B', 'C', 'D', 'E', 'F'];
    const pairs = names.flatMap((a, i) => names.slice(i + 1).flatMap((b) => [`${a}/${b}`, `${b}/${a}`]));
    fc.assert(
      fc.property(
        fc.subarray(pairs, { maxLength: 9 }),
        fc.subarray(names, { maxLength: 2 }),
        (symbols, startAssets) => {
          const directory = directoryOf(symbols);
          for (const cycleLength of [3, 4] as const) {
            const found = spellings(directory, findCycles(directory, { startAssets, cycleLength }));
            expect([...found].sort()).toEqual(searchAll(directory, startAssets, cycleLength).sort());
          }
        },
      ),
      { numRuns: 60, seed: 20_260_801 },
    );
  });

  test('instruments on no wanted cycle are not worth a subscription', () => {
    const directory = directoryOf(['ETH/USD', 'DOGE/USD', 'ETH/BTC', 'BTC/USD']);
    expect(instrumentsOnCycles(findCycles(directory, EVERY))).toEqual([0, 2, 3]);
    expect(instrumentsOnCycles(findCycles(directory, { startAssets: ['DOGE'], cycleLength: 4 }))).toEqual([]);
  });
});

function directoryOf(symbols: readonly string[], status: InstrumentStatus = 'online'): InstrumentDirectory {
  const directory = new InstrumentDirectory();
  for (const symbol of symbols) addPair(directory, symbol, status);
  return directory;
}

function addPair(directory: InstrumentDirectory, symbol: string, status: InstrumentStatus): void {
  const [base, quote] = symbol.split('/').map((id) => {
    const index = directory.assetNamed(id)?.index ?? assetIndex(directory.assets.length);
    directory.apply({ assets: [{ index, id, precision: 8 }], instruments: [] });
    return index;
  }) as [AssetIndex, AssetIndex];
  const precisions = { pricePrecision: 2, qtyPrecision: 8, costPrecision: 8 };
  const steps = { priceIncrement: ticks(1n), qtyIncrement: lots(1n), qtyMin: lots(1n), costMin: units(0n) };
  const instrument = {
    index: instrumentIndex(directory.instruments.length),
    symbol,
    base,
    quote,
    status,
    ...precisions,
    ...steps,
  };
  directory.apply({ assets: [], instruments: [instrument] });
}

function spellings(directory: InstrumentDirectory, table: CycleTable): string[] {
  return Array.from({ length: table.count }, (_, cycle) => spellEdges(directory, edgesOfCycle(table, cycle)));
}

/** The definition, spelled out: every ordered choice of different instruments and sides that closes. */
function searchAll(directory: InstrumentDirectory, startAssets: readonly string[], cycleLength: number): string[] {
  const found: string[] = [];
  const legs: { symbol: string; side: Side; spent: number; received: number }[] = [];
  const extend = () => {
    const [first] = legs;
    const last = legs.at(-1);
    if (first !== undefined && last !== undefined && legs.length >= 3 && last.received === first.spent) {
      const assets = legs.map(({ spent }) => spent);
      const distinct = new Set(assets).size === legs.length && new Set(legs.map((l) => l.symbol)).size === legs.length;
      const through = startAssets.length === 0 || assets.some((a) => startAssets.includes(directory.assets[a]!.id));
      const spelled = legs.every(({ symbol }) => first.symbol <= symbol);
      if (distinct && through && spelled) found.push(spellCycle(legs));
    }
    if (legs.length === cycleLength) return;
    for (const instrument of directory.instruments) {
      for (const side of [0, 1] as const) {
        const spent = assetSpent(instrument, side);
        if (last !== undefined && last.received !== spent) continue;
        legs.push({ symbol: instrument.symbol, side, spent, received: assetReceived(instrument, side) });
        extend();
        legs.pop();
      }
    }
  };
  extend();
  return found;
}
