import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { REST_MS, RequestPacer } from '../../src/net/request-pacer.ts';

describe('request pacer', () => {
  test('no second holds more requests than the limit, and waiting as told is enough', () => {
    const property = fc.property(
      fc.integer({ min: 1, max: 20 }),
      fc.array(fc.integer({ min: 0, max: 700 }), { maxLength: 150 }),
      (perSecond, pausesMs) => {
        const pacer = new RequestPacer(perSecond);
        const sentMs: number[] = [];
        let nowMs = 0;
        for (const pauseMs of pausesMs) {
          nowMs += pauseMs;
          if (!pacer.tryTake(nowMs)) {
            nowMs += pacer.waitMs(nowMs);
            expect(pacer.tryTake(nowMs)).toBe(true);
          }
          sentMs.push(nowMs);
        }
        for (const startMs of sentMs) {
          const count = sentMs.filter((at) => at >= startMs && at < startMs + 1_000).length;
          expect(count).toBeLessThanOrEqual(perSecond);
        }
      },
    );
    fc.assert(property);
  });

  test('several at once may leave exactly when each of them, one after the other, may', () => {
    const property = fc.property(
      fc.integer({ min: 1, max: 12 }),
      fc.array(fc.record({ pauseMs: fc.integer({ min: 0, max: 600 }), count: fc.integer({ min: 1, max: 14 }) })),
      (perSecond, turns) => {
        const pacer = new RequestPacer(perSecond);
        let nowMs = 0;
        for (const { pauseMs, count } of turns) {
          nowMs += pauseMs;
          const waitMs = pacer.waitMs(nowMs, count);
          let taken = 0;
          while (taken < count && pacer.tryTake(nowMs)) taken++;
          expect(taken === count).toBe(waitMs === 0);
          expect(Number.isFinite(waitMs)).toBe(count <= perSecond);
        }
      },
    );
    fc.assert(property);
  });

  test('a complaint halves the limit and rests, quiet brings it back one by one', () => {
    const pacer = new RequestPacer(10);
    pacer.slowDown(0);
    expect(pacer.limit).toBe(5);
    expect(pacer.tryTake(REST_MS - 1)).toBe(false);
    expect(pacer.tryTake(REST_MS)).toBe(true);
    for (const [nowMs, limit] of [
      [9_999, 5],
      [10_000, 6],
      [39_999, 8],
      [60_000, 10],
      [900_000, 10],
    ] as const) {
      pacer.waitMs(nowMs);
      expect(pacer.limit).toBe(limit);
    }
  });

  test('complaints never bring the limit below one a second', () => {
    const pacer = new RequestPacer(3);
    for (let complaint = 0; complaint < 9; complaint++) pacer.slowDown(complaint);
    expect(pacer.limit).toBe(1);
    expect(pacer.tryTake(8 + REST_MS)).toBe(true);
    expect(pacer.waitMs(8 + REST_MS)).toBe(1_000);
  });
});
