/**
 * What ends a running command: a signal, the death of the process that started it, or the time the user gave it, counted from when
 * the command was ready. A launcher and a terminal may both send the same Ctrl-C, so a repetition counts as impatience
 * only when it comes a while later.
 */

import { CAUGHT_SIGNALS, SIGNAL_MEANINGS } from '../platform/caught-signals.ts';
import type { CancelTimer, Clock } from '../platform/clock.ts';
import { watchAncestors } from './ancestors.ts';
import { EXIT } from './exit-codes.ts';

const REPETITION_MS = 1_000;

export type StopCause = NodeJS.Signals | 'time' | 'engine' | 'parent' | 'output';

/** What a command does besides stopping. */
export interface SignalListener {
  /** The state is to go to the log. */
  readonly onDump?: () => void;
  /** Something happened that a person should find in the log. */
  readonly onNote?: (text: string) => void;
}

export interface StopSignals {
  /** Resolves with the first cause. */
  readonly stopped: Promise<StopCause>;
  /** The first cause; undefined as long as there is none. */
  readonly cause: StopCause | undefined;
  /** Something of the program's own asks for the stop. */
  stop(cause: StopCause): void;
  /** Stops after `forMs` from now on; undefined for never. */
  stopAfter(forMs: number | undefined): void;
  /** Called for signals that do not stop it. At first it does nothing. */
  listener: SignalListener;
  /** Takes the handlers off again. */
  dispose(): void;
}

const NOTES: Readonly<Partial<Record<NodeJS.Signals, string>>> = {
  SIGHUP: 'there is nothing to reload: settings are read at the start only',
  SIGUSR2: 'the state follows',
};

/** Listens for signals. A second, later one that stops ends the process at once, with what is open left as it is. */
export function listenForStop(clock: Clock): StopSignals {
  const { promise, resolve } = Promise.withResolvers<StopCause>();
  let cause: StopCause | undefined;
  let firstMs: number | undefined;
  const stop = (because: StopCause): void => {
    cause ??= because;
    resolve(because);
  };
  const onStopSignal = (signal: NodeJS.Signals): void => {
    const nowMs = clock.wallMs();
    if (firstMs !== undefined && nowMs - firstMs > REPETITION_MS) process.exit(EXIT.FAILED);
    firstMs ??= nowMs;
    signals.listener.onNote?.(`${signal}: stopping; a second one a second from now or later ends the process at once`);
    stop(signal);
  };
  const onSignal = (signal: NodeJS.Signals): void => {
    signals.listener.onNote?.(`${signal}: ${NOTES[signal] ?? 'nothing is done'}`);
    if (SIGNAL_MEANINGS[signal] === 'dump') signals.listener.onDump?.();
  };
  const handlerOf = (signal: NodeJS.Signals) => (SIGNAL_MEANINGS[signal] === 'stop' ? onStopSignal : onSignal);
  for (const signal of CAUGHT_SIGNALS) process.on(signal, handlerOf(signal));
  const cancelWatch = watchAncestors(clock, (who) => {
    signals.listener.onNote?.(`${who}, which started this, is gone: stopping`);
    stop('parent');
  });
  let cancelTimer: CancelTimer = () => {};
  const signals: StopSignals = {
    stopped: promise,
    stop,
    listener: {},
    get cause() {
      return cause;
    },
    stopAfter: (forMs) => {
      if (forMs !== undefined) cancelTimer = clock.after(forMs, () => stop('time'));
    },
    dispose: () => {
      cancelTimer();
      cancelWatch();
      for (const signal of CAUGHT_SIGNALS) process.off(signal, handlerOf(signal));
    },
  };
  return signals;
}
