/** Turns a fill into money: cost, fee, holds released, two ledger entries, and the record of the trade. */

import type { AccountBalances } from './accounts/account-balances.ts';
import type { ExchangeIds } from './exchange-ids.ts';
import type { LedgerRecord, TradeRecord } from './exchange-types.ts';
import { baseUnits, costOf, feeAsset, feeInQuote, feeOf, holdFor, spentAsset, spentOf } from './fill-amounts.ts';
import type { ExchangeOrder } from './orders/exchange-order.ts';

export interface FillOf {
  readonly order: ExchangeOrder;
  readonly account: AccountBalances;
  readonly price: bigint;
  readonly qty: bigint;
  readonly liquidity: TradeRecord['liquidity'];
  /** The same for both sides of a trade. */
  readonly tradeId: number;
  readonly atMs: number;
}

export interface SettledFill {
  readonly trade: TradeRecord;
  /** Base, then quote. */
  readonly entries: readonly [LedgerRecord, LedgerRecord];
}

interface Money {
  readonly cost: bigint;
  readonly fee: bigint;
  /** Units of the base asset that change hands. */
  readonly base: bigint;
}

/** Books a fill; the order, its account and its hold are up to date afterwards. */
export function settleFill(fill: FillOf, ids: ExchangeIds): SettledFill {
  const { order, account, qty } = fill;
  const stillNeeds = needOf(order, order.remaining - qty);
  const money = fitted(fill, account.available(spentAsset(order)) + order.held - stillNeeds);
  account.hold(spentAsset(order), stillNeeds - order.held);
  order.held = stillNeeds;
  const trade = recordOf(fill, money, ids);
  const entries = post(fill, trade, money.base, ids);
  book(order, trade);
  return { trade: Object.assign(trade, { ledgerIds: entries.map(({ id }) => id) }), entries };
}

/** What an order must hold for `qty` more. A market order meets the book at once: between its fills it holds nothing. */
function needOf(order: ExchangeOrder, qty: bigint): bigint {
  return order.limitPrice === undefined || qty === 0n ? 0n : holdFor(order, order.limitPrice, qty);
}

/**
 * Every fill is rounded for itself, so many of them can come to some units more than the whole order was to cost. The
 * account's free funds bear that; where there are none, the venue does, fee first. A fee never exceeds what it is taken
 * from.
 */
function fitted({ order, price, qty, liquidity }: FillOf, funds: bigint): Money {
  const { makerPpm, takerPpm } = order.feeRates;
  const isBuy = order.side === 'buy';
  const cost = costOf(order, price, qty);
  const base = baseUnits(order, qty);
  const fee = feeOf(order, liquidity === 'maker' ? makerPpm : takerPpm, cost, qty);
  const isFeeOnTop = feeAsset(order) === spentAsset(order);
  const most = isBuy ? base : cost;
  const due = isFeeOnTop || fee < most ? fee : most;
  const excess = spentOf(order, cost, qty, due) - funds;
  if (excess <= 0n) return { cost, fee: due, base };
  const spared = isFeeOnTop ? (excess < due ? excess : due) : 0n;
  const missing = excess - spared;
  return { cost: isBuy ? cost - missing : cost, fee: due - spared, base: isBuy ? base : base - missing };
}

function recordOf({ order, price, qty, liquidity, tradeId, atMs }: FillOf, money: Money, ids: ExchangeIds) {
  const { cost, fee } = money;
  const record = { order, qty, price, liquidity, tradeId, atMs, feeAsset: feeAsset(order), ledgerIds: [] };
  return { id: ids.next('T'), ...record, cost, fee, feeInQuote: feeInQuote(order, fee, price) };
}

function post(
  { order, account, atMs }: FillOf,
  trade: TradeRecord,
  base: bigint,
  ids: ExchangeIds,
): [LedgerRecord, LedgerRecord] {
  const { pair, side } = order;
  const sign = side === 'buy' ? 1n : -1n;
  const entry = (asset: typeof pair.base, amount: bigint) => {
    const fee = trade.feeAsset === asset ? trade.fee : 0n;
    return account.post({ id: ids.next('L'), refId: trade.id, type: 'trade', asset, amount, fee, atMs });
  };
  return [entry(pair.base, sign * base), entry(pair.quote, -sign * trade.cost)];
}

function book(order: ExchangeOrder, trade: TradeRecord): void {
  order.filledQty += trade.qty;
  order.filledCost += trade.cost;
  order.filledExact += trade.price * trade.qty;
  order.fee += trade.fee;
  order.feeInQuote += trade.feeInQuote;
  order.status = 'partially_filled';
  order.trades.push(trade);
}
