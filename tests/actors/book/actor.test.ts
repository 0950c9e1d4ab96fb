import { describe, expect, test } from 'vitest';
import { instrumentIndex } from '../../../src/market/instrument.ts';
import { invalidReasonCode, MARKET_KIND, RESYNC, SYSTEM_STATUSES } from '../../../src/messages/market-messages.ts';
import { bookChecksum } from '../../../src/venues/kraken/market/checksum.ts';
import { NaiveBook, type WireLevel } from '../../support/book-messages.ts';
import type { TestContextOptions } from '../../support/test-context.ts';
import { BookStage } from './stage.ts';

const BTC = 'BTC/USD';
const ETH = 'ETH/USD';
const PRECISION = { price: 1, qty: 2 };
const WRONG = 12345;

/** A stage with two instruments, each with a true book beside it. */
function open(options: TestContextOptions = {}) {
  const stage = new BookStage(options);
  const depth = stage.test.context.config.venue.depth;
  stage.feed.announce(
    new Map([
      [BTC, PRECISION],
      [ETH, PRECISION],
    ]),
  );
  const truth = new Map([BTC, ETH].map((symbol) => [symbol, new NaiveBook(PRECISION, depth)]));
  const send = (symbol: string, snapshot: boolean, levels: readonly WireLevel[], checksum?: number): number => {
    const book = truth.get(symbol)!;
    book.apply({ snapshot, levels });
    return stage.feed.send({ symbol, snapshot, levels, checksum: checksum ?? book.checksum });
  };
  const run = () => {
    stage.run();
    return stage.tops();
  };
  return { stage, truth, send, run };
}

const bid = (price: string, qty: string): WireLevel => ({ ask: 0, price, qty });
const ask = (price: string, qty: string): WireLevel => ({ ask: 1, price, qty });
const SNAPSHOT = [bid('100.0', '1.00'), bid('99.0', '2.00'), ask('101.0', '3.00'), ask('102.0', '4.00')];

/** A stage whose BTC/USD book was live and has just failed its checksum. */
function broken(options: TestContextOptions = {}) {
  const opened = open(options);
  opened.send(BTC, true, SNAPSHOT);
  opened.run();
  const seq = opened.send(BTC, false, [bid('100.0', '5.00')], WRONG);
  return { ...opened, seq, tops: opened.run() };
}

