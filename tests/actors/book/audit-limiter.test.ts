import { getHeapStatistics } from 'node:v8';
import { expect, test } from 'vitest';
import { AUDIT_BURST, AuditLimiter } from '../../../src/actors/book/audit-limiter.ts';

test('a burst is recorded one by one, then four a second, and what was left out is reported once', () => {
  const limiter = new AuditLimiter();
  const allowed = (nowNs: number, of: number) =>
    Array.from({ length: of }, () => limiter.allow(nowNs)).filter(Boolean).length;
  expect(allowed(7e9, 20)).toBe(AUDIT_BURST);
  expect(limiter.takeLeftOut()).toBe(4);
  expect(limiter.takeLeftOut()).toBe(0);
  expect(allowed(7e9 + 249_999_999, 3)).toBe(0);
  expect(allowed(7e9 + 250_000_000, 3)).toBe(1);
  expect(allowed(7e9 + 1_000_000_000, 9)).toBe(3);
  expect(limiter.takeLeftOut()).toBe(11);
  expect(allowed(1e15, 99)).toBe(AUDIT_BURST);
});

test('a storm of troubles makes no object', () => {
  const TURNS = 100_000;
  const limiter = new AuditLimiter();
  const clock = new Float64Array([1e9]); // a number of a closure would itself be an object
  const storm = (): void => {
    for (let turn = 0; turn < TURNS; turn++) {
      const nowNs = clock[0]! + 1_000_000;
      clock[0] = nowNs;
      if (limiter.allow(nowNs)) limiter.takeLeftOut();
    }
  };
  const grown = Array.from({ length: 41 }, () => {
    const used = getHeapStatistics().used_heap_size;
    storm();
    return getHeapStatistics().used_heap_size - used;
  });
  // A collection makes a pass look negative; the middle pass is one without.
  expect(grown.sort((a, b) => a - b)[20]! / TURNS, 'bytes per turn').toBeLessThan(0.5);
});
