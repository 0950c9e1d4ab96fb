/** An order as its request says it. */
import { parseDecimal } from '../money/money.ts';
import { DECIMALS, type SentOrder } from './day-readings.ts';

export interface RequestText {
  readonly method?: string;
  readonly params?: Readonly<Record<string, string>>;
}

/** Reads a request of the private socket, every number as the text that it had, so that none is rounded. */
export function readRequest(text: string): RequestText {
  return JSON.parse(text, (_key, value, context?: { source?: string }) =>
    typeof value === 'number' ? (context?.source ?? String(value)) : value,
  ) as RequestText;
}

/** The order of an `add_order` request; undefined for any other. */
export function sentOrderOf({ method, params = {} }: RequestText): Omit<SentOrder, 'gate'> | undefined {
  if (method !== 'add_order') return undefined;
  return {
    clOrdId: params['cl_ord_id'] ?? '',
    symbol: params['symbol'] ?? '',
    side: params['side'] === 'buy' ? 'buy' : 'sell',
    qty: parseDecimal(params['order_qty'] ?? '', DECIMALS),
    limit: parseDecimal(params['limit_price'] ?? '', DECIMALS),
  };
}
