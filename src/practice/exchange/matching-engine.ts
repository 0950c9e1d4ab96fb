/**
 * The engine: orders meet the market and each other. It trusts that an order is well formed and paid for. An order that
 * rests is filled in two ways: by an arriving order of another account, in price-time order, and by the market, as soon
 * as the other side of the tape reaches its price. It then trades at its own price, for no more than the market shows
 * there, and what it took is gone from the market until the tape speaks of that price again.
 */

import type { MatchFault, TradingFaults } from '../faults/trading-faults.ts';
import type { Market } from '../market/market.ts';
import type { MarketBook } from '../market/market-book.ts';
import { compare, type MarketSide } from '../market/market-side.ts';
import { END_REASON } from '../protocols/kraken/venue-refusals.ts';
import type { AccountBalances } from './accounts/account-balances.ts';
import type { ExchangeIds } from './exchange-ids.ts';
import type { ExecutionKind, TradeRecord } from './exchange-types.ts';
import { costOf, type FillTerms, feeOf, holdFor, spentAsset, spentOf } from './fill-amounts.ts';
import { cutPlan, type FillStep, type MatchPlan, planMatch, type Taker } from './match-plan.ts';
import type { ExchangeOrder } from './orders/exchange-order.ts';
import { otherSideOf, priceOf, RestingOrders, sideOf } from './orders/resting-orders.ts';
import { type FillOf, type SettledFill, settleFill } from './settlement.ts';
import { isMatching } from './trading-modes.ts';

const PPM = 1_000_000n;
const BPS = 10_000n;

export interface EngineDeps {
  readonly market: Market;
  readonly ids: ExchangeIds;
  readonly faults: TradingFaults;
  readonly nowMs: () => number;
  readonly account: (name: string) => AccountBalances;
  /** Called for every step, after it has happened. */
  readonly onStep: (kind: ExecutionKind, order: ExchangeOrder, fill: SettledFill | undefined) => void;
  /** A well-formed order begins to rest. */
  readonly onRest: (order: ExchangeOrder) => void;
}

export class MatchingEngine {
  readonly #deps: EngineDeps;
  readonly #resting = new Map<string, RestingOrders>();
  /** Number of the last trade by pair. */
  readonly #tradeIds = new Map<string, number>();

  constructor(deps: EngineDeps) {
    this.#deps = deps;
  }

  /** Open orders of a side as they stand in the queue. */
  resting(symbol: string, side: MarketSide): readonly ExchangeOrder[] {
    return this.#resting.get(symbol)?.side(side) ?? [];
  }

  /** Best price of the other side as an order of `side` finds it. */
  touch(symbol: string, side: MarketSide): bigint | undefined {
    const book = this.#deps.market.books.get(symbol);
    return (side === 'bid' ? book?.asks : book?.bids)?.[0]?.price;
  }

