/**
 * The true book of one symbol as far as the capture shows it, and what a subscriber of a given depth must be told of a
 * change. Written for the text it has to send: a level carries its own JSON and checksum digits, so that serving a
 * change is joining strings. It shares no code with the engine's ladder, so neither can hide a mistake of the other.
 */
import { crc32 } from 'node:zlib';
import { type Level, type Precision, writeLevel } from './market-level.ts';

/** Levels that the checksum covers, per side, whatever the depth. */
const CHECKSUM_LEVELS = 10;

export type Side = 'bid' | 'ask';

/** The two sides at a moment, best first. */
export interface BookLevels {
  readonly bids: readonly Level[];
  readonly asks: readonly Level[];
}

/** What a subscriber's copy of one side lacks. */
export interface WindowChanges {
  /** Levels that left the window and must be deleted. */
  readonly gone: readonly Level[];
  /** Levels that are new in the window or have a new quantity. */
  readonly set: readonly Level[];
}

export class MarketBook {
  readonly symbol: string;
  /** Depth of the recording: nothing is known beyond it. */
  readonly depth: number;
  /** Decimals of the integers in its levels. */
  readonly scale: Precision;
  /** Decimals the venue writes at present. */
  wire: Precision;
  #bids: Level[] = [];
  #asks: Level[] = [];
  #checksum: number | undefined;

  constructor(symbol: string, depth: number, scale: Precision, wire: Precision) {
    this.symbol = symbol;
    this.depth = depth;
    this.scale = scale;
    this.wire = wire;
  }

  get bids(): readonly Level[] {
    return this.#bids;
  }

  get asks(): readonly Level[] {
    return this.#asks;
  }

  /** Applies one message: levels in order, quantity 0 deletes, then both sides are cut to the recorded depth. */
  apply(changes: BookLevels, snapshot: boolean): BookLevels {
    const before = { bids: this.#bids, asks: this.#asks };
    this.#bids = applySide(snapshot ? [] : this.#bids, changes.bids, 'bid', this.depth);
    this.#asks = applySide(snapshot ? [] : this.#asks, changes.asks, 'ask', this.depth);
    this.#checksum = undefined;
    return before;
  }

  /** From now on numbers are written with other decimals; the book stays what it is. */
  rewrite(wire: Precision): void {
    this.wire = wire;
    this.#checksum = undefined;
  }

  /** CRC-32 over the first ten asks, then the first ten bids (protocol reference 1.7). */
  checksum(): number {
    this.#checksum ??= crc32(this.#digits(this.#asks) + this.#digits(this.#bids));
    return this.#checksum;
  }

  /** JSON list of the best `depth` levels of a side. */
  snapshotSide(side: Side, depth: number): string {
    const levels = side === 'bid' ? this.#bids : this.#asks;
    return `[${levels
      .slice(0, depth)
      .map((level) => writeLevel(level, this.scale, this.wire).json)
      .join(',')}]`;
  }

  /** JSON list of what changed in the best `depth` levels of a side since `before`. */
  changedSide(side: Side, before: BookLevels, depth: number): string {
    const bid = side === 'bid';
    const was = bid ? before.bids : before.asks;
    const is = bid ? this.#bids : this.#asks;
    if (was === is) return '[]';
    const { gone, set } = windowChanges(was, is, depth, side);
    const deletions = gone.map((level) => writeLevel(level, this.scale, this.wire).gone);
    const inserts = set.map((level) => writeLevel(level, this.scale, this.wire).json);
    return `[${[...deletions, ...inserts].join(',')}]`;
  }

  #digits(levels: readonly Level[]): string {
    let digits = '';
    for (const level of levels.slice(0, CHECKSUM_LEVELS)) digits += writeLevel(level, this.scale, this.wire).digits;
    return digits;
  }
}

/**
 * What the holder of the best `depth` levels must be told. The venue says nothing of a level that was pushed out of a
 * full window, and inserts a level that moves back in (protocol reference 1.7, step 3).
 */
export function windowChanges(
  before: readonly Level[],
  after: readonly Level[],
  depth: number,
  side: Side,
): WindowChanges {
  const gone: Level[] = [];
  const set: Level[] = [];
  const oldEnd = Math.min(depth, before.length);
  const newEnd = Math.min(depth, after.length);
  let i = 0;
  let j = 0;
  while (i < oldEnd || j < newEnd) {
    const was = i < oldEnd ? before[i] : undefined;
    const is = j < newEnd ? after[j] : undefined;
    const order = was === undefined ? 1 : is === undefined ? -1 : was === is ? 0 : compare(was, is, side);
    const pushedOut = is === undefined && newEnd === depth;
    if (order < 0 && was !== undefined && !pushedOut) gone.push(was);
    if (order >= 0 && is !== undefined && was !== is) set.push(is);
    if (order <= 0) i += 1;
    if (order >= 0) j += 1;
  }
  return { gone, set };
}

/** Negative when `a` is nearer to the touch. */
function compare(a: Level, b: Level, side: Side): number {
  if (a.price === b.price) return 0;
  return a.price > b.price === (side === 'bid') ? -1 : 1;
}

/** A new side (so that the old one can be compared with), or the same array when nothing was to be done. */
function applySide(levels: Level[], changes: readonly Level[], side: Side, depth: number): Level[] {
  if (changes.length === 0) return levels;
  const next = levels.slice();
  for (const change of changes) {
    const at = position(next, change, side);
    const found = next[at];
    const known = found !== undefined && found.price === change.price;
    if (change.qty !== 0n) next.splice(at, known ? 1 : 0, change);
    else if (known) next.splice(at, 1);
  }
  if (next.length > depth) next.length = depth;
  return next;
}

/** Where `wanted` is or belongs: binary search from the touch. */
function position(levels: readonly Level[], wanted: Level, side: Side): number {
  let low = 0;
  let high = levels.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compare(levels[middle] as Level, wanted, side) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
