/** All clients that follow the market, of every protocol: each is sent what it subscribed to. */
import type { Clock } from '../../../../platform/clock.ts';
import type { TradeRecord } from '../../../exchange/exchange-types.ts';
import type { Market } from '../../../market/market.ts';
import { BookChange, type MarketFollower } from '../../../market/market-follower.ts';

export class PublicAudience {
  readonly #market: Market;
  readonly #followers = new Set<MarketFollower>();

  constructor(market: Market, clock: Clock) {
    this.#market = market;
    market.listen({
      onBook: (book, before) => this.#publish(new BookChange(book, before, clock.wallMs())),
      onStatus: (system) => this.#toAll((follower) => follower.sendStatus(system)),
      onInstruments: (changed) => this.#toAll((follower) => follower.sendInstruments(changed)),
    });
  }

  get size(): number {
    return this.#followers.size;
  }

  /** A client follows the market: it must move. */
  get isWatching(): boolean {
    return [...this.#followers].some((follower) => follower.followsMarket);
  }

  add(follower: MarketFollower): void {
    this.#followers.add(follower);
  }

  remove(follower: MarketFollower): void {
    this.#followers.delete(follower);
  }

  /** Symbols whose book has a subscriber. */
  followed(): readonly string[] {
    const symbols = [...this.#market.books.keys()];
    return symbols.filter((symbol) => [...this.#followers].some((follower) => follower.followsBook(symbol)));
  }

  /** The market has a client and no client is behind with reading. */
  hasRoom(): boolean {
    let room = true;
    for (const { connection } of this.#followers) room = connection.hasRoom() && room;
    return room && this.isWatching;
  }

  sendTrade(trade: TradeRecord): void {
    const book = this.#market.books.get(trade.order.pair.symbol);
    if (book !== undefined) this.#toAll((follower) => follower.onTrade(trade, book));
  }

  closeAll(): void {
    this.#toAll(({ connection }) => connection.close(1001, 'going away'));
  }

  #publish(change: BookChange): void {
    for (const follower of this.#followers) follower.onBook(change);
  }

  /** Copies first: sending can end a session. */
  #toAll(send: (follower: MarketFollower) => void): void {
    for (const follower of [...this.#followers]) send(follower);
  }
}
