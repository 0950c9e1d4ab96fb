/** Many days in several processes. A day that does not end in time is ended, and reported as one that failed. */
import { type ChildProcess, fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Clock } from '../platform/clock.ts';
import type { DayOrder, DayReport } from './day-process.ts';
import type { DaySettings } from './day-settings.ts';

/** Real time for one day: hundreds of times what it needs, for the machine may be busy with others. */
const DAY_WITHIN_MS = 300_000;
const PROCESS_FILE = fileURLToPath(new URL('./day-process.ts', import.meta.url));

export interface PoolSettings extends Omit<DaySettings, 'seed'> {
  readonly seeds: Iterable<number>;
  /** Processes; as many as there are cores unless given. */
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
    let child: ChildProcess | undefined;
    for (let next = waiting.next(); next.done !== true; next = waiting.next()) {
      child ??= fork(PROCESS_FILE, [], { serialization: 'advanced' });
      onReport(await oneDay(child, { seed: next.value, plans, faults }, clock));
      if (child.killed || child.exitCode !== null || child.signalCode !== null) child = undefined;
    }
    child?.disconnect();
  };
  await Promise.all(Array.from({ length: Math.max(1, jobs) }, run));
}

/** A process that does not answer in time is killed; one that died leaves the day without a result. */
function oneDay(child: ChildProcess, order: DayOrder, clock: Clock): Promise<DayReport> {
  return new Promise((resolve) => {
    const finish = (report: DayReport): void => {
      cancel();
      child.off('message', finish);
      child.off('exit', onExit);
      resolve(report);
    };
    const fail = (error: string): void => finish({ ok: false, seed: order.seed, error });
    const onExit = (code: number | null, signal: string | null): void =>
      fail(`the process of the day ended with ${signal ?? `code ${code}`}`);
    const cancel = clock.after(DAY_WITHIN_MS, () => {
      child.kill('SIGKILL');
      fail(`the day did not end within ${DAY_WITHIN_MS / 1e3} s`);
    });
    child.on('message', finish);
    child.on('exit', onExit);
    child.send(order);
  });
}
