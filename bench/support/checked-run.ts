/** A run over the wire as a command: in a folder of its own, with the checker's findings on the screen and as exit code. */
import { rmSync } from 'node:fs';
import type { Violation } from '../../src/simulation/checker.ts';
import { signature } from '../results-table.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** Runs `trade` and says what came of it. The process will end with 1 when anything was violated. */
export async function checkedRun(
  seed: string,
  trade: (folder: string) => Promise<{ readonly violations: readonly Violation[] }>,
): Promise<void> {
  const folder = temporaryFolder();
  try {
    const { violations, ...report } = await trade(folder);
    console.log(`seed ${seed}   ${JSON.stringify({ ...report, violations: violations.length })}`);
    for (const { name, text } of violations) console.log(`violated  ${name}: ${text}`);
    console.log(signature(new Date()));
    process.exitCode = violations.length === 0 ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
