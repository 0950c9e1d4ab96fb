import { expect, test } from 'vitest';
import { createActor } from '../../src/actors/book/actor.ts';
import { FeedMemory } from '../../src/actors/feed/feed-memory.ts';
import { FrameRouter } from '../../src/actors/feed/frame-router.ts';
import { seededChance } from '../../src/platform/chance.ts';
import { VirtualClock } from '../../src/platform/clock.ts';
import { ACTOR_IDS } from '../../src/runtime/counter-names.ts';
import {
  createSharedMemory,
  openConsumer,
  openContext,
  type Placement,
} from '../../src/runtime/memory/shared-memory.ts';
import { checkConfig } from '../../src/settings/read-config.ts';
import { topologyOf } from '../../src/topology.ts';
import { capturePath, framesOf } from '../support/captures.ts';
import { heapAfterCollection } from '../support/heap.ts';
import { IDLE_SOURCE } from '../support/idle-source.ts';
import { mutateFrame } from '../support/mutate-frame.ts';

const SEED = 20_261_121;
const MUTATED = 1_000_000;
/** Whole frames between two of the same: enough for books to come back to life. */
const HEALING_EVERY = 20_000;

/** The feed's router and the book actor, one frame at a time; everything they write is taken off their rings. */
function stage() {
  const config = checkConfig({ limits: { instrument_log_bytes: 268_435_456 } });
  const placement = Object.fromEntries(ACTOR_IDS.map((id) => [id, 0])) as Placement;
  const memory = createSharedMemory(topologyOf(config), placement);
  const clock = new VirtualClock();
  const services = { config, clock, chance: seededChance(SEED), log: () => undefined, options: {} };
  const feed = openContext(memory, 'feed', services);
  const router = new FrameRouter(feed, new FeedMemory(feed.ownMemory));
  router.recover(IDLE_SOURCE);
  const context = openContext(memory, 'book', services);
  const book = createActor(context);
  void book.onStart();
  const outputs = [
    openConsumer(memory, 'tops', 'detector'),
    openConsumer(memory, 'resyncs', 'feed'),
    openConsumer(memory, 'feed_records', 'persistence'),
    openConsumer(memory, 'book_records', 'persistence'),
  ];
  const take = (bytes: Uint8Array, length: number) => {
    clock.advanceTo(clock.nowNs() + 1e6);
    router.onFrame(0, bytes, 0, length, 1_785_641_750, 0, false);
    do {
      router.publishWaiting();
      for (const output of outputs) output.advance(output.available());
    } while (book.doWork() > 0);
    for (const output of outputs) output.advance(output.available());
  };
  return { take, feed: feed.counters, book: context.counters };
}

test('a million mutated frames through decoder and book: nothing thrown, nothing kept, and the books come back', async () => {
  console.log(`fuzz: seed ${SEED}`);
  const frames = (await framesOf(capturePath('derived_ws2_d25_gemini_20210417'))).map((frame) => frame.bytes);
  const { take, feed, book } = stage();
  const chance = seededChance(SEED);
  const work = Buffer.alloc(65_536);
  const heal = () => {
    for (const frame of frames) take(frame, frame.length);
  };
  heal();
  let settledHeap = 0;
  for (let count = 1; count <= MUTATED; count++) {
    const frame = frames[2 + chance.integer(frames.length - 2)]!; // not status and instruments: they have tests of their own
    take(work, mutateFrame(frame, work, chance));
    if (count % HEALING_EVERY === 0) heal();
    if (count === MUTATED / 4) settledHeap = heapAfterCollection();
  }
  expect(heapAfterCollection() - settledHeap).toBeLessThan(8 * 1_048_576);
  expect(feed.get('frames_malformed')).toBeGreaterThan(MUTATED / 10);
  expect(book.get('checksums_failed')).toBeGreaterThan(100);

  const failed = book.get('checksums_failed');
  const verified = book.get('checksums_verified');
  heal();
  expect(book.get('checksums_verified') - verified).toBe(893);
  expect(book.get('checksums_failed')).toBe(failed);
  expect(book.get('books_valid')).toBe(10);
});
