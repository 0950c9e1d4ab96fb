/** The engine: all actors on their threads under the supervisor, and the control socket beside it. */
import { readStoredCauses } from '../actors/persistence/stored/read-gate-causes.ts';
import { readStoredLosses } from '../actors/persistence/stored/read-losses.ts';
import { readStoredTrading } from '../actors/persistence/stored/read-trading.ts';
import type { CommandOutcome, ControlCommand, ControlTarget } from '../control/control-protocol.ts';
import { type ControlServer, startControlServer } from '../control/control-server.ts';
import type { FlattenAsk, FlattenReport } from '../messages/flatten-message.ts';
import { freshSeed } from '../platform/chance.ts';
import { type CancelTimer, type Clock, systemClock } from '../platform/clock.ts';
import type { ArbitradeError } from '../platform/errors.ts';
import { type Summary, summarise } from '../readings/summary.ts';
import type { HostLog } from '../runtime/inline-host.ts';
import { RingGauge } from '../runtime/memory/ring.ts';
import { createSharedMemory, type SharedMemory } from '../runtime/memory/shared-memory.ts';
import { type PlacementPlan, planPlacement } from '../runtime/placement.ts';
import type { RunOptions } from '../runtime/run-options.ts';
import { type StopResult, Supervisor } from '../runtime/supervision/supervisor.ts';
import type { Topology } from '../runtime/topology-spec.ts';
import type { Config, Mode } from '../settings/config.ts';
import type { ApiKey } from '../settings/secrets-file.ts';
import { topologyOf } from '../topology.ts';
import { describeCause } from '../trading/gate-cause.ts';
import type { StoredCause } from '../trading/stored-causes.ts';
import type { StoredLosses } from '../trading/stored-losses.ts';
import type { StoredTrading } from '../trading/stored-trading.ts';
import { tradingAccount } from '../trading/trading-account.ts';
import { watchOutput } from './output-watch.ts';
import { statusReport } from './status-report.ts';

export interface EngineOptions {
  readonly config: Config;
  readonly log: HostLog;
  /** Restarts do not help: trading is halted and everything stopped; the process is to end. */
  readonly onEscalation: (error: ArbitradeError) => void;
  /** Options of this run that are no settings; they reach every actor. */
  readonly runOptions?: RunOptions;
  /** The account's key: the sequencer's thread alone is given it. */
  readonly apiKey?: ApiKey | undefined;
  /** Whether the control socket is opened. */
  readonly controlled?: boolean;
}

/** What earlier runs left in the database. */
interface Stored {
  readonly trading: StoredTrading | undefined;
  readonly losses: StoredLosses | undefined;
}

/** How often it is asked whether plans are still at work when the engine stops. */
const DRAIN_POLL_MS = 5;
/** Longest that a halt waits for the report that it is on disk: shorter than a client of the control socket waits. */
const KEPT_WITHIN_MS = 3_000;
const KEPT_POLL_MS = 5;
const NOT_KEPT = 'it is not on disk yet: a process that dies now forgets it';

export class Engine implements ControlTarget {
  readonly config: Config;
  readonly topology: Topology;
  readonly memory: SharedMemory;
  readonly plan: PlacementPlan;
  readonly clock: Clock = systemClock;
  readonly startedNs: number;
  readonly #options: EngineOptions;
  #supervisor: Supervisor | undefined;
  #controlServer: ControlServer | undefined;
  #escalation: ArbitradeError | undefined;
  #isStopping = false;
  #cancelOutputWatch: CancelTimer = () => undefined;

  constructor(options: EngineOptions) {
    this.#options = options;
    this.config = options.config;
    this.topology = topologyOf(options.config);
    this.plan = planPlacement(this.topology, options.config.runtime);
    this.memory = createSharedMemory(this.topology, this.plan.placement);
    this.startedNs = this.clock.nowNs();
  }

  /** Why the supervisor gave up; undefined when it did not. */
  get escalation(): ArbitradeError | undefined {
    return this.#escalation;
  }

