/** What one read of a socket brings is handed over in shares, with turns of the event loop in between. */
import type { AddressInfo } from 'node:net';
import { MessageChannel } from 'node:worker_threads';
import { expect, onTestFinished, test } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { nodeSockets } from '../../src/net/node-sockets.ts';
import { tlsOptions } from '../../src/net/tls-options.ts';
import { type Clock, systemClock } from '../../src/platform/clock.ts';
import { monotonicNs } from '../../src/platform/time.ts';
import type { Actor } from '../../src/runtime/actor.ts';
import { Counters, createCounterMemory } from '../../src/runtime/memory/counters.ts';
import { createDoorbellMemory, Doorbell } from '../../src/runtime/memory/doorbell.ts';
import { Duty } from '../../src/runtime/threads/duty.ts';
import { DutyLoop } from '../../src/runtime/threads/duty-loop.ts';

const BURST = 500;

/** Sends a burst of numbered messages in one tick to whoever connects, then does `andThen`. */
async function burstServer(andThen: (client: WebSocket) => void): Promise<string> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  server.on('connection', (client) => {
    for (let at = 0; at < BURST; at++) client.send(String(at));
    andThen(client);
  });
  await new Promise((resolve) => server.once('listening', resolve));
  onTestFinished(() => {
    for (const client of server.clients) client.terminate();
    server.close();
  });
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A clock that stands still but for the work that is counted on it. */
function workClock(): { clock: Clock; work: (ms: number) => void } {
  let workedNs = 0;
  const clock: Clock = { ...systemClock, nowNs: () => monotonicNs(workedNs) };
  const work = (ms: number): void => {
    workedNs += ms * 1e6;
  };
  return { clock, work };
}

const socketsOn = (clock: Clock) =>
  nodeSockets(clock, { frameBytesMax: 1_000, connectTimeoutMs: 60_000, tls: tlsOptions([]) });

interface Received {
  readonly numbers: number[];
  /** Messages by turn of the event loop. */
  readonly perTurn: Map<number, number>;
}

/** Takes messages, each as long as `ms` of work, until the connection is closed. */
async function receive(url: string, ms: number): Promise<Received> {
  const { clock, work } = workClock();
  const numbers: number[] = [];
  const perTurn = new Map<number, number>();
  let turn = 0;
  let isClosed = false;
  const countTurns = (): void => {
    turn++;
    if (!isClosed) setImmediate(countTurns);
  };
  countTurns();
  await new Promise<void>((resolve) => {
    socketsOn(clock).open(url, {
      onOpen: () => undefined,
      onMessage: (bytes) => {
        work(ms);
        numbers.push(Number(new TextDecoder().decode(bytes)));
        perTurn.set(turn, (perTurn.get(turn) ?? 0) + 1);
      },
      onClosed: () => resolve(),
    });
  });
  isClosed = true;
  return { numbers, perTurn };
}

const inOrder = Array.from({ length: BURST }, (_, at) => at);

test('slow work lets the event loop turn every few messages, and none is lost before the close', async () => {
  const { numbers, perTurn } = await receive(await burstServer((client) => client.close()), 1);
  expect(numbers).toEqual(inOrder);
  // One share before the loop's own turn and one after it.
  expect(Math.max(...perTurn.values())).toBeLessThanOrEqual(4);
});

test('quick work takes what a read brought at once', async () => {
  const { numbers, perTurn } = await receive(await burstServer((client) => client.close()), 0);
  expect(numbers).toEqual(inOrder);
  expect(perTurn.size).toBeLessThan(20);
});

test('the order to stop comes in between the messages of a burst', async () => {
  const { clock, work } = workClock();
  let waiting = 0;
  let handled = 0;
  const actor: Actor = {
    id: 'feed',
    onStart: () => undefined,
    doWork: () => {
      if (waiting === 0) return 0;
      waiting--;
      handled++;
      work(1);
      return 1;
    },
    onStop: () => undefined,
  };
  const duty = new Duty(clock);
  duty.add(actor, new Counters(createCounterMemory(), 'feed'));
  const doorbell = new Doorbell(createDoorbellMemory(1), 0);
  const loop = new DutyLoop(duty, doorbell, { clock, idle: 'park', needsEventLoop: true, heartbeatMs: 5 });
  // As a worker is asked: by a message to its event loop, and the bell so that it looks.
  const { port1, port2 } = new MessageChannel();
  port2.on('message', () => loop.stop());
  onTestFinished(() => port1.close());
  const socket = socketsOn(clock).open(await burstServer(() => undefined), {
    onOpen: () => undefined,
    onMessage: () => {
      if (handled === 1) {
        port1.postMessage('stop');
        doorbell.summon();
      }
      waiting++;
      loop.roundNow();
    },
    onClosed: () => undefined,
  });
  await loop.run();
  socket.terminate();
  expect(handled).toBeGreaterThan(1);
  expect(handled).toBeLessThan(20);
});
