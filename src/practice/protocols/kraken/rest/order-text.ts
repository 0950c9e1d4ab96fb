/** Orders, trades and ledger entries as the REST side writes them (protocol reference 3.3). */
import { divideDown, formatDecimal } from '../../../../money/money.ts';
import type { LedgerRecord, OrderRecord, TradeRecord } from '../../../exchange/exchange-types.ts';
import { amountText, type PairRules, priceText, qtyText } from '../../../exchange/pair-rules.ts';
import { pairNames } from '../legacy-names.ts';
import { assetKey, pairKey, unixSeconds } from './rest-context.ts';

/** REST calls a filled order `closed`. */
const STATUSES = { new: 'open', partially_filled: 'open', filled: 'closed', canceled: 'canceled', expired: 'expired' };

export function orderRow(order: OrderRecord, withTrades: boolean): object {
  return {
    refid: null,
    userref: order.userref ?? 0,
    ...(order.clOrdId === undefined ? {} : { cl_ord_id: order.clOrdId }),
    status: STATUSES[order.status],
    ...(order.reason === '' && order.closedAtMs === undefined
      ? {}
      : { reason: order.reason === '' ? null : order.reason }),
    opentm: unixSeconds(order.openedAtMs),
    ...(order.closedAtMs === undefined ? {} : { closetm: unixSeconds(order.closedAtMs) }),
    starttm: 0,
    expiretm: order.expireAtMs === undefined ? 0 : unixSeconds(order.expireAtMs),
    descr: descriptionRow(order),
    vol: volumeText(order),
    vol_exec: qtyText(order.pair, order.filledQty),
    cost: amountText(order.pair.quote, order.filledCost),
    fee: amountText(order.pair.quote, order.feeInQuote),
    price: averageText(order, order.pair.wire.price + 1),
    stopprice: '0.00000',
    limitprice: '0.00000',
    misc: order.amended ? 'amended' : '',
    oflags: orderFlags(order),
    time_in_force: order.timeInForce.toUpperCase(),
    ...(withTrades ? { trades: order.trades.map(({ id }) => id) } : {}),
  };
}

function descriptionRow(order: OrderRecord): object {
  return {
    pair: pairNames(order.pair.symbol).altname,
    aclass: 'forex',
    type: order.side,
    ordertype: order.type,
    price: order.limitPrice === undefined ? '0' : priceText(order.pair, order.limitPrice),
    price2: '0',
    leverage: 'none',
    order: orderDescription(order),
    close: '',
  };
}

/** `buy 1.25000000 XBTUSD @ limit 37500.0` @param name of the pair: REST's short one when not given. */
export function orderDescription(
  { side, type, qty, cashQty, limitPrice, pair }: OrderRecord,
  name = pairNames(pair.symbol).altname,
): string {
  const volume = cashQty === undefined ? qtyText(pair, qty) : amountText(pair.quote, cashQty);
  const price = limitPrice === undefined ? '' : ` ${priceText(pair, limitPrice)}`;
  return `${side} ${volume} ${name} @ ${type}${price}`;
}

/** Of an order for an amount of quote: that amount, until it is known how much base it comes to. */
export function volumeText({ cashQty, qty, pair }: OrderRecord): string {
  return cashQty === undefined || qty > 0n ? qtyText(pair, qty) : amountText(pair.quote, cashQty);
}

/** `fciq,viqc` and the like. */
export function orderFlags({ postOnly, feePreference, cashQty }: OrderRecord): string {
  const set = [postOnly ? 'post' : '', feePreference === 'base' ? 'fcib' : 'fciq', cashQty === undefined ? '' : 'viqc'];
  return set.filter((flag) => flag !== '').join(',');
}

/** Average price of the fills with `decimals` places, rounded half up; 0 without fills. */
export function averageText({ filledExact, filledQty, pair }: OrderRecord, decimals: number): string {
  if (filledQty === 0n) return formatDecimal(0n, decimals);
  const scaled = filledExact * 10n ** BigInt(decimals);
  const divisor = filledQty * 10n ** BigInt(pair.scale.price);
  return formatDecimal(divideDown(2n * scaled + divisor, 2n * divisor), decimals);
}

/** @param withLedgers only where they were asked for: the venue finds them slowly. */
export function tradeRow(trade: TradeRecord, modern: boolean, withLedgers: boolean): object {
  const { order } = trade;
  return {
    ordertxid: order.id,
    postxid: order.id,
    pair: pairKey(order.pair.symbol, modern),
    aclass: 'forex',
    time: unixSeconds(trade.atMs),
    type: order.side,
    ordertype: order.type,
    price: priceText(order.pair, trade.price),
    cost: amountText(order.pair.quote, trade.cost),
    fee: amountText(order.pair.quote, trade.feeInQuote),
    vol: qtyText(order.pair, trade.qty),
    margin: amountText(order.pair.quote, 0n),
    leverage: '0',
    misc: '',
    trade_id: trade.tradeId,
    maker: trade.liquidity === 'maker',
    ...(withLedgers ? { ledgers: trade.ledgerIds } : {}),
  };
}

export function ledgerRow(entry: LedgerRecord, modern: boolean): object {
  return {
    aclass: entry.asset.assetClass,
    amount: amountText(entry.asset, entry.amount),
    asset: assetKey(entry.asset.id, modern),
    balance: amountText(entry.asset, entry.balance),
    fee: amountText(entry.asset, entry.fee),
    refid: entry.refId,
    time: unixSeconds(entry.atMs),
    type: entry.type,
    subtype: '',
  };
}

/** The pair's text for a volume or price that an answer echoes. */
export function echoText(pair: PairRules, order: OrderRecord): { readonly volume: string; readonly price: string } {
  return {
    volume: qtyText(pair, order.qty),
    price: order.limitPrice === undefined ? '0' : priceText(pair, order.limitPrice),
  };
}
