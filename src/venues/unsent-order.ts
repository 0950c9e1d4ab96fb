/** The report of an order of which no byte has left. */
import type { ApprovedOrder } from '../trading/approved-order.ts';
import type { TradingEvent } from './trading-port.ts';

/** Proven: the venue never had it. `isRetryable` when nothing about the order itself is wrong. */
export function notSent({ clOrdId }: Pick<ApprovedOrder, 'clOrdId'>, why: string, isRetryable: boolean): TradingEvent {
  return { type: 'order.refused', clOrdId, error: `not sent: ${why}`, isRetryable };
}

export const notConnected = (order: Pick<ApprovedOrder, 'clOrdId'>): TradingEvent =>
  notSent(order, 'not connected', true);
