/**
 * Reads a capture row by row without making an object or a string per row: the row's parts are fields of the reader,
 * overwritten by the next row, and the frame is bytes in a buffer that is used again. Rows in the usual form are read
 * from their bytes; every other form goes through `JSON.parse` with the same outcome.
 */

import { arbitradeError, reasonOf } from '../platform/errors.ts';
import { CaptureChunks } from './capture-chunks.ts';
import { CAPTURE_ROW_KINDS, type CaptureHeader, ROW_RECV } from './capture-format.ts';

/** What {@link CaptureReader.next} found. */
export const READ_ROW = 1;
/** Nothing now: the file is being read; `onReady` is called when it is worth asking again. */
export const READ_WAIT = 0;
export const READ_END = -1;

/** A row longer than this is refused. */
const ROW_BYTES_MAX = 134_217_728;
const WORK_BYTES = 1_048_576;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const BRACE = 0x7d;
const NEWLINE = 0x0a;
const SLASH = 0x2f;
const ZERO = 0x30;

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);
const BEFORE_CONN = ascii('{"t":"recv","conn":"');
const BEFORE_NS = ascii('","ns":"');
const BEFORE_DATA = ascii('","data":"');
/** `"}` closes the frame's text and the row. */
const AFTER_DATA_BYTES = 2;
const KIND_NAMES: readonly string[] = CAPTURE_ROW_KINDS;
const TEXT = new TextDecoder();

/** Any JSON object: its fields are checked one by one. */
interface ParsedRow {
  readonly t?: unknown;
  readonly conn?: unknown;
  readonly ns?: unknown;
  readonly data?: unknown;
}

export class CaptureReader {
  /** Index into CAPTURE_ROW_KINDS of the current row. */
  kind = 0;
  /** Number of the newest `recv` row, from 0; -1 before the first. Starts again with {@link rewind}. */
  recvIndex = -1;
  /** Number of the current row's socket: an index into {@link connLabels}. */
  conn = 0;
  /** Receive time: whole seconds since 1970, and the nanoseconds beyond. */
  wallSeconds = 0;
  wallNanos = 0;
  /** Nanoseconds from the first row to this one. */
  elapsedNs = 0;
  /** The row's frame is `frame[0 … frameLength)` after {@link unescape}. Valid until the next row. */
  frame: Uint8Array = Buffer.alloc(65_536);
  frameLength = 0;
  /**
   * The frame as it stands in the file, as the inside of a JSON string: `row[escapedStart … escapedEnd)`. A caller that can
   * read that saves the copy. Empty (start = end) when the row was parsed as JSON and `frame` is filled already.
   */
  escapedStart = 0;
  escapedEnd = 0;
  readonly connLabels: string[] = [];
  /** Known once the first row was read. */
  header: CaptureHeader | undefined;
  /** True when the file ended in the middle of its last row, which was left out: its writer was killed. */
  truncated = false;
  readonly #chunks: CaptureChunks;
  readonly #labels: Uint8Array[] = [];
  #work: Buffer = Buffer.alloc(WORK_BYTES);
  #start = 0;
  #end = 0;
  #rowStart = 0;
  /** No newline in the work buffer before this position. */
  #searched = 0;
  #line = 0;
  #firstSeconds = -1;
  #firstNanos = 0;

  constructor(path: string, onReady: () => void = () => {}) {
    this.#chunks = new CaptureChunks(path, onReady);
  }

  /** The bytes that hold the current row. */
  get row(): Uint8Array {
    return this.#work;
  }

  /**
   * Fills {@link frame} for the current row. Without effect when it is filled.
   * @throws CAPTURE_UNREADABLE when the row turns out to be none.
   */
  unescape(): void {
    if (this.escapedStart === this.escapedEnd) return;
    if (!this.#unescape(this.#work, this.escapedStart, this.escapedEnd)) {
      this.#takeAny(this.#rowStart, this.escapedEnd + AFTER_DATA_BYTES);
    }
    this.escapedEnd = this.escapedStart;
  }

