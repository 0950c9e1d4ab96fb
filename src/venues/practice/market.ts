/**
 * The market's state: system status, instruments, the true books; and who is told when it changes. Knows nothing of
 * connections; the private side will match orders against the same books.
 */
import type { InstrumentEntries } from './instrument-entries.ts';
import { isObject, type JsonObject, rawNumber, textOf } from './lexeme-json.ts';
import { type BookLevels, MarketBook } from './market-book.ts';
import { type MarketEvent, type MarketTape, wireOf } from './market-tape.ts';

export interface MarketListener {
  /** `before` is what the book was; `snapshot` says that the market starts afresh with this message. */
  onBook(book: MarketBook, before: BookLevels, snapshot: boolean): void;
  onStatus(system: string): void;
  onInstruments(changed: InstrumentEntries): void;
}

export class Market {
  readonly #assets = new Map<string, JsonObject>();
  readonly #pairs = new Map<string, JsonObject>();
  readonly #books = new Map<string, MarketBook>();
  readonly #listeners: MarketListener[] = [];
  #system = 'online';

  /** Opens with every symbol's first snapshot in place. */
  constructor(tape: MarketTape) {
    this.#take(tape.entries);
    const status = tape.events.find((event) => event.kind === 'status');
    if (status !== undefined) this.#system = status.system;
    for (const { symbol, depth, scale, wire, opening } of tape.symbols) {
      const book = new MarketBook(symbol, depth, scale, wire);
      book.apply(opening, true);
      this.#books.set(symbol, book);
    }
    // A listed pair of which nothing was recorded is a pair without orders.
    for (const symbol of this.#pairs.keys()) {
      const wire = wireOf(tape.entries, symbol) ?? { price: 0, qty: 0 };
      if (!this.#books.has(symbol)) this.#books.set(symbol, new MarketBook(symbol, 1000, wire, wire));
    }
  }

  get system(): string {
    return this.#system;
  }

  get books(): ReadonlyMap<string, MarketBook> {
    return this.#books;
  }

  /** Everything a new subscriber of `instrument` is told. */
  get entries(): InstrumentEntries {
    return { assets: [...this.#assets.values()], pairs: [...this.#pairs.values()] };
  }

  listen(listener: MarketListener): void {
    this.#listeners.push(listener);
  }

  play(event: MarketEvent): void {
    if (event.kind === 'status') {
      this.setSystem(event.system);
    } else if (event.kind === 'instrument') {
      this.changeInstruments(event.entries);
    } else {
      const book = this.#books.get(event.symbol);
      if (book === undefined) return;
      const before = book.apply(event, event.snapshot);
      for (const listener of this.#listeners) listener.onBook(book, before, event.snapshot);
    }
  }

  /** Says so only when it changes: captures repeat it for every socket. */
  setSystem(system: string): void {
    if (system === this.#system) return;
    this.#system = system;
    for (const listener of this.#listeners) listener.onStatus(system);
  }

  changeInstruments(changed: InstrumentEntries): void {
    this.#take(changed);
    for (const [symbol, book] of this.#books) {
      const wire = wireOf(changed, symbol);
      if (wire !== undefined) book.rewrite(wire);
    }
    for (const listener of this.#listeners) listener.onInstruments(changed);
  }

  setPairStatus(symbol: string, status: string): void {
    const pair = this.#pairs.get(symbol);
    if (pair !== undefined) this.changeInstruments({ assets: [], pairs: [{ ...pair, status }] });
  }

  setPricePrecision(symbol: string, decimals: number): void {
    const pair = this.#pairs.get(symbol);
    if (pair === undefined) return;
    this.changeInstruments({ assets: [], pairs: [{ ...pair, price_precision: rawNumber(String(decimals)) }] });
  }

  #take({ assets, pairs }: InstrumentEntries): void {
    for (const asset of assets.filter(isObject)) this.#assets.set(textOf(asset, 'id') ?? '', asset);
    for (const pair of pairs.filter(isObject)) this.#pairs.set(textOf(pair, 'symbol') ?? '', pair);
  }
}