  /**
   * Starts everything, unless `stopped` comes first: then what was started is stopped again.
   * @returns whether it runs.
   * @throws DATABASE_LOCKED, CONTROL_SOCKET_TAKEN, ACTOR_FAILED; nothing runs then.
   */
  async start(stopped: Promise<unknown> = new Promise(() => {})): Promise<boolean> {
    const starting = this.#startAll();
    const runs = await Promise.race([starting, stopped.then(() => false)]);
    if (runs) return true;
    await this.stop();
    await starting.catch(() => false); // that a start fails which was called off is no news
    return false;
  }

  /** @returns false when it was stopped meanwhile. */
  async #startAll(): Promise<boolean> {
    const { config } = this;
    const causesAtStart = await this.#readStoredCauses();
    try {
      if (this.#options.controlled === true && !this.#isStopping) {
        this.#controlServer = await startControlServer(config.control.socket, this);
      }
      if (!this.#isStopping) {
        const stored = { trading: await this.#readStoredTrading(), losses: await this.#readStoredLosses() };
        this.#supervisor = this.#supervise(causesAtStart, stored);
        await this.#supervisor.start();
        if (this.#options.runOptions?.replay !== true) {
          this.#cancelOutputWatch = watchOutput(config, this.#supervisor, this.clock);
        }
      }
    } finally {
      if (this.#isStopping || this.#supervisor?.state !== 'running') await this.#controlServer?.close();
    }
    return !this.#isStopping;
  }

  /** What waits for a person; in a replay, which is of no time, nothing. */
  async #readStoredCauses(): Promise<readonly StoredCause[]> {
    if (this.#options.runOptions?.['replay'] === true) return [];
    return readStoredCauses(this.config.persistence.database, this.clock);
  }

  /** What earlier runs left of the account that is traded. */
  async #readStoredTrading(): Promise<StoredTrading | undefined> {
    const account = tradingAccount(this.config);
    if (account === undefined) return undefined;
    return readStoredTrading(this.config.persistence.database, account, this.clock);
  }

  /** What earlier runs have lost; of a replay, which is of no time, nothing. */
  async #readStoredLosses(): Promise<StoredLosses | undefined> {
    if (this.#options.runOptions?.replay === true) return undefined;
    return readStoredLosses(this.config.persistence.database, tradingAccount(this.config), this.clock);
  }

