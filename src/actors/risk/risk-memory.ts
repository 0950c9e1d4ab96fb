/**
 * What risk must not forget when its actor dies: one bank of bytes, see `two-bank-memory.ts`.
 *
 *   | header | open plans (PLANS_MAX × 24) | assets (assets_max × 72) |
 */
import type { Config } from '../../shared/config.ts';
import { PLANS_MAX } from '../../shared/execution-message.ts';
import { TwoBankMemory, twoBankBytes } from '../../shared/two-bank-memory.ts';

const LAYOUT = 4;

export const RISK_HEADER = {
  isInitialised: 0, // u8
  state: 1, // u8, index into RISK_STATES
  condition: 2, // u8, 1 when a condition for pausing holds
  stranded: 3, // u8, 1 when a stranded exposure was not acknowledged
  conditionReason: 4, // u8, index into GATE_REASONS
  haltReason: 5, // u8, index into GATE_REASONS
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
  wordsLength: 64, // u16: who halted or resumed last and why, UTF-8 JSON
  words: 66,
  WORDS_MAX: 446,
  ordersSent: 512, // f64
  ordersUncertain: 520, // f64
  ordersRefused: 528, // f64
  ordersOut: 536, // f64, sent and not ended
  refusedInARow: 544, // f64
  ordersAbsent: 552, // f64, that never came to the venue
  announcedStranded: 560, // u8, as `stranded` was when the state that survives the process was recorded last
  SIZE: 576,
} as const;

export const OPEN_PLAN = { plan: 0, asset: 8, reservedUnits: 16, SIZE: 24 } as const;

export const ASSET_ENTRY = {
  /** i64: change of the balance since the process started. */
  positionUnits: 0,
  /** i64: sum of the profits of all ended plans that started from this asset. */
  realisedUnits: 8,
  /** i64: highest `realisedUnits` since the start, or since a person last resumed. */
  peakUnits: 16,
  /** i64: `realisedUnits` when counting of the loss began: 0, or when a person last resumed. */
  baseUnits: 24,
  /** i64: held (negative: owed) outside any plan, that nobody has sold, bought back or accepted. */
  exposureUnits: 32,
  /** i64: the same, below what the venue would take. */
  dustUnits: 40,
  /** i64: what the account held when `positionUnits` was 0, once the account has told it. */
  openingUnits: 48,
  /** u8: 1 when it has. */
  isOpened: 56,
  /** i64: what entered the exposure ledger in this asset; of what somebody paid in only what made up for a loss. */
  outsideUnits: 64,
  SIZE: 72,
} as const;

const PLANS = RISK_HEADER.SIZE;
const ASSETS = PLANS + PLANS_MAX * OPEN_PLAN.SIZE;

const bankBytes = (config: Config): number => ASSETS + config.limits.assets_max * ASSET_ENTRY.SIZE;

/** Bytes of own memory the risk actor needs. */
export const riskMemoryBytes = (config: Config): number => twoBankBytes(bankBytes(config));

export function openRiskMemory(memory: SharedArrayBuffer, config: Config): TwoBankMemory {
  return new TwoBankMemory(memory, bankBytes(config), LAYOUT);
}

/** Offset of the entry of an asset. */
export const assetOffset = (asset: number): number => ASSETS + asset * ASSET_ENTRY.SIZE;
/** Offset of the `index`-th place for an open plan. */
export const openPlanOffset = (index: number): number => PLANS + index * OPEN_PLAN.SIZE;
