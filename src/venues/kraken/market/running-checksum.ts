/**
 * Kraken's book checksum of a {@link Ladders} book, kept up to date: the register of each level is computed once, when the
 * level changes, and the joined register up to each of the best ten levels is kept, so that a change costs the levels from
 * it on. A change below the tenth level costs nothing.
 */
import { type ClampedLevels, isClamped } from '../../../market/clamped-levels.ts';
import { type Ladders, LEVEL_WORDS } from '../../../market/ladders.ts';
import { CHECKSUM_LEVELS } from './checksum.ts';
import { advance, appendedDigits, appendInteger, appendText, appendWide } from './crc32.ts';

const LEVELS = CHECKSUM_LEVELS; // local: an import is looked up on every use
const { price: PRICE, qty: QTY, memo: MEMO, packed: PACKED } = LEVEL_WORDS;
/** The text begins with the asks, and the register with all ones. */
const ASKS_START = -1;
/** Where the whole checksum is kept, behind the registers and lengths of the bids' prefixes. */
const TOTAL = 2 * LEVELS;
const TWO_32 = 4_294_967_296;
const TWO_53_HIGH = 0x20_0000; // high word of 2^53
const SAFE = Number.MAX_SAFE_INTEGER;
const POWERS = Float64Array.from({ length: 23 }, (_, exponent) => 10 ** exponent);

export class RunningChecksum {
  readonly #books: Ladders;
  readonly #clamped: ClampedLevels;
  #raw = false;
  #pricePrecision = 0;
  #qtyPrecision = 0;

  /** @param clamped has the exact quantities of levels that `books` cannot hold. */
  constructor(books: Ladders, clamped: ClampedLevels) {
    this.#books = books;
    this.#clamped = clamped;
  }

  /**
   * The checksum of a book as a signed word: unsigned it would often be an object. The levels must have been cut to the
   * depth. For the raw variant the decimals
   * written are compared with the instrument's precisions; the padded one ignores all three.
   * After another variant was used on the same book, call {@link Ladders.unsettle} on both sides first.
   */
  of(bids: number, asks: number, raw: boolean, pricePrecision: number, qtyPrecision: number): number {
    this.#raw = raw;
    this.#pricePrecision = pricePrecision;
    this.#qtyPrecision = qtyPrecision;
    const books = this.#books;
    const { words } = books;
    const total = books.prefix(bids) + TOTAL;
    const asksChanged = this.#join(asks, ASKS_START);
    if (!this.#join(bids, 0) && !asksChanged) return words[total] as number;
    const askLevels = Math.min(books.count(asks), LEVELS);
    const bidLevels = Math.min(books.count(bids), LEVELS);
    const askRegister = askLevels === 0 ? ASKS_START : (words[books.prefix(asks) + askLevels - 1] as number);
    const bidEnd = books.prefix(bids) + bidLevels - 1;
    const joined =
      bidLevels === 0
        ? askRegister
        : advance(askRegister, words[bidEnd + LEVELS] as number) ^ (words[bidEnd] as number);
    words[total] = ~joined;
    return ~joined;
  }

  /** Brings the registers and lengths of a side's prefixes up to date. False when none of the best ten changed. */
  #join(side: number, start: number): boolean {
    const books = this.#books;
    const { words } = books;
    const first = books.firstChanged(side);
    if (first >= LEVELS) return false;
    const levels = Math.min(books.count(side), LEVELS);
    const prefix = books.prefix(side);
    let register = first === 0 ? start : (words[prefix + first - 1] as number);
    let digits = first === 0 ? 0 : (words[prefix + LEVELS + first - 1] as number);
    for (let index = first; index < levels; index++) {
      const level = books.level(side, index);
      let length = (words[level + PACKED] as number) >> 16;
      if (length === 0) length = this.#digest(side, level, index);
      register = advance(register, length) ^ (words[level + MEMO] as number);
      digits += length;
      words[prefix + index] = register;
      words[prefix + LEVELS + index] = digits;
    }
    books.settle(side);
    return true;
  }

  /** Computes a level's register, keeps it as the level's memo, and returns the number of digits. */
  #digest(side: number, level: number, index: number): number {
    const { words } = this.#books;
    const packed = words[level + PACKED] as number;
    const priceShift = this.#raw ? (packed & 255) - this.#pricePrecision : 0;
    const qtyShift = this.#raw ? ((packed >> 8) & 255) - this.#qtyPrecision : 0;
    let register = append(0, words[level + PRICE] as number, words[level + PRICE + 1] as number, priceShift);
    let digits = appendedDigits();
    register = isClamped(words, level)
      ? this.#appendExact(register, side, index, qtyShift)
      : append(register, words[level + QTY] as number, words[level + QTY + 1] as number, qtyShift);
    digits += appendedDigits();
    words[level + MEMO] = register;
    words[level + PACKED] = (packed & 0xffff) | (digits << 16);
    return digits;
  }

  /** Register after the quantity of a level of which the ladder holds less than the venue wrote. */
  #appendExact(register: number, side: number, index: number, shift: number): number {
    const exact = this.#clamped.exactLots(side, this.#books.priceTicks(side, index));
    return appendText(register, shiftedText(exact ?? this.#books.qtyLots(side, index), shift));
  }
}

/** The digits of an integer × 10^`shift`; a negative shift drops digits that are zero. */
function shiftedText(value: bigint, shift: number): string {
  return String(shift < 0 ? value / 10n ** BigInt(-shift) : value * 10n ** BigInt(shift));
}

/** Register after the digits of an integer × 10^`shift`, given as two words. */
function append(register: number, low: number, high: number, shift: number): number {
  if (high >>> 0 >= TWO_53_HIGH) return appendWide(register, low, high, shift);
  const whole = high * TWO_32 + (low >>> 0);
  // A division is exact: the digits dropped are zeros.
  const value = shift < 0 ? whole / (POWERS[-shift] as number) : whole * (POWERS[shift] as number);
  if (value > SAFE) return appendWide(register, low, high, shift);
  const upper = Math.floor(value / 1e8);
  return appendInteger(register, upper, (value - upper * 1e8) | 0);
}
