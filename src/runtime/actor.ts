/**
 * What an actor is. An actor owns a slice of the work, talks only through its rings, and does one bounded turn at a
 * time. It does not know whether it shares its thread with others or runs inline on a virtual clock.
 */

import type { BookTable } from '../market/book-table.ts';
import type { FeeTable } from '../market/fee-table.ts';
import type { FundsTable } from '../market/funds-table.ts';
import type { InstrumentLog } from '../market/instrument-log.ts';
import type { Chance } from '../platform/chance.ts';
import type { Clock } from '../platform/clock.ts';
import type { Config } from '../settings/config.ts';
import type { TradingGate } from '../trading/trading-gate.ts';
import type { CaptureTime } from './capture-time/capture-time.ts';
import type { ControlCalls } from './control-calls.ts';
import type { ActorId, EdgeHistogram, LatencyStage } from './counter-names.ts';
import type { Counters } from './memory/counters.ts';
import type { EdgeDistribution } from './memory/edge-distribution.ts';
import type { Histogram } from './memory/histogram.ts';
import type { RingConsumer, RingGauge, RingProducer } from './memory/ring.ts';
import type { AuditEvent } from './records/audit-events.ts';
import type { RecordWriter } from './records/record-writer.ts';
import type { RunOptions } from './run-options.ts';
import type { RingEnds } from './topology-spec.ts';

export interface Actor {
  readonly id: ActorId;
  /** Recovers from shared memory or the database, and opens what it needs. Starting is recovering. */
  onStart(): void | Promise<void>;
  /** One bounded turn. @returns messages handled; 0 lets the thread idle. Never blocks, never awaits. */
  doWork(): number;
  /** Called about every `heartbeat_ms`, between turns: time-outs, silence, intervals. */
  onTimer?(): void;
  /**
   * True while something outside the rings that it has set going is not back (a commit, a reply). Virtual time stands
   * still meanwhile, and a host that drains waits for it.
   */
  isBusy?(): boolean;
  /** Name of the ring without room that keeps it from work it has; undefined when none does. Asked in replays only. */
  waitsFor?(): string | undefined;
  /** Finishes its current work and closes. Neighbours upstream have stopped already. */
  onStop(): void | Promise<void>;
  /** Calls that other threads may make through the control port, see `control-calls.ts`. */
  readonly control?: object;
  /**
   * True when the actor has sockets or a database, whose callbacks need the event loop to turn while it idles, or sets
   * timers that must be finer than `heartbeat_ms`: without it the thread blocks while idle, and a timer of the clock
   * fires at the next heartbeat after it is due.
   */
  readonly needsEventLoop?: boolean;
}

/** What the runtime hands to an actor. Everything from outside comes in here: time, chance, memory, settings. */
export interface ActorContext<A extends ActorId = ActorId> {
  readonly id: A;
  readonly config: Config;
  readonly clock: Clock;
  readonly chance: Chance;
  /** The capture's time, in a replay that follows it; {@link clock} is then its clock. */
  readonly captureTime: CaptureTime | undefined;
  readonly counters: Counters<A>;
  readonly bookTable: BookTable;
  readonly instrumentLog: InstrumentLog;
  readonly gate: TradingGate;
  readonly feeTable: FeeTable;
  readonly fundsTable: FundsTable;
  /** Memory of this actor alone that outlives it: what a successor needs to continue. Zero at first start. */
  readonly ownMemory: SharedArrayBuffer;
  /** True when a predecessor in this process died: ring positions and own memory are as it left them. */
  readonly isSuccessor: boolean;
  /** The consuming end of a ring of the topology, by its name, or its kind where this actor reads one of it. */
  consumer(ring: string): RingConsumer;
  /** The producing end of a ring of the topology, likewise. */
  producer(ring: string): RingProducer;
  /** How full any ring of the topology is, to read. */
  gauge(ring: string): RingGauge;
  /** Every ring of the topology, with its two ends. */
  readonly rings: readonly RingEnds[];
  /** Puts records on this actor's ring to persistence. Persistence itself has none: reading it throws. */
  readonly records: RecordWriter;
  latency(stage: LatencyStage): Histogram;
  edges(name: EdgeHistogram): EdgeDistribution;
  /** Counters of another actor, to read. */
  countersOf<B extends ActorId>(actor: B): Counters<B>;
  /** Makes the thread take another turn: for callbacks that brought work. Any thread. */
  wake(): void;
  /**
   * Lets the actors of this thread take a turn now. For the end of a callback that brought a message: on a shared thread
   * it then comes to a decision without waiting for the event loop. Does nothing within a turn, and inline.
   */
  turnNow(): void;
  /**
   * What this actor waits for outside the rings gets on (a database that works). An actor that is stopping is given time
   * for as long as this is said.
   */
  noteProgress(): void;
  /** One structured log event. */
  log(
    level: 'info' | 'warn' | 'error',
    event: AuditEvent,
    text: string,
    fields?: Readonly<Record<string, unknown>>,
  ): void;
  /** Options of this run that are no settings (a capture's path, for instance). */
  readonly options: RunOptions;
}

/** An actor that answers the control calls which the table has under its name. */
export type Answering<A extends ActorId> = Actor & { readonly control: ControlCalls[A] };

/** Of any actor, or of a certain one, which then answers its control calls. */
export type ActorFactory<A extends ActorId = ActorId> = (
  context: ActorContext<A>,
) => ActorId extends A ? Actor : keyof ControlCalls[A] extends never ? Actor : Answering<A>;
