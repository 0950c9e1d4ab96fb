/** Reads what a client sent to the private socket: a request in the venue's terms, or the text of its refusal. */

import { isObject, isRawNumber, type JsonObject, parseJsonIfAny, type RawNumber } from '../../../../net/exact-json.ts';
import type { Amendment, Answer, NewOrder, OrderName, OrderRecord } from '../../../exchange/exchange-types.ts';
import { keptTerms } from '../../../exchange/orders/order-replacing.ts';
import { REFUSAL } from '../public/public-requests.ts';
import { RequestFields } from '../request-fields.ts';
import { refused, VENUE_REFUSAL } from '../venue-refusals.ts';

export const TRADING_METHODS = [
  'add_order',
  'amend_order',
  'edit_order',
  'cancel_order',
  'cancel_all',
  'cancel_all_orders_after',
  'batch_add',
  'batch_cancel',
] as const;
export type TradingMethod = (typeof TRADING_METHODS)[number];
export const PRIVATE_CHANNELS = ['executions', 'balances'] as const;
export type PrivateChannel = (typeof PRIVATE_CHANNELS)[number];

/** The envelope of any request. `params` is empty when there are none. */
export interface RequestHead {
  readonly method: string | undefined;
  readonly reqId: RawNumber | undefined;
  readonly params: JsonObject;
  /** What is wrong with the envelope itself. */
  readonly fault: string | undefined;
}

export interface SubscribeOptions {
  readonly snapOrders: boolean;
  readonly snapTrades: boolean;
  readonly orderStatus: boolean;
  readonly rateCounter: boolean;
  /** Of `balances`. */
  readonly snapshot: boolean;
}

const ORDER_FIELDS = [
  'order_type',
  'side',
  'order_qty',
  'limit_price',
  'limit_price_type',
  'time_in_force',
  'post_only',
  'reduce_only',
  'margin',
  'triggers',
  'conditional',
  'effective_time',
  'expire_time',
  'cl_ord_id',
  'order_userref',
  'display_qty',
  'fee_preference',
  'stp_type',
  'cash_order_qty',
  'sender_sub_id',
  'no_mpp',
  'stop_price',
  'trigger',
] as const;
/** What this exchange does not offer: asking for it is refused with that reason, instead of doing something else. */
const NOT_OFFERED = ['triggers', 'conditional', 'sender_sub_id', 'stop_price', 'trigger'] as const;
/** Of `batch_cancel`; REST takes a single one too (protocol reference 2.8, 3.4). */
const CANCELS_MIN = 2;
const REQUEST_FIELDS = ['symbol', 'deadline', 'validate', 'token'] as const;

/** Never throws: what cannot be read has a `fault`. */
export function readHead(text: string): RequestHead {
  const message = parseJsonIfAny(text);
  if (!isObject(message)) return { method: undefined, reqId: undefined, params: {}, fault: REFUSAL.malformed };
  const method = typeof message['method'] === 'string' ? message['method'] : undefined;
  const given = message['req_id'];
  const reqId = isRawNumber(given) && Number.isInteger(Number(given.rawJSON)) ? given : undefined;
  const params = isObject(message['params']) ? message['params'] : undefined;
  const idFault = given !== undefined && reqId === undefined ? REFUSAL.fieldType('req_id', 'an integer') : undefined;
  const paramsFault = method !== 'ping' && params === undefined ? REFUSAL.params : undefined;
  return { method, reqId, params: params ?? {}, fault: idFault ?? paramsFault };
}

export function isTradingMethod(method: string): method is TradingMethod {
  return TRADING_METHODS.some((known) => known === method);
}

/** An `add_order`. */
export function readAddOrder(params: JsonObject, receivedAtMs: number): Answer<NewOrder> {
  const fields = new RequestFields(params, [...ORDER_FIELDS, ...REQUEST_FIELDS]);
  return orderOf(fields, { symbol: fields.text('symbol'), ...requestTerms(fields, receivedAtMs) });
}

/** A `batch_add`: orders of one symbol, under one deadline. */
export function readBatchAdd(params: JsonObject, receivedAtMs: number): Answer<readonly NewOrder[]> {
  const fields = new RequestFields(params, ['orders', ...REQUEST_FIELDS]);
  const terms = { symbol: fields.text('symbol'), ...requestTerms(fields, receivedAtMs) };
  const rows = fields.objects('orders');
  if (fields.fault !== undefined || rows === undefined)
    return refused(fields.fault ?? VENUE_REFUSAL.arguments('orders'));
  const orders: NewOrder[] = [];
  for (const row of rows) {
    const order = orderOf(new RequestFields(row, ORDER_FIELDS), terms);
    if (!order.ok) return order;
    orders.push(order.value);
  }
  return { ok: true, value: orders };
}

