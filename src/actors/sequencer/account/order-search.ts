/** Orders of ours that no plan has out and whose fate has been asked for: each once until it is answered. */

import { type BackOff, backOffMs } from '../../../net/back-off.ts';
import type { Chance } from '../../../platform/chance.ts';
import type { Clock } from '../../../platform/clock.ts';
import { laterBy, type MonotonicNs, monotonicNs } from '../../../platform/time.ts';
import type { TradingPort } from '../../../venues/trading-port.ts';
import { DENIALS_MAX } from '../model/order-machine.ts';

/** Pause before what could not be answered is asked again. */
const AGAIN: BackOff = { baseMs: 1_000, maxMs: 5_000, growth: 2, jitter: 'added' };

const NEVER = monotonicNs(Number.POSITIVE_INFINITY);

/** An order that is asked after. */
interface Sought {
  /** When it is known. */
  readonly venueOrderId: string | undefined;
  /** Monotonic: when it is to be asked (again); infinity while an answer is awaited. */
  dueNs: MonotonicNs;
  /** How often in a row the venue did not know it any more, though it had it. */
  denials: number;
}

export class OrderSearch {
  readonly #port: Pick<TradingPort, 'lookUp' | 'isConnected'>;
  readonly #clock: Clock;
  readonly #chance: Chance;
  readonly #orders = new Map<string, Sought>();

  constructor(port: Pick<TradingPort, 'lookUp' | 'isConnected'>, clock: Clock, chance: Chance) {
    this.#port = port;
    this.#clock = clock;
    this.#chance = chance;
  }

  get isAsking(): boolean {
    return this.#orders.size > 0;
  }

  ask(clOrdId: string, venueOrderId: string | undefined): void {
    if (this.#orders.has(clOrdId)) return;
    this.#orders.set(clOrdId, { venueOrderId, dueNs: NEVER, denials: 0 });
    this.#port.lookUp(clOrdId, venueOrderId);
  }

  /** The answer was that there is none now. */
  askLater(clOrdId: string): void {
    this.#askIn(backOffMs(0, AGAIN, this.#chance), this.#sought(clOrdId));
  }

  /** The answer was that the venue does not know it any more. @returns whether that was said often enough to give it up. */
  denied(clOrdId: string): boolean {
    const order = this.#sought(clOrdId);
    this.#askIn(backOffMs(order.denials++, AGAIN, this.#chance), order);
    if (order.denials < DENIALS_MAX) return false;
    this.#orders.delete(clOrdId);
    return true;
  }

  answered(clOrdId: string): void {
    this.#orders.delete(clOrdId);
  }

  /** Answers that were in transit may never come: everything is asked again. */
  forgetAnswers(): void {
    for (const order of this.#orders.values()) order.dueNs = monotonicNs(0);
  }

  tick(nowNs: MonotonicNs): void {
    if (!this.#port.isConnected) return;
    for (const [clOrdId, order] of this.#orders) {
      if (nowNs < order.dueNs) continue;
      order.dueNs = NEVER;
      this.#port.lookUp(clOrdId, order.venueOrderId);
    }
  }

  #sought(clOrdId: string): Sought {
    const order = this.#orders.get(clOrdId) ?? { venueOrderId: undefined, dueNs: monotonicNs(0), denials: 0 };
    this.#orders.set(clOrdId, order);
    return order;
  }

  #askIn(delayMs: number, order: Sought): void {
    order.dueNs = laterBy(this.#clock.nowNs(), delayMs);
  }
}
