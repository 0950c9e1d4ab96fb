/** Worker entry: simulates the days whose seeds it is sent, one after the other. */
import { parentPort, workerData } from 'node:worker_threads';
import type { DaySettings } from './day-settings.ts';
import { type DayResult, simulateDay } from './simulated-day.ts';

/** What the worker says of a seed: its result, or what was thrown. */
export type DayReport =
  | { readonly ok: true; readonly result: DayResult }
  | { readonly ok: false; readonly seed: number; readonly error: string };

const port = parentPort;
if (port === null) throw new Error('day-worker.ts runs as a worker thread only');
const settings = workerData as Omit<DaySettings, 'seed'>;

port.on('message', (seed: number) => {
  simulateDay({ ...settings, seed }).then(
    (result) => port.postMessage({ ok: true, result } satisfies DayReport),
    (thrown: unknown) => {
      const error = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
      port.postMessage({ ok: false, seed, error } satisfies DayReport);
    },
  );
});
