/**
 * Amounts of the venue that may be finer than our unit: rounded in the direction that the caller says is safe, instead of
 * refused, for an amount that exists has to be booked.
 */
import { divideDown, divideUp, parseDecimal } from '../../shared/money.ts';

/** Decimals of the finest amount that is read at all. */
const FINEST = 60;

/** `text` in units of 10^-`decimals`, rounded towards minus infinity. @throws DECIMAL_INVALID, DECIMAL_DOES_NOT_FIT. */
export function amountDown(text: string, decimals: number, what: string): bigint {
  return divideDown(parseDecimal(text, FINEST, what), 10n ** BigInt(FINEST - decimals));
}

/** The same, rounded towards plus infinity. */
export function amountUp(text: string, decimals: number, what: string): bigint {
  return divideUp(parseDecimal(text, FINEST, what), 10n ** BigInt(FINEST - decimals));
}
