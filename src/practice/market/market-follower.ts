/** Who receives what the market does: a client of one of the public protocols. */

import type { TradeRecord } from '../exchange/exchange-types.ts';
import type { ClientConnection } from '../network/client-connection.ts';
import type { InstrumentEntries } from './instrument-entries.ts';
import type { BookLevels, MarketBook } from './market-book.ts';

export interface MarketFollower {
  readonly connection: ClientConnection;
  /** It has a subscription for which the market must move. */
  readonly followsMarket: boolean;
  /** It follows the book of `symbol`. */
  followsBook(symbol: string): boolean;
  sendStatus(system: string): void;
  sendInstruments(changed: InstrumentEntries): void;
  onBook(change: BookChange): void;
  onTrade(trade: TradeRecord, book: MarketBook): void;
}

/** A change of one book, sent to all who follow it. */
export class BookChange {
  readonly book: MarketBook;
  readonly before: BookLevels;
  readonly atMs: number;
  readonly #frames = new Map<string, string | undefined>();

  /** @param atMs wall time. */
  constructor(book: MarketBook, before: BookLevels, atMs: number) {
    this.book = book;
    this.before = before;
    this.atMs = atMs;
  }

  /** The best prices, or what stands there, are others than before. */
  get isNewTouch(): boolean {
    const { book, before } = this;
    return !isSameTouch(book.bids, before.bids) || !isSameTouch(book.asks, before.asks);
  }

  /** The text of one kind of frame, made once and shared by all who are sent it; undefined when it would say nothing. */
  frame(kind: string, make: (change: BookChange) => string | undefined): string | undefined {
    if (!this.#frames.has(kind)) this.#frames.set(kind, make(this));
    return this.#frames.get(kind);
  }
}

function isSameTouch([now]: BookLevels['bids'], [before]: BookLevels['bids']): boolean {
  return now?.price === before?.price && now?.qty === before?.qty;
}
