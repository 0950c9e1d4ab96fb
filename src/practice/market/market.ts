/**
 * The market's state: system status, instruments, the true books; and who is notified when it changes. Knows nothing of
 * connections. The trading side matches orders against the same books.
 */

import { isObject, type JsonObject, rawNumber, textOf } from '../../net/exact-json.ts';
import type { InstrumentEntries } from './instrument-entries.ts';
import { type BookLevels, MarketBook } from './market-book.ts';
import { type MarketEvent, type MarketTape, wireOf } from './market-tape.ts';

export interface MarketListener {
  /** `before` is what the book was: also where the recording begins again, a subscriber is sent the difference. */
  onBook(book: MarketBook, before: BookLevels): void;
  onStatus(system: string): void;
  onInstruments(changed: InstrumentEntries): void;
}

/** The trading side: it lets orders meet what the tape has just put into a book, before it is published. */
export interface Matcher {
  onTape(book: MarketBook): void;
}

export class Market {
  readonly #assets = new Map<string, JsonObject>();
  readonly #pairs = new Map<string, JsonObject>();
  readonly #books = new Map<string, MarketBook>();
  readonly #listeners: MarketListener[] = [];
  /** What the books were before the change in progress. */
  #before: Map<MarketBook, BookLevels> | undefined;
  #matcher: Matcher | undefined;
  #system = 'online';

  /** Opens with every symbol's first snapshot in place. */
  constructor(tape: MarketTape) {
    this.#take(tape.entries);
    const status = tape.events.find((event) => event.kind === 'status');
    if (status !== undefined) this.#system = status.system;
    for (const { symbol, depth, scale, wire, opening } of tape.symbols) {
      const book = new MarketBook(symbol, depth, scale, wire);
      book.apply(opening, true);
      this.#open(book);
    }
    // A listed pair of which nothing was recorded is a pair without orders.
    for (const symbol of this.#pairs.keys()) {
      const wire = wireOf(tape.entries, symbol) ?? { price: 0, qty: 0 };
      if (!this.#books.has(symbol)) this.#open(new MarketBook(symbol, 1000, wire, wire));
    }
  }

  get system(): string {
    return this.#system;
  }

  get books(): ReadonlyMap<string, MarketBook> {
    return this.#books;
  }

  /** Everything a new subscriber of `instrument` is sent. */
  get entries(): InstrumentEntries {
    return { assets: [...this.#assets.values()], pairs: [...this.#pairs.values()] };
  }

  listen(listener: MarketListener): void {
    this.#listeners.push(listener);
  }

  set matcher(matcher: Matcher) {
    this.#matcher = matcher;
  }

  /** A pair's entry as it is announced now. */
  entry(symbol: string): JsonObject | undefined {
    return this.#pairs.get(symbol);
  }

  /** What `run` does to the books is published when it is done: one message per book, so that no client sees them crossed. */
  change<T>(run: () => T): T {
    if (this.#before !== undefined) return run();
    const before = new Map<MarketBook, BookLevels>();
    this.#before = before;
    try {
      return run();
    } finally {
      this.#before = undefined;
      for (const [book, levels] of before) this.#publish(book, levels);
    }
  }

  play(event: MarketEvent): void {
    if (event.kind === 'status') {
      this.setSystem(event.system);
    } else if (event.kind === 'instrument') {
      this.changeInstruments(event.entries);
    } else {
      const book = this.#books.get(event.symbol);
      if (book === undefined) return;
      this.change(() => {
        book.apply(event, event.snapshot);
        this.#matcher?.onTape(book);
      });
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

  #publish(book: MarketBook, before: BookLevels): void {
    if (before.bids === book.bids && before.asks === book.asks) return;
    for (const listener of this.#listeners) listener.onBook(book, before);
  }

  #open(book: MarketBook): void {
    book.beforeChange = () => {
      if (this.#before?.has(book) === false) this.#before.set(book, book.levels);
    };
    this.#books.set(book.symbol, book);
  }

  #take({ assets, pairs }: InstrumentEntries): void {
    for (const asset of assets.filter(isObject)) this.#assets.set(textOf(asset, 'id') ?? '', asset);
    for (const pair of pairs.filter(isObject)) this.#pairs.set(textOf(pair, 'symbol') ?? '', pair);
  }
}
