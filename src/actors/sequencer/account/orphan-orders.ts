/**
 * Orders of ours that the venue knows and no plan at work has out: those of earlier runs, and what is added to an order
 * after its plan has ended. Their fills are booked, what is not recorded of them is, and the plans that earlier runs left
 * are brought to an end. Each task is one change of the journal and is made once, however often the order is found.
 */

import type { AssetIndex } from '../../../market/instrument.ts';
import type { PlanOutcome } from '../../../messages/execution-message.ts';
import type { Units } from '../../../money/money.ts';
import type { ActorContext } from '../../../runtime/actor.ts';
import { decodeClientOrderId, type OrderOrigin } from '../../../trading/client-order-id.ts';
import type { StoredTrading } from '../../../trading/stored-trading.ts';
import type { Fill, OrderReading } from '../../../venues/trading-port.ts';
import { describeLost, type Moment } from '../journal/execution-events.ts';
import type { Journal } from '../journal/journal.ts';
import { countUp, SEQUENCER_HEADER } from '../journal/sequencer-memory.ts';
import type { Task } from '../journal/task-queue.ts';
import { balanceChanges, type FillMovements, fillMovements } from '../model/fill-movements.ts';
import type { NewestBooks } from '../model/newest-books.ts';
import type { AccountBooks } from './account-books.ts';
import { smallestOrderUnits } from './account-differences.ts';
import { addDust, addExposure, type LedgerEntry } from './account-ledger.ts';
import { type InterruptedPlan, interruptedKeys, planKey, sumInterrupted } from './interrupted-plans.ts';
import { OrphanMisreports } from './orphan-misreports.ts';
import {
  type FoundOrder,
  recordFoundEnded,
  recordFoundFill,
  recordFoundSent,
  recordInterrupted,
  recordUnknown,
} from './recovered-records.ts';

export interface OrphanOrdersDeps {
  readonly context: ActorContext<'sequencer'>;
  readonly journal: Journal;
  readonly newest: NewestBooks;
  readonly books: AccountBooks;
  readonly stored: StoredTrading | undefined;
}

export class OrphanOrders {
  readonly #deps: OrphanOrdersDeps;
  readonly #known: ReadonlySet<string>;
  readonly #ended: ReadonlySet<string>;
  readonly #misreports: OrphanMisreports;

  constructor(deps: OrphanOrdersDeps) {
    this.#deps = deps;
    this.#misreports = new OrphanMisreports(deps);
    this.#known = new Set(deps.stored?.ordersKnown);
    this.#ended = new Set(deps.stored?.ordersEnded);
  }

  /** What has to be booked of orders that ended at the venue and that no plan has out. */
  *orderTasks(readings: readonly OrderReading[]): Generator<Task> {
    const found = readings.flatMap((reading) => foundOrder(reading) ?? []);
    const interrupted = this.#interrupted(readings);
    for (const order of found) yield* this.#orderTasks(order, interrupted.has(planKey(order.origin)));
  }