  #supervise(causesAtStart: readonly StoredCause[], stored: Stored): Supervisor {
    const { log, onEscalation, runOptions, apiKey } = this.#options;
    return new Supervisor({
      topology: this.topology,
      config: this.config,
      plan: this.plan,
      memory: this.memory,
      clock: this.clock,
      seed: freshSeed(),
      log,
      options: { ...runOptions, causesAtStart, lossesAtStart: stored.losses },
      ownOptions: {
        sequencer: { apiKey, storedTrading: stored.trading },
      },
      onEscalation: (error) => {
        this.#escalation = error;
        log('supervisor', 'error', 'actor_escalated', error.message);
        onEscalation(error);
      },
    });
  }

  get isStarted(): boolean {
    return this.#supervisor !== undefined;
  }

  /** The supervisor, once started. */
  get supervisor(): Supervisor {
    if (this.#supervisor === undefined) throw new Error('the engine is not started');
    return this.#supervisor;
  }

  /** What the run amounts to so far. */
  summary(): Summary {
    return summarise(this.memory, this.config, (this.clock.nowNs() - this.startedNs) / 1e9);
  }

  /**
   * Lets plans at work come to their end, for so long as they may wait anyway; then stops all actors in reverse order,
   * with everything committed. Calling it again gives the same answer.
   */
  async stop(): Promise<StopResult> {
    const wasRunning = !this.#isStopping && this.#supervisor?.state === 'running';
    this.#isStopping = true;
    this.#cancelOutputWatch();
    await this.#controlServer?.close();
    if (wasRunning) await this.#drain();
    return this.#supervisor?.stop() ?? { killed: [], failed: [] };
  }

  /** Bounded: neither a plan that does not end nor a sequencer that does not answer holds up the end. */
  async #drain(): Promise<void> {
    const { patience_ms: patienceMs, answer_timeout_ms: answerMs } = this.config.trading;
    const { promise: isOver, resolve } = Promise.withResolvers<0>();
    const cancelTimer = this.clock.after(patienceMs + answerMs, () => resolve(0));
    const plansLeft = () => this.supervisor.call('sequencer', 'drain').catch(() => 0); // it died
    while ((await Promise.race([isOver, plansLeft()])) > 0) {
      await new Promise<void>((next) => this.clock.after(DRAIN_POLL_MS, next));
    }
    cancelTimer();
  }

  async status(): Promise<unknown> {
    return statusReport(this, await this.supervisor.call('risk', 'status'));
  }

  /** The gate is closed at once; the answer comes when the halt is on disk too, or says that it is not. */
  halt(reason: string, by: string): Promise<CommandOutcome> {
    return this.#close('halt', reason, by);
  }

  /** Nothing new is begun from now on; answered as a halt is. */
  drain(reason: string, by: string): Promise<CommandOutcome> {
    return this.#close('drain', reason, by);
  }

  async #close(command: 'halt' | 'drain', reason: string, by: string): Promise<CommandOutcome> {
    const { ok, text, isRecorded } = await this.supervisor.call('risk', command, reason, by);
    return isRecorded && (await this.#isKept()) ? { ok, text } : { ok, text: `${text}; ${NOT_KEPT}` };
  }

  /** Waits until all that risk has recorded so far is committed. False when that takes too long. */
  async #isKept(): Promise<boolean> {
    const ring = this.memory.rings['risk_records'];
    if (ring === undefined) return false;
    const gauge = new RingGauge(ring.memory);
    const { published } = gauge;
    const untilNs = this.clock.nowNs() + KEPT_WITHIN_MS * 1e6;
    // A record stays on its ring until its commit has succeeded.
    while (((gauge.published - gauge.used - published) | 0) < 0) {
      if (this.clock.nowNs() >= untilNs) return false;
      await new Promise<void>((next) => this.clock.after(KEPT_POLL_MS, next));
    }
    return true;
  }

  /** A preview, which changes nothing; or what a person has accepted of one, begun. */
  async flatten(ask: FlattenAsk): Promise<FlattenReport> {
    const { mode } = this.config;
    const refused = whyNoFlatten(mode, ask);
    if (refused !== undefined) return { refused, offers: [], kept: [] };
    return await this.supervisor.call('sequencer', 'flatten', ask);
  }

  async resume(reason: string, by: string): Promise<CommandOutcome> {
    const setAside = this.supervisor.causes.filter(({ reason: why }) => why === 'message_set_aside');
    const outcome = await this.supervisor.call('risk', 'resume', reason, by, setAside.length > 0);
    if (!outcome.ok) return outcome;
    // A person has looked: messages that were set aside need not pause trading any longer. Not when risk refused.
    this.supervisor.resume();
    const answered = setAside.map((cause) => `; answered: ${cause.effect}, ${describeCause(cause)}`);
    return { ok: true, text: outcome.text + answered.join('') };
  }

  audit(command: ControlCommand, by: string, text: string, outcome: string): void {
    if (command === 'status') return;
    this.supervisor.audit('operator_command', { severity: 1, text: `${command} by ${by}: ${text} (${outcome})` });
  }
}

/** In a dry run no order leaves, so what is stranded stays: only the preview is for it. */
function whyNoFlatten(mode: Mode, { accepted }: FlattenAsk): string | undefined {
  if (mode === 'alert') return 'in the mode alert there is no account';
  return mode === 'dry-run' && accepted !== undefined
    ? 'in a dry run no order leaves: there is only the preview'
    : undefined;
}
