/** `arbitrade replay` as a user runs it: what it counts, what it decides, what it refuses, and what it leaves behind. */

import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { beforeEach, expect, test } from 'vitest';
import { freshSeed } from '../../src/platform/chance.ts';
import { type Ended, leftOf, type Running, start, until } from '../support/arbitrade.ts';
import { CAPTURES, capturePath, fixturePath, writeCapture } from '../support/captures.ts';
import { writeMadeMarket } from '../support/made-market.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

/** Each test starts many processes, and a loaded machine starts them slowly. */
const FREE = ['--fees', '0', '--min-edge-bps', '0'];
const COMMITTED_BYTES = 300_000;
const GEMINI = 'derived_ws2_d25_gemini_20210417';
const BITFLYER = 'derived_ws2_d10_bitflyer_20210722';
const SUMMARY_FIELDS = [
  ...['frames', 'malformed', 'bookMessages', 'checksums', 'snapshots', 'resyncs', 'instruments', 'cycles'],
  ...['evaluations', 'opportunities', 'best', 'seconds', 'updatesPerSecond'],
];

/** Free, and sized with few steps: here it matters that sizes are the same, not that they are the best. */
const made = (): string[] => {
  const config = join(folder, 'made.yaml');
  writeFileSync(config, 'strategy:\n  sizing_steps_max: 16\n');
  return ['--fees', '0', '--config', config];
};

let folder: string;
/** Where the program makes its temporary files. */
let scratch: string;

beforeEach(() => {
  folder = temporaryDirectory();
  scratch = join(folder, 'scratch');
  mkdirSync(scratch);
});

/** Compiled code is shared between runs, as it always is, and is no leftover. */
const compiled = join(tmpdir(), 'node-compile-cache');
const begin = (...args: string[]): Running =>
  start(['replay', ...args], { env: { TMPDIR: scratch, NODE_COMPILE_CACHE: compiled } });

/** Runs it to its end; whatever that is, nothing of it is left. */
async function replay(...args: string[]): Promise<Ended> {
  const running = begin(...args);
  const ended = await running.ended;
  expect(leftOf(running.process)).toEqual([]);
  expect(readdirSync(scratch)).toEqual([]);
  return ended;
}

/** @returns the summary and the opportunities file. */
async function result(...args: string[]) {
  const file = join(folder, 'opportunities.jsonl');
  const { code, stdout, stderr } = await replay(...args, '--json', '--opportunities', file);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout.trimEnd().split('\n')).toHaveLength(1);
  const summary = JSON.parse(stdout);
  expect(summary).toEqual(
    expect.objectContaining(Object.fromEntries(SUMMARY_FIELDS.map((name) => [name, expect.anything()]))),
  );
  expect(summary.records.committed).toBe(summary.records.received);
  return { summary, opportunities: readFileSync(file, 'utf8') };
}

test.each(['--inline', '--threads'])('%s: every checksum of every bundled capture verifies', async (host) => {
  for (const { name, frames, bookMessages } of CAPTURES) {
    const { summary } = await result(capturePath(name), host);
    const checksums = { verified: bookMessages, failed: 0, skipped: 0 };
    expect(summary, name).toMatchObject({ frames, bookMessages, checksums, malformed: 0, resyncs: 0 });
  }
});

test('numbers that lost their zeros on the way verify too', async () => {
  const capture = join(folder, 'sdk.cap.jsonl');
  const recorded = JSON.parse(gunzipSync(readFileSync(fixturePath('sdk_orderbook_v2.json.gz'))).toString());
  writeCapture(
    capture,
    [recorded.init, ...recorded.updates].map((frame) => JSON.stringify(frame)),
  );
  for (const host of ['--inline', '--threads']) {
    const { summary } = await result(capture, host);
    expect(summary.checksums, host).toEqual({ verified: 510, failed: 0, skipped: 0 });
  }
});

