/** SIGINT and SIGTERM as a promise, for commands that run until they are told to stop. */

export type StopReason = 'SIGINT' | 'SIGTERM';

export interface StopSignal {
  /** Resolves with the first signal. A second one ends the process at once, as without a handler. */
  readonly stopped: Promise<StopReason>;
  /** Stops listening. */
  release(): void;
}

export function stopSignal(): StopSignal {
  const { promise, resolve } = Promise.withResolvers<StopReason>();
  const release = () => {
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  };
  const onSignal = (signal: StopReason) => {
    release();
    resolve(signal);
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return { stopped: promise, release };
}
