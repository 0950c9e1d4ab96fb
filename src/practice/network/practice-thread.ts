/** Starts the practice exchange on a worker thread and talks to it. */
import { Worker } from 'node:worker_threads';
import { ArbitradeError, arbitradeError, type ErrorCode } from '../../platform/errors.ts';
import type { AccountReading } from '../exchange/accounts/account-reading.ts';
import type { AccountSpec } from '../exchange/accounts/account-spec.ts';
import type { FaultReport } from '../faults/fault-plan.ts';
import type { FaultName } from '../faults/faults.ts';
import type { PracticeListener, PracticeStats } from '../practice-exchange.ts';
import type { PracticeServer, PracticeServerOptions } from './practice-server.ts';

/** Messages to the thread. */
export type ToPractice =
  | { readonly type: 'stats'; readonly id: number }
  | { readonly type: 'account'; readonly id: number; readonly account: string }
  | { readonly type: 'fault'; readonly fault: FaultName; readonly times: number }
  | { readonly type: 'stop' };

/** Where it is and who may trade on it. */
export type PracticeAddress = Pick<PracticeServer, 'rest' | 'wsPublic' | 'wsPrivate' | 'accounts' | 'notes'>;

/** What the thread says. */
export type FromPractice =
  | { readonly type: 'ready'; readonly address: PracticeAddress }
  | { readonly type: 'failed'; readonly code: ErrorCode | undefined; readonly message: string }
  | { readonly type: 'answer'; readonly id: number; readonly value: PracticeStats | AccountReading }
  | { readonly type: 'fault'; readonly report: FaultReport }
  | { readonly type: 'ended' };

export interface PracticeThread extends PracticeAddress {
  readonly accounts: readonly AccountSpec[];
  stats(): Promise<PracticeStats>;
  /** What the exchange has in its books of an account, by its name. @throws OPTION_INVALID when there is none such. */
  readAccount(account: string): Promise<AccountReading>;
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
  const waiting = new Map<number, (value: unknown) => void>();
  const address = await new Promise<PracticeAddress>((resolve, reject) => {
    worker.once('error', reject);
    worker.on('message', (message: FromPractice) => {
      switch (message.type) {
        case 'ready':
          return resolve(message.address);
        case 'failed':
          return reject(failure(message));
        case 'answer':
          waiting.get(message.id)?.(message.value);
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
  let asked = 0;
  const send = (message: ToPractice) => worker.postMessage(message);
  const ask = <T>(message: (id: number) => ToPractice) =>
    new Promise<T>((resolve) => {
      asked += 1;
      waiting.set(asked, resolve as (value: unknown) => void);
      send(message(asked));
    });
  return {
    ...address,
    stats: () => ask<PracticeStats>((id) => ({ type: 'stats', id })),
    readAccount: (account) => {
      const names = address.accounts.map(({ name }) => name);
      if (!names.includes(account)) return Promise.reject(noAccount(names, account));
      return ask<AccountReading>((id) => ({ type: 'account', id, account }));
    },
    orderFault: (fault, times = 1) => send({ type: 'fault', fault, times }),
    close: async () => {
      send({ type: 'stop' });
      await exited;
    },
  };
}

function noAccount(names: readonly string[], account: string): Error {
  return arbitradeError('OPTION_INVALID', 'account', `one of ${names.join(', ')}`, account);
}

function failure({ code, message }: { code: ErrorCode | undefined; message: string }): Error {
  return code === undefined
    ? arbitradeError('VENUE_UNREACHABLE', 'practice exchange', message)
    : new ArbitradeError(code, message);
}
