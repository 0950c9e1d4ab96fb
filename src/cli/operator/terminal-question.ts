/** A question to the person at the terminal. */
import { createInterface } from 'node:readline/promises';

/** Undefined without a terminal: input or output is a file or a pipe. */
export function terminalQuestion(): ((text: string) => Promise<string>) | undefined {
  if (!process.stdin.isTTY || !process.stdout.isTTY) return undefined;
  return async (text) => {
    const terminal = createInterface({ input: process.stdin, output: process.stdout });
    const ended = new Promise<string>((resolve) => terminal.once('close', () => resolve(''))); // Ctrl-D is no yes
    const answer = await Promise.race([terminal.question(text), ended]);
    terminal.close();
    return answer;
  };
}
