/** How a run goes at a moment, read off the shared memory without disturbing anyone: plain numbers, ready to be shown. */

import { heldCauses } from '../actors/risk/gate-causes.ts';
import { openRiskMemory } from '../actors/risk/risk-memory.ts';
import { SYSTEM_STATUSES, type SystemStatus } from '../messages/market-messages.ts';
import {
  ACTOR_IDS,
  EDGE_HISTOGRAMS,
  type EdgeHistogram,
  LATENCY_STAGES,
  type LatencyStage,
} from '../runtime/counter-names.ts';
import { Counters } from '../runtime/memory/counters.ts';
import { EdgeDistribution } from '../runtime/memory/edge-distribution.ts';
import { Histogram } from '../runtime/memory/histogram.ts';
import { RingGauge } from '../runtime/memory/ring.ts';
import type { PlacedRing, SharedMemory } from '../runtime/memory/shared-memory.ts';
import { openTable } from '../runtime/memory/shared-tables.ts';
import type { Config } from '../settings/config.ts';
import type { GateCause } from '../trading/gate-cause.ts';
import type { GateReading, GateState, TradingGate } from '../trading/trading-gate.ts';
import { bestSpelling } from './summary.ts';
import { readTrading, type TradingReading } from './trading-reading.ts';

/** Fractions at which an edge distribution is shown. */
export const EDGE_QUANTILES = [0.01, 0.25, 0.5, 0.75, 0.99, 1] as const;

export interface LatencyReading {
  readonly count: number;
  readonly p50Us: number;
  readonly p99Us: number;
}

export interface RingReading {
  readonly name: string;
  /** As in the topology: rings of one kind carry the same between different actors. */
  readonly kind: string;
  /** Whether it brings records to persistence. */
  readonly isOfRecords: boolean;
  /** 0 … 1. */
  readonly fill: number;
  readonly refused: number;
}

export interface BestCycle {
  readonly spelling: string;
  readonly grossBps: number;
  readonly netBps: number;
}

export interface Readings {
  /** Monotonic time of the reading. */
  readonly atNs: number;
  /** Since the run began. */
  readonly seconds: number;
  readonly frames: number;
  readonly malformed: number;
  readonly disconnects: number;
  readonly systemStatus: SystemStatus;
  readonly updates: number;
  /** Since the previous reading. */
  readonly updatesPerSecond: number;
  readonly instruments: number;
  readonly booksValid: number;
  readonly verified: number;
  readonly failed: number;
  readonly skipped: number;
  readonly resyncs: number;
  readonly cycles: number;
  readonly evaluations: number;
  readonly evaluationsPerSecond: number;
  readonly opportunities: number;
  readonly opportunitiesSized: number;
  /** Candidates that a strategy's budget left undecided. */
  readonly overBudget: number;
  /** The cycle with the best net result so far; undefined until one could be evaluated. */
  readonly best: BestCycle | undefined;
  /** Basis points at {@link EDGE_QUANTILES}; NaN where nothing was counted. */
  readonly edges: Readonly<Record<EdgeHistogram, readonly number[]>>;
  readonly plans: Readonly<
    Record<'opened' | 'active' | 'refused' | 'completed' | 'abandoned' | 'unwound' | 'stranded', number>
  >;
  readonly trading: TradingReading;
  readonly records: { readonly received: number; readonly committed: number };
  readonly latency: Readonly<Record<LatencyStage, LatencyReading>>;
  readonly rings: readonly RingReading[];
  readonly restarts: number;
  readonly gate: { readonly state: GateState; readonly risk: GateReading; readonly supervisor: GateReading };
  /** Why risk's half of the gate is not `active`, most serious first. */
  readonly causes: readonly GateCause[];
}

/**
 * Reads everything once. `previous` is the reading before this one, for rates and for the spelling of a cycle that has
 * not changed; without it the rates are those since the start.
 */
