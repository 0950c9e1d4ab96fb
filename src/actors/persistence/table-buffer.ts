/** Rows of one table, held in columns until they are appended to the database in chunks. */
import { type DuckDBAppender, DuckDBDataChunk, type DuckDBType, type DuckDBValue } from '@duckdb/node-api';

/** Rows in one of DuckDB's vectors: a chunk holds no more. */
const CHUNK_ROWS = 2048;

export class TableBuffer {
  readonly table: string;
  #columns: DuckDBValue[][] = [];
  #rows = 0;

  constructor(table: string) {
    this.table = table;
  }

  get rows(): number {
    return this.#rows;
  }

  /** Adds one row: values in the order of the table's columns. */
  add(...values: readonly DuckDBValue[]): void {
    if (this.#columns.length === 0) this.#columns = values.map(() => []);
    for (let index = 0; index < values.length; index++) this.#columns[index]?.push(values[index] as DuckDBValue);
    this.#rows++;
  }

  clear(): void {
    for (const column of this.#columns) column.length = 0;
    this.#rows = 0;
  }

  /** Appends all rows. They are visible once the transaction around it commits. */
  appendTo(appender: DuckDBAppender): void {
    const types: DuckDBType[] = [];
    for (let index = 0; index < appender.columnCount; index++) types.push(appender.columnType(index));
    for (let from = 0; from < this.#rows; from += CHUNK_ROWS) {
      const chunk = DuckDBDataChunk.create(types);
      chunk.setColumns(this.#columns.map((column) => column.slice(from, from + CHUNK_ROWS)));
      appender.appendDataChunk(chunk);
    }
    appender.closeSync();
  }
}
