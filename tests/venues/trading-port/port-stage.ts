/** What a trading port is put on for the cases of the contract: a venue behind it, time in the test's hands, orders to send. */

import { expect } from 'vitest';
import type { Lots } from '../../../src/money/money.ts';
import type { Clock } from '../../../src/platform/clock.ts';
import type { ApprovedOrder, OrderRequest } from '../../../src/trading/approved-order.ts';
import { encodeClientOrderId } from '../../../src/trading/client-order-id.ts';
import type { TradingEvent, TradingPort } from '../../../src/venues/trading-port.ts';
import { approved } from '../../support/approved.ts';

type Terms = Pick<
  OrderRequest,
  'instrument' | 'side' | 'qtyLots' | 'limitTicks' | 'fundsUnits' | 'pricePrecision' | 'qtyPrecision'
>;

/** An order, and what it comes to at this venue. */
export interface KnownOrder {
  readonly terms: Terms;
  readonly comesToLots: Lots;
}

export interface PortParts {
  readonly port: TradingPort;
  readonly clock: Pick<Clock, 'nowNs' | 'wallMs'>;
  /** 10 ms pass on the venue's side. */
  readonly tick: () => void;
  readonly orders: {
    readonly whole: KnownOrder;
    readonly part?: KnownOrder;
    readonly none?: KnownOrder;
  };
  /** Called with each order before it is sent. */
  readonly beforeSend?: (order: ApprovedOrder, what: KnownOrder) => void;
}

export class PortStage {
  readonly port: TradingPort;
  readonly orders: PortParts['orders'];
  readonly events: TradingEvent[] = [];
  readonly sent: ApprovedOrder[] = [];
  readonly startedMs: number;
  readonly #parts: PortParts;

  constructor(parts: PortParts) {
    this.#parts = parts;
    this.port = parts.port;
    this.orders = parts.orders;
    this.startedMs = parts.clock.wallMs();
  }

  get wallMs(): number {
    return this.#parts.clock.wallMs();
  }

  /** Sends an order under an id that no other one has. */
  send(what: KnownOrder, over: Partial<OrderRequest> = {}): string {
    const plan = this.sent.length + 1;
    const clOrdId = encodeClientOrderId({ runMs: 1_700_000_000_000, plan, leg: 0, attempt: 0 });
    const order = approved({ ...what.terms, clOrdId, plan, placedNs: this.#parts.clock.nowNs(), ...over });
    this.#parts.beforeSend?.(order, what);
    this.sent.push(order);
    this.port.send(order);
    return clOrdId;
  }

  /** Time passes in turns as an actor takes them. */
  pass(ms: number): void {
    for (let turns = 0; turns < ms / 10; turns++) {
      this.tickOnly();
      this.take(8);
    }
  }

  /** A turn passes at the venue, and no one asks what happened. */
  tickOnly(): void {
    this.#parts.tick();
    this.port.onTimer();
  }

  /** Everything that is there to be reported, at most `limit` at a time. @returns how many each time. */
  take(limit: number): number[] {
    const counts: number[] = [];
    for (;;) {
      const before = this.events.length;
      const count = this.port.poll((event) => this.events.push(event), limit);
      expect(this.events.length - before, 'what poll answers is what it has told').toBe(count);
      if (count === 0) return counts;
      counts.push(count);
    }
  }

  /** Connected, and what was reported on the way there forgotten. */
  connect(): void {
    this.port.start();
    for (let tries = 0; tries < 30 && !this.hasRoom; tries++) this.pass(500);
    expect(this.port.isConnected).toBe(true);
    expect(this.hasRoom).toBe(true);
    this.events.length = 0;
  }

  get hasRoom(): boolean {
    return this.port.whyNoRoom([this.orders.whole.terms.instrument]) === undefined;
  }

  of<T extends TradingEvent['type']>(type: T): Extract<TradingEvent, { type: T }>[] {
    return this.events.filter((event): event is Extract<TradingEvent, { type: T }> => event.type === type);
  }

  about(clOrdId: string): TradingEvent[] {
    return this.events.filter((event) => 'clOrdId' in event && event.clOrdId === clOrdId);
  }
}
