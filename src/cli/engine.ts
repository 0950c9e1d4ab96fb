/** The engine: all actors on their threads under the supervisor, and the control socket beside it. */
import { readStoredHalt } from '../actors/persistence/stored-halt.ts';
import type { CommandOutcome, ControlCommand, ControlTarget } from '../control/control-protocol.ts';
import { type ControlServer, startControlServer } from '../control/control-server.ts';
import type { HostLog } from '../runtime/inline-host.ts';
import { createSharedMemory, type SharedMemory } from '../runtime/memory.ts';
import { type PlacementPlan, planPlacement } from '../runtime/placement.ts';
import { type StopResult, Supervisor } from '../runtime/supervisor.ts';
import { freshSeed } from '../shared/chance.ts';
import { type Clock, systemClock } from '../shared/clock.ts';
import type { Config } from '../shared/config.ts';
import { TOPOLOGY } from '../topology.ts';
import { statusReport } from './status-report.ts';
import { type Summary, summarise } from './summary.ts';

export interface EngineOptions {
  readonly config: Config;
  readonly log: HostLog;
  /** Restarts did not help: trading is halted and everything stopped; the process is to end. */
  readonly onEscalation: () => void;
  /** Options of this run that are no settings; they reach every actor. */
  readonly runOptions?: Readonly<Record<string, unknown>>;
  /** Whether the control socket is opened. */
  readonly controlled?: boolean;
}

export class Engine implements ControlTarget {
  readonly config: Config;
  readonly memory: SharedMemory;
  readonly plan: PlacementPlan;
  readonly clock: Clock = systemClock;
  readonly startedNs: number;
  readonly #options: EngineOptions;
  #supervisor: Supervisor | undefined;
  #controlServer: ControlServer | undefined;
  #escalated = false;

  constructor(options: EngineOptions) {
    this.#options = options;
    this.config = options.config;
    this.plan = planPlacement(TOPOLOGY, options.config.runtime);
    this.memory = createSharedMemory(TOPOLOGY, options.config, this.plan.placement);
    this.startedNs = this.clock.nowNs();
  }

  /** Whether the supervisor gave up. */
  get escalated(): boolean {
    return this.#escalated;
  }

  /** @throws DATABASE_LOCKED, CONTROL_SOCKET_TAKEN, ACTOR_FAILED; nothing runs then. */
  async start(): Promise<void> {
    const { config } = this;
    const haltedAtStart = await readStoredHalt(config.persistence.database, this.clock);
    if (this.#options.controlled === true) {
      this.#controlServer = await startControlServer(config.control.socket, this);
    }
    try {
      this.#supervisor = this.#supervise(haltedAtStart);
      await this.#supervisor.start();
    } catch (thrown) {
      await this.#controlServer?.close();
      throw thrown;
    }
  }

  #supervise(haltedAtStart: unknown): Supervisor {
    const { log, onEscalation, runOptions } = this.#options;
    return new Supervisor({
      topology: TOPOLOGY,
      config: this.config,
      plan: this.plan,
      memory: this.memory,
      clock: this.clock,
      seed: freshSeed(),
      log,
      options: { ...runOptions, haltedAtStart },
      onEscalation: (error) => {
        this.#escalated = true;
        log('supervisor', 'error', 'actor_escalated', error.message);
        onEscalation();
      },
    });
  }

  /** The supervisor, once started. */
  get supervisor(): Supervisor {
    if (this.#supervisor === undefined) throw new Error('the engine is not started');
    return this.#supervisor;
  }

  /** What the run amounts to so far. */
  summary(): Summary {
    return summarise(this.memory, (this.clock.nowNs() - this.startedNs) / 1e9);
  }

  /** Stops all actors in reverse order, with everything committed. Calling it again gives the same answer. */
  async stop(): Promise<StopResult> {
    await this.#controlServer?.close();
    return this.supervisor.stop();
  }

  async status(): Promise<unknown> {
    return statusReport(this, await this.supervisor.call('risk', 'status'));
  }

  halt(reason: string, by: string): Promise<CommandOutcome> {
    return this.supervisor.call('risk', 'halt', reason, by) as Promise<CommandOutcome>;
  }

  async resume(reason: string, by: string): Promise<CommandOutcome> {
    this.supervisor.resume(); // a person has looked: messages that were set aside need not pause trading any longer
    return (await this.supervisor.call('risk', 'resume', reason, by)) as CommandOutcome;
  }

  audit(command: ControlCommand, by: string, text: string, outcome: string): void {
    if (command === 'status') return;
    this.supervisor.audit('operator_command', { severity: 1, text: `${command} by ${by}: ${text} (${outcome})` });
  }
}
