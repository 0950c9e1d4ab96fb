/**
 * Unix time in nanoseconds as two 32-bit halves, for `i64` fields of shared memory: 1.7e18 does not fit a double, and a
 * BigInt per message would be an allocation per message. The halves are read one after the other:
 *
 *   const low = unixNsLow(seconds, nanos);
 *   const high = unixNsHigh(seconds, nanos);
 */

const TWO_16 = 65_536;
const TWO_32 = 4_294_967_296;

// seconds = sh·2^16 + sl, so seconds·1e9 + nanos = (sh·1e9)·2^16 + (sl·1e9 + nanos); both products stay below 2^53.

/** Low word of `seconds`·1e9 + `nanos`, unsigned. Seconds are 0 to 2^33, nanos 0 to 999,999,999, both whole. */
export function unixNsLow(seconds: number, nanos: number): number {
  const sh = Math.floor(seconds / TWO_16);
  return lowerSum(sh * 1e9, seconds - sh * TWO_16, nanos) % TWO_32;
}

/** High word of `seconds`·1e9 + `nanos`. */
export function unixNsHigh(seconds: number, nanos: number): number {
  const sh = Math.floor(seconds / TWO_16);
  const upper = sh * 1e9;
  return Math.floor(upper / TWO_16) + Math.floor(lowerSum(upper, seconds - sh * TWO_16, nanos) / TWO_32);
}

/** The part of the sum below 2^48 that carries into the high word. */
function lowerSum(upper: number, sl: number, nanos: number): number {
  return (upper % TWO_16) * TWO_16 + sl * 1e9 + nanos;
}
