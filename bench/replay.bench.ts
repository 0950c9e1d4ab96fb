// capture file ──▶ feed ──▶ book (every checksum) ──▶ detector …        on one thread, and on a thread each
/**
 * How fast is a capture replayed, every book verified? The captures are bundled ones, repeated until they are long. It
 * is compared with `JSON.parse` of the same frames alone, and with reading the file and parsing both its rows and its
 * frames, which is the least that a program does that takes captures the usual way.
 */
import assert from 'node:assert/strict';
import { readFileSync, rmSync, statSync } from 'node:fs';
import { replayCapture } from '../src/cli/replay/replay.ts';
import type { Summary } from '../src/readings/summary.ts';
import { type Bench, type BenchOptions, type BenchRow, median, timeMs } from './harness.ts';
import { type RepeatedCapture, writeRepeated } from './support/repeated-capture.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

const CAPTURES = [
  { what: 'one pair (BTC/USD, depth 25)', file: 'ws2_book_d25_BTCUSD_20260802', laps: 150 },
  { what: 'ten pairs with a triangle (depth 25)', file: 'derived_ws2_d25_gemini_20210417', laps: 340 },
] as const;

const BAR = 300_000;
const STRETCH = 1_000_000;

const bench: Bench = {
  name: 'replay',
  question: 'How many updates a second does a replay do, every book verified, against JSON.parse of its frames alone?',
  run: async (options) => {
    const folder = temporaryFolder();
    try {
      const rows: BenchRow[] = [];
      for (const capture of CAPTURES) rows.push(...(await measure(capture, `${folder}/capture.jsonl`, options)));
      return rows;
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};
export default bench;

async function measure(capture: (typeof CAPTURES)[number], file: string, { quick }: BenchOptions) {
  const path = new URL(`../tests/fixtures/kraken/${capture.file}.cap.jsonl.gz`, import.meta.url);
  const written = writeRepeated(path, file, quick ? 2 : capture.laps);
  const rates = { inline: [] as number[], threads: [] as number[], json: [] as number[], usual: [] as number[] };
  const parse = parser(file);
  for (let round = 0; round <= (quick ? 0 : 2); round++) {
    const inline = await replayed(file, written, false);
    const threads = await replayed(file, written, true);
    assert.deepEqual(decisionsOf(threads), decisionsOf(inline), 'bench: threads decide the same');
    const json = (written.bookMessages / timeMs(parse.frames)) * 1e3;
    const usual = (written.bookMessages / timeMs(parse.file)) * 1e3;
    if (round === 0 && !quick) continue; // warm-up
    rates.inline.push(inline.updatesPerSecond);
    rates.threads.push(threads.updatesPerSecond);
    rates.json.push(json);
    rates.usual.push(usual);
  }
  const size = `${written.bookMessages.toLocaleString('en-US')} messages, ${(statSync(file).size / 2 ** 20).toFixed(0)} MiB`;
  return report(capture.what, size, {
    inline: median(rates.inline),
    threads: median(rates.threads),
    json: median(rates.json),
    usual: median(rates.usual),
  });
}

/** Replays `file` as the command does, and checks that nothing was lost and every checksum held. */
async function replayed(file: string, written: RepeatedCapture, threads: boolean): Promise<Summary> {
  const { summary } = await replayCapture(file, { threads, fees: '0' });
  assert.equal(summary.frames, written.frames, 'bench: every frame was read');
  assert.equal(summary.malformed, 0);
  assert.deepEqual(summary.checksums, { verified: written.bookMessages, failed: 0, skipped: 0 });
  return summary;
}

function decisionsOf({ evaluations, opportunities, opportunitiesSized, best, edges }: Summary) {
  return { evaluations, opportunities, opportunitiesSized, best, edges };
}

/** The usual ways with the same file. */
function parser(file: string) {
  const texts = rowsOf(file).flatMap(({ t, data }) => (t === 'recv' && data !== undefined ? [data] : []));
  return {
    frames: () => {
      for (const text of texts) JSON.parse(text);
    },
    file: () => {
      for (const { t, data } of rowsOf(file)) if (t === 'recv' && data !== undefined) JSON.parse(data);
    },
  };
}

function* rowsIn(file: string): Generator<{ readonly t: string; readonly data?: string }> {
  for (const line of readFileSync(file, 'latin1').split('\n')) if (line !== '') yield JSON.parse(line);
}

const rowsOf = (file: string) => [...rowsIn(file)];

function report(
  what: string,
  size: string,
  rates: Record<'inline' | 'threads' | 'json' | 'usual', number>,
): readonly BenchRow[] {
  const { inline, threads, json, usual } = rates;
  return [
    {
      what: `replay inline: ${what}`,
      opsPerSecond: inline,
      ratio: { value: inline / json, to: 'the rate of JSON.parse alone' },
      bar: { text: '≥ 300 k updates/s (stretch: ≥ 1 M)', held: inline >= BAR },
      note: `${size}; stretch ${inline >= STRETCH ? 'held' : 'missed'}`,
    },
    {
      what: `replay, a thread per actor: ${what}`,
      opsPerSecond: threads,
      ratio: { value: threads / json, to: 'the rate of JSON.parse alone' },
    },
    { what: `JSON.parse of the frames alone, decoded in memory: ${what}`, opsPerSecond: json },
    {
      what: `the file read and its rows and frames parsed: ${what}`,
      opsPerSecond: usual,
      ratio: { value: inline / usual, to: 'of this rate is the inline replay' },
    },
  ];
}
