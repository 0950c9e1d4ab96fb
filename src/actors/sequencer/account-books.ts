/**
 * Books what happens to the account: the plan desk's fills, and everything that belongs to no plan at work. Each booking
 * is one change of the journal (the plan desk's is part of its own), and none is made twice.
 */
import type { ActorContext } from '../../runtime/actor.ts';
import { decodeClientOrderId, type OrderOrigin } from '../../shared/client-order-id.ts';
import type { AssetIndex } from '../../shared/instrument.ts';
import type { AuditEvent, ExposureReason, PlanOutcome } from '../../shared/messages.ts';
import { formatDecimal } from '../../shared/money.ts';
import type { StoredAmount, StoredTrading } from '../../shared/stored-trading.ts';
import type { BalanceReading, Fill, OrderReading } from '../../venues/trading-port.ts';
import { smallestOrderUnits } from './account-differences.ts';
import { addDust, addExposure, expectedUnits, type LedgerEntry, setBalance, tellBalance } from './account-ledger.ts';
import { BookedFacts } from './booked-facts.ts';
import { type Moment, tellAudit } from './execution-events.ts';
import { balanceChanges, type FillMoves, fillMoves } from './fill-moves.ts';
import { type InterruptedPlan, interruptedKeys, planKey, storedUnits, sumInterrupted } from './interrupted-plans.ts';
import { changeBalance } from './inventory.ts';
import type { Journal } from './journal.ts';
import type { NewestBooks } from './newest-books.ts';
import {
  type FoundOrder,
  tellAbsent,
  tellFoundEnded,
  tellFoundFill,
  tellFoundSent,
  tellInterrupted,
} from './recovered-records.ts';
import { countUp, dustOffset, exposureOffset, SEQUENCER_HEADER } from './sequencer-memory.ts';
import type { Task } from './task-queue.ts';

/** Balances told in one change. */
const BALANCES_AT_ONCE = 12;

export class AccountBooks {
  readonly #context: ActorContext<'sequencer'>;
  readonly #journal: Journal;
  readonly #books: NewestBooks;
  readonly #stored: StoredTrading | undefined;
  readonly #facts: BookedFacts;
  readonly #known: ReadonlySet<string>;
  readonly #ended: ReadonlySet<string>;
  /** Assets whose balance was changed since it was told. */
  readonly #untold = new Set<AssetIndex>();

  constructor(
    context: ActorContext<'sequencer'>,
    journal: Journal,
    books: NewestBooks,
    stored: StoredTrading | undefined,
  ) {
    this.#context = context;
    this.#journal = journal;
    this.#books = books;
    this.#stored = stored;
    this.#facts = new BookedFacts(journal.current, stored?.execIds ?? []);
    this.#known = new Set(stored?.ordersKnown);
    this.#ended = new Set(stored?.ordersEnded);
  }

  /** Whether earlier runs left something that is not brought to an end. */
  get isRecovering(): boolean {
    return this.#stored !== undefined && this.#header('isRecovered') === 0;
  }

  /** Whether there is an expectation to measure the account against. */
  get isEstablished(): boolean {
    return this.#stored?.isEstablished === true || this.#header('reconciled') > 0;
  }

  /** Whether it was started with what earlier runs left. Before that, nothing may be compared. */
  get isLoaded(): boolean {
    return this.#stored === undefined || this.#header('isLoaded') === 1;
  }