type RequestTerms = Pick<NewOrder, 'deadlineMs' | 'validate' | 'receivedAtMs'> & {
  readonly symbol: string | undefined;
};

function requestTerms(fields: RequestFields, receivedAtMs: number): Omit<RequestTerms, 'symbol'> {
  return { deadlineMs: fields.time('deadline'), validate: fields.flag('validate'), receivedAtMs };
}

function orderOf(fields: RequestFields, { symbol, ...terms }: RequestTerms): Answer<NewOrder> {
  const priceType = fields.text('limit_price_type');
  fields.flag('no_mpp');
  const order = {
    ...terms,
    symbol: symbol ?? '',
    side: fields.text('side') ?? '',
    orderType: fields.text('order_type') ?? '',
    qty: fields.number('order_qty'),
    cashQty: fields.number('cash_order_qty'),
    limitPrice: fields.number('limit_price'),
    timeInForce: fields.text('time_in_force'),
    postOnly: fields.flag('post_only'),
    reduceOnly: fields.flag('reduce_only'),
    margin: fields.flag('margin'),
    displayQty: fields.number('display_qty'),
    effectiveAtMs: fields.time('effective_time'),
    expireAtMs: fields.time('expire_time'),
    clOrdId: fields.text('cl_ord_id'),
    userref: fields.integer('order_userref'),
    feePreference: fields.text('fee_preference'),
    stp: fields.text('stp_type'),
  };
  if (fields.fault !== undefined) return refused(fields.fault);
  if (symbol === undefined) return refused(VENUE_REFUSAL.arguments('symbol'));
  if (priceType !== undefined && priceType !== 'static') return refused(VENUE_REFUSAL.arguments('limit_price_type'));
  return NOT_OFFERED.some((name) => fields.has(name)) ? refused(VENUE_REFUSAL.feature) : { ok: true, value: order };
}

export function readAmendOrder(params: JsonObject, receivedAtMs: number): Answer<Amendment> {
  const known = ['order_id', 'cl_ord_id', 'order_qty', 'display_qty', 'limit_price', 'limit_price_type'];
  const more = ['post_only', 'trigger_price', 'trigger_price_type', 'deadline', 'symbol', 'token'];
  const fields = new RequestFields(params, [...known, ...more]);
  const orderId = fields.text('order_id');
  const clOrdId = fields.text('cl_ord_id');
  const priceType = fields.text('limit_price_type');
  const amendment = {
    symbol: fields.text('symbol'),
    order: orderId === undefined ? { clOrdId: clOrdId ?? '' } : { orderId },
    qty: fields.number('order_qty'),
    displayQty: fields.number('display_qty'),
    limitPrice: fields.number('limit_price'),
    postOnly: fields.flag('post_only'),
    deadlineMs: fields.time('deadline'),
    receivedAtMs,
  };
  if (fields.fault !== undefined) return refused(fields.fault);
  if ((orderId === undefined) === (clOrdId === undefined)) return refused(VENUE_REFUSAL.arguments('order_id'));
  if (priceType !== undefined && priceType !== 'static') return refused(VENUE_REFUSAL.arguments('limit_price_type'));
  const triggers = fields.has('trigger_price') || fields.has('trigger_price_type');
  return triggers ? refused(VENUE_REFUSAL.feature) : { ok: true, value: amendment };
}

/** An open order, and the request for the one that takes its place. */
export interface OrderEdit {
  readonly orderId: string;
  readonly replacement: (old: OrderRecord) => NewOrder;
}

