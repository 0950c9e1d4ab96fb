/**
 * What every record for persistence has in common, and the records any actor may write, as tables of byte offsets like
 * those of `market-messages.ts`. Records have their own gapless `recordSeq` per source.
 */
import assert from 'node:assert/strict';

/** Kinds of record, on every `…-records` ring and on `opportunities` and `executions`. */
export const RECORD_KIND = { OPPORTUNITY: 1, EXECUTION: 2, AUDIT: 3, PORTFOLIO: 4, STATE: 5 } as const;

/** Bytes of a slot on a records ring: room for the largest kind of record. */
export const RECORD_BYTES = 256;

/**
 * u8, on the sequencer's records of any kind: how many of those behind it belong to the same change. They are committed
 * together or not at all.
 */
export const RECORD_FOLLOWERS = 250;

// audit events: every actor → persistence
export const AUDIT = {
  kind: 0, // u8
  severity: 1, // u8: 0 info, 1 warning, 2 error
  event: 2, // u16, index into AUDIT_EVENTS
  instrument: 4, // u32, NO_INSTRUMENT when none
  recordSeq: 8, // f64
  wallNs: 16, // i64
  a: 24, // f64, meaning by event
  b: 32, // f64
  textLength: 40, // u16, bytes of UTF-8
  text: 42,
  TEXT_MAX: 208,
  SIZE: 250,
} as const;

export const NO_INSTRUMENT = 0xffff_ffff;

// portfolio snapshots: risk → persistence, one slot per asset held
export const PORTFOLIO = {
  kind: 0, // u8
  asset: 2, // u16
  recordSeq: 8, // f64
  wallNs: 16, // i64
  snapshot: 24, // f64, number shared by the slots of one snapshot
  balanceUnits: 32, // i64
  reservedUnits: 40, // i64
  realisedUnits: 48, // i64, profit realised in this asset since start
  drawdownUnits: 56, // i64
  exposureUnits: 64, // i64
  dustUnits: 72, // i64
  SIZE: 192,
} as const;

// runtime state: every actor → persistence; the newest value per key counts
export const STATE = {
  kind: 0, // u8
  keyLength: 2, // u16
  valueLength: 4, // u16
  recordSeq: 8, // f64
  wallNs: 16, // i64
  key: 24,
  KEY_MAX: 48,
  value: 72,
  VALUE_MAX: 176,
  SIZE: 248,
} as const;

for (const size of [AUDIT.SIZE, PORTFOLIO.SIZE, STATE.SIZE]) {
  assert.ok(size <= RECORD_BYTES, 'every record fits a slot of a records ring');
}
for (const size of [AUDIT.SIZE, STATE.SIZE]) {
  assert.ok(size <= RECORD_FOLLOWERS, 'followers stand behind the record');
}
assert.equal(AUDIT.text + AUDIT.TEXT_MAX, AUDIT.SIZE, 'audit: text fills the slot');
assert.equal(STATE.value + STATE.VALUE_MAX, STATE.SIZE, 'state: value fills the slot');