  /** An order of an earlier run that the venue does not know. Of one of this run, its plan has recorded the end. */
  *absentTasks(clOrdId: string): Generator<Task> {
    const { books, journal } = this.#deps;
    const origin = decodeClientOrderId(clOrdId);
    if (origin === undefined || origin.runMs === this.#runMs || this.hasEnded(clOrdId)) return;
    yield () => books.once(endOf(clOrdId), (when) => recordUnknown(journal, clOrdId, origin, 'absent', when));
  }

  /** An order that the venue had and does not know any more, as it has said often enough. */
  *lostTasks(clOrdId: string, venueOrderId: string): Generator<Task> {
    const { books, journal } = this.#deps;
    const origin = decodeClientOrderId(clOrdId);
    if (origin === undefined) return;
    const isRecorded = origin.runMs === this.#runMs || this.hasEnded(clOrdId);
    yield () =>
      books.once(isRecorded ? `lost ${clOrdId}` : endOf(clOrdId), (when) => {
        if (!isRecorded) recordUnknown(journal, clOrdId, origin, 'lost', when);
        books.say('order_lost', 2, describeLost(clOrdId, venueOrderId));
      });
  }

  /** An order that the venue reports as another than was sent, and that no plan has out. */
  *misreportTasks(clOrdId: string, what: string): Generator<Task> {
    yield () => this.#misreports.recordSaid(clOrdId, what);
  }

  /** A fill that is booked is reported again, of an order that no plan has out. */
  *repeatedTasks(clOrdId: string, fill: Fill): Generator<Task> {
    const why = this.#deps.books.reportedOtherwise({ clOrdId, scale: undefined }, fill);
    if (why !== undefined) yield () => this.#misreports.recordOnce(`${clOrdId} ${fill.execId}`, clOrdId, why);
  }

  /** Ends the plans that earlier runs did not. @param readings their orders, as the venue knows them. */
  *recoveryTasks(readings: readonly OrderReading[]): Generator<Task> {
    const { books, journal, newest, stored } = this.#deps;
    if (stored === undefined || !books.isRecovering) return;
    for (const plan of sumInterrupted(stored, this.#ofEarlierRuns(readings), newest.directory)) {
      const name = `plan ${planKey(plan)}`;
      if (!books.hasMade(name)) yield () => this.#endPlan(plan, name);
    }
    yield () => books.change(() => journal.open.setFloat64(SEQUENCER_HEADER.isRecovered, 1, true));
  }

  /** Whether the end of an order of an earlier run is recorded. */
  hasEnded(clOrdId: string): boolean {
    return this.#ended.has(clOrdId) || this.#deps.books.hasMade(endOf(clOrdId));
  }

  *#orderTasks(order: FoundOrder, isInterrupted: boolean): Generator<Task> {
    const { books, journal } = this.#deps;
    const { clOrdId, origin, reading } = order;
    const isOfThisRun = origin.runMs === this.#runMs; // its plan has recorded its beginning and its end
    const isKnown = isOfThisRun || this.#known.has(clOrdId) || books.hasMade(startOf(clOrdId));
    if (!isKnown)
      yield () => books.once(startOf(clOrdId), (when) => recordFoundSent(journal, order, this.#inScale(order, when)));
    for (const fill of reading.fills) {
      const isNews = !books.isOld(fill) || books.isBooked(fill) || this.#misreports.isTooOld(clOrdId, fill);
      if (isNews) yield () => this.#takeFill(order, fill, isInterrupted);
    }
    const isOver = isOfThisRun || this.hasEnded(clOrdId);
    if (!isOver)
      yield () => books.once(endOf(clOrdId), (when) => recordFoundEnded(journal, order, this.#inScale(order, when)));
  }

  /** A fill that is booked, by whomever, moves nothing again; but it has to be the same fill. */
  #takeFill(order: FoundOrder, fill: Fill, isInterrupted: boolean): void {
    const { books } = this.#deps;
    const { clOrdId, reading } = order;
    if (!books.isBooked(fill)) {
      this.#bookFound(order, fill, isInterrupted);
      return;
    }
    const why = books.reportedOtherwise({ clOrdId, scale: reading }, fill);
    if (why !== undefined) this.#misreports.recordOnce(`${clOrdId} ${fill.execId}`, clOrdId, why);
  }

  #bookFound(order: FoundOrder, fill: Fill, isInterrupted: boolean): void {
    const { books, journal, newest } = this.#deps;
    const { directory } = newest;
    const { origin, reading, clOrdId } = order;
    const why = this.#misreports.whyNot(order, fill);
    if (why !== undefined) {
      this.#misreports.record(order, why, fill);
      return;
    }
    const instrument = reading.instrument === undefined ? undefined : directory.instruments[reading.instrument];
    books.change((when) => {
      if (instrument === undefined) {
        books.say('fill_unreadable', 2, `fill ${fill.execId} of ${clOrdId} is of a pair that is not listed`);
        books.note(fill);
        return; // what it moved shows as a deviation
      }
      const moves = fillMovements(instrument, reading, reading.side, directory, fill);
      recordFoundFill(journal, order, fill, moves, this.#inScale(order, when));
      books.bookFill({ ...reading, clOrdId, instrument: instrument.index }, fill, moves);
      countUp(journal.open, SEQUENCER_HEADER.recovered);
      // The end of an interrupted plan records what it left. What comes after the end of a plan is recorded only here.
      if (!isInterrupted) this.#exposeLate(origin, clOrdId, moves, when);
    });
  }

  /** The moment, under the instruments whose ticks and lots the order is read in. */
  #inScale({ reading }: FoundOrder, when: Moment): Moment {
    if (reading.instrument === undefined) return when;
    return { ...when, instrumentsSeq: this.#deps.newest.seqInScale(reading.instrument, reading) };
  }

  #exposeLate({ plan, runMs }: OrderOrigin, clOrdId: string, moves: FillMovements, when: Moment): void {
    const { books, journal } = this.#deps;
    for (const [asset, units] of balanceChanges(moves)) {
      addExposure(journal, { asset, units, plan, runMs }, 'stranded', when);
    }
    books.say('fill_late', 2, `${clOrdId} was filled after its plan ${plan} had ended`);
  }

  #endPlan(plan: InterruptedPlan, name: string): void {
    const { books, context, journal } = this.#deps;
    books.once(name, (when) => {
      let outcome: PlanOutcome = plan.spentUnits === 0n && plan.receivedUnits === 0n ? 'abandoned' : 'unwound';
      for (const [asset, units] of plan.left) {
        if (units === 0n) continue;
        const entry: LedgerEntry = { asset, units, plan: plan.plan, runMs: plan.runMs };
        if (this.#isDust(asset, units)) addDust(journal, entry, when);
        else {
          addExposure(journal, entry, 'interrupted', when);
          outcome = 'stranded';
          books.say('exposure_stranded', 2, `${name} left ${books.amountText(asset, units)} (interrupted)`);
        }
      }
      recordInterrupted(journal, plan, outcome, when);
      context.log('warn', 'plan_ended', `${name} of an earlier run ${outcome}`, { plan: plan.plan, outcome });
    });
  }

  #isDust(asset: AssetIndex, units: Units): boolean {
    const least = smallestOrderUnits(asset, this.#deps.newest.directory);
    return least !== undefined && units < least && -units < least;
  }

  #interrupted(readings: readonly OrderReading[]): ReadonlySet<string> {
    const { books, stored } = this.#deps;
    if (stored === undefined || !books.isRecovering) return new Set();
    const keys = interruptedKeys(stored, this.#ofEarlierRuns(readings));
    return new Set([...keys].filter((key) => !books.hasMade(`plan ${key}`)));
  }

  #ofEarlierRuns(readings: readonly OrderReading[]): readonly OrderReading[] {
    return readings.filter(({ clOrdId }) => decodeClientOrderId(clOrdId ?? '')?.runMs !== this.#runMs);
  }

  get #runMs(): number {
    return this.#deps.journal.current.getFloat64(SEQUENCER_HEADER.runMs, true);
  }
}

const startOf = (clOrdId: string): string => `start ${clOrdId}`;
const endOf = (clOrdId: string): string => `end ${clOrdId}`;

function foundOrder({ clOrdId = '', ...reading }: OrderReading): FoundOrder | undefined {
  const origin = decodeClientOrderId(clOrdId);
  return origin === undefined ? undefined : { origin, clOrdId, reading };
}
