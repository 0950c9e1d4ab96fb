/**
 * The engine as a process that trades a dislocated market against a practice exchange in this process, over real sockets
 * and with its real database; whoever holds it halts, resumes and kills the engine, and at the end has the checker compare
 * the database with the exchange's own ledger, and with what arrived at the exchange meanwhile.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { askControl } from '../../src/control/control-client.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { reasonOf } from '../../src/platform/errors.ts';
import { parseFaultRates } from '../../src/practice/faults/fault-rules.ts';
import { type PracticeServer, startPracticeServer } from '../../src/practice/network/practice-server.ts';
import type { PracticeExchange } from '../../src/practice/practice-exchange.ts';
import { check, couldMove, type Violation } from '../../src/simulation/checker.ts';
import { type OurReading, spendLimits } from '../../src/simulation/day-readings.ts';
import { readExchange } from '../../src/simulation/exchange-records.ts';
import { WireLog } from '../../src/simulation/wire-log.ts';
import { readStoredReading } from './stored-reading.ts';

export interface StageSettings {
  /** Folder for settings, key and database. */
  readonly folder: string;
  readonly seed: number;
  /** Faults of the exchange meanwhile, as `--faults` takes them. */
  readonly faults: string;
  /** Basis points by which pairs are moved out of line now and then; 0: nothing is worth an order. 80 when not given. */
  readonly dislocateBps?: number;
  /** Notified of every request of the private socket as it arrives. */
  readonly onRequest?: (text: string) => void;
}

export interface StageReport {
  readonly violations: readonly Violation[];
  /** That the exchange took in all. */
  readonly orders: number;
  /** That arrived at the exchange, whatever became of them. */
  readonly sent: number;
  readonly fills: number;
  /** Halts that were confirmed, and orders that had left before and arrived after that. */
  readonly halts: number;
  readonly inFlight: number;
  /** How much of a limit the largest orders used, in percent, by asset. */
  readonly limitUsed: Readonly<Record<string, number>>;
  readonly plans: Readonly<Record<string, number>>;
  /** What the two ledgers of what was left behind have, by asset, as changes booked. */
  readonly additions: number;
  readonly faults: Readonly<Partial<Record<string, number>>>;
}

const CAPTURE = fileURLToPath(new URL('../../data/derived_ws2_d25_gemini_20210417.cap.jsonl.gz', import.meta.url));
/** Without the launcher: whoever kills that alone leaves the engine running. */
const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const WAIT_MS = 60_000;
const NOT_KEPT = /not on disk yet/;
/** Little enough to be in the way of what the market offers. */
const ORDER_MAX = { USD: '20000', BTC: '0.3', ETH: '8' };

export class TradingStage {
  readonly log: WireLog;
  readonly #engines = new Set<ChildProcess>();
  readonly #server: PracticeServer;
  /** Name of the engine's account. */
  readonly account: string;
  readonly #config: string;
  readonly #socket: string;
  readonly #database: string;
  readonly #output: string;

  /** Begins with the exchange alone. */
  static async open(settings: StageSettings): Promise<TradingStage> {
    const { seed, faults, dislocateBps = 80, onRequest } = settings;
    const options = { speed: 20, loop: true, seed, dislocateBps, faults: parseFaultRates(faults) };
    const log = new WireLog();
    const onPrivateText = (text: string): void => {
      log.note(text, nowMs());
      onRequest?.(text);
    };
    const practice = { capture: CAPTURE, port: 0, fees: '0.02', settings: options };
    return new TradingStage(settings, await startPracticeServer(practice, systemClock, { onPrivateText }), log);
  }

