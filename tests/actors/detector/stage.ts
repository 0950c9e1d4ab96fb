/** The detector alone: the test plays feed and book before it, sequencer and persistence after it. */

import { createActor } from '../../../src/actors/detector/actor.ts';
import { type BookTable, TABLE_LEVEL } from '../../../src/market/book-table.ts';
import { type InstrumentChanges, InstrumentDirectory, type InstrumentIndex } from '../../../src/market/instrument.ts';
import type { InstrumentLog } from '../../../src/market/instrument-log.ts';
import { CONTROL, MARKET_KIND, SYSTEM_STATUSES, TOP, TOP_FLAG } from '../../../src/messages/market-messages.ts';
import { OPPORTUNITY } from '../../../src/messages/opportunity-message.ts';
import type { Actor } from '../../../src/runtime/actor.ts';
import type { RingConsumer, RingProducer } from '../../../src/runtime/memory/ring.ts';
import { openTable } from '../../../src/runtime/memory/shared-tables.ts';
import { opportunityJson } from '../../../src/trading/opportunity-json.ts';
import { readOpportunity } from '../../support/read-opportunity.ts';
import { createTestContext, type TestContextOptions } from '../../support/test-context.ts';

export type Levels = readonly (readonly [priceTicks: bigint, qtyLots: bigint])[];

/** One line of `--opportunities`, parsed, with what only the message has. */
export interface Emitted {
  readonly recvIndex: number;
  readonly ns: string;
  readonly symbol: string;
  readonly cycle: string;
  readonly startAsset: string;
  readonly grossMultiplier: number;
  readonly netMultiplier: number;
  readonly touchStartQty: string;
  readonly size: { asset: string; startQty: string; endQty: string; profit: string } | null;
  readonly legs: readonly { symbol: string; side: string; price: string; qty: string | null }[];
  readonly seq: number;
  readonly ordinal: number;
  readonly recordSeq: number;
  readonly line: string;
}

export class DetectorStage {
  readonly test: ReturnType<typeof createTestContext<'detector'>>;
  readonly directory = new InstrumentDirectory();
  readonly records: RingConsumer;
  readonly opportunities: RingConsumer;
  detector: Actor;
  seq = 0;
  readonly #table: BookTable;
  readonly #log: InstrumentLog;
  readonly #tops: RingProducer;

  constructor(options: TestContextOptions = {}) {
    this.test = createTestContext('detector', options);
    this.#table = openTable(this.test.memory, 'book_table', 'book');
    this.#log = openTable(this.test.memory, 'instrument_log', 'feed');
    this.#tops = this.test.producer('tops');
    this.records = this.test.consumer('detector_records');
    this.opportunities = this.test.consumer('opportunities');
    this.detector = createActor(this.test.context);
    void this.detector.onStart();
  }

  get counters() {
    return this.test.context.counters.snapshot();
  }

  /** Lets the detector work until it does nothing more. */
  run(): void {
    while (this.detector.doWork() > 0);
  }

  /** Throws the actor away and starts its successor. */
  replace(): void {
    this.detector = createActor(this.test.successor());
    void this.detector.onStart();
  }

  announce(changes: InstrumentChanges): void {
    this.directory.apply(changes);
    const position = this.#log.append(changes);
    this.#push(MARKET_KIND.INSTRUMENTS, (view, offset) => view.setFloat64(offset + CONTROL.position, position, true));
  }

