/**
 * Sees orders to their end: takes what is reported of them, books their fills, and asks what became of those whose fate is
 * unknown, for as long as the venue does not say again and again that it knows nothing of what it had. What it changes belongs to the change of the journal that is open.
 */

import type { AssetIndex } from '../../../market/instrument.ts';
import type { PlanReason } from '../../../messages/execution-message.ts';
import { formatDecimal, minus, negated, plus, type Units } from '../../../money/money.ts';
import { type BackOff, backOffMs } from '../../../net/back-off.ts';
import { laterBy, type MonotonicNs } from '../../../platform/time.ts';
import type { ActorContext } from '../../../runtime/actor.ts';
import type { Fill, OrderReading, TradingPort } from '../../../venues/trading-port.ts';
import type { Account } from '../account/running-account.ts';
import { barOf } from '../decisions/closing-routes.ts';
import type { PlanMarks } from '../decisions/mark-to-market.ts';
import { misreportedTerms } from '../decisions/misreport.ts';
import { bookMoves, newestOrders, stepResult } from '../decisions/plan-progress.ts';
import { FeeWatch } from '../fees/fee-watch.ts';
import { describeLost, type Moment, recordAudit, recordFill, recordOrder } from '../journal/execution-events.ts';
import type { Journal } from '../journal/journal.ts';
import { countUp, SEQUENCER_HEADER } from '../journal/sequencer-memory.ts';
import { fillMovements } from '../model/fill-movements.ts';
import { KnownTransitions } from '../model/known-transitions.ts';
import type { NewestBooks } from '../model/newest-books.ts';
import type { Order } from '../model/order.ts';
import {
  isEnded,
  isUnknown,
  type OrderEventType,
  type OrderFacts,
  type OrderState,
  orderMachine,
} from '../model/order-machine.ts';
import { hasUnknown, openOrders, type Plan } from '../model/plan.ts';
import { hasOrderOut, isReconciling, type PlanEventType } from '../model/plan-machine.ts';
import { because, over } from '../model/plan-reason.ts';
import { Misreports } from './misreports.ts';
import type { OrderEvent } from './order-events.ts';

/** Pause before the fate of an order is asked for again, doubled each time. */
const LOOKUP_PAUSE: BackOff = { baseMs: 100, maxMs: 5_000, growth: 2, jitter: 'added' };
/** A question that is not answered after this long is put again: the port has forgotten it. */
const LOOKUP_ANSWER_MS = 30_000;

const TRANSITIONS = new KnownTransitions<OrderState, OrderFacts>(
  orderMachine,
  ({ seen, touched, denials }) => `${seen} ${touched} ${denials}`,
);

export interface OrderDeskDeps {
  readonly context: ActorContext<'sequencer'>;
  readonly journal: Journal;
  readonly books: NewestBooks;
  readonly port: TradingPort;
  readonly account: Account;
  readonly moment: () => Moment;
  readonly marks: PlanMarks;
}

export class OrderDesk {
  readonly #deps: OrderDeskDeps;
  readonly #fees: FeeWatch;
  readonly #misreports: Misreports;

  constructor(deps: OrderDeskDeps) {
    this.#deps = deps;
    this.#fees = new FeeWatch(deps);
    this.#misreports = new Misreports(deps);
  }

  /** Takes a report of `order`. @returns the event that the plan's machine gets for it. */
  take(plan: Plan, order: Order, change: OrderEvent, venueOrderId: string | undefined): PlanEventType | undefined {
    const before = order.state;
    if (venueOrderId !== undefined && venueOrderId !== '') order.venueOrderId = venueOrderId;
    const type = this.#heed(plan, order, change);
    if (type !== undefined) this.apply(plan, order, type);
    if (isEnded(before) && !isEnded(order.state)) return 'order.reopened';
    if (!isUnknown(before) && isUnknown(order.state)) return 'order.uncertain';
    if (!isEnded(before) && isEnded(order.state) && openOrders(plan).length === 0) return this.#stepOver(plan);
    if (isReconciling(plan.state) && !hasUnknown(plan)) return 'order.certain';
    return type === 'acked' && hasOrderOut(plan.state) ? 'order.acked' : undefined;
  }

