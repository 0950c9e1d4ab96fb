/**
 * The leg model of a venue with order books that takes its fee in the asset received and rounds every fill by itself: see
 * {@link LadderLeg}.
 */

import { divideDown, divideUp, type Lots, lots, PPM, type Ticks, ticks } from '../../money/money.ts';
import { type Fraction, powerOfTen, times } from '../../money/rational.ts';
import { BUY } from '../../money/side.ts';
import { LadderLeg } from './ladder-leg.ts';
import type { LegModel, LegTerms, LegTouch } from './leg.ts';

const BPS = 10_000n;

export const LADDER_LEGS: LegModel = {
  leg: (terms, ladder) => new LadderLeg(terms, ladder),
  touch: touchOf,
  ticksWithinLoss,
};

const keptOf = ({ feePpm }: LegTerms): Fraction => ({ numerator: PPM - BigInt(feePpm), denominator: PPM });

function touchOf(terms: LegTerms, priceTicks: Ticks, qtyLots: Lots): LegTouch {
  const grossRate = rateOf(terms, priceTicks);
  const room = terms.side === BUY ? quoteUnits(terms, priceTicks * qtyLots) : baseUnits(terms, qtyLots);
  return { terms, priceTicks, qtyLots, grossRate, netRate: times(grossRate, keptOf(terms)), room };
}

function rateOf(terms: LegTerms, priceTicks: Ticks): Fraction {
  const quote = quoteUnits(terms, priceTicks);
  const base = baseUnits(terms, lots(1n));
  const [spent, received] = terms.side === BUY ? [quote, base] : [base, quote];
  return times(received, { numerator: spent.denominator, denominator: spent.numerator });
}

function ticksWithinLoss(terms: LegTerms, referenceTicks: Ticks, lossMaxBps: number): Ticks {
  const { priceIncrement } = terms.instrument;
  const step = priceIncrement > 0n ? priceIncrement : 1n;
  const left = BPS - BigInt(lossMaxBps);
  const kept = keptOf(terms);
  if (terms.side === BUY) {
    return ticks(divideDown(referenceTicks * BPS * kept.numerator, left * kept.denominator * step) * step);
  }
  return ticks(divideUp(referenceTicks * left * kept.denominator, BPS * kept.numerator * step) * step);
}

function baseUnits({ base, instrument }: LegTerms, qtyLots: Lots): Fraction {
  const [up, down] = powerOfTen(base.precision - instrument.qtyPrecision);
  return { numerator: qtyLots * up, denominator: down };
}

function quoteUnits({ quote, instrument }: LegTerms, raw: bigint): Fraction {
  const [up, down] = powerOfTen(quote.precision - instrument.pricePrecision - instrument.qtyPrecision);
  return { numerator: raw * up, denominator: down };
}
