import fc from 'fast-check';
import { expect, test } from 'vitest';
import { unixNsHigh, unixNsLow } from '../../src/platform/unix-time.ts';

test('unix time: two words make up the exact nanoseconds', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 33 }), fc.integer({ min: 0, max: 999_999_999 }), (seconds, nanos) => {
      const words = (BigInt(unixNsHigh(seconds, nanos)) << 32n) | BigInt(unixNsLow(seconds, nanos));
      expect(words).toBe(BigInt(seconds) * 1_000_000_000n + BigInt(nanos));
    }),
  );
});
