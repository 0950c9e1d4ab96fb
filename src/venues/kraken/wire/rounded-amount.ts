/**
 * Amounts of the venue that may be finer than our unit: rounded in the direction that the caller says is safe, instead of
 * refused, for an amount that exists has to be booked.
 */
import { divideDown, divideUp, INT64_MAX, parseDecimal } from '../../../money/money.ts';

/** Decimals of the finest amount that is read at all: 64 characters with an exponent of two digits are no finer. */
const FINEST = 170;

export type Rounding = 'up' | 'down';

export interface RoundedAmount {
  readonly value: bigint;
  /** False when digits were rounded away. */
  readonly isExact: boolean;
}

/** `text` in units of 10^-`decimals`, rounded towards minus infinity. @throws DECIMAL_INVALID, DECIMAL_DOES_NOT_FIT. */
export function amountDown(text: string, decimals: number, what: string): bigint {
  return roundedAmount(text, decimals, 'down', what).value;
}

/** The same, rounded towards plus infinity. */
export function amountUp(text: string, decimals: number, what: string): bigint {
  return roundedAmount(text, decimals, 'up', what).value;
}

/** `text` in units of 10^-`decimals`, and whether that is all of it. @throws DECIMAL_INVALID, DECIMAL_DOES_NOT_FIT. */
export function roundedAmount(text: string, decimals: number, rounding: Rounding, what: string): RoundedAmount {
  if (fits(text, decimals)) return { value: parseDecimal(text, decimals, what), isExact: true };
  return rounded(parseDecimal(text, FINEST, what), FINEST - decimals, rounding);
}

/** The product of two decimals in units of 10^-`decimals`. @throws DECIMAL_INVALID, DECIMAL_DOES_NOT_FIT. */
export function roundedProduct(a: string, b: string, decimals: number, rounding: Rounding, what: string): bigint {
  const product = parseDecimal(a, FINEST, what) * parseDecimal(b, FINEST, what);
  return rounded(product, 2 * FINEST - decimals, rounding).value;
}

/** Below 0 when `a` is less than `b`, 0 when they are the same amount, however it is written. */
export function compareAmounts(a: string, b: string): number {
  if (a === b) return 0;
  const difference = parseDecimal(a, FINEST) - parseDecimal(b, FINEST);
  if (difference === 0n) return 0;
  return difference < 0n ? -1 : 1;
}

/** Whether messages and the database can hold an amount; one that is larger would turn into another. */
export function isCountable(amount: bigint): boolean {
  return amount <= INT64_MAX && amount >= -INT64_MAX;
}

/** The usual case, without numbers of two hundred digits. */
function fits(text: string, decimals: number): boolean {
  const fraction = /^-?\d+(?:\.(\d+))?$/.exec(text);
  return fraction !== null && (fraction[1]?.length ?? 0) <= decimals;
}

function rounded(value: bigint, places: number, rounding: Rounding): RoundedAmount {
  const divisor = 10n ** BigInt(places);
  return {
    value: rounding === 'up' ? divideUp(value, divisor) : divideDown(value, divisor),
    isExact: value % divisor === 0n,
  };
}
