/**
 * The book table: the newest `versions` states of every instrument's verified book, `levels` a side, in shared memory.
 * The book actor is its one writer.
 *
 * Why more than one version: the detector works through the `tops` ring and may be some messages behind the book. It
 * asks for the book *as of* the message it is handling, so what it decides depends on the order of messages alone and
 * a replay on threads decides the same as a replay on one thread. The book does not publish a version over one that the
 * detector can still ask for ({@link BookTable.mayPublish}); it waits, and the deltas wait in their ring.
 *
 * Everybody else (sequencer, console) reads the newest version and checks afterwards that it was not overwritten
 * meanwhile: {@link BookTable.readNewest} copies.
 *
 *   entry:    | published (i32) | validity (i32) | … | version 0 | version 1 | …
 *   version:  | seq | recvIndex | wallNs | stampNs | bid count | ask count | … | bids: (ticks, lots)… | asks: … |
 */

import { INVALID_REASONS, type InvalidReason } from '../messages/market-messages.ts';
import type { InstrumentIndex } from './instrument.ts';

export interface BookTableShape {
  readonly instruments: number;
  /** Levels a side that are kept for readers. */
  readonly levels: number;
  /** Power of two. */
  readonly versions: number;
}

export interface BookTableMemory {
  readonly shape: BookTableShape;
  readonly bytes: SharedArrayBuffer;
}

const ENTRY_HEADER = 64; // own cache line: the indices every reader polls
const VERSION_HEADER = 64;
const VERSION = { seq: 0, recvIndex: 8, wallNs: 16, stampNs: 24, bidCount: 32, askCount: 36, levels: VERSION_HEADER };
export const TABLE_LEVEL = { priceTicks: 0, qtyLots: 8, SIZE: 16 } as const;

/** Validity code of an entry: 0 is valid, otherwise the index of an {@link InvalidReason}. */
export const VALID = 0;

const versionBytes = (levels: number): number => VERSION_HEADER + 2 * levels * TABLE_LEVEL.SIZE;

export function createBookTableMemory(shape: BookTableShape): BookTableMemory {
  const entryBytes = ENTRY_HEADER + shape.versions * versionBytes(shape.levels);
  const bytes = new SharedArrayBuffer(shape.instruments * entryBytes);
  const words = new Int32Array(bytes);
  const awaiting = INVALID_REASONS.indexOf('awaiting_snapshot');
  for (let index = 0; index < shape.instruments; index++) words[(index * entryBytes) / 4 + 1] = awaiting;
  return { shape, bytes };
}

/** One side of a book as a reader gets it: best level first. */
export interface BookSide {
  count: number;
  readonly priceTicks: BigInt64Array;
  readonly qtyLots: BigInt64Array;
}

/**
 * Levels a side that the venue's checksum vouches for. Deeper ones can be wrong for a while without anybody noticing, so
 * nothing that is traded is computed from them.
 */
export const VERIFIED_LEVELS = 10;

/** A copy of one version, re-used from read to read. */
export interface BookCopy {
  seq: number;
  recvIndex: number;
  wallNs: bigint;
  /** Monotonic, when the frame was read. */
  stampNs: number;
  readonly bids: BookSide;
  readonly asks: BookSide;
}

/** A copy that takes the best `levels` a side; what a version has beyond them is left out. */
export function createBookCopy(levels: number): BookCopy {
  const side = (): BookSide => ({
    count: 0,
    priceTicks: new BigInt64Array(levels),
    qtyLots: new BigInt64Array(levels),
  });
  return { seq: 0, recvIndex: 0, wallNs: 0n, stampNs: 0, bids: side(), asks: side() };
}

export class BookTable {
  readonly shape: BookTableShape;
  /** The whole table. The writer fills a version in through it; readers use the methods below. */
  readonly view: DataView;
  readonly #words: Int32Array;
  readonly #entryBytes: number;
  readonly #versionBytes: number;

