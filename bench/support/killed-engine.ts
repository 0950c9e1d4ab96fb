/**
 * The engine as a process, killed with SIGKILL again and again while it trades against a practice exchange in this
 * process, over real sockets and with its real database; then the checker, over what the database has and what the
 * exchange's own ledger says.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { askControl } from '../../src/control/control-client.ts';
import { type Chance, seededChance } from '../../src/shared/chance.ts';
import { systemClock } from '../../src/shared/clock.ts';
import { reasonOf } from '../../src/shared/errors.ts';
import { check, type Violation } from '../../src/simulation/checker.ts';
import { readExchange } from '../../src/simulation/exchange-records.ts';
import type { OurReading } from '../../src/simulation/readings.ts';
import { parseFaultRates } from '../../src/venues/practice/fault-rules.ts';
import { type PracticeServer, startPracticeServer } from '../../src/venues/practice/practice-server.ts';
import { readStoredReading } from './stored-reading.ts';

export interface KillSettings {
  /** Folder for settings, key and database. */
  readonly folder: string;
  readonly kills: number;
  readonly seed: number;
  /** Faults of the exchange meanwhile, as `--faults` takes them. */
  readonly faults: string;
  readonly onKill?: (kill: number, orders: number) => void;
}

export interface KillReport {
  readonly violations: readonly Violation[];
  readonly kills: number;
  /** That the exchange took in all. */
  readonly orders: number;
  readonly fills: number;
  readonly plans: Readonly<Record<string, number>>;
  /** What the two ledgers of what was left behind have, by asset, as changes booked. */
  readonly additions: number;
  readonly faults: Readonly<Partial<Record<string, number>>>;
}

const CAPTURE = new URL('../../data/derived_ws2_d25_gemini_20210417.cap.jsonl.gz', import.meta.url).pathname;
/** Without the launcher: whoever kills that alone leaves the engine running. */
const MAIN = new URL('../../src/main.ts', import.meta.url).pathname;
/** Longest life of one process after it has begun to trade. */
const LIFE_MS = 2_500;
const WAIT_MS = 60_000;

export async function killWhileTrading(settings: KillSettings): Promise<KillReport> {
  const chance = seededChance(settings.seed);
  const faults = parseFaultRates(settings.faults);
  const options = { speed: 20, loop: true, seed: settings.seed, dislocateBps: 80, faults };
  const server = await startPracticeServer({ capture: CAPTURE, port: 0, fees: '0.02', settings: options }, systemClock);
  let stage: KillStage | undefined;
  try {
    stage = new KillStage(settings, server);
    for (let kill = 1; kill <= settings.kills; kill++) {
      await stage.killOnce(chance);
      settings.onKill?.(kill, stage.orders);
    }
    await stage.endInPeace();
    return await stage.report();
  } finally {
    stage?.killAll();
    await server.close();
  }
}

class KillStage {
  readonly #engines = new Set<ChildProcess>();
  readonly #settings: KillSettings;
  readonly #server: PracticeServer;
  readonly #account: string;
  readonly #config: string;
  readonly #socket: string;
  readonly #database: string;

  constructor(settings: KillSettings, server: PracticeServer) {
    const { folder } = settings;
    this.#settings = settings;
    this.#server = server;
    this.#config = join(folder, 'run.yaml');
    this.#socket = join(folder, 'control.sock');
    this.#database = join(folder, 'records.duckdb');
    const [account] = server.accounts;
    if (account === undefined) throw new Error('the practice exchange has no account with a key');
    this.#account = account.name;
    const secrets = join(folder, 'key.yaml');
    writeFileSync(secrets, JSON.stringify({ name: 'practice', key: account.key, secret: account.secret }), {
      mode: 0o600,
    });
    writeFileSync(this.#config, JSON.stringify(this.#engineSettings(secrets)));
  }

  /** Orders that the exchange ever took. */
  get orders(): number {
    const { trading } = this.#server.exchange;
    return trading.closedOrders(this.#account).length + trading.openOrders(this.#account).length;
  }

  async killOnce(chance: Chance): Promise<void> {
    const engine = this.#start();
    const ended = once(engine, 'close');
    const before = this.orders;
    await this.#until(async () => {
      await this.#resumeIfClosed();
      return this.orders > before || engine.exitCode !== null;
    }, 'an order');
    if (engine.exitCode !== null) throw new Error(`the engine ended by itself with ${engine.exitCode}`);
    await sleep(chance.unit() ** 2 * LIFE_MS);
    // Now and then its database process is left to find out by itself.
    process.kill(chance.integer(4) === 0 ? (engine.pid ?? 0) : -(engine.pid ?? 0), 'SIGKILL');
    await ended;
  }

