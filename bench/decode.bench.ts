// capture ──reader──▶ bytes ──decoder──▶ numbers      (one thread; one genuine capture, again and again)

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { setImmediate as nextLoopTurn } from 'node:timers/promises';
import { CaptureReader, READ_END, READ_ROW, READ_WAIT } from '../src/captures/capture-reader.ts';
import { instrumentIndex } from '../src/market/instrument.ts';
import { SymbolTable } from '../src/market/symbol-table.ts';
import { FrameDecoder } from '../src/venues/kraken/market/frame-decoder.ts';
import { alternate, type Bench, type BenchRow, nowNs } from './harness.ts';

const CAPTURE = join(import.meta.dirname, '../tests/fixtures/kraken/ws2_book_d25_BTCUSD_20260802.cap.jsonl.gz');
const BOOK_FRAMES = 2_052;

interface Corpus {
  readonly bytes: readonly Uint8Array[];
  readonly texts: readonly string[];
}

async function bookFrames(): Promise<Corpus> {
  const reader = new CaptureReader(CAPTURE);
  const bytes: Uint8Array[] = [];
  for (let found = reader.next(); found !== READ_END; found = reader.next()) {
    if (found === READ_WAIT) await nextLoopTurn();
    else if (found === READ_ROW) {
      reader.unescape();
      const frame = Uint8Array.from(reader.frame.subarray(0, reader.frameLength));
      if (Buffer.from(frame).includes('"book","type"')) bytes.push(frame);
    }
  }
  assert.equal(bytes.length, BOOK_FRAMES, 'bench: the whole capture');
  return { bytes, texts: bytes.map((frame) => Buffer.from(frame).toString()) };
}

function createDecoder(): FrameDecoder {
  const symbols = new SymbolTable();
  symbols.add('BTC/USD', instrumentIndex(0));
  return new FrameDecoder(symbols);
}

/** Nanoseconds per frame of `laps` laps over the corpus. */
function timed(laps: number, frames: number, lap: () => number, expected: number): number {
  const startNs = nowNs();
  let total = 0;
  for (let count = 0; count < laps; count++) total += lap();
  const perFrameNs = (nowNs() - startNs) / laps / frames;
  assert.equal(total, expected * laps, 'bench: every level was read');
  return perFrameNs;
}

async function run({ quick }: { readonly quick: boolean }): Promise<readonly BenchRow[]> {
  const laps = quick ? 2 : 100;
  const corpus = await bookFrames();
  const decoder = createDecoder();
  const fromBytes = (): number => {
    let levels = 0;
    for (const frame of corpus.bytes) {
      assert.ok(decoder.scan(frame, 0, frame.length));
      decoder.book.scale(0, 1, 8);
      levels += decoder.book.levelCount;
    }
    return levels;
  };
  const fromJson = (): number => {
    let levels = 0;
    for (const text of corpus.texts) {
      const { data } = JSON.parse(text) as { data: { bids: unknown[]; asks: unknown[] }[] };
      levels += (data[0]?.bids.length ?? 0) + (data[0]?.asks.length ?? 0);
    }
    return levels;
  };
  const expected = fromJson();
  const { a, b } = await alternate(
    quick ? 1 : 7,
    () => timed(laps, BOOK_FRAMES, fromBytes, expected),
    () => timed(laps, BOOK_FRAMES, fromJson, expected),
  );
  return [
    {
      what: "book frame: bytes → integers in the instrument's precision, digits kept",
      p50Ns: a,
      opsPerSecond: 1e9 / a,
      ratio: { value: b / a, to: 'JSON.parse of the same text' },
    },
    { what: 'JSON.parse of the same text, already decoded (digits lost)', p50Ns: b, opsPerSecond: 1e9 / b },
  ];
}

const bench: Bench = {
  name: 'decode',
  question: 'How long does a book frame take from its bytes to integers, against JSON.parse alone?',
  run,
};

export default bench;
