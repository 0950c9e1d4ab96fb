// frame bytes ──▶ router ──deltas──▶ book ──tops──▶ detector         one frame at a time, heap statistics before and after
/**
 * How much does the path from a frame to the decision upon it leave on the heap? The feed's router, the book and the
 * detector run on one thread; a capture's frames go through them again and again, more than a million messages after the
 * warm-up. The heap is read around every pass, and the middle pass counts: one with a collection in it looks negative.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { getHeapStatistics } from 'node:v8';
import { gunzipSync } from 'node:zlib';
import { createActor as createBook } from '../src/actors/book/actor.ts';
import { createActor as createDetector } from '../src/actors/detector/actor.ts';
import { FeedMemory } from '../src/actors/feed/feed-memory.ts';
import { FrameRouter } from '../src/actors/feed/frame-router.ts';
import { seededChance } from '../src/platform/chance.ts';
import { systemClock } from '../src/platform/clock.ts';
import { ACTOR_IDS } from '../src/runtime/counter-names.ts';
import { createSharedMemory, openContext, type Placement } from '../src/runtime/memory/shared-memory.ts';
import { checkConfig } from '../src/settings/read-config.ts';
import { topologyOf } from '../src/topology.ts';
import { type Bench, type BenchRow, median } from './harness.ts';

const CAPTURE = new URL('../tests/fixtures/kraken/derived_ws2_d25_gemini_20210417.cap.jsonl.gz', import.meta.url);
const MESSAGES = 1_000_000;
const WARM_UP_PASSES = 60;
/** Smallest object there is, a boxed number: less than one in twenty messages is none. */
const OBJECT_BYTES = 16;

const bench: Bench = {
  name: 'allocation',
  question: 'How many bytes does a message leave on the heap, from the frame to the decision?',
  run: async ({ quick }) => measure(quick),
};
export default bench;

function measure(quick: boolean): readonly BenchRow[] {
  const { first, books } = recordedFrames();
  const stage = createStage();
  for (const frame of first) stage.take(frame); // status, instruments, acknowledgements
  const passes = quick ? 2 : Math.ceil(MESSAGES / books.length);
  const warmUp = quick ? 1 : WARM_UP_PASSES;
  const ours: number[] = [];
  const reading: number[] = [];
  const parsed: number[] = [];
  const texts = books.map((frame) => Buffer.from(frame).toString());
  for (let pass = 0; pass < warmUp + passes; pass++) {
    const own = growthOf(() => {
      for (let index = 0; index < books.length; index++) stage.take(books[index] as Uint8Array);
    });
    const other = growthOf(() => {
      for (let index = 0; index < texts.length; index++) JSON.parse(texts[index] as string);
    });
    const none = growthOf(() => undefined);
    if (pass >= warmUp) {
      reading.push(none / books.length);
      ours.push(own / books.length);
      parsed.push(other / books.length);
    }
  }
  const messages = (warmUp + passes) * books.length;
  assert.equal(stage.verified(), messages, 'bench: every checksum verified');
  assert.equal(stage.decided(), messages, 'bench: every message was decided upon');
  const bytes = median(ours) - median(reading);
  return [
    {
      what: 'frame → verified book → decision',
      figure: `${bytes.toFixed(2)} bytes/message`,
      bar: { text: '0', held: Math.abs(bytes) < OBJECT_BYTES / 20 },
      note: `middle of ${passes} passes of ${books.length} messages, less what the reading makes`,
    },
    { what: 'JSON.parse of the same frames', figure: `${median(parsed).toFixed(0)} bytes/message` },
  ];
}

function growthOf(pass: () => void): number {
  const before = getHeapStatistics().used_heap_size;
  pass();
  return getHeapStatistics().used_heap_size - before;
}

/** What comes before the first book message, and the book messages. */
function recordedFrames() {
  const rows = gunzipSync(readFileSync(CAPTURE)).toString().split('\n').filter(Boolean);
  const texts = rows.map((row) => (JSON.parse(row) as { data?: string }).data ?? '').filter(Boolean);
  const isBook = (text: string) => text.startsWith('{"channel":"book"');
  const bytes = (text: string): Uint8Array => Buffer.from(text);
  return { first: texts.filter((text) => !isBook(text)).map(bytes), books: texts.filter(isBook).map(bytes) };
}

function createStage() {
  const config = checkConfig({ venue: { depth: 25 } });
  const placement = Object.fromEntries(ACTOR_IDS.map((id) => [id, 0])) as Placement;
  const memory = createSharedMemory(topologyOf(config), placement);
  const services = { config, clock: systemClock, chance: seededChance(1), log: () => undefined, options: {} };
  const feed = openContext(memory, 'feed', services);
  const book = openContext(memory, 'book', services);
  const detector = openContext(memory, 'detector', services);
  const router = new FrameRouter(feed, new FeedMemory(feed.ownMemory));
  const actors = [createBook(book), createDetector(detector)] as const;
  for (const actor of actors) void actor.onStart();
  return {
    take: (frame: Uint8Array) => {
      router.onFrame(0, frame, 0, frame.length, 1_618_677_942, 0, false);
      actors[0].doWork();
      actors[1].doWork();
    },
    verified: () => book.counters.get('checksums_verified'),
    decided: () => detector.counters.get('updates'),
  };
}
