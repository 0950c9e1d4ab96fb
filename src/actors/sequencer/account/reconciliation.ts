/**
 * What is made of a reading of the account: strangers are reported, leftovers cancelled, what ended is booked, what is
 * missing is looked for, and balances are compared with what they should be.
 *
 * While trading goes on, a balance is right when it is one that the account had between the question and now: what moves an
 * asset does not keep it from being compared. What is not right, and what could not be compared for too long, is compared
 * again at rest: no plan is begun until then (`account-desk.ts`). At rest a deviation counts when two readings in a row show
 * the same, for the venue's parts of a reading are not of one moment, and its balances may be late; and it does not count
 * while the venue's own stream of balances says otherwise.
 */

import type { AssetIndex } from '../../../market/instrument.ts';
import { NO_UNITS, type Units, units } from '../../../money/money.ts';
import type { MonotonicNs } from '../../../platform/time.ts';
import type { ActorContext } from '../../../runtime/actor.ts';
import type { AuditEvent } from '../../../runtime/records/audit-events.ts';
import type { StoredTrading } from '../../../trading/stored-trading.ts';
import type { AccountReading, Fill, OrderReading, TradingPort } from '../../../venues/trading-port.ts';
import type { Journal } from '../journal/journal.ts';
import { SEQUENCER_HEADER } from '../journal/sequencer-memory.ts';
import type { TaskQueue } from '../journal/task-queue.ts';
import type { NewestBooks } from '../model/newest-books.ts';
import type { AccountBooks } from './account-books.ts';
import { deviations, isOwn } from './account-differences.ts';
import { expectedUnits } from './account-ledger.ts';
import { OrderSearch } from './order-search.ts';
import { OrphanOrders } from './orphan-orders.ts';
import { OtherEngines } from './other-engines.ts';
import type { PlansAtWork } from './running-account.ts';

/** Readings that may differ from each other before the newest is believed: another party trades on the account. */
const READINGS_MAX = 6;

export interface ReconciliationDeps {
  readonly context: ActorContext<'sequencer'>;
  readonly journal: Journal;
  readonly newest: NewestBooks;
  readonly port: TradingPort;
  readonly plans: PlansAtWork;
  readonly stored: StoredTrading | undefined;
  readonly books: AccountBooks;
  readonly tasks: TaskQueue;
}

export interface Circumstances {
  /** Monotonic, when the reading was asked for. */
  readonly askedNs: MonotonicNs;
  /** Whether plans go on meanwhile. */
  readonly isTrading: boolean;
}

export class AccountReconciliation {
  readonly search: OrderSearch;
  readonly #deps: ReconciliationDeps;
  readonly #found: OrphanOrders;
  /** What was expected of each asset that was traded since the reading was asked for: it is of one of those moments. */
  readonly #values = new Map<AssetIndex, Set<bigint>>();
  /** Monotonic: since when an asset could not be compared, for it was moving. */
  readonly #uncompared = new Map<AssetIndex, number>();
  /** Newest balances of the venue's stream on this connection. */
  readonly #streamed = new Map<AssetIndex, bigint>();
  /** Deviations that one reading has shown: the next has to show the same. */
  #suspected: ReadonlyMap<AssetIndex, Units> = new Map();
  /** Readings in a row that were not clean. */
  #unclean = 0;
  #foreignHeld: ReadonlyMap<AssetIndex, Units> = new Map();
  /** Venue's ids of the open orders of others; undefined before the first reading: there may be some. */
  #foreignOrders: ReadonlySet<string> | undefined;
  /** Assets of which the newest reading has more than can be counted. */
  #uncountable: ReadonlySet<AssetIndex> = new Set();
  /** Ids of leftovers, and names of assets, that were reported. */
  readonly #reported = new Set<string>();
  /** Orders of earlier runs, as the venue knows them, while those are brought to an end. */
  readonly #recovered = new Map<string, OrderReading>();
  readonly #others: OtherEngines;
  /** Whether a reading was found clean by this actor. */
  #isSettled = false;

  constructor(deps: ReconciliationDeps) {
    this.#deps = deps;
    this.#found = new OrphanOrders(deps);
    this.search = new OrderSearch(deps.port, deps.context.clock, deps.context.chance);
    this.#others = new OtherEngines(() => deps.journal.current.getFloat64(SEQUENCER_HEADER.runMs, true));
  }

  /** Units of an asset that orders of others hold. */
  foreignHeld(asset: AssetIndex): Units {
    return this.#foreignHeld.get(asset) ?? NO_UNITS;
  }

  /** Whether more of an asset is held than can be counted: what of it may be spent is not known. */
  isUncountable(asset: AssetIndex): boolean {
    return this.#uncountable.has(asset);
  }

