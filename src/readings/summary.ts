/** What a run amounts to, read off the shared memory: as an object for `--json`, as text for people. */

import { spellEdges } from '../market/asset-graph.ts';
import { ACTOR_IDS, EDGE_HISTOGRAMS, LATENCY_STAGES, type LatencyStage } from '../runtime/counter-names.ts';
import { Counters } from '../runtime/memory/counters.ts';
import { EdgeDistribution } from '../runtime/memory/edge-distribution.ts';
import { Histogram } from '../runtime/memory/histogram.ts';
import type { SharedMemory } from '../runtime/memory/shared-memory.ts';
import { openTable } from '../runtime/memory/shared-tables.ts';
import type { Config } from '../settings/config.ts';
import { isAmount, readTrading, type TradingReading } from './trading-reading.ts';

/** Quantiles of one latency stage, in microseconds. */
export interface LatencySummary {
  readonly count: number;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly maxUs: number;
}

/** Distribution of an edge in basis points: of the best cycle that each update touched. */
export interface EdgeSummary {
  readonly count: number;
  readonly p1Bps: number | null;
  readonly p50Bps: number | null;
  readonly p99Bps: number | null;
}

export interface Summary {
  readonly frames: number;
  readonly malformed: number;
  readonly bookMessages: number;
  readonly checksums: { readonly verified: number; readonly failed: number; readonly skipped: number };
  readonly snapshots: number;
  /** Books that became invalid and had to be asked for again. */
  readonly resyncs: number;
  readonly instruments: number;
  /** Directed cycles: each direction counts. */
  readonly cycles: number;
  readonly evaluations: number;
  readonly opportunities: number;
  readonly opportunitiesSized: number;
  readonly best: {
    readonly cycle: string | null;
    readonly grossMultiplier: number | null;
    readonly netMultiplier: number | null;
  };
  readonly edges: Readonly<Record<(typeof EDGE_HISTOGRAMS)[number], EdgeSummary>>;
  readonly plans: Readonly<Record<'opened' | 'refused' | 'completed' | 'abandoned' | 'unwound' | 'stranded', number>>;
  readonly trading: TradingReading;
  readonly records: { readonly received: number; readonly committed: number };
  readonly restarts: number;
  /** Undefined in a replay: there time does not pass while messages are handled. */
  readonly latency: Readonly<Record<LatencyStage, LatencySummary>> | undefined;
  /** From the first frame to the last message handled. */
  readonly seconds: number;
  /** Book messages a second. */
  readonly updatesPerSecond: number;
}

/** Reads the summary of a run that took `seconds`. Any thread, at any time. */
export function summarise(memory: SharedMemory, config: Config, seconds: number): Summary {
  const feed = new Counters(memory.counters, 'feed');
  const book = new Counters(memory.counters, 'book');
  const detector = new Counters(memory.counters, 'detector');
  const bookMessages = feed.get('book_messages');
  return {
    frames: feed.get('frames'),
    malformed: feed.get('frames_malformed'),
    bookMessages,
    checksums: {
      verified: book.get('checksums_verified'),
      failed: book.get('checksums_failed'),
      skipped: book.get('checksums_skipped'),
    },
    snapshots: book.get('snapshots'),
    resyncs: book.get('resyncs_requested'),
    instruments: feed.get('instruments'),
    cycles: detector.get('cycles'),
    evaluations: detector.get('evaluations'),
    opportunities: detector.get('opportunities'),
    opportunitiesSized: detector.get('opportunities_sized'),
    best: bestOf(memory, detector),
    edges: recordOf(EDGE_HISTOGRAMS, (name) => edgeSummary(new EdgeDistribution(memory.edges[name]))),
    plans: plansOf(memory),
    trading: readTrading(memory, config),
    records: recordsOf(memory),
    restarts: ACTOR_IDS.reduce((sum, actor) => sum + new Counters(memory.counters, actor).get('restarts'), 0),
    latency: recordOf(LATENCY_STAGES, (stage) => latencySummary(new Histogram(memory.latencies[stage]))),
    seconds: round(seconds, 6),
    updatesPerSecond: seconds > 0 ? Math.round(bookMessages / seconds) : 0,
  };
}

function bestOf(memory: SharedMemory, detector: Counters<'detector'>): Summary['best'] {
  if (detector.get('best_leg_1') === 0) return { cycle: null, grossMultiplier: null, netMultiplier: null };
  return {
    cycle: bestSpelling(memory, detector),
    grossMultiplier: detector.get('best_gross_multiplier'),
    netMultiplier: detector.get('best_net_multiplier'),
  };
}

/** Spelling of the best cycle, from its legs. */
export function bestSpelling(memory: SharedMemory, detector: Counters<'detector'>): string {
  const legs = (['best_leg_1', 'best_leg_2', 'best_leg_3', 'best_leg_4'] as const).map((name) => detector.get(name));
  const edges = legs.filter((leg) => leg > 0).map((leg) => leg - 1);
  return spellEdges(openTable(memory, 'instrument_log', 'readings').directory(), edges);
}

function plansOf(memory: SharedMemory): Summary['plans'] {
  const sequencer = new Counters(memory.counters, 'sequencer');
  return {
    opened: sequencer.get('plans_opened'),
    refused: sequencer.get('plans_refused'),
    completed: sequencer.get('plans_completed'),
    abandoned: sequencer.get('plans_abandoned'),
    unwound: sequencer.get('plans_unwound'),
    stranded: sequencer.get('plans_stranded'),
  };
}

