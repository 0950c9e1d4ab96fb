/** Amounts, quantities and prices in memory and in messages: 64 bits, and never another number than the one that was meant. */

import { INT64_MAX, type Units } from '../money/money.ts';
import { arbitradeError } from '../platform/errors.ts';

/**
 * Writes `value` as an i64 at `offset`.
 * @throws AMOUNT_OVERFLOW when 64 bits do not hold it: cut off it would be another amount, and of the other sign.
 */
export function writeAmount(view: DataView, offset: number, value: bigint): void {
  if (value > INT64_MAX || value < -INT64_MAX) throw arbitradeError('AMOUNT_OVERFLOW', value);
  view.setBigInt64(offset, value, true);
}

/** Adds `units` to the i64 at `offset`. @throws AMOUNT_OVERFLOW, and leaves it as it was. */
export function addAmount(view: DataView, offset: number, units: Units): void {
  writeAmount(view, offset, view.getBigInt64(offset, true) + units);
}
