/** Runs a worker file to its one answer. */
import { Worker } from 'node:worker_threads';

/** @param file beside this one. @returns the first message of the worker. */
export async function runWorker<T>(file: string, workerData: unknown): Promise<T> {
  const worker = new Worker(new URL(file, import.meta.url), { workerData });
  try {
    return await new Promise<T>((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
    });
  } finally {
    await worker.terminate();
  }
}
