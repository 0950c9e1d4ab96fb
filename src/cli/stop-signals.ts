/**
 * What ends a running command: a signal, or the time the user gave it, counted from when the command was ready. A launcher and a terminal may both send the same
 * Ctrl-C, so a repetition counts as impatience only when it comes a while later.
 */
import type { CancelTimer, Clock } from '../shared/clock.ts';

const REPETITION_MS = 1_000;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export type StopCause = (typeof SIGNALS)[number] | 'time' | 'engine';

export interface StopSignals {
  /** Resolves with the first cause. */
  readonly stopped: Promise<StopCause>;
  /** The first cause; undefined as long as there is none. */
  readonly cause: StopCause | undefined;
  /** Something of the program's own asks for the stop. */
  stop(cause: StopCause): void;
  /** Stops after `forMs` from now on; undefined for never. */
  stopAfter(forMs: number | undefined): void;
  /** Takes the handlers off again. */
  dispose(): void;
}

/** Listens for signals. A second, later signal ends at once. */
export function listenForStop(clock: Clock): StopSignals {
  const { promise, resolve } = Promise.withResolvers<StopCause>();
  let cause: StopCause | undefined;
  let firstMs: number | undefined;
  const stop = (because: StopCause): void => {
    cause ??= because;
    resolve(because);
  };
  const onSignal = (signal: NodeJS.Signals): void => {
    const nowMs = clock.wallMs();
    if (firstMs !== undefined && nowMs - firstMs > REPETITION_MS) process.exit(1);
    firstMs ??= nowMs;
    stop(signal as StopCause);
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  let cancelTimer: CancelTimer = () => {};
  return {
    stopped: promise,
    stop,
    get cause() {
      return cause;
    },
    stopAfter: (forMs) => {
      if (forMs !== undefined) cancelTimer = clock.after(forMs, () => stop('time'));
    },
    dispose: () => {
      cancelTimer();
      for (const signal of SIGNALS) process.off(signal, onSignal);
    },
  };
}
