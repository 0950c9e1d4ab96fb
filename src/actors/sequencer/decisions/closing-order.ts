/**
 * The order that closes out what a plan has left over, chosen by what it is expected to lose at the newest books: sell
 * what is held home, or buy what is owed, over the route that loses least, and over none that loses too much. All in
 * exact integers, pure but for reading books.
 *
 * A route is judged to its end, though only its first trade is ordered: after it everything is judged anew. What a route
 * would bring of an asset that is owed counts as what that asset cost when the plan was decided. A plan that has begun to
 * go back goes on back as long as that route is open: books that sway must not send it to and fro.
 */

import type { InstrumentIndex } from '../../../market/instrument.ts';
import type { Leg } from '../../../market/legs/leg.ts';
import type { PlanReason } from '../../../messages/execution-message.ts';
import {
  type Lots,
  largest,
  minus,
  NO_UNITS,
  negated,
  plus,
  smaller,
  type Ticks,
  ticks,
  type Units,
} from '../../../money/money.ts';
import type { MonotonicNs } from '../../../platform/time.ts';
import { ladderFor, type NewestBooks } from '../model/newest-books.ts';
import type { Plan } from '../model/plan.ts';
import { barOf, type Hop, type Route, routesHome, routesTo, type Shortfall } from './closing-routes.ts';
import { withinLoss } from './flatten-bound.ts';
import { decidedCost, isTradable, orderLots } from './holding-value.ts';
import type { OrderDraft } from './next-order.ts';
import { placesOf } from './plan-progress.ts';
import { priceCollar } from './price-collar.ts';

export interface ClosingTerms {
  readonly shortfall: Shortfall;
  /** How much worse than the present touch an order may be. */
  readonly collarBps: number;
  /** Most that a route may lose of what is closed out. */
  readonly lossMaxBps: number;
  /** Units of the asset at a place that the account has besides, and may spend; undefined: without limit. */
  readonly stockAt: (place: number) => Units | undefined;
  /** Why no order of this instrument can be sent now; undefined: the venue takes it, and no other plan trades it. */
  readonly whyNot: (instrument: InstrumentIndex) => PlanReason | undefined;
  /** A book without an update since counts as none. Monotonic. */
  readonly heardSinceNs: MonotonicNs;
}

export type Closing =
  | { readonly kind: 'order'; readonly draft: OrderDraft }
  /** No route is open now, or each loses too much. */
  | { readonly kind: 'wait'; readonly reason: PlanReason }
  /** Nothing that could be traded is left. */
  | { readonly kind: 'nothing' };

/** A route with its first order. `brings` and `worth` are in the start asset: what comes of it, and what that cost. */
interface PricedRoute {
  readonly draft: OrderDraft;
  readonly brings: Units;
  readonly worth: Units;
}

const BPS = 10_000n;

/** What is held is sold before what is owed is bought, the last leg's first. */
export function closingOrder(plan: Plan, books: NewestBooks, terms: ClosingTerms): Closing {
  const places = placesOf(plan)
    .filter((place) => isTradable(plan, place, books))
    .reverse();
  if (places.length === 0) return { kind: 'nothing' };
  const isOwed = (place: number) => (plan.heldUnits[place] ?? 0n) < 0n;
  let reason: PlanReason | undefined;
  for (const place of [...places.filter((one) => !isOwed(one)), ...places.filter(isOwed)]) {
    const routes = valuedRoutes(plan, place, books, terms);
    const best = routes.reduce<PricedRoute | undefined>(
      (least, route) => (least && losesLess(least, route) ? least : route),
      undefined,
    );
    if (best === undefined) {
      reason ??= whyNoRoute(plan, place, books, terms);
      continue;
    }
    if (isWithinBound(best, terms.lossMaxBps)) return { kind: 'order', draft: withinLoss(plan, best.draft, books) };
    reason = 'loss_bound';
  }
  return { kind: 'wait', reason: reason ?? 'below_minimum' };
}

