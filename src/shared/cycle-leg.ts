/**
 * One leg of a cycle in exact integers: an instrument, a side, a fee, and the ladder that side takes from.
 *
 * What a buy pays rounds up, what a sell brings rounds down, a fee rounds up; each once per leg, at the unit of its
 * asset. The fee is taken in the asset received. Every rule here is a floor or a ceiling of a monotone function, so each
 * has an exact inverse, and a chain of legs has one too: that is what sizing walks backwards.
 */

import type { BookSide } from './book-table.ts';
import type { Asset, Instrument } from './instrument.ts';
import { divideUp, largest, PPM, smaller } from './money.ts';
import { BUY, type Side } from './side.ts';

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
  /** Units of the quote asset: what a buy pays, what a sell brings before its fee. */
  readonly costUnits: bigint;
  /** Units of the asset received. */
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
    this.lotsMax = this.#wholeDown(this.lotsBefore[this.levels] as bigint);
    this.lotsMin = this.#minimum();
  }

  /** Units of the asset spent for `lots`. */
  spent(lots: bigint): bigint {
    if (this.terms.side === BUY) return divideUp(this.#rawOf(lots) * this.quoteUp, this.quoteDown);
    return divideUp(lots * this.baseUp, this.baseDown);
  }

  /** Units of the asset received for `lots`, after the fee. */
  received(lots: bigint): bigint {
    return (this.#receivedGross(lots) * this.kept) / PPM;
  }

  /** The largest order that `units` of the asset spent can pay, within the ladder. */
  lotsFor(units: bigint): bigint {
    const affordable =
      this.terms.side === BUY
        ? this.#lotsWithin((units * this.quoteDown) / this.quoteUp)
        : (units * this.baseDown) / this.baseUp;
    return smaller(this.#wholeDown(affordable), this.lotsMax);
  }

  /** The smallest order that brings at least `units` after the fee; undefined when the ladder is too thin. */
  lotsToReceive(units: bigint): bigint | undefined {
    const gross = divideUp(units * PPM, this.kept);
    const lots =
      this.terms.side === BUY
        ? divideUp(gross * this.baseDown, this.baseUp)
        : this.#lotsReaching(divideUp(gross * this.quoteDown, this.quoteUp));
    return lots === undefined ? undefined : this.#orderOfAtLeast(lots);
  }

  /** The fill of an order of `lots` that takes the ladder from its best level on. */
  fill(lots: bigint): LegFill {
    const raw = this.#rawOf(lots) * this.quoteUp;
    return {
      qtyLots: lots,
      priceTicks: this.prices[this.#levelOfLots(lots - 1n)] as bigint,
      costUnits: this.terms.side === BUY ? divideUp(raw, this.quoteDown) : raw / this.quoteDown,
      feeUnits: this.#receivedGross(lots) - this.received(lots),
    };
  }

  /**
   * Whether the venue takes an order of `lots` at `limitTicks`, as to its cost: it counts quantity × limit price, and a
   * sale's limit lies below what the ladder brings.
   */
  reachesCostMin(lots: bigint, limitTicks: bigint): boolean {
    return limitTicks * lots * this.quoteUp >= this.terms.instrument.costMin * this.quoteDown;
  }

  #receivedGross(lots: bigint): bigint {
    if (this.terms.side === BUY) return (lots * this.baseUp) / this.baseDown;
    return (this.#rawOf(lots) * this.quoteUp) / this.quoteDown;
  }

  /** Ticks × lots that the best `lots` of the ladder come to. */
  #rawOf(lots: bigint): bigint {
    const level = this.#levelOfLots(lots);
    const inLevel = lots - (this.lotsBefore[level] as bigint);
    return (this.rawBefore[level] as bigint) + inLevel * (this.prices[level] ?? 0n);
  }

  /** The last level that begins at or before `lots`. */
  #levelOfLots(lots: bigint): number {
    let level = 0;
    while (level < this.levels && (this.lotsBefore[level + 1] as bigint) <= lots) level++;
    return level;
  }

  /** Most lots whose raw cost is within `raw`. */
  #lotsWithin(raw: bigint): bigint {
    let level = 0;
    while (level < this.levels && (this.rawBefore[level + 1] as bigint) <= raw) level++;
    const before = this.lotsBefore[level] as bigint;
    return level === this.levels ? before : before + (raw - (this.rawBefore[level] as bigint)) / this.#price(level);
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
