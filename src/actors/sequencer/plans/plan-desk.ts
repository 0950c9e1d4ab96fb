/**
 * Runs the plans: asks the machine what comes next, makes it so, and writes it down. Every event is one change of the
 * journal, committed before an order goes out, so a successor always knows of every order that can be out.
 */

import { assetSpent } from '../../../market/asset-graph.ts';
import { type AssetIndex, assetIndex, type InstrumentIndex } from '../../../market/instrument.ts';
import { NO_UNITS, type Units } from '../../../money/money.ts';
import { laterBy, type MonotonicNs, monotonicNs } from '../../../platform/time.ts';
import type { ActorContext } from '../../../runtime/actor.ts';
import { usesKey } from '../../../settings/config.ts';
import type { OrderRequest, PlanBounds } from '../../../trading/approved-order.ts';
import { PreTradeLimits } from '../../../trading/pre-trade-limits.ts';
import type { TradingEvent, TradingPort } from '../../../venues/trading-port.ts';
import { dustUnits } from '../account/account-ledger.ts';
import type { OrderOut, PlansAtWork, RunningAccount } from '../account/running-account.ts';
import { PlanMarks } from '../decisions/mark-to-market.ts';
import { newPlan } from '../decisions/new-plan.ts';
import { planBounds } from '../decisions/plan-bounds.ts';
import { type RevalidationLimits, revalidate, revalidationLimits, type Standing } from '../decisions/revalidation.ts';
import { type Moment, recordAudit, recordOpened, recordOrder, recordRefused } from '../journal/execution-events.ts';
import type { Journal } from '../journal/journal.ts';
import { countUp, SEQUENCER_HEADER } from '../journal/sequencer-memory.ts';
import { KnownTransitions } from '../model/known-transitions.ts';
import type { NewestBooks } from '../model/newest-books.ts';
import type { Opportunity } from '../model/opportunity.ts';
import type { Order } from '../model/order.ts';
import { isUnknown } from '../model/order-machine.ts';
import { addOrder, openOrders, type Plan } from '../model/plan.ts';
import {
  hasOrderOut,
  isOver,
  type PlanEventType,
  type PlanInput,
  type PlanState,
  planMachine,
} from '../model/plan-machine.ts';
import { because } from '../model/plan-reason.ts';
import { FlattenDesk } from './flatten-desk.ts';
import { OrderDesk } from './order-desk.ts';
import { type OrderEvent, readNews } from './order-events.ts';
import { type MadeOrder, OrderMaker, RETRY_MS } from './order-maker.ts';
import { OwnGate } from './own-gate.ts';
import { type PlanEndDeps, recordEnd } from './plan-end.ts';
import { PlanSlots } from './plan-slots.ts';

const TRANSITIONS = new KnownTransitions<PlanState, PlanInput>(
  planMachine,
  ({ legCount, leg, rest, parallel }) => `${legCount} ${leg} ${rest} ${parallel}`,
);

export interface PlanDeskDeps {
  readonly context: ActorContext<'sequencer'>;
  readonly journal: Journal;
  readonly books: NewestBooks;
  readonly port: TradingPort;
  /** Made with this desk in its hands; see `running-account.ts`. */
  readonly makeAccount: (plans: PlansAtWork) => RunningAccount;
}

/** What the venue reported of an order and is not recorded yet, and the event of the port it came in. */
interface WaitingEvent {
  readonly clOrdId: string;
  readonly venueOrderId: string | undefined;
  readonly change: OrderEvent;
  readonly event: TradingEvent | undefined;
}

export class PlanDesk implements PlansAtWork {
  readonly account: RunningAccount;
  /** Opens plans that bring home what others left behind. */
  readonly flattening: FlattenDesk;
  #isDraining = false;
  readonly #context: ActorContext<'sequencer'>;
  readonly #journal: Journal;
  readonly #books: NewestBooks;
  readonly #port: TradingPort;
  readonly #limits: RevalidationLimits;
  readonly #slots: PlanSlots;
  readonly #opened;
  readonly #orders: OrderDesk;
  readonly #maker: OrderMaker;
  readonly #preTradeLimits: PreTradeLimits;
  readonly #gate: OwnGate;
  readonly #endDeps: PlanEndDeps;
  #waiting: WaitingEvent[] = [];
  #outgoing: readonly MadeOrder[] = [];

