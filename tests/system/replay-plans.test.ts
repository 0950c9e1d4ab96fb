/**
 * What a replay trades follows from the capture alone: on one thread, on six, on fused ones, every row that feed, book,
 * detector, sequencer and risk wrote into the database is the same, with its times.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { replayCapture } from '../../src/cli/replay/replay.ts';
import { freshSeed } from '../../src/platform/chance.ts';
import { capturePath } from '../support/captures.ts';
import { writeMadeMarket } from '../support/made-market.ts';
import { readStored } from '../support/stored-records.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

/** Each test runs three replays with a database process each, and a loaded machine runs them slowly. */
vi.setConfig({ testTimeout: 240_000 });

const HOSTS = {
  inline: {},
  threads: { threads: true, placement: 'threads' },
  fused: { threads: true, placement: 'fused' },
} as const;

const TABLES = [
  ...['opportunities', 'opportunity_legs', 'plan_events', 'order_events', 'trades'],
  ...['exposure_changes', 'dust_changes', 'expected_balances', 'portfolio_snapshots'],
];

interface Found {
  /** Every row of every table, as text. */
  readonly rows: Readonly<Record<string, readonly string[]>>;
  readonly plans: { readonly opened: number; readonly stranded: number; readonly completed: number };
  readonly trading: object;
}

async function replayOn(host: keyof typeof HOSTS, capture: string, settings: object): Promise<Found> {
  const folder = temporaryDirectory();
  const [config, database] = [join(folder, 'settings.yaml'), join(folder, 'records.duckdb')];
  writeFileSync(config, JSON.stringify({ strategy: { sizing_steps_max: 16 }, ...settings })); // which is YAML too
  const { summary } = await replayCapture(capture, { ...HOSTS[host], fees: '0', config, database });
  expect(summary).toMatchObject({ restarts: 0, malformed: 0 });
  const rows: Record<string, readonly string[]> = {};
  for (const table of TABLES) rows[table] = await rowsOf(database, `FROM ${table}`);
  // Of the hosts' own events there are more on threads.
  rows['audit_events'] = await rowsOf(database, "FROM audit_events WHERE source NOT IN ('supervisor', 'persistence')");
  return { rows, plans: summary.plans, trading: summary.trading };
}

async function rowsOf(database: string, from: string): Promise<readonly string[]> {
  const rows = await readStored(database, `SELECT * EXCLUDE (boot) ${from} ORDER BY ALL`);
  return rows.map((row) => JSON.stringify(row, (_, value) => (typeof value === 'bigint' ? `${value}n` : value)));
}

/** @returns what all of them found. */
async function replayOnAll(capture: string, settings: object, seed?: number): Promise<Found> {
  const inline = await replayOn('inline', capture, settings);
  for (const host of ['threads', 'fused'] as const) {
    expect(await replayOn(host, capture, settings), `${host}, seed ${seed}`).toEqual(inline);
  }
  return inline;
}

function madeMarket(frames: number): { readonly capture: string; readonly seed: number } {
  const seed = freshSeed();
  console.log(`seed ${seed}`);
  const capture = join(temporaryDirectory(), 'made.cap.jsonl');
  writeMadeMarket(capture, seed, frames);
  return { capture, seed };
}

const ASSETS = ['AAA', 'BBB', 'CCC', 'DDD', 'EEE', 'FFF'];
const ofEach = (amount: string) => Object.fromEntries(ASSETS.map((asset) => [asset, amount]));

test('the bundled capture', async () => {
  const { rows } = await replayOnAll(capturePath('derived_ws2_d25_gemini_20210417'), {});
  expect(rows['opportunities']?.length).toBeGreaterThan(0);
});

test.each([
  ['one plan at a time, leg after leg', {}],
  ['several at once', { trading: { plans_at_once: 4 }, paper: { latency_ms: 7 } }],
  ['fills that come at once', { trading: { plans_at_once: 4 }, paper: { latency_ms: 0 } }],
  [
    'all legs at once, from stock',
    { trading: { policy: 'parallel', plans_at_once: 4 }, paper: { latency_ms: 60, inventory: ofEach('20') } },
  ],
])('%s', async (_, settings) => {
  const { capture, seed } = madeMarket(600);
  const { rows, plans } = await replayOnAll(capture, settings, seed);
  expect(plans.opened, `seed ${seed}`).toBeGreaterThan(1);
  expect(rows['trades']?.length, `seed ${seed}`).toBeGreaterThan(0);
});

test('plans that strand, and halt trading in the middle', async () => {
  const { capture, seed } = madeMarket(1_000);
  const settings = {
    trading: { plans_at_once: 8, slippage_bps: 0, patience_ms: 100, shortfall_loss_max_bps: 0, stranded: 'halt' },
    paper: { latency_ms: 30 },
  };
  const { rows, plans } = await replayOnAll(capture, settings, seed);
  expect(plans.stranded, `seed ${seed}`).toBeGreaterThan(0);
  expect(rows['exposure_changes']?.length, `seed ${seed}`).toBeGreaterThan(0);
  expect(rows['plan_events']?.some((row) => row.includes('"reason":"gate_closed"'))).toBe(true);
});

test('plans that are at work when the capture ends', async () => {
  const { capture, seed } = madeMarket(300);
  const settings = { trading: { plans_at_once: 4 }, paper: { latency_ms: 150 } };
  const { rows, plans } = await replayOnAll(capture, settings, seed);
  expect(plans.opened, `seed ${seed}`).toBeGreaterThan(0);
  // The capture is over after 326 ms, and three legs take 450: the end comes afterwards.
  const ends = rows['plan_events']?.filter((row) => row.includes('"event":"ended"')) ?? [];
  expect(ends.length, `seed ${seed}`).toBeGreaterThan(0);
});
