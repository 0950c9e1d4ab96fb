/**
 * The shared tables by kind: what a table is made of, and how an actor that the topology names as its writer or reader
 * opens it. Which tables there are, and whose, stands in `src/topology.ts`.
 */
import { BookTable, type BookTableMemory } from '../../market/book-table.ts';
import { FeeTable } from '../../market/fee-table.ts';
import { FundsTable } from '../../market/funds-table.ts';
import { InstrumentLog, type InstrumentLogMemory } from '../../market/instrument-log.ts';
import { arbitradeError } from '../../platform/errors.ts';
import { TradingGate } from '../../trading/trading-gate.ts';
import type { TableRow, TableUser } from '../topology-spec.ts';

/** What crosses threads, by kind of table. */
export interface TableMemories {
  readonly book_table: BookTableMemory;
  readonly instrument_log: InstrumentLogMemory;
  readonly fee_table: SharedArrayBuffer;
  readonly funds_table: SharedArrayBuffer;
  readonly trading_gate: SharedArrayBuffer;
  /** Opened by the runtime, which knows the doorbells of those who take turns. */
  readonly capture_time: SharedArrayBuffer;
}

export type TableKind = keyof TableMemories;

const OPEN = {
  book_table: (memory: BookTableMemory) => new BookTable(memory),
  instrument_log: (memory: InstrumentLogMemory) => new InstrumentLog(memory),
  fee_table: (memory: SharedArrayBuffer) => new FeeTable(memory),
  funds_table: (memory: SharedArrayBuffer) => new FundsTable(memory),
  trading_gate: (memory: SharedArrayBuffer) => new TradingGate(memory),
  capture_time: (memory: SharedArrayBuffer) => memory,
} satisfies { readonly [K in TableKind]: (memory: TableMemories[K]) => unknown };

/** By kind, a table as its users have it. */
export type Tables = { readonly [K in TableKind]: ReturnType<(typeof OPEN)[K]> };

const opener: { readonly [K in TableKind]: (memory: TableMemories[K]) => Tables[K] } = OPEN;

/** A table of the topology with its memory, without the function that made it: it crosses threads. */
export interface PlacedTable<K extends TableKind = TableKind> {
  readonly kind: K;
  readonly name: string;
  readonly users: readonly TableUser[];
  readonly memory: TableMemories[K];
}

export function placeTable<K extends TableKind>(row: TableRow<K>): PlacedTable<K> {
  const { kind, name, writers, readers } = row;
  return { kind, name, users: [...writers, ...readers], memory: row.create() };
}

/** The table of `kind` that names `user`; undefined when none does. @throws TOPOLOGY_INVALID when several do. */
export function tableOf<K extends TableKind>(
  tables: readonly PlacedTable[],
  kind: K,
  user: TableUser,
): PlacedTable<K> | undefined {
  const isItsOwn = (table: PlacedTable): table is PlacedTable<K> => table.kind === kind && table.users.includes(user);
  const [table, ...more] = tables.filter(isItsOwn);
  if (more.length === 0) return table;
  const names = [table, ...more].map((one) => one?.name).join(' and ');
  throw arbitradeError('TOPOLOGY_INVALID', `${user} has to say which of ${names} it opens`);
}

/** Opens the table of `kind` for one that writes or reads it. @throws TOPOLOGY_INVALID for anybody else. */
export function openTable<K extends TableKind>(
  { tables }: { readonly tables: readonly PlacedTable[] },
  kind: K,
  user: TableUser,
): Tables[K] {
  const table = tableOf(tables, kind, user);
  if (table !== undefined) return opener[kind](table.memory);
  throw arbitradeError('TOPOLOGY_INVALID', `${user} neither writes nor reads a table ${kind}`);
}

/** The tables of `user`, each opened when it is first asked for. */
export function tablesFor(memory: { readonly tables: readonly PlacedTable[] }, user: TableUser) {
  const table = <K extends TableKind>(kind: K) => {
    let opened: Tables[K] | undefined;
    return (): Tables[K] => {
      opened ??= openTable(memory, kind, user);
      return opened;
    };
  };
  return {
    bookTable: table('book_table'),
    instrumentLog: table('instrument_log'),
    feeTable: table('fee_table'),
    fundsTable: table('funds_table'),
    gate: table('trading_gate'),
  };
}
