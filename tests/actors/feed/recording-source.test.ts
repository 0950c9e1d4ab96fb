import { join } from 'node:path';
import { expect, test } from 'vitest';
import { FRAME_UNREAD, type FrameSink, type FrameSource } from '../../../src/actors/feed/sources/frame-source.ts';
import { recorded } from '../../../src/actors/feed/sources/recording-source.ts';
import { readCaptureRows } from '../../../src/practice/market/capture-rows.ts';
import { capturePath, framesOf } from '../../support/captures.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { createTestContext } from '../../support/test-context.ts';

/** Brings the frames it was given, all at the first poll. */
function listSource(frames: readonly { bytes: Uint8Array }[]): FrameSource {
  let sink: FrameSink | undefined;
  return {
    start: (given) => {
      sink = given;
    },
    poll: () => {
      for (const [i, { bytes }] of frames.entries())
        sink?.onFrame(i % 2, bytes, 0, bytes.length, 1_785_641_750, i * 1_000, false);
      return frames.length;
    },
    onTimer: () => {},
    onReply: () => {},
    onBookMessage: () => {},
    onInstruments: () => {},
    resync: () => true,
    stop: () => {},
  };
}

function collector() {
  const seen: string[] = [];
  const sink: FrameSink = {
    onFrame: (connection, bytes, start, end) => {
      seen.push(`${connection} ${Buffer.from(bytes.subarray(start, end)).toString()}`);
      return true;
    },
    onEscapedFrame: () => FRAME_UNREAD,
    onDisconnected: () => {},
    onInstrumentVoid: () => {},
  };
  return { seen, sink };
}

test('without the option the source is left as it is', () => {
  const source = listSource([]);
  expect(recorded(source, createTestContext('feed').context)).toBe(source);
});

test.each(['out.cap.jsonl', 'out.cap.jsonl.gz'])(
  'every frame reaches the sink and the capture %s, byte for byte',
  async (name) => {
    const frames = await framesOf(capturePath('ws2_book_d25_BTCUSD_20260802'));
    const file = join(temporaryDirectory(), name);
    const source = recorded(listSource(frames), createTestContext('feed', { options: { record: file } }).context);
    const { seen, sink } = collector();
    await source.start(sink);
    expect(source.poll(64)).toBe(frames.length);
    await source.stop();
    expect(seen).toHaveLength(frames.length);
    const again = await framesOf(file);
    expect(again.map(({ bytes }) => Buffer.from(bytes).toString())).toEqual(
      frames.map(({ bytes }) => Buffer.from(bytes).toString()),
    );
    expect(readCaptureRows(file).rows[3]).toMatchObject({ conn: 'S1', offsetMs: 0.003 });
  },
);

test('a successor goes on in the same file, anyone else is refused it', async () => {
  const frames = (await framesOf(capturePath('ws2_book_d25_BTCUSD_20260802'))).slice(0, 10);
  const file = join(temporaryDirectory(), 'out.cap.jsonl');
  const stage = createTestContext('feed', { options: { record: file } });
  const first = recorded(listSource(frames), stage.context);
  await first.start(collector().sink);
  first.poll(64);
  const second = recorded(listSource(frames), stage.successor());
  await second.start(collector().sink);
  second.poll(64);
  await second.stop();
  expect(await framesOf(file)).toHaveLength(20);
  const stranger = recorded(listSource([]), stage.context);
  expect(() => stranger.start(collector().sink)).toThrow(/a new file that can be written/);
});
