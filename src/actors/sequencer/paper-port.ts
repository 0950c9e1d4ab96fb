/**
 * Paper trading: an order meets the newest verified book `latencyMs` after it was placed, and its result is reported
 * then. Nobody else sees the order, so the book does not change by it.
 */
import type { Clock } from '../../shared/clock.ts';
import { type ExecutionPort, type LegOrder, nothingFilled, type OrderReport } from './execution-port.ts';
import type { NewestBooks } from './newest-books.ts';
import { paperFill } from './paper-fill.ts';

export interface PaperPortDeps {
  readonly clock: Clock;
  readonly books: NewestBooks;
  readonly latencyMs: number;
  /** Called when an order has come due: there is something to poll. */
  readonly wake: () => void;
}

/** An order, and market message of the instruments it was placed under: its ticks and lots are in the scale of then. */
interface PlacedOrder {
  readonly order: LegOrder;
  readonly instrumentsSeq: number;
}

export class PaperPort implements ExecutionPort {
  readonly #deps: PaperPortDeps;
  #reports: OrderReport[] = [];
  #waiting: PlacedOrder[] = [];

  constructor(deps: PaperPortDeps) {
    this.#deps = deps;
  }

  place(order: LegOrder): void {
    this.#reports.push(nothingFilled(order.id, false));
    this.#await(order);
  }

  resume(order: LegOrder, booked: OrderReport): void {
    // An order meets the book once. If something of it was booked, it has met it.
    if (booked.qtyLots > 0n) this.#reports.push({ ...booked, isFinal: true });
    else this.#await(order);
  }

  cancel(orderId: number): OrderReport | undefined {
    if (!this.#waiting.some(({ order }) => order.id === orderId)) return undefined;
    this.#waiting = this.#waiting.filter(({ order }) => order.id !== orderId);
    return nothingFilled(orderId, true);
  }

  poll(handle: (report: OrderReport) => void, limit: number): number {
    if (this.#reports.length === 0 && this.#waiting.length === 0) return 0;
    this.#fillDue();
    const reports = this.#reports.splice(0, limit);
    for (const report of reports) handle(report);
    return reports.length;
  }

  #await(order: LegOrder): void {
    const { clock, latencyMs, wake, books } = this.#deps;
    this.#waiting.push({ order, instrumentsSeq: books.instrumentsSeq });
    clock.after(Math.max(0, latencyMs - (clock.nowNs() - order.placedNs) / 1e6), wake);
  }

  #fillDue(): void {
    const { clock, latencyMs, books } = this.#deps;
    const nowNs = clock.nowNs();
    const isDue = ({ order }: PlacedOrder) => nowNs >= order.placedNs + latencyMs * 1e6;
    const due = this.#waiting.filter(isDue);
    if (due.length === 0) return;
    this.#waiting = this.#waiting.filter((placed) => !isDue(placed));
    for (const { order, instrumentsSeq } of due) {
      const terms = books.terms(order.instrument, order.side, order.feePpm);
      const book = books.isInScale(order.instrument, instrumentsSeq) ? books.book(order.instrument) : undefined;
      this.#reports.push(paperFill(order, terms, book));
    }
  }
}
