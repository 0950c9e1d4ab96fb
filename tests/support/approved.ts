/** Orders that passed the last check, for tests that need one to send. */

import { instrumentIndex } from '../../src/market/instrument.ts';
import { lots, ticks, units } from '../../src/money/money.ts';
import { monotonicNs } from '../../src/platform/time.ts';
import {
  type ApprovedOrder,
  approveOrder,
  type OrderLimits,
  type OrderRequest,
} from '../../src/trading/approved-order.ts';

const REQUEST: OrderRequest = {
  clOrdId: 'amhw3k2x100001203',
  plan: 1,
  leg: 0,
  attempt: 0,
  instrument: instrumentIndex(0),
  side: 0,
  qtyLots: lots(25_000_000n),
  limitTicks: ticks(265_004n),
  pricePrecision: 1,
  qtyPrecision: 8,
  fundsUnits: units(1_000_000_000n),
  feePpm: 8_000,
  placedNs: monotonicNs(Number.MAX_SAFE_INTEGER), // never too old: the age of orders has a test of its own
  shrinksExposure: false,
};

const NO_LIMITS: OrderLimits = {
  unusable: undefined,
  qtyMaxLots: () => undefined,
  worstSpendUnits: (order) => order.fundsUnits,
  spendMaxUnits: () => undefined,
  exposureRoomUnits: () => undefined,
  planBounds: () => ({ hasOrdersLeft: true, roomUnits: units(2n ** 62n), isTooOld: false, isLossReached: false }),
  hasRate: () => true,
};

export function approved(order: Partial<OrderRequest> = {}): ApprovedOrder {
  const verdict = approveOrder({ ...REQUEST, ...order }, 'active', NO_LIMITS);
  if (!verdict.ok) throw new Error(`the test's order was refused: ${verdict.reason}`);
  return verdict.order;
}
