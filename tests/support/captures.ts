/** Captures for tests: the bundled ones by name, and made ones from frames. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CaptureReader, READ_END, READ_ROW } from '../../src/captures/capture-reader.ts';

const FIXTURES = join(import.meta.dirname, '..', 'fixtures', 'kraken');

/** The Kraken v2 captures that are bundled, with the number of their frames and book messages. */
export const CAPTURES = [
  { name: 'ws2_book_d25_BTCUSD_20260802', frames: 2104, bookMessages: 2052 },
  { name: 'ws2_book_d25_ETHUSD_XRPUSD_2sockets_20260802', frames: 2362, bookMessages: 2276 },
  { name: 'derived_ws2_d25_gemini_20210417', frames: 905, bookMessages: 893 },
  { name: 'derived_ws2_d10_bitflyer_20210722', frames: 385, bookMessages: 376 },
] as const;

export const capturePath = (name: string): string => join(FIXTURES, `${name}.cap.jsonl.gz`);
/** What the demo plays: the derived triangle, with the ledger precisions and minima that Kraken announces. */
export const DEMO_CAPTURE = join(import.meta.dirname, '../../data/derived_ws2_d25_gemini_20210417.cap.jsonl.gz');
export const fixturePath = (file: string): string => join(FIXTURES, file);

export interface RecordedFrame {
  readonly conn: string;
  readonly elapsedNs: number;
  readonly bytes: Uint8Array;
}

/** All received frames of a capture file. */
export async function framesOf(path: string): Promise<RecordedFrame[]> {
  const frames: RecordedFrame[] = [];
  await readAll(path, (reader) => {
    if (reader.kind !== 2) return;
    const bytes = new Uint8Array(reader.frame.subarray(0, reader.frameLength)); // a Buffer's own slice would be a view that the next row overwrites
    frames.push({ conn: reader.connLabels[reader.conn] ?? '', elapsedNs: reader.elapsedNs, bytes });
  });
  return frames;
}

/** Reads a capture to its end. */
export async function readAll(path: string, onRow: (reader: CaptureReader) => void): Promise<CaptureReader> {
  let ready = Promise.withResolvers<void>();
  const reader = new CaptureReader(path, () => ready.resolve());
  try {
    for (;;) {
      const found = reader.next();
      if (found === READ_END) return reader;
      if (found === READ_ROW) {
        reader.unescape();
        onRow(reader);
      } else {
        await ready.promise;
        ready = Promise.withResolvers<void>();
      }
    }
  } finally {
    reader.close();
  }
}

export interface ScratchFolder extends Disposable {
  path(name: string): string;
}

/** A folder that is removed when it goes out of scope. */
export function scratchFolder(): ScratchFolder {
  const folder = mkdtempSync(join(tmpdir(), 'arbitrade-'));
  return {
    path: (name) => join(folder, name),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Writes a plain capture of received frames, a millisecond apart. */
export function writeCapture(path: string, frames: readonly (string | { conn: string; data: string })[]): void {
  const rows = frames.map((frame, index) => {
    const { conn, data } = typeof frame === 'string' ? { conn: 'A', data: frame } : frame;
    return JSON.stringify({ t: 'recv', conn, ns: `${1_700_000_000_000_000_000n + BigInt(index) * 1_000_000n}`, data });
  });
  writeFileSync(path, [`{"t":"header","venue":"kraken","api":"ws-v2"}`, ...rows, ''].join('\n'));
}
