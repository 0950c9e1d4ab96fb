/** Many days on several threads. A day that does not end in time is ended, and reported as one that failed. */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Clock } from '../platform/clock.ts';
import type { DaySettings } from './day-settings.ts';
import type { DayReport } from './day-worker.ts';

/** Real time for one day: hundreds of times what it needs, for the machine may be busy with others. */
const DAY_WITHIN_MS = 300_000;

export interface PoolSettings extends Omit<DaySettings, 'seed'> {
  readonly seeds: Iterable<number>;
  /** Threads; as many as there are cores unless given. */
  readonly jobs?: number | undefined;
}

/** Simulates every seed. Reports come as days end, in no particular order. */
export async function simulateDays(
  { seeds, jobs = availableParallelism(), plans, faults }: PoolSettings,
  clock: Clock,
  onReport: (report: DayReport) => void,
): Promise<void> {
  const waiting = seeds[Symbol.iterator]();
  const run = async (): Promise<void> => {
    let worker: Worker | undefined;
    for (let next = waiting.next(); next.done !== true; next = waiting.next()) {
      worker ??= new Worker(new URL('./day-worker.ts', import.meta.url), { workerData: { plans, faults } });
      const report = await oneDay(worker, next.value, clock);
      if (report === undefined) {
        await worker.terminate();
        worker = undefined;
        onReport({ ok: false, seed: next.value, error: `the day did not end within ${DAY_WITHIN_MS / 1e3} s` });
      } else onReport(report);
    }
    await worker?.terminate();
  };
  await Promise.all(Array.from({ length: Math.max(1, jobs) }, run));
}

/** @returns undefined when the day does not end. */
function oneDay(worker: Worker, seed: number, clock: Clock): Promise<DayReport | undefined> {
  return new Promise((resolve) => {
    const finish = (report: DayReport | undefined): void => {
      cancel();
      worker.off('message', finish);
      worker.off('error', onError);
      resolve(report);
    };
    const onError = (error: unknown): void => finish({ ok: false, seed, error: String(error) });
    const cancel = clock.after(DAY_WITHIN_MS, () => finish(undefined));
    worker.on('message', finish);
    worker.on('error', onError);
    worker.postMessage(seed);
  });
}
