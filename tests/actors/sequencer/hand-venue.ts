/** A venue in the hands of the test: it keeps what is sent and asked, and says what the test lets it say. */

import { type AssetIndex, assetIndex, type InstrumentIndex } from '../../../src/market/instrument.ts';
import { type Lots, type Ticks, type Units, units } from '../../../src/money/money.ts';
import { wallMs } from '../../../src/platform/time.ts';
import type { ApprovedOrder } from '../../../src/trading/approved-order.ts';
import type {
  AccountQuestion,
  BalanceReading,
  Fill,
  NoRoom,
  OrderReading,
  TradingEvent,
  TradingPort,
} from '../../../src/venues/trading-port.ts';
import { notConnected } from '../../../src/venues/unsent-order.ts';
import { ASSETS, PAIRS } from './sequencer-stage.ts';

export interface FillTerms {
  readonly priceTicks?: Ticks;
  readonly feeUnits?: Units;
  readonly feeAsset?: AssetIndex;
  readonly execId?: string;
  readonly feeElsewhere?: string;
}

export class HandVenue implements TradingPort {
  readonly sent: ApprovedOrder[] = [];
  readonly lookups: string[] = [];
  readonly cancelled: string[] = [];
  /** Instruments that the venue's counters take no order of now. */
  readonly full = new Set<number>();
  /** Instruments of which the venue says two things. */
  readonly disagreed = new Set<number>();
  /** What the account holds, and of which assets it holds more than can be counted. */
  balances: BalanceReading[] = [];
  uncountable: AssetIndex[] = [];
  /** Orders that the pace lets leave at once. */
  roomFor = Number.POSITIVE_INFINITY;
  /** Whether the connection stands; true from the start on, until the test or the end says otherwise. */
  isConnected = false;
  readonly #events: TradingEvent[] = [];
  #execs = 0;

  start(): void {
    this.isConnected = true;
    this.say({ type: 'connected' });
  }
  agreesOn(instruments: readonly InstrumentIndex[]): boolean {
    return !instruments.some((instrument) => this.disagreed.has(instrument));
  }
  whyNoRoom(instruments: readonly InstrumentIndex[]): NoRoom | undefined {
    if (!this.isConnected) return 'disconnected';
    if (instruments.length > this.roomFor) return 'message_pace';
    return instruments.some((instrument) => this.full.has(instrument)) ? 'no_room' : undefined;
  }
  send(order: ApprovedOrder): void {
    if (this.isConnected) this.sent.push(order);
    else this.say(notConnected(order));
  }
  cancel(clOrdId: string): void {
    this.cancelled.push(clOrdId);
  }
  cancelAll(): void {
    this.cancelled.push('all');
  }
  lookUp(clOrdId: string): void {
    this.lookups.push(clOrdId);
  }
  readAccount({ scope }: AccountQuestion): void {
    const { balances, uncountable } = this;
    const account = {
      scope,
      asOfMs: wallMs(1),
      balances,
      uncountable,
      openOrders: [],
      endedOrders: [],
      unknownAssets: [],
    };
    this.say(this.isConnected ? { type: 'account', account } : { type: 'account_unknown', why: 'not connected' });
  }
  setDeadMansSwitch(): void {
    this.cancelled.push('switch');
  }
  poll(handle: (event: TradingEvent) => void, limit: number): number {
    const events = this.#events.splice(0, limit);
    for (const event of events) handle(event);
    return events.length;
  }
  onTimer(): void {
    // Nothing falls due here.
  }
  stop(): void {
    this.isConnected = false;
  }

  say(...events: readonly TradingEvent[]): void {
    this.#events.push(...events);
  }

  /** The newest order that was sent. */
  get last(): ApprovedOrder {
    return this.sent.at(-1)!;
  }

  acked({ clOrdId }: { clOrdId: string }): void {
    this.say({ type: 'order.acked', clOrdId, venueOrderId: 'V' });
  }

  fillOf(order: ApprovedOrder, qtyLots: Lots, terms: FillTerms = {}): Fill {
    const { base, quote, pricePrecision, qtyPrecision } = PAIRS[order.instrument % PAIRS.length]!;
    const priceTicks = terms.priceTicks ?? order.limitTicks;
    const costUnits = scaled(priceTicks * qtyLots, ASSETS[quote]!.precision - pricePrecision - qtyPrecision);
    const feeAsset = terms.feeAsset ?? (order.side === 0 ? base : quote);
    const execId = terms.execId ?? `E${++this.#execs}`;
    return {
      execId,
      qtyLots,
      priceTicks,
      costUnits: units(costUnits),
      feeUnits: units(terms.feeUnits ?? 0n),
      feeAsset: assetIndex(feeAsset),
      atMs: wallMs(1_000_000),
      ...(terms.feeElsewhere === undefined ? {} : { feeElsewhere: terms.feeElsewhere }),
    };
  }

  filled(order: ApprovedOrder, qtyLots = order.qtyLots, terms: FillTerms = {}): Fill {
    const fill = this.fillOf(order, qtyLots, terms);
    this.say({ type: 'order.filled', clOrdId: order.clOrdId, venueOrderId: 'V', fill });
    return fill;
  }

  ended(order: ApprovedOrder, filledLots: Lots): void {
    this.say({ type: 'order.ended', clOrdId: order.clOrdId, venueOrderId: 'V', filledLots, reason: 'done' });
  }

  /** Acknowledges, fills and ends an order. */
  execute(order: ApprovedOrder, qtyLots = order.qtyLots, terms: FillTerms = {}): void {
    this.acked(order);
    if (qtyLots > 0n) this.filled(order, qtyLots, terms);
    this.ended(order, qtyLots);
  }

  refused(order: ApprovedOrder, error = 'EOrder:Insufficient funds', isRetryable = false): void {
    this.say({ type: 'order.refused', clOrdId: order.clOrdId, error, isRetryable });
  }

  uncertain({ clOrdId }: { clOrdId: string }): void {
    this.say({ type: 'order.uncertain', clOrdId, why: 'no answer' });
  }

  fate(order: ApprovedOrder, found: Pick<OrderReading, 'isOpen' | 'fills'> | undefined): void {
    const { clOrdId, instrument, side, qtyLots, limitTicks, pricePrecision, qtyPrecision } = order;
    const terms = { instrument, side, qtyLots, limitTicks, pricePrecision, qtyPrecision };
    const reading = { clOrdId, venueOrderId: 'V', ...terms, reason: '' };
    this.say({ type: 'order.fate', clOrdId, found: found === undefined ? undefined : { ...reading, ...found } });
  }
}

function scaled(value: bigint, exponent: number): bigint {
  return exponent >= 0 ? value * 10n ** BigInt(exponent) : value / 10n ** BigInt(-exponent);
}
