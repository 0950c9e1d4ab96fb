/**
 * `npm run sigkill [-- --kills 100 --seed 1 --faults all]`: kills the engine with SIGKILL at random moments while it
 * trades a dislocated market over real sockets, starts it again, and at the end compares its database with the exchange's
 * ledger. Fails (exit code 1) when anything is lost, doubled, or held without being recorded.
 */
import { parseArgs } from 'node:util';
import { freshSeed } from '../src/platform/chance.ts';
import { checkedRun } from './support/checked-run.ts';
import { killWhileTrading } from './support/killed-engine.ts';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '100' },
    seed: { type: 'string', default: String(freshSeed()) },
    faults: { type: 'string', default: '' },
  },
});

await checkedRun(values.seed, (folder) =>
  killWhileTrading({
    folder,
    kills: Number(values.kills),
    seed: Number(values.seed),
    faults: values.faults,
    onKill: (kill, orders) => console.error(`killed ${kill} times   ${orders} orders so far`),
  }),
);
