/** Instruments that nobody announced, made known by what their snapshots show. */
import type { InstrumentIndex } from '../../market/instrument.ts';
import type { BookFrame } from '../../venues/kraken/market/book-frame.ts';
import { inferPrecisions, verifiesUnder } from '../../venues/kraken/market/precision-inference.ts';
import { NOT_FOUND } from '../../venues/kraken/market/symbol-table.ts';
import type { InstrumentRegistry } from './instrument-registry.ts';
import type { Announcements } from './subscriptions/announcements.ts';

export class InstrumentInference {
  readonly #registry: InstrumentRegistry;
  readonly #announcements: Announcements;
  readonly #assetsMax: number;

  constructor(registry: InstrumentRegistry, announcements: Announcements, assetsMax: number) {
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
    if (verifiesUnder(book, message, precisions)) return;
    const better = inferPrecisions(book, message);
    if (better === undefined || (better.price === precisions.price && better.qty === precisions.qty)) return;
    this.#infer(book, message, registry.symbolOf(instrument));
  }

  #infer(book: BookFrame, message: number, symbol: string): InstrumentIndex {
    const precisions = inferPrecisions(book, message);
    if (precisions === undefined) return NOT_FOUND;
    const changes = this.#registry.provisional(symbol, precisions, this.#assetsMax);
    if (changes === undefined) return NOT_FOUND;
    this.#announcements.instruments(changes);
    return this.#registry.symbols.named(symbol);
  }
}
