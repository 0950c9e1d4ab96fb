import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { executeCycle, sizeCycle } from '../../../src/market/cycles/cycle-sizing.ts';
import { worstOfCycle } from '../../../src/market/cycles/cycle-worst.ts';
import { FILLS_PER_LEVEL_MAX } from '../../../src/market/legs/ladder-leg.ts';
import { type Lots, lots, ticks, type Units, units } from '../../../src/money/money.ts';
import { BUY } from '../../../src/money/side.ts';
import { checkConfig } from '../../../src/settings/read-config.ts';
import { type CycleDraw, cycleDraw, ladderOf, legsOf, termsOf } from './cycle-fixtures.ts';

const SEED = 20_260_802;
const DEFAULT_STEPS = checkConfig({}).strategy.sizing_steps_max;
const UNBOUNDED_STEPS = { stepsMax: 1_000_000 };

describe('cycle sizing', () => {
  for (const length of [3, 4] as const) {
    test(`earns exactly what the best of all sizes earns, in cycles of ${length}`, () => {
      let profitable = 0;
      fc.assert(
        fc.property(
          cycleDraw(length),
          fc.option(fc.bigInt(0n, 20_000n).map(units), { nil: undefined }),
          (draw, budgetUnits) => {
            const best = bruteForce(draw, budgetUnits);
            const size = sizeCycle(legsOf(draw), { budgetUnits, ...UNBOUNDED_STEPS });
            expect(size === undefined ? 0n : size.endUnits - size.startUnits).toBe(best);
            if (size !== undefined) expect(size.shortfallMaxUnits).toBe(0n);
            if (best > 0n) profitable++;
          },
        ),
        { numRuns: 1_200, seed: SEED },
      );
      expect(profitable).toBeGreaterThan(60); // the draw does reach the interesting part
    });
  }

  test('no order breaks a step, a minimum, the ladder or what the leg before brought', () => {
    fc.assert(
      fc.property(cycleDraw(3), fc.bigInt(1n, 2_000n), (draw, budgetUnits) => {
        const size = sizeCycle(legsOf(draw), { budgetUnits: units(budgetUnits), ...UNBOUNDED_STEPS });
        if (size === undefined) return;
        expect(size.startUnits).toBeLessThanOrEqual(budgetUnits);
        let held = size.startUnits;
        for (const [index, fill] of size.fills.entries()) {
          const leg = draw.legs[index]!;
          const naive = naiveFill(draw, index, fill.qtyLots)!;
          expect(fill.qtyLots % leg.increment).toBe(0n);
          expect(fill.qtyLots).toBeGreaterThanOrEqual(leg.qtyMin);
          expect(naive.reachesCostMin).toBe(true);
          expect(naive.spent).toBeLessThanOrEqual(held);
          expect(fill).toEqual({ qtyLots: fill.qtyLots, ...naive.fill });
          held = units(naive.received);
        }
        expect(size.endUnits).toBe(held);
      }),
      { numRuns: 1_200, seed: SEED },
    );
  });

  test('with few steps it says how much better a size could be, and none is', () => {
    let cutShort = 0;
    fc.assert(
      fc.property(cycleDraw(3), (draw) => {
        const size = sizeCycle(legsOf(draw), { stepsMax: 2 });
        if (size === undefined) return;
        const best = bruteForce(draw, undefined);
        const profit = size.endUnits - size.startUnits;
        expect(size.steps).toBeLessThanOrEqual(2);
        expect(profit + size.shortfallMaxUnits).toBeGreaterThanOrEqual(best);
        if (size.shortfallMaxUnits > 0n) cutShort++;
      }),
      { numRuns: 1_200, seed: SEED },
    );
    expect(cutShort).toBeGreaterThan(0);
  });

  test('with tiny lots it stops within a hundred-thousandth of what could be earned, after few candidates', () => {
    const SCALE = 1_000_000n; // the drawn cycles, with quantities a million times as fine
    let profitable = 0;
    fc.assert(
      fc.property(cycleDraw(3), (draw) => {
        const fine: CycleDraw = {
          assetPrecisions: draw.assetPrecisions.map((precision) => precision + 6),
          legs: draw.legs.map((leg) => ({
            ...leg,
            qtyPrecision: leg.qtyPrecision + 6,
            qtyMin: leg.qtyMin * SCALE,
            costMin: leg.costMin * SCALE,
            levels: leg.levels.map(({ gap, qty }) => ({ gap, qty: qty * SCALE })),
          })),
        };
        const size = sizeCycle(legsOf(fine), { stepsMax: 4_096 });
        const profit = size === undefined ? 0n : size.endUnits - size.startUnits;
        // Whatever the coarse cycle earns, the fine one can earn too, but for the tolerance.
        const coarse = bruteForce(draw, undefined) * SCALE;
        expect(profit + profit / 100_000n + 1n).toBeGreaterThanOrEqual(coarse);
        if (size === undefined || profit < 100_000n) return;
        profitable++;
        const brief = sizeCycle(legsOf(fine), { stepsMax: DEFAULT_STEPS });
        const briefProfit = brief === undefined ? 0n : brief.endUnits - brief.startUnits;
        expect(briefProfit + profit / 1_000n).toBeGreaterThanOrEqual(profit);
        if (size.steps < 4_096) expect(size.shortfallMaxUnits).toBeLessThanOrEqual(profit / 100_000n);
      }),
      { numRuns: 1_200, seed: SEED },
    );
    expect(profitable).toBeGreaterThan(60);
  });
});

