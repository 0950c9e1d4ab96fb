/**
 * A leg on one side of an order book, where the venue takes its fee in the asset received.
 *
 * The venue's ledger rounds every fill for itself, to the unit of the asset: what is given rounds up, what is received
 * rounds down, a fee rounds up. What is expected is one fill per level; a level can be several resting orders, and each is
 * a fill: {@link FILLS_PER_LEVEL_MAX} of them are the worst case.
 *
 * Every rule here is a sum of floors or ceilings of monotone functions, so each has an exact inverse, and a chain of
 * legs has one too: that is what sizing walks backwards.
 */

import {
  divideDown,
  divideUp,
  type Lots,
  largest,
  lots,
  minus,
  NO_LOTS,
  NO_UNITS,
  PPM,
  plus,
  smaller,
  type Ticks,
  ticks,
  type Units,
  units,
} from '../../money/money.ts';
import { powerOfTen } from '../../money/rational.ts';
import { BUY } from '../../money/side.ts';
import type { BookSide } from '../book-table.ts';
import type { Asset } from '../instrument.ts';
import { FRACTION_BITS, type Leg, type LegFill, type LegTerms } from './leg.ts';

/**
 * Fills that one level of a book is reckoned to come to at most, when the worst is asked for. A guess at how many orders
 * rest at a price: the book does not show them.
 */
export const FILLS_PER_LEVEL_MAX = 10;

/** Units that a fill can come to less than its exact amount: of the proceeds, and of the fee. */
const ROUNDINGS_PER_FILL = 2n;
const FILLS_BEYOND_ONE = BigInt(FILLS_PER_LEVEL_MAX) - 1n;

/** The ladder is copied at construction; later changes of the book do not matter. */
export class LadderLeg implements Leg {
  readonly terms: LegTerms;
  readonly spends: Asset;
  readonly receives: Asset;
  readonly feeAsset: Asset;
  readonly lotStep: Lots;
  readonly lotsMin: Lots | undefined;
  /** The whole ladder, down to the increment. */
  readonly lotsMax: Lots;
  readonly levels: number;
  /** Base units are lots × baseUp / baseDown. One of the two is 1. */
  readonly #baseUp: bigint;
  readonly #baseDown: bigint;
  /** Quote units are ticks × lots × quoteUp / quoteDown. One of the two is 1. */
  readonly #quoteUp: bigint;
  readonly #quoteDown: bigint;
  /** Millionths of the asset received that the fee leaves. */
  readonly #kept: bigint;
  readonly #prices: readonly Ticks[];
  /** Lots in the levels before level `i`, and the sum of ticks × lots in them; `levels` + 1 entries. */
  readonly #lotsBefore: readonly Lots[];
  readonly #rawBefore: readonly bigint[];
  /** Units spent and received, each level a fill of its own, in the levels before level `i`; `levels` + 1 entries. */
  readonly #spentBefore: readonly Units[];
  readonly #receivedBefore: readonly Units[];

