/**
 * A venue that behaves like one on a bad day, by seed: it loses answers and orders, refuses, fills in parts, late and in
 * odd assets, reports things twice and in the wrong order, and forgets new orders for a while, or orders it has acknowledged
 * for good or until no one expects them any more. What it holds is the truth.
 */

import { balanceChanges, fillMovements } from '../../../src/actors/sequencer/model/fill-movements.ts';
import { assetIndex, InstrumentDirectory } from '../../../src/market/instrument.ts';
import { type Lots, lots, ticks, units } from '../../../src/money/money.ts';
import type { Chance } from '../../../src/platform/chance.ts';
import type { VirtualClock } from '../../../src/platform/clock.ts';
import { wallMs } from '../../../src/platform/time.ts';
import type { ApprovedOrder } from '../../../src/trading/approved-order.ts';
import type {
  AccountQuestion,
  Fill,
  NoRoom,
  OrderReading,
  TradingEvent,
  TradingPort,
} from '../../../src/venues/trading-port.ts';
import { notConnected } from '../../../src/venues/unsent-order.ts';
import { ASSETS, PAIRS } from './sequencer-stage.ts';

const DIRECTORY = new InstrumentDirectory();
DIRECTORY.apply({ assets: ASSETS, instruments: PAIRS });

interface TrueOrder {
  readonly order: ApprovedOrder;
  readonly fills: Fill[];
  isOpen: boolean;
  /** Look-ups before then do not see it. */
  visibleNs: number;
  endedMs: number;
  /** It was acknowledged, and is denied. */
  isForgotten?: boolean;
}

export class UnrulyVenue implements TradingPort {
  isConnected = false;
  readonly sent: string[] = [];
  /** What became of orders, by kind. */
  readonly kinds = new Map<string, number>();
  readonly balances: bigint[];
  readonly #clock: Pick<VirtualClock, 'nowNs' | 'wallMs'>;
  readonly #chance: Chance;
  readonly #orders = new Map<string, TrueOrder>();
  #events: TradingEvent[] = [];
  #due: { atNs: number; run: () => void }[] = [];
  #execs = 0;
  /** From here on everything goes well. */
  isTame = false;
  /** Share of orders that it acknowledges and then denies to know. */
  forgetfulness = 0;

  constructor(clock: Pick<VirtualClock, 'nowNs' | 'wallMs'>, chance: Chance, balances: readonly bigint[]) {
    this.#clock = clock;
    this.#chance = chance;
    this.balances = [...balances];
  }

  start(): void {
    this.isConnected = true;
    this.#say({ type: 'connected' });
  }

  agreesOn(): boolean {
    return true;
  }
  whyNoRoom(): NoRoom | undefined {
    if (!this.isConnected) return 'disconnected';
    return this.isTame || this.#chance.unit() > 0.03 ? undefined : 'no_room';
  }

  send(order: ApprovedOrder): void {
    if (!this.isConnected) {
      this.#say(notConnected(order));
      return;
    }
    this.sent.push(order.clOrdId);
    if (!this.isTame && this.forgetfulness > 0 && this.#chance.unit() < this.forgetfulness) {
      this.#behave('forgotten', order);
      return;
    }
    const dice = this.isTame ? 0 : this.#chance.unit();
    if (dice < 0.45) this.#behave('well', order);
    else if (dice < 0.53) this.#behave('refused', order);
    else if (dice < 0.61) this.#behave('lost', order);
    else if (dice < 0.74) this.#behave('ack lost', order);
    else if (dice < 0.82) this.#behave('filled late', order);
    else if (dice < 0.9) this.#behave('told twice and out of order', order);
    else this.#behave('disconnected', order);
  }

  cancel(): void {
    // What is out ends by itself soon enough.
  }
  cancelAll(): void {
    // As above.
  }
  setDeadMansSwitch(): void {
    // Nothing rests here.
  }

