import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LADDER_LEGS } from '../../../src/market/legs/ladder-legs.ts';
import { lots, smaller, ticks, units } from '../../../src/money/money.ts';
import { isLess } from '../../../src/money/rational.ts';
import { BUY } from '../../../src/money/side.ts';
import { cycleDraw, ladderOf, legsOf, termsOf } from '../cycles/cycle-fixtures.ts';

const SEED = 20_261_128;

describe('legs on an order book', () => {
  test('name what they spend, what they receive and what their fee is taken in', () => {
    fc.assert(
      fc.property(cycleDraw(3), (draw) => {
        for (const { terms, spends, receives, feeAsset, lotStep } of legsOf(draw)) {
          const [spent, received] = terms.side === BUY ? [terms.quote, terms.base] : [terms.base, terms.quote];
          expect([spends, receives, feeAsset]).toEqual([spent, received, received]);
          expect(lotStep).toBe(terms.instrument.qtyIncrement);
        }
      }),
      { seed: SEED, numRuns: 50 },
    );
  });

  test('an amount covers the largest order that costs no more than it at the limit', () => {
    fc.assert(
      fc.property(cycleDraw(3), fc.bigInt(1n, 5_000n), fc.bigInt(1n, 300n), (draw, drawn, price) => {
        for (const leg of legsOf(draw)) {
          const [amount, limit] = [units(drawn), ticks(price)];
          const covered = leg.lotsForAtLimit(amount, limit);
          expect(covered % leg.lotStep).toBe(0n);
          expect(leg.spentAtLimit(covered, limit) <= amount).toBe(true);
          const more = lots(covered + leg.lotStep);
          if (leg.terms.side === BUY || more <= leg.lotsMax) {
            expect(leg.spentAtLimit(more, limit) > amount).toBe(true);
          }
        }
      }),
      { seed: SEED, numRuns: 500 },
    );
  });

  test('the rate at the touch bounds what any order brings, and the fee is what is between gross and net', () => {
    fc.assert(
      fc.property(cycleDraw(3), (draw) => {
        for (const [index, terms] of termsOf(draw).entries()) {
          const ladder = ladderOf(draw.legs[index]!);
          const touch = LADDER_LEGS.touch(terms, ticks(ladder.priceTicks[0]!), lots(ladder.qtyLots[0]!));
          const leg = LADDER_LEGS.leg(terms, ladder);
          const order = smaller(leg.lotsMax, lots(leg.lotStep * 3n));
          const rate = { numerator: leg.received(order), denominator: leg.spent(order) };
          expect(order === 0n || rate.denominator === 0n || !isLess(touch.netRate, rate)).toBe(true);
          expect(isLess(touch.netRate, touch.grossRate)).toBe(terms.feePpm > 0);
        }
      }),
      { seed: SEED, numRuns: 500 },
    );
  });

  test('the worst price within a loss still brings that part of the worth, the next step beyond does not', () => {
    fc.assert(
      fc.property(cycleDraw(3), fc.integer({ min: 0, max: 5_000 }), (draw, lossMaxBps) => {
        for (const terms of termsOf(draw)) {
          const reference = ticks(1_000_000n);
          const bound = LADDER_LEGS.ticksWithinLoss(terms, reference, lossMaxBps);
          const beyond = ticks(terms.side === BUY ? bound + 1n : bound - 1n);
          const isWithin = (price: bigint) => {
            const [more, less] = terms.side === BUY ? [reference, price] : [price, reference];
            return more * BigInt(1_000_000 - terms.feePpm) * 10_000n >= less * 1_000_000n * BigInt(10_000 - lossMaxBps);
          };
          expect([isWithin(bound), isWithin(beyond)]).toEqual([true, false]);
        }
      }),
      { seed: SEED, numRuns: 200 },
    );
  });
});
