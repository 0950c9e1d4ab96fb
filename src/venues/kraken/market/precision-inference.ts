/**
 * The precisions of an instrument that was never announced, read off its first snapshot: captures often lack the
 * `instrument` channel. The most decimals seen are right whenever the venue writes its zeros. The snapshot's checksum
 * decides: it covers the digits padded to the precisions, or as written (protocol reference 1.7).
 */
import { ASK, BID, type BookFrame } from '../../../market/book-frame.ts';
import type { Precisions } from '../../market-data.ts';
import { bookChecksum, CHECKSUM_LEVELS, type ChecksumLevel } from './checksum.ts';

/** Quantities have eight decimals on most pairs: the first guess when those seen do not verify. */
const QTY_USUAL = 8;
const PRICE_EXTRA_MAX = 3;
const DECIMALS_MAX = 18;

/** Precisions under which snapshot `message` verifies; those seen when none does; undefined when it has no level. */
export function inferPrecisions(book: BookFrame, message: number): Precisions | undefined {
  const seen = mostDecimals(book, message);
  if (seen === undefined) return undefined;
  const checksum = book.checksums[message];
  if (checksumAsWritten(book, message) === checksum) return seen;
  return candidates(seen).find((guess) => checksumPadded(book, message, guess) === checksum) ?? seen;
}

/** Whether snapshot `message` verifies under these precisions, padded or as written, and fits them. */
export function verifiesUnder(book: BookFrame, message: number, precisions: Precisions): boolean {
  const seen = mostDecimals(book, message);
  if (seen !== undefined && (seen.price > precisions.price || seen.qty > precisions.qty)) return false;
  const checksum = book.checksums[message];
  return checksumPadded(book, message, precisions) === checksum || checksumAsWritten(book, message) === checksum;
}

function mostDecimals(book: BookFrame, message: number): Precisions | undefined {
  const first = book.firstLevels[message] as number;
  const end = book.firstLevels[message + 1] as number;
  if (first === end) return undefined;
  let price = 0;
  let qty = 0;
  for (let level = first; level < end; level++) {
    price = Math.max(price, book.decimals[2 * level] as number);
    qty = Math.max(qty, book.decimals[2 * level + 1] as number);
  }
  return price > DECIMALS_MAX || qty > DECIMALS_MAX ? undefined : { price, qty };
}

function candidates(seen: Precisions): Precisions[] {
  const prices = Array.from({ length: PRICE_EXTRA_MAX + 1 }, (_, extra) => seen.price + extra);
  const qtys = [...new Set([seen.qty, Math.max(seen.qty, QTY_USUAL), seen.qty + 1, seen.qty + 2])];
  const all = prices.flatMap((price) => qtys.map((qty) => ({ price, qty })));
  return all.filter(({ price, qty }) => price <= DECIMALS_MAX && qty <= DECIMALS_MAX);
}

function checksumPadded(book: BookFrame, message: number, { price, qty }: Precisions): number | undefined {
  const side = (wanted: number): ChecksumLevel[] | undefined => {
    const levels = levelsOf(book, message, wanted).map((level) => ({
      price: book.scaledExactly(2 * level, price),
      qty: book.scaledExactly(2 * level + 1, qty),
    }));
    return levels.every(isScaled) ? levels : undefined;
  };
  const asks = side(ASK);
  const bids = side(BID);
  return asks === undefined || bids === undefined ? undefined : bookChecksum(asks, bids);
}

function checksumAsWritten(book: BookFrame, message: number): number {
  const digits = (position: number) => book.large.get(position) ?? (book.digits[position] as number);
  const side = (wanted: number) =>
    levelsOf(book, message, wanted).map((level) => ({ price: digits(2 * level), qty: digits(2 * level + 1) }));
  return bookChecksum(side(ASK), side(BID));
}

/** A snapshot lists its levels best first. */
function levelsOf(book: BookFrame, message: number, side: number): number[] {
  const levels: number[] = [];
  const end = book.firstLevels[message + 1] as number;
  for (let level = book.firstLevels[message] as number; level < end && levels.length < CHECKSUM_LEVELS; level++) {
    if (book.sides[level] === side) levels.push(level);
  }
  return levels;
}

function isScaled(level: {
  price: bigint | undefined;
  qty: bigint | undefined;
}): level is { price: bigint; qty: bigint } {
  return level.price !== undefined && level.qty !== undefined;
}
