/** `arbitrade run`: the engine as a service, with a settings file, until it is told to stop. */
import { systemClock } from '../shared/clock.ts';
import { readConfig } from '../shared/config.ts';
import { Engine } from './engine.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { jsonLog } from './log.ts';
import { listenForStop } from './stop-signals.ts';

export interface RunOptions {
  readonly config: string;
  /** Stops by itself after this long, counted from when everything has started. */
  readonly forMs?: number | undefined;
  readonly json?: boolean;
}

/** Runs until a signal, the end of the given time, or an escalation. @throws CONFIG_INVALID and what a start throws. */
export async function run(options: RunOptions): Promise<ExitCode> {
  const config = readConfig(options.config);
  const signals = listenForStop(systemClock);
  const log = jsonLog(options.json === true ? 'stderr' : 'stdout', 'info');
  const engine = new Engine({ config, log, controlled: true, onEscalation: () => signals.stop('engine') });
  try {
    if (await engine.start(signals.stopped)) signals.stopAfter(options.forMs);
    await signals.stopped;
    const { killed } = await engine.stop();
    if (killed.length > 0) log('supervisor', 'warn', 'actor_hung', `did not stop in time: ${killed.join(', ')}`);
  } finally {
    signals.dispose();
  }
  if (options.json === true) console.log(JSON.stringify(engine.summary()));
  return engine.escalation !== undefined ? EXIT.ESCALATED : EXIT.OK;
}
