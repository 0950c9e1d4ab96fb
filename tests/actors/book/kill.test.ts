import { describe, expect, test } from 'vitest';
import { createActor } from '../../../src/actors/book/actor.ts';
import { BookMemory, ROW_DOUBLE, ROW_WORD } from '../../../src/actors/book/book-memory.ts';
import { BookTable } from '../../../src/market/book-table.ts';
import { instrumentIndex } from '../../../src/market/instrument.ts';
import { MARKET_KIND } from '../../../src/messages/market-messages.ts';
import { type Chance, seededChance } from '../../../src/platform/chance.ts';
import type { ActorContext } from '../../../src/runtime/actor.ts';
import { CHECKSUM_FORM } from '../../../src/venues/kraken/market/checksum-proof.ts';
import { CAPTURES, NaiveBook, readStream } from '../../support/book-messages.ts';
import { contextWith } from '../../support/test-context.ts';
import { BookStage, type Top, type Version } from './stage.ts';

class Killed extends Error {}

/** Counts down the steps of an actor and kills it at the last one. */
class Fuse {
  left = Number.POSITIVE_INFINITY;
  burn(): void {
    if (--this.left <= 0) throw new Killed();
  }
}

class FusedView extends DataView<SharedArrayBuffer> {
  fuse: Fuse | undefined;
  override getUint8(at: number): number {
    this.fuse?.burn();
    return super.getUint8(at);
  }
  override getFloat64(at: number, little?: boolean): number {
    this.fuse?.burn();
    return super.getFloat64(at, little);
  }
}

/** The same numbers, with a fuse before every read of one. */
function fusedReads<T extends Int32Array | Float64Array>(numbers: T, fuse: Fuse): T {
  return new Proxy(numbers, {
    get(target, key) {
      fuse.burn();
      return Reflect.get(target, key);
    },
  });
}

const TABLE_STEPS = ['beginVersion', 'publish', 'setValidity', 'newestSeq', 'wallNsOffset'] as const;

/** The same context, with a fuse before and after everything that the actor does to the outside. */
function fused(context: ActorContext<'book'>, fuse: Fuse): ActorContext<'book'> {
  const table = context.bookTable;
  for (const step of TABLE_STEPS) {
    const plain = BookTable.prototype[step] as (...args: number[]) => number;
    Object.defineProperty(table, step, {
      value: (...args: number[]) => {
        fuse.burn();
        const result = plain.apply(table, args);
        fuse.burn();
        return result;
      },
    });
  }
  const consumer = (name: string) => {
    const ring = context.consumer(name);
    const view = new FusedView(ring.view.buffer as SharedArrayBuffer);
    view.fuse = fuse;
    Object.defineProperty(ring, 'view', { value: view });
    Object.defineProperty(ring, 'words', { value: fusedReads(ring.words, fuse) });
    Object.defineProperty(ring, 'doubles', { value: fusedReads(ring.doubles, fuse) });
    return ring;
  };
  const clock = {
    after: context.clock.after.bind(context.clock),
    wallNs: () => context.clock.wallNs(),
    wallMs: () => context.clock.wallMs(),
    nowNs: () => {
      fuse.burn();
      return context.clock.nowNs();
    },
    readNs: (into: Float64Array, at: number) => {
      fuse.burn();
      context.clock.readNs(into, at);
    },
  };
  return contextWith(context, { consumer, clock });
}

/** What a kill inside the ladders may leave: levels of the book being changed that make no sense. */
function tear(stage: BookStage, chance: Chance): void {
  const memory = new BookMemory(stage.test.context.ownMemory, stage.test.context.config);
  const { ladders } = memory;
  for (let book = 0; book < 16; book++) {
    const dirtySeq = memory.double(instrumentIndex(book), ROW_DOUBLE.dirtySeq);
    if (dirtySeq === 0 || stage.table.newestSeq(instrumentIndex(book)) === dirtySeq) continue;
    for (const ask of [0, 1]) {
      const side = ladders.side(book, ask);
      for (let level = 0; level < ladders.count(side); level++) {
        if (chance.integer(3) === 0)
          ladders.words[ladders.level(side, level) + chance.integer(8)] = chance.integer(2 ** 30);
      }
    }
  }
}