  /** Lets a last process find out what was left, brings trading to rest, and stops it as a service manager would. */
  async endInPeace(): Promise<void> {
    const engine = this.#start();
    const ended = once(engine, 'close');
    await this.#until(async () => (await this.#status())?.account?.account === 'trading', 'a reconciled account');
    await sleep(3_000);
    await askControl(this.#socket, { command: 'halt', by: 'sigkill', reason: 'the end' });
    await this.#until(async () => plansAtWork(await this.#status()) === 0, 'the end of every plan');
    await sleep(2_000);
    engine.kill('SIGTERM');
    await ended;
  }

  async report(): Promise<KillReport> {
    const exchange = readExchange(this.#server.exchange.trading, this.#account);
    const ours = await this.#readDatabase();
    const plans: Record<string, number> = {};
    for (const { outcome } of ours.plans) plans[outcome] = (plans[outcome] ?? 0) + 1;
    return {
      violations: check({ exchange, ours, sent: [], limits: new Map(), overdrawn: 0 }),
      kills: this.#settings.kills,
      orders: exchange.orders.length,
      fills: exchange.orders.reduce((sum, { fills }) => sum + fills.length, 0),
      plans,
      additions: ours.additions.length,
      faults: this.#server.exchange.stats().faults,
    };
  }

  /** The database process may take a moment longer than the one that it belongs to. */
  async #readDatabase(): Promise<OurReading> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await readStoredReading(this.#database);
      } catch (thrown) {
        if (attempt === 40 || !/lock/i.test(reasonOf(thrown))) throw thrown;
        await sleep(250);
      }
    }
  }

  #start(): ChildProcess {
    // A group of its own, so that all of it can be killed at once.
    const engine = spawn(process.execPath, [MAIN, 'run', '--config', this.#config], {
      stdio: 'ignore',
      detached: true,
    });
    this.#engines.add(engine);
    engine.on('close', () => this.#engines.delete(engine));
    return engine;
  }

  /** Ends whatever still runs. */
  killAll(): void {
    for (const { pid } of this.#engines) if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  }

  async #status(): Promise<Status | undefined> {
    return (await askControl(this.#socket, { command: 'status' }).catch(() => undefined)) as Status | undefined;
  }

  /** A person takes note of what was left behind, so that trading goes on. */
  async #resumeIfClosed(): Promise<void> {
    const trading = (await this.#status())?.trading ?? '';
    if (!/halted|reducing/.test(trading)) return;
    const resume = { command: 'resume', by: 'sigkill', reason: 'it is what this is about' } as const;
    await askControl(this.#socket, resume).catch(() => undefined); // refused while its cause is there: asked again
  }

  async #until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
    const deadlineNs = systemClock.nowNs() + WAIT_MS * 1e6;
    while (!(await condition())) {
      if (systemClock.nowNs() > deadlineNs) {
        throw new Error(`waited in vain for ${what}; the engine says ${JSON.stringify(await this.#status())}`);
      }
      await sleep(5);
    }
  }

  #engineSettings(secrets: string): object {
    const { rest, wsPublic, wsPrivate } = this.#server;
    const { folder } = this.#settings;
    return {
      mode: 'demo',
      venue: {
        public_url: wsPublic,
        private_url: wsPrivate,
        rest_url: rest,
        secrets_file: secrets,
        nonce_file: join(folder, 'nonce'),
        rate_tier: 'pro',
      },
      fees: { taker_pct: '0.02' },
      trading: { plans_at_once: 2 },
      // Losses and left-overs are what this is about: they must not stop it.
      risk: { losing_plans_in_a_row_max: 1_000, refused_orders_in_a_row_max: 1_000 },
      persistence: { database: this.#database },
      control: { socket: this.#socket },
    };
  }
}

interface Status {
  readonly trading?: string;
  readonly account?: { readonly account?: string };
  readonly plans?: Readonly<Record<'opened' | 'completed' | 'abandoned' | 'unwound' | 'stranded', number>>;
}

function plansAtWork(status: Status | undefined): number | undefined {
  const { plans } = status ?? {};
  return plans && plans.opened - plans.completed - plans.abandoned - plans.unwound - plans.stranded;
}