  constructor(memory: BookTableMemory) {
    this.shape = memory.shape;
    this.view = new DataView(memory.bytes);
    this.#words = new Int32Array(memory.bytes);
    this.#versionBytes = versionBytes(memory.shape.levels);
    this.#entryBytes = ENTRY_HEADER + memory.shape.versions * this.#versionBytes;
  }

  /** How many versions of this instrument were ever published (mod 2^32). */
  published(instrument: InstrumentIndex): number {
    return Atomics.load(this.#words, (instrument * this.#entryBytes) / 4);
  }

  /** As {@link published}, for its one writer, who needs no fence to read its own word. */
  #ownPublished(instrument: InstrumentIndex): number {
    return this.#words[(instrument * this.#entryBytes) / 4] as number;
  }

  /** VALID, or why the book may not be used: an index into INVALID_REASONS. */
  validity(instrument: InstrumentIndex): number {
    return Atomics.load(this.#words, (instrument * this.#entryBytes) / 4 + 1);
  }

  invalidReason(instrument: InstrumentIndex): InvalidReason {
    return INVALID_REASONS[this.validity(instrument)] ?? 'interrupted';
  }

  /** As {@link validity}, for its one writer. Book actor only. */
  ownValidity(instrument: InstrumentIndex): number {
    return this.#words[(instrument * this.#entryBytes) / 4 + 1] as number;
  }

  /** Book actor only. */
  setValidity(instrument: InstrumentIndex, code: number): void {
    Atomics.store(this.#words, (instrument * this.#entryBytes) / 4 + 1, code);
  }

  /**
   * Whether the version that the next publication overwrites can no longer be asked for by a reader whose oldest
   * unhandled message has sequence `oldestUnhandledSeq` (Infinity when it has handled everything). Book actor only.
   */
  mayPublish(instrument: InstrumentIndex, oldestUnhandledSeq: number): boolean {
    const { versions } = this.shape;
    const published = this.#ownPublished(instrument);
    if (published >>> 0 < versions) return true;
    // The version after the one to be overwritten must already serve every message still to be handled.
    const secondOldest = this.#versionOffset(instrument, published - versions + 1);
    return this.view.getFloat64(secondOldest + VERSION.seq, true) <= oldestUnhandledSeq;
  }

  /**
   * Begins the next version and returns the byte offset of its bid levels in {@link view}; asks follow after
   * `shape.levels` levels. It is not visible before {@link publish}. Book actor only.
   */
  beginVersion(instrument: InstrumentIndex, seq: number, recvIndex: number, stampNs: number): number {
    const offset = this.#versionOffset(instrument, this.#ownPublished(instrument));
    this.view.setFloat64(offset + VERSION.seq, seq, true);
    this.view.setFloat64(offset + VERSION.recvIndex, recvIndex, true);
    this.view.setFloat64(offset + VERSION.stampNs, stampNs, true);
    return offset + VERSION.levels;
  }

  /** Ends the version begun last: `levelsOffset` is what {@link beginVersion} returned. Book actor only. */
  publish(instrument: InstrumentIndex, levelsOffset: number, bidCount: number, askCount: number): void {
    const offset = levelsOffset - VERSION_HEADER;
    this.view.setUint32(offset + VERSION.bidCount, bidCount, true);
    this.view.setUint32(offset + VERSION.askCount, askCount, true);
    const next = this.#ownPublished(instrument) + 1;
    Atomics.store(this.#words, (instrument * this.#entryBytes) / 4, next); // the version is whole before this
  }

  /** Where `wallNs` (i64) of the version begun last goes; the caller copies its eight bytes. Book actor only. */
  wallNsOffset(levelsOffset: number): number {
    return levelsOffset - VERSION_HEADER + VERSION.wallNs;
  }

  /** Where `stampNs` (f64) of the version begun last is, for a writer that has it in memory. Book actor only. */
  stampNsOffset(levelsOffset: number): number {
    return levelsOffset - VERSION_HEADER + VERSION.stampNs;
  }

  /**
   * Copies the book as it was when message `seq` was handled by the book. Only for the reader that
   * {@link mayPublish} waits for. False when the instrument had no version by then.
   */
  readAsOf(instrument: InstrumentIndex, seq: number, into: BookCopy): boolean {
    const published = this.published(instrument);
    const oldest = published >>> 0 < this.shape.versions ? 0 : published - this.shape.versions;
    for (let number = (published - 1) | 0; ((number - oldest) | 0) >= 0; number = (number - 1) | 0) {
      const offset = this.#versionOffset(instrument, number);
      if (this.view.getFloat64(offset + VERSION.seq, true) > seq) continue;
      this.#copy(offset, into);
      return true;
    }
    return false;
  }

  /**
   * Copies the newest version. False when there is none, or when the book outran the copy three times: the caller
   * treats that as "no book now". Says nothing of validity: ask {@link validity} before and after.
   */
  readNewest(instrument: InstrumentIndex, into: BookCopy): boolean {
    for (let attempt = 0; attempt < 3; attempt++) {
      const published = this.published(instrument);
      if (published === 0) return false;
      this.#copy(this.#versionOffset(instrument, published - 1), into);
      // The copy is good unless the writer came round to its slot: that needs `versions` begun publications.
      if (((this.published(instrument) - published) | 0) < this.shape.versions - 1) return true;
    }
    return false;
  }

  /** Sequence of the newest version, 0 when there is none. Book actor only: how a successor knows what was applied. */
  newestSeq(instrument: InstrumentIndex): number {
    const published = this.#ownPublished(instrument);
    return published === 0 ? 0 : this.view.getFloat64(this.#versionOffset(instrument, published - 1), true);
  }

  /** Byte offset of the newest version's levels in {@link view}, -1 when there is none. Book actor only. */
  newestVersion(instrument: InstrumentIndex): number {
    const published = this.#ownPublished(instrument);
    return published === 0 ? -1 : this.#versionOffset(instrument, published - 1) + VERSION.levels;
  }

  /** Bids of the version whose levels are at `levelsOffset`. */
  bidCount(levelsOffset: number): number {
    return this.view.getUint32(levelsOffset - VERSION_HEADER + VERSION.bidCount, true);
  }

  /** Asks of the version whose levels are at `levelsOffset`. */
  askCount(levelsOffset: number): number {
    return this.view.getUint32(levelsOffset - VERSION_HEADER + VERSION.askCount, true);
  }

  #versionOffset(instrument: InstrumentIndex, number: number): number {
    const slot = number & (this.shape.versions - 1);
    return instrument * this.#entryBytes + ENTRY_HEADER + slot * this.#versionBytes;
  }

  #copy(offset: number, into: BookCopy): void {
    const { view } = this;
    into.seq = view.getFloat64(offset + VERSION.seq, true);
    into.recvIndex = view.getFloat64(offset + VERSION.recvIndex, true);
    into.wallNs = view.getBigInt64(offset + VERSION.wallNs, true);
    into.stampNs = view.getFloat64(offset + VERSION.stampNs, true);
    const levels = offset + VERSION.levels;
    this.#copySide(levels, view.getUint32(offset + VERSION.bidCount, true), into.bids);
    this.#copySide(
      levels + this.shape.levels * TABLE_LEVEL.SIZE,
      view.getUint32(offset + VERSION.askCount, true),
      into.asks,
    );
  }

  #copySide(offset: number, count: number, into: BookSide): void {
    into.count = Math.min(count, this.shape.levels, into.priceTicks.length); // nor must a torn read lead out of the table
    for (let level = 0; level < into.count; level++) {
      const at = offset + level * TABLE_LEVEL.SIZE;
      into.priceTicks[level] = this.view.getBigInt64(at + TABLE_LEVEL.priceTicks, true);
      into.qtyLots[level] = this.view.getBigInt64(at + TABLE_LEVEL.qtyLots, true);
    }
  }
}
