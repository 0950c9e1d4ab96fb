/** `arbitrade simulate`: trading days by seeds, with faults, each checked against the exchange's own ledger. */

import { EXIT, type ExitCode } from '../engine/exit-codes.ts';
import { printErrorLine, printResultLine } from '../engine/standard-output.ts';
import { freshSeed } from '../platform/chance.ts';
import { systemClock } from '../platform/clock.ts';
import { arbitradeError } from '../platform/errors.ts';
import { simulateDays } from '../simulation/day-pool.ts';
import type { DayReport } from '../simulation/day-process.ts';
import { SIMULATED_FAULTS, type SimulatedFault } from '../simulation/day-settings.ts';
import { simulateDay } from '../simulation/simulated-day.ts';
import { lineTrace } from '../simulation/trace.ts';
import { printAnswer } from './answers.ts';
import { showProgress } from './progress.ts';

export interface SimulateOptions {
  /** Days; their seeds follow each other. */
  readonly seeds: number;
  /** Plans that each day attempts at least. */
  readonly plans: number;
  /** Names, or `all`; none unless given. */
  readonly faults?: readonly string[];
  /** The first seed; a fresh one is chosen and printed without it. */
  readonly seed?: number;
  /** Prints every step of one day. */
  readonly trace?: boolean;
  /** Days at the same time. */
  readonly jobs?: number;
  readonly json?: boolean;
}

/** What the days came to together. */
export interface SimulationSummary {
  readonly firstSeed: number;
  seeds: number;
  readonly plans: Record<string, number>;
  orders: number;
  fills: number;
  uncertain: number;
  readonly faults: Record<string, number>;
  readonly violations: Record<string, number>;
  readonly failed: FailedSeed[];
  seconds: number;
}

interface FailedSeed {
  readonly seed: number;
  readonly why: readonly string[];
  /** Repeats the day, step by step. */
  readonly command: string;
}

/** @returns FAILED when anything did not hold. @throws OPTION_INVALID. */
export async function simulate(options: SimulateOptions): Promise<ExitCode> {
  const faults = faultsOf(options.faults ?? []);
  const seed = options.seed ?? freshSeed();
  if (options.trace === true) return traceDay(seed, options.plans, faults);
  const startedNs = systemClock.nowNs();
  const summary = emptySummary(seed);
  const progress = showProgress(
    () => `simulating  ${summary.seeds} of ${options.seeds} days   ${failures(summary)}`,
    systemClock,
  );
  const seeds = Array.from({ length: options.seeds }, (_, index) => (seed + index) >>> 0);
  await simulateDays({ seeds, plans: options.plans, faults, jobs: options.jobs }, systemClock, (report) => {
    addReport(summary, report, options);
    const newest = summary.failed.at(-1);
    if (!isGood(report) && newest !== undefined) printErrorLine(describeFailure(newest));
  });
  progress.end();
  summary.seconds = (systemClock.nowNs() - startedNs) / 1e9;
  printResultLine(options.json === true ? JSON.stringify(summary) : describe(summary));
  return summary.failed.length === 0 ? EXIT.OK : EXIT.FAILED;
}

async function traceDay(seed: number, plans: number, faults: readonly SimulatedFault[]): Promise<ExitCode> {
  const makeTrace = (clock: Parameters<typeof lineTrace>[0]) => lineTrace(clock, (line) => printAnswer(`${line}\n`)); // every line counts
  const { violations } = await simulateDay({ seed, plans, faults }, { makeTrace });
  for (const { name, text } of violations) printErrorLine(`violated  ${name}: ${text}`);
  return violations.length === 0 ? EXIT.OK : EXIT.FAILED;
}

function faultsOf(names: readonly string[]): readonly SimulatedFault[] {
  if (names.includes('all')) return SIMULATED_FAULTS;
  return names.map((name) => {
    const found = SIMULATED_FAULTS.find((fault) => fault === name);
    if (found === undefined) {
      throw arbitradeError('OPTION_INVALID', '--faults', `all, or some of ${SIMULATED_FAULTS.join(', ')}`, name);
    }
    return found;
  });
}

function emptySummary(firstSeed: number): SimulationSummary {
  const counts = { seeds: 0, orders: 0, fills: 0, uncertain: 0, seconds: 0 };
  return { firstSeed, plans: {}, faults: {}, violations: {}, failed: [], ...counts };
}

const isGood = (report: DayReport): boolean => report.ok && report.result.violations.length === 0;

function addReport(summary: SimulationSummary, report: DayReport, options: SimulateOptions): void {
  summary.seeds++;
  if (!report.ok) {
    fail(summary, report.seed, [report.error], options);
    addTo(summary.violations, 'day_broke_off', 1);
    return;
  }
  const { seed, violations, plans, orders, fills, uncertain, faults } = report.result;
  for (const [outcome, count] of Object.entries(plans)) addTo(summary.plans, outcome, count);
  for (const [fault, count] of Object.entries(faults)) addTo(summary.faults, fault, count);
  for (const { name } of violations) addTo(summary.violations, name, 1);
  summary.orders += orders;
  summary.fills += fills;
  summary.uncertain += uncertain;
  if (violations.length > 0)
    fail(
      summary,
      seed,
      violations.map(({ name, text }) => `${name}: ${text}`),
      options,
    );
}

function fail(summary: SimulationSummary, seed: number, why: readonly string[], options: SimulateOptions): void {
  const faults = (options.faults ?? []).length === 0 ? '' : ` --faults ${(options.faults ?? []).join(',')}`;
  summary.failed.push({
    seed,
    why,
    command: `arbitrade simulate --seed ${seed} --plans ${options.plans}${faults} --trace`,
  });
}

function addTo(counts: Record<string, number>, name: string, count: number): void {
  counts[name] = (counts[name] ?? 0) + count;
}

const failures = ({ failed }: SimulationSummary): string =>
  failed.length === 0 ? 'all hold' : `${failed.length} failed`;

function describeFailure({ seed, why, command }: FailedSeed): string {
  return [`seed ${seed} failed`, ...why.map((line) => `  ${line}`), `  again with: ${command}`].join('\n');
}

function describe(summary: SimulationSummary): string {
  const list = (counts: Record<string, number>) =>
    Object.entries(counts)
      .map(([name, count]) => `${name} ${count}`)
      .join(', ') || 'none';
  const { firstSeed, seeds, plans, orders, fills, uncertain, faults, violations, failed, seconds } = summary;
  return [
    `simulated  ${seeds} days from seed ${firstSeed} in ${seconds.toFixed(1)} s`,
    `plans      ${list(plans)}`,
    `orders     ${orders} accepted by the exchange   ${fills} fills   ${uncertain} uncertain`,
    `faults     ${list(faults)}`,
    `violations ${list(violations)}`,
    ...failed.map(({ seed, command }) => `failed     seed ${seed}: ${command}`),
  ].join('\n');
}
