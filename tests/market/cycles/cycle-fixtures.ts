/** Random small cycles for tests of cycle arithmetic: instruments, fees and ladders, all from one fast-check value. */

import fc from 'fast-check';
import { type BookSide, createBookCopy } from '../../../src/market/book-table.ts';
import { type Asset, assetIndex, type Instrument, instrumentIndex } from '../../../src/market/instrument.ts';
import { LADDER_LEGS } from '../../../src/market/legs/ladder-legs.ts';
import type { Leg, LegTerms } from '../../../src/market/legs/leg.ts';
import { lots, ticks, units } from '../../../src/money/money.ts';
import { BUY, SELL, type Side } from '../../../src/money/side.ts';

export interface LegDraw {
  readonly side: Side;
  readonly pricePrecision: number;
  readonly qtyPrecision: number;
  readonly feePpm: number;
  readonly increment: bigint;
  readonly qtyMin: bigint;
  readonly costMin: bigint;
  /** Best price, and what each further level adds to its distance and holds. */
  readonly price: bigint;
  readonly levels: readonly { readonly gap: bigint; readonly qty: bigint }[];
}

export interface CycleDraw {
  readonly legs: readonly LegDraw[];
  readonly assetPrecisions: readonly number[];
}

const big = (min: number, max: number) => fc.bigInt(BigInt(min), BigInt(max));

const legDraw: fc.Arbitrary<LegDraw> = fc.record({
  side: fc.constantFrom<Side>(BUY, SELL),
  pricePrecision: fc.constantFrom(2, 2, 2, 2, 1),
  qtyPrecision: fc.constantFrom(0, 0, 1, 2),
  feePpm: fc.constantFrom(0, 0, 1, 500, 2_600, 8_000, 20_000),
  increment: fc.constantFrom(1n, 1n, 1n, 2n, 5n, 7n),
  qtyMin: big(0, 12),
  costMin: big(0, 15),
  price: big(60, 140),
  levels: fc.array(fc.record({ gap: big(0, 8), qty: big(1, 60) }), { minLength: 1, maxLength: 4 }),
});

export const cycleDraw = (length: 3 | 4): fc.Arbitrary<CycleDraw> =>
  fc.record({
    legs: fc.array(legDraw, { minLength: length, maxLength: length }),
    assetPrecisions: fc.array(fc.constantFrom(0, 1, 2, 2, 3, 4), { minLength: length, maxLength: length }),
  });

/** Leg `i` spends asset `i` and brings asset `i + 1`. */
export function termsOf({ legs, assetPrecisions }: CycleDraw): LegTerms[] {
  const assets = assetPrecisions.map(
    (precision, index): Asset => ({ index: assetIndex(index), id: `A${index}`, precision }),
  );
  return legs.map((leg, index) => {
    const spent = assets[index]!;
    const received = assets[(index + 1) % assets.length]!;
    const [base, quote] = leg.side === BUY ? [received, spent] : [spent, received];
    const instrument: Instrument = {
      index: instrumentIndex(index),
      symbol: `${base.id}/${quote.id}`,
      base: base.index,
      quote: quote.index,
      status: 'online',
      pricePrecision: leg.pricePrecision,
      qtyPrecision: leg.qtyPrecision,
      costPrecision: 8,
      priceIncrement: ticks(1n),
      qtyIncrement: lots(leg.increment),
      qtyMin: lots(leg.qtyMin),
      costMin: units(leg.costMin),
    };
    return { instrument, side: leg.side, base, quote, feePpm: leg.feePpm };
  });
}

export function ladderOf({ side, price, levels }: LegDraw): BookSide {
  const ladder = createBookCopy(levels.length).asks;
  let at = side === BUY ? price - 20n : price + 20n; // so that many cycles pay
  for (const [index, { gap, qty }] of levels.entries()) {
    if (index > 0) at += side === BUY ? gap + 1n : -gap - 1n;
    ladder.priceTicks[index] = at;
    ladder.qtyLots[index] = qty;
  }
  ladder.count = levels.length;
  return ladder;
}

export function legsOf(draw: CycleDraw): Leg[] {
  const terms = termsOf(draw);
  return draw.legs.map((leg, index) => LADDER_LEGS.leg(terms[index]!, ladderOf(leg)));
}
