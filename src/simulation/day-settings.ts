/** What a simulated day is made of, drawn from its seed: the market, the account, the settings, and what goes wrong. */
import type { Chance } from '../platform/chance.ts';
import type { AccountSpec } from '../practice/exchange/accounts/account-spec.ts';
import { TRADING_PERMISSIONS } from '../practice/exchange/accounts/account-spec.ts';
import { drawFaultRates, type FaultRates } from '../practice/faults/fault-rules.ts';
import { FAULT_NAMES, type FaultName } from '../practice/faults/faults.ts';
import type { ActorId } from '../runtime/counter-names.ts';
import type { Config, ConfigInput } from '../settings/config.ts';
import { checkConfig } from '../settings/read-config.ts';

/** Misfortunes that the exchange has no part in. */
export const HOST_FAULTS = ['actor-death', 'operator-halt', 'clock-set', 'process-death'] as const;
export type HostFault = (typeof HOST_FAULTS)[number];
export type SimulatedFault = FaultName | HostFault;

export const SIMULATED_FAULTS: readonly SimulatedFault[] = [...FAULT_NAMES, ...HOST_FAULTS];

export interface DaySettings {
  readonly seed: number;
  /** Plans that are attempted at least. */
  readonly plans: number;
  /** The faults that may strike; which of them do, and how often, is drawn. */
  readonly faults: readonly SimulatedFault[];
}

export interface DrawnDay {
  readonly config: Config;
  readonly account: AccountSpec;
  readonly feesBps: number;
  readonly rates: FaultRates;
  readonly latencyMs: readonly [number, number];
  /** Actors that may die, and how long at most until the next death, in milliseconds. */
  readonly deaths: { readonly actors: readonly ActorId[]; readonly everyMs: number } | undefined;
  readonly haltEveryMs: number | undefined;
  /** How long at most until the wall clock is set by up to an hour, forward or back; undefined: it is not set. */
  readonly clockSetEveryMs: number | undefined;
  /** How long at most until the process dies; half of its deaths are followed by another within seconds. */
  readonly processDeathEveryMs: number | undefined;
  /** How long trading stays paused before the simulated operator resumes it. */
  readonly resumeAfterMs: number;
}

/** Taker fees in percent: what three legs cost decides what pays. */
const FEES = ['0.05', '0.10', '0.20', '0.40'] as const;
/** None, wider than most plans, and so narrow that nearly every plan is cut down to it. */
const ORDER_MAX = [
  {},
  { USD: '4000', EUR: '4000', BTC: '0.08', ETH: '1.5' },
  { USD: '90.5', EUR: '77', BTC: '0.0021' },
] as const;
const MORTALS: readonly ActorId[] = ['sequencer', 'sequencer', 'sequencer', 'risk', 'detector', 'book', 'feed'];

