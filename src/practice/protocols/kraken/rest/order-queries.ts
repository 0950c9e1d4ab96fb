/** Orders and trades of an account, open and past (protocol reference 3.3). */
import type { Answer, OrderRecord, TradeRecord } from '../../../exchange/exchange-types.ts';
import { refused } from '../venue-refusals.ts';
import { countOf, isWithin, type Period, pageOf, periodOf } from './history-page.ts';
import { orderRow, tradeRow } from './order-text.ts';
import { askedIds, BAD_ARGUMENTS, type CallContext, done, wantsModernNames } from './rest-context.ts';
import { paramFlag, paramList, paramText, type RestParams } from './rest-params.ts';

/** What `TradesHistory` can be asked for. */
const TRADE_TYPES = ['all', 'any position', 'closed position', 'closing position', 'no position'];
const UNKNOWN_ORDER = 'EOrder:Unknown order';

export function openOrders({ desk, account }: CallContext, params: RestParams): Answer<unknown> {
  const found = desk.openOrders(account).filter(named(params));
  return done({ open: orderRows(found.toReversed(), params) });
}

/** `closetime` says which of its times must lie in the period: `open`, `close` or `both`. */
export function closedOrders({ desk, account }: CallContext, params: RestParams): Answer<unknown> {
  const all = desk.closedOrders(account);
  const period = periodOf(params, (id) => desk.order(account, id)?.openedAtMs);
  if (!period.ok) return period;
  const which = paramText(params, 'closetime') ?? 'both';
  if (!['open', 'close', 'both'].includes(which)) return refused(`${BAD_ARGUMENTS}:closetime`);
  const found = all.filter(named(params)).filter((order) => isInPeriod(order, which, period.value));
  const byEnd = found.toSorted((a, b) => (a.closedAtMs ?? 0) - (b.closedAtMs ?? 0));
  const page = pageOf(byEnd, params);
  if (!page.ok) return page;
  return done({ closed: orderRows(page.value, params), ...countOf(found, params) });
}

function isInPeriod({ openedAtMs, closedAtMs = openedAtMs }: OrderRecord, which: string, period: Period): boolean {
  const opened = isWithin(openedAtMs, period);
  const closed = isWithin(closedAtMs, period);
  return which === 'open' ? opened : which === 'close' ? closed : opened || closed;
}

export function queryOrders({ desk, account }: CallContext, params: RestParams): Answer<unknown> {
  const ids = askedIds(params, 'txid');
  if (!ids.ok) return ids;
  const found = ids.value.map((id) => desk.order(account, id)).filter((order) => order !== undefined);
  if (found.length < ids.value.length) return refused(UNKNOWN_ORDER);
  return done(orderRows(found.filter(named(params)), params));
}

export function tradesHistory(context: CallContext, params: RestParams): Answer<unknown> {
  const all = context.desk.trades(context.account);
  const period = periodOf(params, (id) => all.find((trade) => trade.id === id)?.atMs);
  if (!period.ok) return period;
  // Without margin there are no positions, so any other `type` than all trades finds none.
  const type = (paramText(params, 'type') ?? 'all').toLowerCase();
  if (!TRADE_TYPES.includes(type)) return refused(`${BAD_ARGUMENTS}:type`);
  const wanted = paramList(params, 'pair')?.map((name) => context.names.symbolOf(name));
  const found = all.filter(
    (trade) =>
      (type === 'all' || type === 'no position') &&
      isWithin(trade.atMs, period.value) &&
      (wanted === undefined || wanted.includes(trade.order.pair.symbol)),
  );
  const page = pageOf(found, params);
  if (!page.ok) return page;
  return done({ trades: tradeRows(page.value, params), ...countOf(found, params) });
}

export function queryTrades({ desk, account }: CallContext, params: RestParams): Answer<unknown> {
  const ids = askedIds(params, 'txid');
  if (!ids.ok) return ids;
  const found = desk.trades(account).filter(({ id }) => ids.value.includes(id));
  return done(tradeRows(found, params));
}

/** There is no margin here, so there never are any. */
export function openPositions(): Answer<unknown> {
  return done({});
}

function named(params: RestParams): (order: OrderRecord) => boolean {
  const clOrdId = paramText(params, 'cl_ord_id');
  const userref = paramText(params, 'userref');
  return (order) =>
    (clOrdId === undefined || order.clOrdId === clOrdId) &&
    (userref === undefined || String(order.userref ?? 0) === userref);
}

function orderRows(orders: readonly OrderRecord[], params: RestParams): object {
  const withTrades = paramFlag(params, 'trades');
  return Object.fromEntries(orders.map((order) => [order.id, orderRow(order, withTrades)]));
}

function tradeRows(trades: readonly TradeRecord[], params: RestParams): object {
  const modern = wantsModernNames(params);
  const withLedgers = paramFlag(params, 'ledgers');
  return Object.fromEntries(trades.map((trade) => [trade.id, tradeRow(trade, modern, withLedgers)]));
}
