/** `arbitrade status`: see {@link status}. */

import type { ExitCode } from '../../engine/exit-codes.ts';
import { describeStatus } from '../../readings/status-text.ts';
import { type AskOptions, askRunningProcess } from './ask-running-process.ts';

/** Prints what the running process says of itself: one screen, or all of it as JSON. @returns the exit code. */
export function status(options: AskOptions): Promise<ExitCode> {
  return askRunningProcess(options, { command: 'status' }, (result) => describeStatus(result) ?? linesOf(result, ''));
}

/** Of a process of another version: one `path.to.value  value` line per leaf, in the order of the answer. */
function linesOf(value: unknown, path: string): string[] {
  if (typeof value !== 'object' || value === null) return [`${path.padEnd(32)} ${String(value)}`];
  const entries = Object.entries(value);
  if (entries.length === 0) return [`${path.padEnd(32)} none`];
  return entries.flatMap(([key, part]) => linesOf(part, path === '' ? key : `${path}.${key}`));
}
