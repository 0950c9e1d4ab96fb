/**
 * Checksum of Kraken's WebSocket v2 `book` channel: CRC-32 over the digits of the best ten asks, then of the best ten
 * bids, each level its price and its quantity without point and leading zeros. Source: Kraken, "Book (Level 2)" and the
 * guide "Spot WebSockets (v2) book checksum".
 *
 * Two variants exist in the wild. *Padded*: the digits at the instrument's precisions. *Raw*: the digits as written in
 * the frame, where trailing zeros may be missing. As integers, the first is the scaled value, and the second that value
 * divided by the power of ten between the precision and the decimals written.
 *
 * Here: the plain form, over lists. {@link file://./running-checksum.ts} is the same for the tick path.
 */
import { crc32 } from './crc32.ts';

/** Levels of each side that the checksum covers, at any subscribed depth. */
export const CHECKSUM_LEVELS = 10;

export interface ChecksumLevel {
  /** Price as an integer of the digits that count: in ticks for the padded variant. */
  readonly price: bigint | number;
  /** Quantity as an integer of the digits that count: in lots for the padded variant. */
  readonly qty: bigint | number;
}

/** The text the venue computes its checksum over. Sides are given best level first; levels beyond ten are ignored. */
export function checksumText(asks: readonly ChecksumLevel[], bids: readonly ChecksumLevel[]): string {
  const digits = (level: ChecksumLevel): string => `${level.price}${level.qty}`;
  const side = (levels: readonly ChecksumLevel[]): string => levels.slice(0, CHECKSUM_LEVELS).map(digits).join('');
  return side(asks) + side(bids);
}

/** The venue's checksum of a book, as it stands in `checksum`: unsigned 32-bit. */
export function bookChecksum(asks: readonly ChecksumLevel[], bids: readonly ChecksumLevel[]): number {
  return crc32(checksumText(asks, bids));
}
