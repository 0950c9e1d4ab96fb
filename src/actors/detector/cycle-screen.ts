/**
 * Finds, in floats, which cycles a changed top may have lifted above the threshold. Never misses one: floats may be
 * wrong by some 1e-15, the screen lets everything through that is not clearly below.
 *
 * Laid out by edge: for each edge the cycles that trade it, each as the other legs' edges. So a top touches two runs of
 * memory, and a cycle costs three multiplications.
 */
import { BUY, type CycleTable, type Edge, edgeOf, instrumentOfEdge, SELL } from '../../shared/asset-graph.ts';
import type { InstrumentIndex } from '../../shared/instrument.ts';
import { LEGS_MAX } from '../../shared/messages.ts';
import type { Market } from './market.ts';
import { SEEN } from './strategy.ts';

/** Relative margin below the threshold, a thousand times what four products in floats can be wrong by. */
export const SCREEN_MARGIN = 1e-12;

const OTHERS = 3;

export class CycleScreen {
  /** Cycles that passed, by number; the first {@link passed} entries. */
  readonly candidates: Uint32Array;
  /** About the last top screened: see {@link SEEN}. BEST_CYCLE is -1 when no cycle was complete. */
  readonly seen = new Float64Array(SEEN.SIZE);
  passed = 0;
  readonly #market: Market;
  readonly #table: CycleTable;
  readonly #threshold: number;
  /** First entry of each edge; one more at the end. */
  readonly #starts: Uint32Array;
  readonly #cycles: Uint32Array;
  /** Other legs of entry `k` at `k * OTHERS`. */
  readonly #others: Uint16Array;

  /** @param leastMultiplier net multiplier above which a cycle is wanted. */
  constructor(market: Market, table: CycleTable, leastMultiplier: number) {
    this.#market = market;
    this.#table = table;
    this.#threshold = leastMultiplier * (1 - SCREEN_MARGIN);
    this.#starts = startsByEdge(table, market.ONE_EDGE);
    const entries = this.#starts[market.ONE_EDGE] as number;
    this.#cycles = new Uint32Array(entries);
    this.#others = new Uint16Array(entries * OTHERS).fill(market.ONE_EDGE);
    this.#fill();
    this.candidates = new Uint32Array(mostOfOneInstrument(this.#starts));
  }

  /** Directed cycles that trade `instrument`. */
  cyclesOf(instrument: InstrumentIndex): number {
    return (this.#starts[edgeOf(instrument, SELL) + 1] as number) - (this.#starts[edgeOf(instrument, BUY)] as number);
  }

  /** Evaluates every cycle that trades `instrument` and leaves the result in {@link candidates} and {@link seen}. */
  screen(instrument: InstrumentIndex): void {
    this.passed = 0;
    this.seen[SEEN.EVALUATED] = 0;
    this.seen[SEEN.BEST_CYCLE] = -1;
    this.seen[SEEN.BEST_NET] = 0;
    this.#screenEdge(edgeOf(instrument, BUY));
    this.#screenEdge(edgeOf(instrument, SELL));
    this.#noteBestGross();
  }

  #screenEdge(edge: Edge): void {
    const { rates } = this.#market;
    const own = rates[edge] as number;
    const end = this.#starts[edge + 1] as number;
    const others = this.#others;
    let complete = 0;
    let best = 0;
    let bestEntry = -1;
    if (own === 0) return;
    for (let entry = this.#starts[edge] as number; entry < end; entry++) {
      const at = entry * OTHERS;
      const product =
        (rates[others[at] as number] as number) *
        (rates[others[at + 1] as number] as number) *
        (rates[others[at + 2] as number] as number);
      if (product > 0) complete++;
      if (product > best) {
        best = product;
        bestEntry = entry;
      }
    }
    this.seen[SEEN.EVALUATED] = (this.seen[SEEN.EVALUATED] as number) + complete;
    if (bestEntry !== -1) this.#takeBest(edge, own * best, bestEntry);
  }

  #takeBest(edge: Edge, net: number, entry: number): void {
    if (net > (this.seen[SEEN.BEST_NET] as number)) {
      this.seen[SEEN.BEST_NET] = net;
      this.seen[SEEN.BEST_CYCLE] = this.#cycles[entry] as number;
    }
    if (net > this.#threshold) this.#collect(edge);
  }

  /** The second pass, only when the best of the edge passed. */
  #collect(edge: Edge): void {
    const { rates } = this.#market;
    const own = rates[edge] as number;
    const end = this.#starts[edge + 1] as number;
    for (let entry = this.#starts[edge] as number; entry < end; entry++) {
      const at = entry * OTHERS;
      const product =
        (rates[this.#others[at] as number] as number) *
        (rates[this.#others[at + 1] as number] as number) *
        (rates[this.#others[at + 2] as number] as number);
      if (own * product > this.#threshold) this.candidates[this.passed++] = this.#cycles[entry] as number;
    }
  }

  #noteBestGross(): void {
    const cycle = this.seen[SEEN.BEST_CYCLE] as number;
    if (cycle === -1) return;
    const { edges, legCounts } = this.#table;
    let kept = 1;
    for (let leg = 0; leg < (legCounts[cycle] as number); leg++) {
      kept *= this.#market.kept[instrumentOfEdge(edges[cycle * LEGS_MAX + leg] as number)] as number;
    }
    this.seen[SEEN.BEST_GROSS] = (this.seen[SEEN.BEST_NET] as number) / kept;
  }

  #fill(): void {
    const { count, legCounts, edges } = this.#table;
    const next = this.#starts.slice();
    for (let cycle = 0; cycle < count; cycle++) {
      const legs = legCounts[cycle] as number;
      for (let leg = 0; leg < legs; leg++) {
        const entry = take(next, edges[cycle * LEGS_MAX + leg] as number);
        this.#cycles[entry] = cycle;
        for (let other = 1; other < legs; other++) {
          this.#others[entry * OTHERS + other - 1] = edges[cycle * LEGS_MAX + ((leg + other) % legs)] as number;
        }
      }
    }
  }
}

/** The value at `index`, which is one more afterwards. */
function take(next: Uint32Array, index: number): number {
  const value = next[index] as number;
  next[index] = value + 1;
  return value;
}

/** Where the entries of each edge begin, when every leg of every cycle is one entry of its edge. */
function startsByEdge({ count, legCounts, edges }: CycleTable, edgeCount: number): Uint32Array {
  const starts = new Uint32Array(edgeCount + 1);
  for (let cycle = 0; cycle < count; cycle++) {
    for (let leg = 0; leg < (legCounts[cycle] as number); leg++) {
      const edge = edges[cycle * LEGS_MAX + leg] as number;
      starts[edge + 1] = (starts[edge + 1] as number) + 1;
    }
  }
  for (let edge = 0; edge < edgeCount; edge++) {
    starts[edge + 1] = (starts[edge + 1] as number) + (starts[edge] as number);
  }
  return starts;
}

function mostOfOneInstrument(starts: Uint32Array): number {
  let most = 0;
  for (let edge = 0; edge + 2 < starts.length; edge += 2) {
    most = Math.max(most, (starts[edge + 2] as number) - (starts[edge] as number));
  }
  return most;
}
