import { expect, test } from 'vitest';
import { createDoorbellMemory, Doorbell } from '../../src/runtime/memory/doorbell.ts';
import { heapAfterCollection } from '../support/heap.ts';

const OWN = 0;

/** A wait that ends by a ring from the thread's own event loop, as a socket's frame ends it. */
async function waitRungHere(doorbell: Doorbell): Promise<boolean> {
  doorbell.announceParking();
  const wait = doorbell.waitTurning();
  setImmediate(() => doorbell.ring());
  return wait;
}

test('a wait rung from the own thread leaves nothing behind, however long the futex wait beside it goes on', async () => {
  const doorbell = new Doorbell(createDoorbellMemory(1), OWN);
  for (let wait = 0; wait < 2_000; wait++) expect(await waitRungHere(doorbell)).toBe(true);
  const before = heapAfterCollection();
  for (let wait = 0; wait < 20_000; wait++) await waitRungHere(doorbell);
  const bytesPerWait = (heapAfterCollection() - before) / 20_000;
  expect(bytesPerWait).toBeLessThan(16);
});

test('a futex wait that was overtaken ends the next wait when another end rings', async () => {
  const memory = createDoorbellMemory(1);
  const owner = new Doorbell(memory, OWN);
  await waitRungHere(owner);
  owner.announceParking();
  const wait = owner.waitTurning();
  const words = new Int32Array(memory);
  Atomics.store(words, OWN, 0);
  Atomics.notify(words, OWN); // what a ring from another thread does
  expect(await wait).toBe(true);
});
