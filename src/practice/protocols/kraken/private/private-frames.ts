/**
 * The data messages of the private socket, fields and their order as recorded from the venue (protocol reference 2.2 and
 * 2.4). Frames are sparse: the first of an order has everything, later ones what the step needs. Numbers are padded to
 * the precision of what they count and never have an exponent.
 */

import { divideDown, formatDecimal } from '../../../../money/money.ts';
import { type RawNumber, rawNumber } from '../../../../net/exact-json.ts';
import type {
  BalanceRecord,
  ExecutionEvent,
  LedgerRecord,
  OrderRecord,
  TradeRecord,
} from '../../../exchange/exchange-types.ts';
import { type AssetRules, amountText, type PairRules, priceText, qtyText } from '../../../exchange/pair-rules.ts';
import { timeText } from '../wire-text.ts';

/** Decimals of `fee_usd_equiv`. */
const USD_DECIMALS = 4;

/** An amount in US dollars, in units of 10^-`decimals`. */
export type UsdValue = (asset: AssetRules, units: bigint, decimals: number) => bigint;

type Fields = Readonly<Record<string, unknown>>;

/** @param rateCount the trading counter, when the subscriber asked for it. */
export function executionFields(event: ExecutionEvent, usd: UsdValue, rateCount: number | undefined): Fields {
  const { order, trade } = event;
  const counter = rateCount === undefined ? {} : { ratecount: rawNumber(rateCount.toFixed(2)) };
  const timestamp = timeText(event.atMs);
  switch (event.kind) {
    case 'pending_new':
      return { ...orderFields(order, 'pending_new', 'pending_new', usd), timestamp, ...counter };
    case 'new':
      return { timestamp, order_status: 'new', exec_type: 'new', ...nameFields(order), ...counter };
    case 'trade':
      return trade === undefined
        ? {}
        : { ...tradeFields(trade), ...cashFields(order), ...totals(order, usd), ...feeFields(trade), ...counter };
    case 'amended':
      return { timestamp, ...amendedFields(order), ...nameFields(order), ...counter };
    default:
      return { timestamp, ...endFields(event.kind, order, usd), ...nameFields(order), ...counter };
  }
}

/** An open order, or an order as it was placed. */
export function orderFields(order: OrderRecord, execType: string, status: string, usd: UsdValue): Fields {
  const { pair, limitPrice, displayQty, cashQty, expireAtMs } = order;
  return {
    order_id: order.id,
    ...referenceFields(order),
    symbol: pair.symbol,
    ...(cashQty === undefined ? { order_qty: qty(pair, order.qty) } : cashFields(order)),
    ...(displayQty === undefined ? {} : { display_qty: qty(pair, displayQty) }),
    cum_cost: amount(pair.quote, order.filledCost),
    time_in_force: order.timeInForce.toUpperCase(),
    exec_type: execType,
    side: order.side,
    order_type: order.type,
    ...(limitPrice === undefined ? {} : { limit_price_type: 'static', limit_price: price(pair, limitPrice) }),
    stop_price: price(pair, 0n),
    order_status: status,
    fee_usd_equiv: feeUsd(order, usd),
    fee_ccy_pref: order.feePreference === 'base' ? 'fcib' : 'fciq',
    ...(order.postOnly ? { post_only: true } : {}),
    ...(expireAtMs === undefined ? {} : { expire_time: timeText(expireAtMs) }),
  };
}

/** An open order in the snapshot: as placed, with its fills so far. */
export function openOrderFields(order: OrderRecord, usd: UsdValue): Fields {
  const { pair } = order;
  const fills = { cum_qty: qty(pair, order.filledQty), avg_price: price(pair, averagePrice(order)) };
  const amended = order.amended ? { amended: true } : {};
  const status = order.status === 'partially_filled' ? 'partially_filled' : 'new';
  return { ...orderFields(order, 'new', status, usd), ...fills, ...amended, timestamp: timeText(order.openedAtMs) };
}

/** A fill in the snapshot: no running totals. */
export function pastTradeFields(trade: TradeRecord, usd: UsdValue): Fields {
  const feeUsd = usdText(usd(trade.feeAsset, trade.fee, USD_DECIMALS));
  return { ...tradeFields(trade), order_status: trade.order.status, fee_usd_equiv: feeUsd, ...feeFields(trade) };
}

function tradeFields(trade: TradeRecord): Fields {
  const { order } = trade;
  const { pair } = order;
  return {
    order_id: order.id,
    ...referenceFields(order),
    exec_id: trade.id,
    exec_type: 'trade',
    trade_id: trade.tradeId,
    symbol: pair.symbol,
    side: order.side,
    last_qty: qty(pair, trade.qty),
    last_price: price(pair, trade.price),
    liquidity_ind: trade.liquidity === 'maker' ? 'm' : 't',
    cost: amount(pair.quote, trade.cost),
    order_type: order.type,
    timestamp: timeText(trade.atMs),
    order_status: 'partially_filled',
  };
}

