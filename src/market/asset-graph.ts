/**
 * The graph of assets: every online instrument is an edge in both directions (buying spends its quote asset, selling
 * its base). A cycle is a closed route, by instruments that are all different and through assets that are all different,
 * back to the asset it began with. Each direction is a cycle of its own.
 *
 * A cycle has one spelling: its legs in trading order, begun with the alphabetically first symbol, such as
 * `BTC/USD:buy>ETH/BTC:buy>ETH/USD:sell`. Its start asset is what the first leg of that spelling spends.
 */

import { LEGS_MAX } from '../messages/opportunity-message.ts';
import { BUY, SELL, type Side, sideName } from '../money/side.ts';
import {
  type AssetIndex,
  type Instrument,
  type InstrumentDirectory,
  type InstrumentIndex,
  instrumentIndex,
} from './instrument.ts';

/** An instrument and a side in one number: `instrument * 2 + side`. */
export type Edge = number;

export const edgeOf = (instrument: InstrumentIndex, side: Side): Edge => instrument * 2 + side;
export const instrumentOfEdge = (edge: Edge): InstrumentIndex => instrumentIndex(edge >>> 1);
export const sideOfEdge = (edge: Edge): Side => (edge & 1) as Side;

/** Which cycles are wanted: `strategy.start_assets` and `strategy.cycle_length` of the settings. */
export interface CycleChoice {
  /** Asset names of which a cycle must pass through at least one; none given: every cycle. */
  readonly startAssets: readonly string[];
  /** 3, or 4 for cycles of 3 and of 4. */
  readonly cycleLength: 3 | 4;
}

/** Directed cycles in flat arrays: no object per cycle, so that half a million of them stay small and quick to walk. */
export interface CycleTable {
  readonly count: number;
  /** Legs of each cycle: 3 or 4. */
  readonly legCounts: Uint8Array;
  /** Edge of leg `i` of cycle `c` at `c * LEGS_MAX + i`, in the order of the spelling. */
  readonly edges: Uint32Array;
}

/** One step of the search: what `edge` spends and what it brings. */
interface Step {
  readonly edge: Edge;
  readonly to: AssetIndex;
  /** Place of the instrument among the online ones in order of their symbols. */
  readonly rank: number;
}

/** Every directed cycle of the online instruments that `choice` asks for, in a fixed order. */
export function findCycles(directory: InstrumentDirectory, choice: CycleChoice): CycleTable {
  const online = onlineBySymbol(directory);
  const steps = stepsByAsset(online, directory.assets.length);
  const wanted = startFlags(directory, choice.startAssets);
  const found = new CycleCollector(steps, wanted, choice.cycleLength);
  online.forEach((instrument, rank) => {
    found.beginWith({ edge: edgeOf(instrument.index, BUY), to: instrument.base, rank }, instrument.quote);
    found.beginWith({ edge: edgeOf(instrument.index, SELL), to: instrument.quote, rank }, instrument.base);
  });
  return found.table();
}

/** Instruments that lie on at least one cycle of `table`, ascending: the ones worth subscribing to. */
export function instrumentsOnCycles(table: CycleTable): InstrumentIndex[] {
  const instruments = new Set<InstrumentIndex>();
  for (let cycle = 0; cycle < table.count; cycle++) {
    for (let leg = 0; leg < (table.legCounts[cycle] as number); leg++) {
      instruments.add(instrumentOfEdge(table.edges[cycle * LEGS_MAX + leg] as number));
    }
  }
  return [...instruments].sort((a, b) => a - b);
}

/** The asset an edge spends: the quote when buying, the base when selling. */
export function assetSpent(instrument: Instrument, side: Side): AssetIndex {
  return side === BUY ? instrument.quote : instrument.base;
}

/** The asset an edge brings: the base when buying, the quote when selling. */
export function assetReceived(instrument: Instrument, side: Side): AssetIndex {
  return side === BUY ? instrument.base : instrument.quote;
}

/** `BTC/USD:buy>ETH/BTC:buy>ETH/USD:sell`, from the legs in the order they are to be written. */
export function spellCycle(legs: readonly { readonly symbol: string; readonly side: Side }[]): string {
  return legs.map(({ symbol, side }) => `${symbol}:${sideName(side)}`).join('>');
}

