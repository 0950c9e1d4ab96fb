/**
 * The true book of one symbol as far as the capture shows it, with the resting orders of accounts on top, and what a
 * subscriber of a given depth must be sent of a change. Written for the text it has to send: a level carries its own
 * JSON and checksum digits, so that serving a change is joining strings. It shares no code with the engine's ladder, so
 * neither can hide a mistake of the other.
 */
import { strict as assert } from 'node:assert';
import { crc32 } from 'node:zlib';
import { type Level, level, type Precision, writeLevel } from './market-level.ts';
import { compare, type MarketSide, SideView } from './market-side.ts';

export type { MarketSide } from './market-side.ts';

/** Levels that the checksum covers, per side, at any depth. */
const CHECKSUM_LEVELS = 10;

/** The two sides at a moment, best first. */
export interface BookLevels {
  readonly bids: readonly Level[];
  readonly asks: readonly Level[];
}

/** What a subscriber's copy of one side lacks. */
export interface WindowChanges<L> {
  /** Levels that left the window and must be deleted. */
  readonly gone: readonly L[];
  /** Levels that are new in the window or are others than before. */
  readonly set: readonly L[];
}

export class MarketBook {
  readonly symbol: string;
  /** Depth of the recording: nothing is known beyond it. */
  readonly depth: number;
  /** Decimals of the integers in its levels. */
  readonly scale: Precision;
  /** Decimals the venue writes at present. */
  wire: Precision;
  /** Called before anything changes what is seen. */
  beforeChange: () => void = () => {};
  readonly #bids = new SideView('bid');
  readonly #asks = new SideView('ask');
  #checksum: number | undefined;

  constructor(symbol: string, depth: number, scale: Precision, wire: Precision) {
    this.symbol = symbol;
    this.depth = depth;
    this.scale = scale;
    this.wire = wire;
  }

  /** What everybody sees: the market and the resting orders of accounts. */
  get bids(): readonly Level[] {
    return this.#bids.shown;
  }

  get asks(): readonly Level[] {
    return this.#asks.shown;
  }

  /** Both sides as they are seen now; a later change makes new lists. */
  get levels(): BookLevels {
    return { bids: this.bids, asks: this.asks };
  }

  /** The market without the orders of accounts, best first. */
  marketLevels(side: MarketSide): readonly Level[] {
    return this.#side(side).market;
  }

  /** What the market has at a price. */
  marketQty(side: MarketSide, price: bigint): bigint {
    return this.#side(side).marketQty(price);
  }

  /** Applies one message: levels in order, quantity 0 deletes, then both sides are cut to the recorded depth. */
  apply(changes: BookLevels, snapshot: boolean): BookLevels {
    this.beforeChange();
    const before = this.levels;
    this.#bids.apply(changes.bids, snapshot, this.depth);
    this.#asks.apply(changes.asks, snapshot, this.depth);
    this.#checksum = undefined;
    return before;
  }

  /** Takes `qty` of the market's own quantity at `price`. The tape's next change of this price sets the quantity anew. */
  take(side: MarketSide, price: bigint, qty: bigint): void {
    const left = this.marketQty(side, price) - qty;
    assert(qty > 0n && left >= 0n, 'no more can be taken than the market has');
    this.beforeChange();
    this.#side(side).apply([level(price, left)], false, this.depth);
    this.#checksum = undefined;
  }

  /** Orders of accounts come to `price` (or go from it, when negative). */
  addResting(side: MarketSide, price: bigint, qty: bigint): void {
    this.beforeChange();
    this.#side(side).addResting(price, qty);
    this.#checksum = undefined;
  }

  /** From now on numbers are written with other decimals; the book stays what it is. */
  rewrite(wire: Precision): void {
    this.wire = wire;
    this.#checksum = undefined;
  }

  /** CRC-32 over the first ten asks, then the first ten bids (protocol reference 1.7). */
  checksum(): number {
    this.#checksum ??= crc32(this.#digits(this.asks) + this.#digits(this.bids));
    return this.#checksum;
  }

  /** JSON list of the best `depth` levels of a side. */
  snapshotSide(side: MarketSide, depth: number): string {
    const levels = this.#side(side).shown;
    return `[${levels
      .slice(0, depth)
      .map((level) => writeLevel(level, this.scale, this.wire).json)
      .join(',')}]`;
  }

  /** JSON list of what changed in the best `depth` levels of a side since `before`. */
  changedSide(side: MarketSide, before: BookLevels, depth: number): string {
    const bid = side === 'bid';
    const was = bid ? before.bids : before.asks;
    const is = this.#side(side).shown;
    if (was === is) return '[]';
    const { gone, set } = windowChanges(was, is, depth, side);
    const deletions = gone.map((level) => writeLevel(level, this.scale, this.wire).gone);
    const inserts = set.map((level) => writeLevel(level, this.scale, this.wire).json);
    return `[${[...deletions, ...inserts].join(',')}]`;
  }

  #side(side: MarketSide): SideView {
    return side === 'bid' ? this.#bids : this.#asks;
  }

  #digits(levels: readonly Level[]): string {
    let digits = '';
    for (const level of levels.slice(0, CHECKSUM_LEVELS)) digits += writeLevel(level, this.scale, this.wire).digits;
    return digits;
  }
}

/**
 * What the holder of the best `depth` levels must be sent. The venue says nothing of a level that was pushed out of a
 * full window, and inserts a level that moves back in (protocol reference 1.7, step 3).
 */
export function windowChanges<L extends { readonly price: bigint }>(
  before: readonly L[],
  after: readonly L[],
  depth: number,
  side: MarketSide,
): WindowChanges<L> {
  const gone: L[] = [];
  const set: L[] = [];
  const oldEnd = Math.min(depth, before.length);
  const newEnd = Math.min(depth, after.length);
  let i = 0;
  let j = 0;
  while (i < oldEnd || j < newEnd) {
    const was = i < oldEnd ? before[i] : undefined;
    const is = j < newEnd ? after[j] : undefined;
    const order = was === undefined ? 1 : is === undefined ? -1 : was === is ? 0 : compare(was.price, is.price, side);
    const pushedOut = is === undefined && newEnd === depth;
    if (order < 0 && was !== undefined && !pushedOut) gone.push(was);
    if (order >= 0 && is !== undefined && was !== is) set.push(is);
    if (order <= 0) i += 1;
    if (order >= 0) j += 1;
  }
  return { gone, set };
}