/** An order for an amount of quote: that, and how much base it comes to as soon as that is known. */
function cashFields({ cashQty, pair, qty: base }: OrderRecord): Fields {
  if (cashQty === undefined) return {};
  return { cash_order_qty: amount(pair.quote, cashQty), ...(base > 0n ? { order_qty: qty(pair, base) } : {}) };
}

function feeFields({ feeAsset, fee }: TradeRecord): Fields {
  return { fees: [{ asset: feeAsset.id, qty: amount(feeAsset, fee) }] };
}

function endFields(kind: string, order: OrderRecord, usd: UsdValue): Fields {
  const reason = order.reason === '' ? {} : { cancel_reason: order.reason, reason: order.reason };
  const { cum_qty, cum_cost, avg_price, fee_usd_equiv } = totals(order, usd);
  const amounts = { ...cashFields(order), cum_qty, cum_cost, fee_usd_equiv, avg_price };
  return { order_status: kind, exec_type: kind, ...amounts, ...reason };
}

function amendedFields(order: OrderRecord): Fields {
  const { pair, limitPrice, displayQty } = order;
  return {
    exec_type: 'amended',
    order_status: order.filledQty > 0n ? 'partially_filled' : 'new',
    cum_qty: qty(pair, order.filledQty),
    reason: 'User requested',
    amended: true,
    order_qty: qty(pair, order.qty),
    ...(displayQty === undefined ? {} : { display_qty: qty(pair, displayQty) }),
    ...(limitPrice === undefined ? {} : { limit_price: price(pair, limitPrice), limit_price_type: 'static' }),
  };
}

function totals(order: OrderRecord, usd: UsdValue) {
  const { pair } = order;
  return {
    cum_qty: qty(pair, order.filledQty),
    cum_cost: amount(pair.quote, order.filledCost),
    avg_price: price(pair, averagePrice(order)),
    fee_usd_equiv: feeUsd(order, usd),
  };
}

/** What an order is known by beside its id: the client's own id, and a number, which is 0 when it was never set. */
function referenceFields({ clOrdId, userref }: OrderRecord): Fields {
  const own = clOrdId === undefined ? {} : { cl_ord_id: clOrdId };
  return { ...own, order_userref: userref ?? 0 };
}

/** In a sparse frame: only what it was given. */
function nameFields({ id, clOrdId, userref }: OrderRecord): Fields {
  const given = clOrdId === undefined ? { order_userref: userref ?? 0 } : { cl_ord_id: clOrdId };
  return { ...given, order_id: id };
}

/** Rounded down to the price's finest decimal; 0 without fills. */
function averagePrice({ filledExact, filledQty }: OrderRecord): bigint {
  return filledQty === 0n ? 0n : divideDown(filledExact, filledQty);
}

function feeUsd({ feePreference, pair, fee }: OrderRecord, usd: UsdValue): RawNumber {
  return usdText(usd(feePreference === 'base' ? pair.base : pair.quote, fee, USD_DECIMALS));
}

function usdText(units: bigint): RawNumber {
  return rawNumber(formatDecimal(units, USD_DECIMALS));
}

/** One asset of the `balances` snapshot. */
export function balanceFields({ asset, total }: BalanceRecord): Fields {
  const balance = amount(asset, total);
  return { asset: asset.id, asset_class: 'currency', balance, wallets: [{ type: 'spot', id: 'main', balance }] };
}

/** One change of one balance. */
export function ledgerFields({ id, refId, atMs, type, asset, amount: change, fee, balance }: LedgerRecord): Fields {
  const where = { asset_class: 'currency', category: type, wallet_type: 'spot', wallet_id: 'main' };
  const numbers = { amount: amount(asset, change), fee: amount(asset, fee), balance: amount(asset, balance) };
  return { ledger_id: id, ref_id: refId, timestamp: timeText(atMs), type, asset: asset.id, ...where, ...numbers };
}

export function dataFrame(
  channel: string,
  type: 'snapshot' | 'update',
  data: readonly object[],
  sequence: number,
): string {
  return JSON.stringify({ channel, type, data, sequence });
}

function price(pair: PairRules, value: bigint): RawNumber {
  return rawNumber(priceText(pair, value));
}

function qty(pair: PairRules, value: bigint): RawNumber {
  return rawNumber(qtyText(pair, value));
}

function amount(asset: AssetRules, units: bigint): RawNumber {
  return rawNumber(amountText(asset, units));
}
