/** Text of `bench/RESULTS.md`: a header, then a section per bench with its own date and machine. */
import { cpus, loadavg, totalmem } from 'node:os';
import type { Bench, BenchRow } from './harness.ts';

const HEADER = `# Measured

Written by \`npm run bench\`; each section is one bench, run in a process of its own. Ratios compare rows of one run;
absolute times drift on shared machines.
`;

/**
 * The machine and time of this run, in one line. The load reports how much else was running: above the number of cores,
 * absolute times say little, and latencies least.
 */
export function signature(now: Date): string {
  const [cpu] = cpus();
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
  return `${now.toISOString().slice(0, 16)}Z · ${cpu?.model.trim() ?? 'unknown processor'} · ${cpus().length} cores · ${memory} · Node ${process.versions.node} · ${process.platform}-${process.arch} · load ${loadavg()[0]?.toFixed(1)}`;
}

/** One bench's section. */
export function section(bench: Pick<Bench, 'name' | 'question'>, rows: readonly BenchRow[], signed: string): string {
  const head = '| what | rate | p50 | p99 | p99.9 | ratio | bar | note |\n|---|---|---|---|---|---|---|---|';
  return `## ${bench.name}\n\n${bench.question}\n\n${head}\n${rows.map(line).join('\n')}\n\n*${signed}*\n`;
}

/** Puts `sections` in place of those of the same name in `existing`; the others stay as they were measured. */
export function mergeSections(existing: string, sections: ReadonlyMap<string, string>): string {
  const kept = new Map(existing.split(/^(?=## )/m).flatMap(named));
  for (const [name, text] of sections) kept.set(name, text);
  const sorted = [...kept].sort(([a], [b]) => a.localeCompare(b));
  return `${HEADER}\n${sorted.map(([, text]) => text.trimEnd()).join('\n\n')}\n`;
}

function named(text: string): [string, string][] {
  const name = /^## (.+)$/m.exec(text)?.[1];
  return name === undefined ? [] : [[name, text]];
}

function line(row: BenchRow): string {
  const cells = [
    row.what,
    row.figure ?? (row.opsPerSecond === undefined ? '' : rate(row.opsPerSecond)),
    duration(row.p50Ns),
    duration(row.p99Ns),
    duration(row.p999Ns),
    row.ratio === undefined ? '' : `${significant(row.ratio.value)}× ${row.ratio.to}`,
    row.bar === undefined ? '' : `${row.bar.text}: ${row.bar.held ? 'held' : '**missed**'}`,
    row.note ?? '',
  ];
  return `| ${cells.join(' | ')} |`;
}

function rate(perSecond: number): string {
  if (perSecond >= 1e6) return `${significant(perSecond / 1e6)} M/s`;
  return perSecond >= 1e3 ? `${significant(perSecond / 1e3)} k/s` : `${significant(perSecond)} /s`;
}

function duration(ns: number | undefined): string {
  if (ns === undefined) return '';
  if (ns >= 1e6) return `${significant(ns / 1e6)} ms`;
  return ns >= 1e3 ? `${significant(ns / 1e3)} µs` : `${significant(ns)} ns`;
}

function significant(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
