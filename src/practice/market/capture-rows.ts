/** The received frames of a recorded Kraken v2 session, as far as the practice market needs them. */
import { readFileSync } from 'node:fs';
import { constants, gunzipSync } from 'node:zlib';
import { isObject, type JsonObject, parseJson } from '../../net/exact-json.ts';
import { arbitradeError, reasonOf } from '../../platform/errors.ts';

/** A recording beyond this is refused: the practice market holds it in memory. */
const CAPTURE_BYTES_MAX = 268_435_456;

/** One received frame: when, on which socket, and what. */
export interface CaptureRow {
  /** Milliseconds since the first row, at nanosecond resolution. */
  readonly offsetMs: number;
  readonly conn: string;
  readonly message: JsonObject;
}

export interface CaptureRows {
  readonly rows: readonly CaptureRow[];
  /** Frames that were no JSON object, and a last row that its writer did not finish. */
  readonly malformed: number;
}

/** Reads a capture, plain or gzip. @throws CAPTURE_UNREADABLE when it is none or exceeds 256 MiB unpacked. */
export function readCaptureRows(file: string): CaptureRows {
  try {
    return parseCaptureRows(unpack(readFileSync(file)).toString('utf8'));
  } catch (thrown) {
    throw arbitradeError('CAPTURE_UNREADABLE', file, reasonOf(thrown));
  }
}

/** Parses the text of a capture: a header row, then rows of which the received ones count. @throws Error. */
export function parseCaptureRows(text: string): CaptureRows {
  const [header, ...lines] = text.split('\n').filter((line) => line !== '');
  if (header === undefined || rowOf(header)?.t !== 'header') throw new Error('its first line is no header row');
  const rows: CaptureRow[] = [];
  let malformed = 0;
  let firstNs: bigint | undefined;
  for (const [index, line] of lines.entries()) {
    const row = rowOf(line, index === lines.length - 1);
    if (row === undefined) malformed += 1;
    if (row?.t !== 'recv') continue;
    const ns = BigInt(String(row.ns));
    firstNs ??= ns;
    const message = messageOf(String(row.data));
    if (message === undefined) malformed += 1;
    else rows.push({ offsetMs: Number(ns - firstNs) / 1e6, conn: String(row.conn), message });
  }
  return { rows, malformed };
}

function unpack(bytes: Buffer): Buffer {
  const gzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
  // A sync flush at the end accepts what a killed recorder left.
  const packed = { maxOutputLength: CAPTURE_BYTES_MAX, finishFlush: constants.Z_SYNC_FLUSH };
  const plain = gzip ? gunzipSync(bytes, packed) : bytes;
  if (plain.length > CAPTURE_BYTES_MAX)
    throw new Error(`it is larger than ${CAPTURE_BYTES_MAX} bytes; cut it in pieces`);
  return plain;
}

interface Envelope {
  readonly t?: unknown;
  readonly ns?: unknown;
  readonly conn?: unknown;
  readonly data?: unknown;
}

/** @returns undefined for a last line that was cut short. */
function rowOf(line: string, last = false): Envelope | undefined {
  if (last && !line.endsWith('}')) return undefined;
  const row: unknown = JSON.parse(line);
  if (typeof row !== 'object' || row === null) throw new Error('a line is no JSON object');
  return row;
}

function messageOf(data: string): JsonObject | undefined {
  try {
    const message = parseJson(data);
    return isObject(message) ? message : undefined;
  } catch {
    // Broken frames are part of what captures record; the caller counts them.
    return undefined;
  }
}
