/**
 * Runs the account: nothing is traded before the venue's account and ours are the same, and they are compared again and
 * again from then on. What the venue knows and we do not is booked; what nobody can explain enters the exposure ledger and
 * is the expectation from then on.
 *
 *   port ─events─▶ account machine ─▶ ask ─▶ reading ─▶ comparison ─▶ tasks (a change of the journal each) ─▶ trading
 */
import { transition } from 'xstate';
import type { ActorContext } from '../../runtime/actor.ts';
import { ACCOUNT_STATES, type AccountState, isTradingState } from '../../shared/account-state.ts';
import type { AssetIndex } from '../../shared/instrument.ts';
import { type AuditEvent, type ExposureReason, SYSTEM_STATUSES } from '../../shared/messages.ts';
import type { StoredTrading } from '../../shared/stored-trading.ts';
import type { AccountReading, Fill, TradingEvent, TradingPort } from '../../venues/trading-port.ts';
import type { Account, PlansAtWork } from './account.ts';
import { AccountBooks } from './account-books.ts';
import { AccountComparison } from './account-comparison.ts';
import { expectedUnits, type LedgerEntry } from './account-ledger.ts';
import { type AccountEventType, accountMachine } from './account-machine.ts';
import { DeadMansSwitch } from './dead-mans-switch.ts';
import type { Moment } from './execution-events.ts';
import type { FillMoves } from './fill-moves.ts';
import type { Journal } from './journal.ts';
import type { NewestBooks } from './newest-books.ts';
import { SEQUENCER_HEADER } from './sequencer-memory.ts';
import { TaskQueue } from './task-queue.ts';

/** Pause before the account is read again: what was cancelled has ended by then, what was late has come. */
const SETTLE_MS = 250;
const SETTLE_MAX_MS = 5_000;
/** Pause before a deviation that was seen while trading is looked at again. */
const CONFIRM_MS = 2_000;
/** Within one run the account is read again from this much before the last reading. */
const OVERLAP_MS = 60_000;
/** How long the end waits for orders that are out. */
const DRAIN_MS = 1_000;
/** Counters that show a tally of own memory. */
const TALLIES = [
  ['reconciliations', 'reconciled'],
  ['deviations', 'deviations'],
  ['fills_recovered', 'recovered'],
] as const;
const MAINTENANCE = SYSTEM_STATUSES.indexOf('maintenance');

export interface AccountDeskDeps {
  readonly context: ActorContext<'sequencer'>;
  readonly journal: Journal;
  readonly books: NewestBooks;
  readonly port: TradingPort;
  readonly plans: PlansAtWork;
  /** What earlier runs left; undefined when there was none. */
  readonly stored: StoredTrading | undefined;
}

export class AccountDesk implements Account {
  readonly #deps: AccountDeskDeps;
  readonly #books: AccountBooks;
  readonly #tasks: TaskQueue;
  readonly #comparison: AccountComparison;
  readonly #switch: DeadMansSwitch;
  #state: AccountState = 'down';
  /** Readings asked for and not answered. Only the answer to the newest counts. */
  #asked = 0;
  #askedMs = 0;
  #askedNs = 0;
  #wantsReading = false;
  /** Monotonic: when the state in hand is to be left for want of anything else. */
  #dueNs = 0;
  #inFlightDueNs = 0;
  #pauses = 0;
  /** Whether the account was reconciled on this connection. */
  #isReconciled = false;
  #wasHalted = true;

