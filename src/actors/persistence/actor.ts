/**
 * Persistence: collects the records of all actors and commits them to the database in batches. A turn of work starts a
 * commit or takes note that one has ended; the rings are advanced by the turn that sees it committed. The database is in
 * a process of its own (see `database-protocol.ts`), so neither this actor's death nor the database's takes the other
 * along, and both lose nothing: what is not committed lies on the rings, what is committed is known by its number.
 */
import { createHash } from 'node:crypto';
import path from 'node:path';
import { createActor as createMachineActor } from 'xstate';
import packageFile from '../../../package.json' with { type: 'json' };
import type { InstrumentLine } from '../../market/instrument-log.ts';
import { RECORD_BYTES, RECORD_KIND } from '../../messages/record-messages.ts';
import { type BackOff, backOffMs } from '../../net/back-off.ts';
import type { CancelTimer } from '../../platform/clock.ts';
import { type ArbitradeError, arbitradeError } from '../../platform/errors.ts';
import type { Actor, ActorContext, ActorFactory } from '../../runtime/actor.ts';
import type { ControlCalls, RecordSummary } from '../../runtime/control-calls.ts';
import type { AuditEvent } from '../../runtime/records/audit-events.ts';
import { type AuditDetails, writeAudit, writeRecordHead } from '../../runtime/records/record-writer.ts';
import { tradingAccount } from '../../trading/trading-account.ts';
import { DatabaseClient } from './database/database-client.ts';
import type { Opened, RecordSource } from './database/database-protocol.ts';
import { type PersistenceEvent, type PersistenceState, persistenceMachine } from './persistence-machine.ts';
import { OwnMemory } from './persistence-memory.ts';
import { type OwnRecord, RecordCollector } from './record-collector.ts';

export const createActor: ActorFactory<'persistence'> = (context) => new Persistence(context);

/** How long to wait for another process that has the database open: a run that was just killed may still be closing it. */
const LOCK_WAIT_MS = 3_000;
/** How long to wait for the database process of a dead predecessor before it is ended. */
const PREDECESSOR_WAIT_MS = 500;

/** Wait before the file is opened again after a failure: doubled with every further one, up to a most. */
const REOPEN: BackOff = { baseMs: 50, maxMs: 2_000, growth: 2, jitter: 'half' };

/** Answers of the database process, for the next turn to take note of. */
type Outcome =
  | { readonly type: 'opened'; readonly opened: Opened }
  | { readonly type: 'committed'; readonly rows: number }
  | { readonly type: 'failed'; readonly error: ArbitradeError };

class Persistence implements Actor {
  readonly id = 'persistence';
  readonly needsEventLoop = true;
  readonly control: ControlCalls['persistence'] = {
    flush: () => this.#flush(),
    summary: () => this.#summary(),
    exportOpportunities: (file) => this.#exportOpportunities(file),
  };

  readonly #context: ActorContext<'persistence'>;
  readonly #machine = createMachineActor(persistenceMachine);
  readonly #collector: RecordCollector;
  readonly #own: OwnMemory;
  /** Those whose records are kept, itself last. */
  readonly #sources: readonly RecordSource[];
  readonly #counters: ReturnType<typeof countersOf>;
  #database: DatabaseClient | undefined;
  #resume: boolean;
  #state: PersistenceState = 'idle';
  #outcome: Outcome | undefined;
  /** Settles when the outcome is there. */
  #underWay: Promise<void> = Promise.resolve();
  #failure: ArbitradeError | undefined;
  #ownRecords: OwnRecord[] = [];
  #ownSeq = 0;
  #instrumentsSent = 0;
  /** When the oldest record that waits was first seen; undefined when none waits. */
  #waitingSinceNs: number | undefined;
  #commitStartNs = 0;
  #retryAtNs = 0;
  #flushing = 0;
  #isStopping = false;
  /** Messages that the rings were advanced over. */
  #settled = 0;
  #cancelWake: CancelTimer = () => undefined;

