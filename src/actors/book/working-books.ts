/**
 * The arithmetic of the books: applies a message to the working ladders, checks it against the venue's proof, and
 * writes a version into the book table. Plain code, nothing is allocated.
 */

import assert from 'node:assert/strict';
import { type BookTable, VERIFIED_LEVELS } from '../../market/book-table.ts';
import { CLAMPED_HIGH, CLAMPED_LOW, ClampedLevels } from '../../market/clamped-levels.ts';
import type { InstrumentIndex } from '../../market/instrument.ts';
import { type Ladders, LEVEL_WORDS } from '../../market/ladders.ts';
import { DELTA, DELTA_FLAG, TOP } from '../../messages/market-messages.ts';
import { copyInt64 } from '../../money/int64.ts';
import { lots } from '../../money/money.ts';
import { type BookProof, PROOF_FAILED } from '../../venues/book-proof.ts';
import type { MarketData } from '../../venues/market-data.ts';
import { type BookMemory, ROW_WORD } from './book-memory.ts';
import type { Precisions } from './precisions.ts';

const PRICE_HIGH_END = 0x20_0000; // prices are below 2^53
const TABLE_LEVEL_DOUBLES = 2;
// Numbers under names of this module: what is imported is looked up on every use.
const PRICE = DELTA.priceTicks / 4;
const QTY = DELTA.qtyLots / 4;
const QTY_TOP = DELTA.qtyTop / 4;
const TWO_32 = 4_294_967_296;
const { ASK, EMPTY, WIDE } = DELTA_FLAG;
const QTY_HIGH_MOST = CLAMPED_HIGH;
const LEVEL_PRICE = LEVEL_WORDS.price;
const LEVEL_DOUBLES = LEVEL_WORDS.SIZE / 2;
const BID_TOUCH = TOP.bidPriceTicks / 8;
const ASK_TOUCH = TOP.askPriceTicks / 8;
const FAILED = PROOF_FAILED;
const { proofForm: FORM } = ROW_WORD;

export class WorkingBooks {
  readonly #memory: BookMemory;
  readonly #ladders: Ladders;
  readonly #clamped: ClampedLevels;
  readonly #proof: BookProof;
  readonly #precisions: Precisions;
  readonly #table: BookTable;
  readonly #tableDoubles: Float64Array;

  constructor(memory: BookMemory, precisions: Precisions, table: BookTable, market: MarketData) {
    assert.ok(market.provenLevels >= VERIFIED_LEVELS, 'readers trust no level that the proof does not vouch for');
    this.#memory = memory;
    this.#ladders = memory.ladders;
    this.#clamped = new ClampedLevels(memory.ladders);
    this.#proof = market.makeProof(memory.ladders, this.#clamped);
    this.#precisions = precisions;
    this.#table = table;
    this.#tableDoubles = new Float64Array(table.view.buffer);
  }

  /** Empties a book, as a snapshot's first level does. */
  clear(book: InstrumentIndex): void {
    for (let ask = 0; ask < 2; ask++) {
      const side = this.#ladders.side(book, ask);
      this.#ladders.clear(side, ask);
      this.#clamped.clear(side);
    }
  }

  /**
   * Applies the level in a slot of `deltas`, given by its words and where it begins. A quantity beyond what a ladder can
   * hold is clamped. False when its numbers are out of range.
   */
  apply(book: InstrumentIndex, words: Int32Array, at: number): boolean {
    const first = words[at] as number;
    const flags = (first >> 8) & 255;
    if ((flags & EMPTY) !== 0) return true;
    const priceHigh = words[at + PRICE + 1] as number;
    const qtyHigh = words[at + QTY + 1] as number;
    if (priceHigh >>> 0 >= PRICE_HIGH_END) return false;
    const side = this.#ladders.side(book, (flags & ASK) === 0 ? 0 : 1);
    const priceLow = words[at + PRICE] as number;
    const decimals = first >>> 16; // packed as a level keeps them
    const isWide = (flags & WIDE) !== 0;
    if (!isWide && qtyHigh >>> 0 > QTY_HIGH_MOST) return false;
    if (!isWide && qtyHigh !== QTY_HIGH_MOST) {
      this.#ladders.set(side, priceLow, priceHigh, words[at + QTY] as number, qtyHigh, decimals);
    } else {
      const exactLots = quantityOf(words, at, isWide);
      this.#ladders.set(side, priceLow, priceHigh, CLAMPED_LOW, CLAMPED_HIGH, decimals);
      this.#clamped.keep(side, priceHigh * TWO_32 + (priceLow >>> 0), lots(exactLots));
    }
    return true;
  }

  /** Cuts the book to its depth once a message is in. False when the message had more levels than can be held. */
  cut(book: InstrumentIndex): boolean {
    const bids = this.#ladders.side(book, 0);
    const asks = this.#ladders.side(book, 1);
    this.#ladders.truncate(bids);
    this.#ladders.truncate(asks);
    return !this.#ladders.overflowed(bids) && !this.#ladders.overflowed(asks);
  }

