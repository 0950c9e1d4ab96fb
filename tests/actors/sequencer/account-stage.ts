/**
 * The account desk alone on a virtual clock. The test plays the exchange, which keeps balances and orders of its own and
 * answers through a port, and the plan desk, which sends orders and books what becomes of them.
 */

import { AccountDesk } from '../../../src/actors/sequencer/account/account-desk.ts';
import { dustUnits, expectedUnits, exposedUnits } from '../../../src/actors/sequencer/account/account-ledger.ts';
import type { PlansAtWork } from '../../../src/actors/sequencer/account/running-account.ts';
import { Journal } from '../../../src/actors/sequencer/journal/journal.ts';
import { openSequencerMemory } from '../../../src/actors/sequencer/journal/sequencer-memory.ts';
import { balanceChanges, fillMovements } from '../../../src/actors/sequencer/model/fill-movements.ts';
import { NewestBooks } from '../../../src/actors/sequencer/model/newest-books.ts';
import {
  type AssetIndex,
  assetIndex,
  InstrumentDirectory,
  type InstrumentIndex,
} from '../../../src/market/instrument.ts';
import { LADDER_LEGS } from '../../../src/market/legs/ladder-legs.ts';
import {
  EXECUTION,
  EXECUTION_EVENT,
  EXPOSURE_REASONS,
  ORDER_OUTCOMES,
  PLAN_OUTCOMES,
  PLAN_REASONS,
} from '../../../src/messages/execution-message.ts';
import { RECORD_BYTES, RECORD_KIND } from '../../../src/messages/record-messages.ts';
import { type Lots, lots, type Ticks, ticks, type Units, units } from '../../../src/money/money.ts';
import type { Side } from '../../../src/money/side.ts';
import { type MonotonicNs, wallMs } from '../../../src/platform/time.ts';
import type { ActorContext } from '../../../src/runtime/actor.ts';
import { openTable } from '../../../src/runtime/memory/shared-tables.ts';
import { readAscii } from '../../../src/shared/ascii-field.ts';
import type { ApprovedOrder } from '../../../src/trading/approved-order.ts';
import type { StoredTrading } from '../../../src/trading/stored-trading.ts';
import type {
  AccountQuestion,
  AccountReading,
  Fill,
  NoRoom,
  OrderReading,
  TradingEvent,
  TradingPort,
} from '../../../src/venues/trading-port.ts';
import { notConnected } from '../../../src/venues/unsent-order.ts';
import { createTestContext, readAudit } from '../../support/test-context.ts';
import { ASSETS, BTC, ETH, PAIRS, SMALL_LIMITS, USD } from './sequencer-stage.ts';

export const DIRECTORY = new InstrumentDirectory();
DIRECTORY.apply({ assets: ASSETS, instruments: PAIRS });

/** Wall time at which the first run starts. */
export const WALL_MS = 1_750_000_000_000;

/** The exchange: what it has is the truth. */
export class FakeExchange {
  readonly balances = new Map<AssetIndex, bigint>([
    [USD, 100_000_0000n],
    [BTC, 2_0000000000n],
    [ETH, 0n],
  ]);
  readonly held = new Map<number, bigint>();
  readonly orders = new Map<string, OrderReading & { endedMs: number }>();
  unknownAssets: string[] = [];
  /** Reported as held, in an amount that 64 bits do not hold. */
  uncountable: AssetIndex[] = [];
  #execs = 0;

