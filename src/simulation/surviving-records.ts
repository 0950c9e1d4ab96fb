/**
 * The records of a day's runs as a database has them: what is committed survives the death of a process, what was in
 * transit is gone. They go through the product's own tables, and what a new run has to know is asked by its own queries.
 */
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { loadMigrations, migrate } from '../actors/persistence/database/migrations.ts';
import { RecordRows, TABLES } from '../actors/persistence/record-rows.ts';
import { readCauses } from '../actors/persistence/stored/read-gate-causes.ts';
import { readLosses } from '../actors/persistence/stored/read-losses.ts';
import { readTrading } from '../actors/persistence/stored/read-trading.ts';
import { InstrumentHistory } from '../market/instrument-history.ts';
import type { InstrumentLog } from '../market/instrument-log.ts';
import { EXECUTION, EXECUTION_EVENT } from '../messages/execution-message.ts';
import { RECORD_BYTES, RECORD_FOLLOWERS, RECORD_KIND } from '../messages/record-messages.ts';
import type { Chance } from '../platform/chance.ts';
import type { RunOptions } from '../runtime/run-options.ts';

const ACCOUNT = 'simulated';
/** Those that a new run asks for. */
const SOURCES: ReadonlySet<string> = new Set(['sequencer', 'risk']);

interface HeldRecord {
  readonly source: string;
  readonly view: DataView;
}

/** Called with each record of the sequencer as it is committed. */
export type TakeCommitted = (view: DataView) => void;

export class SurvivingRecords {
  readonly #database: DuckDBInstance;
  readonly #connection: DuckDBConnection;
  readonly #take: TakeCommitted;
  /** Not committed, oldest first; and what of this run is. */
  #held: HeldRecord[] = [];
  #committed: HeldRecord[] = [];
  #boots = 0;

  static async open(take: TakeCommitted): Promise<SurvivingRecords> {
    const database = await DuckDBInstance.create(':memory:');
    const connection = await database.connect();
    await migrate(connection, loadMigrations(), 0n);
    return new SurvivingRecords(database, connection, take);
  }

  private constructor(database: DuckDBInstance, connection: DuckDBConnection, take: TakeCommitted) {
    this.#database = database;
    this.#connection = connection;
    this.#take = take;
  }

  /** Takes a record. It is not committed yet, and stays on its ring until then. */
  hold(source: string, view: DataView, offset: number): void {
    if (!SOURCES.has(source)) return;
    const bytes = new Uint8Array(RECORD_BYTES);
    bytes.set(new Uint8Array(view.buffer, view.byteOffset + offset, RECORD_BYTES));
    this.#held.push({ source, view: new DataView(bytes.buffer) });
  }

  /** Records of a source that are not committed. */
  uncommitted(from: string): number {
    return this.#held.reduce((count, { source }) => (source === from ? count + 1 : count), 0);
  }

  /** Whether a plan was opened of which nothing is committed. */
  holdsPlan(): boolean {
    return this.#held.some(({ view }) => eventOf(view) === EXECUTION_EVENT.PLAN_OPENED);
  }

  /** Whether a record in transit belongs to another run than the one that began at `runMs`: a recovery is in progress. */
  holdsOfEarlierRuns(runMs: number): boolean {
    return this.#held.some(({ view }) => {
      const event = eventOf(view);
      if (event === undefined || event === EXECUTION_EVENT.ORDER_TAKEN_OVER) return false;
      return view.getFloat64(EXECUTION.runMs, true) !== runMs; // the wall clock may have been set back
    });
  }

  /** Commits all that was taken so far and is whole. */
  commit(): void {
    this.#commitUpTo(this.#changeEnds().at(-1) ?? 0);
  }

  /**
   * The process dies: some of what was in transit is committed, up to the end of a change; the rest is gone. As often as not
   * that is right before a plan was opened, of which then only the exchange knows.
   */
  die(chance: Chance): void {
    const opening = this.#held.findIndex(({ view }) => eventOf(view) === EXECUTION_EVENT.PLAN_OPENED);
    const ends = [0, ...this.#changeEnds()];
    const before = opening >= 0 && chance.integer(2) === 0 ? ends.filter((end) => end <= opening) : ends;
    this.#commitUpTo(before[chance.integer(before.length)] ?? 0);
    this.#held = [];
  }

  /**
   * Options of the next run: what the one that died, and those before it, left.
   * @param startedMs wall time at which that one began; log: its instruments.
   */
  async left(log: InstrumentLog, startedMs: number): Promise<RunOptions> {
    await this.#store(log, startedMs);
    return {
      causesAtStart: await readCauses(this.#connection),
      lossesAtStart: await readLosses(this.#connection, ACCOUNT),
      storedTrading: await readTrading(this.#connection, ACCOUNT),
    };
  }

  close(): void {
    this.#connection.closeSync();
    this.#database.closeSync();
  }

  /** Places behind which no change is torn. */
  #changeEnds(): number[] {
    let followers = 0;
    return this.#held.flatMap(({ source, view }, index) => {
      if (source === 'sequencer') followers = view.getUint8(RECORD_FOLLOWERS);
      return followers === 0 ? [index + 1] : [];
    });
  }

  #commitUpTo(end: number): void {
    const committed = this.#held.splice(0, end);
    for (const { source, view } of committed) if (source === 'sequencer') this.#take(view);
    this.#committed.push(...committed);
  }

  async #store(log: InstrumentLog, startedMs: number): Promise<void> {
    const boot = ++this.#boots;
    await this.#connection.run(
      `INSERT INTO boots VALUES ($1, $1, make_timestamp_ns($2::BIGINT * 1000000), '', '', '${ACCOUNT}')`,
      [BigInt(boot), BigInt(Math.floor(startedMs))],
    );
    const history = new InstrumentHistory();
    for (let at = 0; at < log.used; ) {
      const line = log.read(at);
      history.apply(line);
      at = line.next;
    }
    const rows = new RecordRows(boot, history);
    for (const { source, view } of this.#committed) rows.add(source, view, 0);
    for (const table of TABLES) {
      const buffer = rows.buffers[table];
      if (buffer.rows > 0) buffer.appendTo(await this.#connection.createAppender(table));
    }
    this.#committed = [];
  }
}

/** Undefined for what is no execution. */
const eventOf = (view: DataView): number | undefined =>
  view.getUint8(EXECUTION.kind) === RECORD_KIND.EXECUTION ? view.getUint8(EXECUTION.event) : undefined;
