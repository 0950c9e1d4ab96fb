/** What bringing home one asset would come to at the newest books, and the plan that does it. Pure but for reading books. */

import { assetReceived, assetSpent } from '../../../market/asset-graph.ts';
import type { AssetIndex, Instrument, InstrumentDirectory } from '../../../market/instrument.ts';
import type { Leg, LegTerms } from '../../../market/legs/leg.ts';
import {
  divideUp,
  type Lots,
  largest,
  NO_LOTS,
  NO_UNITS,
  negated,
  type Ticks,
  ticks,
  type Units,
  units,
} from '../../../money/money.ts';
import { BUY, opposite, SIDES, type Side } from '../../../money/side.ts';
import type { MonotonicNs } from '../../../platform/time.ts';
import type { NewestBooks } from '../model/newest-books.ts';
import type { Plan } from '../model/plan.ts';
import { decidedCost, orderLots } from './holding-value.ts';
import { blankPlan } from './new-plan.ts';

/** What is to be brought home, over which pair, at which terms. */
export interface FlattenTerms {
  readonly asset: AssetIndex;
  readonly home: AssetIndex;
  /** Negative: owed. */
  readonly units: Units;
  /** The trade that brings it home, or buys what is owed. */
  readonly trade: LegTerms;
  readonly referenceTicks: Ticks;
  readonly lossMaxBps: number;
}

/** A plan that would do it, and what it would come to now. */
export interface Estimate {
  readonly plan: Plan;
  readonly side: Side;
  readonly boundTicks: Ticks;
  /** What of the amount the books take within the bound: 0 when none. */
  readonly nowUnits: Units;
  /** What that brings, or costs, of the home asset. */
  readonly totalUnits: Units;
  /** What it is worth at the reference price. */
  readonly worthUnits: Units;
}

const BPS = 10_000n;

/** The pair that trades two assets directly; undefined when there is none. */
export function pairOf(asset: AssetIndex, home: AssetIndex, { instruments }: InstrumentDirectory) {
  const isOf = ({ base, quote }: Instrument) =>
    (base === asset && quote === home) || (base === home && quote === asset);
  const pairs = instruments.filter(isOf);
  return pairs.find(({ status }) => status === 'online') ?? pairs[0];
}

/** The side that gives one of a pair's assets for the other. */
export function sideThatGives(instrument: Instrument, asset: AssetIndex): Side {
  return SIDES.find((side) => assetSpent(instrument, side) === asset) ?? BUY;
}

/** The middle of the touches, rounded to the side that makes the bound stricter. */
export function middle(bidTicks: Ticks, askTicks: Ticks, side: Side): Ticks {
  return ticks(side === BUY ? (bidTicks + askTicks) / 2n : divideUp(bidTicks + askTicks, 2n));
}

/** Undefined when no book of the pair is there. */
export function estimate(terms: FlattenTerms, books: NewestBooks, sinceNs: MonotonicNs): Estimate | undefined {
  const { units: amount, trade, referenceTicks, lossMaxBps } = terms;
  const { side } = trade;
  const bound = books.ticksWithinLoss(trade, referenceTicks, lossMaxBps);
  const book = books.heardBook(trade.instrument.index, sinceNs);
  if (book === undefined || bound <= 0n) return undefined;
  const leg = books.legWithin(trade, book, bound);
  const plan = flatteningPlan(terms, books);
  const lots = amount < 0n ? lotsToBuy(leg, negated(amount), bound) : orderLots(leg, amount, bound, undefined);
  if (lots === undefined)
    return { plan, side, boundTicks: bound, nowUnits: NO_UNITS, totalUnits: NO_UNITS, worthUnits: NO_UNITS };
  const [given, taken] = [leg.spent(lots), leg.received(lots)];
  const [nowUnits, totalUnits] = amount < 0n ? [taken, given] : [given, taken];
  const worthUnits = decidedCost(plan, 1, nowUnits, books) ?? NO_UNITS;
  return { plan, side, boundTicks: bound, nowUnits, totalUnits, worthUnits };
}

function lotsToBuy(leg: Leg, owed: Units, limitTicks: Ticks): Lots | undefined {
  const lots = leg.lotsToReceive(owed) ?? leg.lotsMax;
  if (leg.lotsMin === undefined || lots < leg.lotsMin) return undefined;
  return leg.reachesCostMin(lots, limitTicks) ? lots : undefined;
}

/**
 * A plan that begins with what it takes over: from the home asset to the other and back over the same pair, and nothing but
 * the route home left of it.
 */
function flatteningPlan(terms: FlattenTerms, books: NewestBooks): Plan {
  const { asset, home, units: amount, trade, referenceTicks, lossMaxBps } = terms;
  const { instrument, feePpm } = trade;
  const out = SIDES.find((side) => assetReceived(instrument, side) === asset) ?? BUY;
  const leg = { instrument: instrument.index, feePpm, decidedTicks: referenceTicks };
  const plan = {
    ...blankPlan(),
    seq: books.instrumentsSeq,
    startAsset: home,
    legs: [
      { ...leg, side: out },
      { ...leg, side: opposite(out) },
    ],
    legLots: [NO_LOTS, NO_LOTS],
    flattening: { lossMaxBps, recordSeq: 0 },
    state: 'closing_waiting' as const,
    leg: 1,
    rest: true,
    heldUnits: [NO_UNITS, amount, NO_UNITS, NO_UNITS],
  };
  const worth = decidedCost(plan, 1, amount, books) ?? NO_UNITS;
  const size = largest(worth, negated(worth));
  const most = units(divideUp(size * BPS, BPS - BigInt(lossMaxBps)) + 1n);
  return {
    ...plan,
    plannedStartUnits: size,
    plannedEndUnits: size,
    plannedUnits: [amount < 0n ? most : NO_UNITS, largest(amount, negated(amount)), NO_UNITS, NO_UNITS], // what was bought too much is sold again
    markUnits: negated(worth),
  };
}
