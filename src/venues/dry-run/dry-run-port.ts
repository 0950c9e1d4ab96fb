/**
 * A trading connection from which nothing leaves: it connects, reads the account and receives all reports, but an order ends
 * where its bytes would have gone. It counts as accepted and unfilled, so that its plan is given up with nothing held.
 * Nothing of anybody's is cancelled either, and the dead-man's switch, which would, is never armed.
 */

import type { InstrumentIndex, OrderScale } from '../../market/instrument.ts';
import { NO_LOTS } from '../../money/money.ts';
import type { ApprovedOrder } from '../../trading/approved-order.ts';
import type { AccountQuestion, NoRoom, OrderReading, TradingEvent, TradingPort } from '../trading-port.ts';
import { notConnected } from '../unsent-order.ts';

/** What has to be known of an order to say what became of it. */
export type UnsentOrder = OrderScale &
  Pick<ApprovedOrder, 'clOrdId' | 'instrument' | 'side' | 'qtyLots' | 'limitTicks'>;

export interface DryRunDeps {
  /** The connection that would trade. */
  readonly port: TradingPort;
  /** What is written down of an order of this run: none of those ever left. Undefined for any other. */
  readonly recall: (clOrdId: string) => UnsentOrder | undefined;
  /** Given every order in place of the venue. */
  readonly onOrder: (order: ApprovedOrder) => void;
  /** Given everything else that a live run would have sent. */
  readonly onRequest: (request: string) => void;
  /** Called when there is something to poll. */
  readonly wake: () => void;
}

/** Why an order ended, for the records. */
const NOT_SENT = 'dry run: not sent';
/** No venue has an order of this id. */
const NO_ORDER = '';

export class DryRunPort implements TradingPort {
  readonly #deps: DryRunDeps;
  #events: TradingEvent[] = [];

  constructor(deps: DryRunDeps) {
    this.#deps = deps;
  }

  get isConnected(): boolean {
    return this.#deps.port.isConnected;
  }

  start(): void {
    this.#deps.port.start();
  }

  whyNoRoom(instruments: readonly InstrumentIndex[]): NoRoom | undefined {
    return this.#deps.port.whyNoRoom(instruments);
  }

  agreesOn(instruments: readonly InstrumentIndex[]): boolean {
    return this.#deps.port.agreesOn(instruments);
  }

  /** Neither sends it nor counts it with the venue. What a live run could not have sent is refused as there. */
  send(order: ApprovedOrder): void {
    const { clOrdId } = order;
    if (!this.isConnected) {
      this.#events.push(notConnected(order));
      this.#deps.wake();
      return;
    }
    this.#deps.onOrder(order);
    this.#events.push(
      { type: 'order.acked', clOrdId, venueOrderId: NO_ORDER },
      { type: 'order.ended', clOrdId, venueOrderId: NO_ORDER, filledLots: NO_LOTS, reason: NOT_SENT },
    );
    this.#deps.wake();
  }

  cancel(clOrdId: string): void {
    this.#deps.onRequest(`cancel ${clOrdId}`);
  }

  cancelAll(): void {
    this.#deps.onRequest('cancel all');
  }

  /** The venue would say that it does not know an order of this run, of which a successor has read that it was taken. */
  lookUp(clOrdId: string, venueOrderId: string | undefined): void {
    const unsent = this.#deps.recall(clOrdId);
    if (unsent === undefined) {
      this.#deps.port.lookUp(clOrdId, venueOrderId);
      return;
    }
    this.#events.push({ type: 'order.fate', clOrdId, found: endOf(unsent) });
    this.#deps.wake();
  }

  readAccount(question: AccountQuestion): void {
    this.#deps.port.readAccount(question);
  }

  setDeadMansSwitch(): void {
    // It cancels what others have open, at a time when nothing of ours can be.
  }

  poll(handle: (event: TradingEvent) => void, limit: number): number {
    const own = this.#events.splice(0, limit);
    for (const event of own) handle(event);
    return own.length + this.#deps.port.poll(handle, limit - own.length);
  }

  onTimer(): void {
    this.#deps.port.onTimer();
  }

  stop(): void {
    this.#deps.port.stop();
  }
}

function endOf({
  clOrdId,
  instrument,
  side,
  qtyLots,
  limitTicks,
  pricePrecision,
  qtyPrecision,
}: UnsentOrder): OrderReading {
  const terms = { instrument, side, qtyLots, limitTicks, pricePrecision, qtyPrecision };
  return { clOrdId, venueOrderId: NO_ORDER, ...terms, isOpen: false, fills: [], reason: NOT_SENT };
}
