import { expect, test } from 'vitest';
import { RecurringDeaths } from '../../src/runtime/supervision/recurring-deaths.ts';

const FULL = {
  actor: 'persistence',
  cause: 'failed',
  code: 'DATABASE_FAILED',
  reason: 'no space left, 4096 bytes',
} as const;

test('deaths of one cause are counted as long as no life between them was worth its restart', () => {
  const deaths = new RecurringDeaths<string>(60_000);
  for (let count = 1; count <= 20; count++) {
    const reason = `no space left, ${count * 512} bytes`; // numbers differ, the cause does not
    expect(deaths.note('records', { ...FULL, reason }, count * 20_000)).toBe(count);
  }
  expect(deaths.note('records', FULL, 20 * 20_000 + 60_001)).toBe(1);
});

test('another cause, and another thread, begin anew', () => {
  const deaths = new RecurringDeaths<string>(60_000);
  expect(deaths.note('records', FULL, 0)).toBe(1);
  expect(deaths.note('others', FULL, 1)).toBe(1);
  expect(deaths.note('records', FULL, 2)).toBe(2);
  expect(deaths.note('records', { ...FULL, reason: 'the file is locked' }, 3)).toBe(1);
  expect(deaths.note('records', FULL, 4)).toBe(1);
});
