/**
 * What the sequencer must not forget when its actor dies: one bank of bytes, see `double-buffered-state.ts`.
 *
 *   | header | outbox (OUTBOX_MAX × 256) | plans (PLANS_MAX × PLAN_SLOT_BYTES) | facts (FACTS_MAX × 88) |
 *   | per asset: balance, exposure, dust (i64 each) |
 */

import type { AssetIndex } from '../../../market/instrument.ts';
import { EXECUTION, PLANS_MAX } from '../../../messages/execution-message.ts';
import { DoubleBufferedState, doubleBufferedBytes } from '../../../runtime/memory/double-buffered-state.ts';
import type { Config } from '../../../settings/config.ts';
import { PLAN_SLOT_BYTES } from '../model/plan.ts';

const LAYOUT = 7;

/** All f64. */
export const SEQUENCER_HEADER = {
  /** Newest opportunity handled: its market message, and its place in it plus 1. */
  handledSeq: 0,
  handledOrdinal: 8,
  plans: 16, // number of the newest plan
  executionSeq: 32,
  outboxCount: 40,
  /** Record number that the first message of the outbox gets. */
  outboxRecordSeq: 48,
  received: 56, // tallies, in the order of the counters
  opened: 64,
  refused: 72,
  completed: 80,
  abandoned: 88,
  unwound: 96,
  stranded: 104,
  fills: 112,
  unexpected: 120,
  /** Wall time, ms, at which the sequencer first started in this process: what its orders' ids begin with. */
  runMs: 128,
  announced: 136,
  /** 1 once what earlier runs left is taken over, and once it has all been brought to an end. */
  isLoaded: 144,
  isRecovered: 152,
  facts: 160, // number of the newest fact, see `idempotency-keys.ts`
  /** Venue's time, ms: fills up to then are not distinguished any more, and count as booked. */
  factsHorizonMs: 168,
  reconciled: 176, // tallies
  recovered: 184,
  deviations: 192,
  readUpToMs: 200, // venue's time: the account was compared up to here
  /** Execution that reported the newest misreport of the venue; 0 when there was none. */
  misreportSeq: 208,
  /** Assets below this index are taken over from earlier runs, see `account-books.ts`. */
  takenOverUpTo: 216,
  SIZE: 256,
} as const;

/** More than one change can bring forth: the end of a plan, with what it left of five assets and what is said of each. */
export const OUTBOX_MAX = 16;

/** Bookings that are remembered, so that none is made twice. */
export const FACTS_MAX = 1_024;

/**
 * One of them: a digest of its name, when it happened at the venue (f64, ms) and, of a fill that is believed, what was
 * booked of which order: the order's id, its scale (u8 each), the fee's asset (u16), the instrument (u32), amounts (i64).
 */
export const FACT = {
  digest: 0,
  digestBytes: 16,
  atMs: 16,
  clOrdId: 24,
  clOrdIdBytes: 20,
  pricePrecision: 44,
  qtyPrecision: 45,
  feeAsset: 46,
  instrument: 48,
  qtyLots: 56,
  priceTicks: 64,
  costUnits: 72,
  feeUnits: 80,
  SIZE: 88,
} as const;

const ASSET_BYTES = 24;

const OUTBOX = SEQUENCER_HEADER.SIZE;
const PLANS = OUTBOX + OUTBOX_MAX * EXECUTION.SIZE;
const FACTS = PLANS + PLANS_MAX * PLAN_SLOT_BYTES;
const ASSETS = FACTS + FACTS_MAX * FACT.SIZE;

const bankBytes = (config: Config): number => ASSETS + config.limits.assets_max * ASSET_BYTES;

/** Bytes of own memory the sequencer needs. */
export const sequencerMemoryBytes = (config: Config): number => doubleBufferedBytes(bankBytes(config));

export function openSequencerMemory(memory: SharedArrayBuffer, config: Config): DoubleBufferedState {
  return new DoubleBufferedState(memory, bankBytes(config), LAYOUT);
}

export const outboxOffset = (index: number): number => OUTBOX + index * EXECUTION.SIZE;
export const planOffset = (slot: number): number => PLANS + slot * PLAN_SLOT_BYTES;
/** See {@link FACT}. */
export const factOffset = (slot: number): number => FACTS + slot * FACT.SIZE;
/** i64: what the account is expected to hold; on paper, how that changed since the start. */
export const balanceOffset = (asset: AssetIndex): number => ASSETS + asset * ASSET_BYTES;
/** i64: what is held, or owed, that no plan will bring home. */
export const exposureOffset = (asset: AssetIndex): number => ASSETS + asset * ASSET_BYTES + 8;
/** i64: what is held below the venue's minimum. */
export const dustOffset = (asset: AssetIndex): number => ASSETS + asset * ASSET_BYTES + 16;

/** Adds 1 to a number of the header and returns it. */
export function countUp(bank: DataView, field: number): number {
  const next = bank.getFloat64(field, true) + 1;
  bank.setFloat64(field, next, true);
  return next;
}

/** Notes that the execution recorded last, within the change `bank`, reports a misreport. */
export function noteMisreport(bank: DataView): void {
  bank.setFloat64(SEQUENCER_HEADER.misreportSeq, bank.getFloat64(SEQUENCER_HEADER.executionSeq, true), true);
}
