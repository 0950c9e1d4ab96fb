/**
 * What plan desk and account desk know of each other. The plan desk answers for the orders of its plans; the account desk
 * for everything else that happens to the account, and for the ledger that both book into.
 */

import type { AssetIndex, InstrumentIndex } from '../../../market/instrument.ts';
import type { ExposureReason } from '../../../messages/execution-message.ts';
import type { Units } from '../../../money/money.ts';
import type { MonotonicNs } from '../../../platform/time.ts';
import type { Fill, TradingEvent } from '../../../venues/trading-port.ts';
import type { BookedOrder, FilledOrder } from '../decisions/booked-fill.ts';
import type { Moment } from '../journal/execution-events.ts';
import type { FillMovements } from '../model/fill-movements.ts';
import type { LedgerEntry } from './account-ledger.ts';

/** An order of a plan at work whose end is not booked. */
export interface OrderOut {
  readonly clOrdId: string;
  readonly instrument: InstrumentIndex;
  /** Monotonic, when it left. */
  readonly sentNs: MonotonicNs;
}

/** The plan desk, as the account desk sees it. */
export interface PlansAtWork {
  /** Sent, acknowledged or uncertain. */
  readonly ordersOut: readonly OrderOut[];
  /** Whether any plan is at work: it may send an order at any time. */
  readonly isAtWork: boolean;
  /** Units of an asset that are held back for plans at work. */
  reservedUnits(asset: AssetIndex): Units;
  /** Whether an order is of a plan at work, ended or not. */
  isAtWorkOn(clOrdId: string): boolean;
  /** The venue should have reported something of this order by now: what became of it must be asked. */
  doubt(clOrdId: string, why: string): void;
}

/** The account desk, as the plan desk sees it. What it books belongs to the change of the journal that is open. */
export interface Account {
  /** Whether orders may leave: the account is reconciled and the venue can be reached. */
  readonly isTrading: boolean;
  /** Whether plans may be begun: nothing of the account is in doubt. */
  readonly takesPlans: boolean;
  /** Whether an order that no plan has out is asked after. */
  readonly isAsking: boolean;
  /** Units of an asset that may be spent: not held by foreign orders, not reserved. Undefined: without limit. */
  available(asset: AssetIndex): Units | undefined;
  /** Whether more of an asset is held than can be counted: nothing that touches it is begun. */
  isUncountable(asset: AssetIndex): boolean;
  /** Whether a fill was booked before, by whomever. */
  isBooked(fill: Pick<Fill, 'execId'>): boolean;
  /** What the venue says now of a fill that is booked, when it is not what was booked; undefined otherwise. */
  reportedOtherwise(order: FilledOrder, fill: Fill): string | undefined;
  /** Books what a fill of `order` moves, and remembers it. */
  bookFill(order: BookedOrder, fill: Fill, moves: FillMovements): void;
  /** Remembers a fill that is not believed, so that it is not booked later either. */
  disbelieve(execId: string): void;
  addExposure(entry: LedgerEntry, reason: ExposureReason, when: Moment): void;
  addDust(entry: LedgerEntry, when: Moment): void;
  /** Takes what the port reports of the account, and of orders that no plan has out. */
  handle(event: TradingEvent): void;
}

/** An account with its life, as the actor runs it. */
export interface RunningAccount extends Account {
  /** There is something to book: until that is done, the port is not to be polled. */
  readonly isBooking: boolean;
  readonly isStopped: boolean;
  /** Connects. */
  start(): void;
  /** When trading was halted since the last call: asks for the end of all orders, whether that can be recorded now or not. */
  heedHalt(): void;
  /** Books what waits, and does what is due. @returns how much. */
  tick(): number;
  /** Asks for the end of everything. To be turned on until it is stopped. */
  stop(): void;
}
