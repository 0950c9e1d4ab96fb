/** The database of some runs of the program, in memory: their records go in, what a new run has to know comes out. */
import { DuckDBInstance } from '@duckdb/node-api';
import { loadMigrations, migrate } from '../../../src/actors/persistence/database/migrations.ts';
import { RecordRows, TABLES } from '../../../src/actors/persistence/record-rows.ts';
import { readTrading } from '../../../src/actors/persistence/stored/read-trading.ts';
import { InstrumentHistory } from '../../../src/market/instrument-history.ts';
import { RECORD_FOLLOWERS } from '../../../src/messages/record-messages.ts';
import type { StoredTrading } from '../../../src/trading/stored-trading.ts';
import { ASSETS, PAIRS } from './sequencer-stage.ts';

export const ACCOUNT = 'main@test';

export async function openTradingDatabase() {
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  await migrate(connection, loadMigrations(), 0n);
  let boot = 0;
  return {
    /** Forgets every run. */
    clear: async () => {
      boot = 0;
      for (const table of [...TABLES, 'boots']) await connection.run(`DELETE FROM ${table}`);
    },
    /** Adds a run and what it committed before it died. */
    addRun: async (startedMs: number, records: readonly Uint8Array[]) => {
      boot++;
      await connection.run(
        `INSERT INTO boots VALUES (${boot}, ${boot}, make_timestamp_ns(${startedMs}::BIGINT * 1000000), '', '', '${ACCOUNT}')`,
      );
      const history = new InstrumentHistory();
      history.apply({ changes: { assets: ASSETS, instruments: PAIRS }, seq: 0 });
      const rows = new RecordRows(boot, history);
      for (const bytes of records) rows.add('sequencer', new DataView(bytes.buffer), 0);
      for (const table of TABLES) {
        const buffer = rows.buffers[table];
        if (buffer.rows > 0) buffer.appendTo(await connection.createAppender(table));
      }
    },
    stored: (): Promise<StoredTrading | undefined> => readTrading(connection, ACCOUNT),
    query: async (sql: string) => (await connection.runAndReadAll(sql)).getRowObjectsJS(),
  };
}
export type TradingDatabase = Awaited<ReturnType<typeof openTradingDatabase>>;

/** Numbers of records after which a change is complete: a commit ends at one of them. */
export function changeEnds(records: readonly Uint8Array[]): number[] {
  return [0, ...records.flatMap((bytes, index) => (bytes[RECORD_FOLLOWERS] === 0 ? [index + 1] : []))];
}
