/** Reads back what persistence has written, from the database file. */
import { DuckDBInstance, type JS } from '@duckdb/node-api';

export type StoredRow = Readonly<Record<string, JS>>;

/**
 * Rows of a query, as objects; integers are bigints where they are 64 bits wide, decimals are text. The file must be
 * closed by whoever wrote it: DuckDB lets only one process in.
 */
export async function readStored(file: string, sql: string): Promise<readonly StoredRow[]> {
  const instance = await DuckDBInstance.create(file, { access_mode: 'READ_ONLY' });
  try {
    const connection = await instance.connect();
    const reader = await connection.runAndReadAll(sql);
    const rows = reader.getRowObjectsJS();
    connection.closeSync();
    return rows;
  } finally {
    instance.closeSync();
  }
}

/** Record numbers by boot and source, ascending. */
export async function readRecordNumbers(file: string): Promise<ReadonlyMap<string, readonly number[]>> {
  const rows = await readStored(file, 'SELECT boot, source, record_seq FROM record_numbers ORDER BY ALL');
  const numbers = new Map<string, number[]>();
  for (const { boot, source, record_seq } of rows) {
    const key = `${boot}/${source}`;
    const list = numbers.get(key) ?? [];
    list.push(Number(record_seq));
    numbers.set(key, list);
  }
  return numbers;
}

/** The numbers 1 … `count`: what a source's records must be when nothing is missing and nothing doubled. */
export const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index + 1);
