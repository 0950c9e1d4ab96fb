/**
 * 64-bit integers in shared memory, without a BigInt on the tick path. Little-endian: low word, then high word.
 * A number is exact up to 2^53; what may be larger is read with `getBigInt64`.
 */

const TWO_32 = 4_294_967_296;

/** The integer at `offset` as a double: exact up to 2^53 in magnitude, rounded above. */
export function readInt64(view: DataView, offset: number): number {
  return view.getInt32(offset + 4, true) * TWO_32 + view.getUint32(offset, true);
}

/** Stores an integer of at most 2^53 in magnitude. */
export function writeInt64(view: DataView, offset: number, value: number): void {
  const high = Math.floor(value / TWO_32);
  view.setUint32(offset, value - high * TWO_32, true);
  view.setInt32(offset + 4, high, true);
}

/** Copies 8 bytes as they are. */
export function copyInt64(from: DataView, fromOffset: number, to: DataView, toOffset: number): void {
  to.setUint32(toOffset, from.getUint32(fromOffset, true), true);
  to.setUint32(toOffset + 4, from.getUint32(fromOffset + 4, true), true);
}
