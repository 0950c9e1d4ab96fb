import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { divideDown, divideUp, formatDecimal, parseDecimal, parsePercent } from '../../src/money/money.ts';

describe('money', () => {
  test('decimal text survives the way to an integer and back', () => {
    fc.assert(
      fc.property(fc.bigInt(-(10n ** 24n), 10n ** 24n), fc.integer({ min: 0, max: 12 }), (value, decimals) => {
        expect(parseDecimal(formatDecimal(value, decimals), decimals)).toBe(value);
      }),
    );
  });

  test.each([
    ['1e-08', 8, 1n],
    ['1E+2', 2, 10_000n],
    ['0.10000000', 1, 1n],
    ['1234567890.12345678', 8, 123_456_789_012_345_678n],
    ['-0.5', 3, -500n],
  ])('reads %s with %i decimals as %s', (text, decimals, expected) => {
    expect(parseDecimal(text, decimals)).toBe(expected);
  });

  test('refuses what would lose a digit, and what is no number', () => {
    expect(() => parseDecimal('0.123', 2)).toThrowError(expect.objectContaining({ code: 'DECIMAL_DOES_NOT_FIT' }));
    for (const text of ['', '.', '1.', 'NaN', '0x10', '1e', '1_000', ' 1']) {
      expect(() => parseDecimal(text, 2)).toThrowError(expect.objectContaining({ code: 'DECIMAL_INVALID' }));
    }
  });

  test('divisions round to the side their name says, for negative values too', () => {
    expect([divideDown(7n, 2n), divideDown(-7n, 2n), divideUp(7n, 2n), divideUp(-7n, 2n)]).toEqual([3n, -4n, 4n, -3n]);
  });

  test('a percentage becomes parts per million', () => {
    expect(parsePercent('0.26')).toBe(2600);
    expect(parsePercent('0.8')).toBe(8000);
  });
});
