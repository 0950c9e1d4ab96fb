/**
 * All actors of a topology on one thread, in a fixed order, on the clock and the seed it is given: how they are
 * replayed, simulated and fault-tested. With a {@link VirtualClock} the same seed gives the same bytes.
 *
 * Inner loops are plain calls. The event loop is let through only between slices of turns and while an actor is busy
 * with something outside (a database commit).
 */

import { setImmediate as nextLoopTurn } from 'node:timers/promises';
import { type Clock, VirtualClock } from '../platform/clock.ts';
import { arbitradeError, reasonOf } from '../platform/errors.ts';
import type { Config } from '../settings/config.ts';
import type { TradingGate } from '../trading/trading-gate.ts';
import type { Actor, ActorContext, ActorFactory } from './actor.ts';
import { takingTurns } from './capture-time/taking-turns.ts';
import type { CallAnswer, CallArguments, CallName, ControlCalls } from './control-calls.ts';
import { answerCall } from './control-port.ts';
import { ACTOR_IDS, type ActorId } from './counter-names.ts';
import { Counters } from './memory/counters.ts';
import { RingGauge } from './memory/ring.ts';
import {
  createSharedMemory,
  openContext,
  type Placement,
  recordWriterOf,
  type SharedMemory,
} from './memory/shared-memory.ts';
import { openTable } from './memory/shared-tables.ts';
import type { RecordWriter } from './records/record-writer.ts';
import type { RunOptions } from './run-options.ts';
import { Duty } from './threads/duty.ts';
import { chanceOf, loadActorFactory } from './threads/load-actor.ts';
import type { ChildSpec, Topology } from './topology-spec.ts';

/** One log event of an actor, as the hosts hand it on. */
export type HostLog = (actor: ActorId | 'supervisor', ...event: Parameters<ActorContext['log']>) => void;

export interface InlineHostOptions {
  readonly topology: Topology;
  readonly config: Config;
  readonly clock: Clock;
  readonly seed: number;
  readonly log?: HostLog;
  /** Options of this run, by name. */
  readonly options?: RunOptions;
  /** Actors to use instead of the modules that the topology names. */
  readonly factories?: Partial<Record<ActorId, ActorFactory>>;
}

/** While there is work, the clock is read after so many turns. */
const TURNS_PER_GLANCE = 8;

/** Rounds after which sockets, timers and the database get a turn of the event loop. */
const ROUNDS_PER_SLICE = 64;

export class InlineHost {
  readonly memory: SharedMemory;
  readonly gate: TradingGate;
  /** Writes what a supervisor would: it is the host of these actors. */
  readonly records: RecordWriter;
  readonly #options: InlineHostOptions;
  readonly #duty: Duty;
  readonly #gauges: readonly RingGauge[];
  #timersDueNs = 0;
  #turns = 0;

  constructor(options: InlineHostOptions) {
    this.#options = options;
    this.memory = createSharedMemory(options.topology, ALL_ON_ONE_THREAD);
    this.gate = openTable(this.memory, 'trading_gate', 'supervisor');
    this.records = recordWriterOf(this.memory, 'supervisor', options.clock);
    this.#duty = new Duty(options.clock);
    this.#gauges = Object.values(this.memory.rings).map((ring) => new RingGauge(ring.memory));
  }

  /** Starts the actors in the topology's order and opens the supervisor's half of the gate. @throws ACTOR_FAILED */
  async start(): Promise<void> {
    for (const child of this.#options.topology.children) {
      const actor = await this.#create(child, false);
      this.#duty.add(actor, this.countersOf(child.id));
      await guarded(actor.id, () => actor.onStart());
    }
    this.#timersDueNs = this.#options.clock.nowNs() + this.#heartbeatNs;
    this.gate.setSupervisor('active', 'none');
  }

  /** Counters of one actor. */
  countersOf<A extends ActorId>(actor: A): Counters<A> {
    return new Counters(this.memory.counters, actor);
  }

