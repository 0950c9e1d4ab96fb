/** What SIGUSR2 asks for: all that `arbitrade status` would tell, as one line of the log. */
import type { HostLog } from '../runtime/inline-host.ts';
import { reasonOf } from '../shared/errors.ts';
import type { Engine } from './engine.ts';
import { statusReport } from './status-report.ts';

/** Written by the main thread from what it can see itself when risk does not answer. */
export async function dumpState(engine: Engine, log: HostLog): Promise<void> {
  const state = await engine.status().catch((thrown: unknown) => statusWithoutRisk(engine, reasonOf(thrown)));
  log('supervisor', 'warn', 'state_dumped', 'the state, as asked for by SIGUSR2', { state });
}

function statusWithoutRisk(engine: Engine, why: string): unknown {
  try {
    return statusReport(engine, `does not answer: ${why}`);
  } catch {
    return `the engine is not started (${why})`;
  }
}
