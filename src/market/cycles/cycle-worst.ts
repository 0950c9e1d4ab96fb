/** What a cycle comes to when the venue's ledger rounds as often as it can: the books do not show how many fills a size meets. */

import { type Lots, NO_UNITS, type Units } from '../../money/money.ts';
import { type Fraction, isLess, ONE } from '../../money/rational.ts';
import type { Leg } from '../legs/leg.ts';

/**
 * What the cycle comes to at worst when its first order is `firstLots`: every level in as many fills as it is reckoned to
 * have ({@link FILLS_PER_LEVEL_MAX}), each rounded against us. Undefined when an order would be below a minimum then.
 */
export function worstOfCycle(
  legs: readonly Leg[],
  firstLots: Lots,
): { startUnits: Units; endUnits: Units } | undefined {
  let amount = NO_UNITS;
  for (const [index, leg] of legs.entries()) {
    const order = index === 0 ? firstLots : leg.lotsForAtWorst(amount);
    if (leg.lotsMin === undefined || order < leg.lotsMin) return undefined;
    amount = leg.receivedAtWorst(order);
  }
  return { startUnits: (legs[0] as Leg).spentAtWorst(firstLots), endUnits: amount };
}

/**
 * Whether the cycle of that first order pays at worst, too: what pays only as long as no level comes in several fills
 * does not. A caller that allows a loss (`leastMultiplier` below 1) allows it here as well.
 */
export function paysAtWorst(legs: readonly Leg[], firstLots: Lots, leastMultiplier: Fraction): boolean {
  const worst = worstOfCycle(legs, firstLots);
  const bar = isLess(leastMultiplier, ONE) ? leastMultiplier : ONE;
  return worst !== undefined && isLess(bar, { numerator: worst.endUnits, denominator: worst.startUnits });
}
