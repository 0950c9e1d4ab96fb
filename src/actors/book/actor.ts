/**
 * Book: applies the feed's deltas, verifies every checksum before anyone sees the book, publishes verified books to the
 * book table and their touch to the detector, and has void books resynced.
 *
 *   deltas ──▶ working ladders ──checksum──▶ book table (a version) ──▶ tops
 *                                   └ no ──▶ an empty version ──▶ tops (not valid), resyncs
 *
 * Every sequence gives at most one message on `tops`. When the detector still needs the oldest version, or a ring has no
 * room, the turn ends before the message and the deltas stay in their ring. How a message survives a death of this actor
 * in the middle of it is said in own-memory.ts.
 */

import { type BookTable, VALID } from '../../market/book-table.ts';
import { type Instrument, type InstrumentIndex, instrumentIndex } from '../../market/instrument.ts';
import {
  CONTROL,
  DELTA,
  DELTA_FLAG,
  INVALID_REASONS,
  invalidReasonCode,
  MARKET_KIND,
  TOP,
  TOP_FLAG,
} from '../../messages/market-messages.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Actor, ActorContext } from '../../runtime/actor.ts';
import type { Counters } from '../../runtime/memory/counters.ts';
import { type Histogram, isTimed } from '../../runtime/memory/histogram.ts';
import type { RingConsumer, RingProducer } from '../../runtime/memory/ring.ts';
import { FORM_UNSETTLED } from '../../venues/book-proof.ts';
import { venueNamed } from '../../venues/registry.ts';
import { AUDIT_BURST } from './audit-limiter.ts';
import { BookMemory, ROW_DOUBLE, ROW_WORD } from './book-memory.ts';
import { Precisions } from './precisions.ts';
import { Validity } from './validity.ts';
import { WorkingBooks } from './working-books.ts';

// Numbers under names of this module: what is imported is looked up on every use.
const IS_VALID = VALID;
const { LEVEL } = MARKET_KIND;
const { FIRST, SNAPSHOT, EMPTY } = DELTA_FLAG;
/** In the first word of a slot, where the flags are the second byte. */
const LAST = DELTA_FLAG.LAST << 8;
const VALID_TOP = MARKET_KIND.TOP | (TOP_FLAG.VALID << 8);
const VOID_TOP = MARKET_KIND.TOP;
/** Fields of a `deltas` slot in words and in doubles. */
const WORD = { instrument: DELTA.instrument / 4, checksum: DELTA.checksum / 4 } as const;
const DOUBLE = { seq: DELTA.seq / 8, recvIndex: DELTA.recvIndex / 8, stampNs: DELTA.stampNs / 8 } as const;
const TOP_WORD = { first: TOP.kind / 4, instrument: TOP.instrument / 4 } as const;
const TOP_DOUBLE = {
  seq: TOP.seq / 8,
  recvIndex: TOP.recvIndex / 8,
  stampNs: TOP.stampNs / 8,
  touch: TOP.bidPriceTicks / 8,
  SIZE: TOP.SIZE / 8,
} as const;
const { dirtySeq: DIRTY, settledSeq: SETTLED } = ROW_DOUBLE;
const { outcome: OUTCOME } = ROW_WORD;

/** Messages of one turn at most. */
const TURN_MESSAGES = 256;

const CHECKSUM = invalidReasonCode('checksum');
const MALFORMED = invalidReasonCode('malformed');
const INTERRUPTED = invalidReasonCode('interrupted');
/** Reasons that the feed gives without fetching a snapshot by itself. */
const ASKS_FOR_SNAPSHOT = new Set([MALFORMED, invalidReasonCode('lagging')]);
const PRECISION_CHANGED = invalidReasonCode('precision_changed');

export function createActor(context: ActorContext<'book'>): Actor {
  return new BookActor(context);
}

class BookActor implements Actor {
  readonly id = 'book';
  readonly #context: ActorContext<'book'>;
  readonly #clock: Clock;
  readonly #deltas: RingConsumer;
  readonly #tops: RingProducer;
  readonly #table: BookTable;
  readonly #records: ActorContext<'book'>['records'];
  readonly #memory: BookMemory;
  readonly #precisions: Precisions;
  readonly #books: WorkingBooks;
  readonly #validity: Validity;
  readonly #latency: Histogram;
  readonly #counters: Counters<'book'>;
  readonly #at: ReturnType<typeof counterIndices>;
  /** Sequence of the newest message on `tops`. */
  #topSeq = 0;
  /** No message on `tops` below this is still to be handled; raised when it matters. */
  #unhandledSeq = 0;
  #isFirstMessage = true;

