import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatDecimal } from '../../../src/money/money.ts';
import {
  amountDown,
  amountUp,
  compareAmounts,
  roundedAmount,
  roundedProduct,
} from '../../../src/venues/kraken/wire/rounded-amount.ts';

const decimals = fc.integer({ min: 0, max: 18 });
const amount = fc.bigInt({ min: -(2n ** 80n), max: 2n ** 80n });

describe('rounded amounts', () => {
  test('what fits is exact, whichever way it is rounded', () => {
    fc.assert(
      fc.property(amount, decimals, decimals, (value, written, finer) => {
        const text = formatDecimal(value, written);
        const scale = 10n ** BigInt(finer);
        for (const rounding of ['up', 'down'] as const) {
          const expected = { value: value * scale, isExact: true };
          expect(roundedAmount(text, written + finer, rounding, 'amount')).toEqual(expected);
        }
      }),
    );
  });

  test('what does not fit lies between its roundings, one apart', () => {
    fc.assert(
      fc.property(amount, decimals, decimals, (value, kept, dropped) => {
        const text = formatDecimal(value, kept + dropped);
        const down = amountDown(text, kept, 'amount');
        const up = amountUp(text, kept, 'amount');
        const scale = 10n ** BigInt(dropped);
        expect(down * scale <= value && value <= up * scale).toBe(true);
        expect(up - down).toBe(value % scale === 0n ? 0n : 1n);
        expect(roundedAmount(text, kept, 'up', 'amount').isExact).toBe(up === down);
      }),
    );
  });

  test('exponents are read, products are exact before they are rounded', () => {
    expect(roundedAmount('1e-08', 8, 'down', 'amount')).toEqual({ value: 1n, isExact: true });
    expect(roundedAmount('1.5E+3', 0, 'down', 'amount')).toEqual({ value: 1500n, isExact: true });
    expect(roundedAmount('1e-99', 8, 'up', 'amount')).toEqual({ value: 1n, isExact: false });
    expect(roundedProduct('26599.9', '0.00512345', 5, 'up', 'cost')).toBe(13_628_326n);
    expect(roundedProduct('26599.9', '0.00512345', 5, 'down', 'cost')).toBe(13_628_325n);
  });

  test('amounts compare by value, however they are written', () => {
    expect(compareAmounts('0.10', '1e-1')).toBe(0);
    expect(compareAmounts('0.1', '0.2')).toBeLessThan(0);
    expect(compareAmounts('1e2', '99.999')).toBeGreaterThan(0);
  });
});
