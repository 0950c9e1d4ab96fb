/**
 * What became of one order's terms. The venue documents the answer ("Get Order Amends" of its REST reference,
 * docs.kraken.com/api/docs/rest-api/get-order-amends): the order as it was placed comes first (`original`), then each
 * change by its client (`user`), by time, which is in nanoseconds since 1970; `count` has the first one in it. Changes by
 * the engine (`restated`), which alone need a `reason`, do not happen here.
 */

import { type RawNumber, rawNumber } from '../../../../net/exact-json.ts';
import type { AmendRecord, Answer, OrderRecord } from '../../../exchange/exchange-types.ts';
import { priceText, qtyText } from '../../../exchange/pair-rules.ts';
import { refused } from '../venue-refusals.ts';
import { isAllowed } from './key-ring.ts';
import { BAD_ARGUMENTS, type CallContext, done } from './rest-context.ts';
import { paramText, type RestParams } from './rest-params.ts';

/** Open and closed orders need permissions of their own. */
export function orderAmends({ desk, account, key }: CallContext, params: RestParams): Answer<unknown> {
  const id = paramText(params, 'order_id');
  if (id === undefined) return refused(`${BAD_ARGUMENTS}:order_id`);
  const order = desk.order(account, id);
  if (order === undefined) return refused('EOrder:Unknown order');
  const needed = order.closedAtMs === undefined ? 'query-open-trades' : 'query-closed-trades';
  if (!isAllowed(key, [needed])) return refused('EGeneral:Permission denied');
  return done({ count: order.amends.length, amends: order.amends.map((amend) => amendRow(order, amend)) });
}

function amendRow({ pair }: OrderRecord, amend: AmendRecord): object {
  const { displayQty, limitPrice } = amend;
  return {
    amend_id: amend.id,
    amend_type: amend.kind,
    order_qty: qtyText(pair, amend.qty),
    ...(displayQty === undefined ? {} : { display_qty: qtyText(pair, displayQty) }),
    remaining_qty: qtyText(pair, amend.remainingQty),
    ...(limitPrice === undefined ? {} : { limit_price: priceText(pair, limitPrice) }),
    post_only: amend.postOnly,
    timestamp: unixNanoseconds(amend.atMs),
  };
}

/** Beyond 2^53, so its digits are written by hand. */
function unixNanoseconds(wallMs: number): RawNumber {
  return rawNumber(String(BigInt(Math.round(wallMs * 1_000)) * 1_000n));
}
