/** Whether an order, as the venue reports it, is the one that was sent. */
import { BUY } from '../../../money/side.ts';
import type { ExecutionReport } from '../private/execution-report.ts';
import type { MergedOrder } from '../private/merged-orders.ts';
import { amountDown, amountUp } from '../wire/rounded-amount.ts';
import type { OwnOrder } from './own-order.ts';

/** What the venue reports otherwise than it was asked for; undefined when nothing. A field it leaves out is no difference. */
export function otherThanSent(
  { instrument, side, sent }: Pick<OwnOrder, 'instrument' | 'side' | 'sent'>,
  reported: Pick<MergedOrder | ExecutionReport, 'orderId' | 'symbol' | 'side' | 'orderQty' | 'limitPrice'>,
): string | undefined {
  if (reported.symbol !== undefined && reported.symbol !== instrument.symbol) return `an order of ${reported.symbol}`;
  if (reported.side !== undefined && reported.side !== side)
    return `an order to ${reported.side === BUY ? 'buy' : 'sell'}`;
  if (sent === undefined) return undefined;
  const isOther = (text: string | undefined, decimals: number, wanted: bigint): boolean => {
    if (text === undefined) return false;
    const what = `order ${reported.orderId}`;
    return amountDown(text, decimals, what) !== wanted || amountUp(text, decimals, what) !== wanted;
  };
  if (isOther(reported.orderQty, instrument.qtyPrecision, sent.qtyLots)) return `an order of ${reported.orderQty}`;
  if (isOther(reported.limitPrice, instrument.pricePrecision, sent.limitTicks))
    return `a limit of ${reported.limitPrice}`;
  return undefined;
}

/** What an entry says that calls an order filled whose total is not all that was ordered; undefined when it goes together. */
export function lessThanFilled(
  { instrument, sent }: Pick<OwnOrder, 'instrument' | 'sent'>,
  { orderId, status, cumQty }: Pick<ExecutionReport, 'orderId' | 'status' | 'cumQty'>,
): string | undefined {
  if (status !== 'filled' || cumQty === undefined || sent === undefined) return undefined;
  const total = amountUp(cumQty, instrument.qtyPrecision, `order ${orderId}`);
  return total < sent.qtyLots ? `an order that is filled, at a total of ${cumQty}` : undefined;
}
