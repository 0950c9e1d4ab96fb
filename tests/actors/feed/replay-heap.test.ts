// A file of its own: code that other tests have fed with other shapes is compiled differently.
import { expect, test } from 'vitest';
import { createActor } from '../../../src/actors/feed/actor.ts';
import { capturePath } from '../../support/captures.ts';
import { heapAfterCollection } from '../../support/heap.ts';
import { createTestContext } from '../../support/test-context.ts';

const FRAMES = 200_000;

test('feed: what it holds does not grow over hundreds of thousands of frames', async () => {
  const capture = capturePath('ws2_book_d25_ETHUSD_XRPUSD_2sockets_20260802');
  const stage = createTestContext('feed', { options: { capture, loop: true } });
  const feed = createActor(stage.context);
  const deltas = stage.consumer('deltas');
  await feed.onStart();
  const bring = async (frames: number) => {
    const end = stage.context.counters.get('frames') + frames;
    while (stage.context.counters.get('frames') < end) {
      if (feed.doWork() === 0) await new Promise((resolve) => setImmediate(resolve));
      const ready = deltas.available();
      if (ready > 0) deltas.advance(ready);
      stage.audits();
    }
  };
  await bring(FRAMES / 4);
  const before = heapAfterCollection();
  await bring(FRAMES);
  const growth = heapAfterCollection() - before;
  await feed.onStop();
  expect(stage.context.counters.get('frames_malformed')).toBe(0);
  expect(growth / FRAMES).toBeLessThan(1);
});
