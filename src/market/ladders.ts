/**
 * Order books as sorted ladders of levels in one block of memory, shared or not. Nothing is allocated per call, and a
 * book outlives the thread that kept it when the memory does.
 *
 *   per book:  | bids | asks |
 *   side:      | header (128 bytes) | level × capacity |
 *   level:     | key (f64) | price ticks (i64) | quantity lots (i64) | memo (u32) | price dp, qty dp, memo length, – |
 *
 * `key` is the price, negated for bids: level 0 is the best on both sides and keys ascend. The levels in use lie
 * somewhere in the middle of the capacity, so that an insertion or deletion moves only the shorter part: changes are most
 * frequent at the best price and at the far end of the window, and both cost next to nothing.
 *
 * A side is addressed by the number {@link Ladders.side} returns. A message may carry a side beyond `depth`; it is cut
 * with {@link Ladders.truncate} once all levels of the message are in, never in between (a deletion later in the same
 * message brings a level back into the window).
 */

import { type Lots, lots, type Ticks } from '../money/money.ts';
import { arbitradeError } from '../platform/errors.ts';

const TWO_32 = 4_294_967_296;

/** Words (i32) of a side's header. `prefix` belongs to the running checksum of the top levels. */
const HEADER = { start: 0, count: 1, changed: 2, overflowed: 3, sign: 4, prefix: 8, WORDS: 32 } as const;
/** Words (i32) of a level. */
export const LEVEL_WORDS = { key: 0, price: 2, qty: 4, memo: 6, packed: 7, SIZE: 8 } as const;
// The same for this module alone: what a module exports is looked up on every use, and these are used on every tick.
const { price: PRICE, qty: QTY, packed: PACKED, SIZE: LEVEL_SIZE } = LEVEL_WORDS;
const LEVEL_DOUBLES = LEVEL_SIZE / 2;
/** Levels looked at one by one before the search halves: most changes are near the best price. */
const LINEAR = 8;
/** Room beyond twice the depth, so that the levels in use rarely have to be moved back to the middle. */
const SLACK = 16;

/** Decimals as written, packed as a level keeps them: price in the low byte, quantity above it. */
export const packDecimals = (price: number, qty: number): number => price | (qty << 8);

export class Ladders {
  /** Levels a side keeps after {@link truncate}. */
  readonly depth: number;
  /** Levels a side can hold within one message: a message that replaces a whole side fits. */
  readonly capacity: number;
  /** All memory as 32-bit words; `side` numbers index it. */
  readonly words: Int32Array;
  /** The same memory as doubles. Levels move as doubles: no field of a level can look like a NaN. */
  readonly doubles: Float64Array;
  readonly #sideWords: number;
  /** Price that is looked for. Handed to a call that is not inlined, a price of many ticks would become an object. */
  readonly #key = new Float64Array(1);

  /** Bytes that `books` books of `depth` levels a side take. A multiple of 8. */
  static byteLength(books: number, depth: number): number {
    return books * 2 * sideWords(depth) * 4;
  }

  /** @param byteOffset a multiple of 8. Fresh memory is zero; memory of a predecessor is taken over as it is. */
  constructor(memory: ArrayBufferLike, byteOffset: number, books: number, depth: number) {
    const bytes = Ladders.byteLength(books, depth);
    this.depth = depth;
    this.capacity = capacityOf(depth);
    this.words = new Int32Array(memory, byteOffset, bytes / 4);
    this.doubles = new Float64Array(memory, byteOffset, bytes / 8);
    this.#sideWords = sideWords(depth);
  }

  /** The number of a side: `ask` 0 for bids, 1 for asks. */
  side(book: number, ask: number): number {
    return (book * 2 + ask) * this.#sideWords;
  }

