/**
 * Runs the account: nothing is traded before the venue's account and ours are the same, and they are compared again and
 * again from then on. What the venue knows and we do not is booked; what has no explanation enters the exposure ledger and
 * is the expectation from then on.
 *
 *   port ─events─▶ account machine ─▶ ask ─▶ reading ─▶ comparison ─▶ tasks (a change of the journal each) ─▶ trading
 */

import { transition } from 'xstate';
import type { AssetIndex } from '../../../market/instrument.ts';
import type { ExposureReason } from '../../../messages/execution-message.ts';
import { largest, NO_UNITS, type Units, units } from '../../../money/money.ts';
import { type BackOff, backOffMs } from '../../../net/back-off.ts';
import type { MonotonicNs } from '../../../platform/time.ts';
import type { ActorContext } from '../../../runtime/actor.ts';
import type { AuditEvent } from '../../../runtime/records/audit-events.ts';
import { ACCOUNT_STATES, type AccountState, isTradingState } from '../../../trading/account-state.ts';
import type { StoredTrading } from '../../../trading/stored-trading.ts';
import type { AccountReading, AccountScope, Fill, TradingEvent, TradingPort } from '../../../venues/trading-port.ts';
import type { BookedOrder, FilledOrder } from '../decisions/booked-fill.ts';
import type { Moment } from '../journal/execution-events.ts';
import type { Journal } from '../journal/journal.ts';
import { SEQUENCER_HEADER } from '../journal/sequencer-memory.ts';
import { TaskQueue } from '../journal/task-queue.ts';
import type { FillMovements } from '../model/fill-movements.ts';
import type { NewestBooks } from '../model/newest-books.ts';
import { AccountBooks } from './account-books.ts';
import { dustUnits, expectedUnits, type LedgerEntry } from './account-ledger.ts';
import { type AccountEventType, accountMachine } from './account-machine.ts';
import { AccountQuestions } from './account-questions.ts';
import { AccountWatch } from './account-watch.ts';
import { AccountReconciliation } from './reconciliation.ts';
import type { PlansAtWork, RunningAccount } from './running-account.ts';

/** Pause before the account is read again: what was cancelled has ended by then, what was late has arrived. */
const SETTLE: BackOff = { baseMs: 250, maxMs: 5_000, growth: 2, jitter: 'added' };
/** An asset that could not be compared for this long, for it was always moving, is compared at rest. */
const QUIET_AFTER_MS = 15_000;
/** How long the end waits for orders that are out. */
const DRAIN_MS = 1_000;
/** States in which the venue is not asked anything, and a lost connection is no news. */
const UNCONNECTED: ReadonlySet<AccountState> = new Set(['down', 'connecting', 'stopped', 'refused']);
/** Counters that show a tally of own memory. */
const TALLIES = [
  ['reconciliations', 'reconciled'],
  ['deviations', 'deviations'],
  ['fills_recovered', 'recovered'],
] as const;

export interface AccountDeskDeps {
  readonly context: ActorContext<'sequencer'>;
  readonly journal: Journal;
  readonly books: NewestBooks;
  readonly port: TradingPort;
  readonly plans: PlansAtWork;
  /** What earlier runs left; undefined when there was none. */
  readonly stored: StoredTrading | undefined;
}

export class AccountDesk implements RunningAccount {
  readonly #deps: AccountDeskDeps;
  readonly #books: AccountBooks;
  readonly #tasks: TaskQueue;
  readonly #comparison: AccountReconciliation;
  readonly #questions: AccountQuestions;
  readonly #watch: AccountWatch;
  #state: AccountState = 'down';
  #wantsReading = false;
  /** Monotonic: when the current state is to be left if nothing else happens. */
  #dueNs = 0;
  #pauses = 0;
  /** Whether the account was reconciled on this connection. */
  #isReconciled = false;
  /** No plan is begun until the account was compared at rest. */
  #isDoubted = false;
  /** Monotonic: when all of the account was last known to be as expected, or the connection came. */
  #knownNs = 0;
  /** Monotonic: when orders were asked for last. */
  #ordersAskedNs = Number.NEGATIVE_INFINITY;

  constructor(deps: AccountDeskDeps) {
    const { context, journal, books: newest, stored } = deps;
    const books = new AccountBooks(context, journal, newest, stored);
    const tasks = new TaskQueue(journal);
    this.#deps = deps;
    this.#books = books;
    this.#tasks = tasks;
    this.#comparison = new AccountReconciliation({ ...deps, newest, books, tasks });
    this.#questions = new AccountQuestions({ ...deps, books });
    this.#watch = new AccountWatch(deps);
  }

