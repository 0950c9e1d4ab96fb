/** What a plan's holdings are worth by the prices it was decided at, and whether anybody would trade them. */

import { CycleLeg, powerOfTen } from '../../shared/cycle-leg.ts';
import { largest, smaller } from '../../shared/money.ts';
import { BUY, opposite, SELL, type Side } from '../../shared/side.ts';
import type { NewestBooks } from './newest-books.ts';
import type { Plan, PlanLeg } from './plan.ts';

/** More lots than any order has; its product with a price is computed in BigInts and cannot overflow. */
const PLENTY = 2n ** 62n;

/**
 * Whether what is held, or owed, at a place is enough for an order, on along the cycle or back. Less than that nobody can
 * trade: it is dust.
 */
export function isTradable(plan: Plan, place: number, books: NewestBooks): boolean {
  const held = plan.heldUnits[place] ?? 0n;
  const units = held < 0n ? -held : held;
  if (units === 0n) return false;
  return isOrder(plan, place - 1, opposite, units, books) || isOrder(plan, place, (side) => side, units, books);
}

/**
 * The largest order at `limitTicks` that `units` of the asset spent can pay by the book; undefined when it is below what
 * the venue takes. The venue wants a purchase covered at its limit: what lies about besides counts for that, and only that.
 * @param stockUnits what the account has of the asset besides; undefined: without limit.
 */
export function orderLots(
  leg: CycleLeg,
  units: bigint,
  limitTicks: bigint,
  stockUnits: bigint | undefined,
): bigint | undefined {
  const lots = coveredLots(leg, leg.lotsFor(units), units, limitTicks, stockUnits);
  if (leg.lotsMin === undefined || lots < leg.lotsMin) return undefined;
  return leg.reachesCostMin(lots, limitTicks) ? lots : undefined;
}

function coveredLots(
  { terms, quoteUp, quoteDown }: CycleLeg,
  lots: bigint,
  units: bigint,
  limitTicks: bigint,
  stockUnits: bigint | undefined,
): bigint {
  if (terms.side === SELL || stockUnits === undefined) return lots;
  const payable = ((units + largest(0n, stockUnits)) * quoteDown) / (limitTicks * quoteUp);
  return smaller(lots, payable - (payable % terms.instrument.qtyIncrement));
}

/** Units of the start asset that `units` at a place cost when everything went as decided, without fees. */
export function decidedCost(plan: Plan, place: number, units: bigint, books: NewestBooks): bigint | undefined {
  let value = units;
  for (let position = place - 1; position >= 0; position--) {
    const { side, instrument, decidedTicks } = plan.legs[position] as PlanLeg;
    const terms = books.isInScale(instrument, plan.seq) ? books.terms(instrument, opposite(side), 0) : undefined;
    if (terms === undefined) return undefined;
    const { base, quote, instrument: found } = terms;
    // Units, not lots: a rest need not be a whole number of lots to be worth something.
    const [up, down] = powerOfTen(quote.precision - base.precision - found.pricePrecision);
    value = side === BUY ? (value * decidedTicks * up) / down : (value * down) / (decidedTicks * up);
  }
  return value;
}

function isOrder(plan: Plan, position: number, turn: (side: Side) => Side, units: bigint, books: NewestBooks): boolean {
  const { side, decidedTicks } = plan.legs[position] as PlanLeg;
  const leg = legAtDecided(plan, position, turn(side), books);
  // Without terms, or with a price in another scale, nobody can say that it is dust.
  return leg === undefined || orderLots(leg, units, decidedTicks, undefined) !== undefined;
}

/** A leg of the plan, either way, at the price it was decided at; undefined when nobody can say what that means now. */
function legAtDecided(plan: Plan, position: number, side: Side, books: NewestBooks): CycleLeg | undefined {
  const leg = plan.legs[position];
  if (leg === undefined || !books.isInScale(leg.instrument, plan.seq)) return undefined;
  const terms = books.terms(leg.instrument, side, leg.feePpm);
  if (terms === undefined) return undefined;
  const ladder = { count: 1, priceTicks: BigInt64Array.of(leg.decidedTicks), qtyLots: BigInt64Array.of(PLENTY) };
  return new CycleLeg(terms, ladder);
}
