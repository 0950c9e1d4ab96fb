/** New orders and changes of open ones: everything that is asked before the engine has them. */

import { END_REASON, refused, VENUE_REFUSAL } from '../../protocols/kraken/venue-refusals.ts';
import type { AccountRecord } from '../accounts/account-record.ts';
import type { ExchangeRegister } from '../exchange-register.ts';
import type {
  AddedOrder,
  Amendment,
  AmendRecord,
  Answer,
  FeePreference,
  NewOrder,
  OrderRecord,
} from '../exchange-types.ts';
import { holdFor, spentAsset } from '../fill-amounts.ts';
import type { MatchingEngine } from '../matching-engine.ts';
import { amountText, priceText, qtyText } from '../pair-rules.ts';
import { ADD_POINTS, AMEND_FIXED_POINTS, amendPoints } from '../rate-counter.ts';
import { placeRefusal } from '../trading-modes.ts';
import { type AmendedNumbers, readAmendment } from './amendment-reader.ts';
import { ExchangeOrder, type OrderDraft } from './exchange-order.ts';
import { readOrder } from './order-reader.ts';

const BATCH_MIN = 2;
const BATCH_MAX = 15;

type AmendedTerms = Omit<AmendRecord, 'id'>;

export class OrderPlacing {
  readonly #register: ExchangeRegister;
  readonly #engine: MatchingEngine;

  constructor(register: ExchangeRegister, engine: MatchingEngine) {
    this.#register = register;
    this.#engine = engine;
  }

