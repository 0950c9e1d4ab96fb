/** The database itself: opened, migrated, and appended to in batches, each in one transaction. One writer at a time. */
import { type DuckDBConnection, type DuckDBInstance, DuckDBTimestampNanosecondsValue } from '@duckdb/node-api';
import { InstrumentHistory } from '../../market/instrument-history.ts';
import { RECORD_BYTES } from '../../messages/record-messages.ts';
import type { Clock } from '../../platform/clock.ts';
import { arbitradeError, reasonOf } from '../../platform/errors.ts';
import type { RecordSummary } from '../../runtime/control-calls.ts';
import type { BootIdentity, Opened, OpenRequest, Positions, RecordBatch } from './database/database-protocol.ts';
import { loadMigrations, migrate } from './database/migrations.ts';
import { openDatabase } from './database/open-database.ts';
import { exportOpportunities } from './export-opportunities.ts';
import { RecordRows, TABLES } from './record-rows.ts';

export class RecordStore {
  readonly opened: Opened;
  readonly #instance: DuckDBInstance;
  readonly #connection: DuckDBConnection;
  readonly #instruments = new InstrumentHistory();
  readonly #rows: RecordRows;

  private constructor(instance: DuckDBInstance, connection: DuckDBConnection, opened: Opened) {
    this.opened = opened;
    this.#instance = instance;
    this.#connection = connection;
    this.#rows = new RecordRows(opened.boot, this.#instruments);
  }

  /** @throws DATABASE_LOCKED, DATABASE_TOO_NEW, DATABASE_MIGRATION_CHANGED, DATABASE_FAILED; the file is closed then. */
  static async open(request: OpenRequest, clock: Clock, onMigrating?: () => void): Promise<RecordStore> {
    const instance = await openDatabase(request.file, request.lock, clock);
    try {
      const connection = await instance.connect();
      onMigrating?.();
      const migrated = await migrate(connection, loadMigrations(), request.nowNs);
      const boot = await bootNumber(connection, request.identity, request.resume);
      const positions = await readPositions(connection, boot);
      const rows = totalOf(await countRows(connection, boot));
      return new RecordStore(instance, connection, { boot, migrated, positions, rows });
    } catch (thrown) {
      instance.closeSync();
      throw thrown;
    }
  }

  /** The connection, to read with. */
  get connection(): DuckDBConnection {
    return this.#connection;
  }

  /**
   * Commits a batch: all of it or, when it throws, nothing.
   * @returns rows written.
   * @throws DATABASE_FAILED. Whether a failed commit reached the disk is for the next {@link open} to find out.
   */
  async commit(batch: RecordBatch): Promise<number> {
    for (const line of batch.instruments) this.#instruments.apply(line);
    this.#rows.clear();
    this.#decode(batch);
    const { rows } = this.#rows;
    try {
      await this.#connection.run('BEGIN');
      for (const table of TABLES) await this.#append(table);
      await this.#connection.run('COMMIT');
    } catch (thrown) {
      throw arbitradeError('DATABASE_FAILED', `committing ${rows} rows`, reasonOf(thrown));
    }
    return rows;
  }

  /** Counts of this boot's rows by table, and whether its records are complete. */
  async summary(): Promise<RecordSummary> {
    const { boot } = this.opened;
    const rows = await countRows(this.#connection, boot);
    const reader = await this.#connection.runAndReadAll(
      'SELECT sum(missing), sum(doubled) FROM record_completeness WHERE boot = $1',
      [BigInt(boot)],
    );
    const [missing, doubled] = reader.getRows()[0] ?? [];
    return { boot, rows, missing: Number(missing ?? 0), doubled: Number(doubled ?? 0) };
  }

  /** Writes this boot's opportunities as JSON lines. @returns how many. @throws like {@link exportOpportunities}. */
  exportOpportunities(file: string): Promise<number> {
    return exportOpportunities(this.#connection, this.opened.boot, file);
  }

  /** Moves everything from the log into the database file and closes it. */
  async close(): Promise<void> {
    await this.#connection.run('CHECKPOINT');
    this.#connection.closeSync();
    this.#instance.closeSync();
  }

  #decode(batch: RecordBatch): void {
    const view = new DataView(batch.records.buffer, batch.records.byteOffset, batch.records.byteLength);
    let offset = 0;
    for (const { source, count } of batch.runs) {
      for (let index = 0; index < count; index++, offset += RECORD_BYTES) this.#rows.add(source, view, offset);
    }
  }

  async #append(table: (typeof TABLES)[number]): Promise<void> {
    const buffer = this.#rows.buffers[table];
    if (buffer.rows > 0) buffer.appendTo(await this.#connection.createAppender(table));
  }
}

/** The number of this run: the one it has already, or the next. */
async function bootNumber(connection: DuckDBConnection, identity: BootIdentity, resume: boolean): Promise<number> {
  const startedAt = new DuckDBTimestampNanosecondsValue(identity.startedNs);
  const processId = BigInt(identity.processId);
  if (resume) {
    const found = await connection.runAndReadAll(
      'SELECT max(boot) FROM boots WHERE process_id = $1 AND started_at = $2',
      [processId, startedAt],
    );
    const boot = found.getRows()[0]?.[0];
    if (typeof boot === 'bigint') return Number(boot);
  }
  const added = await connection.runAndReadAll(
    'INSERT INTO boots SELECT coalesce(max(boot), 0) + 1, $1, $2, $3, $4, $5 FROM boots RETURNING boot',
    [processId, startedAt, identity.version, identity.configHash, identity.account ?? null],
  );
  return Number(added.getRows()[0]?.[0]);
}

async function readPositions(connection: DuckDBConnection, boot: number): Promise<Positions> {
  const reader = await connection.runAndReadAll(
    'SELECT source, max(record_seq) FROM record_numbers WHERE boot = $1 GROUP BY source',
    [BigInt(boot)],
  );
  return Object.fromEntries(reader.getRows().map(([source, newest]) => [String(source), Number(newest)]));
}

async function countRows(connection: DuckDBConnection, boot: number): Promise<Record<string, number>> {
  const counts = TABLES.map((table) => `SELECT '${table}' AS name, count(*) AS n FROM ${table} WHERE boot = $1`);
  const reader = await connection.runAndReadAll(counts.join(' UNION ALL '), [BigInt(boot)]);
  return Object.fromEntries(reader.getRows().map(([name, count]) => [String(name), Number(count)]));
}

const totalOf = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((sum, count) => sum + count, 0);
