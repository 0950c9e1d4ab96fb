import { availableParallelism } from 'node:os';
import { describe, expect, test } from 'vitest';
import { freshSeed } from '../../src/platform/chance.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { simulateDays } from '../../src/simulation/day-pool.ts';
import type { DayReport } from '../../src/simulation/day-process.ts';
import { SIMULATED_FAULTS } from '../../src/simulation/day-settings.ts';
import { simulateDay } from '../../src/simulation/simulated-day.ts';
import { HashedTrace } from '../../src/simulation/trace.ts';

/** The same days in every run, so that a change shows what it broke … */
const KNOWN_DAYS = 200;
const KNOWN_SEED = 1_000;
/** … and some that no one has seen. */
const FRESH_DAYS = 20;
const PLANS = 3;
const BATCH_DAYS = 20;
const freshFrom = freshSeed();

const batches = (from: number, days: number) =>
  Array.from({ length: days / BATCH_DAYS }, (_, index) => ({ days: BATCH_DAYS, from: from + index * BATCH_DAYS }));

async function hashOf(seed: number): Promise<{ digest: string; lines: number }> {
  let trace: HashedTrace | undefined;
  const makeTrace = (clock: ConstructorParameters<typeof HashedTrace>[0]) => {
    trace = new HashedTrace(clock);
    return trace;
  };
  await simulateDay({ seed, plans: PLANS, faults: SIMULATED_FAULTS }, { makeTrace });
  return { digest: trace?.digest() ?? '', lines: trace?.lines ?? 0 };
}

/** A failing day, as the command that repeats it. */
const failureOf = (report: DayReport): string[] => {
  if (report.ok && report.result.violations.length === 0) return [];
  const seed = report.ok ? report.result.seed : report.seed;
  const why = report.ok ? report.result.violations.map(({ name, text }) => `${name}: ${text}`) : [report.error];
  return [`arbitrade simulate --seed ${seed} --plans ${PLANS} --faults all --trace`, ...why];
};

describe('a simulated day', () => {
  test('does the same to the byte when it is repeated, with every fault in it', async () => {
    const first = await hashOf(7);
    expect(first.lines).toBeGreaterThan(500);
    expect(await hashOf(7)).toEqual(first);
    expect((await hashOf(8)).digest).not.toBe(first.digest);
  });

  test('without faults it trades, and everything adds up', async () => {
    const { violations, plans, orders, fills } = await simulateDay({ seed: 1, plans: 10, faults: [] });
    expect(violations).toEqual([]);
    expect(plans['completed']).toBeGreaterThan(0);
    expect(Math.min(orders, fills)).toBeGreaterThan(20);
  });

  test('a process that dies again and again, also while it recovers, loses nothing and doubles nothing', async () => {
    let deaths = 0;
    for (const seed of [519, 500, 501, 502, 503, 504]) {
      const { violations, faults } = await simulateDay({ seed, plans: 6, faults: ['process-death'] });
      expect(violations, `seed ${seed}`).toEqual([]);
      deaths += faults['process-death'] ?? 0;
    }
    expect(deaths).toBeGreaterThan(10);
  });

  // A few days at a time, so that no test is long, however busy the machine is.
  test.each([...batches(KNOWN_SEED, KNOWN_DAYS), ...batches(freshFrom, FRESH_DAYS)])(
    '$days days from seed $from hold, with everything that may go wrong',
    async ({ days, from }) => {
      const seeds = Array.from({ length: days }, (_, index) => (from + index) >>> 0);
      const failures: string[] = [];
      const totals = { orders: 0, faults: 0 };
      const jobs = Math.min(2, availableParallelism());
      await simulateDays({ seeds, plans: PLANS, faults: SIMULATED_FAULTS, jobs }, systemClock, (report) => {
        failures.push(...failureOf(report));
        if (!report.ok) return;
        const { orders, faults } = report.result;
        totals.orders += orders;
        totals.faults += Object.values(faults).reduce((sum, count) => sum + count, 0);
      });
      expect(failures).toEqual([]);
      expect(Math.min(totals.orders, totals.faults)).toBeGreaterThan(days);
    },
  );
});
