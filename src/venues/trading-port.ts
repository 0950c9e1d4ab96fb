/**
 * Where orders go and where reports of them come from: one venue's trading connection as the sequencer sees it. Nothing
 * blocks and nothing is awaited; all events come through {@link TradingPort.poll}, in order.
 *
 * The port never decides: it does not resend, does not guess an outcome, and says `order.uncertain` for everything that is not
 * proven. Who asked decides what to do then.
 */

import type { AssetIndex, InstrumentIndex, OrderScale } from '../market/instrument.ts';
import type { Lots, Ticks, Units } from '../money/money.ts';
import type { Side } from '../money/side.ts';
import type { WallMs } from '../platform/time.ts';
import type { ApprovedOrder } from '../trading/approved-order.ts';

/**
 * One fill of one order, reported once in a port's life, and again only when the venue reports it otherwise: in other
 * figures than it was reported first, and than it was reported last. Its ticks and lots are in the scale the order was
 * made in.
 */
export interface Fill {
  /** The venue's id of this fill. */
  readonly execId: string;
  readonly qtyLots: Lots;
  /** In ticks, rounded against us when the venue's price is finer. */
  readonly priceTicks: Ticks;
  /** Units of the quote asset, before any fee. */
  readonly costUnits: Units;
  readonly feeUnits: Units;
  /** What the fee was taken in: base, quote, or neither. */
  readonly feeAsset: AssetIndex;
  /**
   * A fee in an asset that the venue does not list, such as fee credits, in its words: without a precision it cannot be booked
   * in units. Absent when there is none.
   */
  readonly feeElsewhere?: string;
  /** Wall time of the venue, milliseconds since 1970. */
  readonly atMs: WallMs;
  /** What the venue says of it that is not so of its order, such as another pair or side. Absent when all goes together. */
  readonly otherThanOrder?: string;
}

/** All that the venue knows of an order. Its ticks and lots, and those of its fills, are in the scale it carries. */
export interface OrderReading extends OrderScale {
  /** Undefined for an order that was made without one: a foreign one. */
  readonly clOrdId: string | undefined;
  readonly venueOrderId: string;
  /** Undefined when the venue's pair is not one we know. */
  readonly instrument: InstrumentIndex | undefined;
  readonly side: Side;
  readonly qtyLots: Lots;
  readonly limitTicks: Ticks;
  readonly isOpen: boolean;
  /** Complete when the order is not open. */
  readonly fills: readonly Fill[];
  /** The venue's reason for its end; empty when it gave none. */
  readonly reason: string;
}

export interface BalanceReading {
  readonly asset: AssetIndex;
  /** Spot wallet, amounts held by open orders included. */
  readonly totalUnits: Units;
  /** Of that, held by open orders. */
  readonly heldUnits: Units;
}

/**
 * How much of the account is asked for. `balances`: nothing else. `recent`: open orders and the newest ended ones too.
 * `everything`: all that ended since a time, however many that are.
 */
export type AccountScope = 'balances' | 'recent' | 'everything';

export interface AccountQuestion {
  readonly scope: AccountScope;
  /** The venue's time since which ended orders are asked for; undefined when none of ours can have ended before now. */
  readonly sinceMs: WallMs | undefined;
}

/** The account as the venue sees it: what local state is measured against. */
export interface AccountReading {
  readonly scope: AccountScope;
  /** The venue's time when it was asked for: what is reported is of then, or later. */
  readonly asOfMs: WallMs;
  /** Assets that are not listed are zero. */
  readonly balances: readonly BalanceReading[];
  /** Every open order of the account, foreign ones too; none of it when only balances were asked for. */
  readonly openOrders: readonly OrderReading[];
  /** Orders that ended since the time asked for, of this program or not, as far as they were asked for. */
  readonly endedOrders: readonly OrderReading[];
  /** Assets of which more is held than 64 bits count: they have no entry in `balances`, and are not zero. */
  readonly uncountable: readonly AssetIndex[];
  /** Assets held of which we know no precision, by the venue's name. */
  readonly unknownAssets: readonly string[];
}