/** An `edit_order`: what it does not name stays as it was. */
export function readEditOrder(params: JsonObject, receivedAtMs: number): Answer<OrderEdit> {
  const known = ['order_id', 'order_qty', 'limit_price', 'display_qty', 'fee_preference', 'post_only', 'reduce_only'];
  const fields = new RequestFields(params, [...known, 'order_userref', 'triggers', 'no_mpp', ...REQUEST_FIELDS]);
  const orderId = fields.text('order_id');
  const symbol = fields.text('symbol');
  const terms = requestTerms(fields, receivedAtMs);
  const changes = {
    qty: fields.number('order_qty'),
    limitPrice: fields.number('limit_price'),
    displayQty: fields.number('display_qty'),
    feePreference: fields.text('fee_preference'),
    postOnly: fields.flag('post_only'),
    reduceOnly: fields.flag('reduce_only'),
    userref: fields.integer('order_userref'),
  };
  fields.flag('no_mpp');
  if (fields.fault !== undefined) return refused(fields.fault);
  if (orderId === undefined) return refused(VENUE_REFUSAL.arguments('order_id'));
  if (symbol === undefined) return refused(VENUE_REFUSAL.arguments('symbol'));
  if (fields.has('triggers')) return refused(VENUE_REFUSAL.feature);
  const replacement = (old: OrderRecord) => ({ ...keptTerms(old), ...given(changes), ...terms, symbol });
  return { ok: true, value: { orderId, replacement } };
}

/** The fields that were given. */
function given<T extends object>(changes: T): Partial<T> {
  return Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined)) as Partial<T>;
}

/** A `cancel_order`: exactly one of the kinds of ids. */
export function readCancelOrder(params: JsonObject): Answer<readonly OrderName[]> {
  const fields = new RequestFields(params, ['order_id', 'cl_ord_id', 'order_userref', 'token']);
  const names = [
    fields.texts('order_id')?.map((orderId) => ({ orderId })),
    fields.texts('cl_ord_id')?.map((clOrdId) => ({ clOrdId })),
    fields.integers('order_userref')?.map((userref) => ({ userref })),
  ].filter((one) => one !== undefined);
  const [only = [], ...others] = names;
  if (fields.fault !== undefined) return refused(fields.fault);
  return only.length === 0 || others.length > 0
    ? refused(VENUE_REFUSAL.arguments('order_id'))
    : { ok: true, value: only };
}

/** A `batch_cancel`: order ids and userrefs mixed, as texts, or client order ids. */
export function readBatchCancel(params: JsonObject): Answer<readonly OrderName[]> {
  const fields = new RequestFields(params, ['orders', 'cl_ord_id', 'token']);
  const orders = fields
    .texts('orders')
    ?.map((text) => (/^-?\d+$/.test(text) ? { userref: Number(text) } : { orderId: text }));
  const clOrdIds = fields.texts('cl_ord_id')?.map((clOrdId) => ({ clOrdId }));
  if (fields.fault !== undefined) return refused(fields.fault);
  const names = [...(orders ?? []), ...(clOrdIds ?? [])];
  return names.length < CANCELS_MIN ? refused(VENUE_REFUSAL.arguments('orders')) : { ok: true, value: names };
}

export function readTimeout(params: JsonObject): Answer<number> {
  const fields = new RequestFields(params, ['timeout', 'token']);
  const timeout = fields.integer('timeout');
  return timeout === undefined ? refused(VENUE_REFUSAL.timeout) : { ok: true, value: timeout };
}

export function readCancelAll(params: JsonObject): Answer<undefined> {
  const { fault } = new RequestFields(params, ['token']);
  return fault === undefined ? { ok: true, value: undefined } : refused(fault);
}

/** The options of a subscription, with the venue's defaults (protocol reference 2.2). */
export function readSubscribe(channel: PrivateChannel, params: JsonObject): Answer<SubscribeOptions> {
  const own = {
    executions: ['snap_orders', 'snap_trades', 'order_status', 'ratecounter', 'snapshot', 'snapshot_trades'],
    balances: ['snapshot'],
  };
  const fields = new RequestFields(params, ['channel', 'token', 'rebased', 'users', ...own[channel]]);
  const users = fields.text('users');
  if (users !== undefined && users !== 'all') return refused(VENUE_REFUSAL.arguments('users'));
  const snapshot = fields.flag('snapshot') ?? true;
  const snapshots = {
    snapshot,
    snapOrders: fields.flag('snap_orders') ?? snapshot,
    snapTrades: fields.flag('snap_trades') ?? fields.flag('snapshot_trades') ?? false,
  };
  const options = {
    // With the events of all users of a master account comes no snapshot.
    ...(users === undefined ? snapshots : { snapshot: false, snapOrders: false, snapTrades: false }),
    orderStatus: fields.flag('order_status') ?? true,
    rateCounter: fields.flag('ratecounter') ?? false,
  };
  fields.flag('rebased');
  return fields.fault === undefined ? { ok: true, value: options } : refused(fields.fault);
}
