/** Precisions of every instrument as plain numbers, as of a point of the instrument log. */

import type { Instrument, InstrumentIndex } from '../../market/instrument.ts';
import type { InstrumentLog } from '../../market/instrument-log.ts';

const UNKNOWN = -1;

export class Precisions {
  readonly #price: Int8Array;
  readonly #qty: Int8Array;
  readonly #symbols: (string | undefined)[] = [];

  constructor(books: number) {
    this.#price = new Int8Array(books).fill(UNKNOWN);
    this.#qty = new Int8Array(books).fill(UNKNOWN);
  }

  /** Takes over the log up to `end`: what a predecessor knew. */
  readUpTo(log: InstrumentLog, end: number): void {
    for (let position = 0; position < end; ) {
      const { changes, next } = log.read(position);
      for (const instrument of changes.instruments) this.set(instrument);
      position = next;
    }
  }

  set(instrument: Instrument): void {
    this.#price[instrument.index] = instrument.pricePrecision;
    this.#qty[instrument.index] = instrument.qtyPrecision;
    this.#symbols[instrument.index] = instrument.symbol;
  }

  /** Whether the instrument was announced. */
  has(book: InstrumentIndex): boolean {
    return book < this.#price.length && this.#price[book] !== UNKNOWN;
  }

  /** Whether levels in the scale known so far would be wrong in that of `instrument`. */
  differ(instrument: Instrument): boolean {
    const { index, pricePrecision, qtyPrecision } = instrument;
    return this.has(index) && (this.#price[index] !== pricePrecision || this.#qty[index] !== qtyPrecision);
  }

  price(book: InstrumentIndex): number {
    return this.#price[book] as number;
  }

  qty(book: InstrumentIndex): number {
    return this.#qty[book] as number;
  }

  symbol(book: InstrumentIndex): string {
    return this.#symbols[book] ?? `#${book}`;
  }
}