interface Run {
  readonly tops: Top[];
  readonly versions: (Version | undefined)[];
  readonly kills: number;
}

/** Plays a capture through the book, killing it about every `every` steps (never, when 0). */
function play(name: string, depth: number, every: number, seed: number): Run & { stage: BookStage } {
  const { messages, precisions } = readStream(name);
  const stage = new BookStage({ config: { venue: { depth }, limits: { deltas_ring: 1024 } } });
  const chance = seededChance(seed);
  const fuse = new Fuse();
  let inARow = 0;
  // A fuse shorter than a message would kill it for ever: it grows with every kill in a row.
  const rearm = () => {
    fuse.left = every === 0 ? Number.POSITIVE_INFINITY : 1 + chance.integer(2 * every * 2 ** inARow);
  };
  const begin = (context: ActorContext<'book'>) => {
    stage.book = createActor(every === 0 ? context : fused(context, fuse));
    stage.book.onStart();
    rearm();
  };
  begin(stage.test.context);
  const run: Run = { tops: [], versions: [], kills: 0 };
  let kills = 0;
  let next = 0;
  stage.feed.announce(precisions);
  const work = (): number => {
    try {
      const worked = stage.book.doWork();
      inARow = 0;
      return worked;
    } catch (thrown) {
      if (!(thrown instanceof Killed)) throw thrown;
      kills++;
      inARow++;
      tear(stage, chance);
      fuse.left = Number.POSITIVE_INFINITY; // its start is not killed: that it can be repeated is shown by the next kill
      begin(stage.test.successor());
      return 1;
    }
  };
  const take = (): void => {
    for (const top of stage.tops(1 + chance.integer(64))) {
      run.tops.push(top);
      run.versions.push(stage.asOf(top.instrument, top.seq));
    }
  };
  while (next < messages.length) {
    for (let burst = chance.integer(12); burst >= 0 && next < messages.length; burst--) {
      if (stage.feed.hasRoom(messages[next]!.levels.length)) stage.feed.send(messages[next++]!);
    }
    work();
    take();
  }
  for (let idle = 0; idle < 3; ) {
    const before = run.tops.length;
    const worked = work();
    take();
    idle = worked === 0 && run.tops.length === before ? idle + 1 : 0;
  }
  return { ...run, kills, stage };
}

const TRIALS = [
  { capture: CAPTURES[0], every: 40, seed: 11 },
  { capture: CAPTURES[0], every: 300, seed: 12 },
  { capture: CAPTURES[1], every: 90, seed: 13 },
  { capture: CAPTURES[3], every: 25, seed: 14 },
  { capture: CAPTURES[4], every: 10, seed: 15 },
] as const;

describe('book actor killed at any step', () => {
  test.each(TRIALS)('goes on with $capture.name as if it had lived (about every $every steps, seed $seed)', (trial) => {
    const { name, depth } = trial.capture;
    const lived = play(name, depth, 0, trial.seed);
    const killed = play(name, depth, trial.every, trial.seed);
    expect(killed.kills).toBeGreaterThan(25);
    expect(killed.tops).toEqual(lived.tops);
    expect(killed.versions).toEqual(lived.versions);
    expect(killed.stage.counters).toMatchObject({
      books_valid: lived.stage.counters.books_valid,
      handled_seq: lived.stage.counters.handled_seq,
      invalidations: 0,
    });
    expect(killed.stage.resyncs()).toEqual([]);
  });
});

