import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CONNECT_BUDGET_BYTES, ConnectBudget } from '../../src/net/connect-budget.ts';
import { connectWaits, failedWaitMs } from '../../src/net/connect-waits.ts';
import { seededChance } from '../../src/shared/chance.ts';
import { VirtualClock } from '../../src/shared/clock.ts';
import { checkConfig } from '../../src/shared/config.ts';

const WAITS = connectWaits(checkConfig({}).venue);

/** Most attempts that lie in any window of `windowMs`, counted the slow way. */
function busiestWindow(attemptsMs: readonly number[], windowMs: number): number {
  const within = (startMs: number) => attemptsMs.filter((at) => at >= startMs && at < startMs + windowMs).length;
  return Math.max(0, ...attemptsMs.map(within));
}

describe('connect budget', () => {
  test('no window ever holds more attempts than allowed, however many sockets ask and whenever', () => {
    const property = fc.property(
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 1_000 }),
      fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 120 }),
      (attemptsMax, windowMs, pausesMs) => {
        const budget = new ConnectBudget({ attemptsMax, windowMs });
        const takenMs: number[] = [];
        let nowMs = 0;
        for (const pauseMs of pausesMs) {
          nowMs += pauseMs;
          if (budget.tryTake(nowMs)) takenMs.push(nowMs);
        }
        expect(busiestWindow(takenMs, windowMs)).toBeLessThanOrEqual(attemptsMax);
      },
    );
    fc.assert(property);
  });

  test('sockets that wait as told spend the whole budget and never more', () => {
    const property = fc.property(
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 1, max: 12 }),
      fc.integer(),
      (attemptsMax, sockets, seed) => {
        const clock = new VirtualClock();
        const chance = seededChance(seed);
        const budget = new ConnectBudget({ attemptsMax, windowMs: 10_000 });
        const takenMs: number[] = [];
        const attempt = (failures: number) => {
          const nowMs = clock.nowNs() / 1e6;
          if (!budget.tryTake(nowMs)) {
            clock.after(budget.waitMs(nowMs), () => attempt(failures));
            return;
          }
          takenMs.push(nowMs);
          clock.after(failedWaitMs(failures + 1, true, WAITS, chance), () => attempt(failures + 1));
        };
        for (let socket = 0; socket < sockets; socket++) attempt(0);
        clock.advanceTo(60_000e6);
        expect(busiestWindow(takenMs, 10_000)).toBeLessThanOrEqual(attemptsMax);
        expect(takenMs.length).toBeGreaterThan(0);
        if (sockets > attemptsMax) expect(busiestWindow(takenMs, 10_000)).toBe(attemptsMax);
      },
    );
    fc.assert(property, { numRuns: 50 });
  });

  test('tells how long to wait, and is right about it', () => {
    const budget = new ConnectBudget({ attemptsMax: 2, windowMs: 1_000 });
    expect([budget.tryTake(0), budget.tryTake(300), budget.tryTake(999)]).toEqual([true, true, false]);
    expect(budget.waitMs(999)).toBe(1);
    expect(budget.tryTake(1_000)).toBe(true);
    expect(budget.waitMs(1_000)).toBe(300);
  });

  test('a successor goes on with what its predecessor has left', () => {
    const memory = new Float64Array(CONNECT_BUDGET_BYTES / 8);
    const settings = { attemptsMax: 3, windowMs: 1_000 };
    const first = new ConnectBudget(settings, memory);
    for (const atMs of [10, 20, 30]) expect(first.tryTake(atMs)).toBe(true);
    const second = new ConnectBudget(settings, memory);
    expect(second.tryTake(500)).toBe(false);
    expect(second.waitMs(500)).toBe(510);
  });

  test('the memory has room for the largest budget that the settings allow', () => {
    expect(CONNECT_BUDGET_BYTES / 8).toBeGreaterThan(150);
  });
});
