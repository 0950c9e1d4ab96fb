/**
 * Paper trading: an order meets the newest verified book `latencyMs` after it was sent, and its result is reported then.
 * The order is in no real book, so the book does not change by it. What the sequencer remembers of its orders is all that
 * this venue knows: an order that a successor asks after goes on from there.
 */

import type { InstrumentIndex } from '../../../market/instrument.ts';
import { type Lots, NO_LOTS } from '../../../money/money.ts';
import type { Clock } from '../../../platform/clock.ts';
import { wallMs } from '../../../platform/time.ts';
import type { ApprovedOrder } from '../../../trading/approved-order.ts';
import type { AccountQuestion, NoRoom, OrderReading, TradingEvent, TradingPort } from '../../../venues/trading-port.ts';
import { notConnected } from '../../../venues/unsent-order.ts';
import type { NewestBooks } from '../model/newest-books.ts';
import type { Order } from '../model/order.ts';
import { type PaperOrder, paperExecId, paperFill } from './paper-fill.ts';

export interface PaperPortDeps {
  readonly clock: Clock;
  readonly books: NewestBooks;
  readonly latencyMs: number;
  /** Called when an order is due: there is something to poll. */
  readonly wake: () => void;
  /** What the sequencer has written down of an order; undefined when it knows none by that id. */
  readonly recall: (clOrdId: string) => Order | undefined;
}

const EXPIRED = 'the rest of an immediate order';

export class PaperPort implements TradingPort {
  readonly #deps: PaperPortDeps;
  #events: TradingEvent[] = [];
  #waiting: PaperOrder[] = [];
  #isConnected = false;

  constructor(deps: PaperPortDeps) {
    this.#deps = deps;
  }

  /** From its start to its end. */
  get isConnected(): boolean {
    return this.#isConnected;
  }

  start(): void {
    this.#isConnected = true;
    this.#events.push({ type: 'connected' });
  }

  agreesOn(): boolean {
    return true;
  }

  whyNoRoom(_instruments: readonly InstrumentIndex[]): NoRoom | undefined {
    return this.#isConnected ? undefined : 'disconnected';
  }

  send(order: ApprovedOrder): void {
    if (!this.#isConnected) {
      this.#events.push(notConnected(order));
      return;
    }
    this.#events.push({ type: 'order.acked', clOrdId: order.clOrdId, venueOrderId: '' });
    this.#await(order);
  }

  cancel(clOrdId: string): void {
    if (!this.#waiting.some((order) => order.clOrdId === clOrdId)) return;
    this.#waiting = this.#waiting.filter((order) => order.clOrdId !== clOrdId);
    this.#end(clOrdId, NO_LOTS, 'cancelled');
  }

  cancelAll(): void {
    for (const order of this.#waiting) this.cancel(order.clOrdId);
  }

  lookUp(clOrdId: string): void {
    const order = this.#deps.recall(clOrdId);
    if (order === undefined) {
      this.#events.push({ type: 'order.fate', clOrdId, found: undefined });
      return;
    }
    // An order meets the book once. If something of it was booked, it has met it.
    const isOpen = order.booked.qtyLots === 0n;
    if (isOpen && !this.#waiting.some((one) => one.clOrdId === clOrdId)) this.#await(order);
    this.#events.push({ type: 'order.fate', clOrdId, found: readingOf(order, isOpen) });
  }

  /** Nothing but the sequencer's own books says what a paper account holds. */
  readAccount({ scope }: AccountQuestion): void {
    if (!this.#isConnected) {
      this.#events.push({ type: 'account_unknown', why: 'not connected' });
      return;
    }
    const orders = { openOrders: [], endedOrders: [] };
    const account = { scope, asOfMs: wallMs(0), balances: [], uncountable: [], unknownAssets: [], ...orders };
    this.#events.push({ type: 'account', account });
  }

  /** Nothing is out that a venue would have to cancel. */
  setDeadMansSwitch(_armed: boolean): void {
    // What is out ends with this process.
  }

  poll(handle: (event: TradingEvent) => void, limit: number): number {
    if (this.#events.length === 0 && this.#waiting.length === 0) return 0;
    this.#fillDue();
    const events = this.#events.splice(0, limit);
    for (const event of events) handle(event);
    return events.length;
  }

  onTimer(): void {
    this.#fillDue();
  }

  stop(): void {
    this.#isConnected = false;
    this.#waiting = [];
  }

  #await(order: PaperOrder): void {
    const { clock, latencyMs, wake } = this.#deps;
    this.#waiting.push(order);
    clock.after(Math.max(0, latencyMs - (clock.nowNs() - order.placedNs) / 1e6), wake);
  }

  #fillDue(): void {
    const { clock, latencyMs, books } = this.#deps;
    const nowNs = clock.nowNs();
    const isDue = ({ placedNs }: PaperOrder) => nowNs >= placedNs + latencyMs * 1e6;
    const due = this.#waiting.filter(isDue);
    if (due.length === 0) return;
    this.#waiting = this.#waiting.filter((order) => !isDue(order));
    for (const order of due) {
      const { clOrdId, instrument, limitTicks } = order;
      const terms = books.terms(order);
      const book = books.book(instrument);
      const leg = terms && book && books.legWithin(terms, book, limitTicks);
      const fill = paperFill(order, leg, clock.wallMs());
      if (fill !== undefined) this.#events.push({ type: 'order.filled', clOrdId, venueOrderId: '', fill });
      this.#end(clOrdId, fill?.qtyLots ?? NO_LOTS, EXPIRED);
    }
  }

  #end(clOrdId: string, filledLots: Lots, reason: string): void {
    this.#events.push({ type: 'order.ended', clOrdId, venueOrderId: '', filledLots, reason });
  }
}

function readingOf(order: Order, isOpen: boolean): OrderReading {
  const { clOrdId, instrument, side, qtyLots, limitTicks, pricePrecision, qtyPrecision, booked } = order;
  const fill = { ...booked, execId: paperExecId(order), priceTicks: limitTicks, atMs: wallMs(0) };
  const end = isOpen ? { isOpen, fills: [], reason: '' } : { isOpen, fills: [fill], reason: EXPIRED };
  return { clOrdId, venueOrderId: '', instrument, side, qtyLots, limitTicks, pricePrecision, qtyPrecision, ...end };
}
