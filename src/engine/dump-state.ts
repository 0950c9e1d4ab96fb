/** What SIGUSR2 asks for: all that `arbitrade status --json` would answer, as one line of the log. */

import { reasonOf } from '../platform/errors.ts';
import type { HostLog } from '../runtime/inline-host.ts';
import type { Engine } from './engine.ts';
import { statusReport } from './status-report.ts';

/** Written by the main thread from what it can see itself when risk does not answer. */
export async function dumpState(engine: Engine, log: HostLog): Promise<void> {
  let note = 'the state, as asked for by SIGUSR2';
  const state = await engine.status().catch((thrown: unknown) => {
    note += `, without risk's part: ${reasonOf(thrown)}`;
    return engine.isStarted ? statusReport(engine, { causes: [] }) : undefined;
  });
  log('supervisor', 'warn', 'state_dumped', note, { state });
}