  constructor(context: ActorContext<'persistence'>) {
    this.#context = context;
    this.#resume = context.isSuccessor;
    this.#counters = countersOf(context);
    const inputs = context.rings.filter(({ to }) => to === context.id);
    const rings = inputs.map(({ name, from }) => [from, context.consumer(name)] as const);
    this.#sources = [...inputs.map(({ from }) => from), context.id];
    this.#own = new OwnMemory(context.ownMemory, this.#sources);
    this.#collector = new RecordCollector(new Map(rings), context.config.persistence.batch_rows_max, (...missing) =>
      this.#auditMissing(...missing),
    );
  }

  /** @throws DATABASE_LOCKED, DATABASE_TOO_NEW, DATABASE_MIGRATION_CHANGED, DATABASE_FAILED. */
  async onStart(): Promise<void> {
    this.#machine.start();
    this.#send({ type: 'open' });
    this.#open();
    await this.#underWay;
    if (this.#outcome?.type === 'failed') {
      this.#counters.set('commit_failing', 1);
      await this.#database?.kill();
      throw this.#outcome.error;
    }
    this.#takeOutcome();
  }

  /** @throws the error that failed {@link FAILURES_MAX} times in a row. */
  doWork(): number {
    this.#takeOutcome();
    if (this.#state === 'ready') return this.#commitIfDue();
    if (this.#state === 'backing_off' && this.#context.clock.nowNs() >= this.#retryAtNs) {
      this.#send({ type: 'retry' });
      this.#open();
    }
    if (this.#state === 'failed') throw this.#failure ?? arbitradeError('DATABASE_FAILED', 'persistence', 'unknown');
    return 0;
  }

  isBusy(): boolean {
    return this.#state === 'opening' || this.#state === 'migrating' || this.#state === 'committing';
  }

  /** Commits what is left on the rings and closes the database, so that the file opens without recovery. */
  async onStop(): Promise<void> {
    this.#cancelWake();
    this.#isStopping = true;
    await this.#flush();
    this.#send({ type: 'close' });
    await this.#database?.close();
    this.#send({ type: 'closed' });
    this.#machine.stop();
  }

  // -- opening ---------------------------------------------------------------------------------------------------

  #open(): void {
    const { config, clock } = this.#context;
    const database = new DatabaseClient({
      onMigrating: () => this.#send({ type: 'migrate' }),
      onWorking: () => this.#context.noteProgress(),
    });
    const predecessor = this.#own.databaseProcess;
    this.#database = database;
    this.#own.databaseProcess = database.pid;
    this.#instrumentsSent = 0; // a new process knows no instrument
    const opening = database.open({
      file: config.persistence.database,
      identity: {
        processId: process.pid,
        startedNs: this.#own.startedNs(clock.wallNs()),
        version: packageFile.version,
        configHash: createHash('sha256').update(JSON.stringify(config)).digest('hex'),
        account: tradingAccount(config),
      },
      resume: this.#resume,
      nowNs: clock.wallNs(),
      lock: { predecessor, waitMs: predecessor === 0 ? LOCK_WAIT_MS : PREDECESSOR_WAIT_MS },
    });
    this.#resume = true;
    this.#await(opening, (opened) => ({ type: 'opened', opened }));
  }

  #onOpened({ boot, migrated, positions, rows }: Opened): void {
    this.#collector.resume(positions);
    this.#ownSeq = Math.max(this.#ownSeq, positions['persistence'] ?? 0);
    this.#ownRecords = this.#ownRecords.filter(({ seq }) => seq > (positions['persistence'] ?? 0));
    this.#counters.set('rows', rows);
    this.#countRecords();
    this.#send({ type: 'opened' });
    const { database } = this.#context.config.persistence;
    this.#audit('database_opened', { a: boot, b: migrated.length, text: database });
    this.#context.log('info', 'database_opened', `${database} is open`, { boot, migrated });
  }

  // -- committing ------------------------------------------------------------------------------------------------

  #commitIfDue(): number {
    const waiting = this.#collector.waiting();
    if (waiting === 0 && this.#ownRecords.length === 0) {
      this.#waitingSinceNs = undefined;
      return 0;
    }
    return this.#isDue(waiting) ? this.#commit() : 0;
  }

  #isDue(waiting: number): boolean {
    const { clock, config } = this.#context;
    const nowNs = clock.nowNs();
    if (this.#waitingSinceNs === undefined) {
      this.#waitingSinceNs = nowNs;
      this.#wakeAfter(config.persistence.commit_interval_ms);
    }
    if (this.#flushing > 0 || waiting >= config.persistence.batch_rows_max) return true;
    if (nowNs - this.#waitingSinceNs >= config.persistence.commit_interval_ms * 1e6) return true;
    return this.#collector.isPressed();
  }

  /** Starts a commit. @returns records that it took off the rings. */
  #commit(): number {
    this.#waitingSinceNs = undefined;
    let looked = this.#collector.collect(this.#ownRecords, this.#isStopping);
    if (this.#collector.count === 0) {
      this.#settled += this.#collector.settle(); // all of it was committed by a predecessor
      return looked;
    }
    looked = Math.max(looked, 1);
    for (const source of this.#sources) this.#own.received(source, this.#collector.newest(source));
    this.#counters.set('records_received', this.#own.receivedTotal);
    this.#send({ type: 'commit' });
    this.#commitStartNs = this.#context.clock.nowNs();
    const batch = { ...this.#collector.batch(), instruments: this.#newInstruments() };
    this.#await(this.#opened().commit(batch), ({ rows }) => ({ type: 'committed', rows }));
    return looked;
  }

  #onCommitted(rows: number): void {
    this.#settled += this.#collector.settle();
    const committed = this.#collector.committed('persistence');
    this.#ownRecords = this.#ownRecords.filter(({ seq }) => seq > committed);
    this.#counters.add('rows', rows);
    this.#counters.add('commits', 1);
    this.#counters.set('commit_failing', 0);
    this.#countRecords();
    const nowNs = this.#context.clock.nowNs();
    this.#counters.set('last_commit_ns', nowNs);
    this.#context.latency('commit').record(nowNs - this.#commitStartNs);
    this.#send({ type: 'committed' });
  }

  /** Lines of the instrument log that the database process has not seen. */
  #newInstruments(): InstrumentLine[] {
    const { instrumentLog } = this.#context;
    const lines: InstrumentLine[] = [];
    while (this.#instrumentsSent < instrumentLog.used) {
      const line = instrumentLog.read(this.#instrumentsSent);
      lines.push(line);
      this.#instrumentsSent = line.next;
    }
    return lines;
  }

  #countRecords(): void {
    const total = this.#sources.reduce((sum, source) => sum + this.#collector.committed(source), 0);
    this.#counters.set('records_committed', total);
  }

  // -- failing ---------------------------------------------------------------------------------------------------

  /** The database process is given up, for any fault: a new one finds out what had been committed. */
  #onFailed(error: ArbitradeError): void {
    this.#failure = error;
    this.#counters.add('commit_failures', 1);
    this.#counters.set('commit_failing', 1);
    this.#database?.kill().catch(() => undefined); // it is gone already then
    this.#send({ type: 'failed' });
    const { failures } = this.#machine.getSnapshot().context;
    this.#audit('commit_failed', { severity: 2, a: failures, text: error.message });
    this.#context.log('error', 'commit_failed', error.message, { code: error.code, failures });
    const delayMs = backOffMs(failures - 1, REOPEN, this.#context.chance);
    this.#retryAtNs = this.#context.clock.nowNs() + delayMs * 1e6;
    this.#wakeAfter(delayMs);
  }

  #auditMissing(source: RecordSource, expected: number, found: number): void {
    const text = `${source} records ${expected} to ${found - 1} were never received`;
    this.#audit('records_missing', { severity: 2, a: expected, b: found, text });
    this.#context.log('error', 'records_missing', text);
  }

  /** Persistence has no ring: its own records wait here until they are committed. */
  #audit(event: AuditEvent, details: AuditDetails): void {
    const seq = ++this.#ownSeq;
    const bytes = new Uint8Array(RECORD_BYTES);
    const view = new DataView(bytes.buffer);
    writeRecordHead(view, 0, RECORD_KIND.AUDIT, seq, this.#context.clock.wallNs());
    writeAudit(view, 0, event, details);
    this.#ownRecords.push({ seq, bytes });
  }

  // -- waiting ---------------------------------------------------------------------------------------------------

  /**
   * Waits for the database without changing anything when its answer comes: the next turn does. So an actor that gets
   * no more turns cannot touch the rings of its successor.
   */
  #await<T>(answer: Promise<T>, outcomeOf: (value: T) => Outcome): void {
    const note = (outcome: Outcome): void => {
      if (outcome.type !== 'failed') this.#context.noteProgress();
      this.#outcome = outcome;
      this.#context.wake();
    };
    this.#underWay = answer.then(
      (value) => note(outcomeOf(value)),
      (error: ArbitradeError) => note({ type: 'failed', error }),
    );
  }

  #takeOutcome(): void {
    const outcome = this.#outcome;
    if (outcome === undefined) return;
    this.#outcome = undefined;
    if (outcome.type === 'opened') this.#onOpened(outcome.opened);
    else if (outcome.type === 'committed') this.#onCommitted(outcome.rows);
    else this.#onFailed(outcome.error);
  }

  #wakeAfter(delayMs: number): void {
    this.#cancelWake();
    this.#cancelWake = this.#context.clock.after(delayMs, () => this.#context.wake());
  }

  /** Turns until everything that was there when it was called is committed. Failures are tried again at once. */
  async #flush(): Promise<void> {
    const target = this.#settled + this.#collector.waiting();
    const ownTarget = this.#ownSeq;
    this.#flushing++;
    try {
      do {
        this.#retryAtNs = 0;
        this.doWork();
        await this.#underWay;
        this.doWork();
      } while (this.#settled < target || this.#collector.committed('persistence') < ownTarget);
    } finally {
      this.#flushing--;
    }
  }

  async #summary(): Promise<RecordSummary> {
    await this.#flush();
    return this.#opened().summary();
  }

  async #exportOpportunities(file: string): Promise<number> {
    await this.#flush();
    const { opportunities } = await this.#opened().exportOpportunities(path.resolve(file));
    return opportunities;
  }

  #opened(): DatabaseClient {
    if (this.#database === undefined) throw arbitradeError('DATABASE_FAILED', 'persistence', 'it is not started');
    return this.#database;
  }

  #send(event: PersistenceEvent): void {
    this.#machine.send(event);
    this.#state = this.#machine.getSnapshot().value;
  }
}

type PersistenceCounter =
  | 'records_received'
  | 'records_committed'
  | 'commits'
  | 'rows'
  | 'commit_failures'
  | 'commit_failing'
  | 'last_commit_ns';

function countersOf({ counters }: ActorContext<'persistence'>) {
  return {
    add: (name: PersistenceCounter, amount: number) => counters.add(counters.at(name), amount),
    set: (name: PersistenceCounter, value: number) => counters.set(counters.at(name), value),
  };
}
