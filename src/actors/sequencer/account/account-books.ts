/**
 * The books of the account: what it is expected to hold, and what was booked already. A fill of a plan is part of the plan
 * desk's change of the journal; everything here else is a change of its own.
 */

import { type AssetIndex, instrumentIndex, type OrderScale } from '../../../market/instrument.ts';
import type { ExposureReason } from '../../../messages/execution-message.ts';
import {
  formatDecimal,
  type Lots,
  lots,
  NO_LOTS,
  NO_UNITS,
  negated,
  plus,
  type Units,
  units,
} from '../../../money/money.ts';
import { powerOfTen } from '../../../money/rational.ts';
import type { ActorContext } from '../../../runtime/actor.ts';
import type { AuditEvent } from '../../../runtime/records/audit-events.ts';
import { writeAmount } from '../../../shared/amount-field.ts';
import type { StoredTrading } from '../../../trading/stored-trading.ts';
import type { AccountReading, Fill } from '../../../venues/trading-port.ts';
import {
  type BookedOrder,
  bookedFill,
  type FilledOrder,
  reportedOtherwise,
  storedFill,
} from '../decisions/booked-fill.ts';
import { type Moment, recordAudit } from '../journal/execution-events.ts';
import { IdempotencyKeys } from '../journal/idempotency-keys.ts';
import type { Journal } from '../journal/journal.ts';
import { countUp, dustOffset, exposureOffset, SEQUENCER_HEADER } from '../journal/sequencer-memory.ts';
import type { Task } from '../journal/task-queue.ts';
import { balanceChanges, type FillMovements } from '../model/fill-movements.ts';
import type { NewestBooks } from '../model/newest-books.ts';
import { changeBalance } from '../paper/inventory.ts';
import {
  addDust,
  addExposure,
  expectedUnits,
  type LedgerEntry,
  recordBalance,
  recordReading,
  recordTakenOver,
  setBalance,
} from './account-ledger.ts';
import { describeDeviation, describeReconciled } from './account-texts.ts';
import { leftBehind, type PriorRuns } from './prior-runs.ts';
import { recordTakenOverOrder } from './recovered-records.ts';

/** Balances recorded in one change. */
const BALANCES_AT_ONCE = 12;

export class AccountBooks {
  readonly #context: ActorContext<'sequencer'>;
  readonly #journal: Journal;
  readonly #books: NewestBooks;
  readonly #stored: StoredTrading | undefined;
  readonly #facts: IdempotencyKeys;
  /** Assets whose balance was changed since it was recorded. */
  readonly #unrecorded = new Set<AssetIndex>();

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
    this.#facts = new IdempotencyKeys(journal.current, stored?.fillsBooked ?? []);
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

  // -- for both desks, within a change ------------------------------------------------------------------------------

  isBooked({ execId }: Pick<Fill, 'execId'>): boolean {
    return this.#facts.has('fill', execId);
  }

  /** What the venue says now of a fill that is booked, when it is not what was booked; undefined otherwise. */
  reportedOtherwise(order: FilledOrder, fill: Fill): string | undefined {
    const { directory } = this.#books;
    const booked = this.#facts.booked(fill.execId);
    const known = booked !== undefined && 'execId' in booked ? storedFill(booked, directory) : booked;
    return known && reportedOtherwise(known, order, fill, directory);
  }

