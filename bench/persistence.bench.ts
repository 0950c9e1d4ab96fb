// ring ──▶ persistence ──pipe──▶ database process ──▶ DuckDB file      against      loop ──▶ DuckDB's appender, same rows
/**
 * Rows per second through the actor, into a file, commits included, against DuckDB's bare appender in this process with
 * the same rows in the same batches. The actor's way also takes records off a ring, sends them to another process,
 * decodes them and looks up names.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DuckDBInstance, DuckDBTimestampNanosecondsValue } from '@duckdb/node-api';
import { createActor } from '../src/actors/persistence/actor.ts';
import { loadMigrations, migrate } from '../src/actors/persistence/database/migrations.ts';
import { AUDIT, RECORD_BYTES, RECORD_KIND } from '../src/messages/record-messages.ts';
import { seededChance } from '../src/platform/chance.ts';
import { systemClock } from '../src/platform/clock.ts';
import { ACTOR_IDS } from '../src/runtime/counter-names.ts';
import { Doorbell } from '../src/runtime/memory/doorbell.ts';
import { createSharedMemory, openContext, openProducer, type Placement } from '../src/runtime/memory/shared-memory.ts';
import { writeAudit, writeRecordHead } from '../src/runtime/records/record-writer.ts';
import { checkConfig } from '../src/settings/read-config.ts';
import { topologyOf } from '../src/topology.ts';
import { alternate, type Bench, type BenchOptions, type BenchRow, nowNs } from './harness.ts';

const BATCH_ROWS = 4_096;
const TEXT = 'checksum of BTC/USD is 1234567890, the venue says 987654321';
const WALL_NS = 1_618_677_942_582_266_000n;

const bench: Bench = {
  name: 'persistence',
  question: 'How many records a second reach the disk, against DuckDB’s bare appender?',
  run,
};
export default bench;

async function run({ quick }: BenchOptions): Promise<readonly BenchRow[]> {
  const rows = BATCH_ROWS * (quick ? 4 : 50);
  const directory = mkdtempSync(path.join(tmpdir(), 'arbitrade-bench-'));
  let files = 0;
  const nextFile = () => path.join(directory, `${++files}.duckdb`);
  try {
    const rates = await alternate(
      quick ? 1 : 5,
      () => throughActor(nextFile(), rows),
      () => throughAppender(nextFile(), rows),
    );
    return report(rates);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function report({ a, b }: { a: number; b: number }): readonly BenchRow[] {
  const value = a / b;
  return [
    {
      what: 'records through ring, actor and database process',
      opsPerSecond: a,
      ratio: { value, to: 'bare appender' },
      note: `batches of ${BATCH_ROWS}, one transaction each`,
    },
    { what: 'bare appender, row by row, same rows and transactions', opsPerSecond: b },
  ];
}

/** @returns rows a second. */
async function throughActor(file: string, rows: number): Promise<number> {
  const config = checkConfig({
    persistence: { database: file, batch_rows_max: BATCH_ROWS, commit_interval_ms: 1 },
    limits: { records_ring: 4 * BATCH_ROWS },
  });
  const memory = createSharedMemory(
    topologyOf(config),
    Object.fromEntries(ACTOR_IDS.map((id) => [id, 0])) as Placement,
  );
  const services = { config, clock: systemClock, chance: seededChance(1), log: () => undefined, options: {} };
  const context = openContext(memory, 'persistence', services);
  const actor = createActor(context);
  const committed = context.counters.at('records_committed');
  const doorbell = new Doorbell(memory.doorbells, 0);
  const fill = filler(openProducer(memory, 'detector_records', 'detector'), rows);
  await actor.onStart();
  const startNs = nowNs();
  while (context.counters.value(committed) < rows) {
    fill();
    if (actor.doWork() > 0) continue;
    doorbell.announceParking(); // as a thread that runs this actor would
    await doorbell.waitTurning(5);
  }
  const seconds = (nowNs() - startNs) / 1e9;
  await actor.onStop();
  await assertRows(
    file,
    "SELECT count(*), count(DISTINCT record_seq) FROM audit_events WHERE source = 'detector'",
    rows,
  );
  return rows / seconds;
}

/** Keeps a ring full of the same audit record under ever new numbers, `rows` in all. */
function filler(ring: ReturnType<typeof openProducer>, rows: number): () => void {
  const template = new Uint8Array(RECORD_BYTES);
  const view = new DataView(template.buffer);
  writeRecordHead(view, 0, RECORD_KIND.AUDIT, 0, WALL_NS);
  writeAudit(view, 0, 'book_invalid', { severity: 1, a: 1, b: 2, text: TEXT });
  const slots = new Uint8Array(ring.view.buffer);
  let written = 0;
  return () => {
    while (written < rows && ring.hasRoom(1)) {
      const offset = ring.offset(0);
      slots.set(template, offset);
      ring.view.setFloat64(offset + AUDIT.recordSeq, ++written, true);
      ring.publish(1);
    }
  };
}

/** @returns rows a second. */
async function throughAppender(file: string, rows: number): Promise<number> {
  const instance = await DuckDBInstance.create(file, { threads: '1' });
  const connection = await instance.connect();
  await migrate(connection, loadMigrations(), WALL_NS);
  const at = new DuckDBTimestampNanosecondsValue(WALL_NS);
  const startNs = nowNs();
  for (let seq = 0; seq < rows; ) {
    await connection.run('BEGIN');
    const appender = await connection.createAppender('audit_events');
    for (const end = Math.min(rows, seq + BATCH_ROWS); seq < end; ) {
      appender.appendBigInt(1n);
      appender.appendVarchar('detector');
      appender.appendBigInt(BigInt(++seq));
      appender.appendTimestampNanoseconds(at);
      appender.appendVarchar('warning');
      appender.appendVarchar('book_invalid');
      appender.appendNull();
      appender.appendDouble(1);
      appender.appendDouble(2);
      appender.appendVarchar(TEXT);
      appender.endRow();
    }
    appender.closeSync();
    await connection.run('COMMIT');
  }
  const seconds = (nowNs() - startNs) / 1e9;
  connection.closeSync();
  instance.closeSync();
  await assertRows(file, 'SELECT count(*), count(DISTINCT record_seq) FROM audit_events', rows);
  return rows / seconds;
}

async function assertRows(file: string, sql: string, rows: number): Promise<void> {
  const instance = await DuckDBInstance.create(file, { access_mode: 'READ_ONLY' });
  const connection = await instance.connect();
  const counts = (await connection.runAndReadAll(sql)).getRows();
  connection.closeSync();
  instance.closeSync();
  assert.deepEqual(counts, [[BigInt(rows), BigInt(rows)]], 'every record is in the database, once');
}
