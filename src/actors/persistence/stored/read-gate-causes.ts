/** Reads from the database, before anything is started, what the last process left for a person to resume. */
import type { DuckDBConnection } from '@duckdb/node-api';
import type { Clock } from '../../../platform/clock.ts';
import { CAUSE_KEY_PREFIX, decodeCauses, SINGLE_HALT_KEY, type StoredCause } from '../../../trading/stored-causes.ts';
import { withStoredDatabase } from './stored-database.ts';

/** The newest by the order of the records: the wall clock may have been set back between two of them. */
const KEPT = `
  SELECT key, value, epoch_ms(happened_at)::DOUBLE AS at_ms FROM state_changes
  WHERE source = 'risk' AND (key = $single OR starts_with(key, $prefix))
  QUALIFY row_number() OVER (PARTITION BY key ORDER BY boot DESC, record_seq DESC) = 1
  ORDER BY key`;

/**
 * Every cause that holds over a restart; none when there is no database yet.
 * @throws DATABASE_LOCKED, DATABASE_FAILED: then nothing may be started.
 */
export async function readStoredCauses(file: string, clock: Clock): Promise<readonly StoredCause[]> {
  return (await withStoredDatabase(file, clock, 'runtime_state', readCauses)) ?? [];
}

/** As {@link readStoredCauses}, from a database that is open and has the newest schema. */
export async function readCauses(connection: DuckDBConnection): Promise<readonly StoredCause[]> {
  const names = { single: SINGLE_HALT_KEY, prefix: CAUSE_KEY_PREFIX };
  const rows = (await connection.runAndReadAll(KEPT, names)).getRowsJson();
  return decodeCauses(
    rows.map(([key, value, atMs]) => ({ key: String(key), value: String(value), atMs: Number(atMs) })),
  );
}
