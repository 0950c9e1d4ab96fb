/**
 * What became of an order: first by what the stream has reported, then by REST. Only both together, after the order's own
 * deadline, prove that there is none, or REST alone much later: the venue may take a moment to show an order, but does
 * not match one that arrives after its deadline (protocol reference 2.3, 2.5).
 */
import type { Fill, OrderReading, TradingEvent } from '../../trading-port.ts';
import type { KrakenRest } from '../rest/kraken-rest.ts';
import type { OwnOrder } from './own-order.ts';
import type { OwnOrders } from './own-orders.ts';

export interface OrderLookupDeps {
  readonly rest: Pick<KrakenRest, 'order'>;
  readonly orders: OwnOrders;
  readonly emit: (event: TradingEvent) => void;
  readonly isStanding: () => boolean;
  readonly nowMs: () => number;
  /** An order that was sent longer ago than this cannot be taken any more. */
  readonly absentAfterMs: number;
}

/** The venue's longest deadline, and as long again: after it REST alone is proof, for a socket may never come back. */
const ABSENT_BY_REST_MS = 120_000;

export class OrderLookup {
  readonly #deps: OrderLookupDeps;
  /** Orders that a predecessor sent left at the latest when this began. */
  readonly #startedMs: number;
  readonly #pending = new Set<string>();

  constructor(deps: OrderLookupDeps) {
    this.#deps = deps;
    this.#startedMs = deps.nowMs();
  }

  /** Answers by `order.fate`, `order.denied` or `order.fate_unknown`; asked again before that, once for all. */
  lookUp(clOrdId: string, venueOrderId: string | undefined): void {
    if (this.#answerFromStream(clOrdId) || this.#pending.has(clOrdId)) return;
    const { rest, orders } = this.#deps;
    this.#pending.add(clOrdId);
    const venueId = venueOrderId ?? orders.named(clOrdId)?.venueOrderId ?? orders.merged.byClOrdId(clOrdId)?.orderId;
    const scale = orders.scaleOf(clOrdId);
    rest.order(clOrdId, venueId, scale, (result) => {
      this.#pending.delete(clOrdId);
      // The stream may have brought the end meanwhile: it is never behind REST.
      if (this.#answerFromStream(clOrdId)) return;
      if (!result.ok) this.#unknown(clOrdId, result.failure.text);
      else if (result.value === undefined) this.#onAbsent(clOrdId, venueId);
      else this.#onFound(clOrdId, result.value);
    });
  }

  #answerFromStream(clOrdId: string): boolean {
    const { orders, emit, nowMs } = this.#deps;
    const found = orders.readingOf(clOrdId);
    if (found === undefined) return false;
    orders.onFate(found, nowMs());
    emit({ type: 'order.fate', clOrdId, found });
    return true;
  }

  #onFound(clOrdId: string, reading: OrderReading): void {
    const { orders, emit, nowMs } = this.#deps;
    const own = orders.named(clOrdId);
    if (own !== undefined && reading.instrument === undefined) {
      this.#unknown(
        clOrdId,
        `REST names its pair ${own.instrument.symbol} as no other pair is named: its fills cannot be read`,
      );
      return;
    }
    const found = withFills(reading, own);
    if (!found.isOpen && found.fills.length > reading.fills.length) {
      this.#unknown(clOrdId, 'the stream reported more fills than REST has');
      return;
    }
    orders.onFate(found, nowMs());
    emit({ type: 'order.fate', clOrdId, found });
  }

  #onAbsent(clOrdId: string, venueOrderId: string | undefined): void {
    const { orders, emit, isStanding, nowMs, absentAfterMs } = this.#deps;
    const known = venueOrderId ?? orders.merged.byClOrdId(clOrdId)?.orderId;
    const sentMs = orders.named(clOrdId)?.sentMs ?? this.#startedMs;
    if (nowMs() - sentMs < absentAfterMs) this.#unknown(clOrdId, 'not there; it may still arrive');
    else if (!isStanding() && nowMs() - sentMs < ABSENT_BY_REST_MS) {
      this.#unknown(clOrdId, 'REST does not know it, and the executions are not streamed');
    } else if (known !== undefined) {
      emit({ type: 'order.denied', clOrdId, venueOrderId: known });
    } else {
      orders.onAbsent(clOrdId);
      emit({ type: 'order.fate', clOrdId, found: undefined });
    }
  }

  #unknown(clOrdId: string, why: string): void {
    this.#deps.emit({ type: 'order.fate_unknown', clOrdId, why });
  }
}

/** The reading with the fills that only the stream has reported so far; what was reported stays as it was. */
function withFills(reading: OrderReading, own: OwnOrder | undefined): OrderReading {
  const fills = new Map<string, Fill>(own?.fills);
  for (const fill of reading.fills) if (!fills.has(fill.execId)) fills.set(fill.execId, fill);
  return { ...reading, fills: [...fills.values()] };
}
