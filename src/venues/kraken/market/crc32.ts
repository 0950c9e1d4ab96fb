/**
 * CRC-32 (IEEE 802.3, reflected polynomial 0xEDB88320) of decimal integers, without making their text.
 *
 * All functions work on the bare register: no initial value, no final inversion. The register is linear, so
 * `register(A ‖ B) = advance(register(A), length(B)) ^ register(B)`: pieces are computed once, kept, and joined.
 */

const POLYNOMIAL = 0xedb88320;
const ZERO = 48; // ASCII '0'

/** Register after one byte, from an empty register. */
const BYTE = Int32Array.from({ length: 256 }, (_, byte) => {
  let register = byte;
  for (let bit = 0; bit < 8; bit++) register = (register & 1) === 1 ? (register >>> 1) ^ POLYNOMIAL : register >>> 1;
  return register;
});

const step = (register: number, byte: number): number => (BYTE[(register ^ byte) & 255] as number) ^ (register >>> 8);

/** CRC-32 of a text's bytes, ASCII only: the simple implementation, for callers off the tick path. Unsigned. */
export function crc32(text: string): number {
  let register = -1;
  for (let at = 0; at < text.length; at++) register = step(register, text.charCodeAt(at));
  return ~register >>> 0;
}

/** Digits that the last `append…` call added. A second result without an object for it. */
let appended = 0;
export const appendedDigits = (): number => appended;

/** Register after the bytes of a text, ASCII only. Its length: {@link appendedDigits}. Not for the tick path. */
export function appendText(register: number, text: string): number {
  let after = register;
  for (let at = 0; at < text.length; at++) after = step(after, text.charCodeAt(at));
  appended = text.length;
  return after;
}

/** Advance tables: for 0 … 63 bytes, then for multiples of 64; four tables of 256 each, one per byte of the register. */
const NEAR = 64;
const FAR = 16;
const ADVANCE = new Int32Array((NEAR + FAR) * 1024);
for (let byte = 0; byte < 4; byte++) {
  for (let value = 0; value < 256; value++) {
    let register = value << (8 * byte);
    const entry = byte * 256 + value;
    for (let count = 0; count <= NEAR * (FAR - 1); count++) {
      if (count < NEAR) ADVANCE[count * 1024 + entry] = register;
      if (count % NEAR === 0) ADVANCE[(NEAR + count / NEAR) * 1024 + entry] = register;
      register = step(register, 0);
    }
  }
}

function lookUp(table: number, register: number): number {
  return (
    (ADVANCE[table + (register & 255)] as number) ^
    (ADVANCE[table + 256 + ((register >>> 8) & 255)] as number) ^
    (ADVANCE[table + 512 + ((register >>> 16) & 255)] as number) ^
    (ADVANCE[table + 768 + (register >>> 24)] as number)
  );
}

/** The register after `count` zero bytes more; `count` below 1,024. */
export function advance(register: number, count: number): number {
  const near = lookUp((count & (NEAR - 1)) << 10, register);
  return count < NEAR ? near : lookUp((NEAR + (count >> 6)) << 10, near);
}

/** Registers of 0 … 9999: with exactly four digits, and without leading zeros. */
const FOUR_DIGITS = new Int32Array(10_000);
const LEADING = new Int32Array(10_000);
for (let value = 0; value < 10_000; value++) {
  let [padded, bare] = [0, 0];
  for (const digit of String(value).padStart(4, '0')) padded = step(padded, digit.charCodeAt(0));
  for (const digit of String(value)) bare = step(bare, digit.charCodeAt(0));
  FOUR_DIGITS[value] = padded;
  LEADING[value] = bare;
}
const AFTER_FOUR = 4 << 10;

/**
 * Register after the decimal digits of an integer from 0 to 2^53, given as `upper` × 10^8 + `lower`: two halves that are
 * small integers, where the whole would often be an object. Its length: {@link appendedDigits}.
 */
export function appendInteger(register: number, upper: number, lower: number): number {
  if (upper === 0) return appendSmall(register, lower);
  const middle = (lower / 1e4) | 0;
  const after = appendFour(appendFour(appendSmall(register, upper), middle), lower - middle * 1e4);
  appended += 8;
  return after;
}

function appendSmall(register: number, value: number): number {
  if (value < 10_000) return appendLeading(register, value);
  const high = (value / 10_000) | 0;
  const after = appendFour(appendLeading(register, high), value - high * 10_000);
  appended += 4;
  return after;
}

function appendLeading(register: number, value: number): number {
  appended = value < 100 ? (value < 10 ? 1 : 2) : value < 1000 ? 3 : 4;
  return lookUp(appended << 10, register) ^ (LEADING[value] as number);
}

const appendFour = (register: number, value: number): number =>
  lookUp(AFTER_FOUR, register) ^ (FOUR_DIGITS[value] as number);

const LIMBS = new Int32Array(4);
const DIGITS = new Uint8Array(20); // 2^64 has 20 digits

/**
 * Register after the digits of an unsigned 64-bit integer of any size × 10^`exponent`; a negative exponent drops digits
 * that are zero. Slower than {@link appendInteger}: for what is beyond 2^53.
 */
export function appendWide(register: number, low: number, high: number, exponent: number): number {
  splitDigits(low, high);
  let first = 0;
  while (first < DIGITS.length - 1 && DIGITS[first] === 0) first++;
  const kept = DIGITS.length + Math.min(exponent, 0);
  let after = register;
  for (let at = first; at < kept; at++) after = step(after, ZERO + (DIGITS[at] as number));
  for (let zeros = 0; zeros < exponent; zeros++) after = step(after, ZERO);
  appended = Math.max(0, kept - first) + Math.max(0, exponent);
  return after;
}

/** Long division by ten over 16-bit limbs: no intermediate leaves 32 bits. */
function splitDigits(low: number, high: number): void {
  LIMBS[0] = high >>> 16;
  LIMBS[1] = high & 0xffff;
  LIMBS[2] = low >>> 16;
  LIMBS[3] = low & 0xffff;
  for (let at = DIGITS.length - 1; at >= 0; at--) {
    let rest = 0;
    for (let limb = 0; limb < 4; limb++) {
      const part = rest * 65_536 + (LIMBS[limb] as number);
      LIMBS[limb] = (part / 10) | 0;
      rest = part % 10;
    }
    DIGITS[at] = rest;
  }
}
