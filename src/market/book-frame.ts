/**
 * The book messages of one frame, as numbers in arrays that are used again for the next frame. A number of the wire is
 * kept as it was written: its digits as an integer, and how many of them stand after the point.
 */

import { formatDecimal } from '../money/money.ts';
import type { InstrumentIndex } from './instrument.ts';

/** Digits that a double holds exactly, in every case. */
const EXACT_DIGITS = 15;
/** A lexeme longer than this, or with an exponent beyond it, is no number of a market. */
const LEXEME_MAX = 64;
const LEXEME = /^(0|[1-9]\d*)(?:\.(\d+))?(?:[eE]([+-]?\d{1,2}))?$/;

/** Prices are below this: a ladder sorts them as doubles. */
const PRICE_TICKS_END = 2n ** 53n;
/** Quantities are below this: what a slot of the deltas ring has room for. */
const QTY_LOTS_END = 2n ** 96n;
const CHECKSUM_MAX = 0xffff_ffff;
const ZERO = 0x30;

export const BID = 0;
export const ASK = 1;

export class BookFrame {
  messageCount = 0;
  levelCount = 0;
  /** Per message: instrument, or NOT_FOUND when its symbol is not known; {@link symbols} has it then. */
  readonly instruments: InstrumentIndex[] = [];
  readonly symbols: string[] = [];
  readonly isSnapshot: boolean[] = [];
  checksums = new Uint32Array(64);
  /** Per message: its levels are `firstLevels[m] … firstLevels[m + 1]`. */
  readonly firstLevels: number[] = [0];
  /** Per level: BID or ASK. */
  sides = new Uint8Array(1_024);
  /** Digits of price (at `2 * level`) and quantity (at `2 * level + 1`) as an integer; NaN when {@link large} has them. */
  digits = new Float64Array(2_048);
  /** Digits after the point, as written. */
  decimals = new Uint8Array(2_048);
  /** Digits beyond what a double holds exactly, by the same position. */
  readonly large = new Map<number, bigint>();
  /** What {@link scale} could not take. */
  refusal = '';

  clear(): void {
    this.messageCount = 0;
    this.levelCount = 0;
    if (this.large.size > 0) this.large.clear();
  }

  /**
   * Notes the checksum of the message at hand: the digits in `bytes[start … end)`. False when they are no 32-bit integer
   * as JSON writes it. It goes into the array here, since a function that returned it would make a heap number of it.
   */
  setChecksum(bytes: Uint8Array, start: number, end: number): boolean {
    const length = end - start;
    if (length === 0 || length > 10 || (length > 1 && bytes[start] === ZERO)) return false;
    let value = 0;
    for (let at = start; at < end; at++) value = value * 10 + (bytes[at] as number) - ZERO;
    if (value > CHECKSUM_MAX) return false;
    if (this.messageCount === this.checksums.length) this.#growMessages();
    this.checksums[this.messageCount] = value;
    return true;
  }

  /** Ends a message: its levels are those added since the last one ended, its checksum the one set last. */
  endMessage(instrument: InstrumentIndex, symbol: string, isSnapshot: boolean): void {
    const message = this.messageCount++;
    this.instruments[message] = instrument;
    this.symbols[message] = symbol;
    this.isSnapshot[message] = isSnapshot;
    this.firstLevels[message + 1] = this.levelCount;
  }

  /** Makes room for one more level and returns its number; the caller fills it in. */
  addLevel(side: number): number {
    const level = this.levelCount++;
    if (level === this.sides.length) this.#grow();
    this.sides[level] = side;
    return level;
  }

  /** Takes a number over from its text. False when it is none that a market could mean. */
  setLexeme(position: number, text: string): boolean {
    const match = text.length > LEXEME_MAX ? null : LEXEME.exec(text);
    if (match === null) return false;
    const [, whole = '', fraction = '', exponent = '0'] = match;
    const decimals = fraction.length - Number(exponent);
    const digits = BigInt(whole + fraction) * 10n ** BigInt(Math.max(0, -decimals));
    const isSmall = digits < 10n ** BigInt(EXACT_DIGITS);
    this.digits[position] = isSmall ? Number(digits) : Number.NaN;
    if (!isSmall) this.large.set(position, digits);
    this.decimals[position] = Math.max(0, decimals);
    return true;
  }

  /**
   * Turns the digits of a message into units of the given precisions, in place. False when one does not fit exactly or
   * is too large to count: the message is then to be refused, never rounded, and {@link refusal} says which.
   */
  scale(message: number, pricePrecision: number, qtyPrecision: number): boolean {
    const end = 2 * (this.firstLevels[message + 1] as number);
    for (let position = 2 * (this.firstLevels[message] as number); position < end; position += 2) {
      if (!this.#scaleOne(position, pricePrecision, PRICE_TICKS_END)) return false;
      if (!this.#scaleOne(position + 1, qtyPrecision, QTY_LOTS_END)) return false;
    }
    return true;
  }

  /** The digits at `position` in units of 10^-`precision`, exactly; undefined when they do not fit. Changes nothing. */
  scaledExactly(position: number, precision: number): bigint | undefined {
    const digits = this.large.get(position) ?? BigInt(this.digits[position] as number);
    const shift = precision - (this.decimals[position] as number);
    const divisor = 10n ** BigInt(Math.max(0, -shift));
    if (digits % divisor !== 0n) return undefined;
    return (digits / divisor) * 10n ** BigInt(Math.max(0, shift));
  }

  #scaleOne(position: number, precision: number, end: bigint): boolean {
    const digits = this.digits[position] as number;
    const shift = precision - (this.decimals[position] as number);
    if (shift === 0 && !Number.isNaN(digits)) return true;
    const value = shift >= 0 ? digits * powerOfTen(shift) : digits / powerOfTen(-shift);
    if (!Number.isSafeInteger(value)) return this.#scaleLarge(position, precision, end);
    this.digits[position] = value;
    return true;
  }

  #scaleLarge(position: number, precision: number, end: bigint): boolean {
    const value = this.scaledExactly(position, precision);
    if (value === undefined || value >= end) return this.#refuse(position, precision, value, end);
    this.digits[position] = Number.NaN;
    this.large.set(position, value);
    return true;
  }

  #refuse(position: number, precision: number, value: bigint | undefined, end: bigint): false {
    const what = position % 2 === 0 ? 'price' : 'quantity';
    this.refusal =
      value === undefined
        ? `a ${what} has more than the ${precision} decimals announced`
        : `a ${what} too large to count (at most ${formatDecimal(end - 1n, precision)}): ${formatDecimal(value, precision)}`;
    return false;
  }

  #growMessages(): void {
    const { checksums } = this;
    this.checksums = new Uint32Array(checksums.length * 2);
    this.checksums.set(checksums);
  }

  #grow(): void {
    const { sides, digits, decimals } = this;
    this.sides = new Uint8Array(sides.length * 2);
    this.digits = new Float64Array(digits.length * 2);
    this.decimals = new Uint8Array(decimals.length * 2);
    this.sides.set(sides);
    this.digits.set(digits);
    this.decimals.set(decimals);
  }
}

const POWERS_OF_TEN = Float64Array.from({ length: 23 }, (_, power) => Number(`1e${power}`));

/** Exact up to 10^22; beyond, NaN: the caller uses exact arithmetic. */
function powerOfTen(power: number): number {
  return power < POWERS_OF_TEN.length ? (POWERS_OF_TEN[power] as number) : Number.NaN;
}
