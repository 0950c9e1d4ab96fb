/**
 * Money is integers. A price counts in ticks, a quantity in lots, cash in units, each with its own type, so that one
 * cannot be passed for another, and a bare bigint for none. Units of which asset, and ticks and lots of which instrument,
 * the types do not say: that stands beside them. What is computed with operators is bare again; {@link plus} and its like
 * keep the kind. Decimal text exists only at the edges and converts exactly or not at all.
 */
import { arbitradeError } from '../platform/errors.ts';

declare const unit: unique symbol;

/** A price in units of 10^-`pricePrecision` of its instrument: the finest price the venue's wire can express. */
export type Ticks = bigint & { readonly [unit]: 'ticks' };
/** A quantity of base asset in units of 10^-`qtyPrecision` of its instrument. */
export type Lots = bigint & { readonly [unit]: 'lots' };
/** An amount of one asset in units of 10^-`precision` of that asset. */
export type Units = bigint & { readonly [unit]: 'units' };
/** What can be added up and compared, each kind with its own only. */
export type Amount = Ticks | Lots | Units;
/** A fee rate in parts per million: 0.26 % is 2,600. */
export type PartsPerMillion = number & { readonly [unit]: 'ppm' };

export const ticks = (value: bigint): Ticks => value as Ticks;
export const lots = (value: bigint): Lots => value as Lots;
export const units = (value: bigint): Units => value as Units;

export const NO_LOTS = lots(0n);
export const NO_UNITS = units(0n);

export const PPM = 1_000_000n;

/** The largest amount that a message or a column of the database holds. */
export const INT64_MAX = 2n ** 63n - 1n;

/** JSON number or plain decimal text: sign, digits, fraction, exponent. */
const DECIMAL = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,3}))?$/;

/**
 * Scales decimal text to an integer count of 10^-`decimals`, exactly. Accepts exponents (`1e-08`).
 * @throws DECIMAL_INVALID when it is no number, DECIMAL_DOES_NOT_FIT when digits would be lost.
 */
export function parseDecimal(text: string, decimals: number, what = 'number'): bigint {
  const match = DECIMAL.exec(text);
  if (match === null) throw arbitradeError('DECIMAL_INVALID', what, text);
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match;
  const digits = whole + fraction;
  const shift = decimals - fraction.length + Number(exponent);
  const magnitude =
    shift >= 0 ? BigInt(digits) * 10n ** BigInt(shift) : dropZeros(digits, -shift, text, decimals, what);
  return sign === '-' ? -magnitude : magnitude;
}

function dropZeros(digits: string, count: number, text: string, decimals: number, what: string): bigint {
  const divisor = 10n ** BigInt(count);
  const value = BigInt(digits);
  if (value % divisor !== 0n) throw arbitradeError('DECIMAL_DOES_NOT_FIT', what, text, decimals);
  return value / divisor;
}

/** Decimal text of `value` × 10^-`decimals` with exactly `decimals` places, never with an exponent. */
export function formatDecimal(value: bigint, decimals: number): string {
  const negative = value < 0n;
  const digits = (negative ? -value : value).toString().padStart(decimals + 1, '0');
  const point = digits.length - decimals;
  const text = decimals === 0 ? digits : `${digits.slice(0, point)}.${digits.slice(point)}`;
  return negative ? `-${text}` : text;
}

/** Decimals that `strategy.min_edge_bps` may have: it is compared exactly. */
export const EDGE_DECIMALS = 12;

/** Decimals that amounts in the settings may have at most. */
const AMOUNT_DECIMALS = 18;

/**
 * An amount of the settings in units of 10^-`decimals`; digits that do not fit are dropped, so a limit becomes stricter
 * and a balance smaller, never the reverse. @throws DECIMAL_INVALID
 */
export function parseAmountDown(text: string, decimals: number, what = 'amount'): bigint {
  const finest = parseDecimal(text, AMOUNT_DECIMALS, what);
  return divideDown(finest * 10n ** BigInt(decimals), 10n ** BigInt(AMOUNT_DECIMALS));
}

/** Integer quotient rounded towards minus infinity. `divisor` is positive. */
export function divideDown(value: bigint, divisor: bigint): bigint {
  const quotient = value / divisor;
  return value % divisor < 0n ? quotient - 1n : quotient;
}

/** Integer quotient rounded towards plus infinity. `divisor` is positive. */
export function divideUp(value: bigint, divisor: bigint): bigint {
  return -divideDown(-value, divisor);
}

/** The least positive integer that both positive integers divide. */
export function leastCommonMultiple(a: bigint, b: bigint): bigint {
  let [divisor, rest] = [a, b];
  while (rest !== 0n) [divisor, rest] = [rest, divisor % rest];
  return (a / divisor) * b;
}

/** The largest of some integers, of any size. */
export function largest<A extends bigint>(first: A, ...others: readonly A[]): A {
  let most = first;
  for (const value of others) if (value > most) most = value;
  return most;
}

/** The sum of two amounts of the same kind. */
export const plus = <A extends Amount>(a: A, b: NoInfer<A>): A => (a + b) as A;
/** The difference of two amounts of the same kind. */
export const minus = <A extends Amount>(a: A, b: NoInfer<A>): A => ((a as bigint) - b) as A;
export const negated = <A extends Amount>(a: A): A => -(a as bigint) as A;
/** Whether `a` is more than `b`, an amount of the same kind. */
export const isMore = <A extends Amount>(a: A, b: NoInfer<A>): boolean => a > b;

/** The smaller of two integers, of any size. */
export function smaller<A extends bigint>(a: A, b: A): A {
  if (a < b) return a;
  return b;
}

/** Decimals of a percentage that is whole parts per million. */
const PERCENT_DECIMALS = 4;

/** A rate as a percentage, such as `0.2600`. */
export function formatPercent(ppm: PartsPerMillion): string {
  return formatDecimal(BigInt(ppm), PERCENT_DECIMALS);
}

/** A percentage such as `0.26` as parts per million, exactly. @throws like {@link parseDecimal}. */
export function parsePercent(text: string, what = 'percentage'): PartsPerMillion {
  return Number(parseDecimal(text, PERCENT_DECIMALS, what)) as PartsPerMillion;
}
