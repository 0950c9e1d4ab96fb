/**
 * One day by a seed: the whole engine on one thread and a virtual clock, trading through its real adapter against the
 * practice exchange, with what goes wrong drawn from the seed. At its end trading is brought to rest, and the checker
 * compares the exchange's ledger with our records.
 */

import { createActor as createBook } from '../actors/book/actor.ts';
import { createActor as createDetector } from '../actors/detector/actor.ts';
import { createActor as createFeed } from '../actors/feed/actor.ts';
import { createActor as createRisk } from '../actors/risk/actor.ts';
import { createActor as createSequencer } from '../actors/sequencer/actor.ts';
import { type Chance, seededChance } from '../platform/chance.ts';
import { VirtualClock } from '../platform/clock.ts';
import { makeMarket } from '../practice/market/market-generator.ts';
import type { MarketTape } from '../practice/market/market-tape.ts';
import { InlineHttp } from '../practice/network/inline-http.ts';
import { InlineNetwork } from '../practice/network/inline-network.ts';
import { PRACTICE_DEFAULTS, PracticeExchange } from '../practice/practice-exchange.ts';
import type { ActorFactory } from '../runtime/actor.ts';
import type { ActorId } from '../runtime/counter-names.ts';
import { InlineHost } from '../runtime/inline-host.ts';
import { openTable } from '../runtime/memory/shared-tables.ts';
import type { RunOptions } from '../runtime/run-options.ts';
import { topologyOf } from '../topology.ts';
import { ACCOUNT_STATES, isTradingState } from '../trading/account-state.ts';
import { MemoryNonceStore } from '../trading/nonce-store.ts';
import { check, type Violation } from './checker.ts';
import { type SentOrder, spendLimits } from './day-readings.ts';
import { type DaySettings, type DrawnDay, drawDay } from './day-settings.ts';
import { readExchange } from './exchange-records.ts';
import { HaltWatch } from './halt-watch.ts';
import { type KillableTransport, killable, type Lives } from './killable-actor.ts';
import { OurRecords } from './our-records.ts';
import { ProcessDeaths, RECORDS_LOST_MS } from './process-deaths.ts';
import { recordTaker } from './record-taker.ts';
import { readRequest, sentOrderOf } from './sent-order.ts';
import { NO_TRACE, type Trace } from './trace.ts';

/** The day begins on 15 January 2027. */
const WALL_START_NS = 1_800_000_000_000_000_000n;
/** How far time goes on between two looks at what is to be done. */
const STEP_MS = 250;
/** A day in which nothing pays ends by then. */
const DAY_MS_MAX = 600_000;
/** The simulated operator resumes trading when it has been paused for this long. */
const STUCK_MS = 40_000;
/** Rest before the books are compared: longer than every interval of reconciliation. */
const REST_MS = 150_000;
/** Most that the wall clock is set by, forward or back. */
const CLOCK_SET_MS_MAX = 3_600_000;
/** How long trading may take to come to rest. */
const SETTLE_MS_MAX = 600_000;

export interface DayResult {
  readonly seed: number;
  readonly violations: readonly Violation[];
  /** Plans by outcome. */
  readonly plans: Readonly<Record<string, number>>;
  readonly orders: number;
  readonly fills: number;
  readonly uncertain: number;
  /** Faults that struck, by name. */
  readonly faults: Readonly<Record<string, number>>;
  readonly virtualSeconds: number;
}

export interface DayOptions {
  readonly makeTrace?: (clock: VirtualClock) => Trace;
  /** The sequencer, unless the product's own is to trade. */
  readonly sequencer?: ActorFactory<'sequencer'>;
  /** What is played of the market that the seed makes, unless all of it as it is. */
  readonly market?: (made: MarketTape) => MarketTape;
}

/** Runs the day that the settings name. @throws what an actor throws. */
export async function simulateDay(settings: DaySettings, options: DayOptions = {}): Promise<DayResult> {
  const day = new SimulatedDay(settings, options);
  return day.run();
}

