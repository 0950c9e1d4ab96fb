import { describe, expect, test } from 'vitest';
import { type BackOff, backOffMs, type Jitter } from '../../src/net/back-off.ts';
import { seededChance } from '../../src/platform/chance.ts';

const BACK_OFF: BackOff = { baseMs: 500, maxMs: 30_000, growth: 2, jitter: 'none' };
const chanceOf = (unit: number) => ({ unit: () => unit, integer: () => 0 });
const ALMOST_ONE = 1 - 2 ** -32;

/** Least and most of a wait of 1, by what is left to chance. */
const RANGES: Readonly<Record<Jitter, readonly [number, number]>> = {
  none: [1, 1],
  full: [0, 1],
  half: [0.5, 1],
  added: [1, 1.25],
};

describe('a back-off', () => {
  test('grows from its base to its most, for ever', () => {
    const waits = [0, 1, 2, 5, 6, 7, 1_000, Number.MAX_SAFE_INTEGER, Number.POSITIVE_INFINITY];
    expect(waits.map((steps) => backOffMs(steps, BACK_OFF, chanceOf(0)))).toEqual([
      ...[500, 1_000, 2_000, 16_000, 30_000],
      ...[30_000, 30_000, 30_000, 30_000],
    ]);
    expect(backOffMs(-1, BACK_OFF, chanceOf(0)), 'before anything failed').toBe(500);
  });

  test('grows as it is asked to, and never below its most when that is below its base', () => {
    const tripled = [0, 1, 2].map((steps) => backOffMs(steps, { ...BACK_OFF, growth: 3 }, chanceOf(0)));
    expect(tripled).toEqual([500, 1_500, 4_500]);
    const constant = [0, 9].map((steps) => backOffMs(steps, { ...BACK_OFF, growth: 1 }, chanceOf(0)));
    expect(constant).toEqual([500, 500]);
    expect(backOffMs(0, { ...BACK_OFF, maxMs: 100 }, chanceOf(0))).toBe(100);
  });

  test.each(Object.keys(RANGES) as Jitter[])('with jitter %s stays in its range, and uses all of it', (jitter) => {
    const [least, most] = RANGES[jitter];
    for (const steps of [0, 3, 40]) {
      const whole = backOffMs(steps, BACK_OFF, chanceOf(0));
      const wait = (unit: number) => backOffMs(steps, { ...BACK_OFF, jitter }, chanceOf(unit));
      expect(wait(0)).toBe(whole * least);
      expect(wait(ALMOST_ONE)).toBeCloseTo(whole * most, 3);
      expect(wait(0.5)).toBe((whole * (least + most)) / 2);
    }
  });

  test('lets what failed together come back apart, and the same seed wait the same', () => {
    for (const jitter of ['full', 'half', 'added'] as const) {
      const wait = (seed: number) => backOffMs(2, { ...BACK_OFF, jitter }, seededChance(seed));
      const waits = Array.from({ length: 100 }, (_, seed) => wait(seed));
      expect(new Set(waits).size).toBe(100);
      expect(waits).toEqual(Array.from({ length: 100 }, (_, seed) => wait(seed)));
    }
  });
});
