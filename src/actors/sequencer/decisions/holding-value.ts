/** What a plan's holdings are worth by the prices it was decided at, and whether anybody would trade them. */

import type { Leg } from '../../../market/legs/leg.ts';
import {
  type Lots,
  largest,
  lots,
  NO_UNITS,
  negated,
  plus,
  smaller,
  type Ticks,
  type Units,
  units,
} from '../../../money/money.ts';
import { powerOfTen } from '../../../money/rational.ts';
import { BUY, opposite, type Side } from '../../../money/side.ts';
import type { NewestBooks } from '../model/newest-books.ts';
import type { Plan, PlanLeg } from '../model/plan.ts';

/** More lots than any order has; its product with a price is computed in BigInts and cannot overflow. */
const PLENTY = lots(2n ** 62n);

/**
 * Whether what is held, or owed, at a place is enough for an order, on along the cycle or back. Less than that no order can
 * trade: it is dust.
 */
export function isTradable(plan: Plan, place: number, books: NewestBooks): boolean {
  const held = plan.heldUnits[place] ?? NO_UNITS;
  const amount = held < 0n ? negated(held) : held;
  if (amount === 0n) return false;
  return isOrder(plan, place - 1, opposite, amount, books) || isOrder(plan, place, (side) => side, amount, books);
}

/**
 * The largest order at `limitTicks` that `units` of the asset spent can pay by the book; undefined when it is below what
 * the venue takes. The venue wants a purchase covered at its limit: what lies about besides counts for that, and only that.
 * @param stockUnits what the account has of the asset besides; undefined: without limit.
 */
export function orderLots(leg: Leg, units: Units, limitTicks: Ticks, stockUnits: Units | undefined): Lots | undefined {
  const wanted = leg.lotsFor(units);
  const lots =
    stockUnits === undefined
      ? wanted
      : smaller(wanted, leg.lotsForAtLimit(plus(units, largest(NO_UNITS, stockUnits)), limitTicks));
  if (leg.lotsMin === undefined || lots < leg.lotsMin) return undefined;
  return leg.reachesCostMin(lots, limitTicks) ? lots : undefined;
}

/** Units of the start asset that `units` at a place cost when everything went as decided, without fees. */
export function decidedCost(plan: Plan, place: number, amount: Units, books: NewestBooks): Units | undefined {
  let value = amount;
  for (let position = place - 1; position >= 0; position--) {
    const leg = plan.legs[position] as PlanLeg;
    const { side, instrument, decidedTicks } = leg;
    const terms = books.isInScale(instrument, plan.seq) ? books.terms(leg) : undefined;
    if (terms === undefined) return undefined;
    const { base, quote, instrument: found } = terms;
    // Units, not lots: a rest need not be a whole number of lots to be worth something.
    const [up, down] = powerOfTen(quote.precision - base.precision - found.pricePrecision);
    value = units(side === BUY ? (value * decidedTicks * up) / down : (value * down) / (decidedTicks * up));
  }
  return value;
}

function isOrder(plan: Plan, position: number, turn: (side: Side) => Side, units: Units, books: NewestBooks): boolean {
  const { side, decidedTicks } = plan.legs[position] as PlanLeg;
  const leg = legAtDecided(plan, position, turn(side), books);
  // Without terms, or with a price in another scale, it cannot be called dust.
  return leg === undefined || orderLots(leg, units, decidedTicks, undefined) !== undefined;
}

/** A leg of the plan, either way, at the price it was decided at; undefined when that has no meaning now. */
function legAtDecided(plan: Plan, position: number, side: Side, books: NewestBooks): Leg | undefined {
  const leg = plan.legs[position];
  if (leg === undefined || !books.isInScale(leg.instrument, plan.seq)) return undefined;
  const terms = books.terms({ ...leg, side });
  return terms === undefined ? undefined : books.legAt(terms, leg.decidedTicks, PLENTY);
}
