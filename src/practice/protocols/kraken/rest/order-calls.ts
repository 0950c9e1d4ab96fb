/** Placing, changing and cancelling orders over REST: the venue's parameters in the trading desk's terms (reference 3.4). */
import type {
  AddedOrder,
  Amendment,
  Answer,
  NewOrder,
  OrderName,
  OrderRecord,
} from '../../../exchange/exchange-types.ts';
import { keptTerms, replaceOrder } from '../../../exchange/orders/order-replacing.ts';
import { pairNames } from '../legacy-names.ts';
import { refused } from '../venue-refusals.ts';
import { secondsText } from '../wire-text.ts';
import { echoText, orderDescription } from './order-text.ts';
import { assetClassAsked, BAD_ARGUMENTS, done, type OrderContext, pairOf, UNKNOWN_PAIR } from './rest-context.ts';
import { isList, paramFlag, paramList, paramObject, paramObjects, paramText, type RestParams } from './rest-params.ts';

const BATCH_MIN = 2;
const BATCH_MAX = 15;
const CANCELS_MAX = 50;
/** What is not offered: asking for it is refused with that reason, instead of doing something else. */
const NOT_OFFERED = ['sender_sub_id', 'trigger'];
/** `viqc`: the volume is an amount of quote. `nompp` does nothing any more. */
const ORDER_FLAGS = ['post', 'fcib', 'fciq', 'viqc', 'nompp'];

export function addOrder(context: OrderContext, params: RestParams): Answer<unknown> {
  const order = newOrder(context, params);
  if (!order.ok) return order;
  const added = context.desk.add(context.account, order.value);
  return added.ok ? done(addedRow(added.value, (id) => [id])) : added;
}

/** All of one pair; a row that the engine refuses says so in its place. */
export function addOrderBatch(context: OrderContext, params: RestParams): Answer<unknown> {
  const rows = paramObjects(params, 'orders');
  if (rows === undefined || rows.length < BATCH_MIN || rows.length > BATCH_MAX) {
    return refused(`${BAD_ARGUMENTS}:orders`);
  }
  const { pair, deadline, validate, asset_class } = params;
  const shared = { pair, deadline, validate, asset_class };
  const orders: NewOrder[] = [];
  for (const row of rows) {
    const order = newOrder(context, { ...row, ...shared });
    if (!order.ok) return order;
    orders.push(order.value);
  }
  const added = context.desk.addBatch(context.account, orders);
  if (!added.ok) return added;
  return done({ orders: added.value.map((one) => (one.ok ? addedRow(one.value, (id) => id) : { error: one.error })) });
}

function addedRow({ order, description }: AddedOrder, ids: (id: string) => string | readonly string[]): object {
  if (order === undefined) return { descr: { order: restDescription(description) } };
  return { descr: { order: orderDescription(order) }, txid: ids(order.id) };
}

/** The desk describes by the socket's name, REST by the short one. */
function restDescription(description: string): string {
  return description.replace(/\S+\/\S+/, (symbol) => pairNames(symbol).altname);
}

function newOrder(context: OrderContext, params: RestParams): Answer<NewOrder> {
  const asked = pairOf(context, paramText(params, 'pair'), assetClassAsked(params, 'asset_class'));
  if (asked === undefined) return refused(UNKNOWN_PAIR);
  const flags = paramList(params, 'oflags') ?? [];
  if (!flags.every((flag) => ORDER_FLAGS.includes(flag)) || (flags.includes('fcib') && flags.includes('fciq'))) {
    return refused(`${BAD_ARGUMENTS}:oflags`);
  }
  const quoted = flags.includes('viqc');
  const volume = paramText(params, 'volume');
  const { receivedAtMs } = context;
  const times = timesOf(params, receivedAtMs);
  if (!times.ok) return times;
  const fault = unsupported(params);
  if (fault !== undefined) return refused(fault);
  const userref = paramText(params, 'userref');
  return done({
    symbol: asked.pair.symbol,
    side: paramText(params, 'type') ?? '',
    orderType: paramText(params, 'ordertype') ?? '',
    qty: quoted ? undefined : volume,
    cashQty: quoted ? volume : undefined,
    limitPrice: paramText(params, 'price'),
    timeInForce: paramText(params, 'timeinforce')?.toLowerCase(),
    postOnly: flags.includes('post'),
    feePreference: flags.includes('fcib') ? 'base' : flags.includes('fciq') ? 'quote' : undefined,
    displayQty: paramText(params, 'displayvol'),
    stp: (paramText(params, 'stptype') ?? paramText(params, 'stp_type'))?.replaceAll('-', '_'),
    margin: isMargin(paramText(params, 'leverage')),
    reduceOnly: paramFlag(params, 'reduce_only'),
    clOrdId: paramText(params, 'cl_ord_id'),
    userref: userref === undefined ? undefined : Number(userref),
    validate: paramFlag(params, 'validate'),
    receivedAtMs,
    ...times.value,
  });
}

