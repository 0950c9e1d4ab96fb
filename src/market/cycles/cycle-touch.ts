/**
 * What a cycle comes to at the touch, exactly: its multiplier before and after fees, and how much of it the best levels
 * carry. Fractions of integers until the single rounding at the end.
 */

import { EDGE_DECIMALS, type Lots, lots, PPM, parseDecimal, type Ticks, type Units, units } from '../../money/money.ts';
import { nearestDouble } from '../../money/rational.ts';
import { BUY } from '../../money/side.ts';
import { type LegTerms, powerOfTen } from './cycle-leg.ts';

/** The best level a leg takes from: the ask when buying, the bid when selling. Both numbers are positive. */
export interface LegTouch {
  readonly terms: LegTerms;
  readonly priceTicks: Ticks;
  readonly qtyLots: Lots;
}

export interface CycleTouch {
  /** Before fees, rounded once. */
  readonly grossMultiplier: number;
  /** After fees, rounded once. */
  readonly netMultiplier: number;
  /** The net multiplier itself. */
  readonly net: Fraction;
  /**
   * Most units of the asset the first leg spends that every leg can take at its touch, fees considered, to the nearest
   * unit: a measure, not an order.
   */
  readonly startUnits: Units;
}

export interface Fraction {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

/** The touch of the cycle of `legs`, in trading order. */
export function cycleTouch(legs: readonly LegTouch[]): CycleTouch {
  let gross = ONE;
  let net = ONE;
  let start: Fraction | undefined;
  for (const leg of legs) {
    const room = times(roomOf(leg), { numerator: net.denominator, denominator: net.numerator });
    if (start === undefined || isLess(room, start)) start = room;
    const rate = rateOf(leg);
    gross = times(gross, rate);
    net = times(times(net, rate), { numerator: PPM - BigInt(leg.terms.feePpm), denominator: PPM });
  }
  return {
    grossMultiplier: nearestDouble(gross.numerator, gross.denominator),
    netMultiplier: nearestDouble(net.numerator, net.denominator),
    net,
    startUnits: units(start === undefined ? 0n : nearest(start)),
  };
}

const nearest = ({ numerator, denominator }: Fraction): bigint => (2n * numerator + denominator) / (2n * denominator);

/** Whether `a` is less than `b`; denominators are positive. */
export function isLess(a: Fraction, b: Fraction): boolean {
  return a.numerator * b.denominator < b.numerator * a.denominator;
}

/**
 * The net multiplier that a cycle has to exceed: 1 + `bps` / 10,000, exactly.
 * @throws DECIMAL_DOES_NOT_FIT when `bps` has more than 12 decimals.
 */
export function leastMultiplier(bps: number): Fraction {
  const denominator = 10_000n * 10n ** BigInt(EDGE_DECIMALS);
  const edge = parseDecimal(String(bps), EDGE_DECIMALS, 'strategy.min_edge_bps');
  return { numerator: denominator + edge, denominator };
}

const ONE: Fraction = { numerator: 1n, denominator: 1n };

const times = (a: Fraction, b: Fraction): Fraction => ({
  numerator: a.numerator * b.numerator,
  denominator: a.denominator * b.denominator,
});

/** Units of the asset spent that the best level takes. */
function roomOf({ terms, priceTicks, qtyLots }: LegTouch): Fraction {
  if (terms.side !== BUY) return baseUnits(terms, qtyLots);
  return quoteUnits(terms, priceTicks * qtyLots);
}

/** Units received per unit spent, before the fee. */
function rateOf({ terms, priceTicks }: LegTouch): Fraction {
  const quote = quoteUnits(terms, priceTicks);
  const base = baseUnits(terms, lots(1n));
  const spent = terms.side === BUY ? quote : base;
  const received = terms.side === BUY ? base : quote;
  return {
    numerator: received.numerator * spent.denominator,
    denominator: received.denominator * spent.numerator,
  };
}

function baseUnits({ base, instrument }: LegTerms, qtyLots: Lots): Fraction {
  const [up, down] = powerOfTen(base.precision - instrument.qtyPrecision);
  return { numerator: qtyLots * up, denominator: down };
}

function quoteUnits({ quote, instrument }: LegTerms, raw: bigint): Fraction {
  const [up, down] = powerOfTen(quote.precision - instrument.pricePrecision - instrument.qtyPrecision);
  return { numerator: raw * up, denominator: down };
}
