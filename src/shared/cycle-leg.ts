/**
 * One leg of a cycle in exact integers: an instrument, a side, a fee, and the ladder that side takes from.
 *
 * The venue's ledger rounds every fill for itself, to the unit of the asset: what is given rounds up, what is received
 * rounds down, a fee rounds up. The fee is taken in the asset received. What is expected is one fill per level; a level
 * can be several resting orders, and each is a fill: {@link FILLS_PER_LEVEL_MAX} of them are the worst case.
 *
 * Every rule here is a sum of floors or ceilings of monotone functions, so each has an exact inverse, and a chain of
 * legs has one too: that is what sizing walks backwards.
 */

import type { BookSide } from './book-table.ts';
import type { Asset, Instrument } from './instrument.ts';
import { divideUp, largest, PPM, smaller } from './money.ts';
import { BUY, type Side } from './side.ts';

/**
 * Fills that one level of a book is reckoned to come to at most, when the worst is asked for. A guess at how many orders
 * rest at a price: the book does not tell.
 */
export const FILLS_PER_LEVEL_MAX = 10;

/** Units that a fill can come to less than its exact amount: of the proceeds, and of the fee. */
const ROUNDINGS_PER_FILL = 2n;
const FILLS_BEYOND_ONE = BigInt(FILLS_PER_LEVEL_MAX) - 1n;

/** What one leg trades and at which terms, apart from the market. */
export interface LegTerms {
  readonly instrument: Instrument;
  readonly side: Side;
  readonly base: Asset;
  readonly quote: Asset;
  /** Taker fee in parts per million, 0 to 999,999. */
  readonly feePpm: number;
}

/** What executing a leg comes to. */
export interface LegFill {
  readonly qtyLots: bigint;
  /** Worst price the quantity reaches into: the limit of the order. */
  readonly priceTicks: bigint;
  /** Units of the quote asset: what a buy pays, what a sell brings before its fee; one fill per level. */
  readonly costUnits: bigint;
  /** Units of the asset received; one fill per level. */
  readonly feeUnits: bigint;
}

/** A leg ready to compute with. The ladder is copied at construction; later changes of the book do not matter. */
export class CycleLeg {
  readonly terms: LegTerms;
  /** Base units are lots × baseUp / baseDown. One of the two is 1. */
  readonly baseUp: bigint;
  readonly baseDown: bigint;
  /** Quote units are ticks × lots × quoteUp / quoteDown. One of the two is 1. */
  readonly quoteUp: bigint;
  readonly quoteDown: bigint;
  /** Millionths of the asset received that the fee leaves. */
  readonly kept: bigint;
  readonly levels: number;
  readonly prices: readonly bigint[];
  /** Lots in the levels before level `i`, and the sum of ticks × lots in them; `levels` + 1 entries. */
  readonly lotsBefore: readonly bigint[];
  readonly rawBefore: readonly bigint[];
  /** Units spent and received, each level a fill of its own, in the levels before level `i`; `levels` + 1 entries. */
  readonly #spentBefore: readonly bigint[];
  readonly #receivedBefore: readonly bigint[];
  /** Smallest quantity that is an order: `qty_min`, `cost_min`, increment; undefined when the ladder is too thin. */
  readonly lotsMin: bigint | undefined;
  /** The whole ladder, down to the increment. */
  readonly lotsMax: bigint;

  constructor(terms: LegTerms, ladder: BookSide) {
    const { instrument, base, quote } = terms;
    this.terms = terms;
    [this.baseUp, this.baseDown] = powerOfTen(base.precision - instrument.qtyPrecision);
    [this.quoteUp, this.quoteDown] = powerOfTen(quote.precision - instrument.pricePrecision - instrument.qtyPrecision);
    this.kept = PPM - BigInt(terms.feePpm);
    this.levels = ladder.count;
    const sums = prefixSums(ladder);
    this.prices = sums.prices;
    this.lotsBefore = sums.lots;
    this.rawBefore = sums.raw;
    this.#spentBefore = this.#sumsOf((level, lots) => this.#spentAt(level, lots));
    this.#receivedBefore = this.#sumsOf((level, lots) => this.#keptOf(this.#grossAt(level, lots)));
    this.lotsMax = this.#wholeDown(this.lotsBefore[this.levels] as bigint);
    this.lotsMin = this.#minimum();
  }