test('without fees the opportunities are the rows of the brute force that are above 1 and new', async () => {
  const { opportunities, summary } = await result(capturePath(GEMINI), ...FREE);
  const lines = opportunities
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines).toHaveLength(summary.opportunities);
  const rows = rowsAboveOne(GEMINI);
  for (const line of lines) {
    const row = rows.find(({ recvIndex, cycle }) => recvIndex === line.recvIndex && cycle === line.cycle);
    expect(line).toMatchObject({ ns: row?.ns, symbol: row?.symbol, startAsset: row?.startAsset });
    expect(Math.abs(line.grossMultiplier - (row?.multiplier as number))).toBeLessThan(1e-9);
    expect(Math.abs(Number(line.touchStartQty) / Number(row?.qty) - 1)).toBeLessThan(1e-6);
  }
  const missing = rows.filter((row) => !lines.some(({ recvIndex }) => recvIndex === row.recvIndex));
  for (const row of missing) {
    expect(rows[rows.indexOf(row) - 1]).toMatchObject({ cycle: row.cycle, multiplier: row.multiplier, qty: row.qty });
  }
  expect((await result(capturePath(BITFLYER), ...FREE)).opportunities).toBe('');
});

function rowsAboveOne(name: string) {
  const text = gunzipSync(readFileSync(fixturePath(`${name}.oracle.csv.gz`))).toString();
  const [, ...lines] = text.trimEnd().split(/\r?\n/);
  return lines
    .map((line) => {
      const [recvIndex, ns, symbol, cycle, startAsset, multiplier, qty] = line.split(',');
      return { recvIndex: Number(recvIndex), ns, symbol, cycle, startAsset, multiplier: Number(multiplier), qty };
    })
    .filter(({ multiplier }) => multiplier > 1);
}

test('on one thread, on many, on fused ones, packed or plain: the same opportunities, byte for byte', async () => {
  const seed = freshSeed();
  console.log(`seed ${seed}`);
  const [plain, packed] = [join(folder, 'made.cap.jsonl'), join(folder, 'made.cap.jsonl.gz')];
  for (const file of [plain, packed]) writeMadeMarket(file, seed, 1_000);
  for (const length of [[], ['--cycle-length', '4']]) {
    const inline = await result(plain, '--inline', ...made(), ...length);
    expect(inline.summary).toMatchObject({ malformed: 0, checksums: { verified: 1_012, failed: 0, skipped: 0 } });
    expect(inline.summary.opportunities).toBeGreaterThan(200);
    for (const [file, ...host] of [
      [plain, '--threads', '--placement', 'threads'],
      [packed, '--threads', '--placement', 'fused'],
    ] as const) {
      const threads = await result(file, ...host, ...made(), ...length);
      expect(threads.opportunities === inline.opportunities, `${host} ${length}, seed ${seed}`).toBe(true);
      expect(threads.summary.best).toEqual(inline.summary.best);
    }
  }
});

test('killing the database process in mid replay changes nothing', async () => {
  const capture = join(folder, 'made.cap.jsonl');
  writeMadeMarket(capture, 11, 4_000);
  const expected = await result(capture, '--inline', ...made());
  const file = join(folder, 'killed.jsonl');
  const running = begin(capture, '--threads', ...made(), '--json', '--opportunities', file);
  const database = () => leftOf(running.process).find((command) => command.includes('database-process'));
  // The schema is a small part of this: records are being committed.
  await until(() => {
    const [made] = readdirSync(scratch);
    const log = made === undefined ? undefined : join(scratch, made, 'records.duckdb.wal');
    expect(running.process.exitCode).toBeNull();
    return log !== undefined && (statSync(log, { throwIfNoEntry: false })?.size ?? 0) > COMMITTED_BYTES;
  });
  process.kill(Number.parseInt(database() ?? '', 10), 'SIGKILL');
  const { code, stdout, stderr } = await running.ended;
  expect(code, stderr).toBe(0);
  expect(stderr).toMatch(/commit_failed/);
  expect(JSON.parse(stdout).checksums).toEqual(expected.summary.checksums);
  expect(readFileSync(file, 'utf8') === expected.opportunities).toBe(true);
  expect(readdirSync(scratch)).toEqual([]);
});