function isMargin(leverage: string | undefined): boolean {
  return leverage !== undefined && !['none', '0', '1', '1:1'].includes(leverage.toLowerCase());
}

/** A secondary order needs triggers, and those need trades: a book recording has none. Nor are there sub-accounts. */
function unsupported(params: RestParams): string | undefined {
  const close = paramText(paramObject(params, 'close') ?? {}, 'ordertype') ?? paramText(params, 'close[ordertype]');
  const other = NOT_OFFERED.map((name) => paramText(params, name)).find((value) => value !== undefined);
  return close === undefined && other === undefined ? undefined : 'EAPI:Feature disabled';
}

interface OrderTimes {
  readonly deadlineMs: number | undefined;
  readonly expireAtMs: number | undefined;
  readonly effectiveAtMs: number | undefined;
}

function timesOf(params: RestParams, nowMs: number): Answer<OrderTimes> {
  const deadline = paramText(params, 'deadline');
  const deadlineMs = deadline === undefined ? undefined : Date.parse(deadline);
  const expireAtMs = momentOf(paramText(params, 'expiretm'), nowMs);
  const effectiveAtMs = momentOf(paramText(params, 'starttm'), nowMs);
  if (Number.isNaN(deadlineMs)) return refused(`${BAD_ARGUMENTS}:deadline`);
  if (Number.isNaN(expireAtMs)) return refused(`${BAD_ARGUMENTS}:expiretm`);
  if (Number.isNaN(effectiveAtMs)) return refused(`${BAD_ARGUMENTS}:starttm`);
  return done({ deadlineMs, expireAtMs, effectiveAtMs });
}

/** `0` (none), Unix seconds, or `+<seconds from now>`; NaN when it is nothing of that. */
function momentOf(text: string | undefined, nowMs: number): number | undefined {
  if (text === undefined || text === '0') return undefined;
  const match = /^(\+?)(\d{1,12}(?:\.\d+)?)$/.exec(text);
  return match === null ? Number.NaN : Number(match[2]) * 1_000 + (match[1] === '+' ? nowMs : 0);
}

export function amendOrder(context: OrderContext, params: RestParams): Answer<unknown> {
  const order = nameOf(params);
  if (order === undefined) return refused(`${BAD_ARGUMENTS}:txid`);
  const amendment = amendmentOf(context, order, params);
  if (!amendment.ok) return amendment;
  const amended = context.desk.amend(context.account, amendment.value);
  return amended.ok ? done({ amend_id: amended.value.amendId }) : amended;
}

function amendmentOf(context: OrderContext, order: OrderName, params: RestParams): Answer<Amendment> {
  const { receivedAtMs: nowMs } = context;
  const times = timesOf({ deadline: params['deadline'] }, nowMs);
  if (!times.ok) return times;
  if (paramText(params, 'trigger_price') !== undefined) return refused('EAPI:Feature disabled');
  const pair = paramText(params, 'pair');
  const symbol = pair === undefined ? undefined : context.names.symbolOf(pair);
  if (pair !== undefined && symbol === undefined) return refused(UNKNOWN_PAIR);
  return done({
    order,
    symbol,
    qty: paramText(params, 'order_qty'),
    displayQty: paramText(params, 'display_qty'),
    limitPrice: paramText(params, 'limit_price'),
    postOnly: paramFlag(params, 'post_only'),
    deadlineMs: times.value.deadlineMs,
    receivedAtMs: nowMs,
  });
}

