/** The record of an opportunity, as a table of byte offsets like those of `market-messages.ts`. */
import assert from 'node:assert/strict';
import { RECORD_BYTES } from './record-messages.ts';

export const LEGS_MAX = 4;

// opportunities: detector → sequencer and detector → persistence
// byte 0      1      2            3    4          8           16       24    32          40        48      56    64
//      | kind | legs | strategy | –  | trigger | recordSeq | wallNs | seq | recvIndex | stampNs | gross | net |
//   64          72      80    88         90        92         96
//   | touch qty | start | end | asset   | ordinal | cycle    | legs …
export const OPPORTUNITY = {
  kind: 0, // u8
  legCount: 1, // u8: 3 or 4
  strategy: 2, // u8, index into the detector's strategies
  /** u8: 1 when a size was found; 0 when the edge exists at the touch but no order that pays can be made of it. */
  sized: 3,
  instrument: 4, // u32, the one whose change triggered it
  recordSeq: 8, // f64
  wallNs: 16, // i64
  seq: 24, // f64, of the market message it follows from
  recvIndex: 32, // f64
  stampNs: 40, // f64
  grossMultiplier: 48, // f64, exact rational rounded once
  netMultiplier: 56, // f64
  touchStartUnits: 64, // i64, of the asset the spelling of the cycle starts with; to the nearest unit
  /** i64, of the asset that the leg traded first (`turn` 0) spends, as `endUnits`. */
  startUnits: 72,
  endUnits: 80, // i64
  startAsset: 88, // u16, of the cycle's spelling
  ordinal: 90, // u16, counts opportunities of one market message from 0
  cycle: 92, // u32, the detector's number of the cycle
  /** Leg i at `legs + i * LEG.SIZE`, in the spelling's order. */
  legs: 96,
  SIZE: 256,
} as const;

export const LEG = {
  instrument: 0, // u16
  side: 2, // u8: 0 buy, 1 sell
  /** u8: position of this leg in trading order for `size` (0 is traded first): the size may start elsewhere. */
  turn: 3,
  feePpm: 4, // u32
  priceTicks: 8, // i64: worst price the quantity reaches into; the touch when not sized
  qtyLots: 16, // i64: 0 when not sized
  /** i64, of the quote asset: what a buy pays (rounded up), what a sell brings before its fee (rounded down). */
  costUnits: 24,
  feeUnits: 32, // i64, of the asset received, rounded up
  SIZE: 40,
} as const;

assert.equal(OPPORTUNITY.legs + LEGS_MAX * LEG.SIZE, OPPORTUNITY.SIZE, 'opportunity: legs fill the slot');
assert.ok(OPPORTUNITY.SIZE <= RECORD_BYTES, 'an opportunity fits a slot of a records ring');
assert.equal(OPPORTUNITY.SIZE % 8, 0, 'opportunity: slots stay 8-byte aligned');