  lookUp(clOrdId: string): void {
    this.#later(30, () => {
      if (!this.isConnected || (!this.isTame && this.#chance.unit() < 0.2)) {
        this.#say({ type: 'order.fate_unknown', clOrdId, why: 'EService:Unavailable' });
        return;
      }
      const known = this.#orders.get(clOrdId);
      if (known?.isForgotten) {
        this.#say({ type: 'order.denied', clOrdId, venueOrderId: `V${clOrdId}` });
        return;
      }
      const isSeen = known !== undefined && this.#clock.nowNs() >= known.visibleNs;
      this.#say({ type: 'order.fate', clOrdId, found: isSeen ? readingOf(known) : undefined });
    });
  }

  readAccount({ scope, sinceMs = wallMs(0) }: AccountQuestion): void {
    const asOfMs = this.#clock.wallMs();
    this.#later(20, () => {
      if (!this.isConnected || (!this.isTame && this.#chance.unit() < 0.1)) {
        this.#say({ type: 'account_unknown', why: 'EService:Unavailable' });
        return;
      }
      const isSeen = ({ visibleNs, isForgotten }: TrueOrder) => !isForgotten && this.#clock.nowNs() >= visibleNs;
      const seen = scope === 'balances' ? [] : [...this.#orders.values()].filter(isSeen);
      const balances = this.balances.map((totalUnits, asset) => ({
        asset: assetIndex(asset),
        totalUnits: units(totalUnits),
        heldUnits: units(0n),
      }));
      const openOrders = seen.filter(({ isOpen }) => isOpen).map(readingOf);
      const endedOrders = seen.filter(({ isOpen, endedMs }) => !isOpen && endedMs >= sinceMs).map(readingOf);
      this.#say({
        type: 'account',
        account: { scope, asOfMs, balances, openOrders, endedOrders, unknownAssets: [], uncountable: [] },
      });
    });
  }

  poll(handle: (event: TradingEvent) => void, limit: number): number {
    this.onTimer();
    const events = this.#events.splice(0, limit);
    for (const event of events) handle(event);
    return events.length;
  }

  onTimer(): void {
    const nowNs = this.#clock.nowNs();
    const due = this.#due.filter(({ atNs }) => atNs <= nowNs);
    if (due.length === 0) return;
    this.#due = this.#due.filter(({ atNs }) => atNs > nowNs);
    for (const { run } of due) run();
  }

  stop(): void {
    this.isConnected = false;
  }

  /** As with a connection that dies with its actor: what was said and not heard is gone. */
  forget(): void {
    this.#events = [];
  }

  /** Fills of all orders, as they truly were. */
  get fills(): readonly Fill[] {
    return [...this.#orders.values()].flatMap(({ fills }) => fills);
  }

  #behave(kind: string, order: ApprovedOrder): void {
    this.kinds.set(kind, (this.kinds.get(kind) ?? 0) + 1);
    const { clOrdId } = order;
    const refused = { type: 'order.refused', clOrdId, error: 'EOrder:Insufficient funds', isRetryable: false } as const;
    if (kind === 'refused') this.#later(10, () => this.#say(refused));
    else if (kind === 'lost') this.#later(40, () => this.#say({ type: 'order.uncertain', clOrdId, why: 'no answer' }));
    else if (kind === 'forgotten') this.#later(5, () => this.#forgetOrder(order));
    else this.#later(5, () => this.#accept(kind, order));
  }

  /** Half of them turn up again, filled, when they have long been given up. */
  #forgetOrder(order: ApprovedOrder): void {
    const { clOrdId } = order;
    const known: TrueOrder = { order, fills: [], isOpen: true, isForgotten: true, visibleNs: 0, endedMs: 0 };
    this.#orders.set(clOrdId, known);
    this.#say({ type: 'order.acked', clOrdId, venueOrderId: `V${clOrdId}` });
    if (this.#chance.unit() < 0.5) return;
    this.#later(60_000, () => {
      known.isForgotten = false;
      this.#finish('well', known, true);
    });
  }

  #accept(kind: string, order: ApprovedOrder): void {
    const { clOrdId } = order;
    const visibleMs = kind === 'ack lost' ? this.#upTo(900) : 0;
    const known: TrueOrder = { order, fills: [], isOpen: true, visibleNs: this.#inMs(visibleMs), endedMs: 0 };
    this.#orders.set(clOrdId, known);
    const isHeard = kind !== 'ack lost' && kind !== 'disconnected';
    if (kind === 'disconnected' && this.isConnected) this.#loseConnection(clOrdId);
    else if (kind !== 'well' && !isHeard)
      this.#later(40, () => this.#say({ type: 'order.uncertain', clOrdId, why: 'no answer' }));
    if (isHeard) this.#say({ type: 'order.acked', clOrdId, venueOrderId: `V${clOrdId}` });
    this.#later(10 + this.#upTo(20), () => this.#finish(kind, known, isHeard));
  }

  #finish(kind: string, known: TrueOrder, isHeard: boolean): void {
    const { order } = known;
    const fills = this.#fillsOf(order, order.qtyLots);
    const late = kind === 'filled late' ? fills.pop() : undefined;
    for (const fill of fills) this.#book(known, fill);
    known.isOpen = false;
    known.endedMs = this.#clock.wallMs();
    if (isHeard) this.#tell(kind, known);
    if (late !== undefined) this.#later(this.#upTo(400), () => this.#fillLate(known, late));
  }

  #tell(kind: string, { order: { clOrdId }, fills }: TrueOrder): void {
    const venueOrderId = `V${clOrdId}`;
    const told = fills.map((fill): TradingEvent => ({ type: 'order.filled', clOrdId, venueOrderId, fill }));
    const filledLots = fills.reduce((sum, { qtyLots }) => sum + qtyLots, 0n);
    const ended: TradingEvent = {
      type: 'order.ended',
      clOrdId,
      venueOrderId,
      filledLots: lots(filledLots),
      reason: '',
    };
    if (kind === 'told twice and out of order') this.#say(ended, ...[...told].reverse(), ...told, ended);
    else this.#say(...told, ended);
  }

  #fillLate(known: TrueOrder, fill: Fill): void {
    const { clOrdId } = known.order;
    this.#book(known, fill);
    known.endedMs = this.#clock.wallMs();
    this.#say({ type: 'order.filled', clOrdId, venueOrderId: `V${clOrdId}`, fill });
  }

  #fillsOf(order: ApprovedOrder, most: Lots): Fill[] {
    const dice = this.isTame ? 1 : this.#chance.unit();
    if (dice < 0.15) return [];
    const filled = dice < 0.4 ? (most * BigInt(1 + this.#upTo(98))) / 100n : most;
    if (filled === 0n) return [];
    const first = this.#chance.unit() < 0.5 ? filled : filled / 2n;
    return [first, filled - first].filter((part) => part > 0n).map((part) => this.#fillOf(order, lots(part)));
  }

  #fillOf({ instrument, side, limitTicks }: ApprovedOrder, qtyLots: Lots): Fill {
    const { base, quote, pricePrecision, qtyPrecision } = PAIRS[instrument]!;
    const better = (limitTicks * BigInt(this.#upTo(10))) / 10_000n;
    const priceTicks = side === 0 ? limitTicks - better : limitTicks + better;
    const exponent = ASSETS[quote]!.precision - pricePrecision - qtyPrecision;
    const raw = priceTicks * qtyLots;
    const costUnits =
      exponent >= 0 ? raw * 10n ** BigInt(exponent) : raw / 10n ** BigInt(-exponent) + (side === 0 ? 1n : 0n);
    const dice = this.#chance.unit();
    const feeAsset = dice < 0.7 ? (side === 0 ? base : quote) : this.#upTo(ASSETS.length - 1);
    const traded = feeAsset === base ? qtyLots * 100n : costUnits;
    const isTraded = feeAsset === base || feeAsset === quote;
    const feeUnits = isTraded ? (traded * 26n) / 10_000n : BigInt(this.#upTo(5));
    const execId = `E${++this.#execs}`;
    return {
      execId,
      qtyLots,
      priceTicks: ticks(priceTicks),
      costUnits: units(costUnits),
      feeUnits: units(feeUnits),
      feeAsset: assetIndex(feeAsset),
      atMs: this.#clock.wallMs(),
    };
  }

  #book({ order, fills }: TrueOrder, fill: Fill): void {
    fills.push(fill);
    const moves = fillMovements(DIRECTORY.instruments[order.instrument]!, order, order.side, DIRECTORY, fill);
    for (const [asset, units] of balanceChanges(moves)) this.balances[asset]! += units;
  }

  #loseConnection(clOrdId: string): void {
    this.isConnected = false;
    this.#say({ type: 'disconnected', reason: 'lost' }, { type: 'order.uncertain', clOrdId, why: 'lost' });
    for (const [other, { isOpen }] of this.#orders) {
      if (isOpen && other !== clOrdId) this.#say({ type: 'order.uncertain', clOrdId: other, why: 'lost' });
    }
    this.#later(200 + this.#upTo(800), () => this.start());
  }

  #say(...events: readonly TradingEvent[]): void {
    this.#events.push(...events);
  }
  #later(ms: number, run: () => void): void {
    this.#due.push({ atNs: this.#inMs(ms), run });
  }
  #inMs(ms: number): number {
    return this.#clock.nowNs() + ms * 1e6;
  }
  #upTo(most: number): number {
    return this.#chance.integer(most + 1);
  }
}

function readingOf({ order, fills, isOpen }: TrueOrder): OrderReading {
  const { clOrdId, instrument, side, qtyLots, limitTicks, pricePrecision, qtyPrecision } = order;
  const venueOrderId = `V${clOrdId}`;
  const terms = { instrument, side, qtyLots, limitTicks, pricePrecision, qtyPrecision };
  return { clOrdId, venueOrderId, ...terms, isOpen, fills: [...fills], reason: '' };
}
