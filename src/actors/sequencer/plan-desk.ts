/**
 * Runs the plans: asks the machine what comes next, makes it so, and writes it down. Every event is one change of the
 * journal, committed before an order goes out, so a successor always knows of every order that can be out.
 */
import assert from 'node:assert/strict';
import { transition } from 'xstate';
import type { ActorContext } from '../../runtime/actor.ts';
import { assetReceived, assetSpent } from '../../shared/asset-graph.ts';
import { PLANS_MAX, type PlanReason } from '../../shared/messages.ts';
import { formatDecimal } from '../../shared/money.ts';
import {
  averageTicks,
  type Moment,
  tellAudit,
  tellEnded,
  tellFill,
  tellOpened,
  tellRefused,
} from './execution-events.ts';
import { type ExecutionPort, type LegOrder, nothingFilled, type OrderReport } from './execution-port.ts';
import { availableUnits, changeBalance } from './inventory.ts';
import type { Journal } from './journal.ts';
import type { NewestBooks } from './newest-books.ts';
import { forwardOrder, type OrderDraft, unwindOrder } from './next-order.ts';
import type { Opportunity } from './opportunity.ts';
import { clearPlan, type OpenOrder, type Plan, readPlan, writePlan } from './plan.ts';
import { hasOrderOut, isOver, type PlanEventType, planMachine } from './plan-machine.ts';
import { bookFill, endOrder, newSince, setAside } from './plan-progress.ts';
import { type RecheckLimits, recheck, recheckLimits, type Standing } from './recheck.ts';
import { countUp, planOffset, SEQUENCER_HEADER } from './sequencer-memory.ts';

/** Pause before what could not be taken back is tried again; never shorter than a leg's latency. */
const RETRY_MS = 50;

/** What the gate says to an order: it may go, not now, never, or not this kind of order. */
type Verdict = 'open' | 'gate.paused' | 'gate.halted' | 'shut';

export interface PlanDeskDeps {
  readonly context: ActorContext<'sequencer'>;
  readonly journal: Journal;
  readonly books: NewestBooks;
  readonly port: ExecutionPort;
}

export class PlanDesk {
  readonly #context: ActorContext<'sequencer'>;
  readonly #journal: Journal;
  readonly #books: NewestBooks;
  readonly #port: ExecutionPort;
  readonly #limits: RecheckLimits;
  readonly #slots: (Plan | undefined)[];
  readonly #opened;
  #bank: DataView;
  #outgoing: LegOrder | undefined;
  #isStopping = false;

  constructor({ context, journal, books, port }: PlanDeskDeps) {
    this.#context = context;
    this.#journal = journal;
    this.#books = books;
    this.#port = port;
    this.#bank = journal.current;
    this.#opened = context.latency('plan_opened');
    this.#limits = recheckLimits(context.config);
    this.#slots = Array.from({ length: PLANS_MAX }, (_, slot) => readPlan(journal.current, planOffset(slot)));
  }

  /** Plans at work. */
  get plans(): readonly Plan[] {
    return this.#slots.filter((plan) => plan !== undefined);
  }

  /** Takes up the orders a predecessor had out. */
  resume(): void {
    for (const { open } of this.plans) if (open !== undefined) this.#port.resume(open.order, open.booked);
  }

