import { describe, expect, test } from 'vitest';
import { createDoorbellMemory } from '../../src/runtime/memory/doorbell.ts';
import { createRingMemory } from '../../src/runtime/memory/ring.ts';
import type { PingPong } from '../support/doorbell-worker.ts';
import type { RaceRole } from '../support/ring-race-worker.ts';
import { runWorker } from '../support/run-worker.ts';

const MESSAGES = 200_000_000;
const SEED = 20_250_722;

async function race(startPosition: number): Promise<{ produced: number; intact: number }> {
  const memory = createRingMemory(4_096, 8, startPosition);
  const role = (role: RaceRole['role'], seed: number): RaceRole => ({ role, memory, count: MESSAGES, seed });
  const [produced, intact] = await Promise.all([
    runWorker<number>('ring-race-worker.ts', role('producer', SEED)),
    runWorker<number>('ring-race-worker.ts', role('consumer', SEED + 1)),
  ]);
  return { produced, intact };
}

describe('ring between two threads', () => {
  const wraps = { '2^31': 2 ** 31, '2^32': 2 ** 32 };
  for (const [name, wrap] of Object.entries(wraps)) {
    test(`200 million messages in random batches keep order and canaries over the wrap at ${name}`, async () => {
      const outcome = await race(wrap - MESSAGES / 2);
      expect(outcome, `seed ${SEED}`).toEqual({ produced: MESSAGES, intact: MESSAGES });
    });
  }

  for (const waits of ['blocking', 'turning'] as const) {
    test(`no wake-up is lost when both sides park before every message (${waits})`, async () => {
      const [there, back] = [createRingMemory(2, 8), createRingMemory(2, 8)];
      const common = { doorbells: createDoorbellMemory(2), rounds: 20_000, waits };
      const ping: PingPong = { ...common, own: 0, other: 1, input: back, output: there, serves: true };
      const pong: PingPong = { ...common, own: 1, other: 0, input: there, output: back, serves: false };
      const sides = [runWorker<number>('doorbell-worker.ts', ping), runWorker<number>('doorbell-worker.ts', pong)];
      expect(await Promise.all(sides)).toEqual([0, 0]);
    });
  }
});
