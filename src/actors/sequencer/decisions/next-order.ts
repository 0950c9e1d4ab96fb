/** The orders that a plan goes on with: of the current leg, or of all legs at once. Pure but for reading books. */

import type { PlanReason } from '../../../messages/execution-message.ts';
import { NO_LOTS, NO_UNITS, plus, type Units } from '../../../money/money.ts';
import type { MonotonicNs } from '../../../platform/time.ts';
import type { NewestBooks } from '../model/newest-books.ts';
import type { Order } from '../model/order.ts';
import { type Plan, type PlanLeg, placeAfter } from '../model/plan.ts';
import { orderLots } from './holding-value.ts';
import { priceCollar } from './price-collar.ts';

/** An order without the names and times that the sequencer gives it. */
export interface OrderDraft
  extends Pick<
    Order,
    | 'position'
    | 'instrument'
    | 'side'
    | 'feePpm'
    | 'gives'
    | 'takes'
    | 'isClosing'
    | 'isReversing'
    | 'qtyLots'
    | 'limitTicks'
    | 'pricePrecision'
    | 'qtyPrecision'
    | 'fundsUnits'
  > {
  readonly kind: 'order';
}
export interface Impossible {
  readonly kind: 'impossible';
  readonly reason: PlanReason;
}

const impossible = (reason: PlanReason): Impossible => ({ kind: 'impossible', reason });

/** All legs at once, as they were planned. */
export function parallelOrders(
  plan: Plan,
  books: NewestBooks,
  slippageBps: number,
): readonly OrderDraft[] | Impossible {
  const drafts: OrderDraft[] = [];
  for (const position of plan.legs.keys()) {
    const draft = blank(plan, position, books, slippageBps);
    if (draft.kind === 'impossible') return draft;
    const fundsUnits = plan.reservedUnits[position] ?? NO_UNITS;
    drafts.push({ ...draft, qtyLots: plan.legLots[position] ?? NO_LOTS, fundsUnits });
  }
  return drafts;
}

export interface NextLegTerms {
  readonly slippageBps: number;
  /** A book without an update since counts as none. Monotonic. */
  readonly heardSinceNs: MonotonicNs;
  /** What the account has of the asset given besides; undefined: without limit. */
  readonly stockUnits: Units | undefined;
}

/**
 * The order of the current leg: the planned one for the first, for the others all that what came in can pay.
 * @param dustUnits what lies about of the asset given, and may be spent along with it.
 */
export function legOrder(
  plan: Plan,
  books: NewestBooks,
  { slippageBps, heardSinceNs, stockUnits }: NextLegTerms,
  dustUnits: Units,
): OrderDraft | Impossible {
  const { leg: position } = plan;
  const draft = blank(plan, position, books, slippageBps);
  if (draft.kind === 'impossible') return draft;
  if (position === 0) {
    return { ...draft, qtyLots: plan.legLots[0] ?? NO_LOTS, fundsUnits: plan.reservedUnits[0] ?? NO_UNITS };
  }
  const terms = books.terms(draft);
  const book = books.heardBook(draft.instrument, heardSinceNs);
  if (terms === undefined || book === undefined) {
    return impossible(books.book(draft.instrument) === undefined ? 'book_invalid' : 'book_stale');
  }
  const fundsUnits = plus(plan.heldUnits[position] ?? NO_UNITS, dustUnits);
  const qtyLots = orderLots(books.legWithin(terms, book, draft.limitTicks), fundsUnits, draft.limitTicks, stockUnits);
  return qtyLots === undefined ? impossible('below_minimum') : { ...draft, qtyLots, fundsUnits };
}

type Blank = Omit<OrderDraft, 'qtyLots' | 'fundsUnits'>;

function blank(plan: Plan, position: number, books: NewestBooks, slippageBps: number): Blank | Impossible {
  const leg = plan.legs[position] as PlanLeg;
  const { instrument, side, feePpm, decidedTicks } = leg;
  const terms = books.terms(leg);
  if (terms === undefined) return impossible('instrument_unknown');
  if (!books.isInScale(instrument, plan.seq)) return impossible('precision_changed');
  if (terms.instrument.status !== 'online') return impossible('not_tradable');
  return {
    kind: 'order',
    position,
    instrument,
    side,
    feePpm,
    gives: position,
    takes: placeAfter(plan, position),
    isClosing: false,
    isReversing: false,
    pricePrecision: terms.instrument.pricePrecision,
    qtyPrecision: terms.instrument.qtyPrecision,
    limitTicks: priceCollar(terms.instrument, side, decidedTicks, slippageBps),
  };
}