  get moment(): Moment {
    return { nowNs: this.#context.clock.nowNs(), instrumentsSeq: this.#books.instrumentsSeq };
  }

  /** Whether the end of an order of an earlier run is recorded. */
  hasEnded(clOrdId: string): boolean {
    return this.#ended.has(clOrdId) || this.#facts.has(this.#journal.current, endOf(clOrdId));
  }

  // -- for both desks, within a change ------------------------------------------------------------------------------

  isBooked({ execId, atMs }: Pick<Fill, 'execId' | 'atMs'>): boolean {
    return this.#facts.has(this.#journal.current, execId, atMs);
  }

  bookFill({ execId, atMs }: Pick<Fill, 'execId' | 'atMs'>, moves: FillMoves): void {
    const bank = this.#journal.open;
    for (const [asset, units] of balanceChanges(moves)) {
      changeBalance(bank, asset, units);
      this.#untold.add(asset);
    }
    if (execId !== '') this.#facts.note(bank, execId, atMs);
  }

  addExposure(entry: LedgerEntry, reason: ExposureReason, when: Moment): void {
    addExposure(this.#journal, entry, reason, when);
  }

  addDust(entry: LedgerEntry, when: Moment): void {
    addDust(this.#journal, entry, when);
  }

  // -- changes of their own -----------------------------------------------------------------------------------------

  /** Takes over what earlier runs left in the ledger. Nothing is told: the database has it. */
  load(): void {
    const stored = this.#stored;
    if (stored === undefined) return;
    const bank = this.#journal.begin();
    const unlisted = new Set<string>();
    const put = (amounts: readonly StoredAmount[], write: (asset: AssetIndex, units: bigint) => void) => {
      for (const { asset, amount } of amounts) {
        const found = this.#books.directory.assetNamed(asset);
        if (found === undefined) unlisted.add(asset);
        else write(found.index, storedUnits(amount, found.precision));
      }
    };
    put(stored.balances, (asset, units) => changeBalance(bank, asset, units));
    put(stored.exposure, (asset, units) => bank.setBigInt64(exposureOffset(asset), units, true));
    put(stored.dust, (asset, units) => bank.setBigInt64(dustOffset(asset), units, true));
    if (unlisted.size > 0)
      this.#say('asset_unknown', 1, `the database knows ${[...unlisted].join(', ')}, the venue does not`);
    bank.setFloat64(SEQUENCER_HEADER.isLoaded, 1, true);
    this.#journal.commit();
  }

  /** What has to be booked of orders that ended at the venue and that no plan has out. */
  *orderTasks(readings: readonly OrderReading[]): Generator<Task> {
    const found = readings.flatMap((reading) => foundOrder(reading) ?? []);
    const interrupted = this.#interrupted(readings);
    for (const order of found) yield* this.#orderTasks(order, interrupted.has(planKey(order.origin)));
  }

  /** An order of an earlier run that the venue does not know. */
  *absentTasks(clOrdId: string): Generator<Task> {
    const origin = decodeClientOrderId(clOrdId);
    if (origin === undefined || this.hasEnded(clOrdId)) return;
    yield () => this.#note(endOf(clOrdId), (when) => tellAbsent(this.#journal, clOrdId, origin, when));
  }

  /** Ends the plans that earlier runs did not. @param readings their orders, as the venue knows them. */
  *recoveryTasks(readings: readonly OrderReading[]): Generator<Task> {
    const stored = this.#stored;
    if (stored === undefined || !this.isRecovering) return;
    for (const plan of sumInterrupted(stored, this.#ofEarlierRuns(readings), this.#books.directory)) {
      const name = `plan ${planKey(plan)}`;
      if (!this.#facts.has(this.#journal.current, name)) yield () => this.#endPlan(plan, name);
    }
    yield () => this.#change(() => this.#journal.open.setFloat64(SEQUENCER_HEADER.isRecovered, 1, true));
  }

  /** Takes the venue's balances for what is to be expected: there was no expectation. */
  *establishTasks(balances: readonly BalanceReading[]): Generator<Task> {
    const totals = new Map(balances.map(({ asset, totalUnits }) => [asset, totalUnits]));
    for (const part of chunks(this.#books.directory.assets, BALANCES_AT_ONCE)) {
      yield () =>
        this.#change((when) => {
          for (const { index } of part) this.#establish(index, totals.get(index) ?? 0n, when);
        });
    }
  }

  /** Takes a deviation for what is, and enters it as exposure. */
  *deviationTasks(found: ReadonlyMap<AssetIndex, bigint>): Generator<Task> {
    for (const [asset, units] of found) {
      yield () =>
        this.#change((when) => {
          countUp(this.#journal.open, SEQUENCER_HEADER.deviations);
          addExposure(this.#journal, { asset, units, plan: 0 }, 'deviation', when);
          tellBalance(this.#journal, asset, when);
          this.#say('account_deviation', 2, `the account holds ${this.#words(asset, units)} more than expected`);
        });
    }
  }

  /** Says what the account is expected to hold of every asset that was traded since it was said last. */
  *balanceTasks(): Generator<Task> {
    for (const part of chunks([...this.#untold], BALANCES_AT_ONCE)) {
      yield () =>
        this.#change((when) => {
          for (const asset of part) tellBalance(this.#journal, asset, when);
          for (const asset of part) this.#untold.delete(asset);
        });
    }
  }

  /** The account was compared up to `upToMs` and is as expected. */
  reconciled(upToMs: number, isFirst: boolean): void {
    this.#change(() => {
      this.#journal.open.setFloat64(SEQUENCER_HEADER.readUpToMs, upToMs, true);
      countUp(this.#journal.open, SEQUENCER_HEADER.reconciled);
      if (isFirst) this.#say('account_reconciled', 0, 'balances, open orders and recent fills are as expected');
    });
  }

  /** Records something that changes nothing. */
  audit(event: AuditEvent, severity: 0 | 1 | 2, text: string): Task {
    return () => this.#change(() => this.#say(event, severity, text));
  }

  // ------------------------------------------------------------------------------------------------------------------

  #change(make: (when: Moment) => void): void {
    this.#journal.begin();
    make(this.moment);
    this.#journal.commit();
  }

  *#orderTasks(order: FoundOrder, isInterrupted: boolean): Generator<Task> {
    const { clOrdId, origin, reading } = order;
    const bank = this.#journal.current;
    const isOfThisRun = origin.runMs === this.#header('runMs'); // its plan has recorded its beginning and its end
    const isKnown = isOfThisRun || this.#known.has(clOrdId) || this.#facts.has(bank, startOf(clOrdId));
    if (!isKnown) yield () => this.#note(startOf(clOrdId), (when) => tellFoundSent(this.#journal, order, when));
    for (const fill of reading.fills) {
      if (!this.isBooked(fill)) yield () => this.#bookFound(order, fill, isInterrupted);
    }
    const isOver = isOfThisRun || this.hasEnded(clOrdId);
    if (!isOver) yield () => this.#note(endOf(clOrdId), (when) => tellFoundEnded(this.#journal, order, when));
  }

  #establish(asset: AssetIndex, units: bigint, when: Moment): void {
    if (units !== 0n || expectedUnits(this.#journal.open, asset) !== 0n) setBalance(this.#journal, asset, units, when);
    this.#untold.delete(asset);
  }

  #note(name: string, tell: (when: Moment) => void): void {
    if (this.#facts.has(this.#journal.current, name)) return; // it was found twice
    this.#change((when) => {
      tell(when);
      this.#facts.note(this.#journal.open, name);
    });
  }

  #bookFound(order: FoundOrder, fill: Fill, isInterrupted: boolean): void {
    if (this.isBooked(fill)) return; // a stream was faster
    const { directory } = this.#books;
    const { origin, reading, clOrdId } = order;
    const instrument = reading.instrument === undefined ? undefined : directory.instruments[reading.instrument];
    this.#change((when) => {
      if (instrument === undefined) {
        this.#say('fill_unreadable', 2, `fill ${fill.execId} of ${clOrdId} is of a pair that is not listed`);
        this.#facts.note(this.#journal.open, fill.execId, fill.atMs);
        return; // what it moved shows as a deviation
      }
      const moves = fillMoves(instrument, reading.side, directory, fill);
      tellFoundFill(this.#journal, order, fill, moves, when);
      this.bookFill(fill, moves);
      countUp(this.#journal.open, SEQUENCER_HEADER.recovered);
      // The end of an interrupted plan tells what it left. What comes after the end of a plan, nobody else tells.
      if (!isInterrupted) this.#exposeLate(origin, clOrdId, moves, when);
    });
  }

  #exposeLate({ plan, runMs }: OrderOrigin, clOrdId: string, moves: FillMoves, when: Moment): void {
    for (const [asset, units] of balanceChanges(moves)) {
      addExposure(this.#journal, { asset, units, plan, runMs }, 'stranded', when);
    }
    this.#say('fill_late', 2, `${clOrdId} was filled after its plan ${plan} had ended`);
  }

  #endPlan(plan: InterruptedPlan, name: string): void {
    if (this.#facts.has(this.#journal.current, name)) return;
    const { runMs } = plan;
    this.#change((when) => {
      let outcome: PlanOutcome = plan.spentUnits === 0n && plan.receivedUnits === 0n ? 'abandoned' : 'unwound';
      for (const [asset, units] of plan.left) {
        if (units === 0n) continue;
        const entry: LedgerEntry = { asset, units, plan: plan.plan, runMs };
        if (this.#isDust(asset, units)) addDust(this.#journal, entry, when);
        else {
          addExposure(this.#journal, entry, 'interrupted', when);
          outcome = 'stranded';
          this.#say('exposure_stranded', 2, `plan ${name} left ${this.#words(asset, units)} (interrupted)`);
        }
      }
      tellInterrupted(this.#journal, plan, outcome, when);
      this.#facts.note(this.#journal.open, name);
      this.#context.log('warn', 'plan_ended', `${name} of an earlier run ${outcome}`, { plan: plan.plan, outcome });
    });
  }

  #isDust(asset: AssetIndex, units: bigint): boolean {
    const least = smallestOrderUnits(asset, this.#books.directory);
    return least !== undefined && units < least && -units < least;
  }

  #interrupted(readings: readonly OrderReading[]): ReadonlySet<string> {
    if (this.#stored === undefined || !this.isRecovering) return new Set();
    const keys = interruptedKeys(this.#stored, this.#ofEarlierRuns(readings));
    return new Set([...keys].filter((key) => !this.#facts.has(this.#journal.current, `plan ${key}`)));
  }

  #ofEarlierRuns(readings: readonly OrderReading[]): readonly OrderReading[] {
    const runMs = this.#header('runMs');
    return readings.filter(({ clOrdId }) => decodeClientOrderId(clOrdId ?? '')?.runMs !== runMs);
  }

  #header(field: 'isRecovered' | 'isLoaded' | 'reconciled' | 'runMs'): number {
    return this.#journal.current.getFloat64(SEQUENCER_HEADER[field], true);
  }

  #say(event: AuditEvent, severity: 0 | 1 | 2, text: string): void {
    tellAudit(this.#journal, event, severity, text, 0, 0);
    this.#context.log(severity === 2 ? 'error' : severity === 1 ? 'warn' : 'info', event, text);
  }

  #words(asset: AssetIndex, units: bigint): string {
    const { id, precision } = this.#books.directory.assets[asset] ?? { id: `#${asset}`, precision: 0 };
    return `${formatDecimal(units, precision)} ${id}`;
  }
}

const startOf = (clOrdId: string): string => `start ${clOrdId}`;
const endOf = (clOrdId: string): string => `end ${clOrdId}`;

function foundOrder({ clOrdId = '', ...reading }: OrderReading): FoundOrder | undefined {
  const origin = decodeClientOrderId(clOrdId);
  return origin === undefined ? undefined : { origin, clOrdId, reading };
}

function* chunks<T>(all: readonly T[], size: number): Generator<readonly T[]> {
  for (let from = 0; from < all.length; from += size) yield all.slice(from, from + size);
}
