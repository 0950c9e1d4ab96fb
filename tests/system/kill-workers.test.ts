import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../src/platform/clock.ts';
import { ACTOR_IDS, type ActorId } from '../../src/runtime/counter-names.ts';
import { Counters } from '../../src/runtime/memory/counters.ts';
import { RingGauge } from '../../src/runtime/memory/ring.ts';
import { createSharedMemory, type SharedMemory } from '../../src/runtime/memory/shared-memory.ts';
import { openTable } from '../../src/runtime/memory/shared-tables.ts';
import { planPlacement } from '../../src/runtime/placement.ts';
import { Supervisor } from '../../src/runtime/supervision/supervisor.ts';
import { checkConfig } from '../../src/settings/read-config.ts';
import { topologyOf } from '../../src/topology.ts';
import type { TradingGate } from '../../src/trading/trading-gate.ts';
import { scratchFolder } from '../support/captures.ts';
import type { Death, KillableEngineCalls } from '../support/killable-engine-actor.ts';
import { readStored } from '../support/stored-records.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const ENTRY = new URL('../support/killable-engine-actor.ts', import.meta.url).href;
const GEMINI = new URL('../fixtures/kraken/derived_ws2_d25_gemini_20210417.cap.jsonl.gz', import.meta.url);
/** How often the capture follows itself: long enough that deaths come in mid replay. */
const PASSES = 6;
const WAYS = ['terminate', 'throw', 'endless loop', 'out of memory'] as const satisfies readonly (
  | Death
  | 'terminate'
)[];

/** While one of these is down, the stream stands: its ring fills up, and so do those before it. */
const HOLDS_THE_STREAM: ReadonlySet<ActorId> = new Set(['feed', 'book', 'detector', 'persistence']);

interface Run {
  readonly memory: SharedMemory;
  readonly supervisor: Supervisor<KillableEngineCalls>;
  readonly gate: TradingGate;
  readonly database: string;
  readonly escalations: Error[];
  readonly killed: string[];
}

/** The capture again and again, each pass later than the one before; its own snapshots begin each pass. */
function repeatedCapture(file: string): void {
  const [header = '', ...rows] = gunzipSync(readFileSync(fileURLToPath(GEMINI)))
    .toString('utf8')
    .trimEnd()
    .split('\n');
  const lines = [header];
  for (let pass = 0n; pass < PASSES; pass++) {
    const later = (_: string, ns: string) => `"ns":"${BigInt(ns) + pass * 60_000_000_000n}"`;
    for (const row of rows) lines.push(row.replace(/"ns":"(\d+)"/, later));
  }
  writeFileSync(file, `${lines.join('\n')}\n`);
}

async function startRun(capture: string, directory: string): Promise<Run> {
  const database = path.join(directory, 'records.duckdb');
  const config = checkConfig({
    fees: { taker_pct: '0' },
    strategy: { min_edge_bps: -10_000 }, // every cycle that can be computed: the more to compare
    persistence: { database },
    runtime: {
      ...{ placement: 'threads', heartbeat_ms: 20, hang_limit_ms: 1_000, worker_heap_mb: 64, restarts_max: 1_000 },
      ...{ restart_backoff_base_ms: 20, restart_backoff_max_ms: 50, stop_within_ms: 10_000 },
    },
    limits: { instruments_max: 64, deltas_ring: 1_024, tops_ring: 256, records_ring: 512 },
  });
  const whole = topologyOf(config);
  const topology = { ...whole, children: whole.children.map((child) => ({ ...child, entry: ENTRY })) };
  const plan = planPlacement(topology, config.runtime);
  const memory = createSharedMemory(topology, plan.placement);
  const escalations: Error[] = [];
  const supervisor = new Supervisor<KillableEngineCalls>({
    ...{ topology, config, plan, memory, clock: systemClock, seed: 1, log: () => undefined },
    options: { capture, speed: 'max', replay: true },
    onEscalation: (error) => void escalations.push(error),
  });
  await supervisor.start();
  return {
    memory,
    supervisor,
    gate: openTable(memory, 'trading_gate', 'supervisor'),
    database,
    escalations,
    killed: [],
  };
}

