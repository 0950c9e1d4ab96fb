/**
 * Risk: books executions, watches the process and the market, and writes its half of the trading gate.
 *
 *   executions ─▶ ledger ─▶ limits ─┐
 *   counters of all actors ─▶ conditions ─▶ desk (machine, gate, records)
 *   a person, a file ───────────────┘
 */
import { lstatSync } from 'node:fs';
import { InstrumentDirectory } from '../../market/instrument.ts';
import type { Actor, ActorContext, ActorFactory, Answering } from '../../runtime/actor.ts';
import type { ControlCalls, HaltAnswer, RiskAnswer, RiskStatus } from '../../runtime/control-calls.ts';
import { ACTOR_IDS } from '../../runtime/counter-names.ts';
import type { RingGauge } from '../../runtime/memory/ring.ts';
import { usesKey } from '../../settings/config.ts';
import { ACCOUNT_STATES, type AccountState } from '../../trading/account-state.ts';
import { describeCause } from '../../trading/gate-cause.ts';
import type { StoredLosses } from '../../trading/stored-losses.ts';
import { GATE_REASONS, GATE_STATES, type GateReason } from '../../trading/trading-gate.ts';
import { limitSections, unlistedLimits } from '../../trading/unlisted-limits.ts';
import { lostAccount } from './account-age.ts';
import { describeAccount, describeHolding } from './account-description.ts';
import { flatteningHoldings, openPlans } from './open-plans.ts';
import { findConditions, type Readings } from './pause-conditions.ts';
import { type PortfolioLine, portfolioLines, recordPortfolio } from './portfolio-snapshot.ts';
import { RecordsWatch } from './records-watch.ts';
import { RiskDesk } from './risk-desk.ts';
import { type AssetLimit, assetLimits, findBreach, type StreakLimits } from './risk-limits.ts';
import { RISK_HEADER } from './risk-memory.ts';
import { readResume } from './risk-resume.ts';
import { UnlistedNames } from './unlisted-names.ts';

/** Executions booked in one turn at most. */
const BATCH = 64;
/** Part of every record ring that must be free; and slots, more than any writer wants free before it goes on. */
const RECORDS_FREE = 1 / 8;
const RECORD_SLOTS_FREE = 32;

const ACCOUNT_REFUSED = 'the venue does not let this key trade, or it could withdraw; see the log';

export interface RiskDeps {
  /** Whether the kill-switch file is there. */
  readonly fileExists: (path: string) => boolean;
}

export const createActor: ActorFactory<'risk'> = (context) => createRisk(context, { fileExists: isThere });

const isNearlyFull = ({ used, capacity }: RingGauge): boolean =>
  capacity - used < Math.max(capacity * RECORDS_FREE, RECORD_SLOTS_FREE);

/** Every answer of the file system but "no such file" counts as being there. */
function isThere(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return true;
  }
}

/** The risk actor with its view of the file system handed in. */
export function createRisk(context: ActorContext<'risk'>, deps: RiskDeps): Answering<'risk'> {
  return new Risk(context, deps);
}

class Risk implements Actor {
  readonly id = 'risk';
  readonly control: ControlCalls['risk'] = {
    halt: (reason, by) => this.#closeByPerson('halted', reason, by),
    drain: (reason, by) => this.#closeByPerson('draining', reason, by),
    resume: (reason, by, setAside = false) => this.#resumeByPerson(reason, by, setAside),
    status: () => this.#status(),
  };
  readonly #context: ActorContext<'risk'>;
  readonly #deps: RiskDeps;
  readonly #desk: RiskDesk;
  readonly #executions;
  readonly #counter;
  readonly #others;
  /** What the others' heartbeats were at the last look. */
  readonly #heartbeatsNs: Record<string, number> = {};
  readonly #counters;
  readonly #recordRings;
  #directory = new InstrumentDirectory();
  #directoryPosition = -1;
  #limits: readonly AssetLimit[] = [];
  /** Paths of limits that cannot be applied. */
  #unlisted: readonly string[] = [];
  readonly #unlistedNoted = new Set<string>();
  readonly #unlistedNames: UnlistedNames;
  #checkDueNs = 0;
  #snapshotDueNs = 0;
  #recordsWaited = 0;
  #recordsWatch: RecordsWatch | undefined;
  /** What earlier runs have lost. */
  readonly #stored: StoredLosses | undefined;
  #killSwitchSeen = false;

