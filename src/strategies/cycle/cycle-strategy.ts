/**
 * The first strategy: cycles of three or four trades that end with more than they began with, after every fee. Floats
 * screen, fractions of integers decide, integers size.
 */

import { type CycleTable, edgeOf, edgesOfCycle, findCycles } from '../../market/asset-graph.ts';
import { type CycleSize, sizeCycle } from '../../market/cycles/cycle-sizing.ts';
import { cycleTouch, leastMultiplier } from '../../market/cycles/cycle-touch.ts';
import { paysAtWorst } from '../../market/cycles/cycle-worst.ts';
import type { InstrumentIndex } from '../../market/instrument.ts';
import type { Leg, LegTerms, LegTouch } from '../../market/legs/leg.ts';
import { INT64_MAX, minus } from '../../money/money.ts';
import { type Fraction, isLess } from '../../money/rational.ts';
import { BUY, SELL } from '../../money/side.ts';
import type { Config } from '../../settings/config.ts';
import type { MarketView, Opportunity, OpportunitySize, Strategy } from '../strategy.ts';
import { CycleScreen } from './cycle-screen.ts';
import { type LegMid, worthAtStart } from './cycle-worth.ts';

export class CycleStrategy implements Strategy {
  readonly name = 'cycle';
  readonly #market: MarketView;
  readonly #settings: Config['strategy'];
  /** A cycle is an opportunity when its net multiplier is greater than this. */
  readonly #threshold: Fraction;
  #table: CycleTable;
  #screen: CycleScreen;

  constructor(market: MarketView, settings: Config['strategy']) {
    this.#market = market;
    this.#settings = settings;
    this.#threshold = leastMultiplier(settings.min_edge_bps);
    this.#table = NO_CYCLES; // until the market is known: see rebuild
    this.#screen = this.#createScreen();
  }

  get cycles(): number {
    return this.#table.count;
  }

  get seen(): Float64Array {
    return this.#screen.seen;
  }

  rebuild(): void {
    this.#table = this.#findCycles();
    this.#screen = this.#createScreen();
  }

  screen(instrument: InstrumentIndex): number {
    this.#screen.screen(instrument);
    return this.#screen.passed;
  }

  decide(index: number, seq: number): Opportunity | undefined {
    const cycle = this.#screen.candidates[index] as number;
    const legs = this.#legsOf(cycle);
    if (legs === undefined) return undefined;
    const touch = cycleTouch(legs);
    if (!isLess(this.#threshold, touch.net)) return undefined;
    return { cycle, legs, touch, size: this.#sizeOf(legs, seq) };
  }

  edgesOf(cycle: number): readonly number[] {
    return edgesOfCycle(this.#table, cycle);
  }

  #findCycles(): CycleTable {
    const { start_assets: startAssets, cycle_length: cycleLength } = this.#settings;
    return findCycles(this.#market.directory, { startAssets, cycleLength });
  }

  #createScreen(): CycleScreen {
    const inFloats = 1 + this.#settings.min_edge_bps / 10_000;
    return new CycleScreen(this.#market.tops, this.#table, { leastMultiplier: inFloats });
  }

  #legsOf(cycle: number): LegTouch[] | undefined {
    const legs: LegTouch[] = [];
    for (const edge of edgesOfCycle(this.#table, cycle)) {
      const touch = this.#market.touch(edge);
      if (touch === undefined) return undefined;
      legs.push(touch);
    }
    return legs;
  }

  /**
   * The best size by value at the books, of those that start from an asset we may start from. Of two of the same value
   * the one whose asset is preferred.
   */
  #sizeOf(legs: readonly LegTouch[], seq: number): OpportunitySize | undefined {
    const ladders = legs.map((leg) => this.#market.legAsOf(leg, seq));
    const mids = legs.map(({ terms }) => this.#midOf(terms));
    let best: OpportunitySize | undefined;
    let bestWorth = NOTHING;
    for (const firstLeg of this.#startLegs(ladders)) {
      const size = this.#sizeFrom(ladders, firstLeg);
      if (size === undefined) continue;
      const worth = worthAtStart(mids, firstLeg, minus(size.endUnits, size.startUnits));
      if (isLess(bestWorth, worth)) [best, bestWorth] = [{ ...size, firstLeg }, worth];
    }
    return best;
  }

  #sizeFrom(legs: readonly Leg[], firstLeg: number): CycleSize | undefined {
    const budgetUnits = this.#market.funds((legs[firstLeg] as Leg).spends);
    if (budgetUnits === 0n) return undefined;
    const inOrder = [...legs.slice(firstLeg), ...legs.slice(0, firstLeg)];
    const size = sizeCycle(inOrder, { budgetUnits, stepsMax: this.#settings.sizing_steps_max });
    const firstLots = size?.fills[0]?.qtyLots;
    if (size === undefined || firstLots === undefined || !fitsMessage(size)) return undefined;
    return paysAtWorst(inOrder, firstLots, this.#threshold) ? size : undefined;
  }

  #midOf(terms: LegTerms): LegMid {
    const { index } = terms.instrument;
    const bidTicks = this.#market.touchPrice(edgeOf(index, SELL));
    return { terms, bidTicks, askTicks: this.#market.touchPrice(edgeOf(index, BUY)) };
  }

  /** Legs that a size may begin with, in order of preference: those of `start_assets`, or without such all. */
  #startLegs(legs: readonly Leg[]): number[] {
    const { start_assets: wanted } = this.#settings;
    if (wanted.length === 0) return [...legs.keys()];
    const spent = legs.map(({ spends }) => spends.id);
    return wanted.map((id) => spent.indexOf(id)).filter((index) => index !== -1);
  }
}

const NOTHING: Fraction = { numerator: 0n, denominator: 1n };
const NO_CYCLES: CycleTable = { count: 0, legCounts: new Uint8Array(0), edges: new Uint32Array(0) };

/** Whether every amount of a size fits a message. What does not is no order either. */
function fitsMessage({ startUnits, endUnits, fills }: CycleSize): boolean {
  const ofLegs = fills.flatMap(({ qtyLots, costUnits, feeUnits }) => [qtyLots, costUnits, feeUnits]);
  return [startUnits, endUnits, ...ofLegs].every((value) => value <= INT64_MAX);
}
