/**
 * A lock between processes that ends with its holder, however that dies. The operating system holds it, on a file of
 * SQLite's: a number of a process written down somewhere could be another process's by now, or one of another container.
 */
import { DatabaseSync } from 'node:sqlite';

interface Holding {
  readonly database: DatabaseSync;
  /** The one who took it last: only that one can release it. */
  readonly owner: object;
}

/** Held by this thread. A successor within it (an actor that was restarted) takes its predecessor's over. */
const held = new Map<string, Holding>();

/** Takes the lock. @returns how to give it back. @throws when another process has it, or the file cannot be made. */
export function takeProcessLock(file: string): () => void {
  const database = held.get(file)?.database ?? locked(file);
  const owner = {};
  held.set(file, { database, owner });
  return () => {
    if (held.get(file)?.owner !== owner) return;
    held.delete(file);
    database.close();
  };
}

function locked(file: string): DatabaseSync {
  const database = new DatabaseSync(file);
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
    return database;
  } catch (thrown) {
    database.close();
    throw thrown;
  }
}
