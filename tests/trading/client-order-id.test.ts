import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeClientOrderId, encodeClientOrderId } from '../../src/trading/client-order-id.ts';

const origin = fc.record({
  runMs: fc.integer({ min: 1_500_000_000_000, max: 2_700_000_000_000 }),
  plan: fc.integer({ min: 1, max: 36 ** 5 - 1 }),
  leg: fc.integer({ min: 0, max: 9 }),
  attempt: fc.integer({ min: 0, max: 36 ** 2 - 1 }),
});

test('an id contains run, plan, leg and attempt, and is no longer than the venue takes', () => {
  fc.assert(
    fc.property(origin, (given) => {
      const id = encodeClientOrderId(given);
      expect(id).toMatch(/^[\x21-\x7e]{1,18}$/);
      expect(decodeClientOrderId(id)).toEqual(given);
    }),
  );
});

test('two orders that differ in anything have different ids', () => {
  fc.assert(
    fc.property(origin, origin, (one, other) => {
      fc.pre(JSON.stringify(one) !== JSON.stringify(other));
      expect(encodeClientOrderId(one)).not.toBe(encodeClientOrderId(other));
    }),
  );
});

test.each(['', 'arb-20240509-00010', '2c6be801-1f53-4f79-a0bb-4ea1c95dfae9', 'amhw3k2x10000120', 'Amhw3k2x100001203'])(
  'the id of another program is none of ours: %j',
  (id) => expect(decodeClientOrderId(id)).toBeUndefined(),
);

test('a part that has no room is refused', () => {
  const full = { runMs: 1_700_000_000_000, plan: 36 ** 5, leg: 0, attempt: 0 };
  expect(() => encodeClientOrderId(full)).toThrow(/room/);
});
