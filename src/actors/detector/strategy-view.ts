/** The market as the detector shows it to its strategies. */

import assert from 'node:assert/strict';
import type { Edge } from '../../market/asset-graph.ts';
import { type BookCopy, type BookTable, createBookCopy, VERIFIED_LEVELS } from '../../market/book-table.ts';
import type { Asset, InstrumentDirectory } from '../../market/instrument.ts';
import type { Leg, LegModel, LegTouch } from '../../market/legs/leg.ts';
import type { Ticks, Units } from '../../money/money.ts';
import { BUY } from '../../money/side.ts';
import type { MarketView } from '../../strategies/strategy.ts';
import type { Market } from './market-view.ts';
import type { StartFunds } from './start-funds.ts';

export interface ShownMarket {
  readonly tops: Market;
  readonly bookTable: BookTable;
  readonly startFunds: StartFunds;
  readonly legs: LegModel;
}

export class StrategyView implements MarketView {
  readonly tops: Market;
  readonly #bookTable: BookTable;
  readonly #startFunds: StartFunds;
  readonly #legs: LegModel;
  /** Legs copy what they need of it. */
  readonly #book: BookCopy = createBookCopy(VERIFIED_LEVELS);

  constructor({ tops, bookTable, startFunds, legs }: ShownMarket) {
    this.tops = tops;
    this.#bookTable = bookTable;
    this.#startFunds = startFunds;
    this.#legs = legs;
  }

  get directory(): InstrumentDirectory {
    return this.tops.directory;
  }

  touchPrice(edge: Edge): Ticks {
    return this.tops.touchPrice(edge);
  }

  touch(edge: Edge): LegTouch | undefined {
    const terms = this.tops.terms(edge);
    const priceTicks = this.tops.touchPrice(edge);
    if (terms === undefined || priceTicks <= 0n) return undefined;
    return this.#legs.touch(terms, priceTicks, this.tops.touchQty(edge));
  }

  legAsOf({ terms, priceTicks }: LegTouch, seq: number): Leg {
    const found = this.#bookTable.readAsOf(terms.instrument.index, seq, this.#book);
    const ladder = terms.side === BUY ? this.#book.asks : this.#book.bids;
    assert.ok(found && ladder.priceTicks[0] === priceTicks, 'the book table keeps the book that the top came from');
    return this.#legs.leg(terms, ladder);
  }

  funds(asset: Asset): Units | undefined {
    return this.#startFunds.of(asset);
  }
}
