/**
 * Log events of the actors as JSON lines, one per event, by pino. Nothing secret is ever handed to it; should some text
 * of another program's making contain a secret of this run all the same, it does not come out.
 */
import pino from 'pino';
import type { HostLog } from '../runtime/inline-host.ts';
import { STDERR, STDOUT, standardOutput } from './standard-output.ts';

const DESCRIPTORS = { stdout: STDOUT, stderr: STDERR } as const;

const SECRET_FIELDS = ['secret', 'token', 'key', 'apiKey', 'API-Key', 'API-Sign'];
const REDACTED = '[secret]';

/** Writes events of `level` and above to stdout or stderr, and never waits for them. `secrets` are blotted out wherever they stand in a line. */
export function jsonLog(
  to: keyof typeof DESCRIPTORS,
  level: 'info' | 'warn' | 'error',
  secrets: readonly string[] = [],
): HostLog {
  const logger = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: { paths: SECRET_FIELDS.flatMap((name) => [`["${name}"]`, `*["${name}"]`]), censor: REDACTED },
      hooks: { streamWrite: (line) => blotOut(line, secrets) },
    },
    { write: (line) => standardOutput.write(DESCRIPTORS[to], line) },
  );
  return (actor, severity, event, text, fields) => logger[severity]({ actor, event, ...fields }, text);
}

/** `line` without any of `secrets`, as they stand in JSON too. */
export function blotOut(line: string, secrets: readonly string[]): string {
  let blotted = line;
  for (const secret of secrets) blotted = blotted.replaceAll(secret, REDACTED);
  return blotted;
}

/** Lines kept at most while a screen is shown. */
const HELD_MAX = 200;

export interface HeldLog {
  readonly log: HostLog;
  /** Writes what was held, and from now on at once. */
  release(): void;
}

/** Holds events back while a screen takes up the terminal; the oldest go first when there are too many. */
export function holdLog(log: HostLog): HeldLog {
  let held: Parameters<HostLog>[] | undefined = [];
  return {
    log: (...event) => {
      if (held === undefined) return log(...event);
      if (held.push(event) > HELD_MAX) held.shift();
    },
    release: () => {
      for (const event of held ?? []) log(...event);
      held = undefined;
    },
  };
}
