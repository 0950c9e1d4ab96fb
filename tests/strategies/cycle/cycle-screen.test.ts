import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Market } from '../../../src/actors/detector/market-view.ts';
import { type CycleTable, edgesOfCycle, findCycles, instrumentOfEdge } from '../../../src/market/asset-graph.ts';
import { cycleTouch } from '../../../src/market/cycles/cycle-touch.ts';
import { createFeeTableMemory, FeeTable } from '../../../src/market/fee-table.ts';
import { TakerFees } from '../../../src/market/fees.ts';
import { type InstrumentIndex, instrumentIndex } from '../../../src/market/instrument.ts';
import { LADDER_LEGS } from '../../../src/market/legs/ladder-legs.ts';
import { TOP, TOP_FLAG } from '../../../src/messages/market-messages.ts';
import { writeInt64 } from '../../../src/money/int64.ts';
import { isLess } from '../../../src/money/rational.ts';
import { type Chance, seededChance } from '../../../src/platform/chance.ts';
import { CycleScreen } from '../../../src/strategies/cycle/cycle-screen.ts';
import { SEEN } from '../../../src/strategies/strategy.ts';
import { directoryOf } from '../../support/directory-of.ts';

const NAMES = ['A', 'B', 'C', 'D', 'E', 'F', 'G'];
const SYMBOLS = NAMES.flatMap((base, index) => NAMES.slice(index + 1).map((quote) => `${base}/${quote}`));

describe('cycle screen', () => {
  for (const cycleLength of [3, 4] as const) {
    test(`trees and scans see the same of every top, in cycles up to ${cycleLength}`, () => {
      fc.assert(
        fc.property(fc.integer(), (seed) => {
          const chance = seededChance(seed);
          const { market, table } = randomMarket(chance, cycleLength);
          const leastMultiplier = 1;
          const scanning = new CycleScreen(market, table, { leastMultiplier, busyFrom: Number.POSITIVE_INFINITY });
          const asking = new CycleScreen(market, table, { leastMultiplier, busyFrom: 2 });
          for (let message = 0; message < 150; message++) {
            const instrument = randomTop(market, chance);
            scanning.screen(instrumentIndex(instrument));
            asking.screen(instrumentIndex(instrument));
            expect(asking.seen).toEqual(scanning.seen);
            expect(passed(asking)).toEqual(passed(scanning));
          }
        }),
        { numRuns: 20, seed: 20_260_807 },
      );
    });
  }

  test('lets every cycle through that exact fractions put above the threshold, ties included', () => {
    let above = 0;
    fc.assert(
      fc.property(fc.integer(), fc.constantFrom(0.99, 1, 1.01), (seed, leastMultiplier) => {
        const chance = seededChance(seed);
        const { market, table } = randomMarket(chance, 4);
        const screen = new CycleScreen(market, table, { leastMultiplier });
        const threshold = { numerator: BigInt(Math.round(leastMultiplier * 100)), denominator: 100n };
        for (let message = 0; message < 40; message++) {
          const instrument = randomTop(market, chance);
          screen.screen(instrumentIndex(instrument));
          const exact = exactlyAbove(market, table, instrumentIndex(instrument), threshold);
          above += exact.length;
          expect(passed(screen)).toEqual(expect.arrayContaining(exact));
          expect(screen.seen[SEEN.EVALUATED]).toBe(complete(market, table, instrumentIndex(instrument)).length);
        }
      }),
      { numRuns: 20, seed: 20_260_808 },
    );
    expect(above).toBeGreaterThan(100);
  });
});

const passed = (screen: CycleScreen): number[] => [...screen.candidates.subarray(0, screen.passed)];

function randomMarket(chance: Chance, cycleLength: 3 | 4): { market: Market; table: CycleTable } {
  const directory = directoryOf(SYMBOLS.filter(() => chance.integer(4) > 0));
  const fees = {
    takerPctByTier: ['0.8'],
    tier: 1,
    taker_pct: ['0', '0.1'][chance.integer(2)],
    pairs_taker_pct: { 'A/B': '0.3' },
  };
  const market = new Market(64, new TakerFees(fees, new FeeTable(createFeeTableMemory(64))), directory);
  return { market, table: findCycles(directory, { startAssets: [], cycleLength }) };
}

/** Prices near 1, few enough that ties happen; now and then an empty side or no book. */
function randomTop(market: Market, chance: Chance): number {
  const instrument = chance.integer(market.directory.instruments.length);
  const view = new DataView(new ArrayBuffer(TOP.SIZE));
  const kind = chance.integer(12);
  view.setUint32(TOP.instrument, instrument, true);
  view.setUint8(TOP.flags, kind === 0 ? 0 : TOP_FLAG.VALID);
  const bid = 95 + chance.integer(6);
  writeInt64(view, TOP.bidPriceTicks, kind === 1 ? 0 : bid);
  writeInt64(view, TOP.bidQtyLots, kind === 1 ? 0 : 1 + chance.integer(50));
  writeInt64(view, TOP.askPriceTicks, kind === 2 ? 0 : bid + 1 + chance.integer(6));
  writeInt64(view, TOP.askQtyLots, kind === 2 ? 0 : 1 + chance.integer(50));
  market.takeTop(view, 0);
  return instrument;
}

function complete(market: Market, { count, ...table }: CycleTable, instrument: InstrumentIndex): number[] {
  return Array.from({ length: count }, (_, cycle) => cycle).filter((cycle) => {
    const edges = edgesOfCycle({ count, ...table }, cycle);
    const isTouched = edges.some((edge) => instrumentOfEdge(edge) === instrument);
    return isTouched && edges.every((edge) => market.touchPrice(edge) > 0n);
  });
}

function exactlyAbove(
  market: Market,
  table: CycleTable,
  instrument: InstrumentIndex,
  threshold: { numerator: bigint; denominator: bigint },
): number[] {
  return complete(market, table, instrument).filter((cycle) => {
    const legs = edgesOfCycle(table, cycle).map((edge) =>
      LADDER_LEGS.touch(market.terms(edge)!, market.touchPrice(edge), market.touchQty(edge)),
    );
    return isLess(threshold, cycleTouch(legs).net);
  });
}
