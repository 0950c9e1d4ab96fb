/**
 * The schema grows by numbered files, `migrations/0001-records.sql` and on. Each is applied once, in one transaction
 * with its row in `schema_migrations`. A file that was applied is never edited again: its checksum is recorded.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { type DuckDBConnection, DuckDBTimestampNanosecondsValue } from '@duckdb/node-api';
import { arbitradeError, reasonOf } from '../../../platform/errors.ts';

export interface Migration {
  /** From 1, without gaps. */
  readonly number: number;
  readonly name: string;
  readonly sql: string;
  /** SHA-256 of the text, in hexadecimal. */
  readonly checksum: string;
}

export const MIGRATIONS_DIRECTORY = new URL('./migrations/', import.meta.url);

const FILE_NAME = /^(\d{4})-([a-z0-9-]+)\.sql$/;

/** The migrations in a folder, in order. @throws DATABASE_MIGRATION_INVALID when a number is missing or given twice. */
export function loadMigrations(directory: URL = MIGRATIONS_DIRECTORY): readonly Migration[] {
  const files = readdirSync(directory).filter((file) => file.endsWith('.sql'));
  return files.sort().map((file, index) => {
    const match = FILE_NAME.exec(file);
    if (match === null || Number(match[1]) !== index + 1) {
      throw arbitradeError('DATABASE_MIGRATION_INVALID', file, index + 1);
    }
    const sql = readFileSync(new URL(file, directory), 'utf8');
    return { number: index + 1, name: match[2] ?? '', sql, checksum: createHash('sha256').update(sql).digest('hex') };
  });
}

const CREATE_MIGRATIONS_TABLE = `
  CREATE TABLE IF NOT EXISTS schema_migrations (
    number INTEGER PRIMARY KEY,
    name VARCHAR NOT NULL,
    checksum VARCHAR NOT NULL,
    applied_at TIMESTAMP_NS NOT NULL
  )`;

/**
 * Brings the database to the newest schema.
 * @param nowNs wall time, to be recorded with what is applied.
 * @returns the numbers of the migrations that were applied now.
 * @throws DATABASE_TOO_NEW when the database knows a migration that this build does not; DATABASE_MIGRATION_CHANGED when
 * an applied one has another text now; DATABASE_FAILED when one cannot be applied (nothing of it remains then).
 */
export async function migrate(
  connection: DuckDBConnection,
  migrations: readonly Migration[],
  nowNs: bigint,
): Promise<readonly number[]> {
  await connection.run(CREATE_MIGRATIONS_TABLE);
  const applied = await appliedMigrations(connection);
  for (const { number, name, checksum } of applied) {
    const known = migrations[number - 1];
    if (known === undefined) throw arbitradeError('DATABASE_TOO_NEW', newestOf(applied), migrations.length);
    if (known.checksum !== checksum) throw arbitradeError('DATABASE_MIGRATION_CHANGED', number, name);
  }
  const pending = migrations.slice(newestOf(applied));
  for (const migration of pending) await apply(connection, migration, nowNs);
  return pending.map(({ number }) => number);
}

type AppliedMigration = Pick<Migration, 'number' | 'name' | 'checksum'>;

async function appliedMigrations(connection: DuckDBConnection): Promise<readonly AppliedMigration[]> {
  const reader = await connection.runAndReadAll('SELECT number, name, checksum FROM schema_migrations ORDER BY number');
  return reader.getRows().map(([number, name, checksum]) => ({
    number: Number(number),
    name: String(name),
    checksum: String(checksum),
  }));
}

const newestOf = (applied: readonly AppliedMigration[]): number => applied.at(-1)?.number ?? 0;

async function apply(connection: DuckDBConnection, migration: Migration, nowNs: bigint): Promise<void> {
  await connection.run('BEGIN');
  try {
    await connection.run(migration.sql);
    await connection.run('INSERT INTO schema_migrations VALUES ($1, $2, $3, $4)', [
      migration.number,
      migration.name,
      migration.checksum,
      new DuckDBTimestampNanosecondsValue(nowNs),
    ]);
    await connection.run('COMMIT');
  } catch (thrown) {
    await connection.run('ROLLBACK');
    throw arbitradeError('DATABASE_FAILED', `migration ${migration.number} (${migration.name})`, reasonOf(thrown));
  }
}
