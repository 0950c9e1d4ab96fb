/**
 * The open orders of all accounts in one pair, in price-time order, and how much of the market stands before each. At a
 * price, first come is first served, and the market's own quantity takes part in that: what stood there when an order
 * came is before it, what the market adds later is behind it. What the market loses, it loses at the front: an order
 * moves up whether that was a trade or a cancel, since a book recording does not distinguish them.
 */

import type { MarketBook } from '../../market/market-book.ts';
import { compare, type MarketSide } from '../../market/market-side.ts';
import type { ExchangeOrder } from './exchange-order.ts';

export class RestingOrders {
  readonly book: MarketBook;
  readonly #bids: ExchangeOrder[] = [];
  readonly #asks: ExchangeOrder[] = [];

  constructor(book: MarketBook) {
    this.book = book;
  }

  /** Best first, then oldest first. */
  side(side: MarketSide): readonly ExchangeOrder[] {
    return side === 'bid' ? this.#bids : this.#asks;
  }

  get isEmpty(): boolean {
    return this.#bids.length === 0 && this.#asks.length === 0;
  }

  /** Puts an order at the end of the queue at its price. */
  insert(order: ExchangeOrder): void {
    const side = sideOf(order);
    const orders = this.#orders(side);
    const price = priceOf(order);
    const behind = orders.findIndex((other) => compare(price, priceOf(other), side) < 0);
    orders.splice(behind === -1 ? orders.length : behind, 0, order);
    order.ahead = this.book.marketQty(side, price);
    this.show(order);
  }

  remove(order: ExchangeOrder): void {
    const orders = this.#orders(sideOf(order));
    orders.splice(orders.indexOf(order), 1);
    this.#setShown(order, 0n);
  }

  /** Brings what the public sees of a resting order up to date. */
  show(order: ExchangeOrder): void {
    this.#setShown(order, order.visible);
  }

  /** Takes from the market: orders behind that quantity move up. */
  takeMarket(side: MarketSide, price: bigint, qty: bigint): void {
    this.book.take(side, price, qty);
    for (const order of this.#orders(side)) {
      if (order.limitPrice === price) order.ahead = order.ahead > qty ? order.ahead - qty : 0n;
    }
  }

  /** After a message of the tape: nothing can stand before an order that the market no longer has. */
  onTape(): void {
    for (const order of [...this.#bids, ...this.#asks]) {
      const market = this.book.marketQty(sideOf(order), priceOf(order));
      if (order.ahead > market) order.ahead = market;
    }
  }

  #orders(side: MarketSide): ExchangeOrder[] {
    return side === 'bid' ? this.#bids : this.#asks;
  }

  #setShown(order: ExchangeOrder, qty: bigint): void {
    if (qty !== order.shown) this.book.addResting(sideOf(order), priceOf(order), qty - order.shown);
    order.shown = qty;
  }
}

export function sideOf({ side }: Pick<ExchangeOrder, 'side'>): MarketSide {
  return side === 'buy' ? 'bid' : 'ask';
}

export function otherSideOf({ side }: Pick<ExchangeOrder, 'side'>): MarketSide {
  return side === 'buy' ? 'ask' : 'bid';
}

/** The price at which an order rests. */
export function priceOf({ limitPrice }: ExchangeOrder): bigint {
  if (limitPrice === undefined) throw new Error('only orders with a limit rest');
  return limitPrice;
}
