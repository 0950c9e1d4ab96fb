/**
 * Entry of a process: simulates the days whose seeds it is sent, one after the other, until the starting process disconnects. A
 * process and not a thread: one that has to be killed in the middle of a day takes nothing else with it, as the native code
 * of the database in it would.
 */
import type { DaySettings } from './day-settings.ts';
import { type DayResult, simulateDay } from './simulated-day.ts';

/** What is sent to the process: the seed of a day, and what else a day is drawn from. */
export type DayOrder = Omit<DaySettings, 'seed'> & { readonly seed: number };

/** What the process says of a seed: its result, or what was thrown. */
export type DayReport =
  | { readonly ok: true; readonly result: DayResult }
  | { readonly ok: false; readonly seed: number; readonly error: string };

const send = process.send?.bind(process);
if (send === undefined) throw new Error('day-process.ts runs as a process with a channel only');
const report = (message: DayReport): void => void send(message);

process.on('message', (order: DayOrder) => {
  simulateDay(order).then(
    (result) => report({ ok: true, result }),
    (thrown: unknown) => {
      const error = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
      report({ ok: false, seed: order.seed, error });
    },
  );
});
process.once('disconnect', () => process.exit());