  /** Units of the asset spent for `lots`. */
  spent(lots: bigint): bigint {
    const level = this.#levelOfLots(lots);
    return (this.#spentBefore[level] as bigint) + this.#spentAt(level, this.#lotsInLevel(level, lots));
  }

  /** Units of the asset received for `lots`, after the fee. */
  received(lots: bigint): bigint {
    const level = this.#levelOfLots(lots);
    const gross = this.#grossAt(level, this.#lotsInLevel(level, lots));
    return (this.#receivedBefore[level] as bigint) + this.#keptOf(gross);
  }

  /** Most units of the asset spent for `lots`, however many fills they come in. */
  spentAtWorst(lots: bigint): bigint {
    return this.spent(lots) + this.#fillsBeyondExpected(lots);
  }

  /** Fewest units of the asset received for `lots`, after the fee, however many fills they come in. */
  receivedAtWorst(lots: bigint): bigint {
    return largest(0n, this.received(lots) - ROUNDINGS_PER_FILL * this.#fillsBeyondExpected(lots));
  }

  /** Ticks × lots that the best `lots` of the ladder come to, before any rounding. */
  rawOf(lots: bigint): bigint {
    const level = this.#levelOfLots(lots);
    return (this.rawBefore[level] as bigint) + this.#lotsInLevel(level, lots) * (this.prices[level] ?? 0n);
  }

  /** The largest order that `units` of the asset spent can pay, within the ladder. */
  lotsFor(units: bigint): bigint {
    let level = 0;
    while (level < this.levels && (this.#spentBefore[level + 1] as bigint) <= units) level++;
    if (level === this.levels) return this.lotsMax;
    const [up, down] = this.#spendScale(level);
    const inLevel = ((units - (this.#spentBefore[level] as bigint)) * down) / up;
    return smaller(this.#wholeDown((this.lotsBefore[level] as bigint) + inLevel), this.lotsMax);
  }

  /** An order that `units` of the asset spent can pay, however many fills it comes in. */
  lotsForAtWorst(units: bigint): bigint {
    return this.lotsFor(largest(0n, units - this.#fillsBeyondExpected(this.lotsFor(units))));
  }

  /** The smallest order that brings at least `units` after the fee; undefined when the ladder is too thin. */
  lotsToReceive(units: bigint): bigint | undefined {
    let level = 0;
    while (level < this.levels && (this.#receivedBefore[level + 1] as bigint) < units) level++;
    if (level === this.levels) return units <= 0n ? this.#orderOfAtLeast(0n) : undefined;
    const gross = divideUp((units - (this.#receivedBefore[level] as bigint)) * PPM, this.kept);
    const [up, down] = this.#takeScale(level);
    return this.#orderOfAtLeast((this.lotsBefore[level] as bigint) + divideUp(gross * down, up));
  }

  /** The fill of an order of `lots` that takes the ladder from its best level on. */
  fill(lots: bigint): LegFill {
    const last = this.#levelOfLots(lots - 1n);
    let gross = 0n;
    for (let level = 0; level <= last; level++) {
      gross += this.#grossAt(level, smaller(this.#lotsInLevel(level, lots), this.#lotsOfLevel(level)));
    }
    return {
      qtyLots: lots,
      priceTicks: this.prices[last] as bigint,
      costUnits: this.terms.side === BUY ? this.spent(lots) : gross,
      feeUnits: gross - this.received(lots),
    };
  }

  /**
   * Whether the venue takes an order of `lots` at `limitTicks`, as to its cost: it counts quantity × limit price, and a
   * sale's limit lies below what the ladder brings.
   */
  reachesCostMin(lots: bigint, limitTicks: bigint): boolean {
    return limitTicks * lots * this.quoteUp >= this.terms.instrument.costMin * this.quoteDown;
  }

  /** Units spent by a fill of `lots` at `level`. */
  #spentAt(level: number, lots: bigint): bigint {
    const [up, down] = this.#spendScale(level);
    return divideUp(lots * up, down);
  }

  /** Units received by a fill of `lots` at `level`, before the fee. */
  #grossAt(level: number, lots: bigint): bigint {
    const [up, down] = this.#takeScale(level);
    return (lots * up) / down;
  }

  #keptOf(gross: bigint): bigint {
    return (gross * this.kept) / PPM;
  }

  /** Units spent per lot at `level`, before rounding. */
  #spendScale(level: number): readonly [up: bigint, down: bigint] {
    return this.terms.side === BUY ? this.#quoteScale(level) : [this.baseUp, this.baseDown];
  }

  /** Units received per lot at `level`, before rounding and fee. */
  #takeScale(level: number): readonly [up: bigint, down: bigint] {
    return this.terms.side === BUY ? [this.baseUp, this.baseDown] : this.#quoteScale(level);
  }

  #quoteScale(level: number): readonly [up: bigint, down: bigint] {
    return [(this.prices[level] ?? 0n) * this.quoteUp, this.quoteDown];
  }

  /** Fills that `lots` can come in beyond the one per level that is expected. */
  #fillsBeyondExpected(lots: bigint): bigint {
    return lots <= 0n ? 0n : FILLS_BEYOND_ONE * BigInt(this.#levelOfLots(lots - 1n) + 1);
  }

  #lotsInLevel(level: number, lots: bigint): bigint {
    return lots - (this.lotsBefore[level] as bigint);
  }

  #lotsOfLevel(level: number): bigint {
    return (this.lotsBefore[level + 1] as bigint) - (this.lotsBefore[level] as bigint);
  }

  #sumsOf(ofFill: (level: number, lots: bigint) => bigint): readonly bigint[] {
    const sums = [0n];
    for (let level = 0; level < this.levels; level++) {
      sums.push((sums[level] as bigint) + ofFill(level, this.#lotsOfLevel(level)));
    }
    return sums;
  }

  /** The last level that begins at or before `lots`. */
  #levelOfLots(lots: bigint): number {
    let level = 0;
    while (level < this.levels && (this.lotsBefore[level + 1] as bigint) <= lots) level++;
    return level;
  }

  /** Fewest lots whose raw proceeds reach `raw`. */
  #lotsReaching(raw: bigint): bigint | undefined {
    let level = 0;
    while (level < this.levels && (this.rawBefore[level + 1] as bigint) < raw) level++;
    if (level === this.levels) return raw <= (this.rawBefore[level] as bigint) ? this.lotsBefore[level] : undefined;
    const missing = raw - (this.rawBefore[level] as bigint);
    return (this.lotsBefore[level] as bigint) + divideUp(missing, this.#price(level));
  }

  #price(level: number): bigint {
    return this.prices[level] as bigint;
  }

  #minimum(): bigint | undefined {
    const { qtyMin, costMin, qtyIncrement } = this.terms.instrument;
    const forCost = this.#lotsReaching(divideUp(costMin * this.quoteDown, this.quoteUp));
    if (forCost === undefined) return undefined;
    return this.#orderOfAtLeast(largest(qtyMin, forCost, qtyIncrement));
  }

  #orderOfAtLeast(lots: bigint): bigint | undefined {
    const { qtyIncrement } = this.terms.instrument;
    const order = divideUp(lots, qtyIncrement) * qtyIncrement;
    return order <= this.lotsMax ? order : undefined;
  }

  #wholeDown(lots: bigint): bigint {
    return lots - (lots % this.terms.instrument.qtyIncrement);
  }
}

/** 10^`exponent` as a pair of factors, the second to divide by. */
export function powerOfTen(exponent: number): [up: bigint, down: bigint] {
  return exponent >= 0 ? [10n ** BigInt(exponent), 1n] : [1n, 10n ** BigInt(-exponent)];
}

function prefixSums(ladder: BookSide): { prices: bigint[]; lots: bigint[]; raw: bigint[] } {
  const prices: bigint[] = [];
  const lots = [0n];
  const raw = [0n];
  for (let level = 0; level < ladder.count; level++) {
    const price = ladder.priceTicks[level] as bigint;
    const qty = ladder.qtyLots[level] as bigint;
    prices.push(price);
    lots.push((lots[level] as bigint) + qty);
    raw.push((raw[level] as bigint) + price * qty);
  }
  return { prices, lots, raw };
}
