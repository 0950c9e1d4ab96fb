/** Reads from the database of earlier runs, before anything is started. */
import { existsSync } from 'node:fs';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { Clock } from '../../../platform/clock.ts';

const LOCK_WAIT_MS = 2_000;

/**
 * What `read` finds, or undefined when there is no database yet, or one from before it had `view`.
 * @throws DATABASE_LOCKED, DATABASE_FAILED: then nothing may be started.
 */
export async function withStoredDatabase<T>(
  file: string,
  clock: Clock,
  view: string,
  read: (connection: DuckDBConnection) => Promise<T>,
): Promise<T | undefined> {
  if (!existsSync(file)) return undefined; // nor is there a file named `:memory:`
  // The database library takes its time to load: only those who have a file to read wait for it.
  const { openDatabase } = await import('../database/open-database.ts');
  const instance = await openDatabase(file, { waitMs: LOCK_WAIT_MS, predecessor: 0 }, clock);
  const connection = await instance.connect();
  try {
    const views = await connection.runAndReadAll('SELECT 1 FROM duckdb_views() WHERE view_name = $view', { view });
    return views.currentRowCount === 0 ? undefined : await read(connection);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