  constructor(terms: LegTerms, ladder: BookSide) {
    const { instrument, base, quote } = terms;
    this.terms = terms;
    [this.spends, this.receives] = terms.side === BUY ? [quote, base] : [base, quote];
    this.feeAsset = this.receives;
    this.lotStep = instrument.qtyIncrement;
    [this.#baseUp, this.#baseDown] = powerOfTen(base.precision - instrument.qtyPrecision);
    [this.#quoteUp, this.#quoteDown] = powerOfTen(
      quote.precision - instrument.pricePrecision - instrument.qtyPrecision,
    );
    this.#kept = PPM - BigInt(terms.feePpm);
    this.levels = ladder.count;
    const sums = prefixSums(ladder);
    this.#prices = sums.prices;
    this.#lotsBefore = sums.lotsBefore;
    this.#rawBefore = sums.raw;
    this.#spentBefore = this.#sumsOf((level, order) => this.#spentAt(level, order));
    this.#receivedBefore = this.#sumsOf((level, order) => this.#keptOf(this.#grossAt(level, order)));
    this.lotsMax = this.#wholeDown(this.#lotsBefore[this.levels] as Lots);
    this.lotsMin = this.#minimum();
  }

  spent(order: Lots): Units {
    const level = this.#levelOfLots(order);
    return plus(this.#spentBefore[level] as Units, this.#spentAt(level, this.#lotsInLevel(level, order)));
  }

  received(order: Lots): Units {
    const level = this.#levelOfLots(order);
    const gross = this.#grossAt(level, this.#lotsInLevel(level, order));
    return plus(this.#receivedBefore[level] as Units, this.#keptOf(gross));
  }

  spentAtWorst(order: Lots): Units {
    return plus(this.spent(order), this.#fillsBeyondExpected(order));
  }

  receivedAtWorst(order: Lots): Units {
    return units(largest(0n, this.received(order) - ROUNDINGS_PER_FILL * this.#fillsBeyondExpected(order)));
  }

  spentAtLimit(order: Lots, limitTicks: Ticks): Units {
    if (this.terms.side !== BUY) return this.spent(order);
    return units(divideUp(limitTicks * order * this.#quoteUp, this.#quoteDown));
  }

  lotsForAtLimit(amount: Units, limitTicks: Ticks): Lots {
    if (this.terms.side !== BUY) return this.lotsFor(amount);
    return this.#wholeDown(lots((amount * this.#quoteDown) / (limitTicks * this.#quoteUp)));
  }

  /** Of the levels taken, not of the cost, which the ledger has rounded. */
  averageTicks(order: Lots): Ticks {
    const rounded = this.terms.side === BUY ? divideUp : divideDown;
    return ticks(rounded(this.#rawOf(order), order));
  }

  receivedAtMost(amount: bigint): bigint {
    return this.terms.side === BUY ? this.#boughtAtMost(amount) : this.#soldAtMost(amount);
  }

  rateOfLevel(level: number): number {
    if (level >= this.levels) return 0;
    const quotePerBase =
      (Number(this.#prices[level]) * Number(this.#quoteUp) * Number(this.#baseDown)) /
      (Number(this.#quoteDown) * Number(this.#baseUp));
    const kept = Number(this.#kept) / Number(PPM);
    return this.terms.side === BUY ? kept / quotePerBase : kept * quotePerBase;
  }

  roomOfLevel(level: number): number {
    if (level >= this.levels) return 0;
    if (this.terms.side === BUY) {
      const raw = (this.#rawBefore[level + 1] as bigint) - (this.#rawBefore[level] as bigint);
      return (Number(raw) * Number(this.#quoteUp)) / Number(this.#quoteDown);
    }
    return (Number(this.#lotsOfLevel(level)) * Number(this.#baseUp)) / Number(this.#baseDown);
  }

  #boughtAtMost(amount: bigint): bigint {
    const raw = divideUp(amount * this.#quoteDown, this.#quoteUp);
    let level = 0;
    while (level < this.levels && (this.#rawBefore[level + 1] as bigint) << FRACTION_BITS <= raw) level++;
    const before = (this.#lotsBefore[level] as bigint) << FRACTION_BITS;
    const left = raw - ((this.#rawBefore[level] as bigint) << FRACTION_BITS);
    const taken = level === this.levels ? before : before + divideUp(left, this.#price(level));
    return divideUp(taken * this.#baseUp * this.#kept, this.#baseDown * PPM);
  }

  #soldAtMost(amount: bigint): bigint {
    const given = divideUp(amount * this.#baseDown, this.#baseUp);
    let level = 0;
    while (level < this.levels && (this.#lotsBefore[level + 1] as bigint) << FRACTION_BITS <= given) level++;
    const before = (this.#rawBefore[level] as bigint) << FRACTION_BITS;
    const left = given - ((this.#lotsBefore[level] as bigint) << FRACTION_BITS);
    const raw = level === this.levels ? before : before + left * this.#price(level);
    return divideUp(raw * this.#quoteUp * this.#kept, this.#quoteDown * PPM);
  }

  /** Ticks × lots that the best `lots` of the ladder come to, before any rounding. */
  #rawOf(lots: Lots): bigint {
    const level = this.#levelOfLots(lots);
    return (this.#rawBefore[level] as bigint) + this.#lotsInLevel(level, lots) * (this.#prices[level] ?? 0n);
  }

  lotsFor(amount: Units): Lots {
    let level = 0;
    while (level < this.levels && (this.#spentBefore[level + 1] as Units) <= amount) level++;
    if (level === this.levels) return this.lotsMax;
    const [up, down] = this.#spendScale(level);
    const inLevel = lots(((amount - (this.#spentBefore[level] as Units)) * down) / up);
    return smaller(this.#wholeDown(plus(this.#lotsBefore[level] as Lots, inLevel)), this.lotsMax);
  }

  lotsForAtWorst(amount: Units): Lots {
    return this.lotsFor(largest(NO_UNITS, minus(amount, this.#fillsBeyondExpected(this.lotsFor(amount)))));
  }

  lotsToReceive(amount: Units): Lots | undefined {
    let level = 0;
    while (level < this.levels && (this.#receivedBefore[level + 1] as Units) < amount) level++;
    if (level === this.levels) return amount <= 0n ? this.#orderOfAtLeast(NO_LOTS) : undefined;
    const gross = divideUp((amount - (this.#receivedBefore[level] as Units)) * PPM, this.#kept);
    const [up, down] = this.#takeScale(level);
    return this.#orderOfAtLeast(plus(this.#lotsBefore[level] as Lots, lots(divideUp(gross * down, up))));
  }

  fill(order: Lots): LegFill {
    const last = this.#levelOfLots(lots(order - 1n));
    let gross = NO_UNITS;
    for (let level = 0; level <= last; level++) {
      const taken = smaller(this.#lotsInLevel(level, order), this.#lotsOfLevel(level));
      gross = plus(gross, this.#grossAt(level, taken));
    }
    return {
      qtyLots: order,
      priceTicks: this.#prices[last] as Ticks,
      costUnits: this.terms.side === BUY ? this.spent(order) : gross,
      feeUnits: minus(gross, this.received(order)),
    };
  }

  /** The venue counts quantity × limit price, and a sale's limit lies below what the ladder brings. */
  reachesCostMin(order: Lots, limitTicks: Ticks): boolean {
    return limitTicks * order * this.#quoteUp >= this.terms.instrument.costMin * this.#quoteDown;
  }

  /** Units spent by a fill of `lots` at `level`. */
  #spentAt(level: number, order: Lots): Units {
    const [up, down] = this.#spendScale(level);
    return units(divideUp(order * up, down));
  }

  /** Units received by a fill of `lots` at `level`, before the fee. */
  #grossAt(level: number, order: Lots): Units {
    const [up, down] = this.#takeScale(level);
    return units((order * up) / down);
  }

  #keptOf(gross: Units): Units {
    return units((gross * this.#kept) / PPM);
  }

  /** Units spent per lot at `level`, before rounding. */
  #spendScale(level: number): readonly [up: bigint, down: bigint] {
    return this.terms.side === BUY ? this.#quoteScale(level) : [this.#baseUp, this.#baseDown];
  }

  /** Units received per lot at `level`, before rounding and fee. */
  #takeScale(level: number): readonly [up: bigint, down: bigint] {
    return this.terms.side === BUY ? [this.#baseUp, this.#baseDown] : this.#quoteScale(level);
  }

  #quoteScale(level: number): readonly [up: bigint, down: bigint] {
    return [(this.#prices[level] ?? 0n) * this.#quoteUp, this.#quoteDown];
  }

  /** Fills that `lots` can come in beyond the one per level that is expected. */
  #fillsBeyondExpected(order: Lots): Units {
    return units(order <= 0n ? 0n : FILLS_BEYOND_ONE * BigInt(this.#levelOfLots(lots(order - 1n)) + 1));
  }

  #lotsInLevel(level: number, order: Lots): Lots {
    return minus(order, this.#lotsBefore[level] as Lots);
  }

  #lotsOfLevel(level: number): Lots {
    return minus(this.#lotsBefore[level + 1] as Lots, this.#lotsBefore[level] as Lots);
  }

  #sumsOf(ofFill: (level: number, order: Lots) => Units): readonly Units[] {
    const sums = [NO_UNITS];
    for (let level = 0; level < this.levels; level++) {
      sums.push(plus(sums[level] as Units, ofFill(level, this.#lotsOfLevel(level))));
    }
    return sums;
  }

  /** The last level that begins at or before `lots`. */
  #levelOfLots(order: Lots): number {
    let level = 0;
    while (level < this.levels && (this.#lotsBefore[level + 1] as Lots) <= order) level++;
    return level;
  }

  /** Fewest lots whose raw proceeds reach `raw`. */
  #lotsReaching(raw: bigint): Lots | undefined {
    let level = 0;
    while (level < this.levels && (this.#rawBefore[level + 1] as bigint) < raw) level++;
    if (level === this.levels) return raw <= (this.#rawBefore[level] as bigint) ? this.#lotsBefore[level] : undefined;
    const missing = raw - (this.#rawBefore[level] as bigint);
    return plus(this.#lotsBefore[level] as Lots, lots(divideUp(missing, this.#price(level))));
  }

  #price(level: number): Ticks {
    return this.#prices[level] as Ticks;
  }

  #minimum(): Lots | undefined {
    const { qtyMin, costMin, qtyIncrement } = this.terms.instrument;
    const forCost = this.#lotsReaching(divideUp(costMin * this.#quoteDown, this.#quoteUp));
    if (forCost === undefined) return undefined;
    return this.#orderOfAtLeast(largest(qtyMin, forCost, qtyIncrement));
  }

  #orderOfAtLeast(least: Lots): Lots | undefined {
    const { qtyIncrement } = this.terms.instrument;
    const order = lots(divideUp(least, qtyIncrement) * qtyIncrement);
    return order <= this.lotsMax ? order : undefined;
  }

  #wholeDown(order: Lots): Lots {
    return lots(order - (order % this.terms.instrument.qtyIncrement));
  }
}

function prefixSums(ladder: BookSide): { prices: Ticks[]; lotsBefore: Lots[]; raw: bigint[] } {
  const prices: Ticks[] = [];
  const lotsBefore = [NO_LOTS];
  const raw = [0n];
  for (let level = 0; level < ladder.count; level++) {
    const price = ticks(ladder.priceTicks[level] as bigint);
    const qty = lots(ladder.qtyLots[level] as bigint);
    prices.push(price);
    lotsBefore.push(plus(lotsBefore[level] as Lots, qty));
    raw.push((raw[level] as bigint) + price * qty);
  }
  return { prices, lotsBefore, raw };
}
