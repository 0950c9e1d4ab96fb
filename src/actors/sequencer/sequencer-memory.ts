/**
 * What the sequencer must not forget when its actor dies: one bank of bytes, see `two-bank-memory.ts`.
 *
 *   | header | outbox (OUTBOX_MAX × 192) | plans (PLANS_MAX × PLAN_SLOT_BYTES) | balance changes (assets_max × i64) |
 */
import type { Config } from '../../shared/config.ts';
import { EXECUTION, PLANS_MAX } from '../../shared/messages.ts';
import { TwoBankMemory, twoBankBytes } from '../../shared/two-bank-memory.ts';
import { PLAN_SLOT_BYTES } from './plan.ts';

const LAYOUT = 1;

/** All f64. */
export const SEQUENCER_HEADER = {
  /** Newest opportunity handled: its market message, and its place in it plus 1. */
  handledSeq: 0,
  handledOrdinal: 8,
  plans: 16, // number of the newest plan
  orders: 24, // number of the newest order
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
  SIZE: 192,
} as const;

/** A fill, an end, three exposures and an unexpected event: more than one change can bring forth. */
export const OUTBOX_MAX = 8;

const OUTBOX = SEQUENCER_HEADER.SIZE;
const PLANS = OUTBOX + OUTBOX_MAX * EXECUTION.SIZE;
const BALANCES = PLANS + PLANS_MAX * PLAN_SLOT_BYTES;

const bankBytes = (config: Config): number => BALANCES + config.limits.assets_max * 8;

/** Bytes of own memory the sequencer needs. */
export const sequencerMemoryBytes = (config: Config): number => twoBankBytes(bankBytes(config));

export function openSequencerMemory(memory: SharedArrayBuffer, config: Config): TwoBankMemory {
  return new TwoBankMemory(memory, bankBytes(config), LAYOUT);
}

export const outboxOffset = (index: number): number => OUTBOX + index * EXECUTION.SIZE;
export const planOffset = (slot: number): number => PLANS + slot * PLAN_SLOT_BYTES;
/** i64: change of the paper account's balance since the start. */
export const balanceOffset = (asset: number): number => BALANCES + asset * 8;

/** Adds 1 to a number of the header and returns it. */
export function countUp(bank: DataView, field: number): number {
  const next = bank.getFloat64(field, true) + 1;
  bank.setFloat64(field, next, true);
  return next;
}
