/** The book actor alone, with feed and detector in the hands of the test. */

import { createActor } from '../../../src/actors/book/actor.ts';
import { BookMemory } from '../../../src/actors/book/book-memory.ts';
import { type BookCopy, type BookTable, createBookCopy } from '../../../src/market/book-table.ts';
import { type InstrumentIndex, instrumentIndex } from '../../../src/market/instrument.ts';
import { INVALID_REASONS, MARKET_KIND, RESYNC, TOP, TOP_FLAG } from '../../../src/messages/market-messages.ts';
import { readInt64 } from '../../../src/money/int64.ts';
import type { Actor } from '../../../src/runtime/actor.ts';
import type { RingConsumer } from '../../../src/runtime/memory/ring.ts';
import { openTable } from '../../../src/runtime/memory/shared-tables.ts';
import { FeedHand } from '../../support/book-messages.ts';
import { createTestContext, type TestContextOptions } from '../../support/test-context.ts';

export interface Top {
  readonly kind: number;
  readonly flags: number;
  readonly instrument: InstrumentIndex;
  readonly seq: number;
  readonly recvIndex: number;
  readonly valid: boolean;
  readonly bid: readonly [number, number];
  readonly ask: readonly [number, number];
}

export interface Resync {
  readonly reason: string;
  readonly instrument: InstrumentIndex;
  readonly seq: number;
  readonly attempt: number;
}

export type Version = Pick<BookCopy, 'seq' | 'recvIndex' | 'wallNs'> & {
  readonly bids: readonly (readonly [bigint, bigint])[];
  readonly asks: readonly (readonly [bigint, bigint])[];
};

export class BookStage {
  readonly test: ReturnType<typeof createTestContext<'book'>>;
  readonly feed: FeedHand;
  readonly table: BookTable;
  book: Actor;
  readonly #tops: RingConsumer;
  readonly #resyncs: RingConsumer;
  readonly #copy: BookCopy;

  constructor(options: TestContextOptions = {}) {
    this.test = createTestContext('book', options);
    this.feed = new FeedHand(this.test.producer('deltas'), openTable(this.test.memory, 'instrument_log', 'feed'));
    this.table = openTable(this.test.memory, 'book_table', 'book');
    this.#copy = createBookCopy(this.table.shape.levels);
    this.#tops = this.test.consumer('tops');
    this.#resyncs = this.test.consumer('resyncs');
    this.book = createActor(this.test.context);
    this.book.onStart();
  }

  /** Own memory as the actor sees it. */
  get memory(): BookMemory {
    return new BookMemory(this.test.context.ownMemory, this.test.context.config);
  }

  get counters() {
    return this.test.context.counters.snapshot();
  }

  /** Lets the book work until it does nothing more. */
  run(): void {
    while (this.book.doWork() > 0);
  }

  /** Throws the actor away and starts its successor. */
  replace(): void {
    this.book = createActor(this.test.successor());
    this.book.onStart();
  }

  /** Moves time on and lets the book look at its time-outs. Frames keep coming meanwhile unless `silent`. */
  pass(ms: number, silent = false): void {
    this.test.clock.advanceTo(this.test.clock.nowNs() + ms * 1e6);
    const feed = this.test.context.countersOf('feed');
    if (!silent) feed.set(feed.at('last_frame_ns'), this.test.clock.nowNs());
    this.book.onTimer?.();
  }

  /** Takes what the detector would get, oldest first. */
  tops(limit = 1_000_000): Top[] {
    const taken: Top[] = [];
    this.#tops.drain((view, offset) => taken.push(readTop(view, offset)), limit);
    return taken;
  }

  /** Takes the requests to the feed. */
  resyncs(limit = 1_000_000): Resync[] {
    const taken: Resync[] = [];
    this.#resyncs.drain((view, offset) => {
      taken.push({
        reason: INVALID_REASONS[view.getUint8(offset + RESYNC.reason)]!,
        instrument: instrumentIndex(view.getUint32(offset + RESYNC.instrument, true)),
        seq: view.getFloat64(offset + RESYNC.seq, true),
        attempt: view.getFloat64(offset + RESYNC.attempt, true),
      });
    }, limit);
    return taken;
  }

  /** The book of an instrument as of a sequence, as the detector reads it. */
  asOf(instrument: InstrumentIndex, seq: number): Version | undefined {
    if (!this.table.readAsOf(instrument, seq, this.#copy)) return undefined;
    const { recvIndex, wallNs } = this.#copy;
    const side = ({ count, priceTicks, qtyLots }: BookCopy['bids']): [bigint, bigint][] =>
      Array.from({ length: count }, (_, level) => [priceTicks[level]!, qtyLots[level]!]);
    return { seq: this.#copy.seq, recvIndex, wallNs, bids: side(this.#copy.bids), asks: side(this.#copy.asks) };
  }
}

function readTop(view: DataView, offset: number): Top {
  const kind = view.getUint8(offset + TOP.kind);
  const flags = view.getUint8(offset + TOP.flags);
  return {
    kind,
    flags,
    instrument: instrumentIndex(view.getUint32(offset + TOP.instrument, true)),
    seq: view.getFloat64(offset + TOP.seq, true),
    recvIndex: view.getFloat64(offset + TOP.recvIndex, true),
    valid: kind === MARKET_KIND.TOP && (flags & TOP_FLAG.VALID) !== 0,
    bid: [readInt64(view, offset + TOP.bidPriceTicks), readInt64(view, offset + TOP.bidQtyLots)],
    ask: [readInt64(view, offset + TOP.askPriceTicks), readInt64(view, offset + TOP.askQtyLots)],
  };
}