  /** What an order would spend, its fees included: at its limit, or at what a market order would meet now. */
  need(taker: Taker): bigint {
    if (taker.limitPrice !== undefined) return holdFor(taker, taker.limitPrice, taker.remaining);
    const { steps } = planMatch(taker, this.#queue(taker.pair.symbol));
    return steps.reduce((sum, step) => sum + stepCost(taker, step), 0n);
  }

  /** Takes an order whose need is held for it, and lets it meet the book. */
  place(order: ExchangeOrder): void {
    this.#deps.onStep('pending_new', order, undefined);
    const fault = this.#deps.faults.onMatch(order);
    if (fault?.goneBps !== undefined) this.#loseLevels(order, fault.goneBps);
    // Also where nothing is matched: it must not begin to stand across another order.
    if (order.postOnly && this.wouldTake(order, priceOf(order))) {
      this.end(order, 'canceled', END_REASON.postOnly);
      return;
    }
    this.#deps.onStep('new', order, undefined);
    this.#meet(order, this.#plan(order), fault);
  }

  /** Lets a resting order fill in part before it is cancelled, where the faults say so. */
  fillBeforeCancel(order: ExchangeOrder): void {
    const ppm = this.#deps.faults.onCancel(order);
    if (ppm === undefined) return;
    const qty = wholeSteps(order, (order.remaining * ppm) / PPM);
    if (qty > 0n) this.#fillMaker(order, qty, this.#nextTradeId(order));
  }

  /** Nothing more happens to the order. */
  end(order: ExchangeOrder, kind: 'filled' | 'canceled' | 'expired', reason: string): void {
    if (this.#isResting(order)) this.#queue(order.pair.symbol).remove(order);
    this.#account(order).hold(spentAsset(order), -order.held);
    order.held = 0n;
    order.cancelExpiry();
    order.status = kind;
    order.reason = reason;
    order.closedAtMs = this.#deps.nowMs();
    this.#deps.onStep(kind, order, undefined);
  }

  /** What a changed order would take at once, were its price `price`. */
  wouldTake(order: ExchangeOrder, price: bigint): boolean {
    const { pair, side, feePreference, feeRates, account, stp, cashQty, remaining } = order;
    const taker = { pair, side, feePreference, feeRates, account, stp, cashQty, remaining, limitPrice: price };
    return takes(planMatch(taker, this.#queue(pair.symbol)));
  }

  /** Gives a resting order new numbers. Only a smaller quantity keeps its place in the queue. */
  amend(order: ExchangeOrder, to: { qty: bigint; limitPrice: bigint; displayQty: bigint | undefined }): void {
    const queue = this.#queue(order.pair.symbol);
    const keepsPlace = to.limitPrice === order.limitPrice && to.qty <= order.qty;
    if (!keepsPlace) queue.remove(order);
    Object.assign(order, to, { amended: true });
    this.#rehold(order);
    if (keepsPlace) queue.show(order);
    this.#deps.onStep('amended', order, undefined);
    if (!keepsPlace) this.#meet(order, this.#plan(order), undefined);
  }

  /** The tape has changed a book: resting orders meet what came. */
  onTape(book: MarketBook): void {
    const queue = this.#resting.get(book.symbol);
    if (queue === undefined || queue.isEmpty) return;
    queue.onTape();
    this.#meetMarket(queue);
  }

  /** Trading in a pair has begun again: resting orders meet what the market has become. */
  resume(symbol: string): void {
    const queue = this.#resting.get(symbol);
    if (queue !== undefined) this.#meetMarket(queue);
  }

  #meetMarket(queue: RestingOrders): void {
    if (!this.#isMatching(queue.book.symbol)) return;
    this.#sweep(queue, 'bid');
    this.#sweep(queue, 'ask');
  }

  #sweep(queue: RestingOrders, side: MarketSide): void {
    const other = side === 'bid' ? 'ask' : 'bid';
    for (;;) {
      const order = queue.side(side)[0];
      const level = queue.book.marketLevels(other)[0];
      if (order === undefined || level === undefined || compare(priceOf(order), level.price, side) > 0) return;
      const qty = level.qty < order.remaining ? level.qty : order.remaining;
      queue.takeMarket(other, level.price, qty);
      this.#fillMaker(order, qty, this.#nextTradeId(order));
    }
  }

  #plan(order: ExchangeOrder): MatchPlan {
    if (!this.#isMatching(order.pair.symbol)) return { steps: [], qty: 0n, stoppedBySelf: false };
    return planMatch(order, this.#queue(order.pair.symbol));
  }

  #isMatching(symbol: string): boolean {
    const { market } = this.#deps;
    const status = market.entry(symbol)?.['status'];
    return isMatching(market.system, typeof status === 'string' ? status : 'online');
  }

  #meet(order: ExchangeOrder, plan: MatchPlan, fault: MatchFault | undefined): void {
    if (order.cashQty !== undefined) order.qty = plan.qty;
    const isCut = fault?.fillPpm !== undefined && fault.fillPpm < PPM;
    if (order.timeInForce === 'fok' && (plan.qty < order.remaining || isCut)) {
      this.end(order, 'canceled', END_REASON.fillOrKill);
      return;
    }
    const met = isCut ? cutPlan(plan, wholeSteps(order, (plan.qty * (fault.fillPpm ?? PPM)) / PPM)) : plan;
    this.#execute(order, this.#affordable(order, met));
    this.#conclude(order, met, isCut);
  }

  #conclude(order: ExchangeOrder, plan: MatchPlan, isCut: boolean): void {
    if (order.remaining === 0n && order.filledQty > 0n) this.end(order, 'filled', '');
    else if (plan.stoppedBySelf) this.end(order, 'canceled', END_REASON.selfTrade);
    else if (order.timeInForce === 'ioc') this.end(order, 'canceled', END_REASON.immediate);
    else if (order.limitPrice === undefined) this.end(order, 'canceled', END_REASON.noLiquidity);
    else if (isCut) this.end(order, 'canceled', END_REASON.venue);
    else this.#rest(order);
  }

  #rest(order: ExchangeOrder): void {
    this.#queue(order.pair.symbol).insert(order);
    this.#deps.onRest(order);
  }