describe('book actor', () => {
  test('forwards instruments and statuses in their place of the stream', () => {
    const { stage, send, run } = open();
    send(BTC, true, SNAPSHOT);
    stage.feed.status(SYSTEM_STATUSES.indexOf('maintenance'));
    send(BTC, false, [bid('100.0', '5.00')]);
    expect(run().map(({ kind, seq, flags }) => [kind, seq, flags])).toEqual([
      [MARKET_KIND.INSTRUMENTS, 1, 0],
      [MARKET_KIND.TOP, 2, 1],
      [MARKET_KIND.SYSTEM_STATUS, 3, SYSTEM_STATUSES.indexOf('maintenance')],
      [MARKET_KIND.TOP, 4, 1],
    ]);
  });

  test('takes both sides, a price twice, and the deletion of an absent level in one message', () => {
    const { stage, send, run } = open();
    send(BTC, true, SNAPSHOT);
    run();
    const seq = send(BTC, false, [
      bid('100.5', '1.00'),
      ask('101.0', '0.00'),
      bid('100.5', '7.00'),
      ask('150.0', '0.00'),
      ask('100.9', '0.50'),
    ]);
    expect(run()).toMatchObject([{ seq, valid: true, bid: [1005, 700], ask: [1009, 50] }]);
    expect(stage.asOf(instrumentIndex(0), seq)).toMatchObject({
      recvIndex: seq + 1000,
      wallNs: BigInt(seq) * 1_000_000n,
      bids: [
        [1005n, 700n],
        [1000n, 100n],
        [990n, 200n],
      ],
      asks: [
        [1009n, 50n],
        [1020n, 400n],
      ],
    });
  });

  test('takes a message without levels, an empty snapshot, and a one-sided book', () => {
    const { stage, send, run } = open();
    send(BTC, true, []);
    send(BTC, false, []);
    send(BTC, false, [ask('101.0', '3.00')]);
    const tops = run().slice(1);
    expect(tops.map(({ valid, bid: b, ask: a }) => [valid, b, a])).toEqual([
      [true, [0, 0], [0, 0]],
      [true, [0, 0], [0, 0]],
      [true, [0, 0], [1010, 300]],
    ]);
    expect(stage.counters).toMatchObject({ checksums_verified: 3, levels: 1, snapshots: 1 });
  });

  test('keeps quantities beyond 2^53 exact', () => {
    const { stage, send, run } = open();
    const seq = send(BTC, true, [bid('0.1', '36028797018963969.01'), ask('0.2', '9007199254740993.00')]);
    run();
    expect(stage.asOf(instrumentIndex(0), seq)).toMatchObject({
      bids: [[1n, 3602879701896396901n]],
      asks: [[2n, 900719925474099300n]],
    });
    expect(stage.counters.checksums_verified).toBe(1);
  });

  test('void a book whose message has numbers out of range', () => {
    const { stage, send, run } = open();
    send(BTC, true, SNAPSHOT);
    run();
    send(BTC, false, [bid('99.5', '-1.00')]);
    expect(run()).toMatchObject([{ valid: false }]);
    expect(stage.table.invalidReason(instrumentIndex(0))).toBe('malformed');
  });

  test('skips what is about instruments that were never announced, or out of range', () => {
    const { stage, run } = open();
    stage.feed.announce(new Map([['X/Y', PRECISION]]));
    run();
    const deltas = stage.test.producer('deltas');
    for (const instrument of [77, 0xffff_ffff]) {
      stage.feed.invalidate(BTC, 'silent'); // a slot to overwrite: its instrument is not known
      deltas.view.setUint32(deltas.newestOffset() + RESYNC.instrument, instrument, true);
    }
    expect(() => run()).not.toThrow();
  });

  describe('on a checksum that does not match', () => {
    test('voids the book before anybody reads it, and asks for a snapshot', () => {
      const { stage, seq, tops } = broken();
      expect(tops).toMatchObject([{ seq, valid: false, bid: [0, 0], ask: [0, 0] }]);
      expect(stage.asOf(instrumentIndex(0), seq)).toMatchObject({ seq, bids: [], asks: [] });
      expect(stage.asOf(instrumentIndex(0), seq - 1)).toMatchObject({ bids: [[1000n, 100n], expect.anything()] });
      expect(stage.table.invalidReason(instrumentIndex(0))).toBe('checksum');
      expect(stage.resyncs()).toEqual([{ reason: 'checksum', instrument: 0, seq, attempt: 1 }]);
      expect(stage.test.audits()).toMatchObject([
        { event: 'book_invalid', instrument: 0, a: seq, text: 'BTC/USD checksum' },
      ]);
      expect(stage.counters).toMatchObject({
        checksums_failed: 1,
        invalidations: 1,
        books_valid: 0,
        resyncs_requested: 1,
      });
    });

    test('passes deltas over until a snapshot verifies, and leaves other books alone', () => {
      const { stage, send, run } = broken();
      send(BTC, false, [bid('100.0', '6.00')]);
      const other = send(ETH, true, SNAPSHOT);
      send(BTC, false, [bid('100.0', '7.00')]);
      expect(run()).toMatchObject([{ seq: other, instrument: 1, valid: true }]);
      const seq = send(BTC, true, SNAPSHOT);
      expect(run()).toMatchObject([{ seq, instrument: 0, valid: true, bid: [1000, 100] }]);
      expect(stage.counters).toMatchObject({ checksums_skipped: 2, books_valid: 2, resyncs_completed: 1 });
      expect(stage.test.audits().map(({ event }) => event)).toEqual(['book_invalid', 'book_resynced']);
    });

    test('does not take a snapshot that does not verify either, and asks again after a pause', () => {
      const { stage, send, run } = broken({ config: { book: { resync_backoff_base_ms: 400 } } });
      stage.resyncs();
      const seq = send(BTC, true, SNAPSHOT, WRONG);
      expect(run()).toMatchObject([{ seq, valid: false }]);
      stage.pass(150);
      expect(stage.resyncs()).toEqual([]);
      stage.pass(300);
      expect(stage.resyncs()).toMatchObject([{ attempt: 2, reason: 'checksum' }]);
    });

    test('asks again when the snapshot never comes, gives up, says so, and tries again much later', () => {
      const book = {
        snapshot_timeout_ms: 1_000,
        resync_backoff_base_ms: 100,
        resync_backoff_max_ms: 200,
        resync_attempts_max: 3,
        given_up_retry_ms: 60_000,
      };
      const { stage, send, run } = broken({ config: { book } });
      const attempts: number[] = [];
      for (let step = 0; step < 100; step++) {
        attempts.push(...stage.resyncs().map(({ attempt }) => attempt));
        stage.pass(100);
      }
      expect(attempts).toEqual([1, 2, 3]);
      expect(stage.test.audits().map(({ event }) => event)).toEqual(['book_invalid', 'book_given_up']);
      expect(stage.counters.given_up).toBe(1);
      for (let step = 0; step < 60; step++) stage.pass(1_000);
      expect(stage.resyncs().length).toBeGreaterThan(0);
      send(BTC, true, SNAPSHOT);
      expect(run()).toMatchObject([{ valid: true }]);
    });

    test('blames no instrument for a feed that hears nothing at all', () => {
      const { stage } = broken({ config: { book: { snapshot_timeout_ms: 1_000, resync_attempts_max: 3 } } });
      stage.resyncs();
      for (let step = 0; step < 100; step++) stage.pass(1_000, true);
      expect(stage.resyncs()).toEqual([]);
      expect(stage.counters.given_up).toBe(0);
    });

    test('counts attempts on while the book fails again soon, and from the start after it was valid for long', () => {
      const { stage, send, run } = broken({ config: { book: { resync_settled_ms: 5_000 } } });
      send(BTC, true, SNAPSHOT);
      send(BTC, false, [bid('99.5', '1.00')], WRONG);
      run();
      expect(stage.resyncs()).toMatchObject([{ attempt: 1 }]); // the first only: now it backs off
      stage.pass(600);
      expect(stage.resyncs()).toMatchObject([{ attempt: 2 }]);
      send(BTC, true, SNAPSHOT);
      run();
      stage.pass(6_000);
      send(BTC, false, [bid('99.5', '1.00')], WRONG);
      run();
      expect(stage.resyncs()).toMatchObject([{ attempt: 1 }]);
    });

    test('sends a request that found the ring full as soon as there is room', () => {
      const { stage, send, run } = open({ config: { limits: { instruments_max: 8 } } });
      const symbols = Array.from({ length: 8 }, (_, index) => (index < 2 ? [BTC, ETH][index]! : `A${index}/USD`));
      stage.feed.announce(new Map(symbols.map((symbol) => [symbol, PRECISION])));
      const resyncs = stage.test.producer('resyncs');
      resyncs.tryClaim(resyncs.capacity);
      resyncs.publish(resyncs.capacity);
      stage.replace(); // opens its end of the full ring
      send(BTC, true, SNAPSHOT);
      send(BTC, false, [bid('99.5', '1.00')], WRONG);
      run();
      expect(stage.resyncs()).toHaveLength(resyncs.capacity);
      stage.pass(10);
      expect(stage.resyncs()).toMatchObject([{ instrument: 0, attempt: 1, reason: 'checksum' }]);
    });
  });

  describe('notified by the feed that a book is void', () => {
    test('says so once, waits for the snapshot that the feed fetches, and asks only when it does not come', () => {
      const { stage, send, run } = open({ config: { book: { snapshot_timeout_ms: 1_000 } } });
      send(BTC, true, SNAPSHOT);
      run();
      const seq = stage.feed.invalidate(BTC, 'disconnected');
      stage.feed.invalidate(BTC, 'silent');
      expect(run()).toMatchObject([{ seq, valid: false }]);
      expect(stage.table.invalidReason(instrumentIndex(0))).toBe('silent');
      expect(stage.resyncs()).toEqual([]);
      stage.pass(3_100);
      stage.pass(100);
      expect(stage.resyncs()).toMatchObject([{ attempt: 1, reason: 'silent' }]);
    });

    test.each(['malformed', 'lagging'] as const)('asks for a snapshot at once when it is %s', (reason) => {
      const { stage, send, run } = open();
      send(BTC, true, SNAPSHOT);
      run();
      const seq = stage.feed.invalidate(BTC, reason);
      expect(run()).toMatchObject([{ seq, valid: false }]);
      expect(stage.resyncs()).toEqual([{ reason, instrument: 0, seq, attempt: 1 }]);
    });

    test('makes no book of an instrument that never had one', () => {
      const { stage, run } = open();
      run();
      stage.feed.invalidate(ETH, 'subscription_refused');
      expect(run()).toEqual([]);
      expect(stage.asOf(instrumentIndex(1), stage.feed.seq)).toBeUndefined();
      expect(stage.table.invalidReason(instrumentIndex(1))).toBe('subscription_refused');
    });
  });

  test('voids a book whose precision changes, until a snapshot in the new scale', () => {
    const { stage, send, run } = open();
    send(BTC, true, SNAPSHOT);
    send(ETH, true, SNAPSHOT);
    run();
    const changed = stage.feed.announce(new Map([[BTC, { price: 2, qty: 3 }]]));
    expect(run()).toMatchObject([{ kind: MARKET_KIND.INSTRUMENTS, seq: changed }]);
    expect(stage.asOf(instrumentIndex(0), changed)).toMatchObject({ seq: changed, bids: [], asks: [] });
    expect(stage.table.invalidReason(instrumentIndex(0))).toBe('precision_changed');
    send(BTC, false, [bid('100.0', '6.00')]);
    send(ETH, false, [bid('100.0', '6.00')]);
    expect(run()).toMatchObject([{ instrument: 1, valid: true }]);
    stage.pass(600);
    expect(stage.resyncs()).toMatchObject([{ instrument: 0, reason: 'precision_changed' }]);
    const padded = bookChecksum([{ price: 10100, qty: 3000 }], [{ price: 10000, qty: 1000 }]);
    stage.feed.send({
      symbol: BTC,
      snapshot: true,
      levels: [bid('100.0', '1.00'), ask('101.0', '3.00')],
      checksum: padded,
    });
    expect(run()).toMatchObject([{ instrument: 0, valid: true, bid: [10000, 1000], ask: [10100, 3000] }]);
  });

  test('an instrument line that changes no precision leaves its book as it is', () => {
    const { stage, send, run } = open();
    send(BTC, true, SNAPSHOT);
    stage.feed.announce(new Map([[BTC, PRECISION]]));
    const seq = send(BTC, false, [bid('100.0', '6.00')]);
    expect(run().at(-1)).toMatchObject({ seq, valid: true });
  });

  test('settles on digits as written when only they match, and stays with them', () => {
    const { stage, run } = open();
    const raw = (levels: [number, number][], others: [number, number][]) =>
      bookChecksum(
        levels.map(([price, qty]) => ({ price, qty })),
        others.map(([price, qty]) => ({ price, qty })),
      );
    const levels = [bid('100', '1.5'), ask('101.5', '3')];
    stage.feed.send({ symbol: BTC, snapshot: true, levels, checksum: raw([[1015, 3]], [[100, 15]]) });
    stage.feed.send({
      symbol: BTC,
      snapshot: false,
      levels: [bid('99.5', '2.25')],
      checksum: raw(
        [[1015, 3]],
        [
          [100, 15],
          [995, 225],
        ],
      ),
    });
    expect(run().slice(1)).toMatchObject([
      { valid: true, bid: [1000, 150], ask: [1015, 300] },
      { valid: true, bid: [1000, 150] },
    ]);
    expect(stage.counters).toMatchObject({ checksums_verified: 2, checksums_failed: 0 });
  });

  describe('under back-pressure', () => {
    test('stops before it overwrites a version that the detector still needs', () => {
      const { stage, send } = open({ config: { limits: { book_versions: 4 } } });
      send(BTC, true, SNAPSHOT);
      for (let step = 1; step <= 20; step++) send(BTC, false, [bid('100.0', `${step}.00`)]);
      stage.run();
      expect(stage.counters.publications_waited).toBeGreaterThan(0);
      const seen: (readonly [number, bigint])[] = [];
      for (let guard = 0; seen.length < 21 && guard < 200; guard++) {
        for (const top of stage.tops(1)) {
          if (top.kind !== MARKET_KIND.TOP) continue;
          const version = stage.asOf(instrumentIndex(0), top.seq)!;
          expect(version.seq).toBe(top.seq);
          seen.push([top.bid[1], version.bids[0]![1]]);
        }
        stage.run();
      }
      expect(seen).toEqual([
        [100, 100n],
        ...Array.from({ length: 20 }, (_, at) => [100 * (at + 1), BigInt(100 * (at + 1))]),
      ]);
    });

    test('leaves the deltas in their ring while tops is full', () => {
      const { stage, send } = open({ config: { limits: { tops_ring: 64, book_versions: 128 } } });
      send(BTC, true, SNAPSHOT);
      for (let step = 1; step <= 100; step++) send(BTC, false, [bid('100.0', `${step}.00`)]);
      stage.run();
      expect(stage.counters.handled_seq).toBe(64);
      const seqs = stage.tops(10).map(({ seq }) => seq);
      stage.run();
      expect(stage.counters.handled_seq).toBe(74);
      for (let rest = stage.tops(); rest.length > 0; rest = stage.tops()) {
        seqs.push(...rest.map(({ seq }) => seq));
        stage.run();
      }
      expect(seqs).toEqual(Array.from({ length: 102 }, (_, at) => at + 1));
    });

    test('waits while its records have no room', () => {
      const { stage, send } = open({ config: { limits: { records_ring: 64 } } });
      const records = stage.test.producer('book_records');
      records.publish(60);
      stage.replace();
      send(BTC, true, SNAPSHOT);
      stage.run();
      expect(stage.counters.handled_seq).toBe(0);
      stage.test.consumer('book_records').advance(60);
      stage.run();
      expect(stage.counters.handled_seq).toBe(2);
    });
  });

  test('bounds the records of a storm, and says how many it left out', () => {
    const { stage, send, run } = open();
    for (let round = 0; round < 100; round++) {
      send(BTC, true, SNAPSHOT);
      stage.feed.invalidate(BTC, 'silent');
      run();
    }
    expect(stage.test.audits().length).toBeLessThanOrEqual(16);
    stage.pass(1_000);
    send(BTC, true, SNAPSHOT);
    run();
    expect(stage.test.audits().at(-1)?.text).toMatch(/\d+ records like it left out/);
  });

  test('handles every message once, however often it is delivered', () => {
    const { stage, send, run } = open();
    send(BTC, true, SNAPSHOT);
    send(BTC, false, [bid('100.0', '6.00')]);
    run();
    const before = stage.counters;
    const memory = stage.test.memory.rings['deltas.kraken']!.memory;
    new Int32Array(memory.control)[32] = 0; // the consumer's position is lost: everything comes again
    stage.replace();
    expect(run()).toEqual([]);
    expect(stage.counters).toEqual(before);
    expect(invalidReasonCode('none')).toBe(0);
  });
});
