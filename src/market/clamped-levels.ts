/**
 * Levels with more lots than a ladder can hold. The ladder keeps {@link CLAMPED_LOTS} for them, which is what anyone may
 * trade against; the checksum needs the digits as the venue wrote them, and finds the exact quantity here.
 *
 * Not in shared memory: a successor that needs an exact quantity fails one checksum and has the book resynced.
 */

import type { Lots } from '../money/money.ts';
import { type Ladders, LEVEL_WORDS } from './ladders.ts';

/** The quantity that a ladder keeps of a larger one: the most that it can hold. */
export const CLAMPED_LOTS = 2n ** 62n - 1n;
/** The same as low and high word. */
export const CLAMPED_LOW = -1;
export const CLAMPED_HIGH = 0x3fff_ffff;

/** Quantities kept of one side before those of levels that are gone are dropped. */
const SWEEP_ABOVE = 64;

// A number under a name of this module: what is imported is looked up on every use.
const QTY = LEVEL_WORDS.qty;

export class ClampedLevels {
  readonly #ladders: Ladders;
  /** By side, then by price in ticks. */
  readonly #exactLots = new Map<number, Map<number, Lots>>();

  constructor(ladders: Ladders) {
    this.#ladders = ladders;
  }

  /** Notes the exact quantity of the level at `priceTicks`, of which the ladder of `side` holds the clamped one. */
  keep(side: number, priceTicks: number, exactLots: Lots): void {
    const kept = this.#exactLots.get(side) ?? new Map<number, Lots>();
    this.#exactLots.set(side, kept.set(priceTicks, exactLots));
    if (kept.size > SWEEP_ABOVE) this.#sweep(side, kept);
  }

  /** Forgets a side that was emptied. */
  clear(side: number): void {
    if (this.#exactLots.size > 0) this.#exactLots.delete(side);
  }

  /** The exact quantity of a level that holds the clamped one; undefined when that is its quantity, or is not known. */
  exactLots(side: number, priceTicks: number): Lots | undefined {
    return this.#exactLots.get(side)?.get(priceTicks);
  }

  #sweep(side: number, kept: Map<number, Lots>): void {
    const standing = new Map<number, Lots>();
    for (let index = 0; index < this.#ladders.count(side); index++) {
      const priceTicks = this.#ladders.priceTicks(side, index);
      const exact = kept.get(priceTicks);
      if (exact !== undefined && isClamped(this.#ladders.words, this.#ladders.level(side, index))) {
        standing.set(priceTicks, exact);
      }
    }
    this.#exactLots.set(side, standing);
  }
}

/** Whether the level at word `level` holds the clamped quantity. */
export function isClamped(words: Int32Array, level: number): boolean {
  return words[level + QTY + 1] === CLAMPED_HIGH && words[level + QTY] === CLAMPED_LOW;
}
