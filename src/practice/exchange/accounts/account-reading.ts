/**
 * An account of the practice exchange as plain data in decimal text, every digit kept: what another thread can be given
 * to hold its own books against.
 */

import { formatDecimal } from '../../../money/money.ts';
import type { SideName } from '../../../money/side.ts';
import type { LedgerRecord, OrderRecord, OrderStatus, TradeRecord, TradingDesk } from '../exchange-types.ts';
import type { AssetRules } from '../pair-rules.ts';

export interface ReadBalance {
  readonly asset: string;
  /** Amounts held by open orders included. */
  readonly total: string;
  readonly held: string;
}

export interface ReadFill {
  readonly id: string;
  readonly qty: string;
  readonly price: string;
  readonly cost: string;
  readonly fee: string;
  readonly feeAsset: string;
  /** Wall milliseconds, as all times here. */
  readonly atMs: number;
}

export interface ReadOrder {
  readonly id: string;
  readonly clOrdId: string | undefined;
  readonly symbol: string;
  readonly side: SideName;
  readonly qty: string;
  readonly limitPrice: string | undefined;
  readonly status: OrderStatus;
  readonly reason: string;
  readonly openedAtMs: number;
  readonly closedAtMs: number | undefined;
  readonly filledQty: string;
  readonly fills: readonly ReadFill[];
}

export interface ReadLedgerEntry {
  readonly id: string;
  readonly refId: string;
  readonly type: LedgerRecord['type'];
  readonly asset: string;
  /** Signed, without the fee. */
  readonly amount: string;
  readonly fee: string;
  readonly balance: string;
  readonly atMs: number;
}

export interface AccountReading {
  readonly account: string;
  readonly balances: readonly ReadBalance[];
  /** Ended ones first, then those that are open; each in the order of their coming. */
  readonly orders: readonly ReadOrder[];
  /** Oldest first. Its first entries are the opening deposits. */
  readonly ledger: readonly ReadLedgerEntry[];
}

export function readAccount(desk: TradingDesk, account: string): AccountReading {
  return {
    account,
    balances: desk.balances(account).map(({ asset, total, held }) => ({
      asset: asset.id,
      total: amount(asset, total),
      held: amount(asset, held),
    })),
    orders: [...desk.closedOrders(account), ...desk.openOrders(account)].map(readOrder),
    ledger: desk.ledger(account).map(readEntry),
  };
}

function readOrder(order: OrderRecord): ReadOrder {
  const { id, clOrdId, pair, side, status, reason, openedAtMs, closedAtMs, limitPrice } = order;
  return {
    ...{ id, clOrdId, symbol: pair.symbol, side, status, reason, openedAtMs, closedAtMs },
    qty: formatDecimal(order.qty, pair.scale.qty),
    limitPrice: limitPrice === undefined ? undefined : formatDecimal(limitPrice, pair.scale.price),
    filledQty: formatDecimal(order.filledQty, pair.scale.qty),
    fills: order.trades.map(readFill),
  };
}

function readFill({ id, order: { pair }, qty, price, cost, fee, feeAsset, atMs }: TradeRecord): ReadFill {
  return {
    id,
    qty: formatDecimal(qty, pair.scale.qty),
    price: formatDecimal(price, pair.scale.price),
    cost: amount(pair.quote, cost),
    fee: amount(feeAsset, fee),
    feeAsset: feeAsset.id,
    atMs,
  };
}

function readEntry({ id, refId, type, asset, atMs, ...entry }: LedgerRecord): ReadLedgerEntry {
  const text = (units: bigint) => amount(asset, units);
  return {
    ...{ id, refId, type, asset: asset.id, atMs },
    ...{ amount: text(entry.amount), fee: text(entry.fee), balance: text(entry.balance) },
  };
}

function amount(asset: AssetRules, units: bigint): string {
  return formatDecimal(units, asset.decimals);
}
