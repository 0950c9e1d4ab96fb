/**
 * Notices that another engine trades on the same account: orders of our shape, of another run, that keep appearing. Nothing
 * else would show it: each would take the other's orders for leftovers and cancel them, and its fills for late ones.
 */
import { decodeClientOrderId } from '../../../trading/client-order-id.ts';
import type { AccountReading } from '../../../venues/trading-port.ts';

/** Orders of a run before ours can still arrive when it was killed; so many of them do not. */
const LATE_ORDERS_MAX = 8;
/** Nor is one filled by the venue's clock so long after what that run left was found out. */
const LATE_FILL_MS = 60_000;

export class OtherEngines {
  readonly #runMs: () => number;
  /** Ids of orders of other runs that were seen. */
  readonly #seen = new Set<string>();
  #late = 0;
  /** The venue's time of the first reading after what earlier runs left was found out. */
  #settledMs: number | undefined;
  #isReported = false;

  /** @param runMs start of this run, as its orders' ids have it. */
  constructor(runMs: () => number) {
    this.#runMs = runMs;
  }

  /**
   * Takes the orders of a reading. Which run began first is not asked: that is known by our clock only, which may have been set
   * between the two. What is late is judged by the venue's.
   * @param isSettled whether what earlier runs left was found out before.
   * @returns once, the start (wall time, ms) of another run that trades now.
   */
  notice({ asOfMs, openOrders, endedOrders }: AccountReading, isSettled: boolean): number | undefined {
    if (this.#isReported) return undefined;
    if (isSettled) this.#settledMs ??= asOfMs;
    for (const { clOrdId = '', fills } of [...openOrders, ...endedOrders]) {
      const runMs = decodeClientOrderId(clOrdId)?.runMs;
      if (runMs === undefined || runMs === this.#runMs() || this.#seen.has(clOrdId)) continue;
      this.#seen.add(clOrdId);
      if (!isSettled) continue;
      this.#late++;
      const lateMs = (this.#settledMs ?? asOfMs) + LATE_FILL_MS;
      this.#isReported = this.#late > LATE_ORDERS_MAX || fills.some(({ atMs }) => atMs > lateMs);
      if (this.#isReported) return runMs;
    }
    return undefined;
  }
}
