/**
 * A leg: one trade of an instrument, at what it costs. It says what an order of any size spends and what it brings, in
 * exact integers, with the fee and the venue's rounding counted in. Nothing that computes with a leg knows its fee: rates,
 * sizes and limits come from the leg, and the leg comes from the {@link LegModel} of its venue.
 */

import type { Lots, Ticks, Units } from '../../money/money.ts';
import type { Fraction } from '../../money/rational.ts';
import type { Side } from '../../money/side.ts';
import type { BookSide } from '../book-table.ts';
import type { Asset, Instrument, InstrumentIndex } from '../instrument.ts';

/** A leg in few numbers, as plans, orders and messages keep it: with the fee that it was decided at. */
export interface LegSpec {
  readonly instrument: InstrumentIndex;
  readonly side: Side;
  /** Taker fee in parts per million, 0 to 999,999. */
  readonly feePpm: number;
}

/** What one leg trades and at which terms, apart from the market. */
export interface LegTerms {
  readonly instrument: Instrument;
  readonly side: Side;
  readonly base: Asset;
  readonly quote: Asset;
  /** Taker fee in parts per million, 0 to 999,999. Only the leg model of the venue calculates with it. */
  readonly feePpm: number;
}

/** What executing a leg comes to. */
export interface LegFill {
  readonly qtyLots: Lots;
  /** Worst price the quantity reaches into: the limit of the order. */
  readonly priceTicks: Ticks;
  /** Units of the quote asset: what a buy pays, what a sell brings before its fee; one fill per level. */
  readonly costUnits: Units;
  /** Units of the asset that the fee is taken in; one fill per level. */
  readonly feeUnits: Units;
}

/** The best level a leg takes from: the ask when buying, the bid when selling. Price and quantity are positive. */
export interface LegTouch {
  readonly terms: LegTerms;
  readonly priceTicks: Ticks;
  readonly qtyLots: Lots;
  /** Units received per unit spent, before the fee and before any rounding. */
  readonly grossRate: Fraction;
  /** Units received per unit spent, after the fee and before any rounding. */
  readonly netRate: Fraction;
  /** Units of the asset spent that the level takes. */
  readonly room: Fraction;
}

/** Places after the binary point of amounts that are not rounded to units: see {@link Leg.receivedAtMost}. */
export const FRACTION_BITS = 96n;

/**
 * A trade of an instrument at the depth that was on offer when the leg was made. Orders are in lots; every amount is in
 * units of the asset spent or received, and what is received is after the fee. All of it is exact.
 */
export interface Leg {
  readonly terms: LegTerms;
  readonly spends: Asset;
  readonly receives: Asset;
  /** What the venue takes its fee in. */
  readonly feeAsset: Asset;
  /** Every order is a multiple of it. */
  readonly lotStep: Lots;
  /** The smallest order that reaches the minimum of quantity and that of cost; undefined when the depth is too thin. */
  readonly lotsMin: Lots | undefined;
  /** The largest order that the depth fills. */
  readonly lotsMax: Lots;

  /** Units spent by an order; grows with it. */
  spent(order: Lots): Units;
  /** Units received by an order; grows with it. */
  received(order: Lots): Units;
  /** Most units that an order spends, however many fills it comes in. */
  spentAtWorst(order: Lots): Units;
  /** Fewest units that an order brings, however many fills it comes in. */
  receivedAtWorst(order: Lots): Units;
  /** Most units that an order spends when all of it fills at `limitTicks`: what the venue wants covered. */
  spentAtLimit(order: Lots, limitTicks: Ticks): Units;

  /** The largest order that `amount` can pay, within the depth. */
  lotsFor(amount: Units): Lots;
  /** An order that `amount` can pay, however many fills it comes in. */
  lotsForAtWorst(amount: Units): Lots;
  /** The largest order that `amount` covers when all of it fills at `limitTicks`; may be more than the depth. */
  lotsForAtLimit(amount: Units, limitTicks: Ticks): Lots;
  /** The smallest order that brings at least `amount`; undefined when the depth is too thin. */
  lotsToReceive(amount: Units): Lots | undefined;

  /** What an order comes to that takes the depth from its best price on. */
  fill(order: Lots): LegFill;
  /** The average price of an order, rounded against us. */
  averageTicks(order: Lots): Ticks;
  /** Whether the venue takes an order as to its cost, which it counts at the limit price. */
  reachesCostMin(order: Lots, limitTicks: Ticks): boolean;

  /**
   * What `amount` brings when nothing is rounded but this result, upwards. Both in units × 2^{@link FRACTION_BITS}. Concave,
   * and never below {@link received} of what `amount` pays.
   */
  receivedAtMost(amount: bigint): bigint;
  /** The depth as steps of one rate each, best first. */
  readonly levels: number;
  /** Units received per unit spent at a step, in floats; 0 beyond the depth. */
  rateOfLevel(level: number): number;
  /** Units of the asset spent that a step takes, in floats; 0 beyond the depth. */
  roomOfLevel(level: number): number;
}

/** How a venue trades: it makes the legs of its instruments, by its fees and its rounding. */
export interface LegModel {
  /** A leg that takes from `ladder`, which is copied: later changes of the book do not matter. */
  leg(terms: LegTerms, ladder: BookSide): Leg;
  /** @param priceTicks above 0. @param qtyLots above 0. */
  touch(terms: LegTerms, priceTicks: Ticks, qtyLots: Lots): LegTouch;
  /**
   * The worst price at which a leg loses no more than `lossMaxBps` of what it trades is worth at `referenceTicks`, the fee
   * counted in: the lowest of a sale, the highest of a purchase. On the instrument's price step, towards the reference.
   */
  ticksWithinLoss(terms: LegTerms, referenceTicks: Ticks, lossMaxBps: number): Ticks;
}