  status(status: (typeof SYSTEM_STATUSES)[number]): void {
    this.#push(MARKET_KIND.SYSTEM_STATUS, (view, offset) => {
      view.setUint8(offset + CONTROL.flags, SYSTEM_STATUSES.indexOf(status));
    });
  }

  /** A verified book; without levels on both sides and not `valid`, its invalidation. */
  book(
    instrument: InstrumentIndex,
    bids: Levels,
    asks: Levels,
    from = { recvIndex: 0, wallNs: 0n },
    valid = true,
  ): void {
    this.#publish(instrument, bids, asks, from);
    this.#push(MARKET_KIND.TOP, (view, offset) => {
      view.setUint8(offset + TOP.flags, valid ? TOP_FLAG.VALID : 0);
      view.setUint32(offset + TOP.instrument, instrument, true);
      view.setFloat64(offset + TOP.recvIndex, from.recvIndex, true);
      view.setBigInt64(offset + TOP.bidPriceTicks, bids[0]?.[0] ?? 0n, true);
      view.setBigInt64(offset + TOP.bidQtyLots, bids[0]?.[1] ?? 0n, true);
      view.setBigInt64(offset + TOP.askPriceTicks, asks[0]?.[0] ?? 0n, true);
      view.setBigInt64(offset + TOP.askQtyLots, asks[0]?.[1] ?? 0n, true);
    });
  }

  invalidate(instrument: InstrumentIndex): void {
    this.book(instrument, [], [], undefined, false);
  }

  /** Takes what persistence would get, oldest first. */
  recorded(limit = 1_000_000): Emitted[] {
    return this.#take(this.records, limit);
  }

  /** Takes what the sequencer would get, oldest first. */
  passedOn(limit = 1_000_000): Emitted[] {
    return this.#take(this.opportunities, limit);
  }

  #take(ring: RingConsumer, limit: number): Emitted[] {
    const taken: Emitted[] = [];
    ring.drain((view, offset) => {
      const line = opportunityJson(readOpportunity(view, offset, this.directory));
      const seq = view.getFloat64(offset + OPPORTUNITY.seq, true);
      const ordinal = view.getUint16(offset + OPPORTUNITY.ordinal, true);
      const recordSeq = view.getFloat64(offset + OPPORTUNITY.recordSeq, true);
      taken.push({ ...JSON.parse(line), seq, ordinal, recordSeq, line });
    }, limit);
    return taken;
  }

  #publish(instrument: InstrumentIndex, bids: Levels, asks: Levels, from: { recvIndex: number; wallNs: bigint }): void {
    const offset = this.#table.beginVersion(instrument, this.seq + 1, from.recvIndex, 0);
    const { view, shape } = this.#table;
    const kept = [bids.slice(0, shape.levels), asks.slice(0, shape.levels)] as const;
    for (const [side, levels] of kept.entries()) {
      for (const [level, [price, qty]] of levels.entries()) {
        const at = offset + (side * shape.levels + level) * TABLE_LEVEL.SIZE;
        view.setBigInt64(at + TABLE_LEVEL.priceTicks, price, true);
        view.setBigInt64(at + TABLE_LEVEL.qtyLots, qty, true);
      }
    }
    view.setBigInt64(this.#table.wallNsOffset(offset), from.wallNs, true);
    this.#table.publish(instrument, offset, kept[0].length, kept[1].length);
  }

  #push(kind: number, fill: (view: DataView, offset: number) => void): void {
    if (!this.#tops.tryClaim(1)) throw new Error('the tops ring is full: run the detector');
    const { view } = this.#tops;
    const offset = this.#tops.offset(0);
    for (let at = 0; at < TOP.SIZE; at += 8) view.setFloat64(offset + at, 0, true);
    view.setUint8(offset + TOP.kind, kind);
    this.seq++;
    view.setFloat64(offset + TOP.seq, this.seq, true);
    fill(view, offset);
    this.#tops.publish(1);
  }
}

/** The triangle BTC/USD, ETH/BTC, ETH/USD (instruments 0, 1, 2), with two decimals everywhere and units to match. */
export function announceTriangle(stage: DetectorStage, qtyMin = 1n): void {
  stage.status('online');
  stage.announce(triangle(qtyMin));
}

export function triangle(qtyMin = 1n, statuses: readonly string[] = []): InstrumentChanges {
  const assets = ['USD', 'BTC', 'ETH'].map((id, index) => ({ index, id, precision: 6 }));
  const pairs = [
    ['BTC/USD', 1, 0],
    ['ETH/BTC', 2, 1],
    ['ETH/USD', 2, 0],
  ] as const;
  const instruments = pairs.map(([symbol, base, quote], index) => ({
    index,
    symbol,
    base,
    quote,
    status: statuses[index] ?? 'online',
    pricePrecision: 2,
    qtyPrecision: 2,
    costPrecision: 4,
    priceIncrement: 1n,
    qtyIncrement: 1n,
    qtyMin,
    costMin: 0n,
  }));
  return { assets, instruments } as unknown as InstrumentChanges;
}