  add(state: AccountRecord, order: NewOrder): Answer<AddedOrder> {
    const { symbol } = order;
    // An unknown pair has no counter; every other request counts, also a faulty one.
    const isKnown = this.#register.pair(symbol) !== undefined;
    if (isKnown && !this.#register.spend(state, symbol, ADD_POINTS)) return refused(VENUE_REFUSAL.rate);
    const draft = this.#read(order);
    return draft.ok ? this.#accept(state, draft.value) : draft;
  }

  addBatch(state: AccountRecord, orders: readonly NewOrder[]): Answer<readonly Answer<AddedOrder>[]> {
    const symbol = orders[0]?.symbol;
    const isOne = symbol !== undefined && orders.every((order) => order.symbol === symbol);
    if (!isOne || orders.length < BATCH_MIN || orders.length > BATCH_MAX) {
      return refused(VENUE_REFUSAL.arguments('orders'));
    }
    if (!this.#register.spend(state, symbol, orders.length / 2)) return refused(VENUE_REFUSAL.rate);
    const drafts: OrderDraft[] = [];
    for (const order of orders) {
      const draft = this.#read(order);
      if (!draft.ok) return draft;
      drafts.push(draft.value);
    }
    return done(drafts.map((draft) => this.#accept(state, draft)));
  }

  amend(state: AccountRecord, amendment: Amendment): Answer<{ readonly amendId: string; readonly order: OrderRecord }> {
    const [order] = 'userref' in amendment.order ? [] : state.named(amendment.order);
    if (order === undefined) return refused(VENUE_REFUSAL.unknownOrder);
    const { symbol = order.pair.symbol } = amendment;
    if (symbol !== order.pair.symbol) return refused(VENUE_REFUSAL.arguments('symbol'));
    const nowNs = this.#register.nowNs();
    const points = AMEND_FIXED_POINTS + amendPoints(nowNs - order.touchedNs);
    if (!this.#register.spend(state, order.pair.symbol, points)) return refused(VENUE_REFUSAL.rate);
    const terms = this.#amend(state, order, amendment);
    if (!terms.ok) return terms;
    const amendId = this.#register.ids.next('T');
    if (terms.value !== undefined) order.amends.push({ id: amendId, ...terms.value });
    return done({ amendId, order });
  }

  #read(order: NewOrder): Answer<OrderDraft> {
    const pair = this.#register.pair(order.symbol);
    if (pair === undefined) return refused(VENUE_REFUSAL.pair);
    const touch = this.#engine.touch(order.symbol, order.side === 'buy' ? 'bid' : 'ask');
    return readOrder(order, pair, touch, this.#register.nowMs());
  }

  /** What only the engine can know: modes, ids in use, limits, funds. */
  #accept(state: AccountRecord, draft: OrderDraft): Answer<AddedOrder> {
    const { symbol } = draft.pair;
    const refusal = placeRefusal(this.#register.market.system, draft) ?? idRefusal(state, draft);
    if (refusal !== undefined) return refused(refusal);
    const mayRest = draft.timeInForce === 'gtc' || draft.timeInForce === 'gtd';
    if (mayRest && state.openIn(symbol) >= state.limits.openOrders) return refused(VENUE_REFUSAL.orders);
    const order = this.#affordable(state, draft);
    if (order === undefined) return refused(VENUE_REFUSAL.funds);
    const description = describe(draft);
    if (draft.validate) return done({ order: undefined, description });
    state.addOrder(order);
    this.#engine.place(order);
    return done({ order, description });
  }

  /** The order with its funds held, or nothing held and undefined. Only checked when it is to be validated only. */
  #affordable(state: AccountRecord, draft: OrderDraft): ExchangeOrder | undefined {
    for (const feePreference of preferences(draft, state.sellFeesIn)) {
      const order = this.#order(state, draft, feePreference);
      const need = this.#engine.need(order);
      if (need > state.money.available(spentAsset(order))) continue;
      if (!draft.validate) {
        state.money.hold(spentAsset(order), need);
        order.held = need;
      }
      return order;
    }
    return undefined;
  }

  #order(state: AccountRecord, draft: OrderDraft, feePreference: FeePreference): ExchangeOrder {
    const openedAtMs = this.#register.nowMs();
    const times = { openedAtMs, openedNs: this.#register.nowNs() };
    const id = this.#register.ids.next('O');
    const account = state.money.name;
    return new ExchangeOrder(draft, { id, account, ...times, feePreference, feeRates: state.fees(openedAtMs) });
  }

  /** Answers with the order's new terms; with none when it ended by them. */
  #amend(state: AccountRecord, order: ExchangeOrder, amendment: Amendment): Answer<AmendedTerms | undefined> {
    const mode = placeRefusal(this.#register.market.system, { ...order, pair: this.#pairNow(order) });
    if (mode !== undefined) return refused(mode);
    const read = readAmendment(amendment, order, this.#register.nowMs());
    if (!read.ok) return read;
    const to = read.value;
    if (to.qty <= order.filledQty) {
      this.#engine.end(order, 'canceled', END_REASON.amendedBelowFill);
      return done(undefined);
    }
    const postOnly = order.postOnly || amendment.postOnly === true;
    if (postOnly && this.#engine.wouldTake(order, to.limitPrice)) return refused(VENUE_REFUSAL.postOnly);
    if (isBeyondFunds(state, order, to)) return refused(VENUE_REFUSAL.funds);
    order.touchedNs = this.#register.nowNs();
    const remainingQty = to.qty - order.filledQty; // before it meets anybody at its new price
    const terms = { kind: 'user', atMs: this.#register.nowMs(), ...to, remainingQty, postOnly } as const;
    this.#engine.amend(order, to);
    return done(terms);
  }

  #pairNow(order: ExchangeOrder): ExchangeOrder['pair'] {
    return this.#register.pair(order.pair.symbol) ?? order.pair;
  }
}

/** Ids are unique among open orders only. */
function idRefusal(state: AccountRecord, { clOrdId }: OrderDraft): string | undefined {
  if (clOrdId === undefined || state.named({ clOrdId }).length === 0) return undefined;
  return VENUE_REFUSAL.arguments('cl_ord_id');
}

/**
 * Fees are taken in quote unless the order says otherwise, or its account has sells pay in base: the venue's own table
 * says that they do, what it was seen to do says not. The account's choice is a preference only: a sale of all that is there
 * leaves no base for a fee, which is then taken in quote.
 */
function preferences({ feePreference, side }: OrderDraft, sellFeesIn: FeePreference): readonly FeePreference[] {
  if (feePreference !== undefined) return [feePreference];
  return side === 'sell' && sellFeesIn === 'base' ? ['base', 'quote'] : ['quote'];
}

function isBeyondFunds(state: AccountRecord, order: ExchangeOrder, to: AmendedNumbers): boolean {
  const need = holdFor(order, to.limitPrice, to.qty - order.filledQty);
  return need - order.held > state.money.available(spentAsset(order));
}

/** `buy 1.25000000 BTC/USD @ limit 37500.0`, as the venue describes an order. */
function describe({ side, pair, type, qty, cashQty, limitPrice }: OrderDraft): string {
  const volume = cashQty === undefined ? qtyText(pair, qty) : amountText(pair.quote, cashQty);
  const price = limitPrice === undefined ? type : `${type} ${priceText(pair, limitPrice)}`;
  return `${side} ${volume} ${pair.symbol} @ ${price}`;
}

function done<T>(value: T): Answer<T> {
  return { ok: true, value };
}
