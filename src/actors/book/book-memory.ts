/**
 * The book actor's own memory: working ladders and the state of every book. It outlives the actor, so a successor
 * continues with the next message.
 *
 *   | header (64 bytes) | row × instruments (72 bytes each) | ladders |
 *
 * How a message is taken, in an order that lets a successor pick up anywhere:
 *   1. `dirtySeq` says which message is being applied to this book; the ladders are changed and checked
 *   2. `outcome` is noted, then a version with that sequence is published: from here on the message is decided
 *   3. state and validity follow, `dirtySeq` is cleared, the top is passed on, `handledSeq` says the message is done
 * Dead before 2: the ladders are restored from the newest version (or the book is void) and the message is taken again.
 * Dead after 2: the table has that sequence, so only 3 is done again.
 */

import type { InstrumentIndex } from '../../market/instrument.ts';
import { Ladders } from '../../market/ladders.ts';
import type { Config } from '../../settings/config.ts';

const HEADER_BYTES = 64;
const ROW_BYTES = 72;
const ROW_DOUBLES = ROW_BYTES / 8;
const ROW_WORDS = ROW_BYTES / 4;

const HEADER = { handledSeq: 0, instrumentsEnd: 1 } as const; // doubles
/** Fields of a row that are doubles, by their place. */
export const ROW_DOUBLE = {
  dirtySeq: 0,
  settledSeq: 1,
  deadlineNs: 2,
  deadlineSetNs: 3,
  liveSinceNs: 4,
  eventSeq: 8,
} as const;
/** Fields of a row that are words (i32), by their place. */
export const ROW_WORD = { state: 10, attempts: 11, proofForm: 12, outcome: 13, unsent: 14, reason: 15 } as const;

type RowDouble = (typeof ROW_DOUBLE)[keyof typeof ROW_DOUBLE];
type RowWord = (typeof ROW_WORD)[keyof typeof ROW_WORD];

/** Bytes of own memory that the settings ask for. */
export function bookOwnBytes(config: Config): number {
  const books = config.limits.instruments_max;
  return HEADER_BYTES + books * ROW_BYTES + Ladders.byteLength(books, config.venue.depth);
}

export class BookMemory {
  readonly books: number;
  readonly ladders: Ladders;
  readonly #header: Float64Array;
  readonly #doubles: Float64Array;
  readonly #words: Int32Array;

  constructor(memory: SharedArrayBuffer, config: Config) {
    this.books = config.limits.instruments_max;
    this.#header = new Float64Array(memory, 0, HEADER_BYTES / 8);
    this.#doubles = new Float64Array(memory, HEADER_BYTES, this.books * ROW_DOUBLES);
    this.#words = new Int32Array(memory, HEADER_BYTES, this.books * ROW_WORDS);
    this.ladders = new Ladders(memory, HEADER_BYTES + this.books * ROW_BYTES, this.books, config.venue.depth);
  }

  /** Sequence of the newest message that was handled to the end. */
  get handledSeq(): number {
    return this.#header[HEADER.handledSeq] as number;
  }

  set handledSeq(seq: number) {
    this.#header[HEADER.handledSeq] = seq;
  }

  /** The instrument log has been taken over up to this position. */
  get instrumentsEnd(): number {
    return this.#header[HEADER.instrumentsEnd] as number;
  }

  set instrumentsEnd(position: number) {
    this.#header[HEADER.instrumentsEnd] = position;
  }

  double(book: InstrumentIndex, field: RowDouble): number {
    return this.#doubles[book * ROW_DOUBLES + field] as number;
  }

  setDouble(book: InstrumentIndex, field: RowDouble, value: number): void {
    this.#doubles[book * ROW_DOUBLES + field] = value;
  }

  word(book: InstrumentIndex, field: RowWord): number {
    return this.#words[book * ROW_WORDS + field] as number;
  }

  setWord(book: InstrumentIndex, field: RowWord, value: number): void {
    this.#words[book * ROW_WORDS + field] = value;
  }
}