/** Draws in a fixed order: the same seed and the same faults make the same day. */
export function drawDay(chance: Chance, { faults }: DaySettings): DrawnDay {
  const oneOf = <T>(first: T, ...others: readonly T[]): T => others[chance.integer(others.length + 1) - 1] ?? first;
  const takerPct = oneOf(...FEES);
  const settings: ConfigInput = {
    mode: 'demo',
    venue: {
      public_url: 'ws://127.0.0.1/v2',
      private_url: 'ws://127.0.0.1/private/v2',
      rest_url: 'http://127.0.0.1',
      depth: oneOf(10, 25),
      instrument_silence_ms: 60_000,
    },
    strategy: {
      start_assets: oneOf(['USD'], ['USD', 'EUR'], ['USD', 'BTC']),
      min_edge_bps: oneOf(0, 2),
      sizing_steps_max: 128,
    },
    fees: { taker_pct: takerPct },
    trading: {
      policy: oneOf('sequential', 'sequential', 'parallel'),
      plans_at_once: 1 + chance.integer(3),
      slippage_bps: oneOf(0, 10, 40),
      shortfall: oneOf('cheapest', 'cheapest', 'reverse', 'complete', 'hold'),
      stranded: oneOf('reduce', 'halt'),
      patience_ms: oneOf(1_000, 5_000),
      order_max: oneOf(...ORDER_MAX),
      exposure_max: chance.integer(3) === 0 ? { USD: '9000' } : {},
      reconcile_orders_ms: oneOf(10_000, 30_000),
      reconcile_balances_ms: oneOf(20_000, 60_000),
    },
    risk: { losing_plans_in_a_row_max: oneOf(3, 10) },
    runtime: { heartbeat_ms: 100 },
    limits: SMALL,
  };
  return {
    config: checkConfig(settings),
    account: accountOf(chance, takerPct),
    feesBps: Math.ceil(Number(takerPct) * 300),
    rates: drawRates(
      chance,
      FAULT_NAMES.filter((name) => faults.includes(name)),
    ),
    latencyMs: [1, oneOf(5, 30, 150)],
    deaths: drawDeaths(chance, faults),
    haltEveryMs: drawHalts(chance, faults),
    resumeAfterMs: oneOf(500, 5_000, 20_000),
    clockSetEveryMs: drawClockSets(chance, faults),
    processDeathEveryMs: drawProcessDeaths(chance, faults),
  };
}

/** Memory for a market of a dozen pairs. */
const SMALL = {
  instruments_max: 16,
  assets_max: 16,
  instrument_log_bytes: 262_144,
  deltas_ring: 2_048,
  tops_ring: 512,
  records_ring: 512,
  opportunities_ring: 64,
} as const;

function accountOf(chance: Chance, takerPct: string): AccountSpec {
  const scarce = chance.integer(2) === 0;
  const rich = { USD: '20000', EUR: '20000', BTC: '0.5', ETH: '8', SOL: '150', DOGE: '200000' };
  const poor = { USD: '700', EUR: '300.5', BTC: '0.0071', ETH: '0' };
  return {
    name: 'simulated',
    key: 'c2ltdWxhdGVkLWtleQ==',
    secret: Buffer.alloc(64, 7).toString('base64'),
    tier: 1,
    fees: { makerPct: takerPct, takerPct },
    rateTier: chance.integer(3) === 0 ? 'intermediate' : 'pro',
    balances: scarce ? poor : rich,
    permissions: TRADING_PERMISSIONS,
    nonceWindow: 0,
    nonceScales: 'one',
  };
}

/** A few faults that strike often show more than all of them at once, which keep each other from being reached. */
function drawRates(chance: Chance, among: readonly FaultName[]): FaultRates {
  const few = 1 + chance.integer(8);
  const chosen = among.filter(() => chance.unit() * among.length < few);
  return { ...drawFaultRates(chance, chosen), ...drawFaultRates(chance, chosen) };
}

function drawClockSets(chance: Chance, faults: readonly SimulatedFault[]): number | undefined {
  if (!faults.includes('clock-set') || chance.integer(3) > 0) return undefined;
  return 5_000 + chance.integer(60_000);
}

function drawDeaths(chance: Chance, faults: readonly SimulatedFault[]): DrawnDay['deaths'] {
  const strikes = chance.integer(2) === 0;
  const everyMs = 5_000 + chance.integer(60_000);
  return strikes && faults.includes('actor-death') ? { actors: MORTALS, everyMs } : undefined;
}

function drawHalts(chance: Chance, faults: readonly SimulatedFault[]): number | undefined {
  const strikes = chance.integer(3) === 0;
  const everyMs = 10_000 + chance.integer(60_000);
  return strikes && faults.includes('operator-halt') ? everyMs : undefined;
}

function drawProcessDeaths(chance: Chance, faults: readonly SimulatedFault[]): number | undefined {
  const strikes = chance.integer(3) === 0;
  const everyMs = 5_000 + chance.integer(40_000);
  return strikes && faults.includes('process-death') ? everyMs : undefined;
}
