/**
 * The supervisor: starts the worker threads in the topology's order, watches them, restarts those that die or hang, and
 * stops them in reverse. OTP's rules (supervisor behaviour, Erlang/OTP design principles): permanent, transient and
 * temporary children; one_for_one, one_for_all, rest_for_one; more restarts in a period than the budget allows and the
 * supervisor gives up. Waiting before a restart is ours. Runs on the main thread, which does nothing else.
 */

import { createActor } from 'xstate';
import { backOffMs } from '../../net/back-off.ts';
import { type Chance, seededChance } from '../../platform/chance.ts';
import type { CancelTimer, Clock } from '../../platform/clock.ts';
import { ArbitradeError, arbitradeError, INCURABLE_ERRORS } from '../../platform/errors.ts';
import type { Config } from '../../settings/config.ts';
import type { GateCause } from '../../trading/gate-cause.ts';
import type { TradingGate } from '../../trading/trading-gate.ts';
import type { CallAnswer, CallArguments, CallName, CallTable, ControlCalls } from '../control-calls.ts';
import type { ActorId } from '../counter-names.ts';
import type { HostLog } from '../inline-host.ts';
import { Counters } from '../memory/counters.ts';
import { recordWriterOf, type SharedMemory } from '../memory/shared-memory.ts';
import { openTable } from '../memory/shared-tables.ts';
import type { PlacementPlan } from '../placement.ts';
import type { AuditEvent } from '../records/audit-events.ts';
import { AuditQueue } from '../records/audit-queue.ts';
import type { AuditDetails } from '../records/record-writer.ts';
import type { RunOptions } from '../run-options.ts';
import { StallWatch } from '../stall.ts';
import type { OwnOptions } from '../threads/worker-messages.ts';
import { type Death, StartFailed, type ThreadStop, WorkerThread } from '../threads/worker-thread.ts';
import type { Topology } from '../topology-spec.ts';
import { PoisonMessages } from './poison-messages.ts';
import { RecurringDeaths } from './recurring-deaths.ts';
import { RestartBudget } from './restart-budget.ts';
import { isRestarted, restartGroup, type Strategy, strictestKind } from './supervision-order.ts';
import { SupervisorCauses } from './supervisor-causes.ts';
import { gateReadingOf, supervisorMachine } from './supervisor-machine.ts';

export interface SupervisorOptions {
  readonly topology: Topology;
  readonly config: Config;
  readonly plan: PlacementPlan;
  /** Laid out for `plan.placement`. */
  readonly memory: SharedMemory;
  readonly clock: Clock;
  readonly seed: number;
  readonly log: HostLog;
  /** Options of this run, by name; they are cloned to the threads. */
  readonly options?: RunOptions;
  /** Options that one actor alone may see, such as a key: no other thread is given them. */
  readonly ownOptions?: OwnOptions;
  /** one_for_one unless said otherwise: a successor recovers from shared memory without its neighbours' help. */
  readonly strategy?: Strategy;
  /** All is stopped and trading halted because restarts did not help: the process is to end with a failure. */
  readonly onEscalation: (error: ArbitradeError) => void;
}

export interface StopResult {
  /** Actors that did not stop in time. */
  readonly killed: readonly ActorId[];
  /** Actors that died while they stopped: what they had to finish may not be. */
  readonly failed: readonly ActorId[];
}

export interface ThreadStatus {
  readonly actors: readonly ActorId[];
  readonly state: string;
}

