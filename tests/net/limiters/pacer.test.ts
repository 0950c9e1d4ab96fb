import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Pacer, REST_MS } from '../../../src/net/limiters/pacer.ts';

const REST_NS = REST_MS * 1e6;

describe('pacer', () => {
  test('no second holds more messages than the limit, and waiting as answered is enough', () => {
    const property = fc.property(
      fc.integer({ min: 1, max: 20 }),
      fc.array(fc.integer({ min: 0, max: 700_000_000 }), { maxLength: 150 }),
      (perSecond, pausesNs) => {
        const pacer = new Pacer(perSecond);
        const sentNs: number[] = [];
        let nowNs = 0;
        for (const pauseNs of pausesNs) {
          nowNs += pauseNs;
          if (!pacer.tryTake(nowNs)) {
            nowNs += pacer.waitNs(nowNs);
            expect(pacer.tryTake(nowNs)).toBe(true);
          }
          sentNs.push(nowNs);
        }
        for (const startNs of sentNs) {
          const count = sentNs.filter((at) => at >= startNs && at < startNs + 1e9).length;
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
        const pacer = new Pacer(perSecond);
        let nowNs = 0;
        for (const { pauseMs, count } of turns) {
          nowNs += pauseMs * 1e6;
          const waitNs = pacer.waitNs(nowNs, count);
          let taken = 0;
          while (taken < count && pacer.tryTake(nowNs)) taken++;
          expect(taken === count).toBe(waitNs === 0);
          expect(Number.isFinite(waitNs)).toBe(count <= perSecond);
        }
      },
    );
    fc.assert(property);
  });

  test('a complaint halves the limit and rests, quiet brings it back one by one', () => {
    const pacer = new Pacer(10);
    pacer.slowDown(0);
    expect(pacer.limit).toBe(5);
    expect(pacer.tryTake(REST_NS - 1)).toBe(false);
    expect(pacer.tryTake(REST_NS)).toBe(true);
    for (const [nowMs, limit] of [
      [9_999, 5],
      [10_000, 6],
      [39_999, 8],
      [60_000, 10],
      [900_000, 10],
    ] as const) {
      pacer.waitNs(nowMs * 1e6);
      expect(pacer.limit).toBe(limit);
    }
  });

  test('complaints never bring the limit below one a second', () => {
    const pacer = new Pacer(3);
    for (let complaint = 0; complaint < 9; complaint++) pacer.slowDown(complaint * 1e6);
    expect(pacer.limit).toBe(1);
    expect(pacer.tryTake(8e6 + REST_NS)).toBe(true);
    expect(pacer.waitNs(8e6 + REST_NS)).toBe(1e9);
  });

  test('a clock that is set back makes no rest longer than it is', () => {
    const pacer = new Pacer(4);
    pacer.slowDown(3_600e9);
    expect(pacer.waitNs(5e9)).toBe(REST_NS);
    expect(pacer.tryTake(5e9 + REST_NS)).toBe(true);
  });
});
