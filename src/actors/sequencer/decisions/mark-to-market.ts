/**
 * What a plan moved beside its profit, valued in its start asset: dust that it leaves or takes, and fees in assets that it
 * does not trade. At the touch of the books; what no book values, at the prices the plan was decided at.
 */
import type { BookTable } from '../../../market/book-table.ts';
import type { AssetIndex } from '../../../market/instrument.ts';
import { worthOf, worthWithin } from '../../../market/worth.ts';
import { divideUp, NO_UNITS, negated, PPM, type Units, units } from '../../../money/money.ts';
import type { Fill } from '../../../venues/trading-port.ts';
import type { NewestBooks } from '../model/newest-books.ts';
import type { Order } from '../model/order.ts';
import type { Plan } from '../model/plan.ts';
import { decidedCost } from './holding-value.ts';
import { assetAt, placesOf } from './plan-progress.ts';

export class PlanMarks {
  readonly #table: BookTable;
  readonly #books: NewestBooks;

  constructor(table: BookTable, books: NewestBooks) {
    this.#table = table;
    this.#books = books;
  }

  /** Units of the start asset for `units` (negative: owed) of the asset at `place`. */
  worthAt(plan: Plan, place: number, units: Units): Units {
    const asset = assetAt(plan, place, this.#books.directory);
    const worth = asset === undefined ? undefined : this.#worth(plan, asset, units);
    return worth ?? decidedCost(plan, place, units, this.#books) ?? NO_UNITS;
  }

  /** The same by the books alone; undefined when no book values it. */
  bookWorthAt(plan: Plan, place: number, units: Units): Units | undefined {
    const asset = assetAt(plan, place, this.#books.directory);
    return asset === undefined ? undefined : this.#worth(plan, asset, units);
  }

  /** Units of the quote asset of the order's pair that a fee is worth; undefined when no book says. */
  feeInQuote({ instrument }: Pick<Order, 'instrument'>, { feeAsset, feeUnits }: Fill): Units | undefined {
    const { directory } = this.#books;
    const quote = directory.assets[directory.instruments[instrument]?.quote ?? -1];
    const asset = directory.assets[feeAsset];
    if (quote === undefined || asset === undefined) return undefined;
    const cost = worthOf(negated(feeUnits), asset, quote, directory, this.#table);
    return cost === undefined ? undefined : negated(cost);
  }

  /** Units of the start asset that a fee in another asset costs; what cannot be valued costs what the known rate would. */
  feeWorth(plan: Plan, order: Order, fill: Fill): Units {
    const cost = this.feeInQuote(order, fill);
    return cost === undefined ? this.knownFee(plan, order, fill) : this.#costOfQuote(plan, order, cost);
  }

  /** Units of the start asset that a fill would have paid at the rate that was known when its order was made. */
  knownFee(plan: Plan, order: Order, fill: Fill): Units {
    return this.#costOfQuote(plan, order, units(divideUp(fill.costUnits * BigInt(order.feePpm), PPM)));
  }

  #costOfQuote(plan: Plan, { instrument }: Order, cost: Units): Units {
    const { directory } = this.#books;
    const quote = directory.instruments[instrument]?.quote;
    if (quote === undefined || quote === plan.startAsset) return quote === undefined ? NO_UNITS : cost;
    const worth = this.#worth(plan, quote, negated(cost));
    if (worth !== undefined) return negated(worth);
    const place = placesOf(plan).find((one) => assetAt(plan, one, directory) === quote);
    return place === undefined ? NO_UNITS : (decidedCost(plan, place, cost, this.#books) ?? NO_UNITS);
  }

  #worth(plan: Plan, asset: AssetIndex, units: Units): Units | undefined {
    const { directory } = this.#books;
    const pairs = plan.legs.flatMap(({ instrument }) => directory.instruments[instrument] ?? []);
    return worthWithin(units, asset, plan.startAsset, pairs, directory, this.#table);
  }
}
