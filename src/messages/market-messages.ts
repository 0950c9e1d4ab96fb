/**
 * The messages of the market-data rings (`deltas`, `tops`, `resyncs`), as tables of byte offsets. Both sides of a ring
 * import these and nothing else knows a number. All fields are little-endian. Names end in their unit. `i64` fields go
 * through `int64.ts`.
 *
 * The feed numbers every book message (one per symbol in a frame) with `seq`, from 1, without gaps; every message that follows
 * from it downstream carries that number, so a handler recognises one that it sees again after a restart.
 */
import assert from 'node:assert/strict';

/** Kinds on the market-data rings (`deltas` and `tops`). */
export const MARKET_KIND = {
  /** One level of a book message (`deltas`), or the message without any level. */
  LEVEL: 1,
  /** The top of a book whose checksum verified, or its invalidation (`tops`). */
  TOP: 2,
  /**
   * The instrument log has a line at `position`: take it over before going on. An instrument whose precision changes has
   * no valid book from here until its next TOP; no TOP of its own says so.
   */
  INSTRUMENTS: 3,
  /** The venue's system status changed. */
  SYSTEM_STATUS: 4,
  /** A socket was lost, a symbol was resubscribed or lagged: this instrument's book is void until its next snapshot. */
  INVALIDATE: 5,
} as const;

// deltas: feed → book, one slot per level
// byte 0      1       2         3         4            8     16          24         32        40         48        52   56         64
//      | kind | flags | price dp | qty dp | instrument | seq | recvIndex | wallNs   | price   | quantity | checksum | qty's top | stampNs |
export const DELTA = {
  kind: 0, // u8, MARKET_KIND
  flags: 1, // u8, DELTA_FLAG
  /** u8: decimals the venue wrote for this price; the checksum may be over the digits as written. */
  priceDecimals: 2,
  /** u8: decimals the venue wrote for this quantity. */
  qtyDecimals: 3,
  instrument: 4, // u32
  seq: 8, // f64
  recvIndex: 16, // f64, received frames counted from 0
  wallNs: 24, // i64, receive time
  priceTicks: 32, // i64
  qtyLots: 40, // i64, absolute; 0 deletes. With DELTA_FLAG.WIDE the low 64 bits of 96, unsigned
  checksum: 48, // u32, the venue's, on every slot of the message
  qtyTop: 52, // u32, bits 64 to 95 of the quantity; meaningless without DELTA_FLAG.WIDE
  stampNs: 56, // f64, monotonic, when the frame was read
  SIZE: 64,
} as const;

export const DELTA_FLAG = {
  FIRST: 1,
  LAST: 2,
  /** The message is a snapshot: the book is emptied at FIRST. */
  SNAPSHOT: 4,
  /** This slot's level is an ask; otherwise a bid. */
  ASK: 8,
  /** The message has no level; this slot carries none. */
  EMPTY: 16,
  /** The quantity takes more than the 62 bits that a book can hold: see `qtyTop`. */
  WIDE: 32,
} as const;

// control messages share the header of the rings they travel on
export const CONTROL = {
  kind: 0, // u8
  /** u8: SYSTEM_STATUS → index into SYSTEM_STATUSES; INVALIDATE → INVALID_REASON */
  flags: 1,
  instrument: 4, // u32, INVALIDATE only
  seq: 8, // f64: control messages are numbered in the same sequence as book messages
  recvIndex: 16, // f64
  wallNs: 24, // i64
  /** f64, INSTRUMENTS: position in the instrument log */
  position: 32,
  stampNs: 56, // f64
  SIZE: 64,
} as const;

// tops: book → detector
// byte 0      1       4            8     16          24        32          40        48          56       64
//      | kind | flags | instrument | seq | recvIndex | stampNs | bid price | bid qty | ask price | ask qty |
export const TOP = {
  kind: 0, // u8
  flags: 1, // u8, TOP_FLAG
  instrument: 4, // u32
  seq: 8, // f64
  recvIndex: 16, // f64
  stampNs: 24, // f64
  bidPriceTicks: 32, // i64, 0 when that side is empty
  bidQtyLots: 40, // i64
  askPriceTicks: 48, // i64
  askQtyLots: 56, // i64
  SIZE: 64,
} as const;

export const TOP_FLAG = {
  /** The book verified. Without it nothing may be computed from this instrument. */
  VALID: 1,
} as const;

// resyncs: book → feed
export const RESYNC = {
  kind: 0, // u8, always 1
  reason: 1, // u8, INVALID_REASON
  instrument: 4, // u32
  seq: 8, // f64, of the message that made the book invalid
  attempt: 16, // f64, from 1
  stampNs: 24, // f64
  SIZE: 64,
} as const;

/** Why a book is not valid. The index is the code in messages and in the book table. */
export const INVALID_REASONS = [
  'none',
  'awaiting_snapshot',
  'checksum',
  'malformed',
  'disconnected',
  'silent',
  'lagging',
  'precision_changed',
  'subscription_refused',
  'interrupted',
  'not_online',
] as const;
export type InvalidReason = (typeof INVALID_REASONS)[number];
export const invalidReasonCode = (reason: InvalidReason): number => INVALID_REASONS.indexOf(reason);

/** Venue-wide states; anything but `online` takes no liquidity. `unknown` stands for any text not listed. */
export const SYSTEM_STATUSES = ['unknown', 'online', 'maintenance', 'cancel_only', 'post_only', 'limit_only'] as const;
export type SystemStatus = (typeof SYSTEM_STATUSES)[number];

assert.equal(DELTA.stampNs + 8, DELTA.SIZE, 'delta: no trailing padding');
assert.equal(CONTROL.SIZE, DELTA.SIZE, 'control messages travel in delta slots');
assert.equal(TOP.askQtyLots + 8, TOP.SIZE, 'top: no trailing padding');
assert.equal(CONTROL.SIZE, TOP.SIZE, 'control messages travel in top slots');
for (const [name, size] of Object.entries({ DELTA: DELTA.SIZE, TOP: TOP.SIZE })) {
  assert.equal(size % 8, 0, `${name}: slots stay 8-byte aligned`);
}
