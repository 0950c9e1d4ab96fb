/** The exchange's side, read from its own trading desk: orders, fills, balances. */
import type { LedgerRecord, OrderRecord, TradeRecord, TradingDesk } from '../practice/exchange/exchange-types.ts';
import { type ExchangeMove, type ExchangeOrder, type ExchangeReading, type FillReading, fine } from './day-readings.ts';

/** Reads all that `account` ever had on the desk. What it began with is in its ledger as deposits. */
export function readExchange(desk: TradingDesk, account: string): ExchangeReading {
  const orders = [...desk.closedOrders(account), ...desk.openOrders(account)].map(orderReading);
  const start = new Map<string, bigint>();
  for (const { type, asset, amount, fee } of desk.ledger(account)) {
    if (type === 'deposit') start.set(asset.id, (start.get(asset.id) ?? 0n) + fine(amount - fee, asset.decimals));
  }
  const end = new Map(desk.balances(account).map(({ asset, total }) => [asset.id, fine(total, asset.decimals)]));
  return {
    orders,
    start,
    end,
    moves: desk
      .ledger(account)
      .filter(({ type }) => type === 'trade')
      .map(moveReading),
  };
}

const moveReading = ({ refId, asset, amount, fee }: LedgerRecord): ExchangeMove => ({
  execId: refId,
  asset: asset.id,
  change: fine(amount - fee, asset.decimals),
});

function orderReading(order: OrderRecord): ExchangeOrder {
  const { id, clOrdId, pair, side, qty, limitPrice, status, trades } = order;
  return {
    id,
    clOrdId,
    symbol: pair.symbol,
    side,
    qty: fine(qty, pair.scale.qty),
    limit: limitPrice === undefined ? undefined : fine(limitPrice, pair.scale.price),
    isOpen: status === 'new' || status === 'partially_filled',
    fills: trades.map((trade) => fillReading(order, trade)),
  };
}

function fillReading({ clOrdId, pair, side }: OrderRecord, trade: TradeRecord): FillReading {
  return {
    execId: trade.id,
    clOrdId: clOrdId ?? '',
    symbol: pair.symbol,
    side,
    qty: fine(trade.qty, pair.scale.qty),
    price: fine(trade.price, pair.scale.price),
    cost: fine(trade.cost, pair.quote.decimals),
    fee: fine(trade.fee, trade.feeAsset.decimals),
    feeAsset: trade.feeAsset.id,
  };
}
