/**
 * The most profitable size of a cycle, exactly: start quantity after lot steps, minimums, fees and the dust that stays
 * behind. Only what comes back in the start asset counts; dust in other assets counts nothing.
 *
 * Each leg after the first takes the largest order that what the leg before brought can pay. So everything follows from
 * the first order, and profit is a jagged function of it. Two facts make the best of millions of sizes findable:
 *
 *  1. Without any rounding the profit P is concave in the start quantity (ladders get worse with depth), and never below
 *     the true profit. Once P at some start is no better than the best size found, everything beyond it is no better.
 *  2. The end depends on a leg's order alone, not on how it was paid for. So the best size is the cheapest start for
 *     some order of the leg with the fewest possible orders: those are the candidates, one per order.
 *
 * Candidates are taken from the peak of P outwards, the more promising side first. As the best found approaches the peak
 * the range left shrinks, and what is left when both sides are closed is the optimum, proven: exactly as long as the
 * profit is below {@link TOLERANCE_PARTS} units, and to that part of the profit above. Where lots are tiny, the last
 * hundred-thousandth would take thousands of candidates more, and the books would have moved on meanwhile.
 */

import { type Lots, largest, lots, NO_LOTS, NO_UNITS, type Units, units } from '../../money/money.ts';
import { FRACTION_BITS, type Leg, type LegFill } from '../legs/leg.ts';

export interface SizingLimits {
  /** Units of the start asset that may be spent; absent: no limit but the ladders. */
  readonly budgetUnits?: Units | undefined;
  /** Candidates that are tried at most: `strategy.sizing_steps_max`. */
  readonly stepsMax: number;
}

export interface CycleSize {
  /** Units of the start asset: spent by the first leg. */
  readonly startUnits: Units;
  /** Units of the start asset: brought by the last leg. */
  readonly endUnits: Units;
  readonly fills: readonly LegFill[];
  /** No size earns more than this one's profit plus so many units; 0 when it is proven the best to the unit. */
  readonly shortfallMaxUnits: Units;
  /** Candidates tried. */
  readonly steps: number;
}

/** The most profitable size of the cycle of `legs`, in trading order; undefined when none earns at least one unit. */
export function sizeCycle(legs: readonly Leg[], limits: SizingLimits): CycleSize | undefined {
  const range = firstOrderRange(legs, limits.budgetUnits);
  if (range === undefined) return undefined;
  return new SizeSearch(legs, range, limits.stepsMax).run();
}

/** What the cycle comes to when its first order is `firstLots`; undefined when an order would be below a minimum. */
export function executeCycle(
  legs: readonly Leg[],
  firstLots: Lots,
): { startUnits: Units; endUnits: Units; lots: readonly Lots[] } | undefined {
  const lots: Lots[] = [];
  let amount = NO_UNITS;
  for (const [index, leg] of legs.entries()) {
    const order = index === 0 ? firstLots : leg.lotsFor(amount);
    if (leg.lotsMin === undefined || order < leg.lotsMin) return undefined;
    lots.push(order);
    amount = leg.received(order);
  }
  return { startUnits: (legs[0] as Leg).spent(firstLots), endUnits: amount, lots };
}

/**
 * The largest first order with which leg `index` orders no more than `lotsMost`; undefined when no first order that the
 * ladders hold makes it order more.
 */
export function firstOrderWithin(legs: readonly Leg[], index: number, lotsMost: Lots): Lots | undefined {
  const first = legs[0] as Leg;
  const leg = legs[index] as Leg;
  if (lotsMost >= leg.lotsMax) return undefined;
  const { lotStep } = leg;
  const beyond = firstOrderFor(legs, index, lots(lotsMost - (lotsMost % lotStep) + lotStep));
  return beyond === undefined ? undefined : lots(beyond - first.lotStep);
}

interface OrderRange {
  readonly least: Lots;
  readonly most: Lots;
}

/** First orders for which every leg reaches its minimum and the budget suffices. Orders grow with the first one. */
function firstOrderRange(legs: readonly Leg[], budgetUnits: Units | undefined): OrderRange | undefined {
  const first = legs[0] as Leg;
  const most = budgetUnits === undefined ? first.lotsMax : first.lotsFor(budgetUnits);
  let least = NO_LOTS;
  for (const [index, leg] of legs.entries()) {
    const needed = leg.lotsMin === undefined ? undefined : firstOrderFor(legs, index, leg.lotsMin);
    if (needed === undefined || needed > most) return undefined;
    if (needed > least) least = needed;
  }
  return { least, most };
}