describe('the worst case', () => {
  test('no way in which levels can be split into fills comes to less, or costs more', () => {
    let worse = 0;
    fc.assert(
      fc.property(
        cycleDraw(3),
        fc.bigInt(1n, 60n),
        fc.array(fc.bigInt(1n, 9n), { minLength: 12, maxLength: 12 }),
        ({ legs: drawn, assetPrecisions }, firstSteps, cuts) => {
          const draw = { legs: drawn, assetPrecisions: assetPrecisions.map((precision) => precision + 2) };
          const firstLots = firstSteps * draw.legs[0]!.increment;
          if (levelTakes(draw, 0, firstLots) === undefined) return;
          const legs = legsOf(draw);
          const worst = worstOfCycle(legs, lots(firstLots));
          const expected = executeCycle(legs, lots(firstLots));
          if (worst === undefined) return;
          // If it is an order at worst, it is one when all goes as expected.
          expect(expected?.endUnits).toBeGreaterThanOrEqual(worst.endUnits);
          const real = executeSplit(draw, lots(firstLots), cuts)!;
          expect(real.startUnits).toBeLessThanOrEqual(worst.startUnits);
          expect(real.endUnits).toBeGreaterThanOrEqual(worst.endUnits);
          if (real.endUnits < expected!.endUnits) worse++;
        },
      ),
      { numRuns: 3_000, seed: SEED },
    );
    expect(worse).toBeGreaterThan(20); // splitting does cost something
  });
});

/** Every level comes in several fills; a leg spends no more than came in. */
function executeSplit(draw: CycleDraw, firstLots: Lots, cuts: readonly bigint[]) {
  let cut = 0;
  const split = ({ priceTicks, lots }: Take): Take[] => {
    const parts: Take[] = [];
    for (let left = lots; left > 0n; ) {
      const isLast = parts.length === FILLS_PER_LEVEL_MAX - 1;
      const wanted = isLast ? left : cuts[cut++ % cuts.length]!;
      const part = wanted < left ? wanted : left;
      parts.push({ priceTicks, lots: part });
      left -= part;
    }
    return parts;
  };
  const splitFill = (index: number, lots: Lots) => settle(draw, index, levelTakes(draw, index, lots)!.flatMap(split));
  const first = splitFill(0, firstLots);
  let held = first.received;
  for (const [index, leg] of draw.legs.entries()) {
    if (index === 0) continue;
    let order = 0n;
    for (let next = leg.increment; ; next += leg.increment) {
      const fill = naiveFill(draw, index, next);
      if (fill === undefined || splitFill(index, lots(next)).spent > held) break;
      order = next;
    }
    held = splitFill(index, lots(order)).received;
  }
  return { startUnits: first.spent, endUnits: held };
}

