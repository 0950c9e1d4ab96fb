/**
 * What a cycle comes to at the touch, exactly: its multiplier before and after fees, and how much of it the best levels
 * carry. Fractions of integers until the single rounding at the end.
 */

import { EDGE_DECIMALS, parseDecimal, type Units, units } from '../../money/money.ts';
import { type Fraction, isLess, nearestDouble, ONE, times } from '../../money/rational.ts';
import type { LegTouch } from '../legs/leg.ts';

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

/** The touch of the cycle of `legs`, in trading order. */
export function cycleTouch(legs: readonly LegTouch[]): CycleTouch {
  let gross = ONE;
  let net = ONE;
  let start: Fraction | undefined;
  for (const leg of legs) {
    const room = times(leg.room, { numerator: net.denominator, denominator: net.numerator });
    if (start === undefined || isLess(room, start)) start = room;
    gross = times(gross, leg.grossRate);
    net = times(net, leg.netRate);
  }
  return {
    grossMultiplier: nearestDouble(gross.numerator, gross.denominator),
    netMultiplier: nearestDouble(net.numerator, net.denominator),
    net,
    startUnits: units(start === undefined ? 0n : nearest(start)),
  };
}

const nearest = ({ numerator, denominator }: Fraction): bigint => (2n * numerator + denominator) / (2n * denominator);

/**
 * The net multiplier that a cycle has to exceed: 1 + `bps` / 10,000, exactly.
 * @throws DECIMAL_DOES_NOT_FIT when `bps` has more than 12 decimals.
 */
export function leastMultiplier(bps: number): Fraction {
  const denominator = 10_000n * 10n ** BigInt(EDGE_DECIMALS);
  const edge = parseDecimal(String(bps), EDGE_DECIMALS, 'strategy.min_edge_bps');
  return { numerator: denominator + edge, denominator };
}
