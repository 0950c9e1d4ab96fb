/** Exact fractions of integers, where a single rounding at the very end is wanted. */

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
