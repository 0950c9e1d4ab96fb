/** `arbitrade resume`: see {@link resume}. */

import type { ExitCode } from '../../engine/exit-codes.ts';
import { type AskOptions, askRunningProcess, operatorName, WORDS_SENT_MAX } from './ask-running-process.ts';

export interface ResumeOptions extends AskOptions {
  /** Why, in the person's own words; kept in the audit log. */
  readonly reason: string;
  /** Who; the user that runs the command unless given. */
  readonly by?: string | undefined;
}

/** Takes back a halt of the running process, or acknowledges a stranded exposure. Refused while its cause persists. @returns the exit code. */
export function resume(options: ResumeOptions): Promise<ExitCode> {
  const ask = {
    command: 'resume',
    reason: options.reason.slice(0, WORDS_SENT_MAX),
    by: operatorName(options.by),
  } as const;
  return askRunningProcess(options, ask, (result) => [String(result)]);
}