  get hasForeignOrders(): boolean {
    return this.#foreignOrders === undefined || this.#foreignOrders.size > 0;
  }

  get hasSuspicion(): boolean {
    return this.#suspected.size > 0;
  }

  /** Monotonic: since when not all assets could be compared; undefined when all were, the last time. */
  get uncomparedSinceNs(): number | undefined {
    return this.#uncompared.size === 0 ? undefined : Math.min(...this.#uncompared.values());
  }

  /** A reading was asked for. */
  begin(): void {
    this.#values.clear();
  }

  /** What is expected of an asset has changed. */
  moved(asset: AssetIndex, before: bigint, after: bigint): void {
    const values = this.#values.get(asset) ?? new Set([before]);
    this.#values.set(asset, values.add(after));
  }

  /** The venue's stream reports a balance. */
  noteStreamed(asset: AssetIndex, totalUnits: Units): void {
    this.#streamed.set(asset, totalUnits);
  }

  /** The venue's stream has ended. Its first balances come before the connection is said to stand. */
  forgetStream(): void {
    this.#streamed.clear();
  }

  /** The connection is new: what was suspected or asked for before has to be found out again. */
  startAnew(): void {
    this.#suspected = new Map();
    this.#unclean = 0;
    this.#uncompared.clear();
    this.search.forgetAnswers();
  }

  /** Whether a balance is not what it should be, and no order of ours can be the cause. */
  isOdd(asset: AssetIndex, totalUnits: Units): boolean {
    return !this.#moving().has(asset) && totalUnits !== expectedUnits(this.#deps.journal.current, asset);
  }