export function collectReadings(
  memory: SharedMemory,
  config: Config,
  nowNs: number,
  startedNs: number,
  previous?: Readings,
): Readings {
  const feed = new Counters(memory.counters, 'feed');
  const book = new Counters(memory.counters, 'book');
  const detector = new Counters(memory.counters, 'detector');
  const updates = book.get('book_messages');
  const evaluations = detector.get('evaluations');
  const since = (nowNs - (previous?.atNs ?? startedNs)) / 1e9;
  const rate = (now: number, before: number) => (since > 0 ? (now - before) / since : 0);
  return {
    atNs: nowNs,
    seconds: (nowNs - startedNs) / 1e9,
    frames: feed.get('frames'),
    malformed: feed.get('frames_malformed'),
    disconnects: feed.get('disconnects'),
    systemStatus: SYSTEM_STATUSES[feed.get('system_status')] ?? 'unknown',
    updates,
    updatesPerSecond: rate(updates, previous?.updates ?? 0),
    instruments: feed.get('instruments'),
    booksValid: book.get('books_valid'),
    verified: book.get('checksums_verified'),
    failed: book.get('checksums_failed'),
    skipped: book.get('checksums_skipped'),
    resyncs: book.get('resyncs_requested'),
    cycles: detector.get('cycles'),
    evaluations,
    evaluationsPerSecond: rate(evaluations, previous?.evaluations ?? 0),
    opportunities: detector.get('opportunities'),
    opportunitiesSized: detector.get('opportunities_sized'),
    overBudget: detector.get('candidates_over_budget'),
    best: bestCycle(memory, detector, previous?.best),
    edges: recordOf(EDGE_HISTOGRAMS, (name) => edgeReading(new EdgeDistribution(memory.edges[name]))),
    plans: planReadings(new Counters(memory.counters, 'sequencer')),
    trading: readTrading(memory, config),
    records: recordReadings(new Counters(memory.counters, 'persistence')),
    latency: recordOf(LATENCY_STAGES, (stage) => latencyReading(new Histogram(memory.latencies[stage]))),
    rings: Object.entries(memory.rings).map(([name, ring]) => ringReading(name, ring)),
    restarts: ACTOR_IDS.reduce((sum, actor) => sum + new Counters(memory.counters, actor).get('restarts'), 0),
    gate: gateReading(openTable(memory, 'trading_gate', 'readings')),
    causes: heldCauses(openRiskMemory(memory.own.risk, config).current),
  };
}

/** Spelling a cycle means reading the instrument log, so it is done only when the best cycle is another one. */
function bestCycle(
  memory: SharedMemory,
  detector: Counters<'detector'>,
  previous: BestCycle | undefined,
): BestCycle | undefined {
  if (detector.get('best_leg_1') === 0) return undefined;
  const net = detector.get('best_net_multiplier');
  const netBps = (net - 1) * 10_000;
  const spelling = previous?.netBps === netBps ? previous.spelling : bestSpelling(memory, detector);
  return { spelling, grossBps: (detector.get('best_gross_multiplier') - 1) * 10_000, netBps };
}

function edgeReading(edges: EdgeDistribution): number[] {
  return EDGE_QUANTILES.map((fraction) => (edges.count === 0 ? Number.NaN : edges.quantileBps(fraction)));
}

function latencyReading(histogram: Histogram): LatencyReading {
  return { count: histogram.count, p50Us: histogram.quantile(0.5) / 1_000, p99Us: histogram.quantile(0.99) / 1_000 };
}

/** The two positions are read one after the other while both move: a fill outside 0 … 1 is that, not a fact. */
function ringReading(name: string, { kind, to, memory }: PlacedRing): RingReading {
  const { used, capacity, refused } = new RingGauge(memory);
  return { name, kind, isOfRecords: to === 'persistence', fill: Math.max(0, Math.min(1, used / capacity)), refused };
}

function planReadings(sequencer: Counters<'sequencer'>): Readings['plans'] {
  return {
    opened: sequencer.get('plans_opened'),
    active: sequencer.get('plans_active'),
    refused: sequencer.get('plans_refused'),
    completed: sequencer.get('plans_completed'),
    abandoned: sequencer.get('plans_abandoned'),
    unwound: sequencer.get('plans_unwound'),
    stranded: sequencer.get('plans_stranded'),
  };
}

function recordReadings(persistence: Counters<'persistence'>): Readings['records'] {
  return { received: persistence.get('records_received'), committed: persistence.get('records_committed') };
}

function gateReading(gate: TradingGate): Readings['gate'] {
  return { state: gate.state, risk: gate.risk, supervisor: gate.supervisor };
}

function recordOf<K extends string, V>(keys: readonly K[], value: (key: K) => V): Record<K, V> {
  return Object.fromEntries(keys.map((key) => [key, value(key)])) as Record<K, V>;
}
