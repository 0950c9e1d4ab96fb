/** One supervised worker thread: the machine of its life, given hands. Main thread only. */

import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import type { Remote } from 'comlink';
import { createActor } from 'xstate';
import type { CancelTimer, Clock } from '../../platform/clock.ts';
import { ArbitradeError, arbitradeError, type ErrorCode, reasonOf } from '../../platform/errors.ts';
import type { Config } from '../../settings/config.ts';
import { type ControlAnswer, type ControlSurface, connectControl } from '../control-port.ts';
import type { ActorId } from '../counter-names.ts';
import type { HostLog } from '../inline-host.ts';
import { Counters } from '../memory/counters.ts';
import { Doorbell } from '../memory/doorbell.ts';
import type { SetAside, SharedMemory } from '../memory/shared-memory.ts';
import type { PlacedThread } from '../placement.ts';
import type { RunOptions } from '../run-options.ts';
import type { RestartKind, Topology } from '../topology-spec.ts';
import { afterAwake } from './awake-timer.ts';
import { threadMachine } from './thread-machine.ts';
import type { FromWorker, OwnOptions, ToWorker, WorkerBirth } from './worker-messages.ts';

export type DeathCause = 'failed' | 'exited' | 'out_of_memory' | 'hung' | 'not_ready' | 'killed';

/** An end that was not asked for. */
export interface Death {
  readonly cause: DeathCause;
  /** The actor that failed, or the first of the thread when it is not known. */
  readonly actor: ActorId;
  readonly reason: string;
  /** Ended by itself, with exit code 0. */
  readonly normal: boolean;
  /** Of an operating error. */
  readonly code: ErrorCode | undefined;
  /** Whether a message in progress may be the reason. */
  readonly blamesMessage: boolean;
}

/** How a thread took being stopped. */
export interface ThreadStop {
  readonly killed: boolean;
  /** What went wrong while it stopped; undefined when it stopped as it should. */
  readonly death: Death | undefined;
}

export interface WorkerThreadDeps {
  readonly topology: Topology;
  readonly memory: SharedMemory;
  readonly config: Config;
  readonly clock: Clock;
  readonly seed: number;
  readonly options: RunOptions;
  readonly ownOptions: OwnOptions;
  readonly log: HostLog;
  /** What a successor has to pass over. */
  readonly setAsideOf: (actors: readonly ActorId[]) => SetAside;
  /** A running thread has died. */
  readonly onDeath: (thread: WorkerThread, death: Death) => void;
}

/** A thread died before it was ready. Has the code of the operating error that it died of, ACTOR_FAILED otherwise. */
export class StartFailed extends ArbitradeError {
  readonly death: Death;

  constructor(death: Death) {
    const { code, reason, actor } = death;
    if (code === undefined) super('ACTOR_FAILED', arbitradeError('ACTOR_FAILED', actor, reason).message);
    else super(code, reason);
    this.death = death;
  }
}

const ENTRY = new URL('worker-entry.ts', import.meta.url);

/**
 * At its heap limit V8 gives a worker a little more, for Node to end it by. One collection that promotes a whole young
 * generation of the default size can use that up, and then the process is aborted instead: measured, a thread out of
 * memory took the process along within 15 deaths in 5 of 6 trials with the default, never in 24 with 16 MB or less.
 */
const YOUNG_GENERATION_MB = 8;

/** A thread that stops is looked at so often within its deadline. */
const STOP_LOOKS = 4;

export class WorkerThread {
  readonly actors: readonly ActorId[];
  readonly kind: RestartKind;
  readonly #plan: PlacedThread;
  readonly #deps: WorkerThreadDeps;
  readonly #doorbell: Doorbell;
  readonly #counters: readonly Counters[];
  readonly #life;
  #worker: Worker | undefined;
  #control: Remote<ControlSurface> | undefined;
  /** Calls in flight: they fail when the thread dies. */
  readonly #unanswered = new Set<PromiseWithResolvers<ControlAnswer>>();
  #timer: CancelTimer | undefined;
  #starts = 0;
  #death: Partial<Death> = {};
  #wasKilled = false;
  #starting: PromiseWithResolvers<void> | undefined;
  #stopping: PromiseWithResolvers<ThreadStop> | undefined;

