/** The feed and the book on real sockets against the practice exchange, with a feed that dies and is succeeded. */
import { setImmediate as nextLoopTurn } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { createActor as createBook } from '../../../src/actors/book/actor.ts';
import { createActor as createFeed } from '../../../src/actors/feed/actor.ts';
import { DELTA, MARKET_KIND, TOP, TOP_FLAG } from '../../../src/messages/market-messages.ts';
import { systemClock } from '../../../src/platform/clock.ts';
import { startPracticeServer } from '../../../src/practice/network/practice-server.ts';
import type { Actor } from '../../../src/runtime/actor.ts';
import { capturePath } from '../../support/captures.ts';
import { contextWith, createTestContext } from '../../support/test-context.ts';

const SYMBOLS = ['ETH/USD', 'XRP/USD'];

test('a live feed that dies is succeeded: books void, subscribed anew, sequence and budget continued', async () => {
  const capture = capturePath('ws2_book_d25_ETHUSD_XRPUSD_2sockets_20260802');
  const server = await startPracticeServer({ capture, port: 0, settings: { speed: 20, loop: true } }, systemClock);
  onTestFinished(() => server.close());
  const config = { venue: { public_url: server.wsPublic, symbols: SYMBOLS, backoff_base_ms: 5 } };
  const stage = createTestContext('feed', { config });
  const bookStage = createTestContext('book', { config, memory: stage.memory });
  const book = createBook(contextWith(bookStage.context, { clock: systemClock }));
  const tops = stage.consumer('tops');
  const drained = ['feed_records', 'book_records'].map((ring) => stage.consumer(ring));
  /** Instruments whose books were reported to be void: one may be valid again before anybody looks at the counters. */
  const voided = new Set<number>();
  const takeTop = (view: DataView, at: number): void => {
    const isTop = view.getUint8(at + TOP.kind) === MARKET_KIND.TOP;
    if (isTop && (view.getUint8(at + TOP.flags) & TOP_FLAG.VALID) === 0) {
      voided.add(view.getUint32(at + TOP.instrument, true));
    }
  };
  const { counters } = stage.context;
  const turnUntil = async (feed: Actor, met: () => boolean) => {
    while (!met()) {
      for (const actor of [feed, book]) actor.doWork();
      for (const actor of [feed, book]) actor.onTimer?.();
      tops.drain(takeTop, tops.capacity);
      for (const ring of drained) ring.drain(() => {}, ring.capacity);
      await nextLoopTurn();
    }
  };
  const bookCounters = bookStage.context.counters;
  const bothValid = () => bookCounters.get('books_valid') === SYMBOLS.length;

  const first = createFeed(contextWith(stage.context, { clock: systemClock }));
  await first.onStart();
  await book.onStart();
  await turnUntil(first, () => bothValid() && bookCounters.get('checksums_verified') > 50);
  await first.onStop(); // its sockets are gone; nothing of it was reported to the book
  const seq = counters.get('frame_seq');
  const snapshots = bookCounters.get('snapshots');

  voided.clear();

  const second = createFeed(contextWith(stage.successor(), { clock: systemClock }));
  await second.onStart();
  await turnUntil(second, () => voided.size === SYMBOLS.length);
  await turnUntil(second, () => bothValid() && bookCounters.get('snapshots') >= snapshots + 2);
  const verified = bookCounters.get('checksums_verified');
  await turnUntil(second, () => bookCounters.get('checksums_verified') > verified + 50);
  await second.onStop();
  await book.onStop();

  expect(bookCounters.get('checksums_failed')).toBe(0);
  expect(counters.get('frame_seq')).toBeGreaterThan(seq);
  expect([counters.get('connects'), counters.get('disconnects')]).toEqual([2, 2]);
  const deltas = stage.producer('deltas');
  const newest = deltas.newestOffset();
  expect(deltas.view.getFloat64(newest + DELTA.seq, true)).toBe(counters.get('frame_seq'));
});
