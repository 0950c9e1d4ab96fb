/**
 * Every signal that would end a process by default and can be caught. Each has a meaning, see {@link SIGNAL_MEANINGS}; the
 * launcher (`bin/arbitrade.mjs`) passes all of them on.
 */
import { constants } from 'node:os';

/** `stop`: in order. `dump`: the state goes to the log. `note`: a line in the log says that nothing else is done. */
export type SignalMeaning = 'stop' | 'dump' | 'note';

export const SIGNAL_MEANINGS: Readonly<Partial<Record<NodeJS.Signals, SignalMeaning>>> = {
  SIGINT: 'stop',
  SIGTERM: 'stop',
  SIGQUIT: 'stop',
  SIGPWR: 'stop',
  SIGXCPU: 'stop',
  SIGUSR2: 'dump',
  SIGHUP: 'note',
  // Node would open its inspector, through which any local user can read memory. Where `--disable-sigusr1` is given the
  // signal does not even arrive.
  SIGUSR1: 'note',
  SIGALRM: 'note',
  SIGVTALRM: 'note',
  SIGPROF: 'note',
  SIGIO: 'note',
  SIGSTKFLT: 'note',
};

/** Those that this system has. */
export const CAUGHT_SIGNALS = (Object.keys(SIGNAL_MEANINGS) as NodeJS.Signals[]).filter(
  (signal) => constants.signals[signal] !== undefined,
);
