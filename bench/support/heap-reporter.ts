/**
 * Loaded into every thread and process of a soak run (`--import`): appends the size of its own heap to the file that
 * ARBITRADE_HEAP_LOG names, once a second. The program itself has no part in it.
 */
import { appendFileSync } from 'node:fs';
import { threadId } from 'node:worker_threads';

const file = process.env['ARBITRADE_HEAP_LOG'];
const EVERY_MS = 1_000;

export interface HeapLine {
  readonly pid: number;
  readonly thread: number;
  readonly heapUsed: number;
  readonly external: number;
}

if (file !== undefined) {
  const report = () => {
    const { heapUsed, external } = process.memoryUsage();
    const line: HeapLine = { pid: process.pid, thread: threadId, heapUsed, external };
    appendFileSync(file, `${JSON.stringify(line)}\n`);
  };
  setInterval(report, EVERY_MS).unref();
}
