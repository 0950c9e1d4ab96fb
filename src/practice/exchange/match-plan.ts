/**
 * What an arriving order would meet, decided before anything happens: best price first, at a price in the order of the
 * queue, until it is full, its limit is reached, nothing is left, or it meets an order of its own account.
 */

import { compare } from '../market/market-side.ts';
import { costOf, type FillTerms } from './fill-amounts.ts';
import type { ExchangeOrder, OrderDraft } from './orders/exchange-order.ts';
import { otherSideOf, type RestingOrders } from './orders/resting-orders.ts';

/** `maker` undefined: the market's own quantity. */
export interface FillStep {
  readonly kind: 'fill';
  readonly price: bigint;
  readonly qty: bigint;
  readonly maker: ExchangeOrder | undefined;
}

/** An own order on the other side, which is cancelled by the arriving order's self-trade prevention. */
export interface SelfStep {
  readonly kind: 'self';
  readonly maker: ExchangeOrder;
}

export interface MatchPlan {
  readonly steps: readonly (FillStep | SelfStep)[];
  /** Sum of its fills. */
  readonly qty: bigint;
  /** The arriving order dies because it met one of its own account. */
  readonly stoppedBySelf: boolean;
}

/** The arriving order, as far as matching asks. */
export type Taker = FillTerms &
  Pick<OrderDraft, 'side' | 'limitPrice' | 'stp' | 'cashQty'> & {
    readonly account: string;
    readonly remaining: bigint;
  };

export function planMatch(taker: Taker, resting: RestingOrders): MatchPlan {
  return new Planner(taker).plan(resting);
}

class Planner {
  readonly #taker: Taker;
  readonly #steps: (FillStep | SelfStep)[] = [];
  #qty = 0n;
  /** Quote units left of an order for an amount of quote. */
  #cashLeft: bigint;
  #stoppedBySelf = false;

  constructor(taker: Taker) {
    this.#taker = taker;
    this.#cashLeft = taker.cashQty ?? 0n;
  }

  plan(resting: RestingOrders): MatchPlan {
    const side = otherSideOf(this.#taker);
    const levels = resting.book.marketLevels(side);
    const orders = resting.side(side);
    let level = 0;
    let order = 0;
    for (;;) {
      const price = better(levels[level]?.price, orders[order]?.limitPrice, this.#taker.side === 'buy');
      if (price === undefined || !this.#reaches(price)) break;
      const queue = orders.filter((one) => one.limitPrice === price);
      const market = levels[level]?.price === price ? (levels[level]?.qty ?? 0n) : 0n;
      this.#meetLevel(price, market, queue);
      if (market > 0n) level += 1;
      order += queue.length;
      if (this.#stoppedBySelf || this.#room(price) === 0n) break;
    }
    return { steps: this.#steps, qty: this.#qty, stoppedBySelf: this.#stoppedBySelf };
  }

  #reaches(price: bigint): boolean {
    const { limitPrice } = this.#taker;
    return limitPrice === undefined || compare(price, limitPrice, otherSideOf(this.#taker)) <= 0;
  }

  /** The market's quantity before each order, the order, and in the end the market's quantity behind all of them. */
  #meetLevel(price: bigint, market: bigint, queue: readonly ExchangeOrder[]): void {
    let passed = 0n;
    for (const maker of queue) {
      const before = (maker.ahead < market ? maker.ahead : market) - passed;
      if (before > 0n) passed += this.#fill(price, before, undefined);
      if (this.#room(price) === 0n) return;
      if (maker.account === this.#taker.account) this.#meetSelf(maker);
      else this.#fill(price, maker.remaining, maker);
      if (this.#stoppedBySelf) return;
    }
    this.#fill(price, market - passed, undefined);
  }

  #meetSelf(maker: ExchangeOrder): void {
    const { stp } = this.#taker;
    if (stp !== 'cancel_newest') this.#steps.push({ kind: 'self', maker });
    this.#stoppedBySelf = stp !== 'cancel_oldest';
  }

  #fill(price: bigint, offered: bigint, maker: ExchangeOrder | undefined): bigint {
    const room = this.#room(price);
    const qty = offered < room ? offered : room;
    if (qty <= 0n) return 0n;
    this.#steps.push({ kind: 'fill', price, qty, maker });
    this.#qty += qty;
    this.#cashLeft -= costOf(this.#taker, price, qty);
    return qty;
  }

  /** How much more it takes at `price`. */
  #room(price: bigint): bigint {
    const { cashQty, remaining, pair } = this.#taker;
    if (cashQty === undefined) return remaining - this.#qty;
    const exact = this.#cashLeft * 10n ** BigInt(pair.scale.price + pair.scale.qty);
    const most = exact / 10n ** BigInt(pair.quote.decimals) / price;
    return most - (most % pair.qtyIncrement);
  }
}

function better(a: bigint | undefined, b: bigint | undefined, lowest: boolean): bigint | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return a < b === lowest ? a : b;
}

/** The first `qty` of a plan: what happens when no more of it may. */
export function cutPlan(plan: MatchPlan, qty: bigint): MatchPlan {
  const steps: (FillStep | SelfStep)[] = [];
  let left = qty;
  for (const step of plan.steps) {
    if (left === 0n) break;
    if (step.kind === 'self') steps.push(step);
    else {
      const part = step.qty < left ? step.qty : left;
      steps.push({ ...step, qty: part });
      left -= part;
    }
  }
  return { steps, qty: qty - left, stoppedBySelf: false };
}
