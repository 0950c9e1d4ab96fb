/**
 * `npm run wire [-- --minutes 5 --seed 1 --faults all]`: lets the engine trade a dislocated market over real sockets, halts
 * and resumes it at random moments, and at the end compares its database with the exchange's ledger and with what arrived
 * there. Fails (exit code 1) when anything differs, left after a halt, or was larger than allowed.
 */
import { parseArgs } from 'node:util';
import { freshSeed } from '../src/platform/chance.ts';
import { checkedRun } from './support/checked-run.ts';
import { haltWhileTrading } from './support/halted-engine.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '5' },
    seed: { type: 'string', default: String(freshSeed()) },
    faults: { type: 'string', default: 'all' },
  },
});

await checkedRun(values.seed, (folder) =>
  haltWhileTrading({
    folder,
    forMs: Number(values.minutes) * 60_000,
    everyMs: 6_000,
    seed: Number(values.seed),
    faults: values.faults,
    onHalt: (halts, orders) => console.error(`halted ${halts} times   ${orders} orders so far`),
  }),
);
