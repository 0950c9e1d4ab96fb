/**
 * The points of orders on the trading counters: from the moment an order leaves, as in transit until the venue has counted
 * it for certain.
 */
import type { InstrumentIndex } from '../../../market/instrument.ts';
import { ADD_POINTS, type TradingCounter } from './trading-counter.ts';

export class OrderPoints {
  readonly #counter: TradingCounter;
  /** Orders whose points the venue may not have counted yet: until the venue reports them, or none can arrive. */
  readonly #uncounted = new Map<string, { readonly instrument: InstrumentIndex; readonly sentMs: number }>();

  constructor(counter: TradingCounter) {
    this.#counter = counter;
  }

  onSent(clOrdId: string, instrument: InstrumentIndex, sentMs: number): void {
    this.#counter.onSent(instrument, ADD_POINTS);
    this.#uncounted.set(clOrdId, { instrument, sentMs });
  }

  /** The venue has reported an order. */
  settle(clOrdId: string, nowMs: number): void {
    const sent = this.#uncounted.get(clOrdId);
    if (sent === undefined) return;
    this.#uncounted.delete(clOrdId);
    this.#counter.onSettled(sent.instrument, ADD_POINTS, nowMs);
  }

  /** Of what was sent before `sentBeforeMs`, nothing is in transit any more. */
  settleOld(sentBeforeMs: number, nowMs: number): void {
    for (const [clOrdId, { sentMs }] of this.#uncounted) if (sentMs <= sentBeforeMs) this.settle(clOrdId, nowMs);
  }
}