class SimulatedDay {
  readonly #settings: DaySettings;
  readonly #drawn: DrawnDay;
  readonly #chance: Chance;
  /** Of what a person does about what is stranded: a day without that draws the same. */
  readonly #operator: Chance;
  readonly #clock = new VirtualClock(WALL_START_NS);
  readonly #exchange: PracticeExchange;
  readonly #trace: Trace;
  readonly #records = new OurRecords();
  readonly #haltWatch = new HaltWatch();
  readonly #sent: (SentOrder & { readonly atMs: number })[] = [];
  readonly #lives: Lives;
  readonly #nonces = new MemoryNonceStore();
  #host: InlineHost;
  /** Of a day on which the process dies. */
  #deaths: ProcessDeaths | undefined;
  #bootedMs = 0;
  /** Plans that were opened by runs that are over. */
  #openedBefore = 0;
  readonly #options: DayOptions;
  readonly #hostFaults: Record<string, number> = {};
  #deathDueMs = Number.POSITIVE_INFINITY;
  #haltDueMs = Number.POSITIVE_INFINITY;
  #clockSetDueMs = Number.POSITIVE_INFINITY;
  #closedSinceMs: number | undefined;
  #hasFlattened = false;
  #stuckSinceMs = 0;
  /** Orders that the exchange refused for want of funds. */
  #overdrawn = 0;

  constructor(settings: DaySettings, options: DayOptions) {
    this.#settings = settings;
    this.#options = options;
    this.#chance = seededChance(settings.seed ^ 0x73696d75);
    this.#operator = seededChance(settings.seed ^ 0x666c6174);
    this.#drawn = drawDay(this.#chance, settings);
    this.#trace = options.makeTrace?.(this.#clock) ?? NO_TRACE;
    this.#exchange = this.#openExchange();
    this.#lives = { makeTransport: () => this.#makeTransport(), current: new Map() };
    this.#host = this.#makeHost({});
  }

