/**
 * Loaded into every thread and process of a soak run (`--import`): appends the size of its own heap to the file that
 * ARBITRADE_HEAP_LOG names. The program itself has no part in it. It is done seldom and with little garbage, because an
 * idle process collects none: what the reporter leaves behind would look like growth.
 */
import { openSync, writeSync } from 'node:fs';
import { threadId } from 'node:worker_threads';

const file = process.env['ARBITRADE_HEAP_LOG'];
const EVERY_MS = 5_000;

/** `process id/thread number/bytes of heap in use`, a line each. */
if (file !== undefined) {
  const log = openSync(file, 'a');
  const report = () => writeSync(log, `${process.pid}/${threadId}/${process.memoryUsage().heapUsed}\n`);
  setInterval(report, EVERY_MS).unref();
}
