/** What `halt`, `drain`, `flatten`, `resume` and `status` have in common: one question to the running process, and its answer for a person. */
import { userInfo } from 'node:os';
import { askControl, type ControlAsk } from '../../control/control-client.ts';
import { EXIT, type ExitCode } from '../../engine/exit-codes.ts';
import { type Clock, systemClock } from '../../platform/clock.ts';
import { ArbitradeError, type ErrorCode } from '../../platform/errors.ts';
import { type RunningProcess, whyNoAnswer } from './running-process.ts';

export interface AskOptions extends RunningProcess {
  /** One JSON line instead of text. */
  readonly json?: boolean;
  /** Where the answer goes: lines for stdout, and for stderr. */
  readonly print: (line: string) => void;
  readonly printError: (line: string) => void;
  readonly clock?: Clock;
}

/** More of a reason or a name is never kept; a command line can be longer than the process takes. */
export const WORDS_SENT_MAX = 4_096;

/** How a command ends, by what came instead of an answer. */
const EXIT_OF: Partial<Record<ErrorCode, ExitCode>> = {
  CONTROL_NOT_RUNNING: EXIT.NOT_RUNNING,
  CONTROL_NO_ANSWER: EXIT.NO_ANSWER,
  CONTROL_ANSWERED_NO: EXIT.REFUSED,
};

/**
 * Asks, prints what came of it, and returns the exit code. `describe` turns a result into lines for a person; `unanswered`
 * does what can be done without the process, and says so in lines for stderr.
 */
export async function askRunningProcess(
  options: AskOptions,
  ask: ControlAsk,
  describe: (result: unknown) => readonly string[],
  instead: () => readonly string[] = () => [],
): Promise<ExitCode> {
  const { clock = systemClock } = options;
  try {
    const result = await askControl(options.socket, ask, clock);
    for (const line of options.json ? [JSON.stringify(result)] : describe(result)) options.print(line);
    return EXIT.OK;
  } catch (thrown) {
    if (!(thrown instanceof ArbitradeError)) throw thrown;
    const failure = isSilence(thrown) ? whyNoAnswer(options.socket, thrown, clock) : thrown;
    options.printError(failure.message);
    for (const line of instead()) options.printError(line);
    return EXIT_OF[failure.code] ?? EXIT.FAILED;
  }
}

const isSilence = ({ code }: ArbitradeError): boolean =>
  code === 'CONTROL_SOCKET_UNREACHABLE' || code === 'CONTROL_SOCKET_SILENT';

/** Who is asking: the given name, or the user that runs the command. */
export function operatorName(given: string | undefined): string {
  if (given !== undefined) return given.slice(0, WORDS_SENT_MAX);
  try {
    return userInfo().username;
  } catch {
    return `user ${process.getuid?.() ?? 'unknown'}`; // one without an entry in the system's list, as in many containers
  }
}
