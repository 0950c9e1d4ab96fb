/**
 * One actor alone: its context on a virtual clock, with the other ends of its rings in the hands of the test.
 *
 *   const stage = createTestContext('book', { config: { venue: { depth: 10 } } });
 *   const book = createActor(stage.context);
 *   const deltas = stage.producer('deltas'); // the test plays feed …
 *   const tops = stage.consumer('tops');     // … and detector
 *   stage.audits();                          // what the actor has recorded, oldest first
 *   createActor(stage.successor());          // what comes after a crash
 */

import { type InstrumentIndex, instrumentIndex } from '../../src/market/instrument.ts';
import { AUDIT, RECORD_KIND } from '../../src/messages/record-messages.ts';
import { VirtualClock } from '../../src/platform/clock.ts';
import type { ActorContext } from '../../src/runtime/actor.ts';
import { ACTOR_IDS, type ActorId } from '../../src/runtime/counter-names.ts';
import type { RingConsumer, RingProducer } from '../../src/runtime/memory/ring.ts';
import {
  createSharedMemory,
  openConsumer,
  openContext,
  openProducer,
  type Placement,
  type SharedMemory,
} from '../../src/runtime/memory/shared-memory.ts';
import { AUDIT_EVENTS, type AuditEvent } from '../../src/runtime/records/audit-events.ts';
import { readText } from '../../src/runtime/records/record-writer.ts';
import type { RunOptions } from '../../src/runtime/run-options.ts';
import { chanceOf } from '../../src/runtime/threads/load-actor.ts';
import { checkConfig } from '../../src/settings/read-config.ts';
import { topologyOf } from '../../src/topology.ts';

export interface TestContextOptions {
  /** Settings as in a YAML file; what is left out has its default. */
  readonly config?: unknown;
  readonly options?: RunOptions;
  readonly seed?: number;
  /** Wall time at the clock's zero. */
  readonly wallStartNs?: bigint;
  /** Memory of another test context, to put neighbours on the same rings. */
  readonly memory?: SharedMemory;
  readonly clock?: VirtualClock;
}

export interface AuditRecord {
  readonly event: AuditEvent;
  readonly severity: number;
  readonly instrument: InstrumentIndex;
  readonly a: number;
  readonly b: number;
  readonly text: string;
  readonly recordSeq: number;
}

export interface LoggedEvent {
  readonly level: string;
  readonly event: AuditEvent;
  readonly text: string;
  readonly fields: Readonly<Record<string, unknown>> | undefined;
}

export interface TestContext<A extends ActorId> {
  readonly context: ActorContext<A>;
  readonly clock: VirtualClock;
  readonly memory: SharedMemory;
  /** Everything the actor has logged. */
  readonly logged: readonly LoggedEvent[];
  /** Writing end of any ring, as its own writer would open it. */
  producer(ring: string): RingProducer;
  /** Reading end of any ring, as its own reader would open it. */
  consumer(ring: string): RingConsumer;
  /** Takes the audit records off the actor's record ring; records of other kinds are passed over. */
  audits(): AuditRecord[];
  /** A new context on the same memory, as after a death. */
  successor(): ActorContext<A>;
}

/** `context` with some of it changed. It has getters that throw (tables of others), so it is not copied. */
export function contextWith<C extends object>(context: C, changes: Partial<C>): C {
  return Object.assign(Object.create(context), changes);
}

const PLACEMENT = Object.fromEntries(ACTOR_IDS.map((id, index) => [id, index])) as Placement;

export function createTestContext<A extends ActorId>(actor: A, given: TestContextOptions = {}): TestContext<A> {
  const config = checkConfig(given.config);
  const clock = given.clock ?? new VirtualClock(given.wallStartNs ?? 0n);
  const memory = given.memory ?? createSharedMemory(topologyOf(config), PLACEMENT);
  const logged: LoggedEvent[] = [];
  const services = {
    config,
    clock,
    chance: chanceOf(given.seed ?? 1, actor),
    log: (level: string, event: AuditEvent, text: string, fields?: Readonly<Record<string, unknown>>) => {
      logged.push({ level, event, text, fields });
    },
    options: given.options ?? {},
  };
  const ringOf = (wanted: string) =>
    Object.entries(memory.rings).find(([name, { kind }]) => name === wanted || kind === wanted)?.[1];
  const consumer = (ring: string) => openConsumer(memory, ring, ringOf(ring)?.to ?? actor);
  let records: RingConsumer | undefined;
  return {
    context: openContext(memory, actor, services),
    clock,
    memory,
    logged,
    producer: (ring) => openProducer(memory, ring, ringOf(ring)?.from ?? actor),
    consumer,
    audits: () => {
      records ??= consumer(`${actor}_records`);
      return takeAudits(records);
    },
    successor: () => openContext(memory, actor, services, true),
  };
}

function takeAudits(ring: RingConsumer): AuditRecord[] {
  const audits: AuditRecord[] = [];
  ring.drain((view, offset) => {
    if (view.getUint8(offset + AUDIT.kind) === RECORD_KIND.AUDIT) audits.push(readAudit(view, offset));
  }, ring.capacity);
  return audits;
}

/** Decodes one audit record. */
export function readAudit(view: DataView, offset: number): AuditRecord {
  return {
    event: AUDIT_EVENTS[view.getUint16(offset + AUDIT.event, true)] ?? 'none',
    severity: view.getUint8(offset + AUDIT.severity),
    instrument: instrumentIndex(view.getUint32(offset + AUDIT.instrument, true)),
    a: view.getFloat64(offset + AUDIT.a, true),
    b: view.getFloat64(offset + AUDIT.b, true),
    text: readText(view, offset + AUDIT.text, view.getUint16(offset + AUDIT.textLength, true)),
    recordSeq: view.getFloat64(offset + AUDIT.recordSeq, true),
  };
}