  async run(): Promise<DayResult> {
    await this.#planProcessDeaths();
    await this.#boot();
    this.#planMisfortunes();
    const opened = () => this.#openedBefore + this.#host.countersOf('sequencer').get('plans_opened');
    while (opened() < this.#settings.plans && this.#nowMs < DAY_MS_MAX) await this.#step();
    await this.#rest();
    const result = this.#result();
    this.#trace.add('result', JSON.stringify(result));
    await this.#end();
    return result;
  }

  #openExchange(): PracticeExchange {
    const { seed, plans } = this.#settings;
    const { feesBps, rates, account } = this.#drawn;
    const made = makeMarket({ seed, dislocations: Math.ceil(plans * 1.3) + 4, feesBps });
    const tape = this.#options.market?.(made) ?? made;
    const listed = tape.entries.assets.map(({ id }) => id);
    const balances = Object.fromEntries(Object.entries(account.balances).filter(([asset]) => listed.includes(asset)));
    const accounts = [{ ...account, balances }];
    const settings = { ...PRACTICE_DEFAULTS, speed: 1, loop: true, seed, faults: rates, accounts };
    return new PracticeExchange(tape, this.#clock.trueTime, settings, {
      onFault: ({ fault, connection, symbol }) =>
        this.#trace.add('fault', `${fault} on connection ${connection} ${symbol ?? ''}`),
    });
  }

  /** DuckDB takes its time to load: only those days wait for it that need it. */
  async #planProcessDeaths(): Promise<void> {
    const { processDeathEveryMs } = this.#drawn;
    if (processDeathEveryMs === undefined) return;
    const { SurvivingRecords } = await import('./surviving-records.ts');
    const records = await SurvivingRecords.open((view) => this.#records.take(view, 0, this.#trace));
    this.#deaths = new ProcessDeaths(records, this.#chance, processDeathEveryMs, this.#nowMs);
  }

  async #boot(): Promise<void> {
    this.#bootedMs = this.#clock.wallMs();
    this.#records.boot(openTable(this.#host.memory, 'instrument_log', 'readings'));
    await this.#host.start();
  }

  #takeRecord(source: string, view: DataView, offset: number): void {
    if (this.#deaths !== undefined) this.#deaths.records.hold(source, view, offset);
    else if (source === 'sequencer') this.#records.take(view, offset, this.#trace);
  }

  /** @param left what earlier runs left, as options of this one. */
  #makeHost(left: RunOptions): InlineHost {
    const { config, account } = this.#drawn;
    const sequencer = this.#options.sequencer ?? createSequencer;
    return new InlineHost({
      topology: topologyOf(config),
      config,
      clock: this.#clock,
      seed: this.#settings.seed,
      options: {
        apiKey: { name: account.name, key: account.key, secret: account.secret },
        nonces: this.#nonces,
        ...left,
      },
      log: (actor, level, event, text) => this.#trace.add('log', `${actor} ${level} ${event}: ${text}`),
      factories: {
        persistence: recordTaker(
          (...record) => this.#takeRecord(...record),
          (source) => this.#deaths?.records.uncommitted(source) ?? 0,
        ) as ActorFactory,
        risk: createRisk as ActorFactory,
        sequencer: killable('sequencer', sequencer, this.#lives) as ActorFactory,
        detector: createDetector as ActorFactory,
        book: createBook as ActorFactory,
        feed: killable('feed', createFeed, this.#lives) as ActorFactory,
      },
    });
  }

  #makeTransport(): KillableTransport {
    const { latencyMs } = this.#drawn;
    const [least, most] = latencyMs;
    const watch = (direction: 'out' | 'in', path: string, text: string) => {
      this.#trace.add(direction, `${path} ${text}`);
      if (direction === 'out' && text.includes('"add_order"')) this.#noteSent(text);
      if (direction === 'out') this.#haltWatch.noteSent(path, text);
      if (direction === 'in' && text.includes('EOrder:Insufficient funds')) this.#overdrawn++;
    };
    const exchange = this.#exchange;
    const listener = {
      admit: () => (exchange.admit() ? undefined : 429),
      connect: (path: string, port: Parameters<PracticeExchange['connectPublic']>[0]) =>
        path === '/v2' ? exchange.connectPublic(port) : exchange.connectPrivate(port),
    };
    const sockets = new InlineNetwork(this.#clock, this.#chance, listener, { latencyMs }, watch);
    const latency = () => least + (most - least) * this.#chance.unit();
    const http = new InlineHttp(this.#clock, exchange.rest, latency, watch);
    const transport = {
      sockets,
      http,
      cutAll: () => {
        sockets.cutAll();
        http.cutAll();
      },
    };
    return transport;
  }

  /** An order as its bytes leave. */
  #noteSent(text: string): void {
    const order = sentOrderOf(readRequest(text));
    if (order !== undefined) this.#sent.push({ ...order, gate: this.#host.gate.state, atMs: this.#nowMs });
  }

  // -- the day --------------------------------------------------------------------------------------------------------

  async #step(): Promise<void> {
    this.#host.advanceNow(STEP_MS);
    if (this.#deaths?.isDue(this.#nowMs, this.#bootedMs)) await this.#dieAll(this.#deaths);
    this.#deaths?.look(this.#nowMs);
    if (this.#nowMs >= this.#deathDueMs) await this.#kill();
    if (this.#nowMs >= this.#haltDueMs) this.#halt();
    if (this.#nowMs >= this.#clockSetDueMs) this.#setClock();
    if (!this.#isAccountTrading) this.#haltWatch.forget();
    this.#haltWatch.look(this.#nowMs);
    this.#resumeWhenDue();
    await this.#restartWhenStuck();
  }

  #planMisfortunes(): void {
    const { deaths, haltEveryMs, clockSetEveryMs } = this.#drawn;
    if (clockSetEveryMs !== undefined) this.#clockSetDueMs = this.#nowMs + this.#chance.integer(clockSetEveryMs);
    if (deaths !== undefined) this.#deathDueMs = this.#nowMs + this.#chance.integer(deaths.everyMs);
    if (haltEveryMs !== undefined) this.#haltDueMs = this.#nowMs + this.#chance.integer(haltEveryMs);
  }

  async #kill(): Promise<void> {
    const { deaths } = this.#drawn;
    const victim = deaths?.actors[this.#chance.integer(deaths.actors.length)];
    if (deaths === undefined || victim === undefined) return;
    // At no round time, so that plans and orders are in progress then.
    this.#host.advanceNow(this.#chance.unit() * STEP_MS);
    this.#count('actor-death');
    this.#trace.add('death', victim);
    await this.#replace(victim);
    this.#deathDueMs = this.#nowMs + this.#chance.integer(deaths.everyMs);
  }

  /** The process dies: every actor, and all records that were not committed. Another one starts on what is left. */
  async #dieAll(deaths: ProcessDeaths): Promise<void> {
    this.#host.advanceNow(this.#chance.unit() * STEP_MS);
    this.#count('process-death');
    this.#trace.add('death', 'the process');
    const { memory } = this.#host;
    this.#openedBefore += this.#host.countersOf('sequencer').get('plans_opened');
    for (const life of this.#lives.current.values()) life.end();
    this.#lives.current.clear();
    this.#haltWatch.forget();
    deaths.records.die(this.#chance);
    this.#forgiveUnrecorded();
    // A service manager takes a moment.
    this.#clock.advanceTo(this.#clock.nowNs() + (100 + this.#chance.integer(5_000)) * 1e6);
    const log = openTable(memory, 'instrument_log', 'readings');
    this.#host = this.#makeHost(await deaths.records.left(log, this.#bootedMs));
    await this.#boot();
    deaths.begin(this.#nowMs);
  }

  /** What left and was not committed is known by the exchange alone, if it took it. */
  #forgiveUnrecorded(): void {
    for (const [index, order] of this.#sent.entries()) {
      if (this.#nowMs - order.atMs <= RECORDS_LOST_MS) this.#sent[index] = { ...order, mayBeUnrecorded: true };
    }
  }

  #halt(): void {
    this.#count('operator-halt');
    if (this.#host.gate.state !== 'halted' && this.#isAccountTrading) this.#haltWatch.halted(this.#nowMs);
    this.#trace.add('operator', 'halts');
    this.#host.call('risk', 'halt', 'simulated', 'simulation');
    this.#haltDueMs = this.#nowMs + this.#chance.integer(this.#drawn.haltEveryMs ?? 1);
  }

  /** An operator, or a time server, sets the machine's clock. The venue's own goes on. */
  #setClock(): void {
    const byMs = Math.round((2 * this.#chance.unit() - 1) * CLOCK_SET_MS_MAX);
    this.#count('clock-set');
    this.#trace.add('clock', `the wall clock is set by ${byMs} ms`);
    this.#clock.setWall(byMs);
    this.#clockSetDueMs = this.#nowMs + this.#chance.integer(this.#drawn.clockSetEveryMs ?? 1);
  }

  /** A person looks after a while. */
  #resumeWhenDue(): void {
    const { state } = this.#host.gate.risk;
    if (state !== 'halted' && state !== 'reducing') {
      this.#closedSinceMs = undefined;
      return;
    }
    this.#closedSinceMs ??= this.#nowMs;
    if (state === 'reducing' && this.#nowMs - this.#closedSinceMs >= this.#drawn.resumeAfterMs / 2) this.#flattenOnce();
    if (this.#nowMs - this.#closedSinceMs < this.#drawn.resumeAfterMs) return;
    this.#hasFlattened = false;
    this.#closedSinceMs = undefined;
    this.#trace.add('operator', 'resumes');
    this.#host.call('risk', 'resume', 'simulated', 'simulation');
  }

  /** A person looks at what is stranded, and half of the times has it brought home. */
  #flattenOnce(): void {
    if (this.#hasFlattened) return;
    this.#hasFlattened = true;
    if (this.#operator.unit() < 0.5) return;
    const ask = { assets: [], to: this.#drawn.config.strategy.start_assets[0] ?? 'USD' };
    const { offers } = this.#host.call('sequencer', 'flatten', ask);
    if (offers.length === 0) return;
    const begun = this.#host.call('sequencer', 'flatten', { ...ask, accepted: offers }).offers.length;
    this.#trace.add('operator', `flattens ${begun} of ${offers.length}`);
    for (let plan = 0; plan < begun; plan++) this.#count('operator-flatten');
  }

  /** What no repetition cures waits for a person: a refused key, an address that the venue wants no more of. */
  async #restartWhenStuck(): Promise<void> {
    const isStuck = this.#host.gate.risk.state === 'paused' || this.#host.gate.risk.reason === 'account_refused';
    if (!isStuck) this.#stuckSinceMs = this.#nowMs;
    if (this.#nowMs - this.#stuckSinceMs < STUCK_MS) return;
    this.#stuckSinceMs = this.#nowMs;
    this.#trace.add('operator', 'restarts feed and sequencer');
    for (const id of ['feed', 'sequencer'] as const) await this.#replace(id);
  }

  async #replace(id: ActorId): Promise<void> {
    this.#haltWatch.forget();
    this.#lives.current.get(id)?.end();
    await this.#host.replace(id);
  }

  #count(fault: string): void {
    this.#hostFaults[fault] = (this.#hostFaults[fault] ?? 0) + 1;
  }

  // -- its end --------------------------------------------------------------------------------------------------------

  /** Nothing new is begun; what is at work comes to its end, and every interval of reconciliation passes. */
  async #rest(): Promise<void> {
    this.#deathDueMs = Number.POSITIVE_INFINITY;
    this.#haltDueMs = Number.POSITIVE_INFINITY;
    this.#clockSetDueMs = Number.POSITIVE_INFINITY;
    this.#deaths?.end();
    this.#trace.add('day', 'no new plans');
    this.#host.gate.setSupervisor('reducing', 'stopping');
    const untilMs = this.#nowMs + SETTLE_MS_MAX;
    while (!this.#isQuiet && this.#nowMs < untilMs) await this.#step();
    this.#host.advanceNow(REST_MS);
    while (!this.#isQuiet && this.#nowMs < untilMs) await this.#step();
  }

  get #isAccountTrading(): boolean {
    return isTradingState(ACCOUNT_STATES[this.#host.countersOf('sequencer').get('account_state')] ?? 'down');
  }

  get #isQuiet(): boolean {
    return this.#host.countersOf('sequencer').get('plans_active') === 0 && this.#isAccountTrading;
  }

  #result(): DayResult {
    this.#deaths?.records.commit();
    const ours = this.#records.reading();
    const exchange = readExchange(this.#exchange.trading, this.#drawn.account.name);
    const { faults } = this.#exchange.stats();
    // A fault can use the same text.
    const overdrawn = Object.keys(faults).length === 0 ? this.#overdrawn : 0;
    const limits = spendLimits(this.#drawn.config.trading.order_max);
    const { unheeded: unheededHalts, arms } = this.#haltWatch;
    const switchArms = this.#drawn.config.trading.dead_mans_switch_ms > 0 ? arms : undefined;
    const violations = check({ exchange, ours, sent: this.#sent, limits, overdrawn, unheededHalts, switchArms });
    const plans: Record<string, number> = {};
    for (const { outcome } of ours.plans) plans[outcome] = (plans[outcome] ?? 0) + 1;
    return {
      seed: this.#settings.seed,
      violations,
      plans,
      orders: exchange.orders.length,
      fills: exchange.orders.reduce((sum, { fills }) => sum + fills.length, 0),
      uncertain: this.#records.counts['ORDER_UNCERTAIN'] ?? 0,
      faults: { ...faults, ...this.#hostFaults },
      virtualSeconds: Math.round(this.#nowMs / 1e3),
    };
  }

  async #end(): Promise<void> {
    this.#exchange.close();
    this.#deaths?.records.close();
    for (const life of this.#lives.current.values()) life.end();
    await Promise.resolve();
  }

  get #nowMs(): number {
    return this.#clock.nowNs() / 1e6;
  }
}
