/** What `halt`, `drain`, `resume` and `status` have in common: one question to the running process, and its answer for a person. */
import { userInfo } from 'node:os';
import { askControl, type ControlAsk } from '../control/control-client.ts';
import { ArbitradeError } from '../shared/errors.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';

export interface AskOptions {
  /** Path of the control socket. */
  readonly socket: string;
  /** One JSON line instead of words. */
  readonly json?: boolean;
  /** Where the answer goes: lines for stdout, and for stderr. */
  readonly print: (line: string) => void;
  readonly printError: (line: string) => void;
}

/** Asks, prints what came of it, and returns the exit code. `words` turns a result into lines for a person. */
export async function askRunningProcess(
  options: AskOptions,
  ask: ControlAsk,
  words: (result: unknown) => readonly string[],
): Promise<ExitCode> {
  try {
    const result = await askControl(options.socket, ask);
    for (const line of options.json ? [JSON.stringify(result)] : words(result)) options.print(line);
    return EXIT.OK;
  } catch (thrown) {
    if (!(thrown instanceof ArbitradeError)) throw thrown;
    options.printError(thrown.message);
    return thrown.code === 'CONTROL_SOCKET_UNREACHABLE' ? EXIT.UNREACHABLE : EXIT.FAILED;
  }
}

/** Who is asking: the given name, or the user that runs the command. */
export function operatorName(given: string | undefined): string {
  return given ?? userInfo().username;
}
