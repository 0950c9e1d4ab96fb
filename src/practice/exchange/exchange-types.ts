/**
 * What the practice exchange's trading side is asked and what it answers. Numbers come in as the text they had on the
 * wire (a JSON lexeme or a REST string) and are integers from then on; errors are the venue's own texts (protocol
 * reference 3.6). The protocols on top of it, socket and REST, only translate.
 */
import type { SideName } from '../../money/side.ts';
import type { AssetRules, PairRules } from './pair-rules.ts';

export type OrderType = 'limit' | 'market' | 'iceberg';
export type TimeInForce = 'gtc' | 'gtd' | 'ioc' | 'fok';
/** Self-trade prevention: which of two orders of one account dies instead of meeting the other. */
export type StpType = 'cancel_newest' | 'cancel_oldest' | 'cancel_both';
export type FeePreference = 'base' | 'quote';
/** Verification level: it decides the limits of the trading counter and of open orders, not the fees. */
export type RateTier = 'starter' | 'intermediate' | 'pro';
/** `filled`, `canceled` and `expired` are final. */
export type OrderStatus = 'new' | 'partially_filled' | 'filled' | 'canceled' | 'expired';

/** What was asked for, or the venue's text for why not. */
export type Answer<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: string };

/** An account and what it begins with. */
export interface AccountSettings {
  readonly name: string;
  readonly rateTier: RateTier;
  /** A tier of the fee schedule (1 to 17; it rises with the account's volume), or fixed percentages. */
  readonly fees: { readonly tier: number } | { readonly makerPct: string; readonly takerPct: string };
  /** Opening deposits: decimal text by asset code (`BTC`, `USD`). */
  readonly balances: Readonly<Record<string, string>>;
  /** What a sell pays its fee in that names no preference; `quote` when not given. */
  readonly sellFeesIn?: FeePreference | undefined;
}

/** An order as it was asked for. Texts are plain decimals; times are wall milliseconds since 1970. */
export interface NewOrder {
  readonly symbol: string;
  readonly side: string;
  readonly orderType: string;
  readonly qty?: string | undefined;
  /** Quote amount: buy market orders only. */
  readonly cashQty?: string | undefined;
  readonly limitPrice?: string | undefined;
  /** `gtc` when not given. */
  readonly timeInForce?: string | undefined;
  readonly postOnly?: boolean | undefined;
  readonly reduceOnly?: boolean | undefined;
  readonly margin?: boolean | undefined;
  readonly displayQty?: string | undefined;
  readonly effectiveAtMs?: number | undefined;
  readonly expireAtMs?: number | undefined;
  /** The engine refuses to match after it. 5 s after `receivedAtMs` when not given. */
  readonly deadlineMs?: number | undefined;
  /** When the request was read off the wire; now when not given. */
  readonly receivedAtMs?: number | undefined;
  readonly clOrdId?: string | undefined;
  readonly userref?: number | undefined;
  readonly feePreference?: string | undefined;
  /** `cancel_newest` when not given. */
  readonly stp?: string | undefined;
  /** Check only: nothing is placed. */
  readonly validate?: boolean | undefined;
}

/** Exactly one of the ids of an order. A userref can name several. */
export type OrderName = { readonly orderId: string } | { readonly clOrdId: string } | { readonly userref: number };

export interface Amendment {
  readonly order: OrderName;
  /** Refuses another pair than the order's. */
  readonly symbol?: string | undefined;
  readonly qty?: string | undefined;
  readonly displayQty?: string | undefined;
  readonly limitPrice?: string | undefined;
  /** Refuses a new price that would take. */
  readonly postOnly?: boolean | undefined;
  readonly deadlineMs?: number | undefined;
  readonly receivedAtMs?: number | undefined;
}

/** An order of an account, now or as it ended. */
export interface OrderRecord {
  /** `O.....-.....-......` */
  readonly id: string;
  readonly account: string;
  readonly pair: PairRules;
  readonly side: SideName;
  readonly type: OrderType;
  /** In units of 10^-`pair.scale.qty`, as are all quantities here. */
  readonly qty: bigint;
  /** In units of 10^-`pair.scale.price`, as are all prices here; undefined for a market order. */
  readonly limitPrice: bigint | undefined;
  readonly cashQty: bigint | undefined;
  readonly displayQty: bigint | undefined;
  readonly timeInForce: TimeInForce;
  readonly postOnly: boolean;
  readonly clOrdId: string | undefined;
  readonly userref: number | undefined;
  readonly feePreference: FeePreference;
  readonly stp: StpType;
  readonly openedAtMs: number;
  readonly expireAtMs: number | undefined;
  readonly status: OrderStatus;
  readonly closedAtMs: number | undefined;
  /** Why it ended otherwise than filled; empty while it is open. */
  readonly reason: string;
  readonly amended: boolean;
  readonly filledQty: bigint;
  /** In units of the quote asset. */
  readonly filledCost: bigint;
  /** Sum of price × quantity of its fills, unrounded, in units of 10^-(`scale.price` + `scale.qty`). */
  readonly filledExact: bigint;
  /** In units of the asset of `feePreference`. */
  readonly fee: bigint;
  /** The same in quote units, each fill's at its own price, rounded up: what REST reports, in every fee asset. */
  readonly feeInQuote: bigint;
  /** Its terms as it was placed, then those of each amendment. */
  readonly amends: readonly AmendRecord[];
  /** Its fills, oldest first. */
  readonly trades: readonly TradeRecord[];
}

/** The terms that an order had from some moment on. */
export interface AmendRecord {
  /** `T.....-.....-......` */
  readonly id: string;
  /** `original`: as it was placed. `user`: as its client amended it. */
  readonly kind: 'original' | 'user';
  readonly atMs: number;
  readonly qty: bigint;
  /** What was unfilled of it then. */
  readonly remainingQty: bigint;
  readonly limitPrice: bigint | undefined;
  readonly displayQty: bigint | undefined;
  /** It was not to take with these terms. */
  readonly postOnly: boolean;
}

