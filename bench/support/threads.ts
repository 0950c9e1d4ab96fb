/** Starts bench threads and waits for what they found. */
import { type TransferListItem, Worker } from 'node:worker_threads';

/** Runs `file` (beside this one) on a thread. @returns the first message it posts. */
export async function onThread<T>(
  file: string,
  workerData: unknown,
  transferList: TransferListItem[] = [],
): Promise<T> {
  const worker = new Worker(new URL(file, import.meta.url), { workerData, transferList });
  try {
    return await new Promise<T>((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
    });
  } finally {
    await worker.terminate();
  }
}
