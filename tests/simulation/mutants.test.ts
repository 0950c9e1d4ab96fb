import { describe, expect, test } from 'vitest';
import { simulateDay } from '../../src/simulation/simulated-day.ts';
import { MUTANTS } from './mutants.ts';

const SEEDS = Array.from({ length: 50 }, (_, index) => index + 1);

describe('the checker catches a sequencer that', () => {
  test.each(MUTANTS)('$name', async ({ faults, sequencer }) => {
    for (const seed of SEEDS) {
      const { violations } = await simulateDay({ seed, plans: 6, faults }, { sequencer: sequencer() });
      if (violations.length > 0) return;
    }
    expect.unreachable(`no day by seeds 1 to ${SEEDS.length} showed it`);
  });

  test('none of which is the product itself', async () => {
    for (const seed of SEEDS.slice(0, 8)) {
      const faults = MUTANTS.flatMap((mutant) => mutant.faults);
      expect((await simulateDay({ seed, plans: 6, faults })).violations).toEqual([]);
    }
  });
});
