/**
 * Reads `book` frames from their bytes in the one form that the venue writes: no spaces, fields in this order, levels as
 * price and quantity. It knows that form in two spellings: as on the wire, and as the inside of a JSON string, where
 * every quote has a backslash before it, so that a capture is read without unescaping it first.
 *
 * A deviation is not an error here: {@link BookScanner.scan} says false and the general decoder decides. So the
 * scanner accepts nothing that the general decoder would refuse or understand otherwise.
 */
import { ASK, BID, type BookFrame } from '../../../market/book-frame.ts';
import { HASH_START, hashStep, NOT_FOUND, type SymbolTable } from '../../../market/symbol-table.ts';

export type Spelling = 'plain' | 'escaped';

const QUOTE = 0x22;
const COMMA = 0x2c;
const POINT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const CLOSE_BRACKET = 0x5d;
const BACKSLASH = 0x5c;
const NO_MATCH = -1;
/** More digits than this a double does not hold exactly. */
const EXACT_DIGITS = 15;
const TEXT = new TextDecoder();

export class BookScanner {
  readonly #symbols: SymbolTable;
  /** First byte of the end of a string. */
  readonly #closing: number;
  readonly #head: Uint8Array;
  readonly #snapshot: Uint8Array;
  readonly #update: Uint8Array;
  readonly #bids: Uint8Array;
  readonly #asks: Uint8Array;
  readonly #price: Uint8Array;
  readonly #qty: Uint8Array;
  readonly #checksum: Uint8Array;
  readonly #timestamp: Uint8Array;
  readonly #nextMessage: Uint8Array;
  readonly #quote: Uint8Array;

  constructor(symbols: SymbolTable, spelling: Spelling) {
    const template = (text: string): Uint8Array =>
      Buffer.from(spelling === 'plain' ? text : text.replaceAll('"', '\\"'));
    this.#symbols = symbols;
    this.#closing = spelling === 'plain' ? QUOTE : BACKSLASH;
    this.#head = template('{"channel":"book","type":"');
    this.#snapshot = template('snapshot","data":[{"symbol":"');
    this.#update = template('update","data":[{"symbol":"');
    this.#bids = template('","bids":[');
    this.#asks = template(',"asks":[');
    this.#price = template('{"price":');
    this.#qty = template(',"qty":');
    this.#checksum = template(',"checksum":');
    this.#timestamp = template(',"timestamp":"');
    this.#nextMessage = template(',{"symbol":"');
    this.#quote = template('"');
  }

