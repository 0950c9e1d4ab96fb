/**
 * All shared memory of one process, laid out from the topology and the settings, and an actor's view of it. The main
 * thread creates it once; worker threads receive it by structured clone and open their own part.
 */
import type { Chance } from '../../platform/chance.ts';
import type { Clock } from '../../platform/clock.ts';
import { arbitradeError } from '../../platform/errors.ts';
import type { Config } from '../../settings/config.ts';
import type { ActorContext } from '../actor.ts';
import { CaptureClock } from '../capture-time/capture-clock.ts';
import { CaptureTime } from '../capture-time/capture-time.ts';
import {
  ACTOR_IDS,
  type ActorId,
  EDGE_HISTOGRAMS,
  type EdgeHistogram,
  LATENCY_STAGES,
  type LatencyStage,
} from '../counter-names.ts';
import { RecordWriter } from '../records/record-writer.ts';
import { checkedRunOptions, type RunOptions } from '../run-options.ts';
import type { RingSpec, RingWriter, Topology } from '../topology-spec.ts';
import { type CounterMemory, Counters, createCounterMemory } from './counters.ts';
import { createDoorbellMemory, Doorbell } from './doorbell.ts';
import { createEdgeDistributionMemory, EdgeDistribution } from './edge-distribution.ts';
import { createHistogramMemory, Histogram } from './histogram.ts';
import { createRingMemory, RingConsumer, RingGauge, type RingMemory, RingProducer } from './ring.ts';
import { type PlacedTable, placeTable, tableOf, tablesFor } from './shared-tables.ts';

/** Which worker thread (0 …) hosts each actor. */
export type Placement = Readonly<Record<ActorId, number>>;

/** A ring with the two ends it connects, without the functions of its spec: it crosses threads. */
export interface PlacedRing {
  readonly from: RingWriter;
  readonly to: ActorId;
  readonly memory: RingMemory;
}

export interface SharedMemory {
  readonly rings: Readonly<Record<string, PlacedRing>>;
  readonly counters: CounterMemory;
  readonly latencies: Readonly<Record<LatencyStage, SharedArrayBuffer>>;
  readonly edges: Readonly<Record<EdgeHistogram, SharedArrayBuffer>>;
  readonly tables: readonly PlacedTable[];
  readonly doorbells: SharedArrayBuffer;
  readonly placement: Placement;
  readonly own: Readonly<Record<ActorId, SharedArrayBuffer>>;
}

export function createSharedMemory(topology: Topology, placement: Placement): SharedMemory {
  const ring = (spec: RingSpec): [string, PlacedRing] => [
    spec.name,
    { from: spec.from, to: spec.to, memory: createRingMemory(spec.capacity, spec.slotBytes) },
  ];
  const own = (id: ActorId): [ActorId, SharedArrayBuffer] => {
    const child = topology.children.find((spec) => spec.id === id);
    return [id, new SharedArrayBuffer(child?.ownBytes ?? 0)];
  };
  return {
    rings: Object.fromEntries(topology.rings.map(ring)),
    counters: createCounterMemory(),
    latencies: recordOf(LATENCY_STAGES, createHistogramMemory),
    edges: recordOf(EDGE_HISTOGRAMS, createEdgeDistributionMemory),
    tables: topology.tables.map(placeTable),
    doorbells: createDoorbellMemory(Math.max(...Object.values(placement)) + 1),
    placement,
    own: Object.fromEntries(ACTOR_IDS.map(own)) as Record<ActorId, SharedArrayBuffer>,
  };
}

function recordOf<K extends string>(keys: readonly K[], create: () => SharedArrayBuffer): Record<K, SharedArrayBuffer> {
  return Object.fromEntries(keys.map((key) => [key, create()])) as Record<K, SharedArrayBuffer>;
}

/** What a host adds to the memory to make an actor's context. */
export interface HostServices {
  readonly config: Config;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly log: ActorContext['log'];
  /** Only threads have one: the inline host decides when its actors turn. */
  readonly turnNow?: ActorContext['turnNow'];
  readonly options: RunOptions;
}

/** By ring, the position of a message that has killed its handler too often and is passed over. */
export type SetAside = Readonly<Record<string, number>>;