  constructor({ context, journal, books, port, makeAccount }: PlanDeskDeps) {
    this.#context = context;
    this.#journal = journal;
    this.#books = books;
    this.#port = port;
    this.#opened = context.latency('plan_opened');
    this.#limits = revalidationLimits(context.config);
    this.#slots = new PlanSlots(journal, books, context.clock);
    this.account = makeAccount(this);
    const { config, clock } = context;
    const gate = new OwnGate(context, journal);
    this.#gate = gate;
    this.#preTradeLimits = new PreTradeLimits({
      ...{ config, gate, clock },
      outUnits: (asset) => this.#slots.outUnits(asset),
      planBounds: (order) => this.#planBounds(order),
    });
    const moment = () => this.#moment();
    const marks = new PlanMarks(context.bookTable, books);
    const common = { context, journal, books, port, account: this.account, moment, marks };
    this.#endDeps = common;
    this.#orders = new OrderDesk(common);
    const isTakenByOther = (plan: Plan, instrument: InstrumentIndex) => this.#slots.isTakenByOther(plan, instrument);
    this.flattening = new FlattenDesk({ ...common, gate, slots: this.#slots });
    this.#maker = new OrderMaker({ ...common, gate, preTradeLimits: this.#preTradeLimits, isTakenByOther });
  }

  /** No plan is opened any more; those at work go on. */
  drain(): void {
    this.#isDraining = true;
    this.flattening.isDraining = true;
  }

  /** Plans at work. */
  get plans(): readonly Plan[] {
    return this.#slots.plans;
  }

  get ordersOut(): readonly OrderOut[] {
    return this.#slots.ordersOut;
  }

  get isAtWork(): boolean {
    return !this.#slots.isEmpty;
  }

  reservedUnits(asset: AssetIndex): Units {
    return this.#slots.reservedUnits(asset);
  }

  isAtWorkOn(clOrdId: string): boolean {
    return this.#slots.find(clOrdId) !== undefined;
  }

  doubt(clOrdId: string, why: string): void {
    const order = this.recall(clOrdId);
    if (order === undefined || isUnknown(order.state)) return; // it is being asked after: that must not begin anew
    this.#context.log('info', 'order_doubted', `order ${clOrdId}: ${why}`);
    const change = { kind: 'other', type: 'uncertain' } as const;
    this.#waiting.push({ clOrdId, venueOrderId: undefined, change, event: undefined });
  }

  /** An order of a plan at work, as it is written down. */
  recall(clOrdId: string): Order | undefined {
    return this.#slots.find(clOrdId)?.order;
  }

  /** Takes up the orders a predecessor had out: what it had asked and was answered is gone. */
  resume(): void {
    for (const { clOrdId } of this.ordersOut) {
      const change = { kind: 'other', type: 'adopted' } as const;
      this.#waiting.push({ clOrdId, venueOrderId: undefined, change, event: undefined });
    }
  }

  /** To be called at every turn, before anything is done: notes when this thread was stopped. */
  lookAround(): void {
    this.#gate.look();
  }

  /** Decides upon an opportunity. One that was decided upon before changes nothing. */
  consider(opportunity: Opportunity): void {
    if (this.#wasHandled(opportunity)) return;
    this.#preTradeLimits.list(this.#books.directory, this.#context.instrumentLog.used);
    const nowNs = this.#context.clock.nowNs();
    const standing = revalidate(opportunity, this.#circumstances(nowNs), this.#limits);
    const bank = this.#journal.begin();
    bank.setFloat64(SEQUENCER_HEADER.handledSeq, opportunity.seq, true);
    bank.setFloat64(SEQUENCER_HEADER.handledOrdinal, opportunity.ordinal + 1, true);
    countUp(bank, SEQUENCER_HEADER.received);
    const slot = this.#slots.findFree();
    if (standing.ok && slot !== -1) this.#open(slot, opportunity, standing, nowNs);
    else {
      countUp(bank, SEQUENCER_HEADER.refused);
      const reason = standing.ok ? 'plans_full' : standing.reason;
      recordRefused(this.#journal, opportunity, reason, this.#startAsset(opportunity), this.#moment(nowNs));
      this.#journal.commit();
    }
  }

  /** Takes an event of the port; what is not about an order of an active plan goes to the account. */
  handle(event: TradingEvent): void {
    const news = readNews(event);
    if (news === undefined || this.#slots.find(news.clOrdId) === undefined) {
      this.account.handle(event);
      return;
    }
    const { clOrdId, venueOrderId, events } = news;
    for (const change of events) this.#waiting.push({ clOrdId, venueOrderId, change, event });
  }

  /** Whether reports about orders wait to be recorded. */
  get hasOrderEvents(): boolean {
    return this.#waiting.length > 0;
  }

  /** Records one report about an order. The journal must be ready. */
  takeOrderEvent(): void {
    const waiting = this.#waiting.shift();
    if (waiting === undefined) return;
    const found = this.#slots.find(waiting.clOrdId);
    if (found === undefined) {
      // The plan ended meanwhile.
      if (waiting.event !== undefined) this.account.handle(waiting.event);
      return;
    }
    const { slot, plan, order } = found;
    this.#preTradeLimits.list(this.#books.directory, this.#context.instrumentLog.used);
    this.#journal.begin();
    const event = this.#orders.take(plan, order, waiting.change, waiting.venueOrderId);
    if (event !== undefined) this.#apply(plan, event);
    this.#settle(slot, plan);
  }

  /** Moves the plans that wait for something other than an order, and asks after orders. @returns how much was done. */
  tick(): number {
    let moved = 0;
    this.#preTradeLimits.list(this.#books.directory, this.#context.instrumentLog.used);
    for (const [slot, plan] of this.#slots.entries()) {
      if (!this.#journal.ready()) break;
      if (this.#askAfter(slot, plan)) moved++;
      const event = hasOrderOut(plan.state) ? undefined : this.#dueEvent(plan);
      if (event === undefined || !this.#journal.ready()) continue;
      this.#journal.begin();
      this.#apply(plan, event);
      this.#settle(slot, plan);
      moved++;
    }
    return moved;
  }

  /** From here on nothing leaves any more, and what is out is given up. What ends by then is recorded. */
  stop(): void {
    this.#maker.isStopping = true;
    for (const { clOrdId } of this.ordersOut) this.#port.cancel(clOrdId);
  }

  #open(slot: number, opportunity: Opportunity, standing: Standing, nowNs: MonotonicNs): void {
    const { policy } = this.#context.config.trading;
    const id = countUp(this.#journal.open, SEQUENCER_HEADER.plans);
    const plan = newPlan(id, policy === 'parallel', opportunity, standing, nowNs);
    this.#slots.write(slot, plan);
    countUp(this.#journal.open, SEQUENCER_HEADER.opened);
    recordOpened(this.#journal, plan, this.#moment(nowNs));
    this.#opened.record(nowNs - opportunity.stampNs);
    this.#apply(plan, 'check.passed');
    this.#settle(slot, plan);
  }

  /** Places what can be placed, writes the plan down, and only then lets its orders out. */
  #settle(slot: number, plan: Plan): void {
    while (plan.state === 'placing' || plan.state === 'closing') this.#apply(plan, this.#place(plan));
    if (isOver(plan.state)) {
      recordEnd(plan, this.#endDeps, this.#moment());
      this.#slots.clear(slot);
    } else {
      this.#slots.write(slot, plan);
    }
    this.#journal.commit();
    const outgoing = this.#outgoing;
    this.#outgoing = [];
    for (const { approved } of outgoing) this.#port.send(approved);
  }

  /** Makes the orders that the plan needs now. @returns the event that the machine gets for it. */
  #place(plan: Plan): PlanEventType {
    const { event, orders } = plan.state === 'closing' ? this.#maker.closeOut(plan) : this.#maker.goOn(plan);
    for (const { order } of orders) {
      addOrder(plan, order);
      recordOrder(this.#journal, 'ORDER_SENT', plan, order, this.#moment());
    }
    plan.attempt += orders.length;
    this.#outgoing = orders;
    return event;
  }

  /** Asks after an order whose fate is unknown, when it is time. */
  #askAfter(slot: number, plan: Plan): boolean {
    const order = this.#orders.findDue(plan, this.#context.clock.nowNs());
    if (order === undefined) return false;
    this.#journal.begin();
    const isAsked = this.#orders.noteLookup(plan, order);
    this.#slots.write(slot, plan);
    this.#journal.commit();
    const { clOrdId, venueOrderId } = order;
    if (isAsked) this.#port.lookUp(clOrdId, venueOrderId === '' ? undefined : venueOrderId);
    return true;
  }

  #dueEvent(plan: Plan): PlanEventType | undefined {
    const nowNs = this.#context.clock.nowNs();
    const verdict = this.#maker.verdict(true);
    if (verdict === 'gate.halted') return because(plan, 'gate_closed', 'gate.halted');
    if (nowNs >= plan.patienceUntilNs) return because(plan, 'out_of_patience', 'patience.over');
    if (verdict === 'gate.paused') return undefined;
    if (plan.flattening !== undefined && !this.#journal.isCommitted(plan.flattening.recordSeq)) return undefined;
    if (nowNs < plan.retryDueNs) return undefined;
    return plan.state === 'held' ? 'gate.opened' : 'retry.due';
  }

  #apply(plan: Plan, type: PlanEventType): void {
    const { leg, rest, state, parallel, legs } = plan;
    const next = TRANSITIONS.of(state, { legCount: legs.length, leg, rest, parallel }, type);
    if (next.isUnexpected) this.#recordUnexpected(plan, type);
    if (next.value !== state) this.#enter(plan, next.value);
    plan.leg = next.context.leg;
    plan.rest = next.context.rest;
  }

  #enter(plan: Plan, state: Plan['state']): void {
    const { clock, config } = this.#context;
    const nowNs = clock.nowNs();
    // Waiting for proof uses up no patience: what it was kept for has to be tried yet.
    if (state === 'working' || state === 'closing_reconciling') plan.patienceUntilNs = monotonicNs(0);
    if (state === 'held' || state === 'closing' || state === 'closing_waiting')
      plan.patienceUntilNs ||= laterBy(nowNs, config.trading.patience_ms);
    if (state === 'closing' || isOver(state)) plan.reservedUnits.fill(NO_UNITS);
    // Never sooner than a leg takes.
    // What holds an order back may be the venue, of which nothing here shows when it is over: asked again, but not at once.
    if (state === 'held' || state === 'closing_waiting')
      plan.retryDueNs = laterBy(nowNs, Math.max(RETRY_MS, config.paper.latency_ms));
    plan.state = state;
  }

  /** An event that the plan's state did not expect: with an order out the state is not proven any more. */
  #recordUnexpected(plan: Plan, type: PlanEventType): void {
    countUp(this.#journal.open, SEQUENCER_HEADER.unexpected);
    const text = `plan ${plan.id} in ${plan.state} did not expect ${type}`;
    recordAudit(this.#journal, 'plan_event_unexpected', 1, text, plan.id, 0);
    for (const order of openOrders(plan)) this.#orders.apply(plan, order, 'uncertain');
  }

  #moment(nowNs = this.#context.clock.nowNs()): Moment {
    return { nowNs, instrumentsSeq: this.#books.instrumentsSeq };
  }

  #wasHandled({ seq, ordinal }: Opportunity): boolean {
    const bank = this.#journal.current;
    const handled = bank.getFloat64(SEQUENCER_HEADER.handledSeq, true);
    return seq < handled || (seq === handled && ordinal < bank.getFloat64(SEQUENCER_HEADER.handledOrdinal, true));
  }

  #circumstances(nowNs: MonotonicNs) {
    const { plans, account } = this;
    const available = (asset: AssetIndex) => account.available(asset);
    const { isConnected } = this.#port;
    const whyNoRoom = (instruments: readonly InstrumentIndex[]) => this.#port.whyNoRoom(instruments);
    const fees = usesKey(this.#context.config.mode) ? this.#context.feeTable : undefined;
    const agreesOn = (instruments: readonly InstrumentIndex[]) => this.#port.agreesOn(instruments);
    const { isTrading, takesPlans } = account;
    const isUncountable = (asset: AssetIndex) => account.isUncountable(asset);
    const venue = { isTrading, takesPlans, isUncountable, isConnected, whyNoRoom, agreesOn, fees };
    const state = this.#isDraining ? 'paused' : this.#gate.state;
    return { nowNs, gate: state, plans, books: this.#books, available, orderLimits: this.#preTradeLimits, venue };
  }

  #planBounds(order: OrderRequest): PlanBounds | undefined {
    const plan = this.#slots.plans.find(({ id }) => id === order.plan);
    if (plan === undefined) return undefined;
    const { bookTable, config } = this.#context;
    const { plan_age_max_ms, plan_orders_max, plan_excess_max_bps, plan_loss_max_bps } = config.trading;
    return planBounds(plan, order, this.#books.directory, bookTable, {
      ordersMax: plan_orders_max,
      excessMaxBps: plan_excess_max_bps,
      lossMaxBps: plan_loss_max_bps,
      openedSinceNs: laterBy(this.#context.clock.nowNs(), -plan_age_max_ms),
      dustUnits: (asset) => dustUnits(this.#journal.open, asset),
    });
  }

  #startAsset({ legs }: Opportunity): AssetIndex {
    const first = legs[0];
    const instrument = first && this.#books.directory.instruments[first.instrument];
    return first === undefined || instrument === undefined ? assetIndex(0) : assetSpent(instrument, first.side);
  }
}
