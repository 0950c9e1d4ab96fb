/**
 * What ends a running command: a signal, or the time the user gave it. A launcher and a terminal may both send the same
 * Ctrl-C, so a repetition counts as impatience only when it comes a while later.
 */
import type { Clock } from '../shared/clock.ts';

const REPETITION_MS = 1_000;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export type StopCause = (typeof SIGNALS)[number] | 'time' | 'engine';

export interface StopSignals {
  /** Resolves with the first cause. */
  readonly stopped: Promise<StopCause>;
  /** Something of the program's own asks for the stop. */
  stop(cause: StopCause): void;
  /** Takes the handlers off again. */
  dispose(): void;
}

/** Listens for signals and, when `forMs` is given, for the end of that time. A second, later signal ends at once. */
export function listenForStop(clock: Clock, forMs: number | undefined): StopSignals {
  const { promise, resolve } = Promise.withResolvers<StopCause>();
  let firstMs: number | undefined;
  const onSignal = (signal: NodeJS.Signals): void => {
    const nowMs = clock.wallMs();
    if (firstMs !== undefined && nowMs - firstMs > REPETITION_MS) process.exit(1);
    firstMs ??= nowMs;
    resolve(signal as StopCause);
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  const cancelTimer = forMs === undefined ? () => {} : clock.after(forMs, () => resolve('time'));
  return {
    stopped: promise,
    stop: resolve,
    dispose: () => {
      cancelTimer();
      for (const signal of SIGNALS) process.off(signal, onSignal);
    },
  };
}
