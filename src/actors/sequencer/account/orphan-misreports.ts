/**
 * Misreports of orders that no plan has out: of earlier runs, and of plans that have ended. What was asked for is known from
 * the venue's own reading only, which has to agree with itself.
 */

import { type AssetIndex, instrumentIndex } from '../../../market/instrument.ts';
import { worthOf } from '../../../market/worth.ts';
import { NO_LOTS, negated, parsePercent, plus, type Units } from '../../../money/money.ts';
import type { ActorContext } from '../../../runtime/actor.ts';
import { decodeClientOrderId, type OrderOrigin } from '../../../trading/client-order-id.ts';
import { takerFeesOf } from '../../../venues/fee-settings.ts';
import type { Fill } from '../../../venues/trading-port.ts';
import { describeAsked, misreportedFill, timeBounds } from '../decisions/misreport.ts';
import type { Moment } from '../journal/execution-events.ts';
import type { Journal } from '../journal/journal.ts';
import { noteMisreport } from '../journal/sequencer-memory.ts';
import type { NewestBooks } from '../model/newest-books.ts';
import type { AccountBooks } from './account-books.ts';
import { type FoundOrder, recordFoundMisreport } from './recovered-records.ts';

export interface OrphanMisreportsDeps {
  readonly context: ActorContext<'sequencer'>;
  readonly journal: Journal;
  readonly newest: NewestBooks;
  readonly books: AccountBooks;
}

export class OrphanMisreports {
  readonly #deps: OrphanMisreportsDeps;

  constructor(deps: OrphanMisreportsDeps) {
    this.#deps = deps;
  }

  /** Why a fill cannot be one of the order that it is read with; undefined when it can. */
  whyNot({ clOrdId, reading }: FoundOrder, fill: Fill): string | undefined {
    const { books, context, newest } = this.#deps;
    const { directory } = newest;
    const instrument = reading.instrument === undefined ? undefined : directory.instruments[reading.instrument];
    if (instrument === undefined) return undefined;
    const { trading } = context.config;
    // What is booked of it under any ids, and of what was booked so long ago that its id is forgotten, what is reported.
    const forgotten = reading.fills.filter((one) => one !== fill && books.isOld(one) && !books.isBooked(one));
    const asked = {
      ...reading,
      instrument: instrument.index,
      feePpm: takerFeesOf(context.config, context.feeTable).paid(instrument),
      bookedLots: forgotten.reduce((sum, { qtyLots }) => plus(sum, qtyLots), books.bookedLots(clOrdId, reading)),
    };
    return misreportedFill(asked, fill, directory, {
      feeExcessPpm: parsePercent(trading.fee_excess_max_pct, 'trading.fee_excess_max_pct'),
      ...timeBounds(clOrdId, context.clock.wallMs()),
      feeWorth: ({ feeAsset, feeUnits }) => this.#cost(feeUnits, feeAsset, instrument.quote),
    });
  }

  /** Whether a fill is reported at a time before its order can have been made. */
  isTooOld(clOrdId: string, { atMs }: Fill): boolean {
    return atMs < timeBounds(clOrdId, this.#deps.context.clock.wallMs()).earliestMs;
  }

  /** Records that a fill is not believed, as a change of its own. */
  record(order: FoundOrder, why: string, fill: Fill): void {
    const { books, journal, newest } = this.#deps;
    const { reading, clOrdId } = order;
    books.change((when) => {
      const instrumentsSeq =
        reading.instrument === undefined ? when.instrumentsSeq : newest.seqInScale(reading.instrument, reading);
      recordFoundMisreport(journal, order, order, fill, { ...when, instrumentsSeq });
      const asked = {
        ...reading,
        instrument: reading.instrument ?? instrumentIndex(-1),
        feePpm: 0,
        bookedLots: NO_LOTS,
      };
      this.#finish(clOrdId, `the venue says: ${why}; of an order to ${describeAsked(asked, newest.directory)}`, [fill]);
    });
  }

  /** Records that an order is reported as another than it was; nothing when its id is none of ours. */
  recordSaid(clOrdId: string, what: string): void {
    this.#deps.books.change((when) => this.#recordSaid(clOrdId, what, when));
  }

  /** As {@link recordSaid}, but for the same `name` only once: the venue can go on saying it. */
  recordOnce(name: string, clOrdId: string, what: string): void {
    this.#deps.books.once(`misreport ${name}`, (when) => this.#recordSaid(clOrdId, what, when));
  }

  #recordSaid(clOrdId: string, what: string, when: Moment): void {
    const origin: OrderOrigin | undefined = decodeClientOrderId(clOrdId);
    if (origin === undefined) return;
    recordFoundMisreport(this.#deps.journal, { clOrdId, origin }, undefined, undefined, when);
    this.#finish(clOrdId, `the venue says: ${what}`, []);
  }

  #finish(clOrdId: string, text: string, fills: readonly Fill[]): void {
    const { books, journal } = this.#deps;
    noteMisreport(journal.open);
    for (const { execId } of fills) books.disbelieve(execId);
    books.say('venue_misreport', 2, `not believed, trading halts: ${clOrdId}: ${text}`);
  }

  #cost(units: Units, asset: AssetIndex, into: AssetIndex): Units | undefined {
    const { directory } = this.#deps.newest;
    const [from, to] = [directory.assets[asset], directory.assets[into]];
    if (from === undefined || to === undefined) return undefined;
    const worth = worthOf(negated(units), from, to, directory, this.#deps.context.bookTable);
    return worth === undefined ? undefined : negated(worth);
  }
}