  constructor(plan: PlacedThread, kind: RestartKind, deps: WorkerThreadDeps) {
    this.actors = plan.actors;
    this.kind = kind;
    this.#plan = plan;
    this.#deps = deps;
    this.#doorbell = new Doorbell(deps.memory.doorbells, deps.memory.placement[this.first]);
    this.#counters = plan.actors.map((actor) => new Counters(deps.memory.counters, actor));
    this.#life = createActor(
      threadMachine.provide({
        actions: {
          spawn: () => this.#spawn(),
          ask: () => this.#ask(),
          kill: () => this.#kill(),
          armStart: () => this.#arm(deps.config.runtime.start_within_ms, 'not_ready'),
          armStop: () => this.#armStop(0, 0, this.#newestBeatNs()),
          disarm: () => this.#timer?.(),
          reportReady: () => this.#reportReady(),
          reportDeath: () => this.#reportDeath(),
          reportStopped: () => this.#reportStopped(),
        },
      }),
    ).start();
  }

  /** The actor the thread is named after. */
  get first(): ActorId {
    const [first] = this.#plan.actors;
    if (first === undefined) throw arbitradeError('TOPOLOGY_INVALID', 'a thread without an actor');
    return first;
  }

  get state() {
    return this.#life.getSnapshot().value;
  }

  get isUp(): boolean {
    return this.state !== 'down';
  }

  /** Age of the newest heartbeat of its actors, ns, counted from `sinceNs` at the earliest. Only means something while running. */
  heartbeatAgeNs(nowNs: number, sinceNs: number): number {
    return nowNs - Math.max(sinceNs, this.#newestBeatNs());
  }

  #newestBeatNs(): number {
    return Math.max(...this.#counters.map((counters) => counters.get('heartbeat_ns')));
  }

  /** Starts the thread and waits until its actors are ready. @throws StartFailed when it dies before. */
  start(): Promise<void> {
    this.#starting = Promise.withResolvers();
    this.#life.send({ type: 'start' });
    return this.#starting.promise;
  }

  /** Asks the thread to stop, and kills it when it does not get on with that. */
  stop(): Promise<ThreadStop> {
    if (!this.isUp) return Promise.resolve({ killed: false, death: undefined });
    this.#stopping ??= Promise.withResolvers();
    this.#life.send({ type: 'stop' });
    return this.#stopping.promise;
  }

  /** Ends the thread without asking. */
  kill(cause: DeathCause, reason: string, blamesMessage: boolean): void {
    this.#death = { cause, reason, blamesMessage };
    this.#life.send({ type: cause === 'hung' ? 'hung' : 'kill' });
  }

  /** A control call to one of its actors. @throws CONTROL_REFUSED when the thread is not there, or dies meanwhile. */
  async call(actor: ActorId, name: string, args: readonly unknown[]): Promise<unknown> {
    const control = this.#control;
    if (control === undefined || this.state !== 'running') {
      throw arbitradeError('CONTROL_REFUSED', `${actor}.${name}`, `${actor} is ${this.state}`);
    }
    const answered = Promise.withResolvers<ControlAnswer>();
    this.#unanswered.add(answered);
    control.call(actor, name, args).then(answered.resolve, answered.reject);
    const answer = await answered.promise.finally(() => this.#unanswered.delete(answered));
    if (answer.ok) return answer.value;
    throw new ArbitradeError(answer.code ?? 'CONTROL_REFUSED', answer.message);
  }

  #spawn(): void {
    this.#death = {};
    this.#wasKilled = false;
    const { port1, port2 } = new MessageChannel();
    const worker = this.#createWorker(port2);
    if (worker === undefined) return;
    this.#worker = worker;
    this.#starts++;
    this.#control = connectControl(port1, this.#doorbell);
    for (const stream of [worker.stdout, worker.stderr]) {
      stream
        .setEncoding('utf8')
        .on('data', (text: string) => this.#deps.log(this.first, 'warn', 'none', text.trimEnd()));
    }
    worker.on('message', (message: FromWorker) => this.#receive(message));
    worker.on('error', (error: Error & { code?: string }) => this.#noteError(error));
    worker.on('exit', (code) => this.#exited(code, () => port1.close()));
  }

  /** What cannot be cloned to a thread (an option that is a function) shows here, as a death like any other. */
  #createWorker(control: MessagePort): Worker | undefined {
    try {
      return new Worker(ENTRY, {
        workerData: this.#birth(control),
        transferList: [control],
        name: this.actors.join('+'),
        // What a thread prints would be written by the main thread, which must not wait for a reader: it goes to the log.
        stdout: true,
        stderr: true,
        resourceLimits: {
          maxOldGenerationSizeMb: this.#deps.config.runtime.worker_heap_mb,
          maxYoungGenerationSizeMb: YOUNG_GENERATION_MB,
        },
      });
    } catch (thrown) {
      this.#death = { cause: 'failed', reason: reasonOf(thrown) };
      queueMicrotask(() => this.#life.send({ type: 'exited' }));
      return undefined;
    }
  }

  #birth(control: WorkerBirth['control']): WorkerBirth {
    const { topology, memory, config, seed, options, ownOptions, setAsideOf } = this.#deps;
    const entries = topology.children.filter((child) => this.actors.includes(child.id));
    return {
      memory,
      config,
      actors: entries.map(({ id, entry }) => ({ id, entry })),
      idle: this.#plan.idle,
      seed,
      options,
      ownOptions: Object.fromEntries(entries.map(({ id }) => [id, ownOptions[id] ?? {}])),
      isSuccessor: this.#starts > 0,
      setAside: setAsideOf(this.actors),
      control,
    };
  }

  #receive(message: FromWorker): void {
    switch (message.type) {
      case 'ready':
        this.#life.send({ type: 'ready' });
        break;
      case 'stopped':
        break; // its exit follows
      case 'failed':
        this.#death = {
          cause: 'failed',
          actor: message.actor,
          reason: message.reason,
          code: message.code,
          blamesMessage: message.inTurn,
          ...this.#death,
        };
        break;
      case 'log':
        this.#deps.log(message.actor, ...message.event);
        break;
      default:
        message satisfies never;
    }
  }

  /** An error outside the duty: in a callback, or no memory left. */
  #noteError(error: Error & { code?: string }): void {
    const outOfMemory = error.code === 'ERR_WORKER_OUT_OF_MEMORY';
    this.#death = {
      cause: outOfMemory ? 'out_of_memory' : 'failed',
      reason: error.stack ?? reasonOf(error),
      blamesMessage: outOfMemory,
      ...this.#death,
    };
  }

  #exited(code: number, close: () => void): void {
    close();
    const refusal = arbitradeError('CONTROL_REFUSED', 'the call', `${this.first} died before it answered`);
    for (const call of this.#unanswered) call.reject(refusal);
    this.#worker = undefined;
    this.#control = undefined;
    this.#death = {
      cause: 'exited',
      actor: this.first,
      reason: `its thread ended with code ${code}`,
      normal: code === 0 && this.#death.cause === undefined,
      blamesMessage: true,
      ...this.#death,
    };
    this.#life.send({ type: 'exited' });
  }

  #ask(): void {
    this.#worker?.postMessage({
      type: 'stop',
      withinMs: this.#deps.config.runtime.stop_within_ms,
    } satisfies ToWorker);
    this.#doorbell.summon();
  }

  #kill(): void {
    this.#wasKilled = true;
    this.#death = { cause: 'killed', reason: 'it ignored the order to stop', ...this.#death };
    void this.#worker?.terminate();
  }

  #arm(ms: number, cause: DeathCause): void {
    this.#timer = afterAwake(this.#deps.clock, ms, () => {
      this.#death = { cause, reason: `was not ready within ${ms} ms`, blamesMessage: false };
      this.#life.send({ type: 'late' });
    });
  }

  /** One that gets on with what it has to finish is given more time, up to a bound. */
  #armStop(spentMs: number, silentMs: number, beatNs: number): void {
    const { stop_within_ms: withinMs, stop_most_ms: mostMs } = this.#deps.config.runtime;
    const stepMs = Math.min(withinMs / STOP_LOOKS, mostMs);
    this.#timer = afterAwake(this.#deps.clock, stepMs, () => {
      const newestNs = this.#newestBeatNs();
      const nowSilentMs = newestNs === beatNs ? silentMs + stepMs : 0;
      if (nowSilentMs >= withinMs || spentMs + stepMs >= mostMs) this.#life.send({ type: 'late' });
      else this.#armStop(spentMs + stepMs, nowSilentMs, newestNs);
    });
  }

  #reportReady(): void {
    this.#starting?.resolve();
    this.#starting = undefined;
  }

  /** To the caller that waits for the start; once that is done, to the supervisor. */
  #reportDeath(): void {
    const starting = this.#starting;
    this.#starting = undefined;
    if (starting === undefined) this.#deps.onDeath(this, this.#deathNow());
    else starting.reject(new StartFailed(this.#deathNow()));
  }

  #deathNow(): Death {
    const { cause = 'exited', actor = this.first, reason = 'unknown', normal = false } = this.#death;
    const { code, blamesMessage = false } = this.#death;
    return { cause, actor, reason, normal, code, blamesMessage };
  }

  #reportStopped(): void {
    const death = this.#deathNow();
    this.#stopping?.resolve({ killed: this.#wasKilled, death: death.normal ? undefined : death });
    this.#stopping = undefined;
    this.#starting?.reject(arbitradeError('ACTOR_FAILED', this.first, 'it was stopped while it started'));
    this.#starting = undefined;
  }
}
