/** An order in the exchange's hands: what was asked for, what came of it, and its place in the queue. */

import type { SideName } from '../../../money/side.ts';
import type { CancelTimer } from '../../../platform/clock.ts';
import type {
  AmendRecord,
  FeePreference,
  FeeRates,
  OrderRecord,
  OrderStatus,
  OrderType,
  StpType,
  TimeInForce,
  TradeRecord,
} from '../exchange-types.ts';
import type { FillTerms } from '../fill-amounts.ts';
import type { PairRules } from '../pair-rules.ts';

/** An order that is well formed, in integers, before the engine has it. */
export interface OrderDraft {
  readonly pair: PairRules;
  readonly side: SideName;
  readonly type: OrderType;
  /** 0 when the order is for an amount of quote. */
  readonly qty: bigint;
  readonly cashQty: bigint | undefined;
  readonly limitPrice: bigint | undefined;
  readonly displayQty: bigint | undefined;
  readonly timeInForce: TimeInForce;
  readonly postOnly: boolean;
  readonly clOrdId: string | undefined;
  readonly userref: number | undefined;
  /** Undefined when the client left it to the venue. */
  readonly feePreference: FeePreference | undefined;
  readonly stp: StpType;
  readonly expireAtMs: number | undefined;
  readonly deadlineMs: number;
  readonly validate: boolean;
}

export interface OrderOrigin {
  readonly id: string;
  readonly account: string;
  readonly openedAtMs: number;
  readonly openedNs: number;
  readonly feePreference: FeePreference;
  readonly feeRates: FeeRates;
}

export class ExchangeOrder implements OrderRecord, FillTerms {
  readonly id: string;
  readonly account: string;
  readonly pair: PairRules;
  readonly side: SideName;
  readonly type: OrderType;
  readonly cashQty: bigint | undefined;
  readonly timeInForce: TimeInForce;
  readonly postOnly: boolean;
  readonly clOrdId: string | undefined;
  readonly userref: number | undefined;
  readonly feePreference: FeePreference;
  readonly feeRates: FeeRates;
  readonly stp: StpType;
  readonly openedAtMs: number;
  readonly expireAtMs: number | undefined;
  qty: bigint;
  limitPrice: bigint | undefined;
  displayQty: bigint | undefined;
  status: OrderStatus = 'new';
  closedAtMs: number | undefined;
  reason = '';
  amended = false;
  filledQty = 0n;
  filledCost = 0n;
  fee = 0n;
  feeInQuote = 0n;
  /** Sum of price × quantity of its fills, unrounded: what its average price is made of. */
  filledExact = 0n;
  readonly amends: AmendRecord[];
  readonly trades: TradeRecord[] = [];
  /** Placed or amended last, monotonic: what the trading counter asks. */
  touchedNs: number;
  /** Units of the asset it spends that are held for it. */
  held = 0n;
  /** Market quantity at its price that came before it. */
  ahead = 0n;
  /** What of it the public book shows now. */
  shown = 0n;
  cancelExpiry: CancelTimer = () => {};

  constructor(draft: OrderDraft, origin: OrderOrigin) {
    this.id = origin.id;
    this.account = origin.account;
    this.openedAtMs = origin.openedAtMs;
    this.touchedNs = origin.openedNs;
    this.feePreference = origin.feePreference;
    this.feeRates = origin.feeRates;
    this.pair = draft.pair;
    this.side = draft.side;
    this.type = draft.type;
    this.cashQty = draft.cashQty;
    this.timeInForce = draft.timeInForce;
    this.postOnly = draft.postOnly;
    this.clOrdId = draft.clOrdId;
    this.userref = draft.userref;
    this.stp = draft.stp;
    this.expireAtMs = draft.expireAtMs;
    this.qty = draft.qty;
    this.limitPrice = draft.limitPrice;
    this.displayQty = draft.displayQty;
    this.amends = [originalTerms(draft, origin)];
  }

  get remaining(): bigint {
    return this.qty - this.filledQty;
  }

  get isOpen(): boolean {
    return this.closedAtMs === undefined;
  }

  /** What the public may see of the rest: an iceberg shows its tip. */
  get visible(): bigint {
    const tip = this.displayQty;
    return tip === undefined || tip > this.remaining ? this.remaining : tip;
  }
}

/** Its id is the order's in the other kind, so that placing an order draws no more ids than it did. */
function originalTerms({ qty, limitPrice, displayQty, postOnly }: OrderDraft, origin: OrderOrigin): AmendRecord {
  const id = `T${origin.id.slice(1)}`;
  return { id, kind: 'original', atMs: origin.openedAtMs, qty, remainingQty: qty, limitPrice, displayQty, postOnly };
}
