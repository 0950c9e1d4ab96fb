/**
 * The newest books, as deep as they are verified, and the terms on which a leg is traded: what checks, orders and paper
 * fills are made of.
 */

import {
  type BookCopy,
  type BookSide,
  type BookTable,
  createBookCopy,
  VALID,
  VERIFIED_LEVELS,
} from '../../../market/book-table.ts';
import { CycleLeg, type LegTerms } from '../../../market/cycles/cycle-leg.ts';
import type { InstrumentDirectory, InstrumentIndex, OrderScale } from '../../../market/instrument.ts';
import { InstrumentHistory } from '../../../market/instrument-history.ts';
import type { InstrumentLog } from '../../../market/instrument-log.ts';
import type { Ticks } from '../../../money/money.ts';
import { BUY, type Side } from '../../../money/side.ts';
import type { MonotonicNs } from '../../../platform/time.ts';

export class NewestBooks {
  readonly #table: BookTable;
  readonly #log: InstrumentLog;
  readonly #copy: BookCopy;
  readonly #instruments = new InstrumentHistory();
  #position = 0;

  constructor(table: BookTable, log: InstrumentLog) {
    this.#table = table;
    this.#log = log;
    this.#copy = createBookCopy(VERIFIED_LEVELS);
  }

  /** Assets and instruments as of now. */
  get directory(): InstrumentDirectory {
    return this.#refreshed().directory;
  }

  /** Market message of the newest instruments known. */
  get instrumentsSeq(): number {
    return this.#refreshed().newestSeq;
  }

  /** Whether ticks and lots of an instrument that were decided on at market message `seq` still mean the same. */
  isInScale(instrument: InstrumentIndex, seq: number): boolean {
    return this.#refreshed().scaledSince(instrument) <= seq;
  }

  /** Market message of instruments under which what was made in `scale` is to be read. */
  seqInScale(instrument: InstrumentIndex, scale: OrderScale): number {
    return this.#refreshed().seqInScale(instrument, scale);
  }

  /** The newest book of an instrument, good until the next call; undefined when there is none or it is not valid. */
  book(instrument: InstrumentIndex): BookCopy | undefined {
    // Valid before and after: a book that was voided while it was copied is not used.
    if (this.#table.validity(instrument) !== VALID) return undefined;
    if (!this.#table.readNewest(instrument, this.#copy)) return undefined;
    if (!this.isInScale(instrument, this.#copy.seq)) return undefined; // the log is ahead of the book actor
    return this.#table.validity(instrument) === VALID ? this.#copy : undefined;
  }

  /** The newest book, as {@link book} gives it, if something was heard of it at `sinceNs` (monotonic) or later. */
  heardBook(instrument: InstrumentIndex, sinceNs: MonotonicNs): BookCopy | undefined {
    const book = this.book(instrument);
    return book !== undefined && book.stampNs >= sinceNs ? book : undefined;
  }

  /** What is needed to compute with a leg; undefined when the venue does not list the instrument. */
  terms(instrument: InstrumentIndex, side: Side, feePpm: number): LegTerms | undefined {
    const { instruments, assets } = this.directory;
    const found = instruments[instrument];
    const base = found && assets[found.base];
    const quote = found && assets[found.quote];
    if (found === undefined || base === undefined || quote === undefined) return undefined;
    return { instrument: found, side, base, quote, feePpm };
  }

  #refreshed(): InstrumentHistory {
    while (this.#position < this.#log.used) {
      const line = this.#log.read(this.#position);
      this.#instruments.apply(line);
      this.#position = line.next;
    }
    return this.#instruments;
  }
}

/** The side of `book` that an order takes from. */
export function ladderFor(book: BookCopy, side: Side): BookSide {
  return side === BUY ? book.asks : book.bids;
}

/** A leg on the part of `book` that is no worse than `limitTicks`. */
export function legWithin(terms: LegTerms, book: BookCopy, limitTicks: Ticks): CycleLeg {
  const ladder = ladderFor(book, terms.side);
  let count = 0;
  while (count < ladder.count && isWithin(ladder.priceTicks[count] as bigint, limitTicks, terms.side)) count++;
  return new CycleLeg(terms, { count, priceTicks: ladder.priceTicks, qtyLots: ladder.qtyLots });
}

function isWithin(price: bigint, limit: bigint, side: Side): boolean {
  return side === BUY ? price <= limit : price >= limit;
}
