/**
 * The highest nonce of each key that may have been used, in a file: what lets a process that follows another begin beyond
 * it. Keys are named by a digest. Written beside and moved into place, so that a death leaves the old or the new one.
 */
import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { arbitradeError, reasonOf } from '../../shared/errors.ts';
import type { NonceStore } from './nonce-source.ts';

const CONTENT = z.record(z.string().regex(/^[0-9a-f]{16}$/), z.string().regex(/^\d{1,20}$/));
type Content = z.infer<typeof CONTENT>;

/**
 * Opens the file for one key and keeps other processes off it until it is closed.
 * @throws NONCE_FILE_UNUSABLE when it cannot be read or written, or another process holds it.
 */
export function openNonceFile(file: string, key: string): NonceStore {
  const lock = `${file}.lock`;
  takeLock(file, lock);
  const name = createHash('sha256').update(key).digest('hex').slice(0, 16);
  let content = readContent(file);
  let isClosed = false;
  return {
    get highest() {
      return BigInt(content[name] ?? '0');
    },
    reserve: (highest) => {
      if (isClosed) throw arbitradeError('NONCE_FILE_UNUSABLE', file, 'it was closed');
      const next = { ...content, [name]: highest.toString() };
      replace(file, next);
      content = next;
    },
    close: () => {
      if (!isClosed) rmSync(lock, { force: true });
      isClosed = true;
    },
  };
}

/** A predecessor in this process left its lock; that of a process that is no more means nothing. */
function takeLock(file: string, lock: string): void {
  try {
    if (makeLock(lock)) return;
    const holder = Number(readFileSync(lock, 'utf8'));
    if (holder !== process.pid && isAlive(holder)) throw inUse(file, lock, `process ${holder}`);
    rmSync(lock, { force: true });
    if (!makeLock(lock)) throw inUse(file, lock, 'another process');
  } catch (thrown) {
    throw wrapped(file, thrown);
  }
}

/** Of two processes that start at once, one makes it. @returns false when it is there already. */
function makeLock(lock: string): boolean {
  const own = `${lock}.${process.pid}`;
  try {
    writeFileSync(own, String(process.pid), { mode: 0o600 });
    linkSync(own, lock); // whole or not at all: nobody finds a lock that names no holder yet
    return true;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw thrown;
  } finally {
    rmSync(own, { force: true });
  }
}

function inUse(file: string, lock: string, who: string): Error {
  return arbitradeError('NONCE_FILE_UNUSABLE', file, `${who} uses it (${lock})`);
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function readContent(file: string): Content {
  try {
    if (!existsSync(file)) return {};
    const checked = CONTENT.safeParse(JSON.parse(readFileSync(file, 'utf8')));
    if (checked.success) return checked.data;
  } catch (thrown) {
    throw wrapped(file, thrown);
  }
  throw arbitradeError('NONCE_FILE_UNUSABLE', file, 'it holds something else');
}

function replace(file: string, content: Content): void {
  const beside = `${file}.new`;
  try {
    const handle = openSync(beside, 'w', 0o600);
    try {
      writeSync(handle, JSON.stringify(content));
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    renameSync(beside, file);
    syncDirectory(dirname(file));
  } catch (thrown) {
    throw wrapped(file, thrown);
  }
}

/** The move itself must be on the disk. */
function syncDirectory(directory: string): void {
  const handle = openSync(directory, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

function wrapped(file: string, thrown: unknown): unknown {
  const { code } = thrown as { code?: string };
  return code === 'NONCE_FILE_UNUSABLE' ? thrown : arbitradeError('NONCE_FILE_UNUSABLE', file, reasonOf(thrown));
}
