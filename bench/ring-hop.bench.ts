/**
 * client ──ring──▶ echo ──ring──▶ client (2 threads). A hop is half a round trip. The typical hop is the median over
 * chunks of 50 round trips with no clock reading in between; the quantiles are of single round trips, which two clock
 * readings make that much longer.
 */
import assert from 'node:assert/strict';
import { MessageChannel } from 'node:worker_threads';
import { createCounterMemory } from '../src/runtime/memory/counters.ts';
import { createDoorbellMemory } from '../src/runtime/memory/doorbell.ts';
import { createRingMemory } from '../src/runtime/memory/ring.ts';
import type { IdleStrategy } from '../src/runtime/threads/duty-loop.ts';
import { type Bench, type BenchRow, median, quantiles } from './harness.ts';
import type { HopRole, HopTimes } from './support/hop-thread.ts';
import { onThread } from './support/threads.ts';

type HopVariant = Pick<HopRole, 'way'> & { idle?: IdleStrategy; needsEventLoop?: boolean };

async function hop({ way, idle = 'spin', needsEventLoop = false }: HopVariant, rounds: number): Promise<HopTimes> {
  const [there, back] = [createRingMemory(64, 64), createRingMemory(64, 64)];
  const { port1, port2 } = new MessageChannel();
  const common = { way, idle, needsEventLoop, rounds, words: new SharedArrayBuffer(1024) };
  const doorbells = createDoorbellMemory(2);
  const side = (serves: boolean): HopRole => ({
    ...{ ...common, doorbells, serves, counters: createCounterMemory(), port: serves ? port1 : port2 },
    ...{ input: serves ? back : there, output: serves ? there : back },
  });
  const echo = onThread<HopTimes>('hop-thread.ts', side(false), [port2]);
  const times = await onThread<HopTimes>('hop-thread.ts', side(true), [port1]);
  await echo;
  assert.equal(times.answered, 2 * rounds, 'bench: every number came back');
  return times;
}

const typicalNs = (times: HopTimes): number => median([...times.chunksNs]);

/** The run with the middle typical hop of several. */
async function typical(way: HopVariant, rounds: number, runs: number): Promise<HopTimes> {
  const all: HopTimes[] = [];
  for (let run = 0; run < runs; run++) all.push(await hop(way, rounds));
  all.sort((a, b) => typicalNs(a) - typicalNs(b));
  return all[Math.floor(runs / 2)] as HopTimes;
}

const row = (what: string, times: HopTimes, more: Partial<BenchRow> = {}): BenchRow => ({
  what,
  figure: `typically ${spell(typicalNs(times))}`,
  ...quantiles(times.samplesNs),
  ...more,
});

const spell = (ns: number): string => (ns >= 1e3 ? `${(ns / 1e3).toPrecision(3)} µs` : `${ns.toFixed(0)} ns`);

const bench: Bench = {
  name: 'ring hop',
  question: 'How long is a message on its way from one thread to another, by how the receiver waits?',
  run: async ({ quick }) => {
    const [fast, slow, runs] = quick ? [200, 100, 1] : [200_000, 20_000, 3];
    const raw = await typical({ way: 'atomics' }, fast, runs);
    const ring = await typical({ way: 'ring' }, fast, runs);
    const spin = await typical({ way: 'duty', idle: 'spin' }, fast, runs);
    const adaptive = await typical({ way: 'duty', idle: 'adaptive' }, fast, runs);
    const park = await typical({ way: 'duty', idle: 'park' }, slow, runs);
    const turning = await typical({ way: 'duty', idle: 'park', needsEventLoop: true }, slow, runs);
    const post = await typical({ way: 'post' }, slow, runs);
    const against = (times: HopTimes, other: HopTimes, to: string) => ({
      ratio: { value: typicalNs(times) / typicalNs(other), to },
    });
    const ratio = typicalNs(ring) / typicalNs(raw);
    return [
      row('raw Atomics ping-pong, both spinning', raw),
      row('ring, both spinning', ring, {
        ...against(ring, raw, 'raw Atomics'),
        bar: { text: '≤ 1.5×', held: ratio <= 1.5 },
      }),
      row('actor loop, spin', spin, against(spin, raw, 'raw Atomics')),
      row('actor loop, adaptive', adaptive, against(adaptive, raw, 'raw Atomics')),
      row('actor loop, park (Atomics.wait)', park, against(park, post, 'postMessage')),
      row('actor loop, park with its event loop (Atomics.waitAsync)', turning, against(turning, post, 'postMessage')),
      row('postMessage', post),
    ];
  },
};

export default bench;