/** The smallest first order with which leg `index` can place an order of `lots`. */
function firstOrderFor(legs: readonly Leg[], index: number, lots: Lots): Lots | undefined {
  let order: Lots | undefined = lots;
  for (let at = index; at > 0 && order !== undefined; at--) {
    order = (legs[at - 1] as Leg).lotsToReceive((legs[at] as Leg).spent(order));
  }
  return order;
}

/** Order of leg `index` when the first order is `firstLots`. */
function orderOfLeg(legs: readonly Leg[], index: number, firstLots: Lots): Lots {
  let order = firstLots;
  for (let at = 1; at <= index; at++) {
    order = (legs[at] as Leg).lotsFor((legs[at - 1] as Leg).received(order));
  }
  return order;
}

/** The bound in fixed point: fine enough that its own rounding stays far below one unit of any asset. */
const ONE_UNIT = 1n << FRACTION_BITS;
/** More than the bound's own rounding can amount to. */
const BOUND_SLACK = ONE_UNIT >> 12n;

/** A size that is proven to miss the best by no more than this part of its profit is taken. */
const TOLERANCE_PARTS = 100_000n;

/** P of `startUnits`, rounded up, in units × 2^96: no size with this start earns more. */
function profitBound(legs: readonly Leg[], startUnits: Units): bigint {
  let amount = startUnits << FRACTION_BITS;
  for (const leg of legs) amount = leg.receivedAtMost(amount);
  return amount - (startUnits << FRACTION_BITS);
}

/**
 * Where P stops growing, in units of the start asset, in floats: a place to begin the search at, nothing more. Walks all
 * ladders at once, always to the next end of a level, while the levels reached still multiply to more than 1.
 */
function peakUnits(legs: readonly Leg[]): number {
  const level = legs.map(() => 0);
  const left = legs.map((leg) => leg.roomOfLevel(0));
  let start = 0;
  for (;;) {
    const reach = legs.map(() => 1); // units arriving at each leg per unit of start
    let multiplier = 1;
    for (const [index, leg] of legs.entries()) {
      reach[index] = multiplier;
      multiplier *= leg.rateOfLevel(level[index] as number);
    }
    if (!(multiplier > 1)) return start;
    const step = Math.min(...left.map((units, index) => units / (reach[index] as number)));
    start += step;
    for (const [index, leg] of legs.entries()) {
      const rest = (left[index] as number) - step * (reach[index] as number);
      const isSpent = (left[index] as number) / (reach[index] as number) <= step;
      if (isSpent) level[index] = (level[index] as number) + 1;
      left[index] = isSpent ? leg.roomOfLevel(level[index] as number) : rest;
    }
  }
}

/** A first order that is the cheapest for some order of the pivot leg. */
interface Candidate {
  readonly pivotOrder: Lots;
  readonly firstLots: Lots;
  /** Its number on its side of the peak, from 0. */
  readonly nth: number;
  /** P at its start, rounded up; where {@link hasOwnBound} says no, at the start of an earlier candidate of its side. */
  readonly bound: bigint;
}

/**
 * P costs more than trying a candidate, and from one to the next it hardly changes: behind the first few of each side it
 * is computed for one in so many. A side is closed at those alone, so a few more are tried than need be.
 */
const BOUND_EVERY = 16;
const FIRST_FEW = 4;
const hasOwnBound = (nth: number): boolean => nth < FIRST_FEW || nth % BOUND_EVERY === 0;

class SizeSearch {
  readonly #legs: readonly Leg[];
  readonly #range: OrderRange;
  readonly #stepsMax: number;
  readonly #peak: Lots;
  /** The leg whose orders are counted through. */
  readonly #pivot: number;
  readonly #pivotRange: OrderRange;
  readonly #increment: bigint;
  #peakBound = 0n;
  /** P where the sides were closed: nothing that was not tried earns more. */
  #closedBound = 0n;
  #best = { profit: 0n, firstLots: NO_LOTS };
  #shortfallMax = NO_UNITS;
  #steps = 0;

