/** Instruments that were not announced, made known by what their snapshots show. */

import type { BookFrame } from '../../market/book-frame.ts';
import type { InstrumentIndex } from '../../market/instrument.ts';
import { NOT_FOUND } from '../../market/symbol-table.ts';
import type { PrecisionInference } from '../../venues/market-data.ts';
import type { InstrumentRegistry } from './instrument-registry.ts';
import type { Announcements } from './subscriptions/announcements.ts';

export class InstrumentInference {
  readonly #precisions: PrecisionInference;
  readonly #registry: InstrumentRegistry;
  readonly #announcements: Announcements;
  readonly #assetsMax: number;

  constructor(
    precisions: PrecisionInference,
    registry: InstrumentRegistry,
    announcements: Announcements,
    assetsMax: number,
  ) {
    this.#precisions = precisions;
    this.#registry = registry;
    this.#announcements = announcements;
    this.#assetsMax = assetsMax;
  }

  /** A symbol not known when the frame was read: made known by an earlier message of this frame, or by this snapshot. */
  identify(book: BookFrame, message: number): InstrumentIndex {
    const symbol = book.symbols[message] as string;
    const known = this.#registry.symbols.named(symbol);
    if (known !== NOT_FOUND || !book.isSnapshot[message]) return known;
    return this.#infer(book, message, symbol);
  }

  /** A later snapshot may show more digits than the first one did. */
  inferAgain(book: BookFrame, message: number, instrument: InstrumentIndex): void {
    const registry = this.#registry;
    const precisions = { price: registry.pricePrecision(instrument), qty: registry.qtyPrecision(instrument) };
    if (this.#precisions.isRight(book, message, precisions)) return;
    const better = this.#precisions.infer(book, message);
    if (better === undefined || (better.price === precisions.price && better.qty === precisions.qty)) return;
    this.#infer(book, message, registry.symbolOf(instrument));
  }

  #infer(book: BookFrame, message: number, symbol: string): InstrumentIndex {
    const precisions = this.#precisions.infer(book, message);
    if (precisions === undefined) return NOT_FOUND;
    const changes = this.#registry.provisional(symbol, precisions, this.#assetsMax);
    if (changes === undefined) return NOT_FOUND;
    this.#announcements.instruments(changes);
    return this.#registry.symbols.named(symbol);
  }
}
