// frame bytes ──▶ router ──deltas──▶ book ──▶ book table, tops        against      JSON.parse        against      ccxt
/**
 * What a verified book costs per frame, on one thread: from the bytes of a recorded frame to a version in the book table
 * and a top on its ring, checksum verified. Against `JSON.parse` of the same frame alone, and against ccxt, which parses
 * the frame and updates its book without a checksum. ccxt's own check cannot be switched on for comparison: it takes
 * numbers for texts (`data.split`) and throws.
 */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { pro } from 'ccxt';
import { createActor } from '../src/actors/book/actor.ts';
import { FeedMemory } from '../src/actors/feed/feed-memory.ts';
import { FrameRouter } from '../src/actors/feed/frame-router.ts';
import { instrumentIndex } from '../src/market/instrument.ts';
import { seededChance } from '../src/platform/chance.ts';
import { systemClock } from '../src/platform/clock.ts';
import { ACTOR_IDS } from '../src/runtime/counter-names.ts';
import type { RingConsumer } from '../src/runtime/memory/ring.ts';
import { createSharedMemory, openConsumer, openContext, type Placement } from '../src/runtime/memory/shared-memory.ts';
import { checkConfig } from '../src/settings/read-config.ts';
import { topologyOf } from '../src/topology.ts';
import { IDLE_SOURCE } from '../tests/support/idle-source.ts';
import { type Bench, type BenchOptions, type BenchRow, median, timeMs } from './harness.ts';

const CAPTURES = [
  { what: 'BTC/USD, depth 25', file: 'ws2_book_d25_BTCUSD_20260802', messages: 2052 },
  { what: 'ETH/USD and XRP/USD, depth 25', file: 'ws2_book_d25_ETHUSD_XRPUSD_2sockets_20260802', messages: 2276 },
] as const;

const bench: Bench = {
  name: 'verified-book',
  question: 'What does a verified book cost per frame, against JSON.parse of the frame alone and against ccxt?',
  run,
};
export default bench;

async function run(options: BenchOptions): Promise<readonly BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const capture of CAPTURES) rows.push(...compare(capture, options));
  return rows;
}

function compare(capture: (typeof CAPTURES)[number], { quick }: BenchOptions): readonly BenchRow[] {
  const frames = bookFrames(capture.file);
  const texts = frames.map((frame) => new TextDecoder().decode(frame));
  const ours = verifiedBook(frames);
  const routed = routedFrames(frames);
  const theirs = ccxtBook(texts);
  const passes = quick ? 1 : 100;
  const nsPerFrame = (pass: () => void): number => {
    const ms = timeMs(() => {
      for (let round = 0; round < passes; round++) pass();
    });
    return (ms * 1e6) / (passes * frames.length);
  };
  const samples = { ours: [] as number[], routed: [] as number[], json: [] as number[], ccxt: [] as number[] };
  for (let round = 0; round <= (quick ? 1 : 9); round++) {
    const sample = {
      ours: nsPerFrame(ours.pass),
      routed: nsPerFrame(routed.pass),
      json: nsPerFrame(() => parseAll(texts)),
      ccxt: nsPerFrame(theirs.pass),
    };
    if (round > 0) for (const way of WAYS) samples[way].push(sample[way]);
  }
  assert.equal(ours.verified() % capture.messages, 0, 'bench: every checksum of every pass verified');
  assert.equal(ours.verified(), ours.messages(), 'bench: no message was skipped');
  assert.deepEqual(theirs.touch(), ours.touch(), 'bench: ccxt ends with the same touch');
  return report(capture.what, {
    ours: median(samples.ours),
    routed: median(samples.routed),
    json: median(samples.json),
    ccxt: median(samples.ccxt),
  });
}

const WAYS = ['ours', 'routed', 'json', 'ccxt'] as const;

