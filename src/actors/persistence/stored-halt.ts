/** Reads from the database, before anything is started, whether trading was left halted. */
import { existsSync } from 'node:fs';
import type { Clock } from '../../shared/clock.ts';
import { decodeHaltState, HALT_KEY, type HaltState } from '../../shared/halt-state.ts';

const LOCK_WAIT_MS = 2_000;

/**
 * The halt that the last process left, or undefined when there is no database yet or none was ever recorded.
 * @throws DATABASE_LOCKED, DATABASE_FAILED: then nothing may be started.
 */
export async function readStoredHalt(file: string, clock: Clock): Promise<HaltState | undefined> {
  if (!existsSync(file)) return undefined; // nor is there a file named `:memory:`
  // The database library takes its time to load: only those who have a file to read wait for it.
  const { openDatabase } = await import('./open-database.ts');
  const instance = await openDatabase(file, { waitMs: LOCK_WAIT_MS, predecessor: 0 }, clock);
  const connection = await instance.connect();
  try {
    const views = await connection.runAndReadAll("SELECT 1 FROM duckdb_views() WHERE view_name = 'runtime_state'");
    if (views.currentRowCount === 0) return undefined;
    const rows = await connection.runAndReadAll('SELECT value FROM runtime_state WHERE key = $key', { key: HALT_KEY });
    const value = rows.getRowsJson()[0]?.[0];
    return value === undefined ? undefined : decodeHaltState(String(value));
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