  /** Moves on to the next row. @throws CAPTURE_UNREADABLE with the number of the line that is no row. */
  next(): number {
    for (;;) {
      const newline = this.#work.indexOf(NEWLINE, this.#searched);
      if (newline !== -1 && newline < this.#end) {
        const start = this.#start;
        this.#start = newline + 1;
        this.#searched = this.#start;
        if (this.#take(start, newline)) return READ_ROW;
        continue;
      }
      this.#searched = this.#end;
      const chunk = this.#chunks.take();
      if (chunk !== undefined) this.#append(chunk);
      else if (!this.#chunks.ended) return READ_WAIT;
      else if (this.#start === this.#end) return this.#finish();
      else if (this.#takeLast()) return READ_ROW;
    }
  }

  /** Begins again with the first row. */
  rewind(): void {
    this.#chunks.rewind();
    this.#start = 0;
    this.#end = 0;
    this.#searched = 0;
    this.#line = 0;
    this.recvIndex = -1;
    this.header = undefined;
  }

  close(): void {
    this.#chunks.close();
  }

  #finish(): number {
    if (this.header === undefined) throw this.#unreadable('it is empty');
    return READ_END;
  }

  /** The last line has no newline: a whole row counts, a cut one is left out. */
  #takeLast(): boolean {
    const start = this.#start;
    this.#start = this.#end;
    if (isJson(TEXT.decode(this.#work.subarray(start, this.#end)))) return this.#take(start, this.#end);
    this.truncated = true;
    return false;
  }

  #append(chunk: Uint8Array): void {
    const kept = this.#end - this.#start;
    if (kept > ROW_BYTES_MAX) throw this.#unreadable(`line ${this.#line + 1} is longer than ${ROW_BYTES_MAX} bytes`);
    let target = this.#work;
    if (kept + chunk.length > target.length) target = Buffer.alloc(2 * (kept + chunk.length));
    target.set(this.#work.subarray(this.#start, this.#end), 0);
    target.set(chunk, kept);
    this.#work = target;
    this.#searched -= this.#start;
    this.#start = 0;
    this.#end = kept + chunk.length;
  }

  /** Takes over the row in `[start, end)`. False when it is the header or blank. */
  #take(start: number, end: number): boolean {
    this.#line++;
    if (this.#line === 1) return this.#takeHeader(start, end);
    if (start === end) return false;
    if (!this.#takeFast(start, end)) this.#takeAny(start, end);
    if (this.kind === ROW_RECV) this.recvIndex++;
    return true;
  }

  #takeHeader(start: number, end: number): false {
    const row = this.#parse(start, end);
    if (row.t !== 'header') throw this.#unreadable('line 1 is no header row');
    this.header = row as unknown as CaptureHeader;
    return false;
  }

  /** The form that every known writer produces; false for any other. */
  #takeFast(start: number, end: number): boolean {
    const bytes = this.#work;
    if (!startsWith(bytes, start, BEFORE_CONN)) return false;
    const label = start + BEFORE_CONN.length;
    let at = label;
    while (at < end && bytes[at] !== QUOTE) if (bytes[at++] === BACKSLASH) return false;
    const labelEnd = at;
    if (!startsWith(bytes, at, BEFORE_NS)) return false;
    at += BEFORE_NS.length;
    const nsEnd = this.#takeTime(bytes, at);
    if (nsEnd === -1 || !startsWith(bytes, nsEnd, BEFORE_DATA)) return false;
    if (bytes[end - 2] !== QUOTE || bytes[end - 1] !== BRACE) return false;
    this.#rowStart = start;
    this.escapedStart = nsEnd + BEFORE_DATA.length;
    this.escapedEnd = end - AFTER_DATA_BYTES;
    this.frameLength = 0;
    this.kind = ROW_RECV;
    this.#takeLabel(bytes, label, labelEnd);
    return true;
  }

  /** Reads up to 19 digits of nanoseconds at `at`; returns where they end, or -1. */
  #takeTime(bytes: Uint8Array, at: number): number {
    let end = at;
    while (isDigit(bytes[end] as number)) end++;
    if (end - at < 10 || end - at > 19) return -1;
    const seconds = digitsOf(bytes, at, end - 9);
    const nanos = digitsOf(bytes, end - 9, end);
    this.#setTime(seconds, nanos);
    return end;
  }

  #setTime(seconds: number, nanos: number): void {
    if (this.#firstSeconds === -1) {
      this.#firstSeconds = seconds;
      this.#firstNanos = nanos;
    }
    this.elapsedNs = (seconds - this.#firstSeconds) * 1e9 + (nanos - this.#firstNanos);
    this.wallSeconds = seconds;
    this.wallNanos = nanos;
  }

  /** Unescapes the JSON string in `[from, end)`; false when it holds anything out of the ordinary. */
  #unescape(bytes: Uint8Array, from: number, end: number): boolean {
    if (end - from > this.frame.length) this.frame = Buffer.alloc(2 * (end - from));
    const { frame } = this;
    let length = 0;
    for (let at = from; at < end; at++) {
      let byte = bytes[at] as number;
      if (byte === BACKSLASH) {
        byte = bytes[++at] as number;
        // Only \" \\ \/ stand for themselves; the others (\n, \u…) are rare enough for JSON.parse.
        if (at === end || (byte !== QUOTE && byte !== BACKSLASH && byte !== SLASH)) return false;
      } else if (byte === QUOTE || byte < 0x20) return false;
      frame[length++] = byte;
    }
    this.frameLength = length;
    return true;
  }

  #takeLabel(bytes: Uint8Array, start: number, end: number): void {
    const known = this.#labels;
    for (let index = 0; index < known.length; index++) {
      const label = known[index] as Uint8Array;
      if (label.length === end - start && startsWith(bytes, start, label)) {
        this.conn = index;
        return;
      }
    }
    this.conn = known.length;
    known.push(bytes.slice(start, end));
    this.connLabels.push(TEXT.decode(bytes.subarray(start, end)));
  }

  /** Any valid row, by JSON.parse. */
  #takeAny(start: number, end: number): void {
    const row = this.#parse(start, end);
    const { t, conn, ns, data = '' } = row;
    const kind = typeof t === 'string' ? KIND_NAMES.indexOf(t) : -1;
    if (kind === -1 || typeof conn !== 'string' || typeof ns !== 'string' || typeof data !== 'string') {
      throw this.#unreadable(`line ${this.#line} is no row of a capture`);
    }
    const digits = Buffer.from(ns);
    if (this.#takeTime(digits, 0) !== digits.length) throw this.#unreadable(`line ${this.#line} has no time in "ns"`);
    const label = Buffer.from(conn);
    this.#takeLabel(label, 0, label.length);
    const text = Buffer.from(data);
    if (text.length > this.frame.length) this.frame = Buffer.alloc(2 * text.length);
    this.frame.set(text);
    this.frameLength = text.length;
    this.escapedEnd = this.escapedStart;
    this.kind = kind;
  }

  #parse(start: number, end: number): ParsedRow {
    let row: unknown;
    try {
      row = JSON.parse(TEXT.decode(this.#work.subarray(start, end)));
    } catch (thrown) {
      throw this.#unreadable(`line ${this.#line}: ${reasonOf(thrown)}`);
    }
    if (typeof row === 'object' && row !== null) return row as ParsedRow;
    throw this.#unreadable(`line ${this.#line} is no row of a capture`);
  }

  #unreadable(why: string): Error {
    return arbitradeError('CAPTURE_UNREADABLE', this.#chunks.path, why);
  }
}

function startsWith(bytes: Uint8Array, at: number, prefix: Uint8Array): boolean {
  for (let index = 0; index < prefix.length; index++) if (bytes[at + index] !== prefix[index]) return false;
  return true;
}

const isDigit = (byte: number): boolean => byte >= ZERO && byte <= ZERO + 9;

function digitsOf(bytes: Uint8Array, start: number, end: number): number {
  let value = 0;
  for (let at = start; at < end; at++) value = value * 10 + (bytes[at] as number) - ZERO;
  return value;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