  /** Empties a side. Needed once before first use; `ask` as in {@link side}. */
  clear(side: number, ask: number): void {
    const { words } = this;
    words[side + HEADER.start] = this.capacity >> 2;
    words[side + HEADER.count] = 0;
    words[side + HEADER.changed] = 0;
    words[side + HEADER.overflowed] = 0;
    words[side + HEADER.sign] = ask === 1 ? 1 : -1;
  }

  count(side: number): number {
    return this.words[side + HEADER.count] as number;
  }

  /**
   * Inserts or overwrites the level at a price, or deletes it when the quantity is zero (nothing happens when there is
   * none). Prices and quantities are signed 64-bit integers given as low and high word, at least 0; prices are below 2^53
   * and quantities below 2^62. When more levels arrive than fit, the side is marked {@link overflowed}.
   */
  set(side: number, priceLow: number, priceHigh: number, qtyLow: number, qtyHigh: number, decimals: number): void {
    const { words, doubles } = this;
    const key = (priceHigh * TWO_32 + (priceLow >>> 0)) * (words[side + HEADER.sign] as number);
    this.#key[0] = key;
    const index = this.#find(side);
    const found = index < (words[side + HEADER.count] as number) && doubles[this.#double(side, index)] === key;
    if ((qtyLow | qtyHigh) === 0) {
      if (found) this.#close(side, index);
      return;
    }
    if (!found && !this.#open(side, index)) return;
    const level = this.level(side, index);
    doubles[level >> 1] = key;
    words[level + PRICE] = priceLow;
    words[level + PRICE + 1] = priceHigh;
    words[level + QTY] = qtyLow;
    words[level + QTY + 1] = qtyHigh;
    words[level + PACKED] = decimals; // a memo length of 0: the memo is void
    if (index < (words[side + HEADER.changed] as number)) words[side + HEADER.changed] = index;
  }

  /** {@link set} from BigInts, for callers off the tick path. */
  setLevel(side: number, priceTicks: Ticks, qtyLots: Lots, decimals = 0): void {
    const low = (value: bigint): number => Number(BigInt.asIntN(32, value));
    const high = (value: bigint): number => Number(value >> 32n);
    this.set(side, low(priceTicks), high(priceTicks), low(qtyLots), high(qtyLots), decimals);
  }

  /** Cuts a side to the depth: the venue sends no deletion for a level that was pushed out of the window. */
  truncate(side: number): void {
    if ((this.words[side + HEADER.count] as number) > this.depth) this.words[side + HEADER.count] = this.depth;
  }

  /** Whether levels were dropped because a message had more of them than fit. The side is wrong until cleared. */
  overflowed(side: number): boolean {
    return this.words[side + HEADER.overflowed] !== 0;
  }

  /** Word index of the `index`-th best level; fields at {@link LEVEL_WORDS}. */
  level(side: number, index: number): number {
    return side + HEADER.WORDS + ((this.words[side + HEADER.start] as number) + index) * LEVEL_SIZE;
  }

  /** Price of the `index`-th best level, in ticks. */
  priceTicks(side: number, index: number): number {
    return Math.abs(this.doubles[this.#double(side, index)] as number);
  }

  /** Quantity of the `index`-th best level, in lots, exactly. Not for the tick path. */
  qtyLots(side: number, index: number): Lots {
    const at = this.level(side, index) + QTY;
    return lots((BigInt(this.words[at + 1] as number) << 32n) | BigInt((this.words[at] as number) >>> 0));
  }

  /** The best level that changed since {@link settle}; at least `count` when none in use did. */
  firstChanged(side: number): number {
    return this.words[side + HEADER.changed] as number;
  }

  /** Forgets which levels changed. */
  settle(side: number): void {
    this.words[side + HEADER.changed] = this.capacity;
  }

  /** Counts every level as changed and forgets the memos of the best `levels`. */
  unsettle(side: number, levels: number): void {
    this.words[side + HEADER.changed] = 0;
    const count = Math.min(levels, this.count(side));
    for (let index = 0; index < count; index++) {
      const at = this.level(side, index) + PACKED;
      this.words[at] = (this.words[at] as number) & 0xffff;
    }
  }

  /** Word index of 24 words in the header that belong to the running checksum. */
  prefix(side: number): number {
    return side + HEADER.prefix;
  }

  #double(side: number, index: number): number {
    return this.level(side, index) >> 1;
  }

  /** Index of the first level whose price is not before `#key`. */
  #find(side: number): number {
    const { doubles } = this;
    const key = this.#key[0] as number;
    const count = this.words[side + HEADER.count] as number;
    const first = this.#double(side, 0);
    const near = Math.min(count, LINEAR);
    let low = 0;
    while (low < near && (doubles[first + low * LEVEL_DOUBLES] as number) < key) low++;
    if (low < near) return low;
    let high = count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((doubles[first + middle * LEVEL_DOUBLES] as number) < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Makes room for a level at `index`, moving the shorter part. False when the side is full. */
  #open(side: number, index: number): boolean {
    const { words } = this;
    const count = words[side + HEADER.count] as number;
    if (count === this.capacity) {
      words[side + HEADER.overflowed] = 1;
      return false;
    }
    const towardsFront = index * 2 < count;
    this.#ensureSpace(side, count, towardsFront);
    const first = this.#double(side, 0);
    if (towardsFront) {
      words[side + HEADER.start] = (words[side + HEADER.start] as number) - 1;
      this.#moveDown(first, first + index * LEVEL_DOUBLES);
    } else {
      this.#moveUp(first + index * LEVEL_DOUBLES, first + count * LEVEL_DOUBLES);
    }
    words[side + HEADER.count] = count + 1;
    return true;
  }

  /** Takes the level at `index` out, moving the shorter part. */
  #close(side: number, index: number): void {
    const { words } = this;
    const count = words[side + HEADER.count] as number;
    const first = this.#double(side, 0);
    if (index * 2 < count) {
      this.#moveUp(first, first + index * LEVEL_DOUBLES);
      words[side + HEADER.start] = (words[side + HEADER.start] as number) + 1;
    } else {
      this.#moveDown(first + (index + 1) * LEVEL_DOUBLES, first + count * LEVEL_DOUBLES);
    }
    words[side + HEADER.count] = count - 1;
    if (index < (words[side + HEADER.changed] as number)) words[side + HEADER.changed] = index;
  }

  /** Moves the levels in use to the middle when there is no free level on the wanted end. */
  #ensureSpace(side: number, count: number, atFront: boolean): void {
    const start = this.words[side + HEADER.start] as number;
    if (atFront ? start > 0 : start + count < this.capacity) return;
    // The end that is short of room gets all of a rest of one.
    const middle = (this.capacity - count + (atFront ? 1 : 0)) >> 1;
    const from = this.#double(side, 0);
    this.words[side + HEADER.start] = middle;
    this.doubles.copyWithin(this.#double(side, 0), from, from + count * LEVEL_DOUBLES);
  }

  /** Moves doubles [from, to) one level towards the front. */
  #moveDown(from: number, to: number): void {
    const { doubles } = this;
    for (let at = from; at < to; at++) doubles[at - LEVEL_DOUBLES] = doubles[at] as number;
  }

  /** Moves doubles [from, to) one level towards the back. */
  #moveUp(from: number, to: number): void {
    const { doubles } = this;
    for (let at = to - 1; at >= from; at--) doubles[at + LEVEL_DOUBLES] = doubles[at] as number;
  }
}

function capacityOf(depth: number): number {
  return 2 * depth + SLACK;
}

function sideWords(depth: number): number {
  if (!Number.isSafeInteger(depth) || depth < 1) throw arbitradeError('TOPOLOGY_INVALID', `book depth ${depth}`);
  return HEADER.WORDS + capacityOf(depth) * LEVEL_SIZE;
}
