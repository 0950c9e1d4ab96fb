/** The order that a plan needs next: of the leg in hand, or to take back what was left over. Pure but for reading books. */
import { BUY, SELL } from '../../shared/asset-graph.ts';
import { CycleLeg, type LegTerms } from '../../shared/cycle-leg.ts';
import type { PlanReason } from '../../shared/messages.ts';
import type { OrderSide } from './execution-port.ts';
import { ladderFor, legWithin, type NewestBooks } from './newest-books.ts';
import type { Plan, PlanLeg } from './plan.ts';
import { priceCollar } from './price-collar.ts';

/** An order without the numbers that the sequencer gives it. */
export interface OrderDraft {
  readonly kind: 'order';
  readonly position: number;
  readonly instrument: number;
  readonly side: OrderSide;
  readonly feePpm: number;
  readonly qtyLots: bigint;
  readonly limitTicks: bigint;
  readonly fundsUnits: bigint;
}
export interface Impossible {
  readonly kind: 'impossible';
  readonly reason: PlanReason;
}

const impossible = (reason: PlanReason): Impossible => ({ kind: 'impossible', reason });

/** The order of the leg in hand: the planned one for the first, for the others all that what came in can pay. */
export function forwardOrder(plan: Plan, books: NewestBooks, slippageBps: number): OrderDraft | Impossible {
  const leg = plan.legs[plan.leg] as PlanLeg;
  const terms = books.terms(leg.instrument, leg.side, leg.feePpm);
  if (terms === undefined) return impossible('instrument_unknown');
  if (!books.isInScale(leg.instrument, plan.seq)) return impossible('precision_changed');
  const limitTicks = priceCollar(terms.instrument, leg.side, leg.decidedTicks, slippageBps);
  const draft = { kind: 'order', position: plan.leg, limitTicks, fundsUnits: plan.fundsUnits, ...leg } as const;
  if (plan.leg === 0) return { ...draft, qtyLots: plan.firstLots };
  const book = books.book(leg.instrument);
  if (book === undefined) return impossible('book_invalid');
  const qtyLots = orderLots(legWithin(terms, book, limitTicks), plan.fundsUnits, limitTicks);
  return qtyLots === undefined ? impossible('below_minimum') : { ...draft, qtyLots };
}

/**
 * The order that takes the rest of the highest leg back to the leg before it, at the newest book; undefined when no leg
 * has a rest of which an order could be made: what remains is dust.
 */
export function unwindOrder(plan: Plan, books: NewestBooks, slippageBps: number): OrderDraft | Impossible | undefined {
  for (let leg = plan.legs.length - 1; leg > 0; leg--) {
    const units = plan.restUnits[leg] as bigint;
    if (isTradable(plan, leg, units, books)) return reverseOrder(plan, leg, units, books, slippageBps);
  }
  return undefined;
}

/**
 * Whether `units` of what leg `leg` gives are enough for an order back, judged at the price its forerunner was decided
 * at. Less than that nobody can trade: it is dust, and stays in the account.
 */
export function isTradable(plan: Plan, leg: number, units: bigint, books: NewestBooks): boolean {
  if (units <= 0n) return false;
  const back = backwards(plan, leg - 1, books);
  const { instrument, decidedTicks } = plan.legs[leg - 1] as PlanLeg;
  // Without terms, or with a price in another scale, nobody can say that it is dust.
  if (back === undefined || !books.isInScale(instrument, plan.seq)) return true;
  const reference = { count: 1, priceTicks: BigInt64Array.of(decidedTicks), qtyLots: BigInt64Array.of(PLENTY) };
  return orderLots(new CycleLeg(back, reference), units, decidedTicks) !== undefined;
}

/** More lots than any order has; its product with a price is computed in BigInts and cannot overflow. */
const PLENTY = 2n ** 62n;

function reverseOrder(
  plan: Plan,
  leg: number,
  units: bigint,
  books: NewestBooks,
  slippageBps: number,
): OrderDraft | Impossible {
  const position = leg - 1;
  const { instrument, feePpm } = plan.legs[position] as PlanLeg;
  const terms = backwards(plan, position, books);
  if (terms === undefined) return impossible('instrument_unknown');
  const book = books.book(instrument);
  const touch = book && ladderFor(book, terms.side);
  if (book === undefined || touch === undefined || touch.count === 0) return impossible('book_invalid');
  // The first aim is to be rid of it: the collar is around the present touch, not around what was once decided.
  const limitTicks = priceCollar(terms.instrument, terms.side, touch.priceTicks[0] as bigint, slippageBps);
  const qtyLots = orderLots(legWithin(terms, book, limitTicks), units, limitTicks);
  if (qtyLots === undefined) return impossible('below_minimum');
  return { kind: 'order', position, instrument, side: terms.side, feePpm, qtyLots, limitTicks, fundsUnits: units };
}

function backwards(plan: Plan, position: number, books: NewestBooks): LegTerms | undefined {
  const { instrument, side, feePpm } = plan.legs[position] as PlanLeg;
  return books.terms(instrument, side === BUY ? SELL : BUY, feePpm);
}

/** The largest order at `limitTicks` that `units` can pay; undefined when it is below the venue's minimum. */
function orderLots(leg: CycleLeg, units: bigint, limitTicks: bigint): bigint | undefined {
  const lots = leg.lotsFor(units);
  if (leg.lotsMin === undefined || lots < leg.lotsMin) return undefined;
  return leg.reachesCostMin(lots, limitTicks) ? lots : undefined;
}
