/** Carries out the trading requests of the private socket and says what is to be replied. */

import type { JsonObject } from '../../../../net/exact-json.ts';
import type { AddedOrder, Answer, NewOrder, OrderName, TradingDesk } from '../../../exchange/exchange-types.ts';
import { replaceOrder } from '../../../exchange/orders/order-replacing.ts';
import { secondsText } from '../wire-text.ts';
import {
  readAddOrder,
  readAmendOrder,
  readBatchAdd,
  readBatchCancel,
  readCancelAll,
  readCancelOrder,
  readEditOrder,
  readTimeout,
  type TradingMethod,
} from './private-request-reader.ts';

export type TradingReply =
  | {
      readonly ok: true;
      readonly result: unknown;
      /** Of an order that was taken or changed; of several, the first. */
      readonly orderId?: string | undefined;
      /** Fields beside `result`. */
      readonly more?: object;
    }
  | { readonly ok: false; readonly error: string };

/** One reply, but for `cancel_order`: that has one for each order it names. */
export function answerTrading(
  desk: TradingDesk,
  account: string,
  { method, params, receivedAtMs }: { method: TradingMethod; params: JsonObject; receivedAtMs: number },
): readonly TradingReply[] {
  switch (method) {
    case 'add_order':
      return [addOne(desk, account, readAddOrder(params, receivedAtMs))];
    case 'batch_add':
      return [addBatch(desk, account, readBatchAdd(params, receivedAtMs))];
    case 'amend_order':
      return [amend(desk, account, params, receivedAtMs)];
    case 'edit_order':
      return [edit(desk, account, params, receivedAtMs)];
    case 'cancel_order':
      return cancelEach(desk, account, readCancelOrder(params));
    case 'batch_cancel':
      return [cancelBatch(desk, account, params)];
    case 'cancel_all':
      return [
        reply(
          then(readCancelAll(params), () => desk.cancelAll(account)),
          (result) => ({ result }),
        ),
      ];
    case 'cancel_all_orders_after':
      return [armSwitch(desk, account, params)];
    default:
      return method satisfies never;
  }
}

interface Taken {
  readonly result: unknown;
  readonly orderId?: string | undefined;
  readonly more?: object;
}

function addOne(desk: TradingDesk, account: string, order: Answer<NewOrder>): TradingReply {
  return order.ok ? reply(desk.add(account, order.value), (added) => taken(added, order.value)) : order;
}

/** What the engine refuses of a batch shows in its row. */
function addBatch(desk: TradingDesk, account: string, orders: Answer<readonly NewOrder[]>): TradingReply {
  if (!orders.ok) return orders;
  const rowOf = (row: Answer<AddedOrder>, index: number) =>
    row.ok ? taken(row.value, orders.value[index]).result : { error: row.error };
  return reply(desk.addBatch(account, orders.value), (rows) => ({
    result: rows.map(rowOf),
    orderId: rows.map((row) => (row.ok ? row.value.order?.id : undefined)).find((id) => id !== undefined),
  }));
}

function taken({ order }: AddedOrder, asked: NewOrder | undefined): Taken {
  const reference = { ...named('cl_ord_id', asked?.clOrdId), ...named('order_userref', asked?.userref) };
  return { result: { order_id: order?.id ?? '', ...reference }, orderId: order?.id };
}

function amend(desk: TradingDesk, account: string, params: JsonObject, receivedAtMs: number): TradingReply {
  const read = readAmendOrder(params, receivedAtMs);
  if (!read.ok) return read;
  const answer = desk.amend(account, read.value);
  if (!answer.ok) return answer;
  const { amendId, order } = answer.value;
  return { ok: true, result: { amend_id: amendId, ...echo(read.value.order) }, orderId: order.id };
}

/** Of an edit that was only checked there is no new id, as there is none of such an order. */
function edit(desk: TradingDesk, account: string, params: JsonObject, receivedAtMs: number): TradingReply {
  const replaced = then(readEditOrder(params, receivedAtMs), ({ orderId, replacement }) =>
    replaceOrder(desk, account, orderId, (old) => ({ ok: true, value: replacement(old) })),
  );
  return reply(replaced, ({ old, added: { order } }) => ({
    result: { order_id: order?.id ?? '', original_order_id: old.id },
    orderId: order?.id,
  }));
}

function cancelEach(desk: TradingDesk, account: string, names: Answer<readonly OrderName[]>): readonly TradingReply[] {
  if (!names.ok) return [names];
  return names.value.map((name) =>
    reply(desk.cancel(account, name), (ended) => ({ result: echo(name), orderId: ended[0]?.id })),
  );
}

/** The documentation has the count in `result`, clients have seen it beside (protocol reference 2.8): both are there. */
function cancelBatch(desk: TradingDesk, account: string, params: JsonObject): TradingReply {
  const answer = then(readBatchCancel(params), (names) => desk.cancelBatch(account, names));
  return reply(answer, (result) => ({ result, more: { orders_cancelled: result.count } }));
}

function armSwitch(desk: TradingDesk, account: string, params: JsonObject): TradingReply {
  const answer = then(readTimeout(params), (timeoutS) => desk.cancelAllAfter(account, timeoutS));
  return reply(answer, ({ nowMs, triggerAtMs }) => ({
    result: {
      currentTime: secondsText(nowMs),
      triggerTime: triggerAtMs === undefined ? '0' : secondsText(triggerAtMs),
    },
  }));
}

function echo(name: OrderName): object {
  if ('orderId' in name) return { order_id: name.orderId };
  return 'clOrdId' in name ? { cl_ord_id: name.clOrdId } : { order_userref: name.userref };
}

function named(field: string, value: string | number | undefined): object {
  return value === undefined ? {} : { [field]: value };
}

function reply<T>(answer: Answer<T>, write: (value: T) => Taken): TradingReply {
  return answer.ok ? { ok: true, ...write(answer.value) } : answer;
}

function then<A, B>(answer: Answer<A>, next: (value: A) => Answer<B>): Answer<B> {
  return answer.ok ? next(answer.value) : answer;
}