  /** @param conclude called when all is booked, with whether nothing is left to be found out. */
  take(reading: AccountReading, circumstances: Circumstances, conclude: (isClean: boolean) => void): void {
    const hasLeftovers = reading.scope !== 'balances' && this.#takeOrders(reading, circumstances);
    this.#reportUnknown(reading);
    this.#noteUncountable(reading);
    this.#deps.tasks.add(() => {
      if (circumstances.isTrading) this.#compareMoving(reading, circumstances, conclude);
      else this.#compareAtRest(reading, hasLeftovers, conclude);
    });
  }

  /** @returns whether orders were left open. */
  #takeOrders(reading: AccountReading, circumstances: Circumstances): boolean {
    const { plans } = this.#deps;
    this.#reportStrangers(reading);
    this.#reportOthers(reading);
    const isLoose = (order: OrderReading) => isOwn(order) && !plans.isAtWorkOn(order.clOrdId ?? '');
    const leftovers = reading.openOrders.filter(isLoose);
    for (const order of leftovers) this.#cancelLeftover(order);
    this.#bookOrders(reading.endedOrders.filter(isLoose));
    this.#searchLost(reading);
    this.#doubtMissing(reading, circumstances);
    return leftovers.length > 0;
  }

  /** Takes the answer of a search. */
  takeFate(clOrdId: string, found: OrderReading | undefined): void {
    const { tasks } = this.#deps;
    this.search.answered(clOrdId);
    if (found === undefined) tasks.add(...this.#found.absentTasks(clOrdId));
    else if (found.isOpen) this.#cancelLeftover(found);
    else this.#bookOrders([found]);
  }

  /** Takes the answer that the venue knows an order no more which it had. */
  takeDenial(clOrdId: string, venueOrderId: string): void {
    if (this.search.denied(clOrdId)) this.#deps.tasks.add(...this.#found.lostTasks(clOrdId, venueOrderId));
  }

  takeMisreport(clOrdId: string, what: string): void {
    this.#deps.tasks.add(...this.#found.misreportTasks(clOrdId, what));
  }

  /** Takes a fill that is booked and was reported again, of an order that no plan has out. */
  takeRepeated(clOrdId: string, fill: Fill): void {
    this.#deps.tasks.add(...this.#found.repeatedTasks(clOrdId, fill));
  }

  #reportStrangers({ openOrders }: AccountReading): void {
    const foreign = openOrders.filter((order) => !isOwn(order));
    const { books, tasks } = this.#deps;
    for (const { venueOrderId, clOrdId = 'without an id' } of foreign) {
      if (this.#foreignOrders?.has(venueOrderId)) continue;
      tasks.say(books.audit('order_foreign', 1, `order ${venueOrderId} (${clOrdId}) is not ours and is left alone`));
    }
    this.#foreignOrders = new Set(foreign.map(({ venueOrderId }) => venueOrderId));
  }

  #reportUnknown({ unknownAssets }: AccountReading): void {
    for (const name of unknownAssets) {
      this.#report(name, 'asset_unknown', `the account holds ${name}, which no pair of the venue's trades`);
    }
  }

  #noteUncountable({ uncountable }: AccountReading): void {
    this.#uncountable = new Set(uncountable);
    const { directory } = this.#deps.newest;
    for (const asset of uncountable) {
      const name = directory.assets[asset]?.id ?? `asset ${asset}`;
      const text = `the account holds more ${name} than can be counted: no cycle over a pair of it is traded, and its balance is not compared`;
      this.#report(`uncountable ${name}`, 'balance_uncountable', text);
    }
  }

  #reportOthers(reading: AccountReading): void {
    const runMs = this.#others.notice(reading, this.#isSettled);
    if (runMs === undefined) return;
    const { books, tasks } = this.#deps;
    const since = new Date(runMs).toISOString();
    const text = `another engine, begun ${since}, has orders on this account: they cancel each other's; stop one of them`;
    tasks.say(books.audit('account_shared', 2, text));
  }

  #cancelLeftover({ clOrdId = '', venueOrderId }: OrderReading): void {
    this.#deps.port.cancel(clOrdId);
    this.#report(clOrdId, 'order_leftover', `order ${clOrdId} (${venueOrderId}) was left open and is cancelled`);
  }

  #report(name: string, event: AuditEvent, text: string): void {
    if (this.#reported.has(name)) return;
    this.#reported.add(name);
    this.#deps.tasks.say(this.#deps.books.audit(event, 1, text));
  }

  #bookOrders(orders: readonly OrderReading[]): void {
    const { books, tasks } = this.#deps;
    if (books.isRecovering) for (const order of orders) this.#recovered.set(order.clOrdId ?? '', order);
    tasks.add(...this.#found.orderTasks(orders));
  }

  /** Orders that an earlier run left without an end, and of which the reading says nothing. */
  #searchLost({ openOrders, endedOrders }: AccountReading): void {
    const { books, stored } = this.#deps;
    if (!books.isRecovering) return;
    const seen = new Set([...openOrders, ...endedOrders].map(({ clOrdId }) => clOrdId));
    for (const { clOrdId, venueOrderId } of stored?.ordersOpen ?? []) {
      if (seen.has(clOrdId) || this.#found.hasEnded(clOrdId)) continue;
      this.search.ask(clOrdId, venueOrderId === '' ? undefined : venueOrderId);
    }
  }

  /**
   * Orders of plans at work of which something was not reported: out long before the reading and not open in it, or ended and
   * yet with a fill that is not booked, or booked otherwise.
   */
  #doubtMissing({ openOrders, endedOrders }: AccountReading, { askedNs }: Circumstances): void {
    const { plans, context, books } = this.#deps;
    const open = new Set(openOrders.map(({ clOrdId }) => clOrdId));
    const out = new Set(plans.ordersOut.map(({ clOrdId }) => clOrdId));
    for (const { clOrdId, sentNs } of plans.ordersOut) {
      const isOld = sentNs <= askedNs - context.config.trading.answer_timeout_ms * 1e6;
      if (isOld && !open.has(clOrdId)) plans.doubt(clOrdId, 'it is not among the open orders');
    }
    const isNews = (clOrdId: string) => (fill: Fill) =>
      !books.isBooked(fill) || books.reportedOtherwise({ clOrdId, scale: undefined }, fill) !== undefined;
    for (const { clOrdId = '', fills } of endedOrders) {
      if (out.has(clOrdId) || !plans.isAtWorkOn(clOrdId) || !fills.some(isNews(clOrdId))) continue;
      plans.doubt(clOrdId, 'it has ended, and has a fill that was not reported, or was reported otherwise');
    }
  }

  /**
   * Trading goes on. Nothing is booked of what does not fit: that is looked at again at rest. An asset that an order of ours
   * moves right now may fit in a moment.
   */
  #compareMoving(reading: AccountReading, { askedNs }: Circumstances, conclude: (isClean: boolean) => void): void {
    const { books, journal, newest, tasks } = this.#deps;
    const inOrders = this.#inOrders();
    this.#foreignHeld = this.#heldByOthers(reading, this.#moving());
    const expected = (asset: AssetIndex) => expectedUnits(journal.current, asset);
    const found = deviations(reading, newest.directory, expected);
    const suspected = new Map<AssetIndex, Units>();
    for (const { index } of newest.directory.assets) {
      const deviation = found.get(index) ?? NO_UNITS;
      const isRight = deviation === 0n || this.#values.get(index)?.has(expected(index) + deviation) === true;
      if (isRight || !inOrders.has(index)) this.#uncompared.delete(index);
      else if (!this.#uncompared.has(index)) this.#uncompared.set(index, askedNs);
      if (!isRight && !inOrders.has(index)) suspected.set(index, deviation);
    }
    this.#suspected = suspected;
    this.#unclean = 0;
    tasks.add(...books.balanceTasks(), () => conclude(suspected.size === 0));
  }

  /** Everything the reading has of orders is booked, and no plan is at work. Are the balances what they should be? */
  #compareAtRest(reading: AccountReading, hasLeftovers: boolean, conclude: (isClean: boolean) => void): void {
    const { books, plans, tasks } = this.#deps;
    const moving = this.#moving();
    const isQuiet = plans.ordersOut.length === 0 && moving.size === 0;
    this.#foreignHeld = this.#heldByOthers(reading, moving);
    if (hasLeftovers || !isQuiet || this.search.isAsking) {
      conclude(false);
      return;
    }
    if (!books.isEstablished) {
      if (this.#contradicted(reading).size > 0) {
        conclude(false);
        return;
      }
      tasks.add(...this.#recoveryTasks(), ...books.establishTasks(reading));
    } else if (!this.#hasSettled(reading)) {
      tasks.add(() => conclude(false));
      return;
    } else tasks.add(...this.#recoveryTasks());
    this.#unclean = 0;
    this.#uncompared.clear();
    tasks.add(...books.balanceTasks(), () => {
      this.#recovered.clear();
      this.#isSettled = true;
      conclude(true);
    });
  }

  /** Books deviations that were seen before. @returns whether there is no new one. */
  #hasSettled(reading: AccountReading): boolean {
    const { books, journal, newest, tasks } = this.#deps;
    const expected = (asset: AssetIndex) => expectedUnits(journal.current, asset);
    const found = [...deviations(reading, newest.directory, expected)];
    const contradicted = this.#contradicted(reading);
    const isLast = ++this.#unclean >= READINGS_MAX;
    const isConfirmed = ([asset, units]: readonly [AssetIndex, bigint]) =>
      !contradicted.has(asset) && (isLast || this.#suspected.get(asset) === units);
    tasks.add(...books.deviationTasks(new Map(found.filter(isConfirmed))));
    this.#suspected = new Map(found.filter((deviation) => !isConfirmed(deviation)));
    for (const [asset] of this.#suspected) if (contradicted.has(asset)) this.#reportContradiction(reading, asset);
    return this.#suspected.size === 0;
  }

  /** Assets of which the venue's stream reported another balance than the reading: one of the two is wrong. */
  #contradicted({ balances, uncountable }: AccountReading): ReadonlySet<AssetIndex> {
    const totals = new Map(balances.map(({ asset, totalUnits }) => [asset, totalUnits]));
    const compared = [...this.#streamed].filter(([asset]) => !uncountable.includes(asset));
    const differing = compared.filter(([asset, units]) => (totals.get(asset) ?? 0n) !== units);
    return new Set(differing.map(([asset]) => asset));
  }

  #reportContradiction({ balances }: AccountReading, asset: AssetIndex): void {
    const { books, newest } = this.#deps;
    const read = balances.find((balance) => balance.asset === asset)?.totalUnits ?? 0n;
    const streamed = this.#streamed.get(asset) ?? 0n;
    const name = `balances of ${newest.directory.assets[asset]?.id ?? asset}`;
    const text = `the venue says two balances: ${books.amountText(asset, units(read))} when asked, ${books.amountText(asset, units(streamed))} by its stream; nothing is traded until they agree`;
    this.#report(name, 'account_contradicted', text);
  }

  #recoveryTasks() {
    return this.#found.recoveryTasks([...this.#recovered.values()]);
  }

  #heldByOthers({ balances }: AccountReading, moving: ReadonlySet<AssetIndex>): ReadonlyMap<AssetIndex, Units> {
    const held = new Map(balances.map(({ asset, heldUnits }) => [asset, heldUnits]));
    // What our own orders hold is in there too, while they are out.
    for (const asset of moving) held.set(asset, this.foreignHeld(asset));
    return held;
  }

  /** Assets that orders of ours move now, or have moved since the reading was asked for. */
  #moving(): ReadonlySet<AssetIndex> {
    return new Set([...this.#inOrders(), ...this.#values.keys()]);
  }

  /** Assets that orders of ours which are out can move. */
  #inOrders(): ReadonlySet<AssetIndex> {
    const { plans, newest } = this.#deps;
    const moving = new Set<AssetIndex>();
    for (const { instrument } of plans.ordersOut) {
      const found = newest.directory.instruments[instrument];
      if (found !== undefined) moving.add(found.base).add(found.quote);
    }
    return moving;
  }
}
