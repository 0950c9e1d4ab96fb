import { describe, expect, test } from 'vitest';
import { createActor } from '../../../src/actors/feed/actor.ts';
import { type InstrumentIndex, instrumentIndex } from '../../../src/market/instrument.ts';
import { CONTROL, DELTA, DELTA_FLAG, INVALID_REASONS, MARKET_KIND } from '../../../src/messages/market-messages.ts';
import { seededChance } from '../../../src/platform/chance.ts';
import type { Actor } from '../../../src/runtime/actor.ts';
import type { ControlCalls, MalformedFrame } from '../../../src/runtime/control-calls.ts';
import type { RingConsumer } from '../../../src/runtime/memory/ring.ts';
import { CAPTURES, capturePath, framesOf, scratchFolder, writeCapture } from '../../support/captures.ts';
import { mutateFrame } from '../../support/mutate-frame.ts';
import { createTestContext, type TestContext, type TestContextOptions } from '../../support/test-context.ts';

interface Slot {
  readonly kind: number;
  readonly flags: number;
  readonly seq: number;
  readonly recvIndex: number;
  readonly instrument: InstrumentIndex;
  readonly price: bigint;
  readonly qty: bigint;
  readonly decimals: readonly [number, number];
  readonly checksum: number;
  readonly wallNs: bigint;
}

function readSlots(deltas: RingConsumer): Slot[] {
  const slots: Slot[] = [];
  deltas.drain((view, at) => {
    const kind = view.getUint8(at + DELTA.kind);
    const isLevel = kind === MARKET_KIND.LEVEL && (view.getUint8(at + DELTA.flags) & DELTA_FLAG.EMPTY) === 0;
    slots.push({
      kind,
      flags: view.getUint8(at + DELTA.flags),
      seq: view.getFloat64(at + DELTA.seq, true),
      recvIndex: view.getFloat64(at + DELTA.recvIndex, true),
      instrument: instrumentIndex(
        kind === MARKET_KIND.INSTRUMENTS ? -1 : view.getUint32(at + CONTROL.instrument, true),
      ),
      price: isLevel ? view.getBigInt64(at + DELTA.priceTicks, true) : 0n,
      qty: isLevel ? view.getBigInt64(at + DELTA.qtyLots, true) : 0n,
      decimals: isLevel ? [view.getUint8(at + DELTA.priceDecimals), view.getUint8(at + DELTA.qtyDecimals)] : [0, 0],
      checksum: kind === MARKET_KIND.LEVEL ? view.getUint32(at + DELTA.checksum, true) : 0,
      wallNs: view.getBigInt64(at + DELTA.wallNs, true),
    });
  }, Number.MAX_SAFE_INTEGER);
  return slots;
}

/** Turns until the capture has ended, taking the slots off as they come. */
async function play(
  stage: TestContext<'feed'>,
  feed: Actor,
  deltas: RingConsumer,
  until = () => true,
): Promise<Slot[]> {
  const slots: Slot[] = [];
  for (;;) {
    const handled = feed.doWork();
    slots.push(...readSlots(deltas));
    if (stage.context.counters.get('source_ended') === 1 && until()) return slots;
    if (handled === 0) await new Promise((resolve) => setImmediate(resolve));
  }
}

const stageFor = (capture: string, more: TestContextOptions = {}): TestContext<'feed'> =>
  createTestContext('feed', { ...more, options: { capture, ...more.options } });

async function replay(capture: string, more: TestContextOptions = {}) {
  const stage = stageFor(capture, more);
  const feed = createActor(stage.context);
  await feed.onStart();
  const slots = await play(stage, feed, stage.consumer('deltas'));
  await feed.onStop();
  return { stage, feed, slots, counters: stage.context.counters.snapshot() };
}

const SNAPSHOT =
  '{"channel":"book","type":"snapshot","data":[{"symbol":"A/B","bids":[{"price":1.50,"qty":2.00000000}],"asks":[],"checksum":1}]}';
const UPDATE =
  '{"channel":"book","type":"update","data":[{"symbol":"A/B","bids":[{"price":1.51,"qty":3.00000000}],"asks":[],"checksum":2}]}';