  /** Decides upon an opportunity. One that was decided upon before changes nothing. */
  consider(opportunity: Opportunity): void {
    if (this.#wasHandled(opportunity)) return;
    const nowNs = this.#context.clock.nowNs();
    const standing = recheck(opportunity, this.#circumstances(nowNs), this.#limits);
    this.#bank = this.#journal.begin();
    this.#bank.setFloat64(SEQUENCER_HEADER.handledSeq, opportunity.seq, true);
    this.#bank.setFloat64(SEQUENCER_HEADER.handledOrdinal, opportunity.ordinal + 1, true);
    countUp(this.#bank, SEQUENCER_HEADER.received);
    const slot = this.#slots.indexOf(undefined);
    if (standing.ok && slot !== -1) this.#open(slot, opportunity, standing, nowNs);
    else {
      countUp(this.#bank, SEQUENCER_HEADER.refused);
      const reason = standing.ok ? 'plans_full' : standing.reason;
      tellRefused(this.#journal, opportunity, reason, this.#startAsset(opportunity), this.#moment(nowNs));
      this.#journal.commit();
    }
  }

  /** Takes word of an order. */
  report(report: OrderReport): void {
    const slot = this.#slots.findIndex((plan) => plan?.open?.order.id === report.orderId);
    const plan = this.#slots[slot];
    if (plan?.open === undefined || !hasOrderOut(plan.state)) {
      this.#recordStray(report);
      return;
    }
    const fill = newSince(plan.open, report);
    if (fill === undefined && !report.isFinal) return; // the venue has it; nothing to write down
    this.#bank = this.#journal.begin();
    if (fill !== undefined) this.#book(plan, plan.open, fill, report);
    this.#apply(plan, report.isFinal ? this.#ended(plan, plan.open) : 'order.acked');
    this.#settle(slot, plan);
  }

  /** Moves the plans that wait for something other than an order. @returns how many moved. */
  tick(): number {
    let moved = 0;
    for (const [slot, plan] of this.#slots.entries()) {
      if (plan === undefined || hasOrderOut(plan.state)) continue;
      const event = this.#dueEvent(plan);
      if (event === undefined || !this.#journal.ready()) continue;
      this.#bank = this.#journal.begin();
      this.#apply(plan, event);
      this.#settle(slot, plan);
      moved++;
    }
    return moved;
  }

  /** Whether any plan waits for time to pass or for the gate. */
  get isWaiting(): boolean {
    return this.#slots.some((plan) => plan !== undefined && !hasOrderOut(plan.state));
  }

  /** Gives up what is out and ends every plan: nothing goes out any more, and what is held is recorded as stranded. */
  stop(): void {
    this.#isStopping = true;
    for (const { open } of this.plans) {
      if (open === undefined) continue;
      if (!this.#journal.ready()) {
        // Said where it can be said: the rings are full, and nobody takes from them any more.
        this.#context.log('error', 'exposure_stranded', `order ${open.order.id} is out and cannot be recorded`);
        continue;
      }
      this.report(this.#port.cancel(open.order.id) ?? { ...open.booked, isFinal: true });
    }
    this.tick();
  }

  #open(slot: number, opportunity: Opportunity, standing: Standing, nowNs: number): void {
    const plan = newPlan(countUp(this.#bank, SEQUENCER_HEADER.plans), opportunity, standing);
    this.#slots[slot] = plan;
    countUp(this.#bank, SEQUENCER_HEADER.opened);
    tellOpened(this.#journal, plan, this.#moment(nowNs));
    this.#opened.record(nowNs - opportunity.stampNs);
    this.#apply(plan, 'check.passed');
    this.#settle(slot, plan);
  }

  /** Places what can be placed, writes the plan down, and only then lets its order out. */
  #settle(slot: number, plan: Plan): void {
    while (plan.state === 'placing' || plan.state === 'unwinding') this.#apply(plan, this.#place(plan));
    const at = planOffset(slot);
    if (isOver(plan.state)) {
      this.#end(plan);
      clearPlan(this.#bank, at);
      this.#slots[slot] = undefined;
    } else {
      writePlan(this.#bank, at, plan);
    }
    this.#journal.commit();
    const outgoing = this.#outgoing;
    this.#outgoing = undefined;
    if (outgoing !== undefined) this.#port.place(outgoing);
  }

  /** Tries to make the order the plan needs now. @returns what the machine is to be told of it. */
  #place(plan: Plan): PlanEventType {
    const isUnwind = plan.state === 'unwinding';
    const { slippage_bps } = this.#context.config.trading;
    const verdict = this.#verdict(isUnwind || plan.leg === plan.legs.length - 1);
    if (verdict !== 'open') return because(plan, 'gate_closed', verdict === 'shut' ? 'order.impossible' : verdict);
    const draft = (isUnwind ? unwindOrder : forwardOrder)(plan, this.#books, slippage_bps);
    if (draft === undefined) return 'unwind.nothing';
    if (draft.kind === 'impossible') return because(plan, draft.reason, 'order.impossible');
    this.#outgoing = this.#number(draft, plan);
    plan.attempt = Math.min(plan.attempt + 1, 255);
    plan.open = {
      order: this.#outgoing,
      position: draft.position,
      isUnwind,
      booked: nothingFilled(this.#outgoing.id, false),
    };
    return 'order.placed';
  }

  #number({ instrument, side, feePpm, qtyLots, limitTicks, fundsUnits }: OrderDraft, plan: Plan): LegOrder {
    const id = countUp(this.#bank, SEQUENCER_HEADER.orders);
    const placedNs = this.#context.clock.nowNs();
    return { id, plan: plan.id, instrument, side, qtyLots, limitTicks, fundsUnits, feePpm, placedNs };
  }

  #verdict(shrinksExposure: boolean): Verdict {
    if (this.#isStopping) return 'gate.halted';
    switch (this.#context.gate.state) {
      case 'active':
        return 'open';
      case 'reducing':
        return shrinksExposure ? 'open' : 'shut';
      case 'paused':
        return 'gate.paused';
      case 'halted':
        return 'gate.halted';
    }
  }

  #dueEvent(plan: Plan): PlanEventType | undefined {
    const nowNs = this.#context.clock.nowNs();
    const verdict = this.#verdict(true);
    if (verdict === 'gate.halted') return because(plan, 'gate_closed', 'gate.halted');
    if (nowNs >= plan.patienceUntilNs) return because(plan, 'out_of_patience', 'patience.over');
    if (verdict === 'gate.paused') return undefined;
    if (plan.state === 'held') return 'gate.opened';
    return nowNs >= plan.retryDueNs ? 'retry.due' : undefined;
  }

  #apply(plan: Plan, type: PlanEventType): void {
    const { leg, rest, state } = plan;
    const from = planMachine.resolveState({ value: state, context: { legCount: plan.legs.length, leg, rest } });
    const [next, actions] = transition(planMachine, from, { type });
    if (actions.some((action) => action.type === 'onUnexpected')) this.#recordUnexpected(plan, type);
    if (next.value !== state) this.#enter(plan, next.value);
    plan.leg = next.context.leg;
    plan.rest = next.context.rest;
  }

  #enter(plan: Plan, state: Plan['state']): void {
    const { clock, config } = this.#context;
    const nowNs = clock.nowNs();
    if (state === 'unwinding' || state === 'stranded' || state === 'abandoned') setAside(plan);
    if (state === 'working') plan.patienceUntilNs = 0;
    if (state === 'held' || state === 'unwinding') plan.patienceUntilNs ||= nowNs + config.trading.patience_ms * 1e6;
    if (state === 'unwinding_waiting') plan.retryDueNs = nowNs + Math.max(RETRY_MS, config.paper.latency_ms) * 1e6;
    plan.state = state;
  }

  #book(plan: Plan, open: OpenOrder, fill: OrderReport, totals: OrderReport): void {
    const { instrument, side } = open.order;
    const found = this.#books.directory.instruments[instrument];
    assert.ok(found !== undefined, `order ${open.order.id} trades an instrument that is listed`);
    const assets = { spent: assetSpent(found, side), received: assetReceived(found, side) };
    bookFill(plan, open, fill);
    open.booked = totals;
    changeBalance(this.#bank, assets.spent, -fill.spentUnits);
    changeBalance(this.#bank, assets.received, fill.receivedUnits);
    countUp(this.#bank, SEQUENCER_HEADER.fills);
    const price = averageTicks(open, fill, this.#books);
    tellFill(this.#journal, plan, open, fill, assets, price, this.#moment());
  }

  #ended(plan: Plan, open: OpenOrder): PlanEventType {
    const event = endOrder(plan, open, this.#books);
    if (event === 'order.unfilled') return because(plan, 'no_fill', event);
    return event === 'order.partial' ? because(plan, 'partial_fill', event) : event;
  }

  #end(plan: Plan): void {
    const { state } = plan;
    if (state === 'completed' || state === 'abandoned' || state === 'unwound' || state === 'stranded') {
      countUp(this.#bank, SEQUENCER_HEADER[state]);
    }
    if (state === 'stranded') this.#recordExposure(plan);
    tellEnded(this.#journal, plan, this.#moment());
    const details = { plan: plan.id, outcome: state, reason: plan.reason };
    this.#context.log(state === 'stranded' ? 'error' : 'info', 'plan_ended', `plan ${plan.id} ${state}`, details);
  }

  #moment(nowNs = this.#context.clock.nowNs()): Moment {
    return { nowNs, instrumentsSeq: this.#books.instrumentsSeq };
  }

  #recordExposure(plan: Plan): void {
    const { directory } = this.#books;
    for (const [index, { instrument, side }] of plan.legs.entries()) {
      const units = plan.restUnits[index] ?? 0n;
      const found = directory.instruments[instrument];
      const asset = found && directory.assets[assetSpent(found, side)];
      if (units === 0n || asset === undefined) continue;
      const amount = `${formatDecimal(units, asset.precision)} ${asset.id}`;
      const text = `plan ${plan.id} left ${amount} (${plan.reason})`;
      tellAudit(this.#journal, 'exposure_stranded', 2, text, plan.id, Number(units));
    }
  }

  #recordUnexpected(plan: Plan, type: PlanEventType): void {
    countUp(this.#bank, SEQUENCER_HEADER.unexpected);
    const text = `plan ${plan.id} in ${plan.state} did not expect ${type}`;
    tellAudit(this.#journal, 'plan_event_unexpected', 1, text, plan.id, 0);
  }

  /** Word of an order that no plan has out: recorded, and nothing is booked. */
  #recordStray(report: OrderReport): void {
    this.#bank = this.#journal.begin();
    countUp(this.#bank, SEQUENCER_HEADER.unexpected);
    const text = `order ${report.orderId} is out for no plan`;
    tellAudit(this.#journal, 'plan_event_unexpected', 2, text, 0, report.orderId);
    this.#journal.commit();
  }

  #wasHandled({ seq, ordinal }: Opportunity): boolean {
    const bank = this.#journal.current;
    const handled = bank.getFloat64(SEQUENCER_HEADER.handledSeq, true);
    return seq < handled || (seq === handled && ordinal < bank.getFloat64(SEQUENCER_HEADER.handledOrdinal, true));
  }

  #circumstances(nowNs: number) {
    const { plans } = this;
    const books = this.#books;
    const { config, gate } = this.#context;
    const available = (asset: number) =>
      availableUnits(asset, config.paper.inventory, this.#journal.current, plans, books.directory);
    return { nowNs, gate: gate.state, plans, books, available };
  }

  #startAsset({ legs }: Opportunity): number {
    const first = legs[0];
    const instrument = first && this.#books.directory.instruments[first.instrument];
    return first === undefined || instrument === undefined ? 0 : assetSpent(instrument, first.side);
  }
}

function newPlan(id: number, opportunity: Opportunity, standing: Standing): Plan {
  return {
    id,
    seq: opportunity.seq,
    ordinal: opportunity.ordinal,
    startAsset: standing.startAsset,
    legs: opportunity.legs,
    plannedStartUnits: standing.startUnits,
    plannedEndUnits: standing.endUnits,
    firstLots: standing.firstLots,
    reservedUnits: standing.reservedUnits,
    state: 'checking',
    leg: 0,
    rest: false,
    fundsUnits: standing.reservedUnits,
    restUnits: [0n, 0n, 0n, 0n],
    spentUnits: 0n,
    receivedUnits: 0n,
    attempt: 0,
    reason: 'none',
    patienceUntilNs: 0,
    retryDueNs: 0,
    open: undefined,
  };
}

/** Notes why, unless something went wrong before already, and passes the event on. */
function because(plan: Plan, reason: PlanReason, event: PlanEventType): PlanEventType {
  if (plan.reason === 'none') plan.reason = reason;
  return event;
}