  /** Whether the book passes the venue's proof, a signed 32-bit number. The form in which it passed is remembered. */
  verify(book: InstrumentIndex, proof: number, isSnapshot: boolean): boolean {
    const form = this.#memory.word(book, FORM);
    const passed = this.#proof.check(
      this.#ladders.side(book, 0),
      this.#ladders.side(book, 1),
      proof,
      form,
      isSnapshot,
      this.#precisions.price(book),
      this.#precisions.qty(book),
    );
    if (passed === FAILED) return false;
    if (passed !== form) this.#memory.setWord(book, FORM, passed);
    return true;
  }

  /** Writes the book as the next version of the table. */
  publish(book: InstrumentIndex, view: DataView, offset: number): void {
    const levelsAt = this.#begin(book, view, offset, view.getFloat64(offset + DELTA.seq, true));
    const bids = this.#copySide(this.#ladders.side(book, 0), levelsAt / 8);
    const asks = this.#copySide(
      this.#ladders.side(book, 1),
      levelsAt / 8 + this.#table.shape.levels * TABLE_LEVEL_DOUBLES,
    );
    this.#table.publish(book, levelsAt, bids, asks);
  }

  /** Writes an empty version: from message `seq` on there is no book. */
  publishEmpty(book: InstrumentIndex, view: DataView, offset: number, seq: number): void {
    this.#table.publish(book, this.#begin(book, view, offset, seq), 0, 0);
  }

  /** Writes the touch into a slot of `tops`, given by its doubles and where it begins; zeros for an empty side. */
  writeTop(book: InstrumentIndex, doubles: Float64Array, at: number): void {
    this.#writeTouch(this.#ladders.side(book, 0), doubles, at + BID_TOUCH);
    this.#writeTouch(this.#ladders.side(book, 1), doubles, at + ASK_TOUCH);
  }

  /**
   * Rebuilds the ladders from the newest version of the table. False when that is not possible: the table may hold fewer
   * levels than the book had, and it does not hold the decimals as written, which some forms of the proof need.
   */
  restore(book: InstrumentIndex): boolean {
    if (!this.#proof.needsNumbersOnly(this.#memory.word(book, FORM))) return false;
    const { levels } = this.#table.shape;
    const at = this.#table.newestVersion(book);
    if (at === -1) return false;
    const bids = this.#table.bidCount(at);
    const asks = this.#table.askCount(at);
    if (this.#ladders.depth > levels && Math.max(bids, asks) === levels) return false;
    this.clear(book);
    this.#restoreSide(this.#ladders.side(book, 0), at / 8, bids);
    this.#restoreSide(this.#ladders.side(book, 1), at / 8 + levels * TABLE_LEVEL_DOUBLES, asks);
    return true;
  }

  #begin(book: InstrumentIndex, view: DataView, offset: number, seq: number): number {
    const levelsAt = this.#table.beginVersion(book, seq, view.getFloat64(offset + DELTA.recvIndex, true), 0);
    copyInt64(view, offset + DELTA.wallNs, this.#table.view, this.#table.wallNsOffset(levelsAt));
    // Its bytes, not the number: handed to a call that is not inlined, it would become an object.
    copyInt64(view, offset + DELTA.stampNs, this.#table.view, this.#table.stampNsOffset(levelsAt));
    return levelsAt;
  }

  #copySide(side: number, to: number): number {
    const { doubles } = this.#ladders;
    const count = Math.min(this.#ladders.count(side), this.#table.shape.levels);
    let from = (this.#ladders.level(side, 0) + LEVEL_PRICE) >> 1;
    let at = to;
    for (let index = 0; index < count; index++) {
      this.#tableDoubles[at] = doubles[from] as number;
      this.#tableDoubles[at + 1] = doubles[from + 1] as number;
      at += TABLE_LEVEL_DOUBLES;
      from += LEVEL_DOUBLES;
    }
    return count;
  }

  #restoreSide(side: number, from: number, count: number): void {
    const { view } = this.#table;
    for (let index = 0; index < count; index++) {
      const at = (from + index * TABLE_LEVEL_DOUBLES) * 8;
      this.#ladders.set(
        side,
        view.getInt32(at, true),
        view.getInt32(at + 4, true),
        view.getInt32(at + 8, true),
        view.getInt32(at + 12, true),
        0,
      );
    }
  }

  #writeTouch(side: number, to: Float64Array, at: number): void {
    const hasTouch = this.#ladders.count(side) > 0;
    const { doubles } = this.#ladders;
    const from = (this.#ladders.level(side, 0) + LEVEL_PRICE) >> 1;
    to[at] = hasTouch ? (doubles[from] as number) : 0;
    to[at + 1] = hasTouch ? (doubles[from + 1] as number) : 0;
  }
}

/** The quantity in a slot, of up to 96 bits when it is wide. */
function quantityOf(words: Int32Array, at: number, isWide: boolean): bigint {
  const word = (index: number): bigint => BigInt((words[index] as number) >>> 0);
  return ((isWide ? word(at + QTY_TOP) : 0n) << 64n) | (word(at + QTY + 1) << 32n) | word(at + QTY);
}
