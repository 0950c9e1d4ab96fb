/**
 * What a strategy is: it is shown the market and says which opportunities a changed top has made. Rings, clocks, counters,
 * the order of messages and what survives a death are its host's; a strategy keeps nothing that cannot be rebuilt.
 */
import type { Edge } from '../market/asset-graph.ts';
import type { CycleSize } from '../market/cycles/cycle-sizing.ts';
import type { CycleTouch } from '../market/cycles/cycle-touch.ts';
import type { Asset, InstrumentDirectory, InstrumentIndex } from '../market/instrument.ts';
import type { Leg, LegTouch } from '../market/legs/leg.ts';
import type { Ticks, Units } from '../money/money.ts';

/** The best prices of every instrument, as flat arrays that the host changes in place. */
export interface TopRates {
  /**
   * What one unit of the asset spent brings, after the fee, in floats, by edge; 0 when the edge cannot be traded. One more
   * entry, {@link ONE_EDGE}, is always 1.
   */
  readonly rates: Float64Array;
  /** What the fee leaves, by instrument: 1 − fee. */
  readonly kept: Float64Array;
  /** The edge that changes nothing: stands in for the fourth leg of a cycle of three. */
  readonly ONE_EDGE: Edge;
}

/** All that a strategy sees of the market. */
export interface MarketView {
  readonly directory: InstrumentDirectory;
  readonly tops: TopRates;
  /** Best price that `edge` takes; 0 when there is none. */
  touchPrice(edge: Edge): Ticks;
  /** The best level that `edge` takes; undefined when it cannot be traded. */
  touch(edge: Edge): LegTouch | undefined;
  /** The trade of `touch` at the depth of the book as of market message `seq`, the one that is being decided on. */
  legAsOf(touch: LegTouch, seq: number): Leg;
  /** Units of an asset that an opportunity may begin with; undefined when nothing limits it but the books. */
  funds(asset: Asset): Units | undefined;
}

/** The strategies there are. The index is stored with every opportunity: append only. */
export const STRATEGY_NAMES = ['cycle'] as const;
export type StrategyName = (typeof STRATEGY_NAMES)[number];

/** A cycle that pays at the touch, after fees. */
export interface Opportunity {
  /** The strategy's number of the cycle. Numbers change when the instruments do. */
  readonly cycle: number;
  /** In the order of the cycle's spelling. */
  readonly legs: readonly LegTouch[];
  readonly touch: CycleTouch;
  /** The most profitable order that can be made of it; undefined when none pays. */
  readonly size: OpportunitySize | undefined;
}

export interface OpportunitySize extends CycleSize {
  /** Place in `legs` of the leg that is traded first. `fills` are in trading order, so from there on, round. */
  readonly firstLeg: number;
}

/** What a strategy saw of one top: indices into {@link Strategy.seen}. */
export const SEEN = {
  /** Directed cycles evaluated: those of the instrument of which every leg could be traded. */
  EVALUATED: 0,
  /** Number of the best of them, -1 when there was none. */
  BEST_CYCLE: 1,
  /** Its multiplier after fees, in floats. */
  BEST_NET: 2,
  /** Its multiplier before fees, in floats. */
  BEST_GROSS: 3,
  SIZE: 4,
} as const;

export interface Strategy {
  readonly name: StrategyName;
  /** Cycles it watches. */
  readonly cycles: number;
  /** About the last top screened: see {@link SEEN}. Doubles in an array, so that writing them allocates nothing. */
  readonly seen: Float64Array;
  /** Derives everything anew from the market: to be called at the start and when instruments have changed. */
  rebuild(): void;
  /**
   * Screens what the changed top of `instrument` touches; allocates nothing. Called at every change, also while nothing
   * may be traded: a strategy may keep what it knows of the market up to date through it.
   * @returns how many candidates there are for {@link decide}.
   */
  screen(instrument: InstrumentIndex): number;
  /** Decides candidate `index` of the last screening exactly, on the books as of message `seq`. */
  decide(index: number, seq: number): Opportunity | undefined;
  /** The edges of a cycle, in the order of its spelling. */
  edgesOf(cycle: number): readonly number[];
}
