/**
 * The capture format: JSON lines, plain or gzip, one row per thing that happened on a venue's sockets.
 *
 *   {"t":"header","venue":"kraken","api":"ws-v2",…}                                  first line
 *   {"t":"recv","conn":"A","ns":"1785641750295158100","data":"{\"channel\":…}"}      rows in order of `ns`
 *
 * `data` is the frame's text, byte for byte: checksums are over the digits as written, so it is never parsed and
 * written again. `conn` names the socket, `ns` is Unix time in nanoseconds. `recvIndex` counts `recv` rows from 0.
 */

/** Kinds of row after the header; the index is the code. */
export const CAPTURE_ROW_KINDS = ['connect', 'send', 'recv', 'http'] as const;
export type CaptureRowKind = (typeof CAPTURE_ROW_KINDS)[number];

export const ROW_CONNECT = 0;
export const ROW_RECV = 2;

/** First line of a capture. Further fields say where it comes from. */
export interface CaptureHeader {
  readonly t: 'header';
  readonly venue: string;
  readonly api: string;
  readonly [detail: string]: unknown;
}
