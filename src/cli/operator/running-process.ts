/** Which running process a command means, and why it does not answer when it does not. */
import { resolve } from 'node:path';
import { readOwnRuns, readRun } from '../../control/run-file.ts';
import type { Clock } from '../../platform/clock.ts';
import { type ArbitradeError, arbitradeError } from '../../platform/errors.ts';
import { checkConfig, readConfig } from '../../settings/read-config.ts';

export interface RunningProcess {
  /** Absolute path of its control socket. */
  readonly socket: string;
  /** The file that halts it; undefined when it cannot be known. */
  readonly killSwitch: string | undefined;
}

/**
 * The process that was started with the settings `file`, also when that was changed since; else the one that would be.
 * Without a file it is the one whose socket has the default name in the working directory.
 * @throws CONFIG_INVALID, CONFIG_UNREADABLE.
 */
export function runningProcess(file: string | undefined, clock: Clock): RunningProcess {
  if (file === undefined) {
    const socket = resolve(checkConfig({}).control.socket);
    return { socket, killSwitch: readRun(socket, clock)?.killSwitch };
  }
  const started = readOwnRuns(clock).find(({ settings }) => settings === resolve(file));
  if (started !== undefined) return { socket: started.socket, killSwitch: started.killSwitch };
  const { control, risk } = readConfig(file);
  return { socket: control.socket, killSwitch: risk.kill_switch_file };
}

/** What it means that `socket` gave no answer: there is no process, or it is too busy, stopped or hung. */
export function whyNoAnswer(socket: string, failure: ArbitradeError, clock: Clock): ArbitradeError {
  const run = readRun(socket, clock);
  if (run !== undefined) {
    const who = `process ${run.pid}, mode ${run.mode}, last heartbeat ${(run.heartbeatAgeMs / 1e3).toFixed(1)} s ago`;
    return arbitradeError('CONTROL_NO_ANSWER', who, socket, failure.message);
  }
  if (failure.code === 'CONTROL_SOCKET_SILENT') {
    return arbitradeError('CONTROL_NO_ANSWER', 'its process is not known: it has no run file', socket, failure.message);
  }
  const others = readOwnRuns(clock).map(
    ({ pid, mode, settings }) => `process ${pid}, mode ${mode}: --config ${settings}`,
  );
  const next = others.length === 0 ? 'name its settings: --config FILE' : `these do: ${others.join('; ')}`;
  return arbitradeError('CONTROL_NOT_RUNNING', socket, failure.message, next);
}
