/**
 * From a frame's bytes to what it says. Book frames in the venue's usual form are read from their bytes without making
 * an object; every other frame goes through JSON, and a book frame then ends up in the same place with the same content.
 */

import { ASK, BID, BookFrame } from '../../../market/book-frame.ts';
import type { InstrumentDirectory, InstrumentIndex } from '../../../market/instrument.ts';
import { NOT_FOUND, type SymbolTable } from '../../../market/symbol-table.ts';
import { reasonOf } from '../../../platform/errors.ts';
import { FRAME_KIND, type ListBounds, type MarketDecoder, type MarketNews } from '../../market-data.ts';
import { isBookJson, type LevelJson, parseBookJson } from './book-json.ts';
import { BookScanner } from './book-scanner.ts';
import { newsOf } from './market-news.ts';

const TEXT = new TextDecoder();
const SYMBOL_FIELD = /"symbol"\s*:\s*"([^"]{1,64})"/g;
const REASON_MAX = 120;

export class FrameDecoder implements MarketDecoder {
  /** Book messages of the newest frame. Valid until the next. */
  readonly book = new BookFrame();
  /** The newest frame that was no book frame, parsed. */
  #json: unknown;
  /** What is wrong with the newest malformed frame. */
  why = '';
  /** Book frames that were not in the usual form. */
  fallbacks = 0;
  readonly #symbols: SymbolTable;
  readonly #plain: BookScanner;
  readonly #escaped: BookScanner;

  constructor(symbols: SymbolTable) {
    this.#symbols = symbols;
    this.#plain = new BookScanner(symbols, 'plain');
    this.#escaped = new BookScanner(symbols, 'escaped');
  }

  /** Whether `bytes[start … end)`, the inside of a JSON string, is a book frame in the usual form; {@link book} has it then. */
  scanEscaped(bytes: Uint8Array, start: number, end: number): boolean {
    this.book.clear();
    return this.#escaped.scan(bytes, start, end, this.book);
  }

  /** Whether `bytes[start … end)` is a book frame in the usual form; {@link book} has it then. */
  scan(bytes: Uint8Array, start: number, end: number): boolean {
    this.book.clear();
    return this.#plain.scan(bytes, start, end, this.book);
  }

  /** Reads one frame. @returns a FRAME_KIND. Never throws. */
  decode(bytes: Uint8Array, start: number, end: number): number {
    if (this.scan(bytes, start, end)) return FRAME_KIND.BOOK;
    return this.decodeGeneral(TEXT.decode(bytes.subarray(start, end)));
  }

  /** The general decoder, for any valid JSON: the reference that the scanner is compared with. Never throws. */
  decodeGeneral(text: string): number {
    this.book.clear();
    try {
      this.#json = JSON.parse(text);
      if (!isBookJson(this.#json)) return FRAME_KIND.NEWS;
      this.#takeBook(text);
      this.fallbacks++;
      return FRAME_KIND.BOOK;
    } catch (thrown) {
      this.book.clear();
      this.why = reasonOf(thrown).slice(0, REASON_MAX);
      return FRAME_KIND.MALFORMED;
    }
  }

  news(directory: InstrumentDirectory, bounds: ListBounds): MarketNews {
    return newsOf(this.#json, directory, bounds);
  }

  /** Instruments whose symbol stands in a frame that could not be decoded. Empty when none can be recognised. */
  instrumentsIn(bytes: Uint8Array, start: number, end: number): InstrumentIndex[] {
    const symbols = [...TEXT.decode(bytes.subarray(start, end)).matchAll(SYMBOL_FIELD)].map(
      ([, symbol = '']) => symbol,
    );
    return [...new Set(symbols.map((symbol) => this.#symbols.named(symbol)))].filter((found) => found !== NOT_FOUND);
  }

  #takeBook(text: string): void {
    const { type, data } = parseBookJson(text);
    for (const { symbol, bids, asks, checksum } of data) {
      for (const level of bids) this.#takeLevel(level, BID);
      for (const level of asks) this.#takeLevel(level, ASK);
      if (!this.book.setChecksum(Buffer.from(checksum), 0, checksum.length))
        throw new RangeError('checksum: expected 32 bits');
      this.book.endMessage(this.#symbols.named(symbol), symbol, type === 'snapshot');
    }
  }

  #takeLevel({ price, qty }: LevelJson, side: number): void {
    const position = 2 * this.book.addLevel(side);
    if (this.book.setLexeme(position, price) && this.book.setLexeme(position + 1, qty)) return;
    throw new RangeError('a number out of range');
  }
}