  constructor(context: ActorContext<'book'>) {
    this.#context = context;
    this.#clock = context.clock;
    this.#deltas = context.consumer('deltas');
    this.#tops = context.producer('tops');
    this.#table = context.bookTable;
    this.#records = context.records;
    this.#memory = new BookMemory(context.ownMemory, context.config);
    this.#precisions = new Precisions(this.#memory.books);
    this.#books = new WorkingBooks(
      this.#memory,
      this.#precisions,
      this.#table,
      venueNamed(context.config.venue.name).market,
    );
    this.#validity = new Validity(context, this.#memory, this.#precisions);
    this.#latency = context.latency('book_verified');
    this.#counters = context.counters;
    this.#at = counterIndices(context.counters);
  }

  onStart(): void {
    this.#precisions.readUpTo(this.#context.instrumentLog, this.#memory.instrumentsEnd);
    const newest = this.#tops.newestOffset();
    if (newest !== -1) this.#topSeq = this.#tops.view.getFloat64(newest + TOP.seq, true);
    this.#validity.recover();
  }

  doWork(): number {
    const ready = this.#deltas.available();
    let messages = 0;
    let slots = 0;
    while (slots < ready && messages < TURN_MESSAGES) {
      this.#deltas.markInProgress(slots);
      const taken = this.#take(slots, ready);
      if (taken === 0) {
        this.#deltas.markInProgress(-1); // waiting is not handling: a death now is not this message's doing
        this.#counters.add(this.#at.waited, 1);
        break;
      }
      slots += taken;
      messages++;
    }
    if (slots === 0) return 0;
    this.#deltas.advance(slots);
    this.#counters.set(this.#at.handledSeq, this.#memory.handledSeq);
    return messages;
  }

  onTimer(): void {
    if (this.#records.hasRoom(AUDIT_BURST)) this.#validity.onTimer();
  }

  onStop(): void {
    // Nothing is held outside shared memory.
  }

  /** Takes the message that begins at the `index`-th unread slot. @returns its slots, or 0 when it has to wait. */
  #take(index: number, ready: number): number {
    const { view } = this.#deltas;
    const offset = this.#deltas.offset(index);
    const kind = (this.#deltas.words[offset >> 2] as number) & 255;
    const slots = kind === LEVEL ? this.#slotsOf(index, ready) : 1;
    const seq = this.#deltas.doubles[(offset >> 3) + DOUBLE.seq] as number;
    if (seq <= this.#memory.handledSeq) return slots;
    if (!this.#tops.hasRoom(1) || !this.#records.hasRoom(AUDIT_BURST)) return 0;
    if (this.#isFirstMessage && !this.#voidAbandoned(view, offset, seq)) return 0;
    const isTaken =
      kind === LEVEL ? this.#takeBook(view, offset, seq, index, slots) : this.#takeControl(kind, view, offset, seq);
    if (!isTaken) return 0;
    this.#memory.handledSeq = seq;
    return slots;
  }

  /** Slots of the book message that begins at `index`. The feed publishes a message whole. */
  #slotsOf(index: number, ready: number): number {
    const { words } = this.#deltas;
    let slots = 1;
    while (((words[this.#deltas.offset(index + slots - 1) >> 2] as number) & LAST) === 0 && index + slots < ready)
      slots++;
    return slots;
  }

  #takeBook(view: DataView, offset: number, seq: number, index: number, slots: number): boolean {
    const { words } = this.#deltas;
    const book = instrumentIndex(words[(offset >> 2) + WORD.instrument] as number);
    const flags = (words[offset >> 2] as number) >> 8;
    const isSnapshot = (flags & SNAPSHOT) !== 0;
    if (!this.#precisions.has(book)) return this.#skip();
    if (this.#table.newestSeq(book) !== seq) {
      if (!isSnapshot && !this.#validity.isLive(book)) {
        this.#validity.lacksSnapshot(book);
        return this.#skip();
      }
      if (!this.#mayPublish(book)) return false;
      this.#decide(book, view, offset, seq, index, slots, isSnapshot);
    }
    this.#finish(book, offset, seq);
    this.#count(this.#memory.word(book, OUTCOME), (flags & EMPTY) !== 0 ? 0 : slots, isSnapshot);
    return true;
  }

  /** A message for a book that is not valid, or for an instrument that was never announced. */
  #skip(): boolean {
    this.#counters.add(this.#at.bookMessages, 1);
    this.#counters.add(this.#at.skipped, 1);
    return true;
  }

  #decide(
    book: InstrumentIndex,
    view: DataView,
    offset: number,
    seq: number,
    index: number,
    slots: number,
    isSnapshot: boolean,
  ): void {
    const dirtySeq = this.#memory.double(book, DIRTY);
    this.#memory.setDouble(book, DIRTY, seq);
    const isWhole = isSnapshot || dirtySeq === 0 || (dirtySeq === seq && this.#books.restore(book));
    const outcome = isWhole ? this.#apply(book, offset >> 2, index, slots, isSnapshot) : INTERRUPTED;
    if (outcome === IS_VALID) {
      this.#memory.setWord(book, OUTCOME, IS_VALID);
      this.#books.publish(book, view, offset);
    } else this.#publishVoid(book, view, offset, seq, outcome);
  }

  /** @returns VALID, or the code of the reason why the book is void now. */
  #apply(book: InstrumentIndex, word: number, index: number, slots: number, isSnapshot: boolean): number {
    // A message without its beginning: the runtime set a part of it aside.
    const { words } = this.#deltas;
    if ((((words[word] as number) >> 8) & FIRST) === 0) return INTERRUPTED;
    if (isSnapshot) this.#books.clear(book);
    for (let slot = 0; slot < slots; slot++) {
      if (!this.#books.apply(book, words, this.#deltas.offset(index + slot) >> 2)) return MALFORMED;
    }
    if (!this.#books.cut(book)) return MALFORMED;
    return this.#books.verify(book, words[word + WORD.checksum] as number, isSnapshot) ? IS_VALID : CHECKSUM;
  }

  /** From message `seq` on there is no book. A reader of the newest version sees the reason first. */
  #publishVoid(book: InstrumentIndex, view: DataView, offset: number, seq: number, reason: number): void {
    this.#memory.setWord(book, OUTCOME, reason);
    this.#table.setValidity(book, reason);
    this.#books.publishEmpty(book, view, offset, seq);
  }

  /** What follows from the version that message `seq` made. Done again, it does no harm. */
  #finish(book: InstrumentIndex, offset: number, seq: number): void {
    const outcome = this.#memory.word(book, OUTCOME);
    if (this.#memory.double(book, SETTLED) < seq) {
      if (outcome !== IS_VALID) this.#validity.broken(book, outcome, seq);
      else if (!this.#validity.isLive(book)) this.#validity.verified(book, seq);
      this.#memory.setDouble(book, SETTLED, seq);
    }
    if (this.#table.ownValidity(book) !== outcome) this.#table.setValidity(book, outcome);
    this.#memory.setDouble(book, DIRTY, 0);
    if (outcome === IS_VALID && isTimed(seq)) {
      this.#latency.recordSince(this.#clock, this.#deltas.doubles, (offset >> 3) + DOUBLE.stampNs);
    }
    if (seq > this.#topSeq) this.#pushTop(book, offset, seq, outcome === IS_VALID);
  }

  #pushTop(book: InstrumentIndex, offset: number, seq: number, isValid: boolean): void {
    const { words, doubles } = this.#tops;
    const from = this.#deltas.doubles;
    const slot = this.#tops.offset(0);
    const word = slot >> 2;
    const double = slot >> 3;
    words[word + TOP_WORD.first] = isValid ? VALID_TOP : VOID_TOP;
    words[word + TOP_WORD.instrument] = book;
    doubles[double + TOP_DOUBLE.seq] = seq;
    doubles[double + TOP_DOUBLE.recvIndex] = from[(offset >> 3) + DOUBLE.recvIndex] as number;
    doubles[double + TOP_DOUBLE.stampNs] = from[(offset >> 3) + DOUBLE.stampNs] as number;
    if (isValid) this.#books.writeTop(book, doubles, double);
    else doubles.fill(0, double + TOP_DOUBLE.touch, double + TOP_DOUBLE.SIZE);
    this.#tops.publish(1);
    this.#topSeq = seq;
  }

  /** Hands a control message on as it is. */
  #forward(from: DataView, offset: number, seq: number): void {
    if (seq <= this.#topSeq) return; // a predecessor did
    const { view } = this.#tops;
    const slot = this.#tops.offset(0);
    for (let at = 0; at < CONTROL.SIZE; at += 4) view.setInt32(slot + at, from.getInt32(offset + at, true), true);
    this.#tops.publish(1);
    this.#topSeq = seq;
  }

  /** Control messages are rare; they may allocate. */
  #takeControl(kind: number, view: DataView, offset: number, seq: number): boolean {
    if (kind === MARKET_KIND.INVALIDATE) return this.#takeInvalidate(view, offset, seq);
    if (kind === MARKET_KIND.INSTRUMENTS && !this.#takeInstruments(view, offset, seq)) return false;
    this.#forward(view, offset, seq);
    return true;
  }

  #takeInvalidate(view: DataView, offset: number, seq: number): boolean {
    const book = instrumentIndex(view.getUint32(offset + CONTROL.instrument, true));
    if (!this.#precisions.has(book)) return true;
    const reason = view.getUint8(offset + CONTROL.flags);
    const code = reason > IS_VALID && reason < INVALID_REASONS.length ? reason : INTERRUPTED;
    const isDecided = this.#table.newestSeq(book) === seq;
    const hadBook = isDecided || this.#validity.isLive(book);
    if (hadBook && !isDecided) {
      if (!this.#mayPublish(book)) return false;
      this.#publishVoid(book, view, offset, seq, code);
    }
    if (this.#memory.double(book, SETTLED) < seq) {
      if (ASKS_FOR_SNAPSHOT.has(code)) this.#validity.broken(book, code, seq);
      else this.#validity.voided(book, code, seq);
      this.#memory.setDouble(book, SETTLED, seq);
    }
    if (hadBook && seq > this.#topSeq) this.#pushTop(book, offset, seq, false);
    return true;
  }

  /**
   * Takes over a line of the instrument log. Books whose precision changed are void from here on: the table says so with
   * an empty version; the detector knows it from the line itself.
   */
  #takeInstruments(view: DataView, offset: number, seq: number): boolean {
    const { changes, next } = this.#context.instrumentLog.read(view.getFloat64(offset + CONTROL.position, true));
    const rescaled = changes.instruments.filter((instrument) => this.#precisions.differ(instrument));
    if (!rescaled.every(({ index }) => !this.#validity.isLive(index) || this.#mayPublish(index))) return false;
    for (const instrument of rescaled) this.#rescale(instrument, view, offset, seq);
    for (const instrument of changes.instruments) this.#precisions.set(instrument);
    this.#memory.instrumentsEnd = next;
    return true;
  }

  #rescale({ index }: Instrument, view: DataView, offset: number, seq: number): void {
    this.#memory.setWord(index, ROW_WORD.proofForm, FORM_UNSETTLED);
    const isDecided = this.#table.newestSeq(index) === seq;
    if (!isDecided && !this.#validity.isLive(index)) return; // its next snapshot comes in the new scale
    if (!isDecided) this.#publishVoid(index, view, offset, seq, PRECISION_CHANGED);
    if (this.#memory.double(index, SETTLED) >= seq) return;
    this.#validity.rescaled(index, seq);
    this.#memory.setDouble(index, SETTLED, seq);
  }

  /**
   * A book whose message killed a predecessor and was then set aside by the runtime has missed that message. The first
   * message after a start shows it: it is another one. The book is void as of the one it missed, for the detector too.
   * False when that has to wait for room.
   */
  #voidAbandoned(view: DataView, offset: number, seq: number): boolean {
    for (let index = 0; index < this.#memory.books; index++) {
      const book = instrumentIndex(index);
      const dirtySeq = this.#memory.double(book, DIRTY);
      if (dirtySeq === 0 || dirtySeq === seq || !this.#validity.isLive(book)) continue;
      if (!this.#tops.hasRoom(2) || !this.#mayPublish(book)) return false; // the message at hand brings another top
      const isVoid = this.#table.newestSeq(book) === dirtySeq && this.#memory.word(book, OUTCOME) !== IS_VALID;
      if (!isVoid) this.#publishVoid(book, view, offset, dirtySeq, INTERRUPTED);
      if (dirtySeq > this.#topSeq) this.#pushTop(book, offset, dirtySeq, false);
      this.#validity.broken(book, INTERRUPTED, dirtySeq); // last: a book that is not live is not looked at again
      this.#memory.setDouble(book, DIRTY, 0);
    }
    this.#isFirstMessage = false;
    return true;
  }

  /** Whether the next version of a book overwrites none that the detector can still ask for. */
  #mayPublish(book: InstrumentIndex): boolean {
    if (this.#table.mayPublish(book, this.#unhandledSeq)) return true;
    this.#tops.wakeWhenAdvanced();
    const oldest = this.#tops.oldestUnhandledOffset();
    this.#unhandledSeq = oldest === -1 ? this.#topSeq : this.#tops.view.getFloat64(oldest + TOP.seq, true);
    return this.#table.mayPublish(book, this.#unhandledSeq);
  }

  #count(outcome: number, levels: number, isSnapshot: boolean): void {
    this.#counters.add(this.#at.bookMessages, 1);
    this.#counters.add(this.#at.levels, levels);
    if (isSnapshot) this.#counters.add(this.#at.snapshots, 1);
    if (outcome === IS_VALID) this.#counters.add(this.#at.verified, 1);
    else if (outcome === INTERRUPTED) this.#counters.add(this.#at.skipped, 1);
    else this.#counters.add(this.#at.failed, 1);
  }
}

function counterIndices(counters: Counters<'book'>) {
  return {
    bookMessages: counters.at('book_messages'),
    levels: counters.at('levels'),
    snapshots: counters.at('snapshots'),
    verified: counters.at('checksums_verified'),
    failed: counters.at('checksums_failed'),
    skipped: counters.at('checksums_skipped'),
    waited: counters.at('publications_waited'),
    handledSeq: counters.at('handled_seq'),
  };
}