  private constructor({ folder }: StageSettings, server: PracticeServer, log: WireLog) {
    this.log = log;
    this.#server = server;
    this.#config = join(folder, 'run.yaml');
    this.#socket = join(folder, 'control.sock');
    this.#database = join(folder, 'records.duckdb');
    this.#output = join(folder, 'engine.log');
    const [account] = server.accounts;
    if (account === undefined) throw new Error('the practice exchange has no account with a key');
    this.account = account.name;
    const secrets = join(folder, 'key.yaml');
    writeFileSync(secrets, JSON.stringify({ name: 'practice', key: account.key, secret: account.secret }), {
      mode: 0o600,
    });
    writeFileSync(this.#config, JSON.stringify(this.#engineSettings(folder, secrets)));
  }

  get exchange(): PracticeExchange {
    return this.#server.exchange;
  }

  /** Address of the private socket. */
  get wsPrivate(): string {
    return this.#server.wsPrivate;
  }

  /** Orders that the exchange ever took. */
  get orders(): number {
    const { trading } = this.exchange;
    return trading.closedOrders(this.account).length + trading.openOrders(this.account).length;
  }

  start(): ChildProcess {
    const log = openSync(this.#output, 'w');
    // A group of its own, so that all of it can be killed at once.
    const engine = spawn(process.execPath, [MAIN, 'run', '--config', this.#config], {
      stdio: ['ignore', log, log],
      detached: true,
    });
    closeSync(log);
    this.#engines.add(engine);
    engine.on('close', () => this.#engines.delete(engine));
    return engine;
  }

  /** What the newest engine has said. */
  get output(): string {
    return readFileSync(this.#output, 'utf8');
  }

  /** SIGKILL. `alone`: its database process is left to find out by itself. */
  async kill(engine: ChildProcess, alone: boolean): Promise<void> {
    const ended = once(engine, 'close');
    process.kill(alone ? (engine.pid ?? 0) : -(engine.pid ?? 0), 'SIGKILL');
    await ended;
    this.log.killed(nowMs());
  }

  /** Waits for an order more, for which a person takes note of whatever keeps it from leaving. */
  async untilOrder(engine: ChildProcess): Promise<void> {
    const before = this.orders;
    await this.until(async () => {
      await this.resumeIfClosed();
      return this.orders > before || engine.exitCode !== null;
    }, 'an order');
    if (engine.exitCode !== null) throw new Error(`the engine ended by itself with ${engine.exitCode}`);
  }

  async untilReconciled(): Promise<void> {
    await this.until(async () => (await this.#status())?.account?.account === 'trading', 'a reconciled account');
  }

  /** Waits until trading waits for no person any more. */
  async untilResumed(): Promise<void> {
    await this.until(() => this.resumeIfClosed(), 'a resume');
  }

  /** Halts, and waits until the halt would hold over a death. */
  async halt(): Promise<void> {
    await this.until(async () => !NOT_KEPT.test(await this.#askHalt()), 'a halt on disk');
  }

  async #askHalt(): Promise<string> {
    this.log.haltAsked();
    try {
      const text = await askControl(this.#socket, {
        command: 'halt',
        by: 'wire',
        reason: 'to see that nothing leaves',
      });
      this.log.haltConfirmed(nowMs());
      return String(text);
    } catch (thrown) {
      this.log.haltFailed();
      throw thrown;
    }
  }

  /** A person takes note of what was left behind, or halted, so that trading goes on. @returns whether nothing waits. */
  async resumeIfClosed(): Promise<boolean> {
    const status = await this.#status();
    if (status === undefined) return false;
    if (!/halted|reducing/.test(status.trading ?? '')) return true;
    this.log.resumeAsked();
    const resume = { command: 'resume', by: 'wire', reason: 'it is what this is about' } as const;
    // Refused while its cause is there: asked again.
    await askControl(this.#socket, resume).catch(() => this.log.resumeFailed(nowMs()));
    return false;
  }

  /** Brings trading to rest, and stops the engine as a service manager would. */
  async endInPeace(engine: ChildProcess): Promise<void> {
    const ended = once(engine, 'close');
    await this.untilReconciled();
    await this.halt();
    await this.until(async () => plansAtWork(await this.#status()) === 0, 'the end of every plan');
    await sleep(2_000);
    engine.kill('SIGTERM');
    await ended;
  }

  /** To be asked when no engine runs any more. */
  async report(): Promise<StageReport> {
    const { sent, halts, inFlight } = this.log;
    const exchange = readExchange(this.exchange.trading, this.account);
    const ours = await this.#readDatabase();
    const plans: Record<string, number> = {};
    for (const { outcome } of ours.plans) plans[outcome] = (plans[outcome] ?? 0) + 1;
    return {
      violations: check({
        exchange,
        ours,
        sent,
        limits: spendLimits(ORDER_MAX),
        overdrawn: 0,
        unheededHalts: [],
        switchArms: undefined,
      }),
      orders: exchange.orders.length,
      sent: sent.length,
      fills: exchange.orders.reduce((sum, { fills }) => sum + fills.length, 0),
      halts,
      inFlight,
      limitUsed: this.#limitUsed(),
      plans,
      additions: ours.additions.length,
      faults: this.exchange.stats().faults,
    };
  }

  /** Ends whatever still runs. */
  async close(): Promise<void> {
    for (const { pid } of this.#engines) if (pid !== undefined) process.kill(-pid, 'SIGKILL');
    await this.#server.close();
  }

  async until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
    const deadlineMs = nowMs() + WAIT_MS;
    while (!(await condition())) {
      if (nowMs() > deadlineMs) {
        throw new Error(`waited in vain for ${what}; the engine says ${JSON.stringify(await this.#status())}`);
      }
      await sleep(5);
    }
  }

  #limitUsed(): Record<string, number> {
    const limits = spendLimits(ORDER_MAX);
    const used: Record<string, number> = {};
    for (const [asset, most] of this.log.sent.flatMap(couldMove)) {
      const limit = limits.get(asset);
      if (limit !== undefined) used[asset] = Math.max(used[asset] ?? 0, Number((most * 100n) / limit));
    }
    return used;
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

  async #status(): Promise<Status | undefined> {
    return (await askControl(this.#socket, { command: 'status' }).catch(() => undefined)) as Status | undefined;
  }

  #engineSettings(folder: string, secrets: string): object {
    const { rest, wsPublic, wsPrivate } = this.#server;
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
      trading: { plans_at_once: 2, order_max: ORDER_MAX },
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

const nowMs = (): number => systemClock.nowNs() / 1e6;

function plansAtWork(status: Status | undefined): number | undefined {
  const { plans } = status ?? {};
  return plans && plans.opened - plans.completed - plans.abandoned - plans.unwound - plans.stranded;
}