  constructor(context: ActorContext<'risk'>, deps: RiskDeps) {
    this.#context = context;
    this.#deps = deps;
    this.#desk = new RiskDesk(context);
    this.#stored = context.options.lossesAtStart;
    this.#unlistedNames = new UnlistedNames(context);
    this.#executions = context.consumer('executions');
    const { counters, countersOf } = context;
    const recordRings = context.rings.filter(({ to }) => to === 'persistence');
    this.#recordRings = recordRings.map(({ name }) => context.gauge(name));
    this.#counter = {
      executions: counters.at('executions'),
      halts: counters.at('halts'),
      pauses: counters.at('pauses'),
      resumes: counters.at('resumes'),
      gateState: counters.at('gate_state'),
      gateReason: counters.at('gate_reason'),
      booksStale: counters.at('books_stale'),
      recordsWaited: counters.at('records_waited'),
    };
    this.#others = ACTOR_IDS.filter((id) => id !== 'risk').map((id) => [id, countersOf(id)] as const);
    this.#counters = {
      feed: countersOf('feed'),
      book: countersOf('book'),
      detector: countersOf('detector'),
      sequencer: countersOf('sequencer'),
      persistence: countersOf('persistence'),
    };
  }

  onStart(): void {
    this.#recordsWaited = this.#waitedByOthers();
    const isStale = this.#desk.causes.some(({ reason }) => reason === 'records_stale');
    this.#recordsWatch = new RecordsWatch(this.#recordRings, isStale);
    this.#desk.start(this.#context.options.causesAtStart ?? []);
    this.#snapshotDueNs = this.#context.clock.nowNs() + this.#context.config.risk.portfolio_interval_ms * 1e6;
    this.#check();
    this.#show();
  }

  doWork(): number {
    const count = Math.min(this.#executions.available(), BATCH);
    if (count === 0) return 0;
    this.#refreshDirectory();
    this.#desk.book(this.#executions.view, this.#offsets(count), this.#limits, this.#streaks, this.#directory);
    this.#executions.advance(count); // the bank is committed: a successor that sees these again skips them
    this.#show();
    return count;
  }

  onTimer(): void {
    const nowNs = this.#context.clock.nowNs();
    if (nowNs >= this.#checkDueNs) this.#check();
    if (nowNs >= this.#snapshotDueNs) this.#snapshot(nowNs);
    this.#show();
  }

  onStop(): void {
    this.#refreshDirectory();
    this.#unlistedNames.note(this.#directory);
    this.#snapshot(this.#context.clock.nowNs());
  }

  get #streaks(): StreakLimits {
    const { losing_plans_in_a_row_max, refused_orders_in_a_row_max } = this.#context.config.risk;
    return { losingPlansMax: losing_plans_in_a_row_max, refusedOrdersMax: refused_orders_in_a_row_max };
  }

  *#offsets(count: number): Generator<number> {
    for (let index = 0; index < count; index++) {
      this.#executions.markInProgress(index);
      yield this.#executions.offset(index);
    }
  }

  #check(): void {
    const { clock, config, counters } = this.#context;
    this.#checkDueNs = clock.nowNs() + config.risk.check_interval_ms * 1e6;
    this.#checkKillSwitch();
    this.#refreshDirectory();
    this.#noteUnlisted();
    this.#desk.mark(this.#limits, this.#streaks, this.#directory);
    // A capture lists its pairs one after the other: what it does not have is known at its end.
    if (this.#context.options.replay !== true) this.#unlistedNames.note(this.#directory);
    this.#carry(); // the venue's time may be known now
    const accountState = this.#accountState();
    if (accountState === 'refused') this.#halt('account_refused', ACCOUNT_REFUSED);
    const readings = this.#readings(accountState);
    const lost = lostAccount(readings, config.trading);
    if (lost !== undefined) this.#halt('account_lost', lost);
    this.#desk.setConditions(
      findConditions(readings, {
        trading: config.trading,
        marketDataStaleMs: config.risk.market_data_stale_ms,
        actorSilenceMs: config.risk.actor_silence_ms,
        recordsStaleMs: config.risk.records_stale_ms,
      }),
    );
    if (!this.#desk.announce()) counters.add(this.#counter.recordsWaited, 1);
  }

  #checkKillSwitch(): void {
    const file = this.#context.config.risk.kill_switch_file;
    if (file === undefined) return;
    const isThere = this.#deps.fileExists(file);
    if (isThere) this.#halt('kill_switch', `the kill switch ${file} was found`);
    if (isThere === this.#killSwitchSeen) return;
    const event = isThere ? 'kill_switch_found' : 'kill_switch_cleared';
    if (!this.#context.records.tryAudit(event, { severity: isThere ? 2 : 1, text: file })) return; // at the next look
    this.#killSwitchSeen = isThere;
    this.#context.log('warn', event, file);
  }

  /** Undefined in a mode without an account. */
  #accountState(): AccountState | undefined {
    if (!usesKey(this.#context.config.mode)) return undefined;
    return ACCOUNT_STATES[this.#counters.sequencer.get('account_state')] ?? 'down';
  }

  /** Each limit that names an unknown asset is recorded once. */
  #noteUnlisted(): void {
    const fresh = this.#unlisted.filter((limit) => !this.#unlistedNoted.has(limit));
    for (const limit of fresh) {
      const text = `${limit}: the venue lists no such asset, so nothing is traded; correct the setting`;
      if (!this.#context.records.tryAudit('limit_unusable', { severity: 2, text })) return; // at the next look
      this.#unlistedNoted.add(limit);
      this.#context.log('error', 'limit_unusable', text);
    }
  }

  #carry(): void {
    if (this.#stored !== undefined) this.#desk.carry(this.#stored, this.#limits, this.#streaks, this.#directory);
  }

  #readings(accountState: AccountState | undefined): Readings {
    const { clock, options } = this.#context;
    const { feed, book, sequencer } = this.#counters;
    return {
      // The clock after the heartbeats: a heartbeat from later than now would seem to be from the future.
      heartbeatsNs: this.#readHeartbeats(),
      lastFrameNs: feed.get('last_frame_ns'),
      marketDataRefused: feed.get('refused_since_ns') !== 0,
      systemStatus: feed.get('system_status'),
      booksValid: book.get('books_valid'),
      recordsFull: this.#areRecordsFull(),
      recordsAgeMs: this.#recordsWatch?.ageMs(clock.nowNs()) ?? 0,
      commitFailing: this.#counters.persistence.get('commit_failing') !== 0,
      accountState,
      hasUntimedLosses: this.#stored !== undefined && this.#desk.hasUntimed(this.#stored, this.#directory),
      accountKnownNs: sequencer.get('account_known_ns'),
      accountProgressNs: sequencer.get('account_progress_ns'),
      unlistedLimits: this.#unlisted,
      isReplay: options.replay === true,
      nowNs: clock.nowNs(),
    };
  }

  #readHeartbeats(): Readings['heartbeatsNs'] {
    // Hearts beat in real time, which the capture's says nothing of. The supervisor watches them there too.
    if (this.#context.captureTime !== undefined) return {};
    for (const [id, counters] of this.#others) this.#heartbeatsNs[id] = counters.get('heartbeat_ns');
    return this.#heartbeatsNs;
  }

  /** True while an actor had to wait with a record since the last look, or a record ring is nearly full. */
  #areRecordsFull(): boolean {
    const waited = this.#waitedByOthers();
    const hasWaited = waited > this.#recordsWaited;
    this.#recordsWaited = waited;
    return hasWaited || this.#recordRings.some(isNearlyFull);
  }

  #waitedByOthers(): number {
    const { feed, detector, sequencer } = this.#counters;
    return feed.get('records_waited') + detector.get('records_waited') + sequencer.get('records_waited');
  }

  #halt(reason: 'account_refused' | 'account_lost' | 'kill_switch', text: string): void {
    this.#desk.add({ effect: 'halted', reason, by: 'risk', text });
  }

  #closeByPerson(effect: 'halted' | 'draining', text: string, by: string): HaltAnswer {
    const before = this.#desk.latched;
    this.#desk.add({ effect, reason: 'operator', by, text });
    const isRecorded = this.#desk.announce();
    this.#show();
    const others = before.map((cause) => `; before that ${cause.effect}, ${describeCause(cause)}`);
    return { ok: true, isRecorded, text: `${effect}: ${text}${others.join('')}` };
  }

  #resumeByPerson(reason: string, by: string, setAside: boolean): RiskAnswer {
    const answered = this.#desk.latched;
    const why = this.#whyNotResume(setAside);
    if (why !== undefined) return { ok: false, text: why };
    if (answered.length > 0) this.#desk.resume({ by, text: reason }); // else losses go on counting from where they did
    this.#show();
    const { state: now, causes } = this.#desk;
    const stillPaused = causes.map((cause) => `; still ${cause.effect}, ${describeCause(cause)}`);
    const lines = answered.map((cause) => `; answered: ${cause.effect}, ${describeCause(cause)}`);
    return { ok: true, text: [now, ...lines, ...stillPaused].join('') };
  }

  /** Names everything that persists, and what else would have to be answered. */
  #whyNotResume(setAside: boolean): string | undefined {
    const { latched, state, reason } = this.#desk;
    const persisting = this.#persisting();
    const isNothing = latched.length === 0 && persisting.length === 0;
    if (isNothing) return setAside ? undefined : `nothing is halted: trading is ${state} (${reason})`;
    if (persisting.length > 0) {
      const known = new Set<string>(persisting.map((one) => one.reason));
      const others = latched.filter((cause) => !known.has(cause.reason)).map(describeCause);
      const rest = others.length === 0 ? '' : `; beside that there is to answer: ${others.join('; ')}`;
      return `${persisting.map(({ text }) => text).join('; ')}${rest}`;
    }
    return this.#desk.canRecord(latched.length) ? undefined : 'it cannot be recorded now: the records ring is full';
  }

  /** Causes that a person cannot answer, for they are still there. */
  #persisting(): readonly { readonly reason: GateReason; readonly text: string }[] {
    const file = this.#context.config.risk.kill_switch_file;
    const isThere = file !== undefined && this.#deps.fileExists(file);
    const killSwitch = { reason: 'kill_switch', text: `the kill switch ${file} is still there: remove it` } as const;
    const refused = { reason: 'account_refused', text: `${ACCOUNT_REFUSED}; correct the key, and start anew` } as const;
    return [...(isThere ? [killSwitch] : []), ...(this.#accountState() === 'refused' ? [refused] : [])];
  }

  #status(): RiskStatus {
    this.#refreshDirectory();
    const bank = this.#desk.memory.current;
    const { gate } = this.#context;
    return {
      state: this.#desk.state,
      reason: this.#desk.reason,
      causes: this.#desk.causes.map(({ slot: _, ...cause }) => cause),
      resumed: readResume(bank) ?? 'never',
      gate: { state: gate.state, risk: gate.risk, supervisor: gate.supervisor },
      breach: findBreach(bank, this.#limits, this.#streaks, this.#context.clock.wallMs())?.text ?? 'none',
      executions: bank.getFloat64(RISK_HEADER.executions, true),
      losingPlans: bank.getFloat64(RISK_HEADER.losingPlans, true),
      openPlans: openPlans(bank),
      flattening: flatteningHoldings(bank).map((held) => describeHolding(held, this.#directory)),
      account: this.#accountState() ?? 'none',
      ...describeAccount(bank, this.#lines(), this.#directory, this.#context),
    };
  }

  #lines(): readonly PortfolioLine[] {
    return portfolioLines(this.#desk.memory.current, this.#context.config, this.#directory);
  }

  #snapshot(nowNs: number): void {
    const { config, records, counters } = this.#context;
    this.#refreshDirectory();
    const number = this.#desk.memory.current.getFloat64(RISK_HEADER.snapshot, true) + 1;
    if (!recordPortfolio(records, number, this.#lines())) {
      counters.add(this.#counter.recordsWaited, 1); // tried again at the next timer
      return;
    }
    this.#desk.memory.begin().setFloat64(RISK_HEADER.snapshot, number, true);
    this.#desk.memory.commit();
    this.#snapshotDueNs = nowNs + config.risk.portfolio_interval_ms * 1e6;
  }

  #refreshDirectory(): void {
    const { instrumentLog, config } = this.#context;
    const { used } = instrumentLog;
    if (used === this.#directoryPosition) return;
    this.#directory = instrumentLog.directory(used);
    this.#limits = assetLimits(config.risk, this.#directory);
    this.#carry();
    // Before the venue has said what it lists, nothing is unlisted.
    const hasList = this.#directory.assets.length > 0;
    this.#unlisted = hasList ? unlistedLimits(limitSections(config), this.#directory) : [];
    this.#directoryPosition = used;
  }

  #show(): void {
    const { counters } = this.#context;
    const bank = this.#desk.memory.current;
    const { feed, book } = this.#counters;
    counters.set(this.#counter.executions, bank.getFloat64(RISK_HEADER.executions, true));
    counters.set(this.#counter.halts, bank.getFloat64(RISK_HEADER.halts, true));
    counters.set(this.#counter.pauses, bank.getFloat64(RISK_HEADER.pauses, true));
    counters.set(this.#counter.resumes, bank.getFloat64(RISK_HEADER.resumes, true));
    counters.set(this.#counter.gateState, GATE_STATES.indexOf(this.#desk.state));
    counters.set(this.#counter.gateReason, GATE_REASONS.indexOf(this.#desk.reason));
    counters.set(this.#counter.booksStale, Math.max(0, feed.get('instruments') - book.get('books_valid')));
  }
}