  constructor(legs: readonly Leg[], range: OrderRange, stepsMax: number) {
    this.#legs = legs;
    this.#range = range;
    this.#stepsMax = stepsMax;
    this.#peak = clampOrder(peakFirstOrder(legs), range);
    this.#pivot = coarsestLeg(legs, this.#peak);
    this.#increment = (legs[this.#pivot] as Leg).lotStep;
    this.#pivotRange = {
      least: orderOfLeg(legs, this.#pivot, range.least),
      most: orderOfLeg(legs, this.#pivot, range.most),
    };
  }

  run(): CycleSize | undefined {
    this.#tryOutwards(orderOfLeg(this.#legs, this.#pivot, this.#peak));
    const { profit, firstLots } = this.#best;
    const executed = profit > 0n ? executeCycle(this.#legs, firstLots) : undefined;
    if (executed === undefined) return undefined;
    const { startUnits, endUnits, lots } = executed;
    const fills = this.#legs.map((leg, index) => leg.fill(lots[index] as Lots));
    return { startUnits, endUnits, fills, shortfallMaxUnits: this.#shortfallMax, steps: this.#steps };
  }

  #tryOutwards(from: Lots): void {
    let below = this.#candidate(from, 0, 0n);
    let above = this.#candidate(lots(from + this.#increment), 0, 0n);
    while (below !== undefined || above !== undefined) {
      if (this.#steps === this.#stepsMax) {
        const left = largest(this.#ownBound(below), this.#ownBound(above));
        this.#shortfallMax = this.#unitsAbove(largest(left, this.#peakBound));
        return;
      }
      if (above === undefined || (below !== undefined && below.bound >= above.bound)) {
        below = this.#take(below as Candidate, -this.#increment);
      } else {
        above = this.#take(above, this.#increment);
      }
    }
    this.#shortfallMax = this.#unitsAbove(this.#closedBound);
  }

  /** Tries a candidate and returns the next one on its side, or undefined when that side is closed. */
  #take(candidate: Candidate, step: bigint): Candidate | undefined {
    this.#steps++;
    const executed = executeCycle(this.#legs, candidate.firstLots);
    const profit = executed === undefined ? 0n : executed.endUnits - executed.startUnits;
    if (profit > this.#best.profit) this.#best = { profit, firstLots: candidate.firstLots };
    if (hasOwnBound(candidate.nth)) {
      if (candidate.bound > this.#peakBound) this.#peakBound = candidate.bound;
      if (this.#isClosed(candidate)) return undefined;
    }
    return this.#candidate(lots(candidate.pivotOrder + step), candidate.nth + 1, candidate.bound);
  }

  /**
   * Nothing beyond `candidate` earns more than the best found, but for the tolerance: P there is less than one unit above
   * that, and P falls in that direction, because it was higher on the side where the search came from. Within a tolerance P need
   * not be seen to fall: the peak is known to many more digits.
   */
  #isClosed({ bound }: Candidate): boolean {
    const tolerance = this.#best.profit / TOLERANCE_PARTS;
    if (bound >= (this.#best.profit + 1n + tolerance) << FRACTION_BITS) return false;
    if (tolerance === 0n && bound + BOUND_SLACK >= this.#peakBound) return false;
    this.#closedBound = largest(this.#closedBound, bound);
    return true;
  }

  /** How many units `bound` is above the best found. */
  #unitsAbove(bound: bigint): Units {
    return units(largest(0n, (bound >> FRACTION_BITS) - this.#best.profit));
  }

  /** The candidate for an order of the pivot leg, `nth` on its side; undefined beyond the range. */
  #candidate(pivotOrder: Lots, nth: number, boundBefore: bigint): Candidate | undefined {
    if (pivotOrder < this.#pivotRange.least || pivotOrder > this.#pivotRange.most) return undefined;
    const needed = firstOrderFor(this.#legs, this.#pivot, pivotOrder);
    if (needed === undefined) return undefined;
    const firstLots = clampOrder(needed, this.#range);
    return { pivotOrder, firstLots, nth, bound: hasOwnBound(nth) ? this.#boundOf(firstLots) : boundBefore };
  }

  #boundOf(firstLots: Lots): bigint {
    return profitBound(this.#legs, (this.#legs[0] as Leg).spent(firstLots));
  }

  #ownBound(candidate: Candidate | undefined): bigint {
    return candidate === undefined ? 0n : this.#boundOf(candidate.firstLots);
  }
}

function clampOrder(order: Lots, { least, most }: OrderRange): Lots {
  return order < least ? least : order > most ? most : order;
}

function peakFirstOrder(legs: readonly Leg[]): Lots {
  return (legs[0] as Leg).lotsFor(units(BigInt(Math.ceil(peakUnits(legs)))));
}

/** The leg that has the fewest orders to choose from up to the peak. */
function coarsestLeg(legs: readonly Leg[], peakLots: Lots): number {
  let coarsest = 0;
  let fewest = peakLots / (legs[0] as Leg).lotStep;
  for (let index = 1; index < legs.length; index++) {
    const choices = orderOfLeg(legs, index, peakLots) / (legs[index] as Leg).lotStep;
    if (choices < fewest) [coarsest, fewest] = [index, choices];
  }
  return coarsest;
}
