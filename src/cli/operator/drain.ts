/** `arbitrade drain`: see {@link drain}. */

import type { ExitCode } from '../../engine/exit-codes.ts';
import { type AskOptions, askRunningProcess, operatorName, WORDS_SENT_MAX } from './ask-running-process.ts';

export interface DrainOptions extends AskOptions {
  /** Why, in the person's own words; kept in the audit log. */
  readonly reason: string;
  /** Who; the user that runs the command unless given. */
  readonly by?: string | undefined;
}

/** Lets plans at work come to their end and begins no other until a person resumes. @returns the exit code. */
export function drain(options: DrainOptions): Promise<ExitCode> {
  const ask = {
    command: 'drain',
    reason: options.reason.slice(0, WORDS_SENT_MAX),
    by: operatorName(options.by),
  } as const;
  return askRunningProcess(options, ask, (result) => [String(result)]);
}
