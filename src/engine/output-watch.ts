/**
 * Watches whether the log can be written. One that has been blocked for long means that the program's reports are not seen:
 * trading pauses then, if the settings want it, and goes on when lines flow again. Main thread.
 */

import type { CancelTimer, Clock } from '../platform/clock.ts';
import type { Supervisor } from '../runtime/supervision/supervisor.ts';
import type { Config } from '../settings/config.ts';
import { STDERR, STDOUT, standardOutput } from './standard-output.ts';

const LOOK_MS = 100;

/** Lines dropped and the rest, for `status`. */
export const outputReadings = () => ({
  stdout: standardOutput.reading(STDOUT),
  stderr: standardOutput.reading(STDERR),
});

/** Reports to `supervisor` until it is cancelled. */
export function watchOutput({ log }: Config, supervisor: Supervisor, clock: Clock): CancelTimer {
  let isBlocked = false;
  let cancelTimer: CancelTimer = () => undefined;
  const look = (): void => {
    const blockedForMs = Math.max(...([STDOUT, STDERR] as const).map((to) => standardOutput.reading(to).blockedForMs));
    if (isBlocked !== blockedForMs > log.blocked_pause_ms) {
      isBlocked = !isBlocked;
      supervisor.setLogBlocked(
        isBlocked,
        isBlocked ? `nothing could be written for ${blockedForMs} ms` : 'lines flow again',
      );
    }
    cancelTimer = clock.after(LOOK_MS, look);
  };
  if (log.blocked_pause_ms > 0) look();
  return () => cancelTimer();
}