  get state(): AccountState {
    return this.#state;
  }

  // -- for the plan desk ----------------------------------------------------------------------------------------------

  get isTrading(): boolean {
    return isTradingState(this.#state);
  }

  get takesPlans(): boolean {
    return this.isTrading && !this.#isDoubted;
  }

  get isAsking(): boolean {
    return this.#comparison.search.isAsking;
  }

  available(asset: AssetIndex): Units {
    const { journal, plans } = this.#deps;
    const bank = journal.open; // with what the open change has booked
    // Dust belongs to the plan that sells it.
    const held = this.#comparison.foreignHeld(asset) + largest(NO_UNITS, dustUnits(bank, asset));
    return units(expectedUnits(bank, asset) - held - plans.reservedUnits(asset));
  }

  isUncountable(asset: AssetIndex): boolean {
    return this.#comparison.isUncountable(asset);
  }

  isBooked(fill: Pick<Fill, 'execId'>): boolean {
    return this.#books.isBooked(fill);
  }

  reportedOtherwise(order: FilledOrder, fill: Fill): string | undefined {
    return this.#books.reportedOtherwise(order, fill);
  }

  bookFill(order: BookedOrder, fill: Fill, moves: FillMovements): void {
    const { journal } = this.#deps;
    const assets = new Set([moves.spentAsset, moves.receivedAsset, moves.feeAsset]);
    const before = [...assets].map((asset) => [asset, expectedUnits(journal.open, asset)] as const);
    this.#books.bookFill(order, fill, moves);
    for (const [asset, units] of before) this.#comparison.moved(asset, units, expectedUnits(journal.open, asset));
  }

  disbelieve(execId: string): void {
    this.#books.disbelieve(execId);
  }

  addExposure(entry: LedgerEntry, reason: ExposureReason, when: Moment): void {
    this.#books.addExposure(entry, reason, when);
  }

  addDust(entry: LedgerEntry, when: Moment): void {
    this.#books.addDust(entry, when);
  }

  // -- life -----------------------------------------------------------------------------------------------------------

  /** Connects. */
  start(): void {
    this.#send('start');
    this.#deps.port.start();
  }

  /** Asks for the end of everything. To be turned on until {@link isStopped}. */
  stop(): void {
    this.#tasks.drop();
    if (this.#state !== 'down') this.#cancelAll('the engine stops');
    this.#send('stop');
    this.tick();
  }

  get isStopped(): boolean {
    return this.#state === 'stopped';
  }

  /** Whether there is something to book: until that is done, the port is not to be polled. */
  get isBooking(): boolean {
    return !this.#tasks.isEmpty;
  }

  /** Takes what the port reports of the account, and of orders that no plan at work has out. */
  handle(event: TradingEvent): void {
    const { search } = this.#comparison;
    switch (event.type) {
      case 'connected':
        this.#onConnected();
        break;
      case 'disconnected':
        this.#onDisconnected(event.reason);
        break;
      case 'account':
        this.#onReading(event.account);
        break;
      case 'account_unknown':
        this.#onUnknown(event.why);
        break;
      case 'account_progress':
        this.#questions.noteProgress();
        this.#show();
        break;
      case 'balance':
        this.#onBalance(event.asset, event.totalUnits);
        break;
      case 'terms':
        this.#say('pair_terms', event.isAgreed ? 0 : 1, event.text);
        break;
      case 'unexpected':
        this.#say('venue_unexpected', 1, event.text);
        break;
      case 'fatal':
        this.#onFatal(event.error);
        break;
      case 'order.filled':
        this.#onLooseFill(event.clOrdId, event.venueOrderId, event.fill);
        break;
      case 'order.acked':
      case 'order.ended':
        search.ask(event.clOrdId, event.venueOrderId);
        break;
      case 'order.uncertain':
        search.ask(event.clOrdId, undefined);
        break;
      case 'order.fate_unknown':
        search.askLater(event.clOrdId);
        break;
      case 'order.fate':
        this.#comparison.takeFate(event.clOrdId, event.found);
        break;
      case 'order.denied':
        this.#comparison.takeDenial(event.clOrdId, event.venueOrderId);
        break;
      case 'order.misreported':
        this.#comparison.takeMisreport(event.clOrdId, event.what);
        break;
      case 'order.refused':
        break; // nothing has become of it
      default:
        event satisfies never;
    }
  }

  heedHalt(): void {
    if (this.#watch.hasHalted() && !UNCONNECTED.has(this.#state)) this.#cancelAll('trading is halted');
  }

  /** Books what waits, and does what is due. @returns how much. */
  tick(): number {
    const made = this.#tasks.run();
    const done = this.#tasks.isEmpty ? made + this.#onDue(this.#deps.context.clock.nowNs()) : made;
    if (done > 0) this.#show();
    return done;
  }

  // -- events ---------------------------------------------------------------------------------------------------------

  #onConnected(): void {
    this.#startAnew();
    this.#knownNs = this.#deps.context.clock.nowNs();
    if (this.#deps.plans.ordersOut.length > 0) this.#cancelAll('the connection was lost');
    this.#send('connected');
  }

  #onDisconnected(reason: string): void {
    const wasConnected = !UNCONNECTED.has(this.#state);
    this.#startAnew();
    this.#comparison.forgetStream();
    this.#watch.lost();
    if (wasConnected) this.#cancelAll(`the connection was lost: ${reason}`);
    this.#send('disconnected');
  }

  /** What is open is asked to be cancelled while there is a connection: afterwards the switch alone does. */
  #onFatal({ message }: Error): void {
    if (this.#state === 'refused') return;
    if (!UNCONNECTED.has(this.#state) && this.#deps.port.isConnected) this.#cancelAll('the venue refuses the account');
    this.#send('fatal');
    this.#say('account_refused', 2, message);
  }

  /** What was being compared is asked for again. */
  #startAnew(): void {
    this.#tasks.drop();
    this.#isReconciled = false;
    this.#isDoubted = false;
    this.#pauses = 0;
    this.#comparison.startAnew();
  }

  /** A stream's report is a hint only: a reading decides. */
  #onBalance(asset: AssetIndex, totalUnits: Units): void {
    this.#comparison.noteStreamed(asset, totalUnits);
    if (this.#state !== 'trading' || !this.#comparison.isOdd(asset, totalUnits)) return;
    this.#dueNs = Math.min(this.#dueNs, this.#deps.context.clock.nowNs() + SETTLE.baseMs * 1e6);
  }

  /** A fill of an order that no plan has out. What it was is asked; reported again, it has to be what was booked. */
  #onLooseFill(clOrdId: string, venueOrderId: string, fill: Fill): void {
    if (!this.#books.isBooked(fill)) this.#comparison.search.ask(clOrdId, venueOrderId);
    else this.#comparison.takeRepeated(clOrdId, fill);
  }

  #onUnknown(why: string): void {
    if (!this.#questions.answered()) return;
    this.#say('venue_unexpected', 1, `the account could not be read: ${why}`);
    this.#send('account.unknown');
  }

  #onReading(reading: AccountReading): void {
    if (!this.#questions.answered()) return;
    this.#send('account.read');
    if (this.#state !== 'booking' && this.#state !== 'checking') return;
    const circumstances = { askedNs: this.#questions.askedNs, isTrading: this.#state === 'checking' };
    this.#comparison.take(reading, circumstances, (isClean) => this.#conclude(reading, isClean));
  }

  #conclude({ scope, asOfMs }: AccountReading, isClean: boolean): void {
    const { askedNs } = this.#questions;
    const { uncomparedSinceNs } = this.#comparison;
    if (scope === 'everything') this.#questions.bookedUpTo(asOfMs);
    if (isClean) {
      this.#books.reconciled(uncomparedSinceNs === undefined ? asOfMs : undefined, !this.#isReconciled);
      this.#isReconciled = true;
      this.#pauses = 0;
      this.#knownNs = uncomparedSinceNs ?? askedNs;
    }
    this.#isDoubted = !isClean || askedNs - (uncomparedSinceNs ?? askedNs) > QUIET_AFTER_MS * 1e6;
    this.#send(isClean ? 'booked.clean' : 'booked.unsettled');
  }

  // -- time -----------------------------------------------------------------------------------------------------------

  #onDue(nowNs: MonotonicNs): number {
    if (!UNCONNECTED.has(this.#state)) {
      const { search } = this.#comparison;
      search.tick(nowNs);
      if (this.#watch.updateSwitch(search.isAsking, nowNs)) this.#show();
    }
    if (this.#wantsReading) this.#ask();
    if (this.isTrading) this.#watch.doubtSilent(nowNs);
    const event = this.#dueEvent(nowNs);
    if (event === undefined) return 0;
    this.#send(event);
    return 1;
  }

  #dueEvent(nowNs: MonotonicNs): AccountEventType | undefined {
    const isDue = nowNs >= this.#dueNs;
    switch (this.#state) {
      case 'settling':
        return isDue ? 'retry.due' : undefined;
      case 'trading':
        if (this.#isDoubted && !this.#deps.plans.isAtWork) return 'doubted';
        return isDue ? 'check.due' : undefined;
      case 'draining':
        if (this.#deps.plans.ordersOut.length === 0) return 'drained';
        return isDue ? 'patience.over' : undefined;
      case 'reading':
      case 'verifying':
        return this.#questions.giveUp(nowNs) ? 'account.unknown' : undefined;
      default:
        return undefined;
    }
  }

  /** Asks for the end of all orders: by one request or, when others have orders on the account, of each of ours. */
  #cancelAll(why: string): void {
    const { plans, port } = this.#deps;
    const { ordersOut } = plans;
    if (this.#comparison.hasForeignOrders) for (const { clOrdId } of ordersOut) port.cancel(clOrdId);
    else port.cancelAll();
    const severity = ordersOut.length === 0 ? 0 : 1; // it is asked for at every end, whether anything is out or not
    this.#say('orders_cancelled', severity, `all orders, ${ordersOut.length} known to be out: ${why}`);
  }

  // -- machine --------------------------------------------------------------------------------------------------------

  #send(type: AccountEventType): void {
    const from = accountMachine.resolveState({ value: this.#state });
    const [next, actions] = transition(accountMachine, from, { type });
    if (actions.some((action) => action.type === 'onUnexpected')) {
      this.#say('venue_unexpected', 1, `the account is ${this.#state} and did not expect ${type}`);
    }
    if (next.value === this.#state && type !== 'connected') return;
    this.#state = next.value;
    this.#show();
    this.#enter(this.#deps.context.clock.nowNs());
  }

  #enter(nowNs: MonotonicNs): void {
    this.#wantsReading = this.#state === 'reading' || this.#state === 'verifying';
    switch (this.#state) {
      case 'settling':
        this.#dueNs = nowNs + backOffMs(this.#pauses++, SETTLE, this.#deps.context.chance) * 1e6;
        break;
      case 'trading':
        this.#dueNs = nowNs + this.#checkIntervalMs() * 1e6;
        break;
      case 'draining':
        this.#dueNs = nowNs + DRAIN_MS * 1e6;
        break;
      case 'stopped':
        // What may still be open is left to the switch.
        if (this.#deps.plans.ordersOut.length === 0 && !this.#comparison.search.isAsking) this.#watch.disarm(nowNs);
        this.#deps.port.stop();
        break;
      default:
    }
  }

  #checkIntervalMs(): number {
    const { reconcile_orders_ms: orders, reconcile_balances_ms: balances } = this.#deps.context.config.trading;
    return Math.min(...[orders, balances].map((ms) => (ms > 0 ? ms : Number.POSITIVE_INFINITY)));
  }

  /** Asks the venue for the account, as soon as its assets are known here. */
  #ask(): void {
    if (this.#deps.books.directory.assets.length === 0) return;
    this.#wantsReading = false;
    if (!this.#books.isLoaded) this.#tasks.add(...this.#books.takeOverTasks());
    this.#comparison.begin();
    this.#questions.ask(this.#scope());
  }

  /** At rest everything is asked for. While trading goes on, orders only as often as the settings say. */
  #scope(): AccountScope {
    if (this.#state === 'reading') return 'everything';
    const { reconcile_orders_ms: everyMs } = this.#deps.context.config.trading;
    const nowNs = this.#deps.context.clock.nowNs();
    if (everyMs === 0 || nowNs - this.#ordersAskedNs < everyMs * 1e6) return 'balances';
    this.#ordersAskedNs = nowNs;
    return 'recent';
  }

  /** Tallies of own memory are right after a restart too. */
  #show(): void {
    const { context, journal } = this.#deps;
    const { counters } = context;
    counters.set(counters.at('account_state'), ACCOUNT_STATES.indexOf(this.#state));
    counters.set(counters.at('account_known_ns'), this.#knownNs);
    counters.set(counters.at('account_progress_ns'), this.#questions.progressNs);
    counters.set(counters.at('dead_mans_switch'), this.#watch.isSwitchArmed ? 1 : 0);
    for (const [counter, field] of TALLIES) {
      counters.set(counters.at(counter), journal.current.getFloat64(SEQUENCER_HEADER[field], true));
    }
  }

  #say(event: AuditEvent, severity: 0 | 1 | 2, text: string): void {
    this.#tasks.say(this.#books.audit(event, severity, text));
  }
}