  #execute(order: ExchangeOrder, plan: MatchPlan): void {
    for (const step of plan.steps) {
      if (step.kind === 'self') this.end(step.maker, 'canceled', END_REASON.selfTrade);
      else this.#trade(order, step);
    }
  }

  #trade(order: ExchangeOrder, { price, qty, maker }: FillStep): void {
    const tradeId = this.#nextTradeId(order);
    if (maker === undefined) this.#queue(order.pair.symbol).takeMarket(otherSideOf(order), price, qty);
    this.#settle({ order, price, qty, liquidity: 'taker', tradeId });
    if (maker !== undefined) this.#fillMaker(maker, qty, tradeId);
  }

  /** A resting order trades at its own price. */
  #fillMaker(order: ExchangeOrder, qty: bigint, tradeId: number): void {
    this.#settle({ order, price: priceOf(order), qty, liquidity: 'maker', tradeId });
    if (order.remaining === 0n) this.end(order, 'filled', '');
    else this.#queue(order.pair.symbol).show(order);
  }

  #settle(fill: Omit<FillOf, 'account' | 'atMs'>): TradeRecord {
    const account = this.#account(fill.order);
    const settled = settleFill({ ...fill, account, atMs: this.#deps.nowMs() }, this.#deps.ids);
    this.#deps.onStep('trade', fill.order, settled);
    return settled.trade;
  }

  /** A market order goes no further than the money does: the book may have moved since it was counted. */
  #affordable(order: ExchangeOrder, plan: MatchPlan): MatchPlan {
    if (order.limitPrice !== undefined) return plan;
    let left = this.#account(order).available(spentAsset(order)) + order.held;
    let qty = 0n;
    for (const step of plan.steps) {
      left -= stepCost(order, step);
      if (left < 0n) return cutPlan(plan, qty);
      qty += step.kind === 'fill' ? step.qty : 0n;
    }
    return plan;
  }

  /** The price runs away: the market's best levels vanish before an order gets there. */
  #loseLevels(order: ExchangeOrder, withinBps: bigint): void {
    const side = otherSideOf(order);
    const queue = this.#queue(order.pair.symbol);
    const levels = queue.book.marketLevels(side);
    const best = levels[0]?.price ?? 0n;
    for (const { price, qty } of levels) {
      const away = price > best ? price - best : best - price;
      if (away * BPS <= best * withinBps) queue.takeMarket(side, price, qty);
    }
  }

  #rehold(order: ExchangeOrder): void {
    const need = holdFor(order, priceOf(order), order.remaining);
    this.#account(order).hold(spentAsset(order), need - order.held);
    order.held = need;
  }

  #isResting(order: ExchangeOrder): boolean {
    return this.#queue(order.pair.symbol).side(sideOf(order)).includes(order);
  }

  #nextTradeId(order: ExchangeOrder): number {
    const next = (this.#tradeIds.get(order.pair.symbol) ?? 0) + 1;
    this.#tradeIds.set(order.pair.symbol, next);
    return next;
  }

  #queue(symbol: string): RestingOrders {
    const known = this.#resting.get(symbol);
    if (known !== undefined) return known;
    const book = this.#deps.market.books.get(symbol);
    if (book === undefined) throw new Error(`${symbol} has no book`);
    const fresh = new RestingOrders(book);
    this.#resting.set(symbol, fresh);
    return fresh;
  }

  #account(order: ExchangeOrder): AccountBalances {
    return this.#deps.account(order.account);
  }
}

function takes({ steps, stoppedBySelf }: MatchPlan): boolean {
  return steps.length > 0 || stoppedBySelf;
}

/** What a taker spends on a step, its fee included. */
function stepCost(taker: FillTerms, step: MatchPlan['steps'][number]): bigint {
  if (step.kind === 'self') return 0n;
  const cost = costOf(taker, step.price, step.qty);
  return spentOf(taker, cost, step.qty, feeOf(taker, taker.feeRates.takerPpm, cost, step.qty));
}

function wholeSteps({ pair }: ExchangeOrder, qty: bigint): bigint {
  return qty - (qty % pair.qtyIncrement);
}
