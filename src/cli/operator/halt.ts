/** `arbitrade halt`: see {@link halt}. */

import type { ExitCode } from '../../engine/exit-codes.ts';
import { makeKillSwitch } from '../../engine/kill-switch.ts';
import { type AskOptions, askRunningProcess, operatorName, WORDS_SENT_MAX } from './ask-running-process.ts';

export interface HaltOptions extends AskOptions {
  /** Why, in the person's own words; kept in the audit log. Nobody has to have some. */
  readonly reason?: string;
  /** Who; the user that runs the command unless given. */
  readonly by?: string | undefined;
}

/**
 * Stops all trading of the running process until a person resumes it. When it does not do so, for whatever reason
 * (it does not answer, its risk actor is down, its socket cannot be reached from here), the kill-switch file is made,
 * which it looks for all the time, and which halts the next start too. @returns the exit code.
 */
export function halt(options: HaltOptions): Promise<ExitCode> {
  const reason = (options.reason ?? '').slice(0, WORDS_SENT_MAX);
  const by = operatorName(options.by);
  const ask = { command: 'halt', reason, by } as const;
  return askRunningProcess(
    options,
    ask,
    (result) => [String(result)],
    () => [makeKillSwitch(options.killSwitch, `halt by ${by}: ${reason}`)],
  );
}