describe('book actor killed while it changes a book', () => {
  const precision = { price: 1, qty: 2 };
  const symbol = 'BTC/USD';

  function midway(options: { depth: number; raw?: boolean }) {
    const stage = new BookStage({ config: { venue: { depth: options.depth } } });
    stage.feed.announce(new Map([[symbol, precision]]));
    const truth = new NaiveBook(precision, options.depth);
    const send = (snapshot: boolean, levels: Parameters<NaiveBook['apply']>[0]['levels']) => {
      truth.apply({ snapshot, levels });
      return stage.feed.send({ symbol, snapshot, levels, checksum: truth.checksum });
    };
    const rows = Array.from({ length: options.depth }, (_, at) => [
      { ask: 0 as const, price: `${50_000 - at}.0`, qty: '1.00' },
      { ask: 1 as const, price: `${50_001 + at}.0`, qty: '1.00' },
    ]);
    send(true, rows.flat());
    stage.run();
    if (options.raw === true) stage.memory.setWord(instrumentIndex(0), ROW_WORD.proofForm, CHECKSUM_FORM.RAW);
    const seq = send(false, [
      { ask: 0, price: '50000.0', qty: '2.00' },
      { ask: 1, price: '50001.0', qty: '0.00' },
    ]);
    const fuse = new Fuse();
    stage.book = createActor(fused(stage.test.successor(), fuse));
    stage.book.onStart();
    fuse.left = 17; // between the levels of the message
    expect(() => stage.book.doWork()).toThrow(Killed);
    expect(stage.memory.double(instrumentIndex(0), ROW_DOUBLE.dirtySeq)).toBe(seq);
    stage.tops();
    return { stage, seq, send };
  }

  test('is repaired from the newest version of the book table', () => {
    const { stage, seq } = midway({ depth: 25 });
    tear(stage, seededChance(1));
    stage.replace();
    stage.run();
    expect(stage.tops()).toMatchObject([{ seq, valid: true, bid: [500_000, 200], ask: [500_020, 100] }]);
  });

  test.each([
    { why: 'the table holds fewer levels than the book', depth: 500 },
    { why: 'the checksum is over digits as written, which the table does not hold', depth: 25, raw: true },
  ])('is void and resynced when $why', (options) => {
    const { stage, seq, send } = midway(options);
    stage.replace();
    stage.run();
    expect(stage.tops()).toMatchObject([{ seq, valid: false, bid: [0, 0], ask: [0, 0] }]);
    expect(stage.table.invalidReason(instrumentIndex(0))).toBe('interrupted');
    expect(stage.resyncs()).toMatchObject([{ reason: 'interrupted', seq, attempt: 1 }]);
    send(false, [{ ask: 0, price: '50000.0', qty: '3.00' }]);
    stage.run();
    expect(stage.tops()).toEqual([]);
    expect(stage.asOf(instrumentIndex(0), seq)).toMatchObject({ bids: [], asks: [] });
    send(true, [{ ask: 0, price: '50000.0', qty: '3.00' }]);
    stage.run();
    expect(stage.tops()).toMatchObject([{ valid: true, bid: [500_000, 300] }]);
    expect(stage.counters).toMatchObject({ books_valid: 1, resyncs_completed: 1, checksums_skipped: 2 });
  });

  test('is void when the message that killed it was set aside', () => {
    const { stage, seq, send } = midway({ depth: 25 });
    const deltas = stage.test.consumer('deltas');
    deltas.advance(2); // as the runtime passes over a message that killed its handler twice
    stage.replace();
    send(false, [{ ask: 0, price: '49999.0', qty: '3.00' }]);
    stage.run();
    expect(stage.table.invalidReason(instrumentIndex(0))).toBe('interrupted');
    expect(stage.asOf(instrumentIndex(0), seq + 1)).toMatchObject({ bids: [], asks: [] });
    expect(stage.tops()).toMatchObject([{ seq, instrument: 0, valid: false, bid: [0, 0], ask: [0, 0] }]);
    expect(stage.resyncs()).toMatchObject([{ seq, reason: 'interrupted' }]);
  });

  test('is void for the detector too, before whatever message comes next and once there is room', () => {
    const { stage, seq } = midway({ depth: 25 });
    stage.test.consumer('deltas').advance(2);
    stage.replace();
    stage.feed.announce(new Map([['ETH/USD', precision]]));
    stage.run();
    expect(stage.tops()).toMatchObject([
      { seq, kind: MARKET_KIND.TOP, instrument: 0, valid: false },
      { seq: seq + 1, kind: MARKET_KIND.INSTRUMENTS },
    ]);
    expect(stage.asOf(instrumentIndex(0), seq)).toMatchObject({ seq, bids: [], asks: [] });
  });

  test('is void when only the beginning of the message was set aside', () => {
    const { stage, seq } = midway({ depth: 25 });
    stage.test.consumer('deltas').advance(1);
    stage.replace();
    stage.run();
    expect(stage.tops()).toMatchObject([{ seq, valid: false }]);
    expect(stage.table.invalidReason(instrumentIndex(0))).toBe('interrupted');
  });
});
