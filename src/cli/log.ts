/** Log events of the actors as JSON lines, one per event, by pino. Nothing secret is ever among their fields. */
import pino from 'pino';
import type { HostLog } from '../runtime/inline-host.ts';

const DESCRIPTORS = { stdout: 1, stderr: 2 } as const;

/** Writes events of `level` and above to stdout or stderr. */
export function jsonLog(to: keyof typeof DESCRIPTORS, level: 'info' | 'warn' | 'error'): HostLog {
  const logger = pino(
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime, redact: ['*.secret', '*.token', '*.key'] },
    pino.destination({ dest: DESCRIPTORS[to], sync: true }),
  );
  return (actor, severity, event, text, fields) => logger[severity]({ actor, event, ...fields }, text);
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