/** Every first order there is, each leg's order found by counting up. Slow and obvious. */
function bruteForce(draw: CycleDraw, budgetUnits: Units | undefined): bigint {
  const first = draw.legs[0]!;
  let best = 0n;
  for (let order = first.increment; ; order += first.increment) {
    const fill = naiveFill(draw, 0, order);
    if (fill === undefined || (budgetUnits !== undefined && fill.spent > budgetUnits)) return best;
    const end = naiveEnd(draw, order);
    if (end !== undefined && end - fill.spent > best) best = end - fill.spent;
  }
}

function naiveEnd(draw: CycleDraw, firstOrder: bigint): bigint | undefined {
  let order = firstOrder;
  let held = 0n;
  for (const [index, leg] of draw.legs.entries()) {
    if (index > 0) {
      order = 0n;
      for (let next = leg.increment; ; next += leg.increment) {
        const fill = naiveFill(draw, index, next);
        if (fill === undefined || fill.spent > held) break;
        order = next;
      }
    }
    const fill = naiveFill(draw, index, order);
    if (fill === undefined || order === 0n || order < leg.qtyMin || !fill.reachesCostMin) return undefined;
    held = fill.received;
  }
  return held;
}

/** Level by level, from the definition: each level a fill of its own. Undefined when the ladder holds less. */
function naiveFill(draw: CycleDraw, index: number, order: bigint) {
  const takes = levelTakes(draw, index, order);
  return takes === undefined ? undefined : settle(draw, index, takes);
}

interface Take {
  readonly priceTicks: bigint;
  readonly lots: bigint;
}

function levelTakes(draw: CycleDraw, index: number, order: bigint): Take[] | undefined {
  const ladder = ladderOf(draw.legs[index]!);
  const takes: Take[] = [];
  let left = order;
  for (let level = 0; level < ladder.count && left > 0n; level++) {
    const lots = left < ladder.qtyLots[level]! ? left : ladder.qtyLots[level]!;
    takes.push({ priceTicks: ticks(ladder.priceTicks[level]!), lots });
    left -= lots;
  }
  return left > 0n ? undefined : takes;
}

/** The venue's ledger: every fill is rounded for itself. */
function settle(draw: CycleDraw, index: number, fills: readonly Take[]) {
  const leg = draw.legs[index]!;
  const { base, quote } = termsOf(draw)[index]!;
  const rounds = (value: bigint, fromDecimals: number, toDecimals: number, up: boolean): bigint => {
    const scaled = value * 10n ** BigInt(toDecimals);
    const divisor = 10n ** BigInt(fromDecimals);
    return scaled / divisor + (up && scaled % divisor > 0n ? 1n : 0n);
  };
  const buys = leg.side === BUY;
  const rawDecimals = leg.pricePrecision + leg.qtyPrecision;
  let [raw, spent, received, costUnits, feeUnits, priceTicks] = [0n, 0n, 0n, 0n, 0n, 0n];
  for (const fill of fills) {
    const cost = rounds(fill.priceTicks * fill.lots, rawDecimals, quote.precision, buys);
    const bases = rounds(fill.lots, leg.qtyPrecision, base.precision, !buys);
    const gross = buys ? bases : cost;
    const fee = rounds(gross * BigInt(leg.feePpm), 6, 0, true);
    raw += fill.priceTicks * fill.lots;
    spent += buys ? cost : bases;
    received += gross - fee;
    costUnits += cost;
    feeUnits += fee;
    priceTicks = fill.priceTicks;
  }
  const reachesCostMin = raw * 10n ** BigInt(quote.precision) >= leg.costMin * 10n ** BigInt(rawDecimals);
  return { spent, received, reachesCostMin, fill: { priceTicks, costUnits, feeUnits } };
}
