/**
 * A capture, prepared for playing: every book message as integers on one scale per symbol, instrument and status
 * messages as they were, and the state to begin with. Reading it also verifies the recording's own checksums.
 */

import { parseDecimal } from '../../money/money.ts';
import { integerOf, isObject, type Json, type JsonObject, lexemeOf, listOf, textOf } from '../../net/exact-json.ts';
import { arbitradeError } from '../../platform/errors.ts';
import type { CaptureRow, CaptureRows } from './capture-rows.ts';
import { chooseInstruments, type InstrumentEntries } from './instrument-entries.ts';
import { MarketBook } from './market-book.ts';
import { type Level, level, type Precision } from './market-level.ts';

/** Depths the venue offers for `book` (protocol reference 1.7). */
export const BOOK_DEPTHS = [10, 25, 100, 500, 1000] as const;

export interface BookEvent {
  readonly kind: 'book';
  readonly offsetMs: number;
  readonly symbol: string;
  readonly snapshot: boolean;
  readonly bids: readonly Level[];
  readonly asks: readonly Level[];
}

export interface StatusEvent {
  readonly kind: 'status';
  readonly offsetMs: number;
  readonly system: string;
}

export interface InstrumentEvent {
  readonly kind: 'instrument';
  readonly offsetMs: number;
  readonly entries: InstrumentEntries;
}

export type MarketEvent = BookEvent | StatusEvent | InstrumentEvent;

/** What is known of a symbol before the market opens. */
export interface TapeSymbol {
  readonly symbol: string;
  readonly depth: number;
  readonly scale: Precision;
  readonly wire: Precision;
  /** Its first snapshot: the book a subscriber finds when the market opens. */
  readonly opening: BookEvent;
}

export interface MarketTape {
  readonly events: readonly MarketEvent[];
  readonly symbols: readonly TapeSymbol[];
  readonly entries: InstrumentEntries;
  /** Length of the recording in milliseconds. */
  readonly lengthMs: number;
  /** Checksums of the recording itself. */
  readonly checksums: { readonly verified: number; readonly failed: number };
  /** What a user should know: what was synthesised, ignored or does not verify. */
  readonly notes: readonly string[];
}

/** A book message with its numbers still as text. */
interface RawBook {
  readonly row: CaptureRow;
  readonly symbol: string;
  readonly snapshot: boolean;
  readonly bids: readonly RawLevel[];
  readonly asks: readonly RawLevel[];
  readonly checksum: number;
}

interface RawLevel {
  readonly price: string;
  readonly qty: string;
}

/**
 * @param restEntries instrument entries to use when the capture has none; without them they are made from the books.
 * @throws CAPTURE_UNREADABLE when the capture has no book snapshot.
 */
export function readTape(file: string, { rows, malformed }: CaptureRows, restEntries?: InstrumentEntries): MarketTape {
  const raw = ownedBooks(rows);
  if (raw.length === 0) throw arbitradeError('CAPTURE_UNREADABLE', file, 'it has no book snapshot');
  const notes = malformed === 0 ? [] : [`${malformed} frames of the recording are no JSON object and are left out`];
  const instrumentRows = rows.filter((row) => channelOf(row) === 'instrument');
  const announced = instrumentRows.map((row) => entriesOf(row.message));
  const symbols = new Map<string, SymbolReader>();
  for (const book of raw) {
    const known = symbols.get(book.symbol);
    if (known === undefined) symbols.set(book.symbol, new SymbolReader(book, rows));
    else known.see(book);
  }
  const chosen = chooseInstruments(
    announced[0],
    restEntries,
    [...symbols.values()].map((one) => one.seen),
  );
  for (const reader of symbols.values()) reader.settle(chosen.entries, announced);
  const books = raw.map((book) => (symbols.get(book.symbol) as SymbolReader).event(book));
  // Where times are equal an announcement comes before the books that follow it.
  const events = [...statusEvents(rows), ...instrumentEvents(instrumentRows), ...books];
  events.sort((a, b) => a.offsetMs - b.offsetMs);
  const all = [...symbols.values()];
  const checksums = { verified: sum(all, (one) => one.verified), failed: sum(all, (one) => one.failed) };
  if (checksums.failed > 0) notes.push(`${checksums.failed} checksums of the recording itself do not verify`);
  const lengthMs = events.at(-1)?.offsetMs ?? 0;
  notes.push(...chosen.notes);
  return { events, symbols: all.map((one) => one.tapeSymbol()), entries: chosen.entries, lengthMs, checksums, notes };
}

