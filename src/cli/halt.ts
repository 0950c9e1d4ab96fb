/** `arbitrade halt`: see {@link halt}. */
import { type AskOptions, askRunningProcess, operatorName } from './ask-running-process.ts';
import type { ExitCode } from './exit-codes.ts';

export interface HaltOptions extends AskOptions {
  /** Why, in the person's own words; kept in the audit log. */
  readonly reason: string;
  /** Who; the user that runs the command unless given. */
  readonly by?: string | undefined;
}

/** Stops all trading of the running process until a person resumes it. @returns the exit code. */
export function halt(options: HaltOptions): Promise<ExitCode> {
  const ask = { command: 'halt', reason: options.reason, by: operatorName(options.by) } as const;
  return askRunningProcess(options, ask, (result) => [String(result)]);
}
