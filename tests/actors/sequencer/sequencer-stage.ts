/**
 * The sequencer alone on a virtual clock: the test plays book (three pairs), detector, gate and risk.
 *
 *   USD ─buy BTC/USD─▶ BTC ─buy ETH/BTC─▶ ETH ─sell ETH/USD─▶ USD
 */

import assert from 'node:assert/strict';
import { createActor, createSequencer, PAPER } from '../../../src/actors/sequencer/actor.ts';
import type { ExecutionRoute } from '../../../src/actors/sequencer/execution-route.ts';
import {
  balanceOffset,
  exposureOffset,
  openSequencerMemory,
} from '../../../src/actors/sequencer/journal/sequencer-memory.ts';
import type { PlanLeg } from '../../../src/actors/sequencer/model/plan.ts';
import { type BookTable, createBookCopy, TABLE_LEVEL, VALID } from '../../../src/market/book-table.ts';
import { sizeCycle } from '../../../src/market/cycles/cycle-sizing.ts';
import {
  type AssetIndex,
  assetIndex,
  InstrumentDirectory,
  type InstrumentIndex,
  type InstrumentStatus,
  instrumentIndex,
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
import type { FlattenAsk, FlattenReport } from '../../../src/messages/flatten-message.ts';
import { invalidReasonCode } from '../../../src/messages/market-messages.ts';
import { LEG, OPPORTUNITY } from '../../../src/messages/opportunity-message.ts';
import { RECORD_BYTES, RECORD_KIND } from '../../../src/messages/record-messages.ts';
import { type Lots, lots, ticks, type Units, units } from '../../../src/money/money.ts';
import type { Side } from '../../../src/money/side.ts';
import type { VirtualClock } from '../../../src/platform/clock.ts';
import type { ActorContext } from '../../../src/runtime/actor.ts';
import { RingGauge } from '../../../src/runtime/memory/ring.ts';
import { openTable } from '../../../src/runtime/memory/shared-tables.ts';
import type { Mode } from '../../../src/settings/config.ts';
import { readAscii } from '../../../src/shared/ascii-field.ts';
import { createTestContext, readAudit } from '../../support/test-context.ts';

export const USD = assetIndex(0);
export const BTC = assetIndex(1);
export const ETH = assetIndex(2);
export const ASSETS = [
  { index: USD, id: 'USD', precision: 4 },
  { index: BTC, id: 'BTC', precision: 10 },
  { index: ETH, id: 'ETH', precision: 10 },
];

const pair = (index: InstrumentIndex, symbol: string, base: AssetIndex, quote: AssetIndex, pricePrecision: number) => ({
  index,
  symbol,
  base,
  quote,
  status: 'online' as InstrumentStatus,
  pricePrecision,
  qtyPrecision: 8,
  costPrecision: 4,
  priceIncrement: ticks(1n),
  qtyIncrement: lots(1n),
  qtyMin: lots(10_000n), // 0.0001
  costMin: units(quote === USD ? 5_000n : 200_000n), // 0.5 USD, 0.00002 BTC
});
export const BTC_USD = instrumentIndex(0);
export const ETH_BTC = instrumentIndex(1);
export const ETH_USD = instrumentIndex(2);
export const PAIRS = [
  pair(BTC_USD, 'BTC/USD', BTC, USD, 1),
  pair(ETH_BTC, 'ETH/BTC', ETH, BTC, 5),
  pair(ETH_USD, 'ETH/USD', ETH, USD, 2),
];

export type Levels = readonly (readonly [price: bigint, lots: bigint])[];
export interface Book {
  readonly bids: Levels;
  readonly asks: Levels;
}

/** 50,000.0 USD for a BTC; 0.05 BTC for an ETH; an ETH sells for 2,520 USD: 0.8 % more than it costs. */
export const GOOD_BOOKS: readonly Book[] = [
  { bids: [[499_990n, lots(200_000_000n)]], asks: [[500_000n, lots(200_000_000n)]] },
  { bids: [[4_999n, lots(500_000_000n)]], asks: [[5_000n, lots(500_000_000n)]] },
  { bids: [[252_000n, lots(300_000_000n)]], asks: [[252_100n, lots(500_000_000n)]] },
];

export const FORWARD: readonly (readonly [instrument: InstrumentIndex, side: Side])[] = [
  [BTC_USD, 0],
  [ETH_BTC, 0],
  [ETH_USD, 1],
];

export interface Execution {
  readonly event: string;
  readonly plan: number;
  readonly executionSeq: number;
  readonly instrumentsSeq: number;
  readonly leg: number;
  readonly side: number;
  readonly instrument: InstrumentIndex;
  readonly qty: bigint;
  readonly wanted: bigint;
  readonly price: bigint;
  readonly cost: bigint;
  readonly fee: bigint;
  readonly spentAsset: AssetIndex;
  readonly spent: bigint;
  readonly receivedAsset: AssetIndex;
  readonly received: bigint;
  readonly start: bigint;
  readonly end: bigint;
  readonly profit: bigint;
  readonly outcome: string;
  readonly reason: string;
  readonly feeAsset: AssetIndex;
  readonly amount: bigint;
  /** Of an ended plan. */
  readonly mark: bigint;
  readonly amountAsset: number;
  readonly orderOutcome: string;
  readonly exposureReason: string;
  readonly clOrdId: string;
  readonly execId: string;
}

const EVENT_NAMES = Object.fromEntries(Object.entries(EXECUTION_EVENT).map(([name, code]) => [code, name]));

export function readExecution(view: DataView, at: number): Execution {
  const int64 = (field: number) => view.getBigInt64(at + field, true);
  const uint16 = (field: number) => view.getUint16(at + field, true);
  return {
    event: EVENT_NAMES[view.getUint8(at + EXECUTION.event)] ?? 'unknown',
    plan: view.getFloat64(at + EXECUTION.plan, true),
    executionSeq: view.getFloat64(at + EXECUTION.executionSeq, true),
    instrumentsSeq: view.getFloat64(at + EXECUTION.instrumentsSeq, true),
    leg: view.getUint8(at + EXECUTION.leg),
    side: view.getUint8(at + EXECUTION.side),
    instrument: instrumentIndex(view.getUint32(at + EXECUTION.instrument, true)),
    qty: int64(EXECUTION.qtyLots),
    wanted: int64(EXECUTION.qtyWantedLots),
    price: int64(EXECUTION.priceTicks),
    cost: int64(EXECUTION.costUnits),
    fee: int64(EXECUTION.feeUnits),
    spentAsset: assetIndex(uint16(EXECUTION.spentAsset)),
    spent: int64(EXECUTION.spentUnits),
    receivedAsset: assetIndex(uint16(EXECUTION.receivedAsset)),
    received: int64(EXECUTION.receivedUnits),
    start: int64(EXECUTION.startUnits),
    end: int64(EXECUTION.endUnits),
    profit: int64(EXECUTION.profitUnits),
    outcome: PLAN_OUTCOMES[view.getUint8(at + EXECUTION.outcome)] ?? 'unknown',
    reason: PLAN_REASONS[uint16(EXECUTION.reason)] ?? 'unknown',
    feeAsset: assetIndex(uint16(EXECUTION.feeAsset)),
    amount: int64(EXECUTION.amountUnits),
    mark: int64(EXECUTION.markUnits),
    amountAsset: uint16(EXECUTION.startAsset),
    orderOutcome: ORDER_OUTCOMES[view.getUint8(at + EXECUTION.orderOutcome)] ?? 'unknown',
    exposureReason: EXPOSURE_REASONS[view.getUint8(at + EXECUTION.exposureReason)] ?? 'unknown',
    clOrdId: readAscii(view, at + EXECUTION.clOrdId, EXECUTION.CL_ORD_ID_BYTES),
    execId: readAscii(view, at + EXECUTION.execId, EXECUTION.EXEC_ID_BYTES),
  };
}

export interface StageOptions {
  readonly paper?: object;
  readonly trading?: object;
  readonly strategy?: object;
  readonly limits?: object;
  readonly venue?: object;
  readonly mode?: Mode;
  readonly alert?: object;
  readonly books?: readonly Book[];
  /** Wall time at the clock's zero. */
  readonly wallStartNs?: bigint;
  /** Where orders go: paper, unless given. */
  readonly way?: Partial<ExecutionRoute>;
  /** Changes what the first actor gets; its successors get the plain context. */
  readonly tamper?: (context: ActorContext<'sequencer'>) => ActorContext<'sequencer'>;
  readonly pairs?: readonly (typeof PAIRS)[number][];
  readonly assets?: readonly (typeof ASSETS)[number][];
}

/** Memory for three pairs, not for a whole venue: properties build hundreds of stages. */
export const SMALL_LIMITS = {
  instruments_max: 8,
  assets_max: 8,
  instrument_log_bytes: 65_536,
  book_versions: 4,
  deltas_ring: 64,
  tops_ring: 64,
  records_ring: 512,
  opportunities_ring: 256,
};

export function stageSequencer(given: StageOptions = {}) {
  const {
    paper = {},
    trading = {},
    strategy = {},
    limits = {},
    venue = {},
    way,
    pairs = PAIRS,
    assets = ASSETS,
  } = given;
  const { mode = 'paper', alert = {} } = given;
  const stage = createTestContext('sequencer', {
    ...(given.wallStartNs === undefined ? {} : { wallStartNs: given.wallStartNs }),
    config: {
      mode,
      alert,
      paper,
      trading,
      strategy,
      limits: { ...SMALL_LIMITS, ...limits },
      venue: { depth: 10, ...venue },
    },
  });
  const { clock, memory } = stage;
  openTable(memory, 'instrument_log', 'feed').append({ assets, instruments: pairs });
  const table = openTable(memory, 'book_table', 'book');
  const gate = openTable(memory, 'trading_gate', 'supervisor');
  gate.setRisk('active', 'none');
  gate.setSupervisor('active', 'none');
  clock.advanceTo(1e9);
  const create = (context: typeof stage.context) =>
    way === undefined ? createActor(context) : createSequencer(context, { ...PAPER, ...way });
  let actor = create(given.tamper?.(stage.context) ?? stage.context);
  const opportunities = stage.producer('opportunities');
  const executions = stage.consumer('executions');
  const records = stage.consumer('sequencer_records');
  let seq = 0;
  const setBook = (instrument: InstrumentIndex, book: Book) => putBook(table, instrument, book, ++seq, clock.nowNs());
  for (const [index, book] of (given.books ?? GOOD_BOOKS).entries()) setBook(instrumentIndex(index), book);
  actor.onStart();
  const run = () => {
    while (actor.doWork() > 0);
  };
  return {
    ...stage,
    gate,
    table,
    setBook,
    run,
    voidBook: (instrument: InstrumentIndex) => table.setValidity(instrument, invalidReasonCode('checksum')),
    /** Lets `ms` pass, stopping wherever a timer falls due, and every 10 ms. */
    pass: (ms: number) =>
      advance(clock, ms, () => {
        run();
        actor.onTimer?.();
        run();
      }),
    get actor() {
      return actor;
    },
    /** As after a death: nothing is stopped, a successor starts on the same memory. */
    succeed: () => {
      actor = create(stage.successor());
      actor.onStart();
    },
    /** What the detector would send now, sized on the newest books; undefined when nothing pays. */
    opportunity: (feePpm = 0, legs = FORWARD) => sizedOpportunity(table, pairs, legs, feePpm),
    send: (what: Sized | undefined, more: Partial<Sent> = {}) => {
      if (what === undefined) throw new Error('nothing pays on these books');
      const sent = { seq: ++seq, ordinal: 0, stampNs: clock.nowNs(), sized: 1, ...more };
      assert.ok(opportunities.tryClaim(1), 'the ring has room for an opportunity');
      putOpportunity(opportunities.view, opportunities.offset(0), what, sent);
      opportunities.publish(1);
      return sent;
    },
    /** Executions on the way to risk, oldest first. */
    told: () => {
      const found: Execution[] = [];
      executions.drain((view, at) => found.push(readExecution(view, at)), executions.capacity);
      return found;
    },
    recordedCount: () => new RingGauge(memory.rings['executions']!.memory).used,
    /** Records on the way to the database, oldest first. */
    recorded: () => {
      const found: Execution[] = [];
      const audits: string[] = [];
      records.drain((view, at) => {
        if (view.getUint8(at) === RECORD_KIND.EXECUTION) found.push(readExecution(view, at));
        else if (view.getUint8(at) === RECORD_KIND.AUDIT) {
          const { event, text } = readAudit(view, at);
          audits.push(`${event} ${text}`);
        }
      }, records.capacity);
      return { executions: found, audits };
    },
    /** Records on the way to the database, oldest first, as bytes. With this they are committed. */
    recordBytes: () => {
      const taken: Uint8Array[] = [];
      records.drain((view, at) => {
        const from = view.byteOffset + at;
        taken.push(new Uint8Array(view.buffer.slice(from, from + RECORD_BYTES)));
      }, records.capacity);
      return taken;
    },
    /** As a person would ask over the control socket. */
    flatten: (ask: Partial<FlattenAsk> = {}) =>
      (actor.control as { flatten(ask: FlattenAsk): FlattenReport }).flatten({ assets: [], ...ask }),
    /** What is in the exposure ledger: [USD, BTC, ETH]. */
    exposed: () => {
      const bank = openSequencerMemory(stage.context.ownMemory, stage.context.config).current;
      return ASSETS.map(({ index }) => bank.getBigInt64(exposureOffset(index), true));
    },
    /** Change of the paper account since the start: [USD, BTC, ETH]. */
    balances: () => {
      const bank = openSequencerMemory(stage.context.ownMemory, stage.context.config).current;
      return ASSETS.map(({ index }) => bank.getBigInt64(balanceOffset(assetIndex(index)), true));
    },
    counter: (name: Parameters<typeof stage.context.counters.get>[0]) => stage.context.counters.get(name),
  };
}
export type Stage = ReturnType<typeof stageSequencer>;

function advance(clock: VirtualClock, ms: number, turn: () => void): void {
  const target = clock.nowNs() + ms * 1e6;
  turn();
  while (clock.nowNs() < target) {
    clock.advanceTo(Math.min(clock.nextTimerNs() ?? target, clock.nowNs() + 10e6, target));
    turn();
  }
}

export function putBook(table: BookTable, instrument: InstrumentIndex, book: Book, seq: number, stampNs: number): void {
  const at = table.beginVersion(instrument, seq, seq, stampNs);
  const side = (offset: number, levels: Levels) => {
    for (const [level, [price, qty]] of levels.entries()) {
      table.view.setBigInt64(offset + level * TABLE_LEVEL.SIZE + TABLE_LEVEL.priceTicks, price, true);
      table.view.setBigInt64(offset + level * TABLE_LEVEL.SIZE + TABLE_LEVEL.qtyLots, qty, true);
    }
  };
  side(at, book.bids);
  side(at + table.shape.levels * TABLE_LEVEL.SIZE, book.asks);
  table.publish(instrument, at, book.bids.length, book.asks.length);
  table.setValidity(instrument, VALID);
}

export interface Sized {
  readonly startUnits: Units;
  readonly endUnits: Units;
  readonly legs: readonly (PlanLeg & { readonly qtyLots: Lots })[];
}
export interface Sent {
  readonly seq: number;
  readonly ordinal: number;
  readonly stampNs: number;
  readonly sized: number;
}

function sizedOpportunity(
  table: BookTable,
  pairs: StageOptions['pairs'] & {},
  cycle: typeof FORWARD,
  feePpm: number,
): Sized | undefined {
  const directory = new InstrumentDirectory();
  directory.apply({ assets: ASSETS, instruments: pairs });
  const legs = cycle.map(([instrument, side]) => {
    const copy = createBookCopy(table.shape.levels);
    table.readNewest(instrument, copy);
    const { base, quote } = pairs[instrument] as (typeof PAIRS)[number];
    const terms = {
      instrument: directory.instruments[instrument]!,
      side,
      base: ASSETS[base]!,
      quote: ASSETS[quote]!,
      feePpm,
    };
    return LADDER_LEGS.leg(terms, side === 0 ? copy.asks : copy.bids);
  });
  const size = sizeCycle(legs, { stepsMax: 4_096 });
  if (size === undefined) return undefined;
  const sizedLegs = size.fills.map(({ priceTicks, qtyLots }, index) => {
    const [instrument, side] = cycle[index]!;
    return { instrument, side, feePpm, decidedTicks: priceTicks, qtyLots };
  });
  return { startUnits: size.startUnits, endUnits: size.endUnits, legs: sizedLegs };
}

/** Lays the legs out in another order than they are traded in, as a cycle's spelling may. */
function putOpportunity(view: DataView, at: number, what: Sized, sent: Sent): void {
  view.setUint8(at + OPPORTUNITY.kind, RECORD_KIND.OPPORTUNITY);
  view.setUint8(at + OPPORTUNITY.legCount, what.legs.length);
  view.setUint8(at + OPPORTUNITY.sized, sent.sized);
  view.setFloat64(at + OPPORTUNITY.seq, sent.seq, true);
  view.setUint16(at + OPPORTUNITY.ordinal, sent.ordinal, true);
  view.setFloat64(at + OPPORTUNITY.stampNs, sent.stampNs, true);
  view.setBigInt64(at + OPPORTUNITY.startUnits, what.startUnits, true);
  view.setBigInt64(at + OPPORTUNITY.endUnits, what.endUnits, true);
  for (const [turn, leg] of what.legs.entries()) {
    const place = at + OPPORTUNITY.legs + ((turn + 1) % what.legs.length) * LEG.SIZE;
    view.setUint16(place + LEG.instrument, leg.instrument, true);
    view.setUint8(place + LEG.side, leg.side);
    view.setUint8(place + LEG.turn, turn);
    view.setUint32(place + LEG.feePpm, leg.feePpm, true);
    view.setBigInt64(place + LEG.priceTicks, leg.decidedTicks, true);
    view.setBigInt64(place + LEG.qtyLots, leg.qtyLots, true);
  }
}