/** Entries of an `instrument` message. */
export function entriesOf(message: JsonObject): InstrumentEntries {
  const data = message['data'];
  if (!isObject(data)) return { assets: [], pairs: [] };
  return { assets: listOf(data, 'assets').filter(isObject), pairs: listOf(data, 'pairs').filter(isObject) };
}

/** Learns what a symbol's messages look like, then turns them into events. */
class SymbolReader {
  readonly #symbol: string;
  readonly #depth: number;
  readonly #first: RawBook;
  #seenPrice = 0;
  #seenQty = 0;
  #scale: Precision = { price: 0, qty: 0 };
  #wire: Precision = { price: 0, qty: 0 };
  #check: MarketBook | undefined;
  #opening: BookEvent | undefined;
  verified = 0;
  failed = 0;

  constructor(first: RawBook, rows: readonly CaptureRow[]) {
    this.#symbol = first.symbol;
    this.#first = first;
    this.#depth = recordedDepth(first, rows);
    this.see(first);
  }

  /** What its numbers showed. */
  get seen(): { symbol: string; wire: Precision } {
    return { symbol: this.#symbol, wire: { price: this.#seenPrice, qty: this.#seenQty } };
  }

  see(book: RawBook): void {
    for (const { price, qty } of [...book.bids, ...book.asks]) {
      this.#seenPrice = Math.max(this.#seenPrice, decimalsOf(price));
      this.#seenQty = Math.max(this.#seenQty, decimalsOf(qty));
    }
  }

  /** Fixes the scale: the finest of what is written and what any instrument message announces. */
  settle(entries: InstrumentEntries, announced: readonly InstrumentEntries[]): void {
    const wires = [entries, ...announced].flatMap((one) => wireOf(one, this.#symbol) ?? []);
    this.#scale = {
      price: Math.max(this.#seenPrice, ...wires.map((wire) => wire.price)),
      qty: Math.max(this.#seenQty, ...wires.map((wire) => wire.qty)),
    };
    this.#wire = wires[0] ?? this.seen.wire;
  }

  event(book: RawBook): BookEvent {
    const bids = book.bids.map((raw) => this.#level(raw));
    const asks = book.asks.map((raw) => this.#level(raw));
    const event: BookEvent = { kind: 'book', offsetMs: book.row.offsetMs, ...pick(book), bids, asks };
    this.#check ??= new MarketBook(this.#symbol, this.#depth, this.#scale, this.#wire);
    this.#opening ??= event;
    this.#check.apply(event, event.snapshot);
    if (this.#check.checksum() === book.checksum) this.verified += 1;
    else this.failed += 1;
    return event;
  }

  tapeSymbol(): TapeSymbol {
    const opening = this.#opening ?? this.event(this.#first);
    return { symbol: this.#symbol, depth: this.#depth, scale: this.#scale, wire: this.#wire, opening };
  }

  #level({ price, qty }: RawLevel): Level {
    return level(
      parseDecimal(price, this.#scale.price, `${this.#symbol} price`),
      parseDecimal(qty, this.#scale.qty, `${this.#symbol} quantity`),
    );
  }
}

/** The wire precision that instrument entries announce for a symbol. */
export function wireOf(entries: InstrumentEntries, symbol: string): Precision | undefined {
  const pair = entries.pairs.find((entry) => textOf(entry, 'symbol') === symbol);
  if (pair === undefined) return undefined;
  const price = integerOf(pair, 'price_precision');
  const qty = integerOf(pair, 'qty_precision');
  return price === undefined || qty === undefined ? undefined : { price, qty };
}

/**
 * Book messages from each symbol's first snapshot on. Where several sockets carry one symbol, the one with the newest
 * snapshot counts: a snapshot is a whole book, and a recording that reconnects goes on elsewhere.
 */
function ownedBooks(rows: readonly CaptureRow[]): RawBook[] {
  const owner = new Map<string, string>();
  return rows
    .filter((row) => channelOf(row) === 'book')
    .flatMap((row) => listOf(row.message, 'data').flatMap((entry) => rawBook(row, entry)))
    .filter((book) => {
      if (book.snapshot) owner.set(book.symbol, book.row.conn);
      return owner.get(book.symbol) === book.row.conn;
    });
}

function rawBook(row: CaptureRow, entry: Json): RawBook[] {
  const symbol = isObject(entry) ? textOf(entry, 'symbol') : undefined;
  if (!isObject(entry) || symbol === undefined) return [];
  const snapshot = textOf(row.message, 'type') === 'snapshot';
  const checksum = integerOf(entry, 'checksum') ?? -1;
  return [{ row, symbol, snapshot, bids: rawLevels(entry, 'bids'), asks: rawLevels(entry, 'asks'), checksum }];
}

function rawLevels(entry: JsonObject, side: string): RawLevel[] {
  return listOf(entry, side).flatMap((one) => {
    const price = isObject(one) ? lexemeOf(one['price']) : undefined;
    const qty = isObject(one) ? lexemeOf(one['qty']) : undefined;
    return price === undefined || qty === undefined ? [] : [{ price, qty }];
  });
}

/** The depth the recording subscribed to: from its acknowledgement, otherwise the least that holds the snapshot. */
function recordedDepth(first: RawBook, rows: readonly CaptureRow[]): number {
  for (const { conn, message } of rows) {
    const result = message['result'];
    if (conn !== first.row.conn || !isObject(result)) continue;
    if (textOf(result, 'channel') !== 'book' || textOf(result, 'symbol') !== first.symbol) continue;
    const depth = integerOf(result, 'depth');
    if (depth !== undefined) return depth;
  }
  const most = Math.max(first.bids.length, first.asks.length);
  return BOOK_DEPTHS.find((depth) => depth >= most) ?? most;
}

/** Decimals of a number as written: `0.50` has 2, `1e-08` has 8. */
function decimalsOf(lexeme: string): number {
  const [mantissa = '', exponent = '0'] = lexeme.toLowerCase().split('e');
  return Math.max(0, (mantissa.split('.')[1] ?? '').length - Number(exponent));
}

function statusEvents(rows: readonly CaptureRow[]): StatusEvent[] {
  return rows
    .filter((row) => channelOf(row) === 'status')
    .flatMap(({ offsetMs, message }) => {
      const [first] = listOf(message, 'data');
      const system = isObject(first) ? textOf(first, 'system') : undefined;
      return system === undefined ? [] : [{ kind: 'status' as const, offsetMs, system }];
    });
}

/** Instrument messages after the first, which is where the market begins. */
function instrumentEvents(rows: readonly CaptureRow[]): InstrumentEvent[] {
  return rows
    .slice(1)
    .map(({ offsetMs, message }) => ({ kind: 'instrument' as const, offsetMs, entries: entriesOf(message) }));
}

function channelOf(row: CaptureRow): string | undefined {
  return textOf(row.message, 'channel');
}

function pick(book: RawBook): { symbol: string; snapshot: boolean } {
  return { symbol: book.symbol, snapshot: book.snapshot };
}

function sum<T>(list: readonly T[], of: (one: T) => number): number {
  return list.reduce((total, one) => total + of(one), 0);
}
