/** What an order gets from a book: the whole arithmetic of paper trading. Pure. */
import type { BookCopy } from '../../shared/book-table.ts';
import type { LegTerms } from '../../shared/cycle-leg.ts';
import { smaller } from '../../shared/money.ts';
import { type LegOrder, nothingFilled, type OrderReport } from './execution-port.ts';
import { legWithin } from './newest-books.ts';

/**
 * Fills `order` from the best level on, as far as its limit, its funds and the book allow; the rest is given up. Costs
 * of a buy and fees round up, proceeds of a sell round down. Without a book nothing fills.
 */
export function paperFill(order: LegOrder, terms: LegTerms | undefined, book: BookCopy | undefined): OrderReport {
  if (terms === undefined || book === undefined) return nothingFilled(order.id, true);
  const leg = legWithin(terms, book, order.limitTicks);
  const affordable = leg.lotsFor(order.fundsUnits);
  const qtyLots = smaller(affordable, order.qtyLots);
  if (qtyLots <= 0n) return nothingFilled(order.id, true);
  const { costUnits, feeUnits } = leg.fill(qtyLots);
  return {
    orderId: order.id,
    isFinal: true,
    qtyLots,
    costUnits,
    feeUnits,
    spentUnits: leg.spent(qtyLots),
    receivedUnits: leg.received(qtyLots),
  };
}
