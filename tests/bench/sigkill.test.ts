import { expect, test } from 'vitest';
import { killWhileTrading } from '../../bench/support/killed-engine.ts';
import { freshSeed } from '../../src/platform/chance.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const seed = freshSeed();

test(`SIGKILL at any moment while trading loses nothing, doubles nothing, leaves nothing unrecorded (seed ${seed})`, async () => {
  const report = await killWhileTrading({ folder: temporaryDirectory(), kills: 5, seed, faults: '' });
  expect(report.violations).toEqual([]);
  expect(report.orders).toBeGreaterThanOrEqual(5);
});