/** @typeParam Calls the control calls of its actors. */
export class Supervisor<Calls extends CallTable = ControlCalls> {
  readonly #options: SupervisorOptions;
  readonly #threads: readonly WorkerThread[];
  readonly #life = createActor(supervisorMachine);
  readonly #chance: Chance;
  readonly #gate: TradingGate;
  readonly #audits: AuditQueue;
  readonly #blame: PoisonMessages;
  readonly #causes = new SupervisorCauses();
  readonly #restarts: RestartBudget<WorkerThread>;
  readonly #recurring: RecurringDeaths<WorkerThread>;
  /** Repairs that touch the same threads follow one another. */
  readonly #repairs = new Map<WorkerThread | 'all', Promise<void>>();
  readonly #stall: StallWatch;
  readonly #cancelled = Promise.withResolvers<void>();
  #watch: CancelTimer | undefined;
  #stopResult: Promise<StopResult> | undefined;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#chance = seededChance(options.seed);
    this.#stall = new StallWatch(options.config.runtime.hang_limit_ms / 2);
    this.#gate = openTable(options.memory, 'trading_gate', 'supervisor');
    this.#audits = new AuditQueue(recordWriterOf(options.memory, 'supervisor', options.clock));
    const { restarts_max: max, restarts_within_ms: withinMs } = options.config.runtime;
    this.#restarts = new RestartBudget({ max, withinMs });
    this.#recurring = new RecurringDeaths(withinMs);
    this.#blame = new PoisonMessages(options.memory);
    this.#threads = options.plan.threads.map((thread) => this.#createThread(thread));
    this.#life.subscribe((snapshot) => {
      const { state, reason } = gateReadingOf(snapshot);
      this.#gate.setSupervisor(state, reason);
      this.#causes.note({ state, reason }, options.clock.wallMs());
    });
    this.#life.start();
  }

  /** The threads in order of starting. */
  get threads(): readonly ThreadStatus[] {
    return this.#threads.map(({ actors, state }) => ({ actors, state }));
  }

  get state() {
    return this.#life.getSnapshot().value;
  }

  /** Why the supervisor's half of the trading gate is not `active`. */
  get causes(): readonly GateCause[] {
    const down = this.#threads.filter(({ isUp }) => !isUp).flatMap(({ actors }) => actors);
    return this.#causes.list(down);
  }

  /** Starts every thread in order. @throws ACTOR_FAILED when one fails; those started before are stopped again. */
  async start(): Promise<void> {
    this.#life.send({ type: 'start' });
    const { config, plan } = this.#options;
    this.#note('supervisor', 'info', 'process_started', `mode ${config.mode}, ${plan.text}`);
    try {
      for (const thread of this.#threads) {
        await this.#startThread(thread, 'actor_started');
        if (this.#isStopping) throw arbitradeError('ACTOR_FAILED', thread.first, 'it was stopped while it started');
      }
    } catch (thrown) {
      if (thrown instanceof StartFailed) this.#noteDeath(thrown.death);
      this.#life.send({ type: 'failed' });
      await this.#stopOnce();
      throw thrown;
    }
    this.#life.send({ type: 'started' });
    this.#keepWatch();
  }

  /** Stops every thread in reverse order: asked first, killed at its deadline. Calling it again gives the same answer. */
  stop(): Promise<StopResult> {
    if (this.#stopResult === undefined) {
      this.#life.send({ type: 'stop' });
      this.#note('supervisor', 'info', 'process_stopping', 'all actors stop');
    }
    return this.#stopOnce();
  }

  /** Ends the thread of `actor` at once, as a crash would. It is restarted by the rules. */
  kill(actor: ActorId): void {
    this.#threadOf(actor).kill('killed', 'it was killed by command', false);
  }

  /**
   * A control call to an actor, by name. One that is being restarted is waited for: an order to halt must not be lost
   * because risk has just died. @throws CONTROL_REFUSED, and what the call throws (with its code).
   */
  async call<A extends ActorId, N extends CallName<Calls, A>>(
    actor: A,
    name: N,
    ...args: CallArguments<Calls, A, N>
  ): Promise<Awaited<CallAnswer<Calls, A, N>>> {
    const thread = this.#threadOf(actor);
    const deadlineNs = this.#options.clock.nowNs() + this.#options.config.runtime.start_within_ms * 1e6;
    while (this.#isBeingRestarted(thread) && this.#options.clock.nowNs() < deadlineNs) await this.#oneHeartbeat();
    return (await thread.call(actor, name, args)) as Awaited<CallAnswer<Calls, A, N>>; // of this very program
  }

  /** A person has looked at the messages that were set aside: trading need not pause for them any longer. */
  resume(): void {
    this.#causes.resume();
    this.#life.send({ type: 'resume' });
  }

  /** The log cannot be written, or can be again: while it cannot, trading pauses. */
  setLogBlocked(isBlocked: boolean, text: string): void {
    const type = isBlocked ? 'log_blocked' : 'log_unblocked';
    this.#causes.noteLog(isBlocked ? text : undefined, this.#options.clock.wallMs());
    this.#life.send({ type });
    this.#note('supervisor', isBlocked ? 'error' : 'info', type, text);
  }

  /** Puts an audit record of the process itself (a command, a signal) on the supervisor's ring. */
  audit(event: AuditEvent, details: AuditDetails): void {
    this.#audits.push(event, details);
  }

  #createThread(plan: PlacementPlan['threads'][number]): WorkerThread {
    const { topology, memory, config, clock, seed, options, ownOptions, log } = this.#options;
    const kinds = topology.children.filter((child) => plan.actors.includes(child.id)).map((child) => child.restart);
    return new WorkerThread(plan, strictestKind(kinds), {
      ...{ topology, memory, config, clock, seed, log, options: options ?? {}, ownOptions: ownOptions ?? {} },
      setAsideOf: (actors) => this.#blame.setAsideOf(actors),
      onDeath: (thread, death) => this.#onDeath(thread, death),
    });
  }

  async #startThread(thread: WorkerThread, event: 'actor_started' | 'actor_restarted'): Promise<void> {
    await thread.start();
    for (const actor of thread.actors) this.#note(actor, 'info', event, `${actor} runs`);
  }

  #onDeath(thread: WorkerThread, death: Death): void {
    const isMissed = !this.#isStopping && isRestarted(thread.kind, death.normal);
    if (isMissed) this.#life.send({ type: 'down' }); // the gate closes before anything else is done
    this.#noteDeath(death);
    if (this.#isStopping) return;
    if (death.blamesMessage) this.#setAside(thread, death);
    if (!isMissed) return;
    const why = this.#whyNotRestart(thread, death);
    const key = this.#strategy === 'one_for_one' ? thread : 'all';
    const before = this.#repairs.get(key) ?? Promise.resolve();
    this.#repairs.set(
      key,
      before.then(() => (why === undefined ? this.#repair(thread) : this.#escalate(why))),
    );
  }

  /** Why a restart would not help; undefined when it may. */
  #whyNotRestart(thread: WorkerThread, death: Death): Escalation | undefined {
    if (isIncurable(death)) return incurable(death);
    if (death.cause === 'killed') return undefined; // from outside: it has no cause of its own
    const { actor, reason } = death;
    const count = this.#recurring.note(thread, death, this.#options.clock.nowNs() / 1e6);
    const isInVain = count > Math.max(1, this.#options.config.runtime.restarts_max);
    return isInVain ? { actor, error: arbitradeError('RESTARTS_IN_VAIN', actor, count, reason) } : undefined;
  }

  /** Restarts `dead` and whom the strategy restarts with it, until they run or the budget is spent. */
  async #repair(dead: WorkerThread): Promise<void> {
    const group = restartGroup(this.#threads, dead, this.#strategy);
    const again = group.filter((thread) => thread.kind !== 'temporary');
    while (again.some((thread) => !thread.isUp) && !this.#isStopping) {
      const nth = this.#restarts.tryTake(dead, this.#options.clock.nowNs());
      if (nth === undefined) return this.#escalate(this.#exceeded(dead));
      for (const thread of group.toReversed()) await this.#stopThread(thread);
      await this.#backOff(nth);
      if (!this.#isStopping) await this.#tryRestart(again);
    }
    this.#life.send({ type: 'repaired' });
  }

  /** A failure to start is one more death, which the caller answers with one more restart. */
  async #tryRestart(group: readonly WorkerThread[]): Promise<void> {
    let starting: WorkerThread | undefined;
    try {
      for (const thread of group) {
        starting = thread;
        await this.#restartThread(thread);
      }
    } catch (thrown) {
      if (this.#isStopping) return;
      if (!(thrown instanceof StartFailed)) throw thrown;
      this.#noteDeath(thrown.death);
      const why = starting && this.#whyNotRestart(starting, thrown.death);
      if (why !== undefined) await this.#escalate(why);
    }
  }

  async #restartThread(thread: WorkerThread): Promise<void> {
    if (thread.isUp) return;
    for (const actor of thread.actors) addTo(new Counters(this.#options.memory.counters, actor), 'restarts');
    await this.#startThread(thread, 'actor_restarted');
  }

  async #backOff(nth: number): Promise<void> {
    const { restart_backoff_base_ms: baseMs, restart_backoff_max_ms: maxMs } = this.#options.config.runtime;
    const waited = Promise.withResolvers<void>();
    const waitMs = backOffMs(nth - 1, { baseMs, maxMs, growth: 2, jitter: 'half' }, this.#chance);
    const cancel = this.#options.clock.after(waitMs, waited.resolve);
    await Promise.race([waited.promise, this.#cancelled.promise]);
    cancel();
  }

  #exceeded(dead: WorkerThread): Escalation {
    const { restarts_max: max, restarts_within_ms: withinMs } = this.#options.config.runtime;
    return { actor: dead.first, error: arbitradeError('RESTARTS_EXCEEDED', dead.first, max + 1, withinMs) };
  }

  async #escalate({ actor, error }: Escalation): Promise<void> {
    this.#life.send({ type: 'escalate' });
    this.#note(actor, 'error', 'actor_escalated', error.message);
    await this.#stopOnce();
    this.#options.onEscalation(error);
  }

  #stopOnce(): Promise<StopResult> {
    this.#stopResult ??= this.#stopAll();
    return this.#stopResult;
  }

  async #stopAll(): Promise<StopResult> {
    this.#cancelled.resolve();
    this.#watch?.();
    const result = { killed: [] as ActorId[], failed: [] as ActorId[] };
    for (const thread of this.#threads.toReversed()) {
      this.#audits.flush();
      const { killed, death } = await this.#stopThread(thread);
      if (killed) result.killed.push(...thread.actors);
      else if (death !== undefined) result.failed.push(death.actor);
    }
    this.#life.send({ type: 'stopped' });
    return result;
  }

  async #stopThread(thread: WorkerThread): Promise<ThreadStop> {
    const stop = await thread.stop();
    if (stop.death !== undefined) this.#noteDeath(stop.death);
    return stop;
  }

  /** Every heartbeat: who is silent, and audit records that had no room. */
  #keepWatch(): void {
    const everyMs = this.#options.config.runtime.heartbeat_ms;
    this.#watch = this.#options.clock.after(everyMs, () => {
      this.#audits.flush();
      this.#killHung();
      if (!this.#isStopping) this.#keepWatch();
    });
  }

  #killHung(): void {
    const limitMs = this.#options.config.runtime.hang_limit_ms;
    const nowNs = this.#options.clock.nowNs();
    // When we stood still ourselves, so did they: their time counts from the thaw.
    const stalledNs = this.#stall.look(nowNs);
    if (stalledNs > 0) this.#noteStall(stalledNs);
    for (const thread of this.#threads.filter(({ state }) => state === 'running')) {
      const ageMs = thread.heartbeatAgeNs(nowNs, this.#stall.thawedNs) / 1e6;
      if (ageMs <= limitMs) continue;
      const error = arbitradeError('ACTOR_HUNG', thread.actors.join('+'), Math.round(ageMs), limitMs);
      thread.kill('hung', error.message, true);
    }
  }

  #noteStall(stalledNs: number): void {
    const text = `the process stood still for ${Math.round(stalledNs / 1e6)} ms; heartbeats count from now`;
    this.#note('supervisor', 'info', 'process_stalled', text);
  }

  #setAside(thread: WorkerThread, death: Death): void {
    const suspects = death.cause === 'failed' ? [death.actor] : thread.actors;
    for (const { ring, actor, position } of this.#blame.noteDeath(suspects)) {
      addTo(new Counters(this.#options.memory.counters, actor), 'messages_set_aside');
      this.#life.send({ type: 'message_set_aside' });
      const text = `message ${position} of ring ${ring} killed ${actor} twice and is passed over; trading pauses`;
      this.#causes.noteSetAside(text, this.#options.clock.wallMs());
      this.#note(actor, 'error', 'message_set_aside', text, { a: position });
    }
  }

  #noteDeath(death: Death): void {
    const event = death.cause === 'hung' ? 'actor_hung' : 'actor_failed';
    this.#note(death.actor, 'error', event, `${death.actor} ${death.cause}: ${death.reason}`);
  }

  #note(
    actor: ActorId | 'supervisor',
    level: 'info' | 'error',
    event: AuditEvent,
    text: string,
    details: AuditDetails = {},
  ): void {
    this.#options.log(actor, level, event, text);
    this.#audits.push(event, { severity: level === 'error' ? 2 : 0, text, ...details });
  }

  #isBeingRestarted(thread: WorkerThread): boolean {
    return this.state === 'running' && thread.kind !== 'temporary' && thread.state !== 'running';
  }

  #oneHeartbeat(): Promise<void> {
    return new Promise((resolve) => void this.#options.clock.after(this.#options.config.runtime.heartbeat_ms, resolve));
  }

  #threadOf(actor: ActorId): WorkerThread {
    const thread = this.#threads.find(({ actors }) => actors.includes(actor));
    if (thread === undefined) throw arbitradeError('TOPOLOGY_INVALID', `there is no actor ${actor}`);
    return thread;
  }

  get #strategy(): Strategy {
    return this.#options.strategy ?? 'one_for_one';
  }

  get #isStopping(): boolean {
    return this.state !== 'running' && this.state !== 'starting';
  }
}

/** Why the supervisor gives up, and whom it is about. */
interface Escalation {
  readonly actor: ActorId;
  readonly error: ArbitradeError;
}

/** A restart would meet it again: what the user gave is at fault, or a venue that has refused us for long. */
const isIncurable = ({ code }: Death): boolean => code !== undefined && INCURABLE_ERRORS.has(code);

const incurable = ({ actor, code = 'ACTOR_FAILED', reason }: Death): Escalation => ({
  actor,
  error: new ArbitradeError(code, reason),
});

function addTo(counters: Counters, name: 'restarts' | 'messages_set_aside'): void {
  counters.add(counters.at(name), 1);
}
