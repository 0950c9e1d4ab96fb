// opportunity on its ring ──▶ re-check ──▶ plan ──▶ approval ──▶ journal ──▶ add_order text ──▶ socket
/**
 * How long from a decision to the order's bytes on the socket? The sequencer as it runs takes an opportunity off its
 * ring, asks everything again at the newest books, opens a plan, has its first order approved, commits what it must not
 * forget, and writes the order to a real socket on loopback. The order comes back unfilled, and the next one begins.
 */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';
import { InstrumentDirectory, instrumentIndex } from '../src/market/instrument.ts';
import { lots } from '../src/money/money.ts';
import type { ApprovedOrder } from '../src/trading/approved-order.ts';
import { addOrder } from '../src/venues/kraken/private/private-requests.ts';
import { HandVenue } from '../tests/actors/sequencer/hand-venue.ts';
import { ASSETS, GOOD_BOOKS, PAIRS, stageSequencer } from '../tests/actors/sequencer/sequencer-stage.ts';
import { type Bench, type BenchRow, nowNs, quantiles } from './harness.ts';

const ORDERS = 10_000;
const WARM_UP = 2_000;
const DEADLINE_MS = 1_790_000_000_000;

const bench: Bench = {
  name: 'order',
  question: 'How long from a decision to the bytes of its order on the socket?',
  run: async ({ quick }) => {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    await once(server, 'listening');
    const received = { orders: 0 };
    server.on('connection', (socket) => socket.on('message', () => received.orders++));
    const socket = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
    await once(socket, 'open');
    try {
      return await measure(socket, received, quick ? 100 : ORDERS, quick ? 20 : WARM_UP);
    } finally {
      socket.terminate();
      server.close();
    }
  },
};
export default bench;

/** Writes every order to the socket at once, as the live port does, and notes when its text and its bytes were out. */
class WritingVenue extends HandVenue {
  textNs = 0;
  writtenNs = 0;
  readonly #socket: WebSocket;
  readonly #directory = new InstrumentDirectory();

  constructor(socket: WebSocket) {
    super();
    this.#socket = socket;
    this.#directory.apply({ assets: ASSETS, instruments: PAIRS });
  }

  override send(order: ApprovedOrder): void {
    const instrument = this.#directory.instruments[order.instrument];
    assert.ok(instrument !== undefined);
    const text = addOrder(order, instrument, { reqId: order.plan, token: 'token', deadlineMs: DEADLINE_MS });
    this.textNs = nowNs();
    this.#socket.send(text);
    this.writtenNs = nowNs();
    super.send(order);
  }
}

async function measure(
  socket: WebSocket,
  received: { orders: number },
  count: number,
  warmUp: number,
): Promise<readonly BenchRow[]> {
  const venue = new WritingVenue(socket);
  const stage = stageSequencer({ way: { makePort: () => venue } });
  const opportunity = stage.opportunity(2_600) ?? stage.opportunity();
  const text = new Float64Array(count);
  const bytes = new Float64Array(count);
  for (let number = -warmUp; number < count; number++) {
    stage.clock.advanceTo(stage.clock.nowNs() + 1e9); // a second apart: never too many
    for (const [index, book] of GOOD_BOOKS.entries()) stage.setBook(instrumentIndex(index), book);
    stage.send(opportunity);
    const startNs = nowNs();
    stage.actor.doWork();
    if (number >= 0) [text[number], bytes[number]] = [venue.textNs - startNs, venue.writtenNs - startNs];
    venue.execute(venue.last, lots(0n));
    stage.run();
    stage.told();
    stage.recorded();
    if (number % 64 === 0) await new Promise((resolve) => setImmediate(resolve)); // the socket's other end reads
  }
  assert.equal(venue.sent.length, count + warmUp, 'bench: every opportunity became an order');
  while (received.orders < count + warmUp) await new Promise((resolve) => setImmediate(resolve));
  return [
    { what: 'opportunity to the text of its first order', ...quantiles(text) },
    { what: 'opportunity to its bytes on a socket', ...quantiles(bytes), note: 'loopback, `ws`' },
  ];
}