async function replayFrames(
  frames: readonly (string | { conn: string; data: string })[],
  more: TestContextOptions = {},
) {
  using folder = scratchFolder();
  writeCapture(folder.path('a.cap.jsonl'), frames);
  return await replay(folder.path('a.cap.jsonl'), more);
}

const malformedOf = (feed: Actor): MalformedFrame[] => {
  const { malformedFrames } = feed.control as ControlCalls['feed'];
  return [...malformedFrames()];
};

const invalidations = (slots: readonly Slot[]) =>
  slots.filter((slot) => slot.kind === MARKET_KIND.INVALIDATE).map((slot) => INVALID_REASONS[slot.flags]);

describe('feed in a replay', () => {
  test.each(CAPTURES)('publishes every book message of $name, numbered without a gap', async (capture) => {
    const { counters, slots } = await replay(capturePath(capture.name));
    expect(counters).toMatchObject({
      frames: capture.frames,
      frames_malformed: 0,
      frames_fallback: 0,
      messages_refused: 0,
      messages_unknown: 0,
      book_messages: capture.bookMessages,
    });
    const seqs = [...new Set(slots.map((slot) => slot.seq))];
    expect(seqs).toEqual(Array.from(seqs, (_, index) => index + 1));
    const levels = slots.filter((slot) => slot.kind === MARKET_KIND.LEVEL);
    expect(levels.filter((slot) => (slot.flags & DELTA_FLAG.FIRST) !== 0)).toHaveLength(capture.bookMessages);
    expect(levels.filter((slot) => (slot.flags & DELTA_FLAG.LAST) !== 0)).toHaveLength(capture.bookMessages);
  });

  test('infers the precision of an instrument that was not announced', async () => {
    const { stage } = await replay(capturePath('ws2_book_d25_BTCUSD_20260802'));
    const [instrument] = stage.context.instrumentLog.directory().instruments;
    expect(instrument).toMatchObject({ symbol: 'BTC/USD', status: 'inferred', pricePrecision: 1, qtyPrecision: 8 });
  });

  test('a successor continues with the next frame, with nothing lost and nothing twice', async () => {
    const path = capturePath('derived_ws2_d25_gemini_20210417');
    const whole = (await replay(path)).slots;
    for (const frames of [1, 5, 200, 904]) {
      const stage = stageFor(path, { config: { limits: { deltas_ring: 1024 } } });
      const deltas = stage.consumer('deltas');
      const slots: Slot[] = [];
      let feed = createActor(stage.context);
      await feed.onStart();
      while (stage.context.counters.get('frames') < frames) {
        if (feed.doWork() === 0) await new Promise((resolve) => setImmediate(resolve));
        slots.push(...readSlots(deltas));
      }
      await feed.onStop();
      const successor = stage.successor();
      feed = createActor(successor);
      await feed.onStart();
      slots.push(...(await play(stage, feed, deltas)));
      await feed.onStop();
      expect(slots).toEqual(whole);
    }
  });

  test('waits when the ring is full, and loses nothing', async () => {
    const path = capturePath('derived_ws2_d10_bitflyer_20210722');
    const whole = (await replay(path)).slots;
    const stage = stageFor(path, { config: { limits: { deltas_ring: 256 } } });
    const deltas = stage.consumer('deltas');
    const feed = createActor(stage.context);
    await feed.onStart();
    const slots: Slot[] = [];
    for (let idle = 0; stage.context.counters.get('source_ended') === 0; ) {
      const handled = feed.doWork();
      idle = handled === 0 ? idle + 1 : 0;
      if (idle > 2) slots.push(...readSlots(deltas)); // only when nothing goes any more
      if (handled === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    slots.push(...readSlots(deltas));
    await feed.onStop();
    expect(slots).toEqual(whole);
    expect(stage.context.counters.get('messages_lagging')).toBe(0);
  });

  test('a capture without end voids its books at every beginning and counts frames on', async () => {
    const stage = stageFor(capturePath('derived_ws2_d10_bitflyer_20210722'), { options: { loop: true } });
    const deltas = stage.consumer('deltas');
    const feed = createActor(stage.context);
    await feed.onStart();
    const slots: Slot[] = [];
    while (stage.context.counters.get('frames') < 3 * 385) {
      if (feed.doWork() === 0) await new Promise((resolve) => setImmediate(resolve));
      slots.push(...readSlots(deltas));
    }
    await feed.onStop();
    expect(stage.context.counters.get('frames_malformed')).toBe(0);
    expect(invalidations(slots).length).toBeGreaterThan(0);
    expect(slots.at(-1)?.recvIndex).toBeGreaterThan(2 * 385);
    expect(stage.context.counters.get('source_ended')).toBe(0);
  });

  test('keeps the pace of the capture at the speed asked for', async () => {
    const path = capturePath('ws2_book_d25_BTCUSD_20260802');
    const stage = stageFor(path, { options: { speed: 10 } });
    const deltas = stage.consumer('deltas');
    const feed = createActor(stage.context);
    await feed.onStart();
    const counts: number[] = [];
    for (let second = 0; second <= 5; second++) {
      stage.clock.advanceTo(second * 1e9);
      while (feed.doWork() > 0 || feed.isBusy?.()) {
        readSlots(deltas);
        await new Promise((resolve) => setImmediate(resolve));
      }
      counts.push(stage.context.counters.get('frames'));
    }
    await feed.onStop();
    expect(counts[0]).toBe(1); // the first frame is due at once
    expect(counts.slice(1).every((count, index) => count > (counts[index] as number))).toBe(true);
    expect(counts.at(-1)).toBeGreaterThan(2_000); // 50.7 s in a tenth
    expect(counts.at(-1)).toBeLessThan(2_104);
  });

  test('a value that does not fit the precision voids the book and is never rounded', async () => {
    const { slots, counters } = await replayFrames([SNAPSHOT, UPDATE.replace('1.51', '1.515')]);
    expect(invalidations(slots)).toEqual(['malformed']);
    expect(counters.messages_refused).toBe(1);
    expect(slots.some((slot) => slot.price === 151n || slot.price === 152n)).toBe(false);
  });

  test('quantities beyond 2^53 arrive exactly, beyond 96 bits not at all', async () => {
    const large = UPDATE.replace('3.00000000', '90071992547.40993999');
    const { slots } = await replayFrames([SNAPSHOT, large, UPDATE.replace('3.00000000', '800000000000000000000.0')]);
    expect(slots.filter((slot) => slot.qty === 9007199254740993999n)).toHaveLength(1);
    expect(invalidations(slots)).toEqual(['malformed']);
  });

  test('a cut book frame voids the book it names, and one without name every book of its connection', async () => {
    const other = SNAPSHOT.replaceAll('A/B', 'C/D');
    const { slots, counters, feed, stage } = await replayFrames([
      SNAPSHOT,
      other,
      { conn: 'B', data: SNAPSHOT.replaceAll('A/B', 'E/F') },
      UPDATE.slice(0, 80),
      '{"channel":"bo',
    ]);
    const voided = slots.filter((slot) => slot.kind === MARKET_KIND.INVALIDATE);
    expect(voided.map((slot) => slot.instrument)).toEqual([0, 0, 1]);
    expect(counters.frames_malformed).toBe(2);
    const kept = malformedOf(feed);
    expect(kept.map(({ text, recvIndex }) => [text, recvIndex])).toEqual([
      [UPDATE.slice(0, 80), 3],
      ['{"channel":"bo', 4],
    ]);
    expect(stage.audits().filter((audit) => audit.event === 'frame_malformed')).toHaveLength(2);
  });

  test('keeps no more malformed frames than it is asked to', async () => {
    const frames = Array.from({ length: 50 }, (_, index) => `{"book" ${index}`);
    const { feed, counters } = await replayFrames(frames, { config: { venue: { malformed_kept: 4 } } });
    expect(counters.frames_malformed).toBe(50);
    const kept = malformedOf(feed);
    expect(kept.map(({ text }) => text)).toEqual(['{"book" 46', '{"book" 47', '{"book" 48', '{"book" 49']);
  });

  test('an oversized frame is refused and counted, and voids what it names', async () => {
    const huge = UPDATE.replace(']}', `],"padding":"${'x'.repeat(3_000)}"}`);
    const { counters, slots } = await replayFrames([SNAPSHOT, huge], { config: { venue: { frame_bytes_max: 1024 } } });
    expect(counters).toMatchObject({ frames_too_large: 1, frames_malformed: 1, frames: 2 });
    expect(invalidations(slots)).toEqual(['malformed']);
  });

  test('passes changes of the venue status on once', async () => {
    const status = (system: string) => `{"channel":"status","type":"update","data":[{"system":"${system}"}]}`;
    const frames = [status('online'), status('online'), status('maintenance'), status('on_fire')];
    const { slots, counters } = await replayFrames(frames);
    expect(slots.filter((slot) => slot.kind === MARKET_KIND.SYSTEM_STATUS).map((slot) => slot.flags)).toEqual([
      1, 2, 0,
    ]);
    expect(counters.system_status).toBe(0);
  });

  test('an update of a symbol that was not announced is counted and left out', async () => {
    const { counters, slots } = await replayFrames([UPDATE]);
    expect(counters.messages_unknown).toBe(1);
    expect(slots).toEqual([]);
  });

  test('a new connection voids the books of the one before', async () => {
    using folder = scratchFolder();
    const path = folder.path('a.cap.jsonl');
    writeCapture(path, [SNAPSHOT, SNAPSHOT]);
    const { readFileSync, writeFileSync } = await import('node:fs');
    const rows = readFileSync(path, 'utf8').split('\n');
    rows.splice(2, 0, '{"t":"connect","conn":"A","ns":"1700000000000000001","addr":"wss://venue"}');
    writeFileSync(path, rows.join('\n'));
    const { slots } = await replay(path);
    expect(invalidations(slots)).toEqual(['disconnected']);
  });

  test('a precision that changes while running voids the book', async () => {
    const pair = (decimals: number) =>
      `{"channel":"instrument","type":"update","data":{"assets":[],"pairs":[{"symbol":"A/B","base":"A","quote":"B","status":"online",` +
      `"qty_precision":8,"qty_increment":1e-08,"price_precision":${decimals},"price_increment":0.1,"cost_precision":5,"cost_min":0.5,"qty_min":0.1}]}}`;
    const { slots, counters, stage } = await replayFrames([pair(2), SNAPSHOT, pair(3), SNAPSHOT]);
    const announced = slots.filter((slot) => slot.kind === MARKET_KIND.INSTRUMENTS).map((slot) => slot.seq);
    const first = stage.context.instrumentLog.read(0);
    expect([first.seq, stage.context.instrumentLog.read(first.next).seq]).toEqual(announced);
    expect(invalidations(slots)).toEqual(['precision_changed']);
    expect(counters.instruments).toBe(1);
    expect(slots.filter((slot) => slot.kind === MARKET_KIND.LEVEL).map((slot) => slot.price)).toEqual([150n, 1500n]);
  });

  test('thousands of mutated frames, whole captures of them: every frame is accounted for and nothing is thrown', async () => {
    const seed = 20261122;
    console.log(`mutated frames through the feed: seed ${seed}`);
    const chance = seededChance(seed);
    const work = Buffer.alloc(16_384);
    const frames: string[] = [];
    for (const { name } of CAPTURES) {
      for (const { bytes } of await framesOf(capturePath(name))) {
        work.set(bytes);
        const length = chance.integer(3) === 0 ? mutateFrame(bytes, work, chance) : bytes.length;
        frames.push(work.toString('utf8', 0, length));
      }
    }
    const { counters, slots } = await replayFrames(frames);
    expect(counters.frames).toBe(frames.length);
    expect(counters.frames_malformed).toBeGreaterThan(500);
    // A snapshot that chance has damaged leaves the updates that follow it without an instrument.
    const understood = counters.book_messages + counters.messages_unknown + counters.messages_refused;
    expect(understood).toBeGreaterThan(3_700);
    expect(counters.book_messages).toBeGreaterThan(1_000);
    const seqs = [...new Set(slots.map((slot) => slot.seq))];
    expect(seqs.every((seq, index) => seq === index + 1)).toBe(true);
  });

  test('what is no capture is refused at the start', async () => {
    const stage = stageFor('/nowhere/at.all');
    await expect(createActor(stage.context).onStart()).rejects.toMatchObject({ code: 'CAPTURE_UNREADABLE' });
  });
});
