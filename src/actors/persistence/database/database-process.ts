/**
 * The process that has the database open. It does what the actor asks, one request after the other, and when the actor
 * is gone (its end of the channel closes, however it ended) it finishes what it is doing, closes the file and ends.
 */
import { CAUGHT_SIGNALS } from '../../../platform/caught-signals.ts';
import { systemClock } from '../../../platform/clock.ts';
import { ArbitradeError, reasonOf } from '../../../platform/errors.ts';
import { RecordStore } from '../record-store.ts';
import type { FromDatabase, ToDatabase } from './database-protocol.ts';

/**
 * What the library holds outside the heap, tens of kilobytes a commit, it frees only when V8 collects all of the heap, for
 * which a quiet process has no reason for hours.
 */
const COMMITS_PER_COLLECTION = 50;

/** How often a request that takes long is said to be worked at. */
const WORKING_MS = 200;

let commits = 0;
let store: RecordStore | undefined;
let turn: Promise<void> = Promise.resolve();

process.on('message', (request) => {
  turn = turn.then(() => answer(request as ToDatabase));
});
process.on('disconnect', () => {
  turn = turn.then(leave);
});
// A terminal sends Ctrl-C to every process of the group, a service manager its SIGTERM. This one ends when the actor has said what is left to say.
for (const signal of CAUGHT_SIGNALS) process.on(signal, () => undefined);

async function answer(request: ToDatabase): Promise<void> {
  let cancelWorking = systemClock.after(WORKING_MS, function again() {
    send({ type: 'working' });
    cancelWorking = systemClock.after(WORKING_MS, again);
  });
  try {
    const value = await execute(request);
    send({ type: 'answer', value });
    if (request.type === 'commit' && ++commits % COMMITS_PER_COLLECTION === 0) globalThis.gc?.();
  } catch (thrown) {
    const code = thrown instanceof ArbitradeError ? thrown.code : 'DATABASE_FAILED';
    send({ type: 'failed', code, message: reasonOf(thrown) });
  } finally {
    cancelWorking();
  }
}

async function execute(request: ToDatabase): Promise<Extract<FromDatabase, { type: 'answer' }>['value']> {
  switch (request.type) {
    case 'open':
      store = await RecordStore.open(request, systemClock, () => send({ type: 'migrating' }));
      return store.opened;
    case 'commit':
      return { rows: await opened().commit(request) };
    case 'export':
      return { opportunities: await opened().exportOpportunities(request.file) };
    case 'summary':
      return opened().summary();
    case 'close':
      await opened().close();
      store = undefined;
      return null;
    default:
      return request satisfies never;
  }
}

function opened(): RecordStore {
  if (store === undefined) throw new Error('the database is not open');
  return store;
}

function send(message: FromDatabase): void {
  // The actor may be gone by now: what was not answered to it, its successor reads from the database.
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
}

async function leave(): Promise<void> {
  try {
    await store?.close();
  } finally {
    process.exit(0);
  }
}
