/**
 * What risk must not forget when its actor dies: one bank of bytes, see `double-buffered-state.ts`.
 *
 *   | header | open plans (PLANS_MAX × 128) | causes (CAUSES_MAX × 224) | assets (assets_max × 104) |
 */

import assert from 'node:assert/strict';
import type { AssetIndex } from '../../market/instrument.ts';
import { PLANS_MAX } from '../../messages/execution-message.ts';
import { DoubleBufferedState, doubleBufferedBytes } from '../../runtime/memory/double-buffered-state.ts';
import type { Config } from '../../settings/config.ts';
import { BY_BYTES_MAX, CAUSE_EFFECTS, TEXT_BYTES_MAX } from '../../trading/gate-cause.ts';
import { GATE_REASONS, type GateReason } from '../../trading/trading-gate.ts';

const LAYOUT = 7;

export const RISK_HEADER = {
  isInitialised: 0, // u8
  state: 1, // u8, index into RISK_STATES
  /** u8, 1 when the halt of before causes were a list is to be cleared in the runtime state. */
  hasSingleHalt: 2,
  areStreaksCarried: 4, // u8, 1 when those of earlier runs were taken over
  isResumeAnnounced: 3, // u8, 1 when the last resume was recorded
  /** u8 each: the state and reason of the newest audit record, so that a successor records what is missing. */
  announcedState: 6,
  announcedReason: 7,
  executionSeq: 8, // f64, newest booked
  executions: 16, // f64
  losingPlans: 24, // f64, in a row
  halts: 32, // f64
  pauses: 40, // f64
  resumes: 48, // f64
  snapshot: 56, // f64, number of the newest portfolio snapshot
  resumedMs: 64, // f64: wall time of the last resume; 0 before the first
  /** Who resumed last, and why: length (u8) and UTF-8. */
  resumedByLength: 72,
  resumedTextLength: 73,
  resumedBy: 74,
  resumedText: 106,
  ordersSent: 512, // f64
  ordersUncertain: 520, // f64
  ordersRefused: 528, // f64
  ordersOut: 536, // f64, sent and not ended
  refusedInARow: 544, // f64
  ordersAbsent: 552, // f64, that never came to the venue
  /** f64: newest execution that the person who resumed last has taken upon himself. */
  resumedSeq: 560,
  /** f64: the venue's time that the account was compared up to last, ms, and when that was said, by the monotonic clock. */
  venueMs: 568,
  venueStampNs: 576,
  SIZE: 584,
} as const;

export const OPEN_PLAN = {
  plan: 0, // f64; 0 is an empty place
  asset: 8, // u16, that it starts from
  isFlattening: 10, // u8, 1: it brings home what others left behind
  reservedUnits: 16, // i64
  /** i64: what came back in the start asset less what was spent, and less what exposure that it took over is worth. */
  gainedUnits: 24,
  /** i64: what it would come to if all went home at the touch, when that could be said last. */
  resultUnits: 32,
  /** u32 each: the pairs of its legs. */
  instruments: 40,
  INSTRUMENTS: 4,
  /** What its fills brought, less what they took, and what it took over, of other assets: asset plus 1 (u32; 0 is an empty place), units (i64). */
  holdings: 56,
  HOLDINGS: 4,
  HOLDING_BYTES: 16,
  runMs: 120, // f64, run of the program that it is of
  SIZE: 128,
} as const;

