/**
 * `npm run wire [-- --minutes 5 --seed 1 --faults all]`: lets the engine trade a dislocated market over real sockets, halts
 * and resumes it at random moments, and at the end compares its database with the exchange's ledger and with what arrived
 * there. Fails (exit code 1) when anything differs, left after a halt, or was larger than allowed.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { freshSeed } from '../src/shared/chance.ts';
import { signature } from './results-table.ts';
import { haltWhileTrading } from './support/halted-engine.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '5' },
    seed: { type: 'string', default: String(freshSeed()) },
    faults: { type: 'string', default: 'all' },
  },
});

const folder = mkdtempSync(join(tmpdir(), 'arbitrade-wire-'));
try {
  const report = await haltWhileTrading({
    folder,
    forMs: Number(values.minutes) * 60_000,
    everyMs: 6_000,
    seed: Number(values.seed),
    faults: values.faults,
    onHalt: (halts, orders) => console.error(`halted ${halts} times   ${orders} orders so far`),
  });
  console.log(`seed ${values.seed}   ${JSON.stringify({ ...report, violations: report.violations.length })}`);
  for (const { name, text } of report.violations) console.log(`violated  ${name}: ${text}`);
  console.log(signature(new Date()));
  process.exitCode = report.violations.length === 0 ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true });
}
