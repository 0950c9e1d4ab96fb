/**
 * The answers of commands that only ask or describe: they go straight to stdout, and a reader that does not read it holds up
 * nothing but the command. What an engine says goes through `standard-output.ts`.
 */
import { arbitradeError } from '../platform/errors.ts';

/** Writes `text` to stdout; {@link noticeLostAnswers} learns of a failure. */
export const printAnswer = (text: string): void => void process.stdout.write(text);

/** What a person reads when stdout could not be written, `why` being the error's code. */
export function outputLost(why: string): string {
  const { code, message } = arbitradeError('OUTPUT_LOST', why);
  return `arbitrade: ${code}: ${message}`;
}

/**
 * Lets a failing stdout or stderr end nothing, but show in the exit code (1 instead of 0) and, for stdout, on stderr.
 * A reader that has gone (`arbitrade … | head`) has seen enough: that is no failure.
 */
export function noticeLostAnswers(): void {
  let isLost = false;
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', ({ code = 'unknown' }: NodeJS.ErrnoException) => {
      if (code === 'EPIPE' || isLost) return;
      isLost = true;
      if (stream === process.stdout) process.stderr.write(`${outputLost(code)}\n`);
    });
  }
  // Not before: a stream reports its failure only after the command is over.
  process.on('exit', () => {
    if (isLost) process.exitCode ||= 1;
  });
}
