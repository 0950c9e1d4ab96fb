// frame read ──▶ deltas ──▶ book verified ──▶ top ──▶ every cycle evaluated        (the actors as they run, real rings)
/**
 * How long from a frame to the decision upon it, by where the actors run? The frames come so far apart that none waits
 * for the one before it; what is measured is what the product itself measures (latency stage `decision`), less the
 * warm-up, which comes as fast as it goes. Every way must come to the same decisions.
 */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { settingsOf } from '../src/cli/run-settings.ts';
import { Engine } from '../src/engine/engine.ts';
import { systemClock } from '../src/platform/clock.ts';
import { type Summary, summarise } from '../src/readings/summary.ts';
import { InlineHost } from '../src/runtime/inline-host.ts';
import { Counters } from '../src/runtime/memory/counters.ts';
import { Histogram } from '../src/runtime/memory/histogram.ts';
import { RingGauge } from '../src/runtime/memory/ring.ts';
import type { SharedMemory } from '../src/runtime/memory/shared-memory.ts';
import type { IdleStrategy } from '../src/runtime/threads/duty-loop.ts';
import type { Config } from '../src/settings/config.ts';
import { topologyOf } from '../src/topology.ts';
import type { Bench, BenchOptions, BenchRow } from './harness.ts';
import { writeRepeated } from './support/repeated-capture.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

const CAPTURE = new URL('../tests/fixtures/kraken/derived_ws2_d25_gemini_20210417.cap.jsonl.gz', import.meta.url);
const ROWS_PER_LAP = 905;
/** A quiet market: whoever waits has gone to sleep, and other programs have had the caches. */
const QUIET_NS = 2_000_000;
/** A busy market: 10,000 frames a second. */
const BUSY_NS = 100_000;
/** Between warm-up and measurement: everything has come to rest, and what was compiled is in place. */
const PAUSE_NS = 1_500_000_000;

/** The actors time a part of the messages only; fewer than one in this many would not do here. */
const TIMED_PART = 20;

interface ExecutionRoute {
  readonly what: string;
  readonly placement: 'threads' | 'fused' | 'inline';
  readonly idle: IdleStrategy | 'auto';
  /** Time between frames; 0 for back to back. */
  readonly spacingNs: number;
  readonly bar?: (row: Pick<Required<BenchRow>, 'p50Ns' | 'p99Ns'>) => NonNullable<BenchRow['bar']>;
}

const fusedBar: ExecutionRoute['bar'] = ({ p50Ns, p99Ns }) => ({
  text: 'p50 ≤ 5 µs, p99 ≤ 25 µs (stretch: 2, 8)',
  held: p50Ns <= 5_000 && p99Ns <= 25_000,
});
const threadsBar: ExecutionRoute['bar'] = ({ p50Ns }) => ({ text: 'p50 ≤ 80 µs (stretch: 40)', held: p50Ns <= 80_000 });

const WAYS: readonly ExecutionRoute[] = [
  { what: 'a thread per actor, parked', placement: 'threads', idle: 'park', spacingNs: QUIET_NS, bar: threadsBar },
  { what: 'a thread per actor, idling as `auto` decides', placement: 'threads', idle: 'auto', spacingNs: QUIET_NS },
  { what: 'fused, parked', placement: 'fused', idle: 'park', spacingNs: QUIET_NS, bar: fusedBar },
  { what: 'fused, spinning', placement: 'fused', idle: 'spin', spacingNs: QUIET_NS, bar: fusedBar },
  { what: 'fused, spinning, busy market', placement: 'fused', idle: 'spin', spacingNs: BUSY_NS, bar: fusedBar },
  { what: 'inline', placement: 'inline', idle: 'spin', spacingNs: QUIET_NS, bar: fusedBar },
  { what: 'inline, busy market', placement: 'inline', idle: 'spin', spacingNs: BUSY_NS, bar: fusedBar },
  { what: 'inline, frames back to back', placement: 'inline', idle: 'spin', spacingNs: 0, bar: fusedBar },
];

interface Outcome {
  readonly decisions: ReturnType<typeof decisionsOf>;
  readonly latency: Pick<Required<BenchRow>, 'p50Ns' | 'p99Ns' | 'p999Ns'>;
  /** Decisions timed. */
  readonly count: number;
}