  /** Lets the order's machine take an event, and records what that changes. */
  apply(plan: Plan, order: Order, type: OrderEventType): void {
    const before = order.state;
    const context = { seen: order.seen, touched: order.booked.qtyLots > 0n, denials: order.denials };
    const next = TRANSITIONS.of(before, context, type);
    if (next.isUnexpected) this.#recordUnexpected(plan, order, type);
    order.state = next.value;
    order.seen = next.context.seen;
    order.denials = next.context.denials;
    this.#record(plan, order, before, type);
    if (isUnknown(order.state)) this.#schedule(order, before);
  }

  /** The order of the plan that is to be asked after now, the question being noted; undefined when there is none. */
  findDue(plan: Plan, nowNs: MonotonicNs): Order | undefined {
    return plan.orders.find(({ state, lookupDueNs }) => isUnknown(state) && nowNs >= lookupDueNs);
  }

  /** Notes that `order` is asked after. @returns whether it is to be asked: an answer may have been given up instead. */
  noteLookup(plan: Plan, order: Order): boolean {
    const isAsked = order.state === 'looking_up' || order.state === 'confirming';
    this.apply(plan, order, isAsked ? 'fate.unknown' : 'lookup.asked');
    return !isAsked;
  }

  /** What the machine makes of a word; undefined when it says nothing new. */
  #heed(plan: Plan, order: Order, change: OrderEvent): OrderEventType | undefined {
    switch (change.kind) {
      case 'fill':
        return this.#takeFill(plan, order, change.fill);
      case 'terms':
        return this.#takeTerms(plan, order, change.reading);
      case 'misreported':
        return this.#misreports.record(plan, order, change.what, []);
      case 'ended':
        if (change.filledLots <= order.qtyLots) return endOf(order, change.filledLots);
        return this.#misreports.record(plan, order, `${change.filledLots} lots filled`, []);
      case 'whole':
        return this.#takeWhole(plan, order, change.reading);
      case 'refused':
        this.#recordRefusal(plan, order, change.error);
        if (order.isClosing && !change.isRetryable) bar(plan, order);
        return 'refused';
      case 'denied':
        order.seen = true;
        return 'fate.absent';
      case 'other':
        return change.type;
    }
  }

  /** Undefined when it had been booked before. */
  #takeFill(plan: Plan, order: Order, fill: Fill): OrderEventType | undefined {
    const { account } = this.#deps;
    if (account.isBooked(fill)) {
      const { clOrdId, state } = order;
      const other = state === 'misreported' ? undefined : account.reportedOtherwise({ clOrdId, scale: order }, fill);
      return other === undefined ? undefined : this.#misreports.record(plan, order, other, [fill]);
    }
    const why = this.#misreports.whyNot(order, fill);
    if (why !== undefined) return this.#misreports.record(plan, order, why, [fill]);
    this.#book(plan, order, fill);
    return 'fill';
  }

  #takeTerms(plan: Plan, order: Order, reading: OrderReading): OrderEventType | undefined {
    const why = misreportedTerms({ ...order, bookedLots: order.booked.qtyLots }, reading);
    return why === undefined ? undefined : this.#misreports.record(plan, order, why, reading.fills);
  }

  /** Every fill of it is booked by now, unless its id was that of another. More was booked only if the venue took it back. */
  #takeWhole(plan: Plan, order: Order, { fills, qtyPrecision }: OrderReading): OrderEventType {
    const lots = fills.reduce((sum, { qtyLots }) => sum + qtyLots, 0n);
    const { qtyLots: bookedLots } = order.booked;
    const isKnown = order.state === 'misreported' || qtyPrecision !== order.qtyPrecision;
    if (isKnown || lots === bookedLots) return endOf(order);
    const quantityText = (units: bigint) => formatDecimal(units, qtyPrecision);
    const said =
      lots > bookedLots
        ? `${quantityText(lots)} filled, of which ${quantityText(lots - bookedLots)} by ids that are not of fills of it`
        : `${quantityText(lots)} filled in all, had reported ${quantityText(bookedLots)}`;
    return this.#misreports.record(plan, order, said, []);
  }

  #book(plan: Plan, order: Order, fill: Fill): void {
    const { account, journal, books } = this.#deps;
    const { directory } = books;
    const instrument = directory.instruments[order.instrument];
    if (instrument === undefined) throw new TypeError(`order ${order.clOrdId} trades an instrument that is not listed`);
    const moves = fillMovements(instrument, order, order.side, directory, fill);
    order.seen = true;
    this.#recordAck(plan, order);
    account.bookFill(order, fill, moves);
    const fee = bookMoves(plan, order, moves, directory);
    const { booked } = order;
    booked.qtyLots = plus(booked.qtyLots, fill.qtyLots);
    booked.costUnits = plus(booked.costUnits, fill.costUnits);
    booked.feeUnits = plus(booked.feeUnits, fill.feeUnits);
    booked.feeAsset = fill.feeAsset;
    countUp(journal.open, SEQUENCER_HEADER.fills);
    recordFill(journal, plan, order, fill, moves, this.#momentOf(order));
    this.#fees.take(plan.id, order, fill);
    if (fee !== undefined) this.#bookOtherFee(plan, order, fill, fee);
    if (fill.feeElsewhere !== undefined) this.#countFeeElsewhere(plan, order, fill);
    if (isEnded(order.state)) this.#recordLateFill(plan, order, fill);
  }

  /** An asset that the plan does not trade pays for it: no plan will bring that back, and it counts against this one. */
  #bookOtherFee(
    plan: Plan,
    order: Order,
    fill: Fill,
    fee: { readonly asset: AssetIndex; readonly units: Units },
  ): void {
    const { account, moment, marks } = this.#deps;
    account.addExposure({ asset: fee.asset, units: negated(fee.units), plan: plan.id }, 'accepted', moment());
    plan.markUnits = minus(plan.markUnits, marks.feeWorth(plan, order, fill));
  }

  /** What cannot be booked in units counts as what the known rate would have taken. */
  #countFeeElsewhere(plan: Plan, order: Order, fill: Fill): void {
    const { context, journal, marks } = this.#deps;
    plan.markUnits = minus(plan.markUnits, marks.knownFee(plan, order, fill));
    const text = `fill ${fill.execId} paid a fee of ${fill.feeElsewhere}, which is not listed: it counts at the known rate`;
    recordAudit(journal, 'fee_elsewhere', 1, text, plan.id, order.attempt);
    context.log('warn', 'fee_elsewhere', text, { plan: plan.id });
  }

  /** Now, under the instruments whose ticks and lots the order is in. */
  #momentOf(order: Order): Moment {
    const { books, moment } = this.#deps;
    return { ...moment(), instrumentsSeq: books.seqInScale(order.instrument, order) };
  }

  #stepOver(plan: Plan): PlanEventType {
    if (plan.orders.some(({ state }) => state === 'misreported')) return over(plan, 'venue_misreport', 'order.lost');
    if (plan.orders.some(({ state }) => state === 'lost')) return because(plan, 'order_lost', 'order.lost');
    const event = stepResult(plan, this.#deps.books);
    if (event === 'order.filled') return event;
    return because(plan, event === 'order.partial' ? 'partial_fill' : whyUnfilled(newestOrders(plan)), event);
  }

  #record(plan: Plan, order: Order, before: Order['state'], type: OrderEventType): void {
    const { journal } = this.#deps;
    if (order.seen) this.#recordAck(plan, order);
    const { state } = order;
    if (isUnknown(state) && !isUnknown(before) && type !== 'adopted') {
      recordOrder(journal, 'ORDER_UNCERTAIN', plan, order, this.#momentOf(order));
    }
    if (isEnded(state) && !isEnded(before)) recordOrder(journal, 'ORDER_ENDED', plan, order, this.#momentOf(order));
    if (state === 'lost' && before !== 'lost') this.#recordLoss(plan, order);
  }

  #recordAck(plan: Plan, order: Order): void {
    if (order.ackRecorded) return;
    order.ackRecorded = true;
    recordOrder(this.#deps.journal, 'ORDER_ACKED', plan, order, this.#momentOf(order));
  }

  /**
   * When it is asked next. An order that the venue does not know may only not be known yet: it is asked again when the
   * venue cannot match it any more, because its deadline is over.
   */
  #schedule(order: Order, before: Order['state']): void {
    const { context } = this.#deps;
    const nowNs = context.clock.nowNs();
    if (!isUnknown(before)) order.lookups = 0;
    if (order.state === 'looking_up' || order.state === 'confirming') {
      if (order.state !== before) order.lookupDueNs = laterBy(nowNs, LOOKUP_ANSWER_MS);
    } else if (order.state === 'absent_once' && before === 'looking_up') {
      order.lookupDueNs = laterBy(nowNs, context.config.trading.deadline_ms);
    } else if (!isUnknown(before) || (order.state === 'uncertain' && isAbsent(before))) {
      order.lookupDueNs = nowNs;
    } else if (before === 'looking_up' || before === 'confirming') {
      const pauseMs = backOffMs(order.lookups, LOOKUP_PAUSE, context.chance);
      order.lookups = Math.min(order.lookups + 1, 16);
      order.lookupDueNs = laterBy(nowNs, pauseMs);
    }
  }

  #recordUnexpected(plan: Plan, order: Order, type: OrderEventType): void {
    countUp(this.#deps.journal.open, SEQUENCER_HEADER.unexpected);
    const text = `order ${order.clOrdId} was ${order.state} and did not expect ${type}`;
    recordAudit(this.#deps.journal, 'order_event_unexpected', 1, text, plan.id, order.attempt);
  }

  #recordLoss({ id }: Plan, { clOrdId, venueOrderId, attempt }: Order): void {
    const text = describeLost(clOrdId, venueOrderId);
    recordAudit(this.#deps.journal, 'order_lost', 2, text, id, attempt);
    this.#deps.context.log('error', 'order_lost', text, { plan: id });
  }

  #recordLateFill(plan: Plan, order: Order, fill: Fill): void {
    const text = `order ${order.clOrdId} had ended as ${order.state} when fill ${fill.execId} came`;
    recordAudit(this.#deps.journal, 'fill_late', 1, text, plan.id, order.attempt);
  }

  #recordRefusal(plan: Plan, order: Order, error: string): void {
    recordAudit(this.#deps.journal, 'order_refused', 1, `${order.clOrdId}: ${error}`, plan.id, order.attempt);
  }
}

/** The end, judged by what is booked: fills that the venue counts and has not reported are asked for. */
function endOf({ state, booked, qtyLots }: Order, filledLots = booked.qtyLots): OrderEventType {
  if (filledLots < booked.qtyLots) return 'contradicted';
  if (filledLots > booked.qtyLots) return isEnded(state) ? 'contradicted' : 'uncertain';
  if (filledLots === 0n) return 'ended.unfilled';
  return filledLots >= qtyLots ? 'ended.filled' : 'ended.partial';
}

/** The venue had said that it does not know it. */
const isAbsent = (state: Order['state']): boolean => state === 'absent_once' || state === 'confirming';

function bar(plan: Plan, { position, instrument }: Order): void {
  plan.barred |= barOf(position, plan.legs[position]?.instrument !== instrument);
}

function whyUnfilled(orders: readonly Order[]): PlanReason {
  if (orders.some(({ state }) => state === 'refused')) return 'order_refused';
  return orders.some(({ state }) => state === 'absent') ? 'order_absent' : 'no_fill';
}
