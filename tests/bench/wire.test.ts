import { expect, test } from 'vitest';
import { haltWhileTrading } from '../../bench/support/halted-engine.ts';
import { freshSeed } from '../../src/platform/chance.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const seed = freshSeed();

test(`over the wire, with faults and halts, the ledgers agree and nothing leaves after a halt (seed ${seed})`, async () => {
  const faults = 'ack-lost=0.05,execution-gap=0.05,execution-duplicate=0.1,balance-late=0.1,partial-then-cancel=0.1';
  const folder = temporaryDirectory();
  const report = await haltWhileTrading({ folder, seed, faults, forMs: 3_000, everyMs: 1_000 });
  expect(report.violations).toEqual([]);
  expect(report.halts).toBeGreaterThanOrEqual(2);
  expect(report.sent).toBeGreaterThanOrEqual(report.orders);
  expect(report.orders).toBeGreaterThan(0);
});
