/** One end of a stream of records: over a ring in batches of a size, or over a message port one by one. */

import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { type InstrumentIndex, instrumentIndex } from '../../src/market/instrument.ts';
import { systemClock } from '../../src/platform/clock.ts'; // one zero for both threads
import { RingConsumer, type RingMemory, RingProducer } from '../../src/runtime/memory/ring.ts';

export interface StreamRole {
  readonly way: 'ring' | 'post' | 'post in batches';
  readonly produces: boolean;
  readonly count: number;
  readonly batch: number;
  readonly ring: RingMemory;
  readonly port: MessagePort;
}

export interface StreamEnd {
  readonly atNs: number;
  readonly count: number;
  readonly sum: number;
}

/** The record as an object: what fills a 64-byte slot. */
interface Quote {
  readonly seq: number;
  readonly instrument: InstrumentIndex;
  readonly stampNs: number;
  readonly priceTicks: number;
  readonly qtyLots: number;
  readonly recvIndex: number;
  readonly wallNs: number;
  readonly checksum: number;
}

const given = workerData as StreamRole;
const scratch = new Int32Array(new SharedArrayBuffer(4));
let futile = 0;

parentPort?.postMessage(await run());

async function run(): Promise<StreamEnd> {
  if (given.way === 'ring') return given.produces ? produce() : consume();
  return given.produces ? post() : receive();
}

/** Where threads outnumber cores a spinner may hold the core that the other side needs. */
function giveWay(): void {
  if (++futile % 2_000 === 0) Atomics.wait(scratch, 0, 0, 0.05);
}

function produce(): StreamEnd {
  const ring = new RingProducer(given.ring);
  const atNs = systemClock.nowNs();
  for (let seq = 0; seq < given.count; seq += given.batch) {
    while (!ring.hasRoom(given.batch)) giveWay();
    for (let index = 0; index < given.batch; index++) write(ring.view, ring.offset(index), seq + index);
    ring.publish(given.batch);
  }
  return { atNs, count: given.count, sum: 0 };
}

function write(view: DataView, offset: number, seq: number): void {
  view.setFloat64(offset, seq, true);
  view.setFloat64(offset + 8, seq & 1023, true);
  view.setFloat64(offset + 16, seq * 1e3, true);
  view.setFloat64(offset + 24, seq + 100, true);
  view.setFloat64(offset + 32, seq + 200, true);
  view.setFloat64(offset + 40, seq, true);
  view.setFloat64(offset + 48, seq * 1e6, true);
  view.setFloat64(offset + 56, seq ^ 0x5bd1e995, true);
}

function consume(): StreamEnd {
  const ring = new RingConsumer(given.ring);
  let count = 0;
  let sum = 0;
  const handle = (view: DataView, offset: number) => {
    sum += view.getFloat64(offset, true) + view.getFloat64(offset + 24, true);
  };
  while (count < given.count) {
    const handled = ring.drain(handle, 256);
    if (handled === 0) giveWay();
    count += handled;
  }
  return { atNs: systemClock.nowNs(), count, sum };
}

function quoteOf(seq: number): Quote {
  return {
    ...{ seq, instrument: instrumentIndex(seq & 1023), stampNs: seq * 1e3, priceTicks: seq + 100 },
    ...{ qtyLots: seq + 200, recvIndex: seq, wallNs: seq * 1e6, checksum: seq ^ 0x5bd1e995 },
  };
}

function post(): StreamEnd {
  const atNs = systemClock.nowNs();
  for (let seq = 0; seq < given.count; seq += given.batch) {
    const quotes = Array.from({ length: given.batch }, (_, index) => quoteOf(seq + index));
    given.port.postMessage(given.batch === 1 ? quotes[0] : quotes);
  }
  return { atNs, count: given.count, sum: 0 };
}

function receive(): Promise<StreamEnd> {
  let count = 0;
  let sum = 0;
  return new Promise((resolve) => {
    given.port.on('message', (message: Quote | readonly Quote[]) => {
      for (const quote of Array.isArray(message) ? message : [message]) {
        sum += quote.seq + quote.priceTicks;
        count++;
      }
      if (count === given.count) resolve({ atNs: systemClock.nowNs(), count, sum });
    });
  });
}