  /** Fills `frame` from `bytes[start … end)`. False when it is not in this form; `frame` is then to be thrown away. */
  scan(bytes: Uint8Array, start: number, end: number, frame: BookFrame): boolean {
    let at = skip(bytes, start, this.#head);
    if (at === NO_MATCH) return false;
    const isSnapshot = bytes[at] === 0x73; // s
    at = skip(bytes, at, isSnapshot ? this.#snapshot : this.#update);
    while (at !== NO_MATCH) {
      at = this.#message(bytes, at, isSnapshot, frame);
      if (at === NO_MATCH) return false;
      if (bytes[at] === COMMA) at = skip(bytes, at, this.#nextMessage);
      // Only here the end is compared: reading past it on the way cannot end exactly there.
      else return bytes[at] === CLOSE_BRACKET && bytes[at + 1] === CLOSE_BRACE && at + 2 === end;
    }
    return false;
  }

  /** One element of `data`, from its symbol to behind its brace. */
  #message(bytes: Uint8Array, start: number, isSnapshot: boolean, frame: BookFrame): number {
    let hash = HASH_START;
    let at = start;
    for (let byte = bytes[at] as number; byte !== this.#closing; byte = bytes[++at] as number) {
      if (!isPlainText(byte)) return NO_MATCH;
      hash = hashStep(hash, byte);
    }
    const instrument = this.#symbols.find(bytes, start, at, hash);
    const symbolEnd = at;
    at = this.#levels(bytes, skip(bytes, at, this.#bids), BID, frame);
    at = this.#levels(bytes, skip(bytes, at, this.#asks), ASK, frame);
    at = skip(bytes, at, this.#checksum);
    if (at === NO_MATCH) return NO_MATCH;
    const digitsEnd = endOfDigits(bytes, at);
    if (!frame.setChecksum(bytes, at, digitsEnd)) return NO_MATCH;
    at = digitsEnd;
    if (bytes[at] === COMMA) at = this.#skipTimestamp(bytes, at);
    if (at === NO_MATCH || bytes[at] !== CLOSE_BRACE) return NO_MATCH;
    const symbol = instrument === NOT_FOUND ? TEXT.decode(bytes.subarray(start, symbolEnd)) : '';
    frame.endMessage(instrument, symbol, isSnapshot);
    return at + 1;
  }

  /** The levels of one side, up to behind their bracket. */
  #levels(bytes: Uint8Array, start: number, side: number, frame: BookFrame): number {
    let at = start;
    if (bytes[at] === CLOSE_BRACKET) return at + 1;
    while (bytes[at] === OPEN_BRACE) {
      const position = 2 * frame.addLevel(side);
      at = number(bytes, skip(bytes, at, this.#price), frame, position);
      at = number(bytes, skip(bytes, at, this.#qty), frame, position + 1);
      if (at === NO_MATCH || bytes[at] !== CLOSE_BRACE) return NO_MATCH;
      const next = bytes[at + 1];
      at += 2;
      if (next === CLOSE_BRACKET) return at;
      if (next !== COMMA) return NO_MATCH;
    }
    return NO_MATCH;
  }

  #skipTimestamp(bytes: Uint8Array, start: number): number {
    let at = skip(bytes, start, this.#timestamp);
    if (at === NO_MATCH) return NO_MATCH;
    while (bytes[at] !== this.#closing) if (!isPlainText(bytes[at++] as number)) return NO_MATCH;
    return skip(bytes, at, this.#quote);
  }
}

/** Where `template` ends that begins at `at`, or NO_MATCH. Takes NO_MATCH as a start and passes it on. */
function skip(bytes: Uint8Array, at: number, template: Uint8Array): number {
  if (at === NO_MATCH) return NO_MATCH;
  for (let index = 0; index < template.length; index++) if (bytes[at + index] !== template[index]) return NO_MATCH;
  return at + template.length;
}

/** A byte that stands for itself in a JSON string. Past the end of the array it is `undefined` and says false. */
function isPlainText(byte: number): boolean {
  return byte >= 0x20 && byte !== QUOTE && byte !== BACKSLASH;
}

const isDigit = (byte: number): boolean => byte >= ZERO && byte <= NINE;

/** The number at `at`, into `frame` at `position`. Returns where it ends, or NO_MATCH. */
function number(bytes: Uint8Array, start: number, frame: BookFrame, position: number): number {
  if (start === NO_MATCH) return NO_MATCH;
  let at = start;
  let value = 0;
  while (isDigit(bytes[at] as number)) value = value * 10 + (bytes[at++] as number) - ZERO;
  const wholeDigits = at - start;
  if (wholeDigits === 0 || (wholeDigits > 1 && bytes[start] === ZERO)) return NO_MATCH;
  let decimals = 0;
  if (bytes[at] === POINT) {
    const point = at++;
    while (isDigit(bytes[at] as number)) value = value * 10 + (bytes[at++] as number) - ZERO;
    decimals = at - point - 1;
    if (decimals === 0) return NO_MATCH;
  }
  const after = bytes[at] as number;
  const isPlain = after === COMMA || after === CLOSE_BRACE;
  if (!isPlain || (wholeDigits + decimals > EXACT_DIGITS && value >= 1e15))
    return rareNumber(bytes, start, frame, position);
  frame.digits[position] = value;
  frame.decimals[position] = decimals;
  return decimals > 60 ? NO_MATCH : at;
}

/** Exponents, and digits beyond what a double holds. */
function rareNumber(bytes: Uint8Array, start: number, frame: BookFrame, position: number): number {
  let end = start;
  while (bytes[end] !== COMMA && bytes[end] !== CLOSE_BRACE && end - start < 80) end++;
  return frame.setLexeme(position, TEXT.decode(bytes.subarray(start, end))) ? end : NO_MATCH;
}

function endOfDigits(bytes: Uint8Array, start: number): number {
  let at = start;
  while (isDigit(bytes[at] as number)) at++;
  return at;
}
