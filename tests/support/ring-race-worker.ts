/** One end of a ring that two threads race on. Every message carries its number and a canary made of it. */
import { parentPort, workerData } from 'node:worker_threads';
import { seededChance } from '../../src/platform/chance.ts';
import { RingConsumer, type RingMemory, RingProducer } from '../../src/runtime/memory/ring.ts';

export interface RaceRole {
  readonly role: 'producer' | 'consumer';
  readonly memory: RingMemory;
  readonly count: number;
  readonly seed: number;
}

const { role, memory, count, seed } = workerData as RaceRole;
const chance = seededChance(seed);
const batches = Uint8Array.from({ length: 4096 }, () => 1 + chance.integer(64));
const canaryOf = (number: number): number => (Math.imul(number, 0x9e3779b1) ^ 0x5bd1e995) >>> 0;

/** A spinner that holds its core for too long may be holding the one the other side needs. */
const scratch = new Int32Array(new SharedArrayBuffer(4));
let futile = 0;
function giveWay(): void {
  if (++futile % 2_000 === 0) Atomics.wait(scratch, 0, 0, 0.05);
}

function produce(): number {
  const ring = new RingProducer(memory);
  let number = 0;
  for (let turn = 0; number < count; turn++) {
    const batch = Math.min(batches[turn & 4095] as number, count - number);
    while (!ring.hasRoom(batch)) giveWay();
    for (let index = 0; index < batch; index++, number++) {
      const offset = ring.offset(index);
      ring.view.setUint32(offset, number, true);
      ring.view.setUint32(offset + 4, canaryOf(number), true);
    }
    ring.publish(batch);
  }
  return number;
}

/** Numbers seen in order with their canaries intact; stops at the first that is not. */
function consume(): number {
  const ring = new RingConsumer(memory);
  let number = 0;
  for (let turn = 0; number < count; turn++) {
    const batch = Math.min(ring.available(), batches[turn & 4095] as number);
    for (let index = 0; index < batch; index++, number++) {
      const offset = ring.offset(index);
      const isIntact =
        ring.view.getUint32(offset, true) === number && ring.view.getUint32(offset + 4, true) === canaryOf(number);
      if (!isIntact) return number;
    }
    if (batch > 0) ring.advance(batch);
    else giveWay();
  }
  return number;
}

parentPort?.postMessage(role === 'producer' ? produce() : consume());
