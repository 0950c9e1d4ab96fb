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
  readonly kind: string;
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
    { kind: spec.kind, from: spec.from, to: spec.to, memory: createRingMemory(spec.capacity, spec.slotBytes) },
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
  const producer = (ring: string): RingProducer => openProducer(memory, ring, actor);
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
    consumer: (ring) => openConsumer(memory, ring, actor, setAside),
    producer,
    gauge: (ring) => openGauge(memory, ring),
    rings: Object.entries(memory.rings).map(([name, { kind, from, to }]) => ({ name, kind, from, to })),
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
  const isOfFrames = ({ kind }: PlacedRing) => kind === 'deltas' || kind === 'tops';
  const frameRings = Object.values(memory.rings).filter(isOfFrames);
  return new CaptureTime(
    table.memory,
    doorbells,
    frameRings.map((ring) => new RingGauge(ring.memory)),
  );
}

/**
 * The producing end of a ring, for its one writer. @param ring its name, or its kind where the writer has one of it.
 * @throws TOPOLOGY_INVALID for anybody else.
 */
export function openProducer(memory: SharedMemory, ring: string, writer: RingWriter): RingProducer {
  const [, { memory: slots, to }] = ringOf(memory, ring, `${writer} does not write to`, ({ from }) => from === writer);
  return new RingProducer(slots, new Doorbell(memory.doorbells, memory.placement[to]));
}

/**
 * The consuming end of a ring, for its one reader. @param ring its name, or its kind where the reader has one of it.
 * @throws TOPOLOGY_INVALID for anybody else.
 */
export function openConsumer(
  memory: SharedMemory,
  ring: string,
  reader: ActorId,
  setAside: SetAside = {},
): RingConsumer {
  const [name, placed] = ringOf(memory, ring, `${reader} does not read`, ({ to }) => to === reader);
  const back = placed.from === 'supervisor' ? undefined : new Doorbell(memory.doorbells, memory.placement[placed.from]);
  return new RingConsumer(placed.memory, setAside[name], back);
}

/** A look at a ring, for anybody. @throws TOPOLOGY_INVALID when there is no such ring, or several. */
function openGauge(memory: SharedMemory, ring: string): RingGauge {
  return new RingGauge(ringOf(memory, ring, 'there is no', () => true)[1].memory);
}

function ringOf(memory: SharedMemory, wanted: string, refusal: string, isItsOwn: (ring: PlacedRing) => boolean) {
  const isWanted = ([name, ring]: [string, PlacedRing]) => name === wanted || ring.kind === wanted;
  const [found, ...more] = Object.entries(memory.rings).filter((entry) => isWanted(entry) && isItsOwn(entry[1]));
  if (found === undefined) throw arbitradeError('TOPOLOGY_INVALID', `${refusal} ring ${wanted}`);
  if (more.length === 0) return found;
  const names = [found, ...more].map(([name]) => name).join(' and ');
  throw arbitradeError('TOPOLOGY_INVALID', `${wanted} may be ${names}: it has to be opened by its name`);
}

/**
 * The writer of the records ring of `source`.
 * @throws TOPOLOGY_INVALID for persistence, which has none: it puts its own records straight into its batch.
 */
export function recordWriterOf(memory: SharedMemory, source: RingWriter, clock: Clock): RecordWriter {
  return new RecordWriter(openProducer(memory, `${source}_records`, source), clock);
}
