/** Orders of ours that no plan has out and whose fate has been asked for: each once until it is answered. */
import type { Clock } from '../../shared/clock.ts';
import type { TradingPort } from '../../venues/trading-port.ts';

/** Pause before what could not be answered is asked again. */
const AGAIN_MS = 1_000;

export class OrderSearch {
  readonly #port: Pick<TradingPort, 'lookUp' | 'isConnected'>;
  readonly #clock: Clock;
  /** Venue's id of each, when it is known, and when it is to be asked (again); infinity while an answer is awaited. */
  readonly #orders = new Map<string, { readonly venueOrderId: string | undefined; dueNs: number }>();

  constructor(port: Pick<TradingPort, 'lookUp' | 'isConnected'>, clock: Clock) {
    this.#port = port;
    this.#clock = clock;
  }

  get isAsking(): boolean {
    return this.#orders.size > 0;
  }

  ask(clOrdId: string, venueOrderId: string | undefined): void {
    if (this.#orders.has(clOrdId)) return;
    this.#orders.set(clOrdId, { venueOrderId, dueNs: Number.POSITIVE_INFINITY });
    this.#port.lookUp(clOrdId, venueOrderId);
  }

  /** The answer was that there is none now. */
  askLater(clOrdId: string): void {
    const order = this.#orders.get(clOrdId) ?? { venueOrderId: undefined, dueNs: 0 };
    order.dueNs = this.#clock.nowNs() + AGAIN_MS * 1e6;
    this.#orders.set(clOrdId, order);
  }

  answered(clOrdId: string): void {
    this.#orders.delete(clOrdId);
  }

  /** Answers that were under way may never come: everything is asked again. */
  forgetAnswers(): void {
    for (const order of this.#orders.values()) order.dueNs = 0;
  }

  tick(nowNs: number): void {
    if (!this.#port.isConnected) return;
    for (const [clOrdId, order] of this.#orders) {
      if (nowNs < order.dueNs) continue;
      order.dueNs = Number.POSITIVE_INFINITY;
      this.#port.lookUp(clOrdId, order.venueOrderId);
    }
  }
}
