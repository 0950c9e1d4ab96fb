/** One side of a practice book: the market's own levels, and on top of them what accounts have resting there. */
import { type Level, level } from './market-level.ts';

export type MarketSide = 'bid' | 'ask';

/** A level that is both, kept so that an unchanged one stays the same object. */
interface Merged {
  readonly market: Level | undefined;
  readonly resting: bigint;
  readonly level: Level;
}

export class SideView {
  readonly #side: MarketSide;
  #market: Level[] = [];
  /** Quantity of accounts by price. */
  readonly #resting = new Map<bigint, bigint>();
  readonly #merged = new Map<bigint, Merged>();
  #shown: readonly Level[] | undefined;

  constructor(side: MarketSide) {
    this.#side = side;
  }

  /** The market's own levels, best first. */
  get market(): readonly Level[] {
    return this.#market;
  }

  /** What is seen, best first. A change makes a new list, so that the old one can be compared with. */
  get shown(): readonly Level[] {
    this.#shown ??= this.#resting.size === 0 ? this.#market : this.#merge();
    return this.#shown;
  }

  marketQty(price: bigint): bigint {
    const found = this.#market[position(this.#market, price, this.#side)];
    return found?.price === price ? found.qty : 0n;
  }

  /** Absolute quantities, 0 deletes; then the market is cut to `depth`. */
  apply(changes: readonly Level[], snapshot: boolean, depth: number): void {
    this.#market = applied(snapshot ? [] : this.#market, changes, this.#side, depth);
    this.#shown = undefined;
  }

  addResting(price: bigint, qty: bigint): void {
    const now = (this.#resting.get(price) ?? 0n) + qty;
    if (now > 0n) this.#resting.set(price, now);
    else {
      this.#resting.delete(price);
      this.#merged.delete(price);
    }
    this.#shown = undefined;
  }

  #merge(): Level[] {
    const shown = this.#market.slice();
    for (const [price, resting] of this.#resting) {
      const at = position(shown, price, this.#side);
      const market = shown[at]?.price === price ? shown[at] : undefined;
      shown.splice(at, market === undefined ? 0 : 1, this.#both(price, market, resting));
    }
    return shown;
  }

  #both(price: bigint, market: Level | undefined, resting: bigint): Level {
    const known = this.#merged.get(price);
    if (known !== undefined && known.market === market && known.resting === resting) return known.level;
    const merged = { market, resting, level: level(price, (market?.qty ?? 0n) + resting) };
    this.#merged.set(price, merged);
    return merged.level;
  }
}

/** Negative when `a` is nearer to the touch. */
export function compare(a: bigint, b: bigint, side: MarketSide): number {
  if (a === b) return 0;
  return a > b === (side === 'bid') ? -1 : 1;
}

/** A new side, or the same array when nothing was to be done. */
function applied(levels: Level[], changes: readonly Level[], side: MarketSide, depth: number): Level[] {
  if (changes.length === 0) return levels;
  const next = levels.slice();
  for (const change of changes) {
    const at = position(next, change.price, side);
    const known = next[at]?.price === change.price;
    if (change.qty !== 0n) next.splice(at, known ? 1 : 0, change);
    else if (known) next.splice(at, 1);
  }
  if (next.length > depth) next.length = depth;
  return next;
}

/** Where `price` is or belongs: binary search from the touch. */
function position(levels: readonly Level[], price: bigint, side: MarketSide): number {
  let low = 0;
  let high = levels.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compare((levels[middle] as Level).price, price, side) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