  constructor(deps: AccountDeskDeps) {
    const { context, journal, books: newest, port, plans, stored } = deps;
    this.#deps = deps;
    this.#tasks = new TaskQueue(journal);
    this.#books = new AccountBooks(context, journal, newest, stored);
    const { books } = { books: this.#books };
    this.#comparison = new AccountComparison({
      context,
      journal,
      newest,
      port,
      plans,
      stored,
      books,
      tasks: this.#tasks,
    });
    const { dead_mans_switch_ms: timeoutMs, dead_mans_switch_interval_ms: intervalMs } = context.config.trading;
    this.#switch = new DeadMansSwitch({ port, timeoutMs, intervalMs });
  }

  get state(): AccountState {
    return this.#state;
  }

  // -- for the plan desk ----------------------------------------------------------------------------------------------

  get isTrading(): boolean {
    return isTradingState(this.#state);
  }

  available(asset: AssetIndex): bigint | undefined {
    const { context, journal, plans } = this.#deps;
    const { mode, paper } = context.config;
    if (mode === 'paper' && Object.keys(paper.inventory).length === 0) return undefined;
    const held = this.#comparison.foreignHeld(asset) + plans.reservedUnits(asset);
    return expectedUnits(journal.open, asset) - held; // with what the change in hand has booked
  }

  isBooked(fill: Pick<Fill, 'execId' | 'atMs'>): boolean {
    return this.#books.isBooked(fill);
  }

  bookFill(fill: Pick<Fill, 'execId' | 'atMs'>, moves: FillMoves): void {
    this.#books.bookFill(fill, moves);
    for (const asset of [moves.spentAsset, moves.receivedAsset, moves.feeAsset]) this.#comparison.touch(asset);
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

  /** Takes what the port tells of the account, and of orders that no plan at work has out. */
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
      case 'balance':
        this.#onBalance(event.asset, event.totalUnits);
        break;
      case 'unexpected':
        this.#say('venue_unexpected', 1, event.text);
        break;
      case 'fatal':
        this.#send('fatal');
        this.#say('account_refused', 2, event.error.message);
        break;
      case 'order.filled':
        if (!this.#books.isBooked(event.fill)) search.ask(event.clOrdId, event.venueOrderId);
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
      case 'order.refused':
        break; // nothing has become of it
      default:
        event satisfies never;
    }
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
    if (this.#deps.plans.ordersOut.length > 0) this.#cancelAll('the connection was lost');
    this.#send('connected');
  }

  #onDisconnected(reason: string): void {
    const wasConnected = this.#state !== 'connecting' && this.#state !== 'down';
    this.#startAnew();
    this.#switch.lost();
    if (wasConnected) this.#cancelAll(`the connection was lost: ${reason}`);
    this.#send('disconnected');
  }

  /** Whatever was being compared is asked for again. */
  #startAnew(): void {
    this.#tasks.drop();
    this.#isReconciled = false;
    this.#pauses = 0;
    this.#comparison.startAnew();
  }

  /** A stream's word is a hint only: a reading decides. */
  #onBalance(asset: AssetIndex, totalUnits: bigint): void {
    if (this.#state !== 'trading' || !this.#comparison.isOdd(asset, totalUnits)) return;
    this.#dueNs = Math.min(this.#dueNs, this.#deps.context.clock.nowNs() + SETTLE_MS * 1e6);
  }

  #onUnknown(why: string): void {
    if (!this.#isAnswer()) return;
    this.#say('venue_unexpected', 1, `the account could not be read: ${why}`);
    this.#send('account.unknown');
  }

  #onReading(reading: AccountReading): void {
    if (!this.#isAnswer()) return;
    this.#send('account.read');
    if (this.#state !== 'booking' && this.#state !== 'checking') return;
    const circumstances = { askedNs: this.#askedNs, isTrading: this.#state === 'checking' };
    this.#comparison.take(reading, circumstances, (isClean) => this.#conclude(isClean));
  }

  /** False for an answer to a question that was asked again since. */
  #isAnswer(): boolean {
    this.#asked = Math.max(0, this.#asked - 1);
    return this.#asked === 0;
  }

  #conclude(isClean: boolean): void {
    if (isClean) {
      this.#books.reconciled(this.#askedMs, !this.#isReconciled);
      this.#isReconciled = true;
      this.#pauses = 0;
    }
    this.#send(isClean ? 'booked.clean' : 'booked.unsettled');
  }

  // -- time -----------------------------------------------------------------------------------------------------------

  #onDue(nowNs: number): number {
    const { context, plans } = this.#deps;
    this.#watchHalt(context.gate.state === 'halted');
    if (this.#state !== 'connecting') {
      this.#comparison.search.tick(nowNs);
      this.#updateSwitch(nowNs);
    }
    if (this.#wantsReading) this.#ask();
    if (this.isTrading) this.#doubtSilent(nowNs);
    const event = this.#dueEvent(nowNs, plans.ordersOut.length > 0);
    if (event === undefined) return 0;
    this.#send(event);
    return 1;
  }

  #dueEvent(nowNs: number, isOut: boolean): AccountEventType | undefined {
    const isDue = nowNs >= this.#dueNs;
    switch (this.#state) {
      case 'settling':
        return isDue ? 'retry.due' : undefined;
      case 'trading':
        return isDue ? 'check.due' : undefined;
      case 'draining':
        if (!isOut) return 'drained';
        return isDue ? 'patience.over' : undefined;
      case 'reading':
      case 'verifying':
        if (!isDue || this.#asked === 0) return undefined;
        this.#asked = 0; // it will not be answered any more
        return 'account.unknown';
      default:
        return undefined;
    }
  }

  #updateSwitch(nowNs: number): void {
    const { context, plans, port } = this.#deps;
    if (!port.isConnected || this.#state === 'refused' || this.isStopped) return;
    const isMaintenance = context.countersOf('feed').get('system_status') === MAINTENANCE;
    const wasArmed = this.#switch.isArmed;
    this.#switch.update((plans.isAtWork || plans.ordersOut.length > 0) && !isMaintenance, nowNs);
    if (this.#switch.isArmed !== wasArmed) this.#show();
  }

  /** Orders without an answer for too long. */
  #doubtSilent(nowNs: number): void {
    const { context, plans } = this.#deps;
    const { reconcile_in_flight_ms: everyMs, answer_timeout_ms: timeoutMs } = context.config.trading;
    if (everyMs === 0 || nowNs < this.#inFlightDueNs) return;
    this.#inFlightDueNs = nowNs + everyMs * 1e6;
    for (const { clOrdId, sentNs } of plans.ordersOut) {
      if (nowNs - sentNs >= timeoutMs * 1e6) plans.doubt(clOrdId, `no answer for ${timeoutMs} ms`);
    }
  }

  /** A halt takes back whatever is open, once. */
  #watchHalt(isHalted: boolean): void {
    if (isHalted && !this.#wasHalted && this.#state !== 'down' && !this.isStopped) this.#cancelAll('trading is halted');
    this.#wasHalted = isHalted;
  }

  /** Asks for the end of all orders: by one word or, when others have orders on the account, of each of ours. */
  #cancelAll(why: string): void {
    const { plans, port } = this.#deps;
    const { ordersOut } = plans;
    if (this.#comparison.hasForeignOrders) for (const { clOrdId } of ordersOut) port.cancel(clOrdId);
    else port.cancelAll();
    this.#say('orders_cancelled', 1, `all orders, ${ordersOut.length} known to be out: ${why}`);
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

  #enter(nowNs: number): void {
    this.#wantsReading = this.#state === 'reading' || this.#state === 'verifying';
    switch (this.#state) {
      case 'settling':
        this.#dueNs = nowNs + Math.min(SETTLE_MS * 2 ** this.#pauses++, SETTLE_MAX_MS) * 1e6;
        break;
      case 'trading':
        this.#dueNs = nowNs + this.#checkIntervalMs() * 1e6;
        break;
      case 'draining':
        this.#dueNs = nowNs + DRAIN_MS * 1e6;
        break;
      case 'stopped':
        if (this.#deps.port.isConnected) this.#switch.update(false, nowNs);
        this.#deps.port.stop();
        break;
      default:
    }
  }

  #checkIntervalMs(): number {
    if (this.#comparison.hasSuspicion) return CONFIRM_MS;
    const { reconcile_orders_ms: orders, reconcile_balances_ms: balances } = this.#deps.context.config.trading;
    return Math.min(...[orders, balances].map((ms) => (ms > 0 ? ms : Number.POSITIVE_INFINITY)));
  }

  /** Asks the venue for the account, as soon as its assets are known here. */
  #ask(): void {
    const { context, books: newest, port } = this.#deps;
    const { rest_timeout_ms: timeoutMs, rest_attempts_max: attempts } = context.config.venue;
    if (newest.directory.assets.length === 0) return;
    this.#wantsReading = false;
    if (!this.#books.isLoaded) this.#tasks.add(() => this.#books.load());
    this.#comparison.begin();
    this.#asked++;
    this.#askedMs = context.clock.wallMs();
    this.#askedNs = context.clock.nowNs();
    this.#dueNs = this.#askedNs + timeoutMs * (attempts + 1) * 1e6;
    port.readAccount(Math.floor(this.#sinceMs()));
  }

  #sinceMs(): number {
    const { journal, stored } = this.#deps;
    const upToMs = journal.current.getFloat64(SEQUENCER_HEADER.readUpToMs, true);
    if (upToMs > 0 && !this.#books.isRecovering) return upToMs - OVERLAP_MS;
    return stored?.sinceMs ?? journal.current.getFloat64(SEQUENCER_HEADER.runMs, true) - OVERLAP_MS;
  }

  /** Tallies of own memory are right after a restart too. */
  #show(): void {
    const { context, journal } = this.#deps;
    const { counters } = context;
    counters.set(counters.at('account_state'), ACCOUNT_STATES.indexOf(this.#state));
    counters.set(counters.at('dead_mans_switch'), this.#switch.isArmed ? 1 : 0);
    for (const [counter, field] of TALLIES) {
      counters.set(counters.at(counter), journal.current.getFloat64(SEQUENCER_HEADER[field], true));
    }
  }

  #say(event: AuditEvent, severity: 0 | 1 | 2, text: string): void {
    this.#tasks.say(this.#books.audit(event, severity, text));
  }
}
