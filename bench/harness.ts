/**
 * What a bench is. One file `bench/<question>.bench.ts` exports one as its default; `bench/run.ts` runs each in a
 * process of its own and writes `bench/RESULTS.md`. A bench checks its own answer (it throws when the work it timed came
 * out wrong), and whatever it claims is a ratio to something measured in the same run: absolute times drift.
 */
import { performance } from 'node:perf_hooks';

export interface BenchOptions {
  /** Small enough to be run as a test; figures mean nothing then. */
  readonly quick: boolean;
}

export interface BenchRow {
  /** What was timed. */
  readonly what: string;
  readonly opsPerSecond?: number;
  readonly p50Ns?: number;
  readonly p99Ns?: number;
  readonly p999Ns?: number;
  /** Any other figure with its unit, such as `12 bytes/tick`. */
  readonly figure?: string;
  /** How this row compares with what is named here, measured in the same run. */
  readonly ratio?: { readonly value: number; readonly to: string };
  /** The bar this row is held to, and whether it held in this run. */
  readonly bar?: { readonly text: string; readonly held: boolean };
  readonly note?: string;
}

export interface Bench {
  readonly name: string;
  readonly question: string;
  run(options: BenchOptions): Promise<readonly BenchRow[]>;
}

/** Monotonic nanoseconds, for benches only. */
export const nowNs = (): number => performance.now() * 1e6;

/** Milliseconds that `work` takes. */
export function timeMs(work: () => void): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}

/** Quantiles of raw samples (nanoseconds), by sorting: exact, unlike a histogram. */
export function quantiles(samplesNs: Float64Array): Pick<Required<BenchRow>, 'p50Ns' | 'p99Ns' | 'p999Ns'> {
  const sorted = samplesNs.toSorted();
  const at = (fraction: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * fraction))] ?? Number.NaN;
  return { p50Ns: at(0.5), p99Ns: at(0.99), p999Ns: at(0.999) };
}

/** The middle one of several runs: what a shared machine does to the others is not the program's. */
export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

/**
 * Runs `a` and `b` alternately `rounds` times after one warm-up each, so that drift hits both alike.
 * @returns the median of what each returned.
 */
export async function alternate(
  rounds: number,
  a: () => number | Promise<number>,
  b: () => number | Promise<number>,
): Promise<{ a: number; b: number }> {
  const results = { a: [] as number[], b: [] as number[] };
  for (let round = 0; round <= rounds; round++) {
    const pair = { a: await a(), b: await b() };
    if (round === 0) continue; // warm-up
    results.a.push(pair.a);
    results.b.push(pair.b);
  }
  return { a: median(results.a), b: median(results.b) };
}