const pause = () => new Promise<void>((resolve) => systemClock.after(1, resolve));

async function until(run: Run, done: () => boolean): Promise<void> {
  while (!done()) {
    if (run.escalations[0] !== undefined) throw run.escalations[0];
    await pause();
  }
}

/** Lets the replay end, and returns the opportunities file and what the database says of itself. */
async function finish(run: Run, directory: string) {
  const feed = new Counters(run.memory.counters, 'feed');
  const gauges = Object.values(run.memory.rings).map((ring) => new RingGauge(ring.memory));
  await until(run, () => feed.get('source_ended') === 1 && gauges.every((gauge) => gauge.used === 0));
  const file = path.join(directory, 'opportunities.jsonl');
  const lines = await run.supervisor.call('persistence', 'exportOpportunities', file);
  const counters = new Counters(run.memory.counters, 'book').snapshot();
  expect(await run.supervisor.stop()).toEqual({ killed: [], failed: [] });
  return {
    opportunities: readFileSync(file, 'utf8'),
    lines,
    verified: counters.checksums_verified,
    failed: counters.checksums_failed,
    incomplete: await readStored(run.database, 'SELECT * FROM record_completeness WHERE missing + doubled > 0'),
    sources: (await readStored(run.database, 'SELECT DISTINCT source FROM record_numbers ORDER BY 1')).length,
  };
}

/** Kills `actor` and waits until its successor runs. @returns whether the gate was seen closed meanwhile. */
async function killOnce(run: Run, actor: ActorId, way: (typeof WAYS)[number]): Promise<boolean> {
  const counters = new Counters(run.memory.counters, actor);
  const restarts = counters.get('restarts');
  if (way === 'terminate') run.supervisor.kill(actor);
  else await run.supervisor.call(actor, 'die', way).catch(() => undefined); // it may die before it has answered
  let closed = false;
  await until(run, () => {
    closed ||= run.gate.supervisor.state !== 'active';
    return counters.get('restarts') > restarts && run.gate.supervisor.state === 'active';
  });
  return closed;
}

let capture: string;
let expected: Awaited<ReturnType<typeof finish>>;

const scratch = scratchFolder();
afterAll(() => scratch[Symbol.dispose]());

beforeAll(async () => {
  capture = scratch.path('repeated.cap.jsonl');
  const directory = path.dirname(capture);
  repeatedCapture(capture);
  expected = await finish(await startRun(capture, directory), directory);
  expect(expected.incomplete).toEqual([]);
  expect(expected.failed).toBe(0);
  expect(Number(expected.lines)).toBeGreaterThan(100);
});

test.each(ACTOR_IDS)(
  'killing %s in every way, in mid replay, changes nothing that is decided or recorded',
  async (actor) => {
    const directory = temporaryDirectory();
    const run = await startRun(capture, directory);
    const detector = new Counters(run.memory.counters, 'detector');
    const last = PASSES * 893;
    for (const [index, way] of WAYS.entries()) {
      await until(run, () => detector.get('handled_seq') > (last * (index + 1)) / 8);
      const { source_ended } = new Counters(run.memory.counters, 'feed').snapshot();
      // The stream does not wait for sequencer and risk: their later deaths may come at its end.
      if (index === 0 || HOLDS_THE_STREAM.has(actor)) expect(source_ended, `${way} came in mid replay`).toBe(0);
      expect(await killOnce(run, actor, way), `${way}: the gate closes meanwhile`).toBe(true);
    }
    const found = await finish(run, directory);
    expect(found.incomplete).toEqual([]);
    expect(found.opportunities === expected.opportunities, 'the same opportunities, byte for byte').toBe(true);
    expect(found).toMatchObject({ verified: expected.verified, failed: 0, sources: expected.sources });
    const restarts = ACTOR_IDS.map((id) => new Counters(run.memory.counters, id).get('restarts'));
    expect(restarts).toEqual(ACTOR_IDS.map((id) => (id === actor ? WAYS.length : 0)));
  },
);