  /** Takes an immediate-or-cancel order and fills `filled` of it at its limit. The fee is 0.25 % of what is received. */
  trade(
    clOrdId: string,
    instrument: InstrumentIndex,
    side: Side,
    qtyLots: Lots,
    filled: bigint,
    limitTicks: Ticks,
    nowMs: number,
  ): void {
    const fills = filled === 0n ? [] : [this.#fill(instrument, side, lots(filled), limitTicks, nowMs)];
    this.orders.set(clOrdId, {
      clOrdId,
      venueOrderId: `O${clOrdId}`,
      instrument,
      side,
      qtyLots,
      limitTicks,
      ...scaleOf(instrument),
      isOpen: false,
      fills,
      reason: '',
      endedMs: nowMs,
    });
  }

  /** Fills more of an order, after all. */
  fillMore(clOrdId: string, lots: Lots, nowMs: number): Fill {
    const order = this.orders.get(clOrdId)!;
    const fill = this.#fill(order.instrument!, order.side, lots, order.limitTicks, nowMs);
    this.orders.set(clOrdId, { ...order, fills: [...order.fills, fill], endedMs: nowMs });
    return fill;
  }

  /** Puts an order of another party (or an older self) on the book. */
  rest(clOrdId: string | undefined, venueOrderId: string, instrument: InstrumentIndex, side: Side, lots: Lots): void {
    const order = {
      clOrdId,
      venueOrderId,
      instrument,
      side,
      qtyLots: lots,
      limitTicks: ticks(400_000n),
      ...scaleOf(instrument),
    };
    this.orders.set(venueOrderId, { ...order, isOpen: true, fills: [], reason: '', endedMs: 0 });
  }

  cancel(clOrdId: string, nowMs: number): void {
    for (const [key, order] of this.orders) {
      if (order.clOrdId === clOrdId && order.isOpen) this.orders.set(key, { ...order, isOpen: false, endedMs: nowMs });
    }
  }

  find(clOrdId: string): OrderReading | undefined {
    return [...this.orders.values()].find((order) => order.clOrdId === clOrdId);
  }

  reading({ scope, sinceMs }: AccountQuestion, nowMs: number): AccountReading {
    const all = scope === 'balances' ? [] : [...this.orders.values()];
    const orders = scope === 'recent' ? all.toSorted((a, b) => b.endedMs - a.endedMs).slice(0, 50) : all;
    const fromMs = sinceMs ?? nowMs - 60_000;
    return {
      scope,
      asOfMs: wallMs(nowMs),
      balances: [...this.balances]
        .filter(([asset]) => !this.uncountable.includes(asset))
        .map(([asset, totalUnits]) => ({
          asset,
          totalUnits: units(totalUnits),
          heldUnits: units(this.held.get(asset) ?? 0n),
        })),
      openOrders: orders.filter(({ isOpen }) => isOpen),
      endedOrders: orders.filter(({ isOpen, endedMs }) => !isOpen && endedMs >= fromMs),
      uncountable: this.uncountable,
      unknownAssets: this.unknownAssets,
    };
  }

  #fill(instrument: InstrumentIndex, side: Side, lots: Lots, ticks: Ticks, nowMs: number): Fill {
    const { base, quote, pricePrecision, qtyPrecision } = PAIRS[instrument]!;
    const quoteScale = 10n ** BigInt(pricePrecision + qtyPrecision - ASSETS[quote]!.precision);
    const costUnits = (lots * ticks) / quoteScale;
    const received = side === 0 ? lots * 10n ** BigInt(ASSETS[base]!.precision - qtyPrecision) : costUnits;
    const fill: Fill = {
      execId: `T${++this.#execs}`,
      qtyLots: lots,
      priceTicks: ticks,
      costUnits: units(costUnits),
      feeUnits: units(received / 400n + 1n),
      feeAsset: assetIndex(side === 0 ? base : quote),
      atMs: wallMs(nowMs),
    };
    const moves = fillMovements(DIRECTORY.instruments[instrument]!, scaleOf(instrument), side, DIRECTORY, fill);
    for (const [asset, units] of balanceChanges(moves)) this.add(asset, units);
    return fill;
  }

  add(asset: AssetIndex, units: Units): void {
    this.balances.set(asset, (this.balances.get(asset) ?? 0n) + units);
  }
}

/** The way to the exchange. What was asked stands in `calls`; it answers by itself unless asked not to. */
export class ScriptedPort implements TradingPort {
  readonly calls: string[] = [];
  readonly exchange: FakeExchange;
  readonly #nowMs: () => number;
  answersReadings = true;
  answersLookUps = true;
  isConnected = false;
  #events: TradingEvent[] = [];

  constructor(exchange: FakeExchange, nowMs: () => number) {
    this.exchange = exchange;
    this.#nowMs = nowMs;
  }