  /** A control call to an actor. @throws CONTROL_REFUSED when there is none, and what the call throws. */
  call<A extends ActorId, N extends CallName<ControlCalls, A>>(
    actor: A,
    name: N,
    ...args: CallArguments<ControlCalls, A, N>
  ): CallAnswer<ControlCalls, A, N> {
    return answerCall<ControlCalls, A, N>(this.#duty.actors, actor, name, args);
  }

  /**
   * One turn of every actor, and their `onTimer` when the heartbeat interval has passed.
   * @returns messages handled; 0 when all are idle. @throws what an actor throws.
   */
  turn(): number {
    const handled = this.#duty.round();
    this.#turns++;
    const looks = handled === 0 || this.#turns % TURNS_PER_GLANCE === 0;
    if (looks && this.#duty.glance() >= this.#timersDueNs) this.#fireTimers();
    return handled;
  }

  /** Turns until no actor has work left. @returns messages handled. */
  runUntilIdle(): number {
    let total = 0;
    for (let handled = this.turn(); handled > 0; handled = this.turn()) total += handled;
    return total;
  }

  /** Turns until no actor has work left, on its rings or outside. */
  async settle(): Promise<void> {
    do {
      this.runUntilIdle();
      await nextLoopTurn();
    } while (this.#duty.isBusy() || this.turn() > 0);
  }

  /**
   * Turns until `done` says so, with the event loop let through in between. For real time and for work that ends by
   * itself, such as a replay.
   */
  async runUntil(done: () => boolean): Promise<void> {
    while (!done()) {
      for (let round = 0; round < ROUNDS_PER_SLICE; round++) if (this.turn() === 0) break;
      await nextLoopTurn();
    }
  }

  /** Whether every ring is empty and no actor is busy. */
  isDrained(): boolean {
    return this.#gauges.every((gauge) => gauge.used === 0) && !this.#duty.isBusy();
  }

  /**
   * Moves virtual time on by `ms`, stopping at every timer in between and letting all work that falls due there settle
   * before time goes on. @throws TOPOLOGY_INVALID when the clock is not virtual.
   */
  async advance(ms: number): Promise<void> {
    const { clock } = this.#options;
    if (!(clock instanceof VirtualClock)) throw arbitradeError('TOPOLOGY_INVALID', 'only virtual time can be advanced');
    const targetNs = clock.nowNs() + ms * 1e6;
    await this.settle();
    while (clock.nowNs() < targetNs) {
      clock.advanceTo(Math.min(clock.nextTimerNs() ?? targetNs, this.#timersDueNs, targetNs));
      await this.settle();
    }
  }

  /**
   * As {@link advance}, within this call: for actors that have nothing outside this thread, such as a database. The event
   * loop is not let through. @throws TOPOLOGY_INVALID when the clock is not virtual.
   */
  advanceNow(ms: number): void {
    const { clock } = this.#options;
    if (!(clock instanceof VirtualClock)) throw arbitradeError('TOPOLOGY_INVALID', 'only virtual time can be advanced');
    const targetNs = clock.nowNs() + ms * 1e6;
    this.runUntilIdle();
    while (clock.nowNs() < targetNs) {
      clock.advanceTo(Math.min(clock.nextTimerNs() ?? targetNs, this.#timersDueNs, targetNs));
      this.runUntilIdle();
    }
  }

  /**
   * Throws the actor away as a crash would, without `onStop`, and starts its successor on the same memory. Work that
   * the dead one has outside cannot be cut off in one thread.
   */
  async replace(id: ActorId): Promise<void> {
    const child = this.#options.topology.children.find((spec) => spec.id === id);
    if (child === undefined) throw arbitradeError('TOPOLOGY_INVALID', `there is no actor ${id}`);
    const actor = await this.#create(child, true);
    this.#duty.replace(actor, this.countersOf(id));
    await guarded(id, () => actor.onStart());
  }

  /** Stops the actors in reverse order. What one leaves on its rings is handled before the next is stopped. */
  async stop(): Promise<void> {
    this.gate.setSupervisor('halted', 'stopping');
    for (const actor of this.#duty.actors) {
      this.#duty.remove(actor.id);
      await this.#untilStopped(actor);
      await this.settle();
    }
  }

  /** Virtual time goes on while an actor waits for it in order to stop. */
  async #untilStopped(actor: Actor): Promise<void> {
    const { clock } = this.#options;
    let isStopped = false;
    const stopping = guarded(actor.id, () => actor.onStop()).finally(() => {
      isStopped = true;
    });
    stopping.catch(() => undefined); // reported below, at the end of the wait
    for (await nextLoopTurn(); !isStopped; await nextLoopTurn()) {
      if (!(clock instanceof VirtualClock) || actor.isBusy?.() === true) continue;
      const dueNs = clock.nextTimerNs();
      if (dueNs === undefined) break; // it waits for something that is not time
      clock.advanceTo(dueNs);
    }
    await stopping;
  }

  async #create(child: ChildSpec, isSuccessor: boolean): Promise<Actor> {
    const { config, clock, seed, log, options, factories } = this.#options;
    const services = {
      config,
      clock,
      chance: chanceOf(seed, child.id),
      log: (...event: Parameters<ActorContext['log']>) => log?.(child.id, ...event),
      options: options ?? {},
    };
    const factory = factories?.[child.id] ?? (await loadActorFactory(child));
    const context = openContext(this.memory, child.id, services, isSuccessor);
    return takingTurns(factory(context), context);
  }

  #fireTimers(): void {
    this.#timersDueNs = this.#options.clock.nowNs() + this.#heartbeatNs;
    this.#duty.beat();
    this.#duty.onTimer();
  }

  get #heartbeatNs(): number {
    return this.#options.config.runtime.heartbeat_ms * 1e6;
  }
}

/** One doorbell, which is never waited on. */
const ALL_ON_ONE_THREAD = Object.fromEntries(ACTOR_IDS.map((id) => [id, 0])) as Placement;

async function guarded(actor: ActorId, run: () => void | Promise<void>): Promise<void> {
  try {
    await run();
  } catch (thrown) {
    throw Object.assign(arbitradeError('ACTOR_FAILED', actor, reasonOf(thrown)), { cause: thrown });
  }
}
