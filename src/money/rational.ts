/** Exact fractions of integers, where a single rounding at the very end is wanted. */

export interface Fraction {
  readonly numerator: bigint;
  /** Positive. */
  readonly denominator: bigint;
}

export const ONE: Fraction = { numerator: 1n, denominator: 1n };

export const times = (a: Fraction, b: Fraction): Fraction => ({
  numerator: a.numerator * b.numerator,
  denominator: a.denominator * b.denominator,
});

/** Whether `a` is less than `b`. */
export function isLess(a: Fraction, b: Fraction): boolean {
  return a.numerator * b.denominator < b.numerator * a.denominator;
}

/** 10^`exponent` as a pair of factors, the second to divide by. */
export function powerOfTen(exponent: number): [up: bigint, down: bigint] {
  return exponent >= 0 ? [10n ** BigInt(exponent), 1n] : [1n, 10n ** BigInt(-exponent)];
}

/** Bits a quotient is computed to before it is rounded to a double's 53: enough that a sticky bit decides ties. */
const QUOTIENT_BITS = 66;

const bitLength = (value: bigint): number => value.toString(2).length;

/**
 * The double nearest to `numerator / denominator`, ties to even: the fraction is rounded once. Both are positive, or
 * the numerator zero, and the result lies in the range of normal doubles.
 */
export function nearestDouble(numerator: bigint, denominator: bigint): number {
  if (numerator === 0n) return 0;
  const shift = QUOTIENT_BITS + bitLength(denominator) - bitLength(numerator);
  const scaled = shift >= 0 ? numerator << BigInt(shift) : numerator;
  const divisor = shift >= 0 ? denominator : denominator << BigInt(-shift);
  const quotient = scaled / divisor;
  const sticky = quotient * divisor === scaled ? quotient : quotient | 1n;
  return Number(sticky) * 2 ** -shift;
}
