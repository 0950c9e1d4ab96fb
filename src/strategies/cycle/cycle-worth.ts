/**
 * What an amount at one place of a cycle is worth at another, by the mid prices of the cycle's own pairs: so that sizes
 * which start from different assets can be compared. Exact fractions.
 */

import type { LegTerms } from '../../market/legs/leg.ts';
import type { Ticks, Units } from '../../money/money.ts';
import { type Fraction, powerOfTen } from '../../money/rational.ts';
import { BUY } from '../../money/side.ts';

/** A leg and the touch of its book; a side without orders is 0. */
export interface LegMid {
  readonly terms: LegTerms;
  readonly bidTicks: Ticks;
  readonly askTicks: Ticks;
}

/**
 * Units of the asset that the first leg spends which `units` of the asset that leg `place` spends are worth. Converted
 * along the cycle in the shorter direction: in a cycle of three every asset has a pair with the first one.
 */
export function worthAtStart(legs: readonly LegMid[], place: number, units: Units): Fraction {
  const isForward = legs.length - place < place;
  const route = isForward ? legs.slice(place) : legs.slice(0, place).reverse();
  let worth: Fraction = { numerator: units, denominator: 1n };
  for (const leg of route) {
    const [up, down] = unitsOfQuotePerBase(leg);
    const fromQuote = (leg.terms.side === BUY) === isForward; // going on, a purchase turns quote into base
    const [times, over] = fromQuote ? [down, up] : [up, down];
    worth = { numerator: worth.numerator * times, denominator: worth.denominator * over };
  }
  return worth;
}

/** Of a book with one side that side's price stands in for the mid. */
function unitsOfQuotePerBase({ terms: { instrument, base, quote }, bidTicks, askTicks }: LegMid): [bigint, bigint] {
  const twice = bidTicks === 0n || askTicks === 0n ? 2n * (bidTicks + askTicks) : bidTicks + askTicks;
  const [up, down] = powerOfTen(quote.precision - base.precision - instrument.pricePrecision);
  return [twice * up, 2n * down];
}