  tell(...events: readonly TradingEvent[]): void {
    this.#events.push(...events);
  }
  connect(): void {
    this.isConnected = true;
    this.tell({ type: 'connected' });
  }
  disconnect(): void {
    this.isConnected = false;
    this.tell({ type: 'disconnected', reason: 'reset' });
  }
  start(): void {
    this.calls.push('start');
    this.connect();
  }
  agreesOn(): boolean {
    return true;
  }
  whyNoRoom(): NoRoom | undefined {
    return this.isConnected ? undefined : 'disconnected';
  }
  /** The account desk sends no orders. */
  send(order: ApprovedOrder): void {
    if (this.isConnected) throw new Error(`${order.clOrdId} was sent`);
    this.tell(notConnected(order));
  }
  cancel(clOrdId: string): void {
    this.calls.push(`cancel ${clOrdId}`);
    this.exchange.cancel(clOrdId, this.#nowMs());
  }
  cancelAll(): void {
    this.calls.push('cancelAll');
  }
  lookUp(clOrdId: string): void {
    this.calls.push(`lookUp ${clOrdId}`);
    if (this.answersLookUps) this.tell({ type: 'order.fate', clOrdId, found: this.exchange.find(clOrdId) });
  }
  readAccount(question: AccountQuestion): void {
    this.calls.push(`readAccount ${question.scope} ${question.sinceMs}`);
    if (!this.isConnected) this.tell({ type: 'account_unknown', why: 'not connected' });
    else if (this.answersReadings) {
      this.tell({ type: 'account', account: this.exchange.reading(question, this.#nowMs()) });
    }
  }
  setDeadMansSwitch(armed: boolean): void {
    this.calls.push(armed ? 'arm' : 'disarm');
  }
  poll(handle: (event: TradingEvent) => void, limit: number): number {
    const events = this.#events.splice(0, limit);
    for (const event of events) handle(event);
    return events.length;
  }
  onTimer(): void {}
  stop(): void {
    this.calls.push('stop');
    this.isConnected = false;
  }
  /** What was asked since the last look. */
  taken(): string[] {
    return this.calls.splice(0);
  }
}

export class FakePlans implements PlansAtWork {
  ordersOut: { clOrdId: string; instrument: InstrumentIndex; sentNs: MonotonicNs }[] = [];
  #isAtWork = false;
  readonly reserved = new Map<number, bigint>();
  readonly doubted: string[] = [];

  get isAtWork(): boolean {
    return this.#isAtWork || this.ordersOut.length > 0;
  }
  set isAtWork(isAtWork: boolean) {
    this.#isAtWork = isAtWork;
  }
  reservedUnits(asset: AssetIndex): Units {
    return units(this.reserved.get(asset) ?? 0n);
  }
  isAtWorkOn(clOrdId: string): boolean {
    return this.ordersOut.some((order) => order.clOrdId === clOrdId);
  }
  doubt(clOrdId: string): void {
    this.doubted.push(clOrdId);
  }
}

/** A message of the sequencer, on its way to risk or to the database. */
export function readExecution(view: DataView, at: number) {
  const text = (field: 'clOrdId' | 'venueOrderId' | 'execId') =>
    readAscii(view, at + EXECUTION[field], field === 'clOrdId' ? 18 : 20);
  const int64 = (field: number) => view.getBigInt64(at + field, true);
  return {
    event: Object.entries(EXECUTION_EVENT).find(([, code]) => code === view.getUint8(at + EXECUTION.event))?.[0] ?? '?',
    plan: view.getFloat64(at + EXECUTION.plan, true),
    runMs: view.getFloat64(at + EXECUTION.runMs, true),
    asset: view.getUint16(at + EXECUTION.startAsset, true),
    instrumentsSeq: view.getFloat64(at + EXECUTION.instrumentsSeq, true),
    amount: int64(EXECUTION.amountUnits),
    exposure: EXPOSURE_REASONS[view.getUint8(at + EXECUTION.exposureReason)],
    clOrdId: text('clOrdId'),
    venueOrderId: text('venueOrderId'),
    execId: text('execId'),
    orderOutcome: ORDER_OUTCOMES[view.getUint8(at + EXECUTION.orderOutcome)],
    outcome: PLAN_OUTCOMES[view.getUint8(at + EXECUTION.outcome)],
    reason: PLAN_REASONS[view.getUint16(at + EXECUTION.reason, true)],
    qty: int64(EXECUTION.qtyLots),
    spent: int64(EXECUTION.spentUnits),
    spentAsset: view.getUint16(at + EXECUTION.spentAsset, true),
    received: int64(EXECUTION.receivedUnits),
    receivedAsset: view.getUint16(at + EXECUTION.receivedAsset, true),
    start: int64(EXECUTION.startUnits),
    end: int64(EXECUTION.endUnits),
    profit: int64(EXECUTION.profitUnits),
  };
}
export type ExecutionRow = ReturnType<typeof readExecution>;

export interface AccountStageOptions {
  readonly trading?: object;
  readonly config?: object;
  readonly stored?: StoredTrading | undefined;
  readonly exchange?: FakeExchange;
  /** Wall time at which the run starts. */
  readonly wallMs?: number;
  /** Whether the venue has announced its assets already. */
  readonly listed?: boolean;
  /** Changes what the first desk gets; its successors get the plain context. */
  readonly tamper?: (context: ActorContext<'sequencer'>) => ActorContext<'sequencer'>;
}

export function stageAccount(given: AccountStageOptions = {}) {
  const wallMs = given.wallMs ?? WALL_MS;
  const stage = createTestContext('sequencer', {
    wallStartNs: BigInt(wallMs) * 1_000_000n,
    config: {
      mode: 'demo',
      trading: given.trading ?? {},
      limits: { ...SMALL_LIMITS, records_ring: 1_024 },
      ...given.config,
    },
  });
  const { clock, memory } = stage;
  const log = openTable(memory, 'instrument_log', 'feed');
  const list = () => log.append({ assets: ASSETS, instruments: PAIRS });
  if (given.listed !== false) list();
  const gate = openTable(memory, 'trading_gate', 'supervisor');
  gate.setRisk('active', 'none');
  gate.setSupervisor('active', 'none');
  const exchange = given.exchange ?? new FakeExchange();
  const nowMs = () => clock.wallMs();
  const plans = new FakePlans();
  const executions = stage.consumer('executions');
  const records = stage.consumer('sequencer_records');

  const create = (context: ActorContext<'sequencer'>) => {
    const journal = new Journal(
      openSequencerMemory(context.ownMemory, context.config),
      context.producer('executions'),
      context.records,
    );
    journal.noteRun(wallMs);
    const port = new ScriptedPort(exchange, nowMs);
    const books = new NewestBooks(openTable(memory, 'book_table', 'book'), log, LADDER_LEGS);
    const desk = new AccountDesk({ context, journal, books, port, plans, stored: given.stored });
    return { journal, port, desk };
  };
  let parts = create(given.tamper?.(stage.context) ?? stage.context);
  const turn = () => {
    const { desk, port } = parts;
    desk.heedHalt();
    let done = desk.tick();
    while (!desk.isBooking && port.poll((event) => desk.handle(event), 1) > 0) done++;
    return done;
  };
  /** Turns until nothing moves any more at this time. */
  const run = () => {
    while (turn() > 0) executions.drain(() => undefined, executions.capacity);
    executions.drain(() => undefined, executions.capacity);
  };
  const taken: Uint8Array[] = [];
  const recordBytes = () => {
    records.drain((view, at) => {
      const from = view.byteOffset + at;
      taken.push(new Uint8Array(view.buffer.slice(from, from + RECORD_BYTES)));
    }, records.capacity);
    return taken;
  };
  return {
    ...stage,
    gate,
    exchange,
    plans,
    list,
    turn,
    run,
    nowMs,
    get port() {
      return parts.port;
    },
    get desk() {
      return parts.desk;
    },
    get journal() {
      return parts.journal;
    },
    start: () => {
      parts.desk.start();
      run();
    },
    /** Lets `ms` pass in steps of 50 ms, as the heartbeat does. */
    pass: (ms: number) => {
      const target = clock.nowNs() + ms * 1e6;
      run();
      while (clock.nowNs() < target) {
        clock.advanceTo(Math.min(target, clock.nowNs() + 50e6));
        run();
      }
    },
    /** As after a death: nothing is stopped, a successor starts on the same memory. */
    succeed: () => {
      parts = create(stage.successor());
      parts.desk.start();
    },
    /** Every record on its way to the database so far, oldest first, as bytes. */
    recordBytes,
    /** What was reported, but for what it is reported every few seconds: up to when the account was compared. */
    told: () => {
      const { executions, audits } = decodeRecords(recordBytes());
      return { executions: executions.filter(({ event }) => event !== 'READING'), audits };
    },
    /** The venue's times up to which the account was compared. */
    compared: () =>
      decodeRecords(recordBytes())
        .executions.filter(({ event }) => event === 'READING')
        .map(({ amount }) => Number(amount)),
    expected: (asset: AssetIndex) => expectedUnits(parts.journal.current, asset),
    exposed: (asset: AssetIndex) => exposedUnits(parts.journal.current, asset),
    dust: (asset: AssetIndex) => dustUnits(parts.journal.current, asset),
  };
}
export type AccountStage = ReturnType<typeof stageAccount>;

/** Records as bytes, decoded. */
export function decodeRecords(records: readonly Uint8Array[]) {
  const executions: ExecutionRow[] = [];
  const audits: string[] = [];
  for (const bytes of records) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (view.getUint8(0) === RECORD_KIND.EXECUTION) executions.push(readExecution(view, 0));
    else audits.push(`${readAudit(view, 0).event}: ${readAudit(view, 0).text}`);
  }
  return { executions, audits };
}

function scaleOf(instrument: InstrumentIndex) {
  const { pricePrecision, qtyPrecision } = PAIRS[instrument]!;
  return { pricePrecision, qtyPrecision };
}
