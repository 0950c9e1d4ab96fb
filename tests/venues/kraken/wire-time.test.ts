import { expect, test } from 'vitest';
import { wireTimeMs } from '../../../src/venues/kraken/wire/wire-time.ts';

test('times keep their microseconds, in any zone', () => {
  expect(wireTimeMs('2023-10-06T17:35:55.440295Z')).toBe(Date.UTC(2023, 9, 6, 17, 35, 55) + 440.295);
  expect(wireTimeMs('2023-10-06T17:35:55Z')).toBe(Date.UTC(2023, 9, 6, 17, 35, 55));
  expect(wireTimeMs('2023-10-06T19:35:55.5+02:00')).toBe(Date.UTC(2023, 9, 6, 17, 35, 55, 500));
});

test.each([
  undefined,
  null,
  '',
  'now',
  '2023-10-06',
  '2023-13-06T17:35:55Z',
  '1969-12-31T23:59:59Z',
  '2262-01-01T00:00:00Z',
  '+275760-09-13T00:00:00Z',
])('%s is no time that can be meant', (text) => {
  expect(wireTimeMs(text)).toBeNaN();
});