function report(what: string, ns: Record<(typeof WAYS)[number], number>): readonly BenchRow[] {
  const ratio = ns.ours / ns.json;
  return [
    {
      what: `frame → verified book: ${what}`,
      p50Ns: ns.ours,
      opsPerSecond: 1e9 / ns.ours,
      ratio: { value: ratio, to: 'JSON.parse' },
      bar: { text: '≤ 1.0 × JSON.parse (stretch: ≤ 0.5 ×)', held: ratio <= 1 },
      note: ratio <= 0.5 ? 'stretch held' : 'stretch missed',
    },
    {
      what: `frame → deltas on the ring: ${what}`,
      p50Ns: ns.routed,
      ratio: { value: ns.routed / ns.json, to: 'JSON.parse' },
    },
    { what: `JSON.parse of the text alone: ${what}`, p50Ns: ns.json },
    {
      what: `ccxt, no checksum: ${what}`,
      p50Ns: ns.ccxt,
      ratio: { value: ns.ccxt / ns.ours, to: 'our verified book' },
    },
  ];
}

/** The frames of a capture that are about books, in their order. */
function bookFrames(name: string): Uint8Array[] {
  const path = new URL(`../tests/fixtures/kraken/${name}.cap.jsonl.gz`, import.meta.url);
  const rows = gunzipSync(readFileSync(path)).toString().split('\n').filter(Boolean);
  const frames = rows.map((row) => (JSON.parse(row) as { data?: string }).data ?? '');
  return frames.filter((text) => text.startsWith('{"channel":"book"')).map((text) => Buffer.from(text));
}

function stage() {
  const config = checkConfig({ venue: { depth: 25 }, limits: { instruments_max: 64 } });
  const placement = Object.fromEntries(ACTOR_IDS.map((id) => [id, 0])) as Placement;
  const memory = createSharedMemory(topologyOf(config), placement);
  const services = { config, clock: systemClock, chance: seededChance(1), log: () => undefined, options: {} };
  const feed = openContext(memory, 'feed', services);
  const router = new FrameRouter(feed, new FeedMemory(feed.ownMemory));
  router.recover(IDLE_SOURCE);
  return { memory, router, book: openContext(memory, 'book', services) };
}

/** Bytes to verified book: one frame at a time, as they arrive. */
function verifiedBook(frames: readonly Uint8Array[]) {
  const { memory, router, book: context } = stage();
  const book = createActor(context);
  void book.onStart();
  const tops = openConsumer(memory, 'tops', 'detector');
  const { counters, bookTable } = context;
  return {
    pass: () => {
      for (const frame of frames) {
        router.onFrame(0, frame, 0, frame.length, 1_785_641_750, 0, false);
        book.doWork();
        tops.advance(tops.available());
      }
    },
    messages: () => counters.get('book_messages'),
    verified: () => counters.get('checksums_verified'),
    touch: () => {
      const at = bookTable.newestVersion(instrumentIndex(0));
      return [bookTable.view.getBigInt64(at, true), bookTable.view.getBigInt64(at + bookTable.shape.levels * 16, true)];
    },
  };
}

/** The first half of it: bytes to deltas on the ring. */
function routedFrames(frames: readonly Uint8Array[]) {
  const { memory, router } = stage();
  const deltas: RingConsumer = openConsumer(memory, 'deltas', 'book');
  return {
    pass: () => {
      for (const frame of frames) {
        router.onFrame(0, frame, 0, frame.length, 1_785_641_750, 0, false);
        deltas.advance(deltas.available());
      }
    },
  };
}

function parseAll(texts: readonly string[]): void {
  for (const text of texts) JSON.parse(text);
}

/** ccxt's WebSocket class, fed without a network: its client parses the text, its handler keeps the book. */
function ccxtBook(texts: readonly string[]) {
  const exchange = new pro.kraken({});
  const client = { subscriptions: {}, resolve: () => undefined } as never; // all that the handler touches
  const symbol = (JSON.parse(texts[0] ?? '') as { data: [{ symbol: string }] }).data[0].symbol;
  return {
    pass: () => {
      for (const text of texts) exchange.handleOrderBook(client, JSON.parse(text));
    },
    touch: () => {
      const book = exchange.orderbooks[symbol];
      const [bids, asks] = [book?.bids ?? [], book?.asks ?? []] as [number, number][][];
      const decimals = Math.max(
        ...[...(bids ?? []), ...(asks ?? [])].map(([price]) => `${price}`.split('.')[1]?.length ?? 0),
      );
      return [bids, asks].map((side) => BigInt(Math.round((side?.[0]?.[0] ?? 0) * 10 ** decimals)));
    },
  };
}
