/** Worker entry: the practice exchange on a thread of its own, so that it takes no time from the engine's threads. */
import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '../../platform/clock.ts';
import { ArbitradeError, reasonOf } from '../../platform/errors.ts';
import { readAccount } from '../exchange/accounts/account-reading.ts';
import type { PracticeServerOptions } from './practice-server.ts';
import { startPracticeServer } from './practice-server.ts';
import type { FromPractice, ToPractice } from './practice-thread.ts';

const port = parentPort;
if (port === null) throw new Error('practice-worker.ts runs as a worker thread only');
const send = (message: FromPractice) => port.postMessage(message);

try {
  const server = await startPracticeServer(workerData as PracticeServerOptions, systemClock, {
    onFault: (report) => send({ type: 'fault', report }),
    onMarketEnded: () => send({ type: 'ended' }),
  });
  port.on('message', (message: ToPractice) => {
    switch (message.type) {
      case 'stats':
        return send({ type: 'answer', id: message.id, value: server.exchange.stats() });
      case 'account': {
        const value = readAccount(server.exchange.trading, message.account);
        return send({ type: 'answer', id: message.id, value });
      }
      case 'fault':
        return server.exchange.orderFault(message.fault, message.times);
      case 'stop':
        return void server.close().then(() => port.close());
      default:
        return message satisfies never;
    }
  });
  const { rest, wsPublic, wsPrivate, accounts, notes } = server;
  send({ type: 'ready', address: { rest, wsPublic, wsPrivate, accounts, notes } });
} catch (thrown) {
  const code = thrown instanceof ArbitradeError ? thrown.code : undefined;
  send({ type: 'failed', code, message: reasonOf(thrown) });
  port.close();
}