function recordsOf(memory: SharedMemory): Summary['records'] {
  const persistence = new Counters(memory.counters, 'persistence');
  return { received: persistence.get('records_received'), committed: persistence.get('records_committed') };
}

function latencySummary(histogram: Histogram): LatencySummary {
  const microseconds = (ns: number) => round(ns / 1_000, 2);
  return {
    count: histogram.count,
    p50Us: microseconds(histogram.quantile(0.5)),
    p99Us: microseconds(histogram.quantile(0.99)),
    maxUs: microseconds(histogram.max),
  };
}

function edgeSummary(edges: EdgeDistribution): EdgeSummary {
  const at = (fraction: number) => (edges.count === 0 ? null : round(edges.quantileBps(fraction), 1));
  return { count: edges.count, p1Bps: at(0.01), p50Bps: at(0.5), p99Bps: at(0.99) };
}

function recordOf<K extends string, V>(keys: readonly K[], value: (key: K) => V): Record<K, V> {
  return Object.fromEntries(keys.map((key) => [key, value(key)])) as Record<K, V>;
}

function round(value: number, places: number): number {
  const scale = 10 ** places;
  return Math.round(value * scale) / scale;
}

/** The summary as a person reads it, no wider than a plain terminal. */
export function renderSummary(summary: Summary): string {
  const { checksums, best, plans, records } = summary;
  return [
    `done      ${summary.seconds.toFixed(1)} s   frames ${count(summary.frames)}   malformed ${count(summary.malformed)}   updates/s ${count(summary.updatesPerSecond)}`,
    `books     ${count(summary.instruments)} pairs   snapshots ${count(summary.snapshots)}   resyncs ${count(summary.resyncs)}`,
    `checksums verified ${count(checksums.verified)}   failed ${count(checksums.failed)}   skipped ${count(checksums.skipped)}`,
    `cycles    ${count(summary.cycles)}   evaluations ${count(summary.evaluations)}`,
    ...(best.cycle === null ? ['best      no cycle could be evaluated'] : edgeLines(summary)),
    `found     opportunities ${count(summary.opportunities)}   with a size that pays ${count(summary.opportunitiesSized)}`,
    `plans     opened ${count(plans.opened)}   refused ${count(plans.refused)}   completed ${count(plans.completed)}`,
    `          abandoned ${count(plans.abandoned)}   unwound ${count(plans.unwound)}   stranded ${count(plans.stranded)}`,
    ...tradingLines(summary.trading),
    ...latencyLines(summary.latency),
    `records   ${count(records.committed)} of ${count(records.received)} committed   restarts ${count(summary.restarts)}`,
  ].join('\n');
}

function tradingLines({ orders, fills, announced, assets }: TradingReading): string[] {
  const profits = assets.filter(({ profit }) => isAmount(profit)).map(({ asset, profit }) => `${profit} ${asset}`);
  const exposed = assets
    .filter(({ exposure }) => isAmount(exposure))
    .map(({ asset, exposure }) => `${exposure} ${asset}`);
  const orderText = `orders    sent ${count(orders.sent)}   uncertain ${count(orders.uncertain)}   refused ${count(orders.refused)}   fills ${count(fills)}`;
  return [
    ...(announced > 0 ? [`announced ${count(announced)}`] : []),
    ...(orders.sent > 0 ? [orderText] : []),
    ...(profits.length > 0 ? [`profit    ${profits.join('   ')}`] : []),
    ...(exposed.length > 0 ? [`exposure  ${exposed.join('   ')}`] : []),
  ];
}

function edgeLines({ best, edges }: Summary): string[] {
  if (best.netMultiplier === null || best.grossMultiplier === null) return [];
  const row = (name: string, edge: EdgeSummary) =>
    `${name} ${cell(edge.p1Bps)} ${cell(edge.p50Bps)} ${cell(edge.p99Bps)}`;
  const net = (best.netMultiplier - 1) * 10_000;
  const gross = (best.grossMultiplier - 1) * 10_000;
  const verdict = net > 0 ? 'it would have paid' : `${(-net).toFixed(2)} bps short of paying`;
  return [
    `edge, bps ${'p1'.padStart(10)} ${'p50'.padStart(10)} ${'p99'.padStart(10)}`,
    row('  gross   ', edges.gross_edge),
    row('  net     ', edges.net_edge),
    `best      ${best.cycle}`,
    `          gross ${bps(gross)} bps   net ${bps(net)} bps: ${verdict}`,
  ];
}

function latencyLines(latency: Summary['latency']): string[] {
  if (latency === undefined) return [];
  const stages = LATENCY_STAGES.filter((stage) => latency[stage].count > 0);
  const head = `latency   ${'p50 µs'.padStart(24)} ${'p99 µs'.padStart(12)} ${'max µs'.padStart(12)} ${'timed'.padStart(12)}`;
  return stages.length === 0 ? [] : [head, ...stages.map((stage) => latencyLine(stage, latency[stage]))];
}

function latencyLine(stage: LatencyStage, { count: timed, p50Us, p99Us, maxUs }: LatencySummary): string {
  const figure = (us: number, width: number) => count(Number(us.toFixed(1))).padStart(width);
  return `  ${stage.padEnd(14)} ${figure(p50Us, 17)} ${figure(p99Us, 12)} ${figure(maxUs, 12)} ${count(timed).padStart(12)}`;
}

const bps = (value: number | null) => (value === null ? '–' : `${value >= 0 ? '+' : ''}${value.toFixed(2)}`);
const cell = (value: number | null) => bps(value).padStart(10);
const count = (value: number) => value.toLocaleString('en-US');
