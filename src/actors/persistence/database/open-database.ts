/** Opens the database file, and says clearly when another process has it open. */
import { closeSync, existsSync, openSync, readSync } from 'node:fs';
import { DuckDBInstance } from '@duckdb/node-api';
import type { Clock } from '../../../platform/clock.ts';
import { arbitradeError, reasonOf } from '../../../platform/errors.ts';
import { describeProcess } from '../../../platform/process-names.ts';

/** Keeps everything in memory, for as long as the process that opened it lives. */
export const IN_MEMORY = ':memory:';

const RETRY_MS = 20;
/** A process that was killed lets go of the file when the system has buried it, which a busy machine takes its time for. */
const BURIAL_MS = 10_000;

/** Nothing is fetched from anywhere, and one thread is enough to append. */
const SETTINGS = {
  threads: '1',
  autoinstall_known_extensions: 'false',
  autoload_known_extensions: 'false',
};

export interface LockWait {
  /** How long to wait for another process that is about to let go of the file. */
  readonly waitMs: number;
  /** Process that had the file open for the same actor before, 0 for none: ended when it does not close it by itself. */
  readonly predecessor: number;
}

/**
 * @throws DATABASE_LOCKED when the file stayed open elsewhere, DATABASE_DAMAGED and DATABASE_LOG_DAMAGED when it cannot be read,
 * DATABASE_FAILED when it cannot be opened at all.
 */
export async function openDatabase(file: string, lock: LockWait, clock: Clock): Promise<DuckDBInstance> {
  let deadlineNs = clock.nowNs() + lock.waitMs * 1e6;
  let { predecessor } = lock;
  for (;;) {
    const conflict = await tryOpen(file);
    if (conflict instanceof DuckDBInstance) return conflict;
    if (clock.nowNs() >= deadlineNs) {
      if (conflict.holder === undefined || conflict.holder !== predecessor) throw lockedBy(file, conflict);
      process.kill(predecessor, 'SIGKILL'); // it hangs, and has our file: what it has committed is on disk
      predecessor = 0;
      deadlineNs += BURIAL_MS * 1e6;
    }
    await new Promise<void>((resolve) => clock.after(RETRY_MS, resolve));
  }
}

/** What the library says of a file that is none of its own, or not whole. */
const DAMAGED = /not a valid DuckDB database|corrupt|could not read enough bytes/i;
/** How every log begins: the entry that says its version. */
const LOG_HEAD = Buffer.from([0x64, 0x00, 0x62, 0x65]);

interface LockConflict {
  /** Process that holds the lock, where the system reports it. */
  readonly holder: number | undefined;
}

async function tryOpen(file: string): Promise<DuckDBInstance | LockConflict> {
  refuseForeignLog(file);
  try {
    return await DuckDBInstance.create(file, SETTINGS);
  } catch (thrown) {
    const reason = reasonOf(thrown);
    if (/WAL file/.test(reason)) throw arbitradeError('DATABASE_LOG_DAMAGED', file, reason);
    if (DAMAGED.test(reason)) throw arbitradeError('DATABASE_DAMAGED', file, reason);
    if (!/could not set lock/i.test(reason)) throw arbitradeError('DATABASE_FAILED', `opening ${file}`, reason);
    const holder = /\(PID (\d+)\)/.exec(reason)?.[1];
    return { holder: holder === undefined ? undefined : Number(holder) };
  }
}

/** The library takes a log that does not begin like one for an empty one, and discards it without an error. */
function refuseForeignLog(file: string): void {
  const log = `${file}.wal`;
  if (!existsSync(log)) return;
  const head = Buffer.alloc(LOG_HEAD.length);
  const handle = openSync(log, 'r');
  try {
    const read = readSync(handle, head, 0, head.length, 0);
    if (read === head.length && !head.equals(LOG_HEAD)) {
      throw arbitradeError('DATABASE_LOG_DAMAGED', file, 'it does not begin like a log');
    }
  } finally {
    closeSync(handle);
  }
}

const lockedBy = (file: string, { holder }: LockConflict) =>
  arbitradeError('DATABASE_LOCKED', file, holder === undefined ? 'another process' : describeProcess(holder));