/** What is not given stays as it was. */
export function editOrder(context: OrderContext, params: RestParams): Answer<unknown> {
  const name = paramText(params, 'txid');
  const edited = replaceOrder(context.desk, context.account, name, (old) => replacement(context, params, old));
  if (!edited.ok) return edited;
  return done({ status: 'ok', originaltxid: edited.value.old.id, ...editedRow(edited.value.added) });
}

function replacement(context: OrderContext, params: RestParams, old: OrderRecord): Answer<NewOrder> {
  const kept = keptTerms(old);
  const order = newOrder(context, { ...asParams(kept), ...params, cl_ord_id: undefined });
  if (!order.ok) return order;
  const { orderType, displayQty, timeInForce, expireAtMs } = order.value;
  return done({
    ...order.value,
    displayQty: displayQty ?? (orderType === 'iceberg' ? kept.displayQty : undefined),
    expireAtMs: expireAtMs ?? (timeInForce === 'gtd' ? kept.expireAtMs : undefined),
  });
}

/** Without a new order nothing was cancelled either: the edit was only looked at. */
function editedRow({ order, description }: AddedOrder): object {
  if (order === undefined) return { orders_cancelled: 0, descr: { order: restDescription(description) } };
  return {
    txid: order.id,
    ...echoText(order.pair, order),
    orders_cancelled: 1,
    descr: { order: orderDescription(order) },
  };
}

/** What no change affects. `stp_type` gives way to either of the names a client may use. */
function asParams(order: NewOrder): RestParams {
  return {
    pair: order.symbol,
    type: order.side,
    ordertype: order.orderType,
    timeinforce: order.timeInForce,
    oflags: [order.postOnly === true ? 'post' : '', order.feePreference === 'base' ? 'fcib' : 'fciq'].join(','),
    stp_type: order.stp,
    userref: order.userref === undefined ? undefined : String(order.userref),
    volume: order.qty,
    price: order.limitPrice,
  };
}

export function cancelOrder({ desk, account }: OrderContext, params: RestParams): Answer<unknown> {
  const name = nameOf(params);
  if (name === undefined) return refused(`${BAD_ARGUMENTS}:txid`);
  const cancelled = desk.cancel(account, name);
  return cancelled.ok ? done({ count: cancelled.value.length }) : cancelled;
}

export function cancelOrderBatch({ desk, account }: OrderContext, params: RestParams): Answer<unknown> {
  const orders = params['orders'];
  const clOrdIds = params['cl_ord_ids'];
  const names = [
    ...(isList(orders) ? orders.map((one) => orderName(nameText(one, ['txid', 'order_id']) ?? '')) : []),
    ...(isList(clOrdIds) ? clOrdIds.map((one) => ({ clOrdId: nameText(one, ['cl_ord_id']) ?? '' })) : []),
  ];
  if (names.length === 0 || names.length > CANCELS_MAX) return refused(`${BAD_ARGUMENTS}:orders`);
  return desk.cancelBatch(account, names);
}

/** Elements are texts, or objects that hold one. */
function nameText(value: RestParams[string], keys: readonly string[]): string | undefined {
  const held = paramObject({ value }, 'value');
  if (held === undefined) return paramText({ value }, 'value');
  return keys.map((key) => paramText(held, key)).find((text) => text !== undefined);
}

export function cancelAll({ desk, account }: OrderContext): Answer<unknown> {
  return desk.cancelAll(account);
}

export function cancelAllOrdersAfter({ desk, account }: OrderContext, params: RestParams): Answer<unknown> {
  const timeout = paramText(params, 'timeout');
  const switched = desk.cancelAllAfter(account, timeout === undefined ? Number.NaN : Number(timeout));
  if (!switched.ok) return switched;
  const { nowMs, triggerAtMs } = switched.value;
  return done({
    currentTime: secondsText(nowMs),
    triggerTime: triggerAtMs === undefined ? '0' : secondsText(triggerAtMs),
  });
}

/** `txid` may be an order's id or a userref; undefined when there is none, or one of the client's beside it. */
function nameOf(params: RestParams): OrderName | undefined {
  const clOrdId = paramText(params, 'cl_ord_id');
  const txid = paramText(params, 'txid');
  if (txid !== undefined) return clOrdId === undefined ? orderName(txid) : undefined;
  return clOrdId === undefined ? undefined : { clOrdId };
}

function orderName(text: string): OrderName {
  return /^-?\d+$/.test(text) ? { userref: Number(text) } : { orderId: text };
}
