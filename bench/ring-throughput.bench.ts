/** producer ──ring or port──▶ consumer (2 threads); from the first record written to the last one summed up. */
import assert from 'node:assert/strict';
import { MessageChannel } from 'node:worker_threads';
import { createRingMemory } from '../src/runtime/memory/ring.ts';
import { type Bench, median } from './harness.ts';
import { onThread } from './support/threads.ts';
import type { StreamEnd, StreamRole } from './support/throughput-thread.ts';

async function perSecond(way: StreamRole['way'], batch: number, count: number): Promise<number> {
  const { port1, port2 } = new MessageChannel();
  const common = { way, batch, count, ring: createRingMemory(8_192, 64) };
  const consumer = onThread<StreamEnd>('throughput-thread.ts', { ...common, produces: false, port: port2 }, [port2]);
  const producer = onThread<StreamEnd>('throughput-thread.ts', { ...common, produces: true, port: port1 }, [port1]);
  const [from, to] = await Promise.all([producer, consumer]);
  assert.equal(to.count, count, 'bench: nothing is lost');
  assert.equal(to.sum, count * (count - 1) + 100 * count, 'bench: nothing is changed');
  return (count / (to.atNs - from.atNs)) * 1e9;
}

async function typical(way: StreamRole['way'], batch: number, count: number, runs: number): Promise<number> {
  const rates: number[] = [];
  for (let run = 0; run < runs; run++) rates.push(await perSecond(way, batch, count));
  return median(rates);
}

const bench: Bench = {
  name: 'ring throughput',
  question: 'How many 64-byte records cross from thread to thread in a second?',
  run: async ({ quick }) => {
    const [many, few, runs] = quick ? [32_000, 3_200, 1] : [32_000_000, 640_000, 3];
    const post = await typical('post', 1, few, runs);
    const postBatched = await typical('post in batches', 32, few, runs);
    const single = await typical('ring', 1, many, runs);
    const batched = await typical('ring', 32, many, runs);
    const against = (rate: number) => ({ value: rate / post, to: 'postMessage one by one' });
    return [
      { what: 'postMessage, one by one', opsPerSecond: post },
      { what: 'postMessage, arrays of 32', opsPerSecond: postBatched, ratio: against(postBatched) },
      { what: 'ring, published one by one', opsPerSecond: single, ratio: against(single) },
      {
        what: 'ring, batches of 32',
        opsPerSecond: batched,
        ratio: against(batched),
        bar: { text: '≥ 50×', held: batched / post >= 50 },
        note: `${(batched / postBatched).toFixed(1)}× postMessage in arrays of 32`,
      },
    ];
  },
};

export default bench;
