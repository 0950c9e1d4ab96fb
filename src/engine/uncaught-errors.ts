/**
 * An error that was not caught would end the process at once, with orders out. While the engine runs it is logged instead, and
 * everything stops in order. Errors of actors never come here: they end their thread, and the supervisor restarts it.
 */

import { reasonOf } from '../platform/errors.ts';
import type { HostLog } from '../runtime/inline-host.ts';
import type { StopSignals } from './stop-signals.ts';

export interface UncaughtErrors extends Disposable {
  /** How many there were: a command during which one came has failed. */
  readonly count: number;
}

/** Also for promises whose rejection is not handled. In force until it is disposed of. */
export function stopOnUncaughtErrors(signals: Pick<StopSignals, 'stop'>, log: HostLog): UncaughtErrors {
  let count = 0;
  const onError = (thrown: unknown): void => {
    count++;
    const text = thrown instanceof Error ? (thrown.stack ?? thrown.message) : reasonOf(thrown);
    log('supervisor', 'error', 'process_failed', `unexpected failure of the main thread, everything stops: ${text}`);
    signals.stop('engine');
  };
  process.on('uncaughtException', onError);
  return {
    get count() {
      return count;
    },
    [Symbol.dispose]: () => void process.off('uncaughtException', onError),
  };
}
