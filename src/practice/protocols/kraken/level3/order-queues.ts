/**
 * One book order by order, as `level3` shows it. A recording has quantities only, so what the market has at a price is shown
 * as one order; the open orders of accounts stand before or behind it as they came (ours). Levels that did not change stay
 * the same objects, so that a subscriber can be sent the difference.
 */
import { crc32 } from 'node:zlib';
import { type PairRules, priceText, qtyText } from '../../../exchange/pair-rules.ts';
import type { RestingOrder } from '../../../exchange/trading-core.ts';
import type { MarketBook } from '../../../market/market-book.ts';
import { checksumDigits } from '../../../market/market-level.ts';
import type { MarketSide } from '../../../market/market-side.ts';

export interface StandingOrder {
  readonly id: string;
  readonly qty: bigint;
  /** When it took its place, wall milliseconds. */
  readonly atMs: number;
  /** Of its place: an order that loses it gets another. */
  readonly place: number;
}

export interface OrderLevel {
  readonly price: bigint;
  /** First in the queue first. */
  readonly orders: readonly StandingOrder[];
}

export interface OrderLevels {
  readonly bids: readonly OrderLevel[];
  readonly asks: readonly OrderLevel[];
}

/** Levels that the checksum covers, per side, with all their orders. */
const CHECKSUM_LEVELS = 10;

export interface QueueDeps {
  readonly book: MarketBook;
  readonly resting: (side: MarketSide) => readonly RestingOrder[];
  /** Ids for what the market has: of one price and side always the same. */
  readonly nextId: () => string;
}

export class OrderQueues {
  readonly #deps: QueueDeps;
  readonly #marketIds = new Map<string, string>();
  #levels: OrderLevels = { bids: [], asks: [] };
  #before: OrderLevels = { bids: [], asks: [] };
  #places = 0;

  /** @param nowMs wall time, as in {@link update}. */
  constructor(deps: QueueDeps, nowMs: number) {
    this.#deps = deps;
    this.update(nowMs);
  }

  get levels(): OrderLevels {
    return this.#levels;
  }

  /** As they were before the last change. */
  get before(): OrderLevels {
    return this.#before;
  }

  /** Brings the queues up to date with the book. */
  update(nowMs: number): void {
    this.#before = this.#levels;
    this.#levels = {
      bids: this.#side('bid', this.#before.bids, nowMs),
      asks: this.#side('ask', this.#before.asks, nowMs),
    };
  }

  #side(side: MarketSide, before: readonly OrderLevel[], nowMs: number): readonly OrderLevel[] {
    const { book, resting } = this.#deps;
    const known = new Map(before.map((level) => [level.price, level]));
    const accounts = Map.groupBy(resting(side), ({ limitPrice }) => limitPrice);
    return (side === 'bid' ? book.bids : book.asks).map(({ price }) => {
      const market = book.marketQty(side, price);
      const wanted = [
        ...(market > 0n ? [{ id: this.#marketId(side, price), qty: market, mayGrow: true }] : []),
        ...(accounts.get(price) ?? []).map(({ id, shown }) => ({ id, qty: shown, mayGrow: false })),
      ].filter(({ qty }) => qty > 0n);
      return this.#level(price, wanted, known.get(price), nowMs);
    });
  }

  /** Who was there keeps its place, unless its client made it larger; who is new comes last. */
  #level(price: bigint, wanted: readonly Wanted[], was: OrderLevel | undefined, nowMs: number): OrderLevel {
    const byId = new Map(wanted.map((one) => [one.id, one]));
    const kept: StandingOrder[] = [];
    for (const order of was?.orders ?? []) {
      const now = byId.get(order.id);
      if (now === undefined || (now.qty > order.qty && !now.mayGrow)) continue;
      byId.delete(order.id);
      kept.push(now.qty === order.qty ? order : { ...order, qty: now.qty });
    }
    const isSame =
      byId.size === 0 && kept.length === was?.orders.length && kept.every((one, at) => one === was.orders[at]);
    if (was !== undefined && isSame) return was;
    const come = [...byId.values()].map(({ id, qty }) => ({ id, qty, atMs: nowMs, place: ++this.#places }));
    return { price, orders: [...kept, ...come] };
  }

  #marketId(side: MarketSide, price: bigint): string {
    const key = `${side} ${price}`;
    const known = this.#marketIds.get(key);
    if (known !== undefined) return known;
    const id = this.#deps.nextId();
    this.#marketIds.set(key, id);
    return id;
  }
}

interface Wanted {
  readonly id: string;
  readonly qty: bigint;
  /** Without losing its place: what the market has at a price grows where it stands. */
  readonly mayGrow: boolean;
}

/** CRC-32 over the orders of the first ten levels of each side, asks first, digits as in the checksum of `book`. */
export function orderChecksum(pair: PairRules, { bids, asks }: OrderLevels): number {
  const digits = (levels: readonly OrderLevel[]) =>
    levels
      .slice(0, CHECKSUM_LEVELS)
      .flatMap(({ price, orders }) => {
        const of = checksumDigits(priceText(pair, price));
        return orders.map(({ qty }) => of + checksumDigits(qtyText(pair, qty)));
      })
      .join('');
  return crc32(digits(asks) + digits(bids));
}
