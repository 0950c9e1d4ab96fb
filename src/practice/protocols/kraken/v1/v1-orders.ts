/** Orders by the first version of the private socket: REST's parameters under a few names of its own. */

import { isObject } from '../../../../net/exact-json.ts';
import type { Answer } from '../../../exchange/exchange-types.ts';
import { addOrder, cancelAll, cancelAllOrdersAfter, cancelOrder, editOrder } from '../rest/order-calls.ts';
import type { OrderContext } from '../rest/rest-context.ts';
import { paramList, type RestParams } from '../rest/rest-params.ts';

const V1_TRADING = ['addOrder', 'editOrder', 'cancelOrder', 'cancelAll', 'cancelAllOrdersAfter'] as const;

export function isV1Trading(event: string): boolean {
  return V1_TRADING.some((known) => known === event);
}

export type V1Answer =
  | { readonly ok: true; readonly fields: object; readonly orderId?: string | undefined }
  | { readonly ok: false; readonly error: string };

/** Carries out a request. One answer, but for `cancelOrder`: that has one for each order it names. */
export function v1Trade(event: string, context: OrderContext, params: RestParams): readonly V1Answer[] {
  switch (event) {
    case 'addOrder':
      return [placed(addOrder(context, params))];
    case 'editOrder':
      return [placed(editOrder(context, editParams(params)))];
    case 'cancelOrder':
      return cancelEach(context, params);
    case 'cancelAll':
      return [fieldsOf(cancelAll(context))];
    default:
      return [fieldsOf(cancelAllOrdersAfter(context, params))];
  }
}

/** What is not named stays as it was. */
function editParams(params: RestParams): RestParams {
  const { orderid, newuserref, userref: _own, ...others } = params;
  return { ...others, txid: orderid, ...(newuserref === undefined ? {} : { userref: newuserref }) };
}

/** REST has the description in an object and the id in a list; here both stand alone. */
function placed(answer: Answer<unknown>): V1Answer {
  if (!answer.ok) return answer;
  const { value } = answer;
  const descr = member(member(value, 'descr'), 'order');
  const [id] = [member(value, 'txid')].flat();
  const original = member(value, 'originaltxid');
  const txid = typeof id === 'string' ? { txid: id } : {};
  const fields = { descr, ...(original === undefined ? {} : { originaltxid: original }), ...txid };
  return { ok: true, fields, orderId: typeof id === 'string' ? id : undefined };
}

function cancelEach(context: OrderContext, params: RestParams): readonly V1Answer[] {
  const byTxid = (paramList(params, 'txid') ?? []).map((txid) => ({ txid }));
  const byOwnId = (paramList(params, 'cl_ord_id') ?? []).map((cl_ord_id) => ({ cl_ord_id }));
  const names = [...byTxid, ...byOwnId];
  if (names.length === 0) return [{ ok: false, error: 'EGeneral:Invalid arguments:txid' }];
  return names.map((name) => {
    const answer = cancelOrder(context, name);
    return answer.ok ? { ok: true, fields: {} } : answer;
  });
}

function fieldsOf(answer: Answer<unknown>): V1Answer {
  return answer.ok ? { ok: true, fields: isObject(answer.value) ? answer.value : {} } : answer;
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && name in value
    ? (value as Record<string, unknown>)[name]
    : undefined;
}
