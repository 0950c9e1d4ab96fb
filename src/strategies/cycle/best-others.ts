/**
 * For edges that many cycles trade: which cycle is the best, without looking at them all. A tournament tree per busy
 * edge holds the product of the other legs of each of its cycles; the root is the best of them, so a top of EUR/USD
 * (900 directed cycles) costs what a top of any pair costs. The price is paid by the other legs' tops: each changes one
 * leaf per cycle it shares with a busy edge, and a change climbs only as far as it decides a comparison.
 *
 *   tree of an edge:  | – | root | 2 | 3 | 4 … 7 | … | leaves: one per entry, in the order of the index |
 */
import type { Edge } from '../../market/asset-graph.ts';
import { type CycleIndex, OTHERS, productOfOthers } from './cycle-index.ts';

export class BestOthers {
  readonly #index: CycleIndex;
  readonly #rates: Float64Array;
  /** Where the tree of each edge begins in {@link #values}; -1 when the edge is not busy. */
  readonly #bases: Int32Array;
  /** Leaves that each tree has room for: a power of two. */
  readonly #widths: Uint32Array;
  readonly #values: Float64Array;
  /** Leaves above 0, by edge. */
  readonly #complete: Uint32Array;
  /** The rate of each edge that the trees hold. */
  readonly #followed: Float64Array;
  /** For each edge, the leaves of other edges' trees that its rate is part of. */
  readonly #followerStarts: Uint32Array;
  readonly #followerEdges: Uint16Array;
  readonly #followerEntries: Uint32Array;

  /** @param busyFrom entries from which on an edge gets a tree. */
  constructor(index: CycleIndex, rates: Float64Array, busyFrom: number) {
    const edges = index.starts.length - 1;
    this.#index = index;
    this.#rates = rates;
    this.#bases = new Int32Array(edges).fill(-1);
    this.#widths = new Uint32Array(edges);
    this.#complete = new Uint32Array(edges);
    this.#followed = rates.slice(0, edges);
    this.#values = new Float64Array(this.#layOut(busyFrom));
    const followers = this.#followers();
    this.#followerStarts = followers.starts;
    this.#followerEdges = followers.edges;
    this.#followerEntries = followers.entries;
    this.#fill();
  }

  isBusy(edge: Edge): boolean {
    return (this.#bases[edge] as number) >= 0;
  }

  /** The best product of other legs of a busy edge; 0 when none is complete. */
  best(edge: Edge): number {
    return this.#values[(this.#bases[edge] as number) + 1] as number;
  }

  /** How many cycles of a busy edge have all other legs. */
  complete(edge: Edge): number {
    return this.#complete[edge] as number;
  }

  /** The first entry that has the best product. */
  bestEntry(edge: Edge): number {
    const base = this.#bases[edge] as number;
    const width = this.#widths[edge] as number;
    const best = this.#values[base + 1] as number;
    let node = 1;
    while (node < width) node = (this.#values[base + 2 * node] as number) === best ? 2 * node : 2 * node + 1;
    return (this.#index.starts[edge] as number) + node - width;
  }

  /** Takes over the rate of `edge` in the trees of the other edges. Not in its own: there it is no part. */
  refresh(edge: Edge): void {
    const rate = this.#rates[edge] as number;
    if (this.#followed[edge] === rate) return; // only the other side has moved, or a quantity
    this.#followed[edge] = rate;
    const end = this.#followerStarts[edge + 1] as number;
    for (let follower = this.#followerStarts[edge] as number; follower < end; follower++) {
      const entry = this.#followerEntries[follower] as number;
      this.#set(
        this.#followerEdges[follower] as number,
        entry,
        productOfOthers(this.#index.others, this.#rates, entry),
      );
    }
  }

  #set(edge: Edge, entry: number, value: number): void {
    const values = this.#values;
    const base = this.#bases[edge] as number;
    let node = (this.#widths[edge] as number) + entry - (this.#index.starts[edge] as number);
    this.#countComplete(edge, values[base + node] as number, value);
    values[base + node] = value;
    while (node > 1) {
      const left = values[base + (node & ~1)] as number;
      const right = values[base + (node | 1)] as number;
      const best = Math.max(left, right);
      node >>>= 1;
      if ((values[base + node] as number) === best) return;
      values[base + node] = best;
    }
  }

  #countComplete(edge: Edge, before: number, after: number): void {
    const change = (after > 0 ? 1 : 0) - (before > 0 ? 1 : 0);
    this.#complete[edge] = (this.#complete[edge] as number) + change;
  }

  /** Gives every busy edge its tree. @returns the length of all trees. */
  #layOut(busyFrom: number): number {
    const { starts } = this.#index;
    let length = 0;
    for (let edge = 0; edge + 1 < starts.length; edge++) {
      const entries = (starts[edge + 1] as number) - (starts[edge] as number);
      if (entries < Math.max(2, busyFrom)) continue;
      const width = 2 ** Math.ceil(Math.log2(entries));
      this.#bases[edge] = length;
      this.#widths[edge] = width;
      length += 2 * width;
    }
    return length;
  }

  #followers(): { starts: Uint32Array; edges: Uint16Array; entries: Uint32Array } {
    const edgeCount = this.#bases.length;
    const pairs: [edge: Edge, followed: Edge, entry: number][] = [];
    for (let edge = 0; edge < edgeCount; edge++) {
      if (!this.isBusy(edge)) continue;
      const end = this.#index.starts[edge + 1] as number;
      for (let entry = this.#index.starts[edge] as number; entry < end; entry++) {
        for (let other = 0; other < OTHERS; other++) {
          const followed = this.#index.others[entry * OTHERS + other] as number;
          if (followed < edgeCount) pairs.push([edge, followed, entry]);
        }
      }
    }
    pairs.sort(([, a], [, b]) => a - b);
    const starts = new Uint32Array(edgeCount + 1);
    for (const [, followed] of pairs) starts[followed + 1] = (starts[followed + 1] as number) + 1;
    for (let edge = 0; edge < edgeCount; edge++) {
      starts[edge + 1] = (starts[edge + 1] as number) + (starts[edge] as number);
    }
    return {
      starts,
      edges: Uint16Array.from(pairs, ([edge]) => edge),
      entries: Uint32Array.from(pairs, ([, , entry]) => entry),
    };
  }

  #fill(): void {
    for (let edge = 0; edge < this.#bases.length; edge++) {
      if (!this.isBusy(edge)) continue;
      const end = this.#index.starts[edge + 1] as number;
      for (let entry = this.#index.starts[edge] as number; entry < end; entry++) {
        this.#set(edge, entry, productOfOthers(this.#index.others, this.#rates, entry));
      }
    }
  }
}
