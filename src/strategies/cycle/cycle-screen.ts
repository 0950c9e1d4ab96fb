/**
 * Finds, in floats, which cycles a changed top may have lifted above the threshold. Never misses one: floats may be
 * wrong by some 1e-15, the screen lets everything through that is not clearly below.
 *
 * An edge that few cycles trade is scanned; one that many trade asks its tournament tree. Both give the same numbers,
 * from the same multiplications in the same order.
 */

import { type CycleTable, type Edge, edgeOf, instrumentOfEdge } from '../../market/asset-graph.ts';
import type { InstrumentIndex } from '../../market/instrument.ts';
import { LEGS_MAX } from '../../messages/opportunity-message.ts';
import { BUY, SELL } from '../../money/side.ts';
import { SEEN, type TopRates } from '../strategy.ts';
import { BestOthers } from './best-others.ts';
import { type CycleIndex, indexCycles, mostOfOneInstrument, productOfOthers } from './cycle-index.ts';

/** Relative margin below the threshold, a thousand times what the products in floats can be wrong by. */
const SCREEN_MARGIN = 1e-12;

/** Cycles of an edge from which on its tree is cheaper than a scan, where all cycles are triangles. */
const BUSY_FROM = 24;

export interface ScreenOptions {
  /** Net multiplier above which a cycle is wanted. */
  readonly leastMultiplier: number;
  /** Cycles from which on an edge gets a tree; chosen from the cycles where it is not given. */
  readonly busyFrom?: number;
}

export class CycleScreen {
  /** Cycles that passed, by number; the first {@link passed} entries. */
  readonly candidates: Uint32Array;
  /** About the last top screened: see {@link SEEN}. */
  readonly seen = new Float64Array(SEEN.SIZE);
  passed = 0;
  readonly #tops: TopRates;
  readonly #table: CycleTable;
  readonly #threshold: number;
  readonly #index: CycleIndex;
  readonly #bestOthers: BestOthers;

  constructor(tops: TopRates, table: CycleTable, { leastMultiplier, busyFrom }: ScreenOptions) {
    this.#tops = tops;
    this.#table = table;
    this.#threshold = leastMultiplier * (1 - SCREEN_MARGIN);
    this.#index = indexCycles(table, tops.ONE_EDGE);
    this.#bestOthers = new BestOthers(this.#index, tops.rates, busyFrom ?? busyFromOf(table));
    this.candidates = new Uint32Array(mostOfOneInstrument(this.#index));
  }

  /**
   * Evaluates every cycle that trades `instrument` and leaves the result in {@link candidates} and {@link seen}. To be
   * called at every change of a rate, wanted or not: the trees follow the market through it.
   */
  screen(instrument: InstrumentIndex): void {
    const buy = edgeOf(instrument, BUY);
    const sell = edgeOf(instrument, SELL);
    this.#bestOthers.refresh(buy);
    this.#bestOthers.refresh(sell);
    this.passed = 0;
    this.seen[SEEN.EVALUATED] = 0;
    this.seen[SEEN.BEST_CYCLE] = -1;
    this.seen[SEEN.BEST_NET] = 0;
    this.#screenEdge(buy);
    this.#screenEdge(sell);
    this.#noteBestGross();
  }

  /** Rates are not handed from function to function: one that is not compiled in line would get each in a box. */
  #screenEdge(edge: Edge): void {
    if ((this.#tops.rates[edge] as number) === 0) return;
    if (this.#bestOthers.isBusy(edge)) this.#askTree(edge);
    else this.#scan(edge);
  }

  #askTree(edge: Edge): void {
    this.#countEvaluated(this.#bestOthers.complete(edge));
    const net = (this.#tops.rates[edge] as number) * this.#bestOthers.best(edge);
    if (net > (this.seen[SEEN.BEST_NET] as number)) {
      this.seen[SEEN.BEST_NET] = net;
      this.#noteBest(this.#bestOthers.bestEntry(edge));
    }
    if (net > this.#threshold) this.#collect(edge);
  }

  #scan(edge: Edge): void {
    const { starts, others } = this.#index;
    const { rates } = this.#tops;
    const own = rates[edge] as number;
    const end = starts[edge + 1] as number;
    let complete = 0;
    let best = 0;
    let bestEntry = -1;
    for (let entry = starts[edge] as number; entry < end; entry++) {
      const product = productOfOthers(others, rates, entry);
      if (product > 0) complete++;
      if (product > best) {
        best = product;
        bestEntry = entry;
      }
    }
    this.#countEvaluated(complete);
    const net = own * best;
    if (net > (this.seen[SEEN.BEST_NET] as number)) {
      this.seen[SEEN.BEST_NET] = net;
      this.#noteBest(bestEntry);
    }
    if (net > this.#threshold) this.#collect(edge);
  }

  /** A second pass over all cycles of the edge, only when the best of them passed. */
  #collect(edge: Edge): void {
    const { starts, others, cycles } = this.#index;
    const own = this.#tops.rates[edge] as number;
    const end = starts[edge + 1] as number;
    for (let entry = starts[edge] as number; entry < end; entry++) {
      const net = own * productOfOthers(others, this.#tops.rates, entry);
      if (net > this.#threshold) this.candidates[this.passed++] = cycles[entry] as number;
    }
  }

  #countEvaluated(cycles: number): void {
    this.seen[SEEN.EVALUATED] = (this.seen[SEEN.EVALUATED] as number) + cycles;
  }

  #noteBest(entry: number): void {
    this.seen[SEEN.BEST_CYCLE] = this.#index.cycles[entry] as number;
  }

  #noteBestGross(): void {
    const cycle = this.seen[SEEN.BEST_CYCLE] as number;
    if (cycle === -1) return;
    const { edges, legCounts } = this.#table;
    let kept = 1;
    for (let leg = 0; leg < (legCounts[cycle] as number); leg++) {
      kept *= this.#tops.kept[instrumentOfEdge(edges[cycle * LEGS_MAX + leg] as number)] as number;
    }
    this.seen[SEEN.BEST_GROSS] = (this.seen[SEEN.BEST_NET] as number) / kept;
  }
}

/** With cycles of four every pair lies on hundreds, and its tops would change leaves of all the others: scan then. */
function busyFromOf({ legCounts }: CycleTable): number {
  return legCounts.includes(4) ? Number.POSITIVE_INFINITY : BUSY_FROM;
}
