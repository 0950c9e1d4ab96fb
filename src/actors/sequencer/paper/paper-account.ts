/**
 * The account of paper trading: what the settings gave it, and every fill since. Own memory is all there is of it, so
 * there is nothing to be reconciled with. Without an inventory it has no limit.
 */

import type { AssetIndex } from '../../../market/instrument.ts';
import type { ExposureReason } from '../../../messages/execution-message.ts';
import { largest, NO_UNITS, plus, type Units } from '../../../money/money.ts';
import type { ActorContext } from '../../../runtime/actor.ts';
import type { Fill, TradingEvent, TradingPort } from '../../../venues/trading-port.ts';
import { AccountBooks } from '../account/account-books.ts';
import { dustUnits, type LedgerEntry } from '../account/account-ledger.ts';
import type { PlansAtWork, RunningAccount } from '../account/running-account.ts';
import type { BookedOrder, FilledOrder } from '../decisions/booked-fill.ts';
import type { Moment } from '../journal/execution-events.ts';
import type { Journal } from '../journal/journal.ts';
import type { FillMovements } from '../model/fill-movements.ts';
import type { NewestBooks } from '../model/newest-books.ts';
import { availableUnits } from './inventory.ts';
import { PaperPort } from './paper-port.ts';

export interface PaperAccountDeps {
  readonly context: ActorContext<'sequencer'>;
  readonly journal: Journal;
  readonly books: NewestBooks;
  readonly port: TradingPort;
  readonly plans: PlansAtWork;
}

export class PaperAccount implements RunningAccount {
  readonly isBooking = false;
  readonly #deps: PaperAccountDeps;
  readonly #books: AccountBooks;
  readonly #strays: string[] = [];
  #isConnected = false;

  constructor(deps: PaperAccountDeps) {
    this.#deps = deps;
    this.#books = new AccountBooks(deps.context, deps.journal, deps.books, undefined);
  }

  get takesPlans(): boolean {
    return true;
  }

  get isAsking(): boolean {
    return false;
  }

  get isTrading(): boolean {
    return this.#isConnected;
  }

  get isStopped(): boolean {
    return !this.#isConnected;
  }

  available(asset: AssetIndex): Units | undefined {
    const { context, journal, books, plans } = this.#deps;
    const bank = journal.open; // with what the open change has booked
    // Dust belongs to the plan that sells it.
    const taken = plus(plans.reservedUnits(asset), largest(NO_UNITS, dustUnits(bank, asset)));
    return availableUnits(asset, context.config.paper.inventory, bank, taken, books.directory);
  }

  isUncountable(): boolean {
    return false;
  }

  isBooked(fill: Pick<Fill, 'execId'>): boolean {
    return this.#books.isBooked(fill);
  }

  /** What the paper port reports again of a fill, to a successor, is made of what was booked: it is never another one. */
  reportedOtherwise(order: FilledOrder, fill: Fill): string | undefined {
    return this.#deps.port instanceof PaperPort ? undefined : this.#books.reportedOtherwise(order, fill);
  }

  bookFill(order: BookedOrder, fill: Fill, moves: FillMovements): void {
    this.#books.bookFill(order, fill, moves);
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

  start(): void {
    this.#deps.port.start();
    this.#isConnected = this.#deps.port.isConnected;
  }

  stop(): void {
    this.#isConnected = false;
    this.#deps.port.stop();
  }

  /** On paper nothing happens to the account but what the plans do; anything else is recorded at the next turn. */
  handle(event: TradingEvent): void {
    if (event.type === 'unexpected') this.#strays.push(event.text);
    else if ('clOrdId' in event) this.#strays.push(`${event.type} of ${event.clOrdId}, which no plan has out`);
  }

  heedHalt(): void {
    // An order on paper rests nowhere: it is filled at its time or not at all.
  }

  tick(): number {
    const { length } = this.#strays;
    for (const text of this.#strays.splice(0)) this.#books.audit('venue_unexpected', 1, text)();
    return length;
  }
}
