/**
 * Cycles laid out by edge: for each edge the cycles that trade it, each as an entry with the edges of its other legs. So
 * a changed top touches two runs of memory, and a cycle costs three multiplications.
 */

import type { CycleTable, Edge } from '../../market/asset-graph.ts';
import { LEGS_MAX } from '../../messages/opportunity-message.ts';

/** Other legs of an entry; a cycle of three has an edge of rate 1 in the last place. */
export const OTHERS = LEGS_MAX - 1;

export interface CycleIndex {
  /** First entry of each edge; one more at the end. */
  readonly starts: Uint32Array;
  /** Cycle of each entry. */
  readonly cycles: Uint32Array;
  /** Other legs of entry `k` at `k * OTHERS`, in trading order from its edge on. */
  readonly others: Uint16Array;
}

/** @param oneEdge the edge whose rate is always 1; also the number of edges. */
export function indexCycles(table: CycleTable, oneEdge: Edge): CycleIndex {
  const starts = startsByEdge(table, oneEdge);
  const entries = starts[oneEdge] as number;
  const cycles = new Uint32Array(entries);
  const others = new Uint16Array(entries * OTHERS).fill(oneEdge);
  const next = starts.slice();
  for (let cycle = 0; cycle < table.count; cycle++) {
    const legs = table.legCounts[cycle] as number;
    const first = cycle * LEGS_MAX;
    for (let leg = 0; leg < legs; leg++) {
      const entry = take(next, table.edges[first + leg] as number);
      cycles[entry] = cycle;
      for (let other = 1; other < legs; other++) {
        others[entry * OTHERS + other - 1] = table.edges[first + ((leg + other) % legs)] as number;
      }
    }
  }
  return { starts, cycles, others };
}

/** The product of the rates of an entry's other legs; 0 when one of them cannot be traded. */
export function productOfOthers(others: Uint16Array, rates: Float64Array, entry: number): number {
  const at = entry * OTHERS;
  return (
    (rates[others[at] as number] as number) *
    (rates[others[at + 1] as number] as number) *
    (rates[others[at + 2] as number] as number)
  );
}

/** The most entries that the two edges of one instrument have together. */
export function mostOfOneInstrument({ starts }: CycleIndex): number {
  let most = 0;
  for (let edge = 0; edge + 2 < starts.length; edge += 2) {
    most = Math.max(most, (starts[edge + 2] as number) - (starts[edge] as number));
  }
  return most;
}

/** The value at `index`, which is one more afterwards. */
function take(next: Uint32Array, index: number): number {
  const value = next[index] as number;
  next[index] = value + 1;
  return value;
}

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
