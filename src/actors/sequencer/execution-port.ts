/**
 * Where orders go and where word of them comes from. The paper implementation is `paper-port.ts`; a live one has the
 * venue's trading connection behind it. What a plan does is the same for both.
 */

export type OrderSide = 0 | 1;

/** One immediate-or-cancel limit order: whatever does not fill at once is given up. */
export interface LegOrder {
  /** From 1, never re-used in a process: what the venue gets as the client's order id. */
  readonly id: number;
  readonly plan: number;
  readonly instrument: number;
  /** 0 buys the base asset, 1 sells it. */
  readonly side: OrderSide;
  readonly qtyLots: bigint;
  /** Price collar: highest price of a buy, lowest of a sell. */
  readonly limitTicks: bigint;
  /** Most that may be spent, in units of the asset given. */
  readonly fundsUnits: bigint;
  readonly feePpm: number;
  /** Monotonic, when it was decided. */
  readonly placedNs: number;
}

/**
 * All that is known of an order so far, as running totals, so that a report that comes twice books nothing twice. The
 * first one with nothing filled says that the venue has the order.
 */
export interface OrderReport {
  readonly orderId: number;
  /** Nothing more will happen to this order. */
  readonly isFinal: boolean;
  readonly qtyLots: bigint;
  /** Units of the quote asset, before the fee. */
  readonly costUnits: bigint;
  /** Units of the asset received. */
  readonly feeUnits: bigint;
  /** Units of the asset given. */
  readonly spentUnits: bigint;
  /** Units of the asset received, after the fee. */
  readonly receivedUnits: bigint;
}

export interface ExecutionPort {
  /** Sends an order. It has been written down before; what becomes of it comes through {@link poll}. */
  place(order: LegOrder): void;
  /** Takes up an order that a predecessor had out, of which `booked` is known. It may never have been sent. */
  resume(order: LegOrder, booked: OrderReport): void;
  /** Gives up an order at once, and says what it came to. */
  cancel(orderId: number): OrderReport | undefined;
  /** Hands over reports that have come, oldest first, at most `limit`. @returns how many. */
  poll(handle: (report: OrderReport) => void, limit: number): number;
}

export function nothingFilled(orderId: number, isFinal: boolean): OrderReport {
  return { orderId, isFinal, qtyLots: 0n, costUnits: 0n, feeUnits: 0n, spentUnits: 0n, receivedUnits: 0n };
}