/** Why nothing can be closed out at a place: of the routes that exist, what holds back the nearest one. */
function whyNoRoute(plan: Plan, place: number, books: NewestBooks, terms: ClosingTerms): PlanReason {
  const find = (plan.heldUnits[place] ?? 0n) < 0n ? routesTo : routesHome;
  const routes = find(plan, place, terms.shortfall, books.directory);
  const open = openRoutes(plan, routes, terms);
  if (open.length === 0) return firstReason(routes.flat(), terms.whyNot) ?? 'order_refused';
  const unheard = open.map((route) =>
    route.filter(({ instrument }) => books.heardBook(instrument, terms.heardSinceNs) === undefined),
  );
  if (unheard.some((hops) => hops.length === 0)) return 'below_minimum';
  const isOnlyStale = (hops: Route) => hops.every(({ instrument }) => books.book(instrument) !== undefined);
  return unheard.some(isOnlyStale) ? 'book_stale' : 'book_invalid';
}

function firstReason(hops: Route, whyNot: ClosingTerms['whyNot']): PlanReason | undefined {
  for (const { instrument } of hops) {
    const reason = whyNot(instrument);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

function losesLess(one: PricedRoute, other: PricedRoute): boolean {
  if (one.worth === 0n || other.worth === 0n) return one.brings >= other.brings;
  return one.brings * other.worth >= other.brings * one.worth;
}

/** What cannot be valued, because its prices changed their scale, is closed out at any loss. */
function isWithinBound({ brings, worth }: PricedRoute, lossMaxBps: number): boolean {
  return worth === 0n || brings * BPS >= worth * (BPS - BigInt(lossMaxBps));
}

function valuedRoutes(plan: Plan, place: number, books: NewestBooks, terms: ClosingTerms): PricedRoute[] {
  const find = (plan.heldUnits[place] ?? 0n) < 0n ? routesToBuy : routesToSell;
  const isTurned = plan.reversed && terms.shortfall === 'cheapest';
  const back = isTurned ? find(plan, place, books, { ...terms, shortfall: 'reverse' }) : [];
  return back.length > 0 ? back : find(plan, place, books, terms);
}

function routesToSell(plan: Plan, place: number, books: NewestBooks, terms: ClosingTerms): PricedRoute[] {
  const held = plan.heldUnits[place] ?? NO_UNITS;
  const routes = openRoutes(plan, routesHome(plan, place, terms.shortfall, books.directory), terms);
  return routes.flatMap((route) => {
    const [first, ...rest] = route as [Hop, ...Hop[]];
    const priced = priceHop(first, books, terms);
    const qtyLots = priced && orderLots(priced.leg, held, priced.limitTicks, terms.stockAt(place));
    if (priced === undefined || qtyLots === undefined) return [];
    const brings = valueOnward(plan, first.takes, priced.leg.received(qtyLots), rest, books, terms);
    if (brings === undefined) return [];
    const worth = decidedCost(plan, place, priced.leg.spent(qtyLots), books) ?? NO_UNITS;
    return [{ draft: draftOf(first, qtyLots, priced, held), brings, worth }];
  });
}

/**
 * What `units` at `place` come to in the start asset over `hops`; undefined when a book is missing, or stale, along the route. What the
 * books do not take now is still there for the next order, and counts as what it cost.
 */
function valueOnward(
  plan: Plan,
  place: number,
  units: Units,
  hops: Route,
  books: NewestBooks,
  terms: ClosingTerms,
): Units | undefined {
  let value = NO_UNITS;
  let left = units;
  let at = place;
  for (const hop of hops) {
    const leg = priceHop(hop, books, terms)?.leg;
    if (leg === undefined) return undefined;
    const settled = smaller(largest(NO_UNITS, negated(plan.heldUnits[at] ?? NO_UNITS)), left);
    const lots = leg.lotsFor(minus(left, settled));
    value = plus(value, decidedCost(plan, at, minus(left, leg.spent(lots)), books) ?? NO_UNITS);
    left = leg.received(lots);
    at = hop.takes;
  }
  return plus(value, left);
}

function routesToBuy(plan: Plan, place: number, books: NewestBooks, terms: ClosingTerms): PricedRoute[] {
  const owed = negated(plan.heldUnits[place] ?? NO_UNITS);
  const routes = openRoutes(plan, routesTo(plan, place, terms.shortfall, books.directory), terms);
  return routes.flatMap((route) => routeToBuy(plan, route, place, owed, books, terms) ?? []);
}

/** Walks a route backwards from what is needed to what is there: that is where its first order stands. */
function routeToBuy(
  plan: Plan,
  route: Route,
  place: number,
  owed: Units,
  books: NewestBooks,
  terms: ClosingTerms,
): PricedRoute | undefined {
  let needed = owed;
  for (const hop of [...route].reverse()) {
    const priced = priceHop(hop, books, terms);
    if (priced === undefined) return undefined;
    const { leg, limitTicks } = priced;
    const qtyLots = leg.lotsToReceive(needed) ?? leg.lotsMax;
    if (leg.lotsMin === undefined || qtyLots < leg.lotsMin || !leg.reachesCostMin(qtyLots, limitTicks))
      return undefined;
    const spent = leg.spent(qtyLots);
    const covered = leg.spentAtLimit(qtyLots, limitTicks);
    const there = hop.gives === 0 ? NO_UNITS : largest(NO_UNITS, plan.heldUnits[hop.gives] ?? NO_UNITS);
    const stock = terms.stockAt(hop.gives);
    if (
      hop.gives === 0 ? stock === undefined || stock >= covered : there >= spent && isPayable(covered, there, stock)
    ) {
      return boughtWith(plan, hop, place, owed, spent, draftOf(hop, qtyLots, priced, covered), books);
    }
    needed = minus(spent, there);
  }
  return undefined; // the account cannot pay it
}

const isPayable = (covered: bigint, there: bigint, stock: bigint | undefined): boolean =>
  stock === undefined || there + largest(0n, stock) >= covered;

/** A purchase loses when what it takes costs more than it did: the two are counted in reverse. */
function boughtWith(
  plan: Plan,
  hop: Hop,
  place: number,
  owed: Units,
  spent: Units,
  draft: OrderDraft,
  books: NewestBooks,
): PricedRoute | undefined {
  const cost = decidedCost(plan, hop.gives, spent, books) ?? spent; // of the start asset that is what it spends
  return { draft, brings: decidedCost(plan, place, owed, books) ?? cost, worth: cost };
}

/** Routes whose trades the venue takes now. What it refused this plan before is not tried again. */
function openRoutes(plan: Plan, routes: readonly Route[], { whyNot }: ClosingTerms): readonly Route[] {
  const isOpen = ({ position, isDirect, instrument }: Hop) =>
    (plan.barred & barOf(position, isDirect)) === 0 && whyNot(instrument) === undefined;
  return routes.filter((route) => route.length > 0 && route.every(isOpen));
}

/** A trade at the present book. Its limit is in ticks of the leg's instrument. */
interface Priced {
  readonly leg: Leg;
  readonly limitTicks: Ticks;
}

/** The first aim is to be rid of it: the collar is around the present touch, not around what was once decided. */
function priceHop(hop: Hop, books: NewestBooks, { collarBps, heardSinceNs }: ClosingTerms): Priced | undefined {
  const { instrument, side } = hop;
  const terms = books.terms(hop);
  const book = books.heardBook(instrument, heardSinceNs);
  const touch = book && ladderFor(book, side);
  if (terms === undefined || book === undefined || touch === undefined || touch.count === 0) return undefined;
  const limitTicks = priceCollar(terms.instrument, side, ticks(touch.priceTicks[0] as bigint), collarBps);
  return { leg: books.legWithin(terms, book, limitTicks), limitTicks };
}

function draftOf(hop: Hop, qtyLots: Lots, { leg, limitTicks }: Priced, fundsUnits: Units): OrderDraft {
  const { isDirect: _, ...rest } = hop;
  const { pricePrecision, qtyPrecision } = leg.terms.instrument;
  return { ...rest, kind: 'order', isClosing: true, qtyLots, limitTicks, fundsUnits, pricePrecision, qtyPrecision };
}
