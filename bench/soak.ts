/**
 * `npm run soak [-- --minutes 10 --warm-up 3 --out FILE]`: does memory grow while the demo runs flat out?
 *
 * Starts `arbitrade demo --speed max --loop` as a user would, samples the resident memory of all its processes once a
 * second and the heap of every thread every five, and lays a line through what comes after the warm-up. It fails (exit code 1) when
 * the line rises: by more than two standard errors and by more than the bound below. The figures go to `docs/soak.md`.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { signature } from './results-table.ts';
import { residentBytes } from './support/process-tree.ts';
import { type Slope, slopeOf } from './support/slope.ts';

/** Growth that does not matter: a process of this size could go on for months. */
const HARMLESS_MIB_PER_HOUR = 4;
const SAMPLE_MS = 1_000;
const MIB = 2 ** 20;
const DEMO = ['demo', '--speed', 'max', '--loop', '--json'] as const;

interface Sample {
  readonly atSeconds: number;
  readonly resident: number;
  readonly processes: number;
  /** Used heap of all threads together, as each said last. */
  readonly heap: number;
}

interface DemoSummary {
  readonly frames: number;
  readonly checksums: { readonly verified: number; readonly failed: number };
  readonly opportunities: number;
  readonly records: { readonly received: number; readonly committed: number };
  readonly restarts: number;
  readonly updatesPerSecond: number;
}

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    'warm-up': { type: 'string', default: '3' },
    out: { type: 'string', default: fileURLToPath(new URL('../docs/soak.md', import.meta.url)) },
  },
});
const minutes = Number(values.minutes);
const warmUp = Number(values['warm-up']);
if (!(warmUp > 0 && minutes > warmUp)) {
  console.error('--minutes must be more than --warm-up, and both more than 0');
  process.exit(2);
}

const folder = mkdtempSync(join(tmpdir(), 'arbitrade-soak-'));
try {
  process.exitCode = await soak(join(folder, 'heap.jsonl'));
} finally {
  rmSync(folder, { recursive: true });
}

async function soak(heapLog: string): Promise<number> {
  const demo = startDemo(heapLog);
  const output = textOf(demo);
  const ended = once(demo, 'exit') as Promise<[number | null]>;
  const samples = await sampleWhile(demo, heapLog).finally(() => demo.kill('SIGINT'));
  const [code] = await ended;
  const summary = JSON.parse((await output).trim().split('\n').at(-1) ?? '') as DemoSummary;
  const report = reportOf(samples, summary, code);
  console.log(report.text);
  writeFileSync(values.out, report.text);
  return report.holds ? 0 : 1;
}

function startDemo(heapLog: string): ChildProcess {
  writeFileSync(heapLog, '');
  const reporter = new URL('support/heap-reporter.ts', import.meta.url).href;
  return spawn(process.execPath, [fileURLToPath(new URL('../bin/arbitrade.mjs', import.meta.url)), ...DEMO], {
    env: { ...process.env, NODE_OPTIONS: `--import=${reporter}`, ARBITRADE_HEAP_LOG: heapLog },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

async function textOf(child: ChildProcess): Promise<string> {
  let text = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  await once(child, 'close');
  return text;
}

async function sampleWhile(demo: ChildProcess, heapLog: string): Promise<readonly Sample[]> {
  const startMs = performance.now();
  const samples: Sample[] = [];
  while (performance.now() - startMs < minutes * 60_000) {
    await sleep(SAMPLE_MS);
    if (demo.exitCode !== null || demo.pid === undefined) throw new Error(`the demo ended by itself: ${demo.exitCode}`);
    const resident = residentBytes(demo.pid);
    const sample = {
      atSeconds: (performance.now() - startMs) / 1e3,
      resident: [...resident.values()].reduce((sum, bytes) => sum + bytes, 0),
      processes: resident.size,
      heap: heapNow(heapLog),
    };
    samples.push(sample);
    if (samples.length % 30 === 0) console.error(progress(sample));
  }
  return samples;
}

function progress({ atSeconds, resident, processes, heap }: Sample): string {
  return `${atSeconds.toFixed(0)} s   resident ${mib(resident)} MiB in ${processes} processes   heaps ${mib(heap)} MiB`;
}

/** The sum of what every thread has said last. */
function heapNow(heapLog: string): number {
  const newest = new Map<string, number>();
  for (const line of readFileSync(heapLog, 'utf8').split('\n').slice(0, -1)) {
    const [pid, thread, heapUsed] = line.split('/');
    newest.set(`${pid}/${thread}`, Number(heapUsed));
  }
  return [...newest.values()].reduce((sum, bytes) => sum + bytes, 0);
}

function reportOf(samples: readonly Sample[], summary: DemoSummary, code: number | null) {
  const steady = samples.filter(({ atSeconds }) => atSeconds >= warmUp * 60);
  const hours = steady.map(({ atSeconds }) => atSeconds / 3_600);
  const resident = steady.map((sample) => sample.resident);
  const heap = steady.map((sample) => sample.heap);
  const residentSlope = slopeOf(hours, resident);
  const heapSlope = slopeOf(hours, heap);
  const ran = code === 0 && summary.restarts === 0 && summary.checksums.failed === 0 && summary.frames > 0;
  const holds = ran && isFlat(residentSlope) && isFlat(heapSlope);
  const last = samples.at(-1);
  const text = `# Soak

Does memory grow while the demo runs flat out? Written by \`npm run soak -- --minutes ${minutes}\`, which starts
\`arbitrade ${DEMO.join(' ')}\`, samples once a second, and lays a line through what comes after ${warmUp} minutes.
Flat means: the slope is within two standard errors of zero, or below ${HARMLESS_MIB_PER_HOUR} MiB per hour.

| | least | mean | most | slope per hour | standard error | |
|---|---|---|---|---|---|---|
| resident memory, all processes | ${row(resident, residentSlope)} |
| used heap, all threads | ${row(heap, heapSlope)} |

- ${steady.length} samples over ${((last?.atSeconds ?? 0) / 60 - warmUp).toFixed(1)} minutes, ${last?.processes ?? 0} processes
- resident memory, one figure a minute: ${everyMinute(samples)} MiB
- ${count(summary.frames)} frames, ${count(summary.checksums.verified)} checksums verified, ${summary.checksums.failed} failed, ${count(summary.opportunities)} opportunities, ${count(summary.records.committed)} of ${count(summary.records.received)} records committed, ${summary.restarts} restarts, ${count(summary.updatesPerSecond)} updates/s, exit code ${code}

*${signature(new Date())}*
`;
  return { text, holds };
}

function isFlat({ perUnit, error }: Slope): boolean {
  return perUnit <= 2 * error || perUnit <= HARMLESS_MIB_PER_HOUR * MIB;
}

function row(bytes: readonly number[], slope: Slope): string {
  const mean = bytes.reduce((sum, value) => sum + value, 0) / bytes.length;
  const sizes = [Math.min(...bytes), mean, Math.max(...bytes)].map((value) => `${mib(value)} MiB`);
  const verdict = isFlat(slope) ? 'flat' : '**grows**';
  return `${sizes.join(' | ')} | ${mib(slope.perUnit)} MiB | ${mib(slope.error)} MiB | ${verdict}`;
}

function everyMinute(samples: readonly Sample[]): string {
  return samples
    .filter((_, index) => index % 60 === 59)
    .map(({ resident }) => mib(resident))
    .join(', ');
}

function mib(bytes: number): string {
  return (bytes / MIB).toFixed(1);
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}
