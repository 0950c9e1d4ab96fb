/** How much of the heap is really in use. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Bytes of heap in use after a full collection. */
export function heapAfterCollection(): number {
  collect();
  return process.memoryUsage().heapUsed;
}