const bench: Bench = {
  name: 'decision',
  question: 'How long from a frame to the decision upon it: a thread per actor, fused, inline?',
  run: async (options) => {
    const folder = temporaryFolder();
    try {
      return await compare(`${folder}/capture.jsonl`, options);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};
export default bench;

async function compare(capture: string, { quick }: BenchOptions): Promise<readonly BenchRow[]> {
  const warmUp = (quick ? 1 : 30) * ROWS_PER_LAP;
  const outcomes: (Outcome & { readonly way: ExecutionRoute })[] = [];
  for (const way of WAYS) {
    const spacingNs = quick ? Math.min(way.spacingNs, BUSY_NS) : way.spacingNs;
    const timeOf = (row: number) => (row < warmUp ? 0 : PAUSE_NS + (row - warmUp) * spacingNs);
    const { frames, bookMessages } = writeRepeated(CAPTURE, capture, quick ? 2 : 36, timeOf);
    const outcome = await (way.placement === 'inline' ? runInline : runThreads)(way, capture, warmUp);
    const paced = bookMessages * (1 - warmUp / frames);
    const least = quick ? 1 : paced / TIMED_PART;
    assert.ok(outcome.count >= least && outcome.count <= paced, `bench: ${outcome.count} of ${paced} were timed`);
    outcomes.push({ way, ...outcome });
  }
  const [first] = outcomes;
  for (const { way, decisions } of outcomes) assert.deepEqual(decisions, first?.decisions, `bench: ${way.what}`);
  assert.ok((first?.decisions.opportunities ?? 0) > 0, 'bench: there was something to decide');
  return outcomes.map(({ way, latency }) => ({
    what: way.what,
    ...latency,
    ratio: { value: latency.p50Ns / (first?.latency.p50Ns ?? 1), to: `${first?.way.what}, p50` },
    ...(way.bar !== undefined && { bar: way.bar(latency) }),
    note: noteOf(way),
  }));
}

function noteOf({ spacingNs }: ExecutionRoute): string {
  return spacingNs === 0 ? 'the next frame when one is decided' : `a frame every ${spacingNs / 1e6} ms`;
}

async function runThreads({ placement, idle }: ExecutionRoute, capture: string, warmUp: number): Promise<Outcome> {
  const engine = new Engine({
    config: settings(placement, idle),
    log: () => undefined,
    runOptions: { capture, speed: 1, replay: true },
    onEscalation: () => undefined,
  });
  const until = (done: () => boolean) => poll(() => done() || engine.escalation !== undefined);
  const outcome = measure(engine, warmUp, until); // the feed begins before `start` is back
  await engine.start();
  try {
    return await outcome;
  } finally {
    await engine.stop();
  }
}

async function runInline({ spacingNs }: ExecutionRoute, capture: string, warmUp: number): Promise<Outcome> {
  const config = settings('fused', 'auto');
  const pace = spacingNs === 0 ? { speed: 'max' as const, framesPerTurn: 1 } : { speed: 1 };
  const options = { capture, replay: true, ...pace };
  const host = new InlineHost({ topology: topologyOf(config), config, clock: systemClock, seed: 1, options });
  await host.start();
  try {
    return await measure({ memory: host.memory, config }, warmUp, (done) => host.runUntil(done));
  } finally {
    await host.stop();
  }
}

function settings(placement: string, idle: ExecutionRoute['idle']): Config {
  return settingsOf({}, { database: ':memory:', fees: '0', placement }, { venue: { depth: 25 }, runtime: { idle } });
}

/** Lets the warm-up pass, then takes what the histogram gains until the capture's end. */
async function measure(
  { memory, config }: { readonly memory: SharedMemory; readonly config: Config },
  warmUp: number,
  until: (done: () => boolean) => Promise<void>,
): Promise<Outcome> {
  const feed = new Counters(memory.counters, 'feed');
  const frames = feed.at('frames');
  const ended = feed.at('source_ended');
  const gauges = ['deltas', 'tops'].map((name) => new RingGauge(ringOf(memory, name)));
  const isIdle = () => gauges.every((gauge) => gauge.used === 0);
  await until(() => feed.value(frames) >= warmUp && isIdle());
  const before = new Float64Array(memory.latencies.decision).slice();
  await until(() => feed.value(ended) === 1 && isIdle());
  const gained = gainedSince(before, memory.latencies.decision);
  return { decisions: decisionsOf(summarise(memory, config, 1)), latency: quantilesOf(gained), count: gained.count };
}

function ringOf(memory: SharedMemory, wanted: string) {
  const ring = Object.values(memory.rings).find(({ kind }) => kind === wanted);
  assert.ok(ring);
  return ring.memory;
}

/** A histogram of what was counted after `before` was taken; its maximum is that of the whole run. */
function gainedSince(before: Float64Array, memory: SharedArrayBuffer): Histogram {
  const now = new Float64Array(memory);
  const maxAt = now.indexOf(new Histogram(memory).max, -3);
  const gained = new SharedArrayBuffer(memory.byteLength);
  new Float64Array(gained).set(now.map((value, index) => (index === maxAt ? value : value - (before[index] ?? 0))));
  return new Histogram(gained);
}

function quantilesOf(histogram: Histogram): Outcome['latency'] {
  return { p50Ns: histogram.quantile(0.5), p99Ns: histogram.quantile(0.99), p999Ns: histogram.quantile(0.999) };
}

function decisionsOf({ frames, checksums, evaluations, opportunities, opportunitiesSized, best, edges }: Summary) {
  return { frames, checksums, evaluations, opportunities, opportunitiesSized, best, edges };
}

async function poll(done: () => boolean): Promise<void> {
  while (!done()) await new Promise<void>((resolve) => systemClock.after(20, resolve));
}
