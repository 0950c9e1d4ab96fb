import { describe, expect, test } from 'vitest';
import { connectWaits, failedWaitMs, refusedWaitMs } from '../../src/net/connect-waits.ts';
import { seededChance } from '../../src/platform/chance.ts';
import { checkConfig } from '../../src/settings/read-config.ts';

const WAITS = connectWaits(
  checkConfig({
    venue: {
      ...{ backoff_base_ms: 500, backoff_max_ms: 30_000, backoff_repeated_min_ms: 5_000 },
      ...{ refused_retry_min_ms: 5_000, refused_retry_max_ms: 300_000 },
    },
  }).venue,
);

describe('waits before a connection is tried again', () => {
  test('are nothing before the first attempt', () => {
    expect(failedWaitMs(0, true, WAITS, seededChance(1))).toBe(0);
  });

  test('are uniform from zero up to a ceiling that doubles to its cap', () => {
    const draws = (failures: number) => {
      const chance = seededChance(7);
      const calm = { ...WAITS, repeatedMinMs: 0 };
      return Array.from({ length: 2_000 }, () => failedWaitMs(failures, true, calm, chance));
    };
    const ceilings = [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000];
    for (const [index, ceiling] of ceilings.entries()) {
      const waits = draws(index + 1);
      expect(Math.max(...waits)).toBeLessThan(ceiling);
      expect(Math.max(...waits)).toBeGreaterThan(ceiling * 0.95);
      expect(Math.min(...waits)).toBeLessThan(ceiling * 0.05);
      const mean = waits.reduce((sum, wait) => sum + wait, 0) / waits.length;
      expect(Math.abs(mean / ceiling - 0.5)).toBeLessThan(0.05);
    }
  });

  test('are at least five seconds from the third failure on, and after maintenance', () => {
    const chance = seededChance(3);
    for (let round = 0; round < 500; round++) {
      expect(failedWaitMs(3 + (round % 40), true, WAITS, chance)).toBeGreaterThanOrEqual(5_000);
      expect(failedWaitMs(1, false, WAITS, chance)).toBeGreaterThanOrEqual(5_000);
    }
  });

  test('are the same by the same seed', () => {
    const waits = (seed: number) => {
      const chance = seededChance(seed);
      return [1, 2, 3, 4].map((failures) => failedWaitMs(failures, true, WAITS, chance));
    };
    expect(waits(42)).toEqual(waits(42));
    expect(waits(42)).not.toEqual(waits(43));
  });

  test('after refusals are never shorter than asked for, and doubled up to their most', () => {
    const chance = seededChance(5);
    for (const [refusals, leastMs] of [
      [1, 5_000],
      [2, 10_000],
      [6, 160_000],
      [7, 300_000],
      [90, 300_000],
    ] as const) {
      const waits = Array.from({ length: 200 }, () => refusedWaitMs(refusals, WAITS, chance));
      expect(Math.min(...waits)).toBeGreaterThanOrEqual(leastMs);
      expect(Math.max(...waits)).toBeLessThan(leastMs * 1.25);
      expect(new Set(waits).size).toBe(200);
    }
  });
});