/** {@link spellCycle} for edges; an instrument that is not known is spelled `?`. */
export function spellEdges(directory: InstrumentDirectory, edges: readonly Edge[]): string {
  const leg = (edge: Edge) => ({
    symbol: directory.instruments[instrumentOfEdge(edge)]?.symbol ?? '?',
    side: sideOfEdge(edge),
  });
  return spellCycle(edges.map(leg));
}

/** The edges of one cycle of the table, in the spelling's order. */
export function edgesOfCycle(table: CycleTable, cycle: number): Edge[] {
  const first = cycle * LEGS_MAX;
  return [...table.edges.subarray(first, first + (table.legCounts[cycle] ?? 0))];
}

/** Symbols compare by code unit, as the spelling's "alphabetically first" means it; no locale has a say. */
function onlineBySymbol(directory: InstrumentDirectory): Instrument[] {
  const online = directory.instruments.filter((instrument) => instrument?.status === 'online');
  return online.sort((a, b) => (a.symbol < b.symbol ? -1 : a.symbol > b.symbol ? 1 : 0));
}

function stepsByAsset(online: readonly Instrument[], assets: number): Step[][] {
  const steps: Step[][] = Array.from({ length: assets }, () => []);
  online.forEach((instrument, rank) => {
    steps[instrument.quote]?.push({ edge: edgeOf(instrument.index, BUY), to: instrument.base, rank });
    steps[instrument.base]?.push({ edge: edgeOf(instrument.index, SELL), to: instrument.quote, rank });
  });
  return steps;
}

function startFlags(directory: InstrumentDirectory, names: readonly string[]): Uint8Array {
  const flags = new Uint8Array(directory.assets.length);
  if (names.length === 0) return flags.fill(1);
  for (const name of names) {
    const asset = directory.assetNamed(name);
    if (asset !== undefined) flags[asset.index] = 1;
  }
  return flags;
}

/**
 * Walks from a first leg along legs of later symbols only: each cycle is then found once per direction, already in its
 * spelling. Only the steps that close the walk are looked up by their end, so hubs cost their degree, not its square.
 */
class CycleCollector {
  readonly #steps: readonly (readonly Step[])[];
  readonly #closing: readonly ReadonlyMap<AssetIndex, readonly Step[]>[];
  readonly #wanted: Uint8Array;
  readonly #cycleLength: 3 | 4;
  readonly #legCounts: number[] = [];
  readonly #edges: number[] = [];

  constructor(steps: readonly (readonly Step[])[], wanted: Uint8Array, cycleLength: 3 | 4) {
    this.#steps = steps;
    this.#closing = steps.map((from) => Map.groupBy(from, (step) => step.to));
    this.#wanted = wanted;
    this.#cycleLength = cycleLength;
  }

  beginWith(first: Step, start: AssetIndex): void {
    for (const second of this.#steps[first.to] ?? []) {
      if (second.rank <= first.rank || second.to === start) continue;
      const wanted = this.#isWanted(start) || this.#isWanted(first.to) || this.#isWanted(second.to);
      if (wanted) this.#closeThree(first, second, start);
      if (this.#cycleLength === 4) this.#closeFour(first, second, start, wanted);
    }
  }

  table(): CycleTable {
    return {
      count: this.#legCounts.length,
      legCounts: Uint8Array.from(this.#legCounts),
      edges: Uint32Array.from(this.#edges),
    };
  }

  #closeThree(first: Step, second: Step, start: AssetIndex): void {
    for (const third of this.#closing[second.to]?.get(start) ?? []) {
      if (third.rank > first.rank) this.#add(3, first.edge, second.edge, third.edge, 0);
    }
  }

  #closeFour(first: Step, second: Step, start: AssetIndex, wanted: boolean): void {
    for (const third of this.#steps[second.to] ?? []) {
      if (third.rank <= first.rank || third.to === start || third.to === first.to) continue;
      if (!wanted && !this.#isWanted(third.to)) continue;
      for (const fourth of this.#closing[third.to]?.get(start) ?? []) {
        if (fourth.rank > first.rank) this.#add(4, first.edge, second.edge, third.edge, fourth.edge);
      }
    }
  }

  #isWanted(asset: AssetIndex): boolean {
    return this.#wanted[asset] === 1;
  }

  #add(legs: 3 | 4, first: Edge, second: Edge, third: Edge, fourth: Edge): void {
    this.#legCounts.push(legs);
    this.#edges.push(first, second, third, fourth);
  }
}