/** One fill of one order. */
export interface TradeRecord {
  /** `T.....-.....-......`: `exec_id` on the socket, the key of `TradesHistory` on REST. */
  readonly id: string;
  /** Number of the trade in its pair. */
  readonly tradeId: number;
  readonly order: OrderRecord;
  readonly qty: bigint;
  readonly price: bigint;
  /** Quote units: rounded up for a buy, down for a sell. */
  readonly cost: bigint;
  readonly fee: bigint;
  readonly feeAsset: AssetRules;
  /** What the fee is worth in quote units at the fill's price, rounded up. */
  readonly feeInQuote: bigint;
  readonly liquidity: 'maker' | 'taker';
  readonly atMs: number;
  /** Ids of the ledger entries that booked it. */
  readonly ledgerIds: readonly string[];
}

/** One change of one balance. Their sum, `amount - fee`, is the balance. */
export interface LedgerRecord {
  /** `L.....-.....-......` */
  readonly id: string;
  readonly account: string;
  /** The trade's id, which joins the entries of a trade; a deposit's own. */
  readonly refId: string;
  readonly atMs: number;
  readonly type: 'deposit' | 'trade';
  readonly asset: AssetRules;
  /** Signed, without the fee, in units of 10^-`asset.decimals`. */
  readonly amount: bigint;
  readonly fee: bigint;
  /** After this entry. */
  readonly balance: bigint;
}

export interface BalanceRecord {
  readonly asset: AssetRules;
  /** Amounts held by open orders included. */
  readonly total: bigint;
  readonly held: bigint;
}

export interface FeeRates {
  readonly makerPpm: bigint;
  readonly takerPpm: bigint;
}

export type ExecutionKind = 'pending_new' | 'new' | 'trade' | 'filled' | 'canceled' | 'expired' | 'amended';

/** A step in an order's life, reported the moment it happens; `order` shows the state right after it. */
export interface ExecutionEvent {
  readonly kind: ExecutionKind;
  readonly order: OrderRecord;
  /** With `trade` only. */
  readonly trade: TradeRecord | undefined;
  /** Of its account in the pair, after this step: what is sent to a subscriber with `ratecounter`. */
  readonly rateCount: number;
  readonly atMs: number;
}

/**
 * Notified of everything that happens to an account, at once and in the middle of the operation that causes it: orders
 * go on changing, so take from them what is needed and answer nothing. `onSettled` comes when all is done.
 */
export interface TradingListener {
  onExecution(event: ExecutionEvent): void;
  onLedger(entry: LedgerRecord): void;
  onSettled(): void;
}

export interface AddedOrder {
  /** Undefined when it was only validated. */
  readonly order: OrderRecord | undefined;
  /** `buy 1.25 BTC/USD @ limit 37500.0` */
  readonly description: string;
}

/** `triggerAtMs` is undefined when the switch is off. */
export interface DeadMansSwitch {
  readonly nowMs: number;
  readonly triggerAtMs: number | undefined;
}

/** The trading side as the socket sessions and the REST endpoints use it. Everything happens at once, in the call. */
export interface TradingDesk {
  /** @throws OPTION_INVALID for a name that is taken, an unknown asset or tier, an amount that is none. */
  openAccount(settings: AccountSettings): void;
  readonly accounts: readonly string[];
  /** An answer means that the engine has the order; what became of it came through the listeners meanwhile. */
  add(account: string, order: NewOrder): Answer<AddedOrder>;
  /** 2 to 15 orders of one symbol. What is malformed refuses them all, the engine's refusals are per order. */
  addBatch(account: string, orders: readonly NewOrder[]): Answer<readonly Answer<AddedOrder>[]>;
  amend(account: string, amendment: Amendment): Answer<{ readonly amendId: string; readonly order: OrderRecord }>;
  /** Cancels one order, or all with a userref. Answers with those that it ended. */
  cancel(account: string, name: OrderName): Answer<readonly OrderRecord[]>;
  /** 1 to 50 names. Cancels what it can; refused only when that is nothing. */
  cancelBatch(account: string, names: readonly OrderName[]): Answer<{ readonly count: number }>;
  cancelAll(account: string): Answer<{ readonly count: number }>;
  /** Dead-man's switch: cancels all when it is not called again in time. 0 disarms. */
  cancelAllAfter(account: string, timeoutS: number): Answer<DeadMansSwitch>;
  /** Oldest first, as the following. */
  openOrders(account: string): readonly OrderRecord[];
  closedOrders(account: string): readonly OrderRecord[];
  order(account: string, orderId: string): OrderRecord | undefined;
  trades(account: string): readonly TradeRecord[];
  ledger(account: string): readonly LedgerRecord[];
  /** Every asset the account ever had. */
  balances(account: string): readonly BalanceRecord[];
  /** What the account pays in a pair now. */
  fees(account: string, pair: PairRules): FeeRates;
  /** What the account traded in the last 30 days, in US cents. */
  volumeUsdCents(account: string): bigint;
  /** `units` of an asset in 10^-`decimals` US dollars by the exchange's own books; 0 where no book leads there. */
  usdValue(asset: AssetRules, units: bigint, decimals: number): bigint;
  rateTier(account: string): RateTier;
  /** The pair by its v2 symbol (`BTC/USD`), with its rules as they are now. */
  pair(symbol: string): PairRules | undefined;
  /** An asset by its modern code. */
  asset(id: string): AssetRules | undefined;
  listen(account: string, listener: TradingListener): () => void;
}
