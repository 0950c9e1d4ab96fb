/** Starts the practice exchange on a worker thread and talks to it. */
import { Worker } from 'node:worker_threads';
import { ArbitradeError, arbitradeError, type ErrorCode } from '../../shared/errors.ts';
import type { FaultReport } from './fault-plan.ts';
import type { FaultName } from './faults.ts';
import type { PracticeListener, PracticeStats } from './practice-exchange.ts';
import type { PracticeServerOptions } from './practice-server.ts';

/** What the thread is told. */
export type ToPractice =
  | { readonly type: 'stats'; readonly id: number }
  | { readonly type: 'fault'; readonly fault: FaultName; readonly times: number }
  | { readonly type: 'stop' };

/** What the thread says. */
export type FromPractice =
  | { readonly type: 'ready'; readonly wsPublic: string; readonly notes: readonly string[] }
  | { readonly type: 'failed'; readonly code: ErrorCode | undefined; readonly message: string }
  | { readonly type: 'stats'; readonly id: number; readonly stats: PracticeStats }
  | { readonly type: 'fault'; readonly report: FaultReport }
  | { readonly type: 'ended' };

export interface PracticeThread {
  readonly wsPublic: string;
  readonly notes: readonly string[];
  stats(): Promise<PracticeStats>;
  orderFault(fault: FaultName, times?: number): void;
  /** Closes every connection and ends the thread. */
  close(): Promise<void>;
}

/** @throws CAPTURE_UNREADABLE, OPTION_INVALID as the server does. */
export async function startPracticeThread(
  options: PracticeServerOptions,
  listener: PracticeListener = {},
): Promise<PracticeThread> {
  const worker = new Worker(new URL('./practice-worker.ts', import.meta.url), { workerData: options });
  const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  const waiting = new Map<number, (stats: PracticeStats) => void>();
  let asked = 0;
  const ready = await new Promise<{ wsPublic: string; notes: readonly string[] }>((resolve, reject) => {
    worker.once('error', reject);
    worker.on('message', (message: FromPractice) => {
      switch (message.type) {
        case 'ready':
          return resolve(message);
        case 'failed':
          return reject(failure(message));
        case 'stats':
          waiting.get(message.id)?.(message.stats);
          return void waiting.delete(message.id);
        case 'fault':
          return listener.onFault?.(message.report);
        case 'ended':
          return listener.onMarketEnded?.();
        default:
          return message satisfies never;
      }
    });
  });
  const tell = (message: ToPractice) => worker.postMessage(message);
  return {
    wsPublic: ready.wsPublic,
    notes: ready.notes,
    stats: () =>
      new Promise((resolve) => {
        asked += 1;
        waiting.set(asked, resolve);
        tell({ type: 'stats', id: asked });
      }),
    orderFault: (fault, times = 1) => tell({ type: 'fault', fault, times }),
    close: async () => {
      tell({ type: 'stop' });
      await exited;
    },
  };
}

function failure({ code, message }: { code: ErrorCode | undefined; message: string }): Error {
  return code === undefined
    ? arbitradeError('VENUE_UNREACHABLE', 'practice exchange', message)
    : new ArbitradeError(code, message);
}
