/**
 * What earlier runs of the program left in the database of an account: what a new one has to know before it trades.
 * Amounts are decimal text: the venue may have changed a precision in the meantime.
 */

import type { Side } from '../money/side.ts';

export interface StoredAmount {
  /** Modern asset code, such as `BTC`. */
  readonly asset: string;
  /** Plain decimal. */
  readonly amount: string;
}

/** A fill of a plan that has no end. */
export interface StoredFill {
  readonly execId: string;
  /** How it changed the account. */
  readonly changes: readonly StoredAmount[];
}

/** A plan that was opened, or of which there are orders, and that has no end. */
export interface StoredPlan {
  /** Run it belongs to, and its number in that run. */
  readonly runMs: number;
  readonly plan: number;
  /** Undefined when its opening is not recorded: a later run knows it by its orders alone. */
  readonly startAsset: string | undefined;
  /** The first of its orders that is recorded, and the asset it gives. */
  readonly firstOrder: { readonly clOrdId: string; readonly gives: string } | undefined;
  /** What its opening says that exposure which it took over is worth, in the start asset, negative. */
  readonly mark: string;
  readonly fills: readonly StoredFill[];
  /** What was entered as exposure or dust for it already: fees of a third asset, dust that it swept along (negative). */
  readonly entered: readonly StoredAmount[];
}

/** A fill that is recorded, as the venue reported it. */
export interface StoredBooking {
  /** The venue's id of it. */
  readonly execId: string;
  readonly clOrdId: string;
  /** Such as `BTC/USD`. */
  readonly symbol: string;
  /** Plain decimals, empty where the record does not have its scale; quantity and price with as many places as the order was made in; cost in the quote asset. */
  readonly qty: string;
  readonly price: string;
  readonly cost: string;
  readonly fee: string;
  readonly feeAsset: string;
}

/** An order that has no end. */
export interface StoredOrder {
  readonly clOrdId: string;
  /** Empty while it was not known. */
  readonly venueOrderId: string;
  readonly symbol: string;
  readonly side: Side;
}

export interface StoredTrading {
  /** The venue's time, ms since 1970: everything that happened before is recorded. */
  readonly sinceMs: number;
  /** False until the account was reconciled for the first time ever: nothing was traded before. */
  readonly isEstablished: boolean;
  readonly balances: readonly StoredAmount[];
  readonly exposure: readonly StoredAmount[];
  readonly dust: readonly StoredAmount[];
  readonly plans: readonly StoredPlan[];
  /** Plans whose end is recorded, as `runMs/plan`, from before `sinceMs` on. */
  readonly plansEnded: readonly string[];
  readonly ordersOpen: readonly StoredOrder[];
  /** Ids of orders that are recorded, from before `sinceMs` on. */
  readonly ordersKnown: readonly string[];
  /** Of those, the ones with an end. */
  readonly ordersEnded: readonly string[];
  /** Fills that are recorded, from before `sinceMs` on. */
  readonly fillsBooked: readonly StoredBooking[];
}
