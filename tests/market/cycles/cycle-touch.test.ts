import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { executeCycle } from '../../../src/market/cycles/cycle-sizing.ts';
import { cycleTouch } from '../../../src/market/cycles/cycle-touch.ts';
import { type Asset, assetIndex, type Instrument, instrumentIndex } from '../../../src/market/instrument.ts';
import { LADDER_LEGS } from '../../../src/market/legs/ladder-legs.ts';
import type { LegTouch } from '../../../src/market/legs/leg.ts';
import { lots, ticks, units } from '../../../src/money/money.ts';
import { nearestDouble } from '../../../src/money/rational.ts';
import { BUY, SELL, type Side } from '../../../src/money/side.ts';
import { type CycleDraw, cycleDraw, ladderOf, legsOf, termsOf } from './cycle-fixtures.ts';

const SEED = 20_260_803;

describe('cycle touch', () => {
  test('the triangle of the captures: 1.000015823987 gross, 0.0003897427 BTC', () => {
    // Tops of the Gemini capture at row 591: BTC/USD bid, ETH/USD ask, ETH/BTC bid are what the cycle takes.
    const free = cycleTouch(row591(0));
    expect(free.startUnits).toBe(3_897_427n);
    expect(free.grossMultiplier.toFixed(12)).toBe('1.000015823987');
    expect(free.netMultiplier).toBe(free.grossMultiplier);
    const paid = cycleTouch(row591(2_600));
    expect(paid.grossMultiplier).toBe(free.grossMultiplier);
    expect(paid.netMultiplier).toBeCloseTo(free.grossMultiplier * 0.9974 ** 3, 14);
  });

  test('multipliers agree with floats to their precision, for every side and precision', () => {
    fc.assert(
      fc.property(cycleDraw(4), (draw) => {
        const { grossMultiplier, netMultiplier } = cycleTouch(touchesOf(draw));
        let [gross, kept] = [1, 1];
        for (const leg of draw.legs) {
          const price = Number(ladderOf(leg).priceTicks[0]) / 10 ** leg.pricePrecision;
          gross *= leg.side === 0 ? 1 / price : price;
          kept *= 1 - leg.feePpm / 1e6;
        }
        expect(Math.abs(grossMultiplier / gross - 1)).toBeLessThan(1e-14);
        expect(Math.abs(netMultiplier / (gross * kept) - 1)).toBeLessThan(1e-14);
      }),
      { numRuns: 2_000, seed: SEED },
    );
  });

  test('the touch carries its start quantity to within a unit, and not one unit more', () => {
    fc.assert(
      fc.property(cycleDraw(3), (draw) => {
        const { startUnits } = cycleTouch(touchesOf(draw));
        expect(fitsTouch(draw, Number(startUnits) - 0.5)).toBe(true);
        expect(fitsTouch(draw, Number(startUnits) + 1)).toBe(false);
      }),
      { numRuns: 2_000, seed: SEED },
    );
  });

  test('no size ever comes to more than the net multiplier at the touch', () => {
    fc.assert(
      fc.property(cycleDraw(3), fc.bigInt(1n, 100n), (draw, steps) => {
        const legs = legsOf(draw);
        const order = steps * draw.legs[0]!.increment;
        if (order > legs[0]!.lotsMax) return;
        const executed = executeCycle(legs, lots(order));
        if (executed === undefined) return;
        // Across assets of one cycle the start and end asset are the same, so units compare directly.
        const { net } = cycleTouch(touchesOf(draw));
        expect(executed.endUnits * net.denominator <= executed.startUnits * net.numerator).toBe(true);
      }),
      { numRuns: 2_000, seed: SEED },
    );
  });
});

describe('nearest double', () => {
  test('rounds a fraction once, ties to even', () => {
    expect(nearestDouble(1n, 3n)).toBe(1 / 3);
    expect(nearestDouble(2n ** 53n + 1n, 1n)).toBe(2 ** 53);
    expect(nearestDouble(2n ** 53n + 3n, 1n)).toBe(2 ** 53 + 4);
    expect(nearestDouble((2n ** 53n + 1n) * 10n ** 40n + 1n, 10n ** 40n)).toBe(2 ** 53 + 2);
    expect(nearestDouble(0n, 7n)).toBe(0);
  });

  test('agrees with division wherever both integers are doubles', () => {
    const integer = fc.maxSafeNat().filter((value) => value > 0);
    fc.assert(
      fc.property(integer, integer, (a, b) => nearestDouble(BigInt(a), BigInt(b)) === a / b),
      { seed: SEED, numRuns: 5_000 },
    );
  });
});

function touchesOf(draw: CycleDraw): LegTouch[] {
  return termsOf(draw).map((terms, index) => {
    const ladder = ladderOf(draw.legs[index]!);
    return LADDER_LEGS.touch(terms, ticks(ladder.priceTicks[0]!), lots(ladder.qtyLots[0]!));
  });
}

/** Whether every leg's input, in floats, is within its best level; within a hair counts as within. */
function fitsTouch(draw: CycleDraw, startUnits: number): boolean {
  const touches = touchesOf(draw);
  let amount = startUnits / 10 ** draw.assetPrecisions[0]!;
  return touches.every(({ terms, priceTicks, qtyLots }, index) => {
    const leg = draw.legs[index]!;
    const price = Number(priceTicks) / 10 ** leg.pricePrecision;
    const qty = Number(qtyLots) / 10 ** leg.qtyPrecision;
    const fits = amount <= (leg.side === 0 ? qty * price : qty) * (1 + 1e-12);
    amount *= (leg.side === 0 ? 1 / price : price) * (1 - terms.feePpm / 1e6);
    return fits;
  });
}

function row591(feePpm: number): LegTouch[] {
  const asset = (index: number, id: string) => ({ index: assetIndex(index), id, precision: 10 });
  const [usd, btc, eth] = [asset(0, 'USD'), asset(1, 'BTC'), asset(2, 'ETH')];
  const steps = { priceIncrement: ticks(1n), qtyIncrement: lots(1n), qtyMin: lots(1n), costMin: units(1n) };
  const pair = (
    base: Asset,
    quote: Asset,
    pricePrecision: number,
    side: Side,
    price: bigint,
    qty: bigint,
  ): LegTouch => {
    const names = { index: instrumentIndex(0), symbol: `${base.id}/${quote.id}`, base: base.index, quote: quote.index };
    const decimals = { pricePrecision, qtyPrecision: 8, costPrecision: 8 };
    const instrument: Instrument = { ...names, ...decimals, ...steps, status: 'online' };
    return LADDER_LEGS.touch({ instrument, side, base, quote, feePpm }, ticks(price), lots(qty));
  };
  return [
    pair(btc, usd, 2, SELL, 6_075_000n, 7_118_481n),
    pair(eth, usd, 2, BUY, 236_982n, 999_100n),
    pair(eth, btc, 5, SELL, 3_901n, 836_955_400n),
  ];
}