/** Why trading is not open: one entry for each cause that holds. */
export const CAUSE_ENTRY = {
  effect: 0, // u8, 1 + index into CAUSE_EFFECTS; 0: the slot is free
  reason: 1, // u8, index into GATE_REASONS
  /** u8: of two causes with the same effect, the one with the lower rank is the more serious. */
  rank: 2,
  /** u8: 1 when its audit record was written. */
  isAnnounced: 3,
  /** u8: 1 when the runtime state says of this slot what holds; for a free slot, that it is cleared. */
  isKept: 4,
  byLength: 5, // u8
  textLength: 6, // u8
  count: 8, // f64, how often it came up
  firstMs: 16, // f64, wall time
  lastMs: 24, // f64
  by: 32,
  text: 64,
  SIZE: 224,
} as const;
assert.equal(CAUSE_ENTRY.by + BY_BYTES_MAX, CAUSE_ENTRY.text);
assert.equal(CAUSE_ENTRY.text + TEXT_BYTES_MAX, CAUSE_ENTRY.SIZE);
assert.ok(RISK_HEADER.resumedBy + BY_BYTES_MAX <= RISK_HEADER.resumedText);
assert.ok(RISK_HEADER.resumedText + TEXT_BYTES_MAX <= RISK_HEADER.ordersSent);

/** Causes of one reason that are told apart by their words; what comes beyond is counted with the newest of them. */
export const CAUSES_PER_REASON = 6;
/** Reasons of which several causes can hold at a time. */
export const LISTED_REASONS: ReadonlySet<GateReason> = new Set(['operator', 'stranded_exposure'] as const);
/** Slots for causes: more cannot hold at a time. The number of a slot is stored, so there may be more, never fewer. */
export const CAUSES_MAX = 192;
assert.ok(
  CAUSE_EFFECTS.length * (GATE_REASONS.length + LISTED_REASONS.size * (CAUSES_PER_REASON - 1)) <= CAUSES_MAX,
  'there is a slot for every cause that can hold',
);

export const ASSET_ENTRY = {
  /** i64: change of the balance since the process started. */
  positionUnits: 0,
  /** i64: sum of the profits of all ended plans that started from this asset. */
  realisedUnits: 8,
  /** i64: highest `realisedUnits` since the start, or since a person last resumed. */
  peakUnits: 16,
  /** i64: `realisedUnits` when counting of the loss began: when a person last resumed; negative: earlier runs gained. */
  baseUnits: 24,
  /** i64: held (negative: owed) outside any plan, and not sold, bought back or accepted since. */
  exposureUnits: 32,
  /** i64: the same, below what the venue would take. */
  dustUnits: 40,
  /** i64: what the account held when `positionUnits` was 0, once the account was read. */
  openingUnits: 48,
  /** u8: 1 when it has. */
  isOpened: 56,
  /** i64: what entered the exposure ledger in this asset; of deposits only what made up for a loss. */
  outsideUnits: 64,
  /** u8: 1 when what earlier runs lost was taken over. */
  isCarried: 57,
  /** f64 each: beginning of the present hour and day, wall time, ms; i64 each: what it came to in it. */
  hourMs: 72,
  hourUnits: 80,
  dayMs: 88,
  dayUnits: 96,
  SIZE: 104,
} as const;

const PLANS = RISK_HEADER.SIZE;
const CAUSES = PLANS + PLANS_MAX * OPEN_PLAN.SIZE;
const ASSETS = CAUSES + CAUSES_MAX * CAUSE_ENTRY.SIZE;

const bankBytes = (config: Config): number => ASSETS + config.limits.assets_max * ASSET_ENTRY.SIZE;

/** Bytes of own memory the risk actor needs. */
export const riskMemoryBytes = (config: Config): number => doubleBufferedBytes(bankBytes(config));

export function openRiskMemory(memory: SharedArrayBuffer, config: Config): DoubleBufferedState {
  return new DoubleBufferedState(memory, bankBytes(config), LAYOUT);
}

/** Offset of the entry of an asset. */
export const assetOffset = (asset: AssetIndex): number => ASSETS + asset * ASSET_ENTRY.SIZE;
/** Offset of the cause in `slot`. */
export const causeOffset = (slot: number): number => CAUSES + slot * CAUSE_ENTRY.SIZE;
/** Offset of the `index`-th place for an open plan. */
export const openPlanOffset = (index: number): number => PLANS + index * OPEN_PLAN.SIZE;