test.each(['--inline', '--threads'])(
  '%s: what is no whole capture is refused with exit code 2 and a reason',
  async (host) => {
    const plain = gunzipSync(readFileSync(capturePath(GEMINI))).toString();
    const lines = plain.split('\n');
    const packed = readFileSync(capturePath(GEMINI));
    const write = (name: string, content: string | Buffer) => {
      const file = join(folder, name);
      writeFileSync(file, content);
      return file;
    };
    const refused: [string, RegExp][] = [
      [join(folder, 'nowhere.jsonl'), /CAPTURE_UNREADABLE: .*ENOENT/],
      [folder, /CAPTURE_UNREADABLE: .*directory/],
      [write('empty.jsonl', ''), /CAPTURE_UNREADABLE: .*it is empty/],
      [write('header.jsonl', `${lines[0]}\n`), /CAPTURE_UNREADABLE: .*no received frame/],
      [write('text.txt', 'some words\nand more\n'), /CAPTURE_UNREADABLE: .*line 1.*expected JSON lines/],
      [fixturePath(`${GEMINI}.oracle.csv.gz`), /CAPTURE_UNREADABLE: .*line 1/],
      [
        write('garbage.jsonl', [...lines.slice(0, 400), 'garbage', ...lines.slice(400)].join('\n')),
        /CAPTURE_UNREADABLE: .*line 401/,
      ],
      [write('cut.jsonl.gz', packed.subarray(0, packed.length / 2)), /CAPTURE_CUT_SHORT: .*first \d+ frames/],
      [write('cut.jsonl', plain.slice(0, plain.length / 2)), /CAPTURE_CUT_SHORT: .*first \d+ frames/],
    ];
    for (const [file, reason] of refused) {
      const { code, stderr } = await replay(file, host);
      expect({ file, code, stderr }).toEqual({ file, code: 2, stderr: expect.stringMatching(reason) });
      expect(stderr, 'no stack').not.toMatch(/^ +at /m);
    }
  },
);

test('unknown and contradictory options are refused with exit code 2, before anything is started', async () => {
  const capture = capturePath(GEMINI);
  for (const options of [
    ['--bogus'],
    ['--threads', '--inline'],
    ['--fees', '0', '--tier', '1'],
    ['--fees', 'free'],
    ['--tier', '99'],
    ['--cycle-length', '5'],
    ['--min-edge-bps', 'much'],
    ['--config', join(folder, 'nowhere.yaml')],
  ]) {
    const { code, stdout, stderr } = await replay(capture, ...options);
    expect({ options, code, stdout }).toEqual({ options, code: 2, stdout: '' });
    expect(stderr).not.toBe('');
  }
});

test.each(['--inline', '--threads'])(
  '%s: a signal ends it with exit code 1, without a result and without leftovers',
  async (host) => {
    const capture = join(folder, 'made.cap.jsonl');
    writeMadeMarket(capture, 5, 6_000);
    const database = join(folder, 'records.duckdb');
    const running = begin(capture, host, '--fees', '0', '--json', '--database', database);
    await until(() => readdirSync(folder).includes('records.duckdb'));
    running.process.kill('SIGTERM');
    const { code, stdout, stderr } = await running.ended;
    expect({ code, stdout, stderr }).toEqual({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/REPLAY_INTERRUPTED: .*SIGTERM/),
    });
    expect(leftOf(running.process)).toEqual([]);
    expect(readdirSync(scratch)).toEqual([]);
  },
);

test('settings for live trading replay on paper: no key is asked for and nothing leaves', async () => {
  const config = fileURLToPath(new URL('../../config/live.yaml', import.meta.url));
  const { code, stdout, stderr } = await start([
    'replay',
    capturePath(GEMINI),
    '--config',
    config,
    '--fees',
    '0',
    '--json',
  ]).ended;
  expect(stderr).not.toContain('KEY_MISSING');
  expect(code).toBe(0);
  expect(JSON.parse(stdout).trading).toMatchObject({ mode: 'paper', account: 'none' });
});
