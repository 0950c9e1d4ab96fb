import { describe, expect, test } from 'vitest';
import { judgeFee } from '../../../src/actors/sequencer/fees/fee-surprise.ts';
import { assetIndex, type Instrument, InstrumentDirectory } from '../../../src/market/instrument.ts';
import { lots, type Units, units } from '../../../src/money/money.ts';
import { seededChance } from '../../../src/platform/chance.ts';
import { ASSETS, BTC_USD, PAIRS } from './sequencer-stage.ts';

const directory = new InstrumentDirectory();
directory.apply({ assets: ASSETS.map((asset) => ({ ...asset, precision: 10 })), instruments: PAIRS });
const instrument = directory.instruments[BTC_USD] as Instrument;
const { base, quote } = instrument;
/** One dollar, in units of ten decimals. */
const USD = 10n ** 10n;
const judge = (costUnits: Units, feeUnits: Units, knownPpm: number, feeAsset = quote, qtyLots = 0n) =>
  judgeFee({ qtyLots: lots(qtyLots), costUnits, feeUnits, feeAsset }, knownPpm, instrument, instrument, directory);

describe('the rate that a fill shows', () => {
  test('is as known, or less', () => {
    expect(judge(units(2_000n * USD), units(8n * USD), 4_000)).toEqual({ kind: 'expected' });
    expect(judge(units(2_000n * USD), units(2n * USD), 4_000)).toEqual({ kind: 'expected' });
    expect(judge(units(2_000n * USD), units(0n), 0)).toEqual({ kind: 'expected' });
  });

  test('is dearer, whatever the figure ends in', () => {
    expect(judge(units(2_000n * USD), units(8n * USD), 100)).toEqual({ kind: 'dearer', ppm: 4_000 });
    expect(judge(units(2_500n * USD), units(10n * USD), 100)).toEqual({ kind: 'dearer', ppm: 4_000 });
    expect(judge(units(2_000n * USD), units(80_123_000_000n), 4_000)).toEqual({ kind: 'dearer', ppm: 4_006 });
    expect(judge(units(2_000n * USD), units(3_000n * USD), 4_000)).toEqual({ kind: 'dearer', ppm: 1_000_000 });
  });

  test('is read in base too, and in nothing else', () => {
    const lots = 10n ** BigInt(instrument.qtyPrecision); // one coin
    expect(judge(units(0n), units(40_000_000n), 4_000, base, lots)).toEqual({ kind: 'expected' });
    expect(judge(units(0n), units(40_000_000n), 2_600, base, lots)).toEqual({ kind: 'dearer', ppm: 4_000 });
    const third = ASSETS.map(({ index }) => index).find((index) => index !== base && index !== quote) ?? -1;
    expect(judge(units(USD), units(USD), 2_600, assetIndex(third))).toEqual({ kind: 'not_comparable' });
    expect(judge(units(0n), units(USD), 2_600)).toEqual({ kind: 'not_comparable' });
  });

  test('is not dearer for the rounding of a ledger, however small the fill', () => {
    const chance = seededChance(20_261_128);
    for (const decimals of [2, 4, 8, 10]) {
      const step = 10n ** BigInt(10 - decimals);
      for (let round = 0; round < 2_000; round++) {
        const ppm = 100 + chance.integer(9_900);
        const cost = BigInt(1 + chance.integer(1_000_000_000)) * 10n ** BigInt(chance.integer(6));
        const exact = cost * BigInt(ppm);
        const up = (exact + 1_000_000n * step - 1n) / (1_000_000n * step);
        expect(judge(units(cost), units(up * step), ppm), `${cost} at ${ppm}`).toEqual({ kind: 'expected' });
      }
    }
  });
});
