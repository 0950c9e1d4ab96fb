/** All clients of the public socket: what the market does is told to each as it follows it. */
import type { Clock } from '../../shared/clock.ts';
import type { TradeRecord } from './exchange-types.ts';
import type { Market } from './market.ts';
import type { BookLevels, MarketBook } from './market-book.ts';
import type { PublicSession } from './public-session.ts';
import { bookUpdateFrame, wireTime } from './wire-text.ts';

export class PublicAudience {
  readonly #market: Market;
  readonly #clock: Clock;
  readonly #sessions = new Set<PublicSession>();

  constructor(market: Market, clock: Clock) {
    this.#market = market;
    this.#clock = clock;
    market.listen({
      onBook: (book, before) => this.#publish(book, before),
      onStatus: (system) => this.#toAll((session) => session.sendStatus(system)),
      onInstruments: (changed) => this.#toAll((session) => session.sendInstruments(changed)),
    });
  }

  get size(): number {
    return this.#sessions.size;
  }

  /** Somebody follows the market: it must move. */
  get isWatching(): boolean {
    return [...this.#sessions].some((session) => session.followsMarket);
  }

  add(session: PublicSession): void {
    this.#sessions.add(session);
  }

  remove(session: PublicSession): void {
    this.#sessions.delete(session);
  }

  /** Symbols whose book somebody follows. */
  followed(): readonly string[] {
    const symbols = [...this.#market.books.keys()];
    return symbols.filter((symbol) => [...this.#sessions].some((session) => session.depthOf(symbol) !== undefined));
  }

  /** Somebody follows the market and nobody is behind with reading. */
  hasRoom(): boolean {
    let room = true;
    for (const session of this.#sessions) room = session.connection.hasRoom() && room;
    return room && this.isWatching;
  }

  tellTrade(trade: TradeRecord): void {
    const book = this.#market.books.get(trade.order.pair.symbol);
    if (book !== undefined) this.#toAll((session) => session.feeds.onTrade(trade, book));
  }

  closeAll(): void {
    this.#toAll((session) => session.connection.close(1001, 'going away'));
  }

  /** One frame per depth, made once and shared by all who follow the symbol at that depth. */
  #publish(book: MarketBook, before: BookLevels): void {
    const time = wireTime(this.#clock);
    const isNewTouch = !isSameTouch(book.bids, before.bids) || !isSameTouch(book.asks, before.asks);
    const frames = new Map<number, string | undefined>();
    for (const session of this.#sessions) {
      if (isNewTouch) session.feeds.onTouch(book);
      const depth = session.depthOf(book.symbol);
      if (depth === undefined) continue;
      if (!frames.has(depth)) frames.set(depth, bookUpdateFrame(book, before, depth, time));
      const frame = frames.get(depth);
      if (frame !== undefined) session.sendUpdate(book.symbol, frame);
    }
  }

  /** Copies first: sending can end a session. */
  #toAll(send: (session: PublicSession) => void): void {
    for (const session of [...this.#sessions]) send(session);
  }
}

function isSameTouch([now]: BookLevels['bids'], [before]: BookLevels['bids']): boolean {
  return now?.price === before?.price && now?.qty === before?.qty;
}
