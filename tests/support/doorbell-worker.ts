/** One of two threads that wake each other through doorbells, parking before every message. */
import { parentPort, workerData } from 'node:worker_threads';
import { Doorbell } from '../../src/runtime/memory/doorbell.ts';
import { RingConsumer, type RingMemory, RingProducer } from '../../src/runtime/memory/ring.ts';

export interface PingPong {
  readonly doorbells: SharedArrayBuffer;
  readonly own: number;
  readonly other: number;
  readonly input: RingMemory;
  readonly output: RingMemory;
  readonly rounds: number;
  readonly serves: boolean;
  readonly waits: 'blocking' | 'turning';
}

/** Far longer than any wake-up takes: a wait that ends by it was not woken. */
const FOREVER_MS = 20_000;

const given = workerData as PingPong;
const bell = new Doorbell(given.doorbells, given.own);
const input = new RingConsumer(given.input);
const output = new RingProducer(given.output, new Doorbell(given.doorbells, given.other));

parentPort?.on('message', () => {}); // keeps the loop alive while it waits in Atomics.waitAsync
let sleptThrough = 0;
for (let round = 0; round < given.rounds; round++) {
  if (given.serves) output.publish(1);
  await arrival();
  input.advance(1);
  if (!given.serves) output.publish(1);
}
parentPort?.postMessage(sleptThrough);
parentPort?.close();

async function arrival(): Promise<void> {
  while (input.available() === 0) {
    bell.announceParking();
    if (input.available() > 0) return bell.cancelParking();
    const rung = given.waits === 'blocking' ? bell.waitBlocking(FOREVER_MS) : await bell.waitTurning(FOREVER_MS);
    if (!rung) sleptThrough++;
  }
}
