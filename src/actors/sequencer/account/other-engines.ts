/**
 * Notices that another engine trades on the same account: orders of our shape, of another run, that keep appearing. Nothing
 * else would tell: each would take the other's orders for leftovers and cancel them, and its fills for late ones.
 */
import { decodeClientOrderId } from '../../../trading/client-order-id.ts';
import type { OrderReading } from '../../../venues/trading-port.ts';

/** Orders of a run before ours can still arrive when it was killed; so many of them do not. */
const LATE_ORDERS_MAX = 8;

export class OtherEngines {
  readonly #runMs: () => number;
  /** Ids of orders of other runs that were seen. */
  readonly #seen = new Set<string>();
  #late = 0;
  #isReported = false;

  /** @param runMs start of this run, as its orders' ids have it. */
  constructor(runMs: () => number) {
    this.#runMs = runMs;
  }

  /**
   * Takes the orders of a reading.
   * @param isSettled whether what earlier runs left was found out before.
   * @returns once, the start (wall time, ms) of another run that trades now.
   */
  notice(orders: readonly OrderReading[], isSettled: boolean): number | undefined {
    if (this.#isReported) return undefined;
    for (const { clOrdId = '' } of orders) {
      const runMs = decodeClientOrderId(clOrdId)?.runMs;
      if (runMs === undefined || runMs === this.#runMs() || this.#seen.has(clOrdId)) continue;
      this.#seen.add(clOrdId);
      if (!isSettled) continue;
      this.#late++;
      // A run that began after ours is not one that died before it.
      this.#isReported = runMs > this.#runMs() || this.#late > LATE_ORDERS_MAX;
      if (this.#isReported) return runMs;
    }
    return undefined;
  }
}
