/** Reads from the database, before anything is started, whether trading was left halted. */
import type { Clock } from '../../shared/clock.ts';
import { decodeHaltState, HALT_KEY, type HaltState } from '../../shared/halt-state.ts';
import { withStoredDatabase } from './stored-database.ts';

/**
 * The halt that the last process left, or undefined when there is no database yet or none was ever recorded.
 * @throws DATABASE_LOCKED, DATABASE_FAILED: then nothing may be started.
 */
export function readStoredHalt(file: string, clock: Clock): Promise<HaltState | undefined> {
  return withStoredDatabase(file, clock, 'runtime_state', async (connection) => {
    const rows = await connection.runAndReadAll('SELECT value FROM runtime_state WHERE key = $key', { key: HALT_KEY });
    const value = rows.getRowsJson()[0]?.[0];
    return value === undefined ? undefined : decodeHaltState(String(value));
  });
}