export type TradingEvent =
  /** Connected, and the streams of executions and balances stand. The account may have changed meanwhile: read it. */
  | { readonly type: 'connected' }
  /** No order can be sent. What becomes of those that are out is unknown: each gets its `order.uncertain` after this. */
  | { readonly type: 'disconnected'; readonly reason: string }
  /** The venue has the order. */
  | { readonly type: 'order.acked'; readonly clOrdId: string; readonly venueOrderId: string }
  | { readonly type: 'order.filled'; readonly clOrdId: string; readonly venueOrderId: string; readonly fill: Fill }
  /** Nothing more will happen to it. `filledLots` is what the venue says it came to: all its fills came before. */
  | {
      readonly type: 'order.ended';
      readonly clOrdId: string;
      readonly venueOrderId: string;
      readonly filledLots: Lots;
      readonly reason: string;
    }
  /** The venue reports it as another order than was sent: of another pair, side, quantity or limit. */
  | {
      readonly type: 'order.misreported';
      readonly clOrdId: string;
      readonly venueOrderId: string;
      readonly what: string;
    }
  /** Proven: the venue did not take the order. `isRetryable` when nothing about the order itself is wrong. */
  | {
      readonly type: 'order.refused';
      readonly clOrdId: string;
      readonly error: string;
      readonly isRetryable: boolean;
    }
  /** Time-out, lost connection, unreadable answer, an error that proves nothing. */
  | { readonly type: 'order.uncertain'; readonly clOrdId: string; readonly why: string }
  /** Answer to `lookUp`. `undefined`: the venue knows no such order, asked by both of its ids, and never named one. */
  | { readonly type: 'order.fate'; readonly clOrdId: string; readonly found: OrderReading | undefined }
  /** Answer to `lookUp`: the venue had the order under this id, and knows none such any more, by both of its ids. */
  | { readonly type: 'order.denied'; readonly clOrdId: string; readonly venueOrderId: string }
  /** `lookUp` could not be answered; ask again later. */
  | { readonly type: 'order.fate_unknown'; readonly clOrdId: string; readonly why: string }
  /** Answer to `readAccount`. */
  | { readonly type: 'account'; readonly account: AccountReading }
  | { readonly type: 'account_unknown'; readonly why: string }
  /** The answer is being read: so many rows of one list are read. Long lists take their time. */
  | { readonly type: 'account_progress'; readonly rows: number }
  /** A balance as the venue's stream has it. `refId` joins it with a fill. */
  | { readonly type: 'balance'; readonly asset: AssetIndex; readonly totalUnits: Units; readonly refId: string }
  /** What the venue's sources say of a pair does not go together, or does again. */
  | { readonly type: 'terms'; readonly text: string; readonly isAgreed: boolean }
  /** The venue does something no reader of the protocol expects; recorded. */
  | { readonly type: 'unexpected'; readonly text: string }
  /** What no repetition cures: key refused, withdrawal allowed. Trading halts. */
  | { readonly type: 'fatal'; readonly error: Error };

/** What keeps an order back for now: the connection, the list of pairs, the pace of messages, a pair's trading counter. */
export type NoRoom = 'disconnected' | 'instrument_unknown' | 'message_pace' | 'no_room';

export interface TradingPort {
  /** Connects and keeps connected. */
  start(): void;
  readonly isConnected: boolean;
  /**
   * What keeps back an order of each of these instruments, all of them at once: the pair's counters, a reserve for cancels
   * kept, or the pace of messages. Undefined: the venue takes them now.
   */
  whyNoRoom(instruments: readonly InstrumentIndex[]): NoRoom | undefined;
  /** Whether all that the venue says of the terms of these instruments goes together: else they are not traded. */
  agreesOn(instruments: readonly InstrumentIndex[]): boolean;
  /**
   * Sends it at once, or refuses it when the pair's scale is not the order's any more. What becomes of it comes through
   * {@link poll}.
   */
  send(order: ApprovedOrder): void;
  /** Asks for its end; what it came to comes as `order.ended`. */
  cancel(clOrdId: string): void;
  /** Asks for the end of every order of the account, foreign ones too: on halt, on shutdown. */
  cancelAll(): void;
  /** Asks what became of an order: executions first, then REST. */
  lookUp(clOrdId: string, venueOrderId: string | undefined): void;
  /** Asks for the account. Each question is answered once, in order, also when the connection was lost meanwhile. */
  readAccount(question: AccountQuestion): void;
  /** Dead-man's switch: while armed, the venue cancels everything when it receives nothing from us. */
  setDeadMansSwitch(armed: boolean): void;
  /** Hands over what has happened, oldest first, at most `limit`. @returns how many. */
  poll(handle: (event: TradingEvent) => void, limit: number): number;
  onTimer(): void;
  /** Closes the connection. Cancel before: this does not. */
  stop(): void;
}