/** The part of the memory that `actor` may touch, with everything else it needs. @throws OPTION_INVALID */
export function openContext<A extends ActorId>(
  memory: SharedMemory,
  actor: A,
  services: HostServices,
  isSuccessor = false,
  setAside: SetAside = {},
): ActorContext<A> {
  const doorbellOf = (id: ActorId) => new Doorbell(memory.doorbells, memory.placement[id]);
  const producer = (name: string): RingProducer => openProducer(memory, name, actor);
  let records: RecordWriter | undefined;
  const tables = tablesFor(memory, actor);
  const counters = new Counters(memory.counters, actor);
  const captureTime = captureTimeOf(memory, actor, services);
  const clock = captureTime === undefined ? services.clock : new CaptureClock(captureTime);
  return {
    turnNow: () => {},
    noteProgress: () => counters.set(counters.at('heartbeat_ns'), services.clock.nowNs()),
    ...services,
    options: checkedRunOptions(services.options),
    clock,
    captureTime,
    id: actor,
    isSuccessor,
    counters,
    get bookTable() {
      return tables.bookTable();
    },
    get instrumentLog() {
      return tables.instrumentLog();
    },
    get gate() {
      return tables.gate();
    },
    get feeTable() {
      return tables.feeTable();
    },
    get fundsTable() {
      return tables.fundsTable();
    },
    ownMemory: memory.own[actor],
    consumer: (name) => openConsumer(memory, name, actor, setAside[name]),
    producer,
    gauge: (name) => openGauge(memory, name),
    get records() {
      records ??= recordWriterOf(memory, actor, clock);
      return records;
    },
    latency: (stage) => new Histogram(memory.latencies[stage]),
    edges: (name) => new EdgeDistribution(memory.edges[name]),
    countersOf: (other) => new Counters(memory.counters, other),
    wake: () => doorbellOf(actor).ring(),
  };
}

/**
 * In a replay, for those whom the topology gives it. Persistence always follows real time: how soon records are on disk
 * does not depend on the capture.
 */
function captureTimeOf(memory: SharedMemory, actor: ActorId, { options }: HostServices): CaptureTime | undefined {
  const table = options.captureTime === true ? tableOf(memory.tables, 'capture_time', actor) : undefined;
  if (table === undefined) return undefined;
  const doorbell = (id: ActorId) => new Doorbell(memory.doorbells, memory.placement[id]);
  const doorbells = { feed: doorbell('feed'), sequencer: doorbell('sequencer'), risk: doorbell('risk') };
  return new CaptureTime(table.memory, doorbells, [openGauge(memory, 'deltas'), openGauge(memory, 'tops')]);
}

/** The producing end of `name`, for its one writer. @throws TOPOLOGY_INVALID for anybody else. */
export function openProducer(memory: SharedMemory, name: string, writer: RingWriter): RingProducer {
  const ring = memory.rings[name];
  if (ring?.from !== writer) throw arbitradeError('TOPOLOGY_INVALID', `${writer} does not write to ring ${name}`);
  return new RingProducer(ring.memory, new Doorbell(memory.doorbells, memory.placement[ring.to]));
}

/** The consuming end of `name`, for its one reader. @throws TOPOLOGY_INVALID for anybody else. */
export function openConsumer(memory: SharedMemory, name: string, reader: ActorId, setAside?: number): RingConsumer {
  const ring = memory.rings[name];
  if (ring?.to !== reader) throw arbitradeError('TOPOLOGY_INVALID', `${reader} does not read ring ${name}`);
  const back = ring.from === 'supervisor' ? undefined : new Doorbell(memory.doorbells, memory.placement[ring.from]);
  return new RingConsumer(ring.memory, setAside, back);
}

/** A look at `name`, for anybody. @throws TOPOLOGY_INVALID when there is no such ring. */
function openGauge(memory: SharedMemory, name: string): RingGauge {
  const ring = memory.rings[name];
  if (ring === undefined) throw arbitradeError('TOPOLOGY_INVALID', `there is no ring ${name}`);
  return new RingGauge(ring.memory);
}

/**
 * The writer of the records ring of `source`.
 * @throws TOPOLOGY_INVALID for persistence, which has none: it puts its own records straight into its batch.
 */
export function recordWriterOf(memory: SharedMemory, source: RingWriter, clock: Clock): RecordWriter {
  return new RecordWriter(openProducer(memory, `${source}_records`, source), clock);
}
