/** What an order gets from a book: the whole arithmetic of paper trading. Pure. */

import { assetReceived } from '../../../market/asset-graph.ts';
import type { BookCopy } from '../../../market/book-table.ts';
import type { CycleLeg, LegTerms } from '../../../market/cycles/cycle-leg.ts';
import { isSameScale, type OrderScale } from '../../../market/instrument.ts';
import { divideDown, divideUp, type Lots, smaller, type Ticks, ticks } from '../../../money/money.ts';
import { BUY } from '../../../money/side.ts';
import type { WallMs } from '../../../platform/time.ts';
import type { Fill } from '../../../venues/trading-port.ts';
import { legWithin } from '../model/newest-books.ts';
import type { Order } from '../model/order.ts';

/** What the arithmetic needs of an order. */
export type PaperOrder = Pick<
  Order,
  keyof OrderScale | 'clOrdId' | 'instrument' | 'side' | 'qtyLots' | 'limitTicks' | 'fundsUnits' | 'feePpm' | 'placedNs'
>;

/** A paper order has one fill at most. */
export const paperExecId = ({ clOrdId }: Pick<Order, 'clOrdId'>): string => `x${clOrdId}`;

/**
 * Fills `order` from the best level on, as far as its limit, its funds and the book allow; the rest is given up. Costs
 * of a buy and fees round up, proceeds of a sell round down. Undefined when nothing fills, as without a book, or when the book is not in the order's scale.
 */
export function paperFill(
  order: PaperOrder,
  terms: LegTerms | undefined,
  book: BookCopy | undefined,
  atMs: WallMs,
): Fill | undefined {
  if (terms === undefined || book === undefined || !isSameScale(order, terms.instrument)) return undefined;
  const leg = legWithin(terms, book, order.limitTicks);
  const qtyLots = smaller(leg.lotsFor(order.fundsUnits), order.qtyLots);
  if (qtyLots <= 0n) return undefined;
  const { costUnits, feeUnits } = leg.fill(qtyLots);
  return {
    execId: paperExecId(order),
    qtyLots,
    priceTicks: averageTicks(leg, qtyLots),
    costUnits,
    feeUnits,
    feeAsset: assetReceived(terms.instrument, terms.side),
    atMs,
  };
}

/** Average price in ticks, rounded against us: of the levels taken, not of the cost, which the ledger has rounded. */
function averageTicks(leg: CycleLeg, qtyLots: Lots): Ticks {
  const rounded = leg.terms.side === BUY ? divideUp : divideDown;
  return ticks(rounded(leg.rawOf(qtyLots), qtyLots));
}
