/** What an order gets from a book: the whole arithmetic of paper trading. Pure. */

import { isSameScale, type OrderScale } from '../../../market/instrument.ts';
import type { Leg } from '../../../market/legs/leg.ts';
import { smaller } from '../../../money/money.ts';
import type { WallMs } from '../../../platform/time.ts';
import type { Fill } from '../../../venues/trading-port.ts';
import type { Order } from '../model/order.ts';

/** What the arithmetic needs of an order. */
export type PaperOrder = Pick<
  Order,
  keyof OrderScale | 'clOrdId' | 'instrument' | 'side' | 'qtyLots' | 'limitTicks' | 'fundsUnits' | 'feePpm' | 'placedNs'
>;

/** A paper order has one fill at most. */
export const paperExecId = ({ clOrdId }: Pick<Order, 'clOrdId'>): string => `x${clOrdId}`;

/**
 * Fills `order` from the best level on, as far as its funds and `leg` allow, which is its instrument within its limit; the
 * rest is given up. Undefined when nothing fills, as without a book, or when the book is not in the order's scale.
 */
export function paperFill(order: PaperOrder, leg: Leg | undefined, atMs: WallMs): Fill | undefined {
  if (leg === undefined || !isSameScale(order, leg.terms.instrument)) return undefined;
  const qtyLots = smaller(leg.lotsFor(order.fundsUnits), order.qtyLots);
  if (qtyLots <= 0n) return undefined;
  const { costUnits, feeUnits } = leg.fill(qtyLots);
  return {
    execId: paperExecId(order),
    qtyLots,
    priceTicks: leg.averageTicks(qtyLots),
    costUnits,
    feeUnits,
    feeAsset: leg.feeAsset.index,
    atMs,
  };
}
