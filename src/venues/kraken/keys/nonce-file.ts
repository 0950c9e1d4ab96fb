/**
 * The highest nonce of each key that may have been used, in a file: what lets a process that follows another begin beyond
 * it. Keys are named by a digest. Written beside and moved into place, so that a death leaves the old or the new one.
 */
import { createHash } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { arbitradeError, reasonOf } from '../../../platform/errors.ts';
import { describeLockHolder } from '../../../platform/process-names.ts';
import type { NonceStore } from '../../../trading/nonce-store.ts';
import { NONCE_MAX } from './nonce-source.ts';
import { takeProcessLock } from './process-lock.ts';

/** SQLite's result code for a lock that another process holds. */
const SQLITE_BUSY = 5;

const NONCE = z
  .string()
  .regex(/^\d{1,20}$/)
  .refine((text) => BigInt(text) <= NONCE_MAX);
const CONTENT = z.record(z.string().regex(/^[0-9a-f]{16}$/), NONCE);
type Content = z.infer<typeof CONTENT>;

/**
 * Opens the file for one key and keeps other processes off it until it is closed.
 * @throws NONCE_FILE_UNUSABLE when it cannot be read or written, or another process holds it.
 */
export function openNonceFile(file: string, key: string): NonceStore {
  const unlock = takeLock(file);
  const name = createHash('sha256').update(key).digest('hex').slice(0, 16);
  let content = readContent(file, unlock);
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
      if (!isClosed) unlock();
      isClosed = true;
    },
  };
}

function takeLock(file: string): () => void {
  try {
    return takeProcessLock(`${file}.lock`);
  } catch (thrown) {
    const isHeld = (thrown as { errcode?: number }).errcode === SQLITE_BUSY;
    throw isHeld ? arbitradeError('NONCE_FILE_UNUSABLE', file, `${holderOf(file)} uses it`) : wrapped(file, thrown);
  }
}

/** Who has the lock: another process, or one that only reads it and keeps it from us all the same. */
const holderOf = (file: string): string => describeLockHolder(`${file}.lock`) ?? 'another process';

/** @param unlock called before it throws. */
function readContent(file: string, unlock: () => void): Content {
  try {
    if (!existsSync(file)) return {};
    const checked = CONTENT.safeParse(JSON.parse(readFileSync(file, 'utf8')));
    if (checked.success) return checked.data;
  } catch (thrown) {
    unlock();
    throw wrapped(file, thrown);
  }
  unlock();
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