  /** Lots, in its scale, that are booked of an order, as far as they are remembered. */
  bookedLots(clOrdId: string, { qtyPrecision }: OrderScale): Lots {
    let sum = NO_LOTS;
    for (const fill of this.#facts.ofOrder(clOrdId)) {
      const known = 'execId' in fill ? storedFill(fill, this.#books.directory) : fill;
      if (known === undefined) continue;
      const [up, down] = powerOfTen(qtyPrecision - known.qtyPrecision);
      sum = plus(sum, lots((known.qtyLots * up) / down));
    }
    return sum;
  }

  bookFill(order: BookedOrder, fill: Fill, moves: FillMovements): void {
    const bank = this.#journal.open;
    for (const [asset, units] of balanceChanges(moves)) {
      changeBalance(bank, asset, units);
      this.#unrecorded.add(asset);
    }
    if (fill.execId !== '') this.#facts.note(bank, 'fill', fill.execId, fill.atMs, bookedFill(order, fill));
  }

  /** Remembers a fill, as a part of the change that is open. */
  note({ execId, atMs }: Pick<Fill, 'execId' | 'atMs'>): void {
    this.#facts.note(this.#journal.open, 'fill', execId, atMs);
  }

  /** Remembers a fill that is not believed. Its time may be as wrong as all else, and is not remembered. */
  disbelieve(execId: string): void {
    if (execId !== '') this.#facts.note(this.#journal.open, 'fill', execId);
  }

  addExposure(entry: LedgerEntry, reason: ExposureReason, when: Moment): void {
    addExposure(this.#journal, entry, reason, when);
  }

  addDust(entry: LedgerEntry, when: Moment): void {
    addDust(this.#journal, entry, when);
  }

  // -- changes of their own -----------------------------------------------------------------------------------------

  /**
   * Takes over what earlier runs left in the ledger, and says so to everybody who counts with it. Each change knows how
   * far the ones before it came, also those of a predecessor.
   */
  *takeOverTasks(): Generator<Task> {
    const stored = this.#stored;
    if (stored === undefined) return;
    const { left, unlisted } = leftBehind(stored, this.#books.directory);
    for (const part of chunks(left, BALANCES_AT_ONCE)) {
      yield () => this.change((when) => this.#takeOver(part, when));
    }
    for (const order of stored.ordersOpen) {
      const instrument = this.#books.directory.instruments.find(({ symbol }) => symbol === order.symbol)?.index ?? 0;
      const record = (when: Moment) => recordTakenOverOrder(this.#journal, order, instrumentIndex(instrument), when);
      yield () => this.once(`taken over ${order.clOrdId}`, record);
    }
    yield () =>
      this.change(() => {
        if (unlisted.length > 0)
          this.say('asset_unknown', 1, `the database knows ${unlisted.join(', ')}, the venue does not`);
        this.#journal.open.setFloat64(SEQUENCER_HEADER.isLoaded, 1, true);
      });
  }

  /** Takes the venue's balances for what is to be expected: there was no expectation. */
  *establishTasks({ balances, uncountable }: AccountReading): Generator<Task> {
    const totals = new Map(balances.map(({ asset, totalUnits }) => [asset, totalUnits]));
    const counted = this.#books.directory.assets.filter(({ index }) => !uncountable.includes(index));
    for (const part of chunks(counted, BALANCES_AT_ONCE)) {
      yield () =>
        this.change((when) => {
          for (const { index } of part) this.#establish(index, totals.get(index) ?? NO_UNITS, when);
        });
    }
  }

  /** Takes a deviation for what is, and enters it as exposure. */
  *deviationTasks(found: ReadonlyMap<AssetIndex, Units>): Generator<Task> {
    for (const [asset, units] of found) {
      yield () =>
        this.change((when) => {
          countUp(this.#journal.open, SEQUENCER_HEADER.deviations);
          addExposure(this.#journal, { asset, units, plan: 0 }, 'deviation', when);
          recordBalance(this.#journal, asset, when);
          this.say(
            'account_deviation',
            2,
            describeDeviation(units, this.amountText(asset, units < 0n ? negated(units) : units)),
          );
        });
    }
  }

  /** Says what the account is expected to hold of every asset that was traded since it was said last. */
  *balanceTasks(): Generator<Task> {
    for (const part of chunks([...this.#unrecorded], BALANCES_AT_ONCE)) {
      yield () =>
        this.change((when) => {
          for (const asset of part) recordBalance(this.#journal, asset, when);
          for (const asset of part) this.#unrecorded.delete(asset);
        });
    }
  }

  /**
   * The account is as expected.
   * @param upToMs the venue's time up to which all of it was compared; undefined when some of it was moving.
   */
  reconciled(upToMs: number | undefined, isFirst: boolean): void {
    this.change((when) => {
      if (upToMs !== undefined) {
        this.#journal.open.setFloat64(SEQUENCER_HEADER.readUpToMs, upToMs, true);
        recordReading(this.#journal, upToMs, when);
      }
      countUp(this.#journal.open, SEQUENCER_HEADER.reconciled);
      if (isFirst) this.say('account_reconciled', 0, describeReconciled(this.#header('deviations')));
    });
  }

  /** Makes a change and remembers it by its name; nothing happens when it is remembered already. */
  once(name: string, make: (when: Moment) => void): void {
    if (this.#facts.has('change', name)) return;
    this.change((when) => {
      make(when);
      this.#facts.note(this.#journal.open, 'change', name);
    });
  }

  /** Whether {@link once} has made a change of this name. */
  hasMade(name: string): boolean {
    return this.#facts.has('change', name);
  }

  /** Whether a fill is booked, as far as a reading of the past can show. */
  isOld(fill: Fill): boolean {
    return this.isBooked(fill) || this.#facts.isForgotten(this.#journal.current, fill.atMs);
  }

  /** Makes a change of the journal. */
  change(make: (when: Moment) => void): void {
    this.#journal.begin();
    make(this.moment);
    this.#journal.commit();
  }

  /** Says something as a part of the change that is open, and in the log. */
  say(event: AuditEvent, severity: 0 | 1 | 2, text: string): void {
    recordAudit(this.#journal, event, severity, text, 0, 0);
    this.#context.log(severity === 2 ? 'error' : severity === 1 ? 'warn' : 'info', event, text);
  }

  amountText(asset: AssetIndex, units: Units): string {
    const { id, precision } = this.#books.directory.assets[asset] ?? { id: `#${asset}`, precision: 0 };
    return `${formatDecimal(units, precision)} ${id}`;
  }

  /** Records something that changes nothing. */
  audit(event: AuditEvent, severity: 0 | 1 | 2, text: string): Task {
    return () => this.change(() => this.say(event, severity, text));
  }

  #takeOver(left: readonly PriorRuns[], when: Moment): void {
    const bank = this.#journal.open;
    for (const { asset, balance, exposure, dust } of left) {
      if (asset < bank.getFloat64(SEQUENCER_HEADER.takenOverUpTo, true)) continue;
      changeBalance(bank, asset, units(balance));
      writeAmount(bank, exposureOffset(asset), exposure);
      writeAmount(bank, dustOffset(asset), dust);
      bank.setFloat64(SEQUENCER_HEADER.takenOverUpTo, asset + 1, true);
      recordTakenOver(this.#journal, asset, when);
    }
  }

  #establish(asset: AssetIndex, units: Units, when: Moment): void {
    if (units !== 0n || expectedUnits(this.#journal.open, asset) !== 0n) setBalance(this.#journal, asset, units, when);
    this.#unrecorded.delete(asset);
  }

  #header(field: 'isRecovered' | 'isLoaded' | 'reconciled' | 'deviations'): number {
    return this.#journal.current.getFloat64(SEQUENCER_HEADER[field], true);
  }
}

function* chunks<T>(all: readonly T[], size: number): Generator<readonly T[]> {
  for (let from = 0; from < all.length; from += size) yield all.slice(from, from + size);
}
