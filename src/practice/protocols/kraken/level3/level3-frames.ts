/** Frames of `level3`: single orders of a book, and what becomes of them. */
import { rawNumber } from '../../../../net/exact-json.ts';
import { type PairRules, priceText, qtyText } from '../../../exchange/pair-rules.ts';
import { windowChanges } from '../../../market/market-book.ts';
import type { MarketSide } from '../../../market/market-side.ts';
import { timeText } from '../wire-text.ts';
import {
  type OrderLevel,
  type OrderLevels,
  type OrderQueues,
  orderChecksum,
  type StandingOrder,
} from './order-queues.ts';

type Event = 'add' | 'modify' | 'delete';

export function level3Snapshot(pair: PairRules, queues: OrderQueues, depth: number, atMs: number): string {
  const { levels } = queues;
  const rows = (side: readonly OrderLevel[]) =>
    side.slice(0, depth).flatMap(({ price, orders }) => orders.map((order) => orderRow(pair, price, order)));
  return frame('snapshot', pair, levels, { bids: rows(levels.bids), asks: rows(levels.asks) }, atMs);
}

/** The last change as a subscriber of `depth` levels sees it; undefined when nothing changed in its window. */
export function level3Update(pair: PairRules, queues: OrderQueues, depth: number, atMs: number): string | undefined {
  const { before, levels } = queues;
  const time = nanoseconds(atMs);
  const bids = eventRows(pair, { was: before.bids, is: levels.bids, side: 'bid', depth }, time);
  const asks = eventRows(pair, { was: before.asks, is: levels.asks, side: 'ask', depth }, time);
  return bids.length + asks.length === 0 ? undefined : frame('update', pair, levels, { bids, asks }, atMs);
}

interface SideChange {
  readonly was: readonly OrderLevel[];
  readonly is: readonly OrderLevel[];
  readonly side: MarketSide;
  readonly depth: number;
}

/** Of a level that comes into the window all orders are added; of one that is pushed out of it nothing is said. */
function eventRows(pair: PairRules, { was, is, side, depth }: SideChange, time: string): readonly object[] {
  const { gone, set } = windowChanges(was, is, depth, side);
  const inWindow = was.slice(0, depth);
  const known = new Map(inWindow.map((level) => [level.price, level.orders]));
  const changed = set.flatMap(({ price, orders }) => changesOf(price, known.get(price) ?? [], orders));
  const come = new Set(changed.flatMap(({ event, order }) => (event === 'add' ? [order.id] : [])));
  // An order that took another place has left its old one, also where that was pushed out of the window.
  const left = [...gone.flatMap(endOf), ...inWindow.flatMap(endOf).filter(({ order }) => come.has(order.id))];
  const leaving = [...left, ...changed.filter(({ event }) => event === 'delete')];
  const ended = new Map(leaving.map((one) => [one.order.place, one]));
  // Who leaves goes first: it may have the same id as who comes.
  return [...ended.values(), ...changed.filter(({ event }) => event !== 'delete')].map(({ event, price, order }) => ({
    event,
    ...orderRow(pair, price, order, event === 'delete' ? 0n : order.qty),
    ...(event === 'add' ? {} : { timestamp: time }),
  }));
}

interface OrderChange {
  readonly event: Event;
  readonly price: bigint;
  readonly order: StandingOrder;
}

function endOf({ price, orders }: OrderLevel): readonly OrderChange[] {
  return orders.map((order) => ({ event: 'delete', price, order }));
}

/** At one price: who left, who has another quantity in its place, who came. */
function changesOf(price: bigint, was: readonly StandingOrder[], is: readonly StandingOrder[]): readonly OrderChange[] {
  const before = new Map(was.map((order) => [order.place, order]));
  const after = new Set(is.map(({ place }) => place));
  const left = endOf({ price, orders: was.filter(({ place }) => !after.has(place)) });
  const others = is.filter((order) => before.get(order.place)?.qty !== order.qty);
  return [
    ...left,
    ...others.map((order): OrderChange => ({ event: before.has(order.place) ? 'modify' : 'add', price, order })),
  ];
}

function orderRow(pair: PairRules, price: bigint, order: StandingOrder, qty = order.qty): object {
  return {
    order_id: order.id,
    limit_price: rawNumber(priceText(pair, price)),
    order_qty: rawNumber(qtyText(pair, qty)),
    timestamp: nanoseconds(order.atMs),
  };
}

function frame(type: string, pair: PairRules, levels: OrderLevels, rows: object, atMs: number): string {
  const checksum = orderChecksum(pair, levels);
  const data = [{ symbol: pair.symbol, checksum, ...rows, timestamp: timeText(atMs) }];
  return JSON.stringify({ channel: 'level3', type, data });
}

/** Orders have their times in nanoseconds. */
function nanoseconds(wallMs: number): string {
  return timeText(wallMs).replace('Z', '000Z');
}
