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
import type { InstrumentDirectory, InstrumentIndex, OrderScale } from '../../../market/instrument.ts';
import { InstrumentHistory } from '../../../market/instrument-history.ts';
import type { InstrumentLog } from '../../../market/instrument-log.ts';
import type { Leg, LegModel, LegSpec, LegTerms } from '../../../market/legs/leg.ts';
import type { Lots, Ticks } from '../../../money/money.ts';
import { BUY, type Side } from '../../../money/side.ts';
import type { MonotonicNs } from '../../../platform/time.ts';

export class NewestBooks {
  readonly #table: BookTable;
  readonly #log: InstrumentLog;
  readonly #legs: LegModel;
  readonly #copy: BookCopy;
  readonly #instruments = new InstrumentHistory();
  #position = 0;

  /** @param legs of the venue that the instruments are of. */
  constructor(table: BookTable, log: InstrumentLog, legs: LegModel) {
    this.#table = table;
    this.#log = log;
    this.#legs = legs;
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

  /** The newest book, as {@link book} gives it, if an update of it came at `sinceNs` (monotonic) or later. */
  heardBook(instrument: InstrumentIndex, sinceNs: MonotonicNs): BookCopy | undefined {
    const book = this.book(instrument);
    return book !== undefined && book.stampNs >= sinceNs ? book : undefined;
  }

  /** What is needed to compute with a leg; undefined when the venue does not list the instrument. */
  terms({ instrument, side, feePpm }: LegSpec): LegTerms | undefined {
    const { instruments, assets } = this.directory;
    const found = instruments[instrument];
    const base = found && assets[found.base];
    const quote = found && assets[found.quote];
    if (found === undefined || base === undefined || quote === undefined) return undefined;
    return { instrument: found, side, base, quote, feePpm };
  }

  /** A leg on the part of `book` that is no worse than `limitTicks`. */
  legWithin(terms: LegTerms, book: BookCopy, limitTicks: Ticks): Leg {
    return this.#legs.leg(terms, ladderWithin(book, terms.side, limitTicks));
  }

  /** A leg that can trade `qtyLots` at one price. */
  legAt(terms: LegTerms, priceTicks: Ticks, qtyLots: Lots): Leg {
    const ladder = { count: 1, priceTicks: BigInt64Array.of(priceTicks), qtyLots: BigInt64Array.of(qtyLots) };
    return this.#legs.leg(terms, ladder);
  }

  /** The worst price at which a leg loses no more than that: see {@link LegModel.ticksWithinLoss}. */
  ticksWithinLoss(terms: LegTerms, referenceTicks: Ticks, lossMaxBps: number): Ticks {
    return this.#legs.ticksWithinLoss(terms, referenceTicks, lossMaxBps);
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

/** The part of that side which is no worse than `limitTicks`; not a copy. */
export function ladderWithin(book: BookCopy, side: Side, limitTicks: Ticks): BookSide {
  const { count: levels, priceTicks, qtyLots } = ladderFor(book, side);
  let count = 0;
  while (count < levels && isWithin(priceTicks[count] as bigint, limitTicks, side)) count++;
  return { count, priceTicks, qtyLots };
}

function isWithin(price: bigint, limit: bigint, side: Side): boolean {
  return side === BUY ? price <= limit : price >= limit;
}
