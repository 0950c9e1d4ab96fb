import { getHeapStatistics } from 'node:v8';
import { expect, test } from 'vitest';
import { DELTA } from '../../../src/messages/market-messages.ts';
import { CAPTURES, readStream } from '../../support/book-messages.ts';
import { BookStage } from './stage.ts';

const MESSAGES = 1_000_000;
const SLOT_WORDS = DELTA.SIZE / 4;

/** The slots of a whole capture as the feed writes them, to be sent again and again without making anything. */
function record(stage: BookStage): { words: Int32Array; slotsOf: Int32Array } {
  const { messages, precisions } = readStream(CAPTURES[0].name);
  const words: number[] = [];
  const slotsOf: number[] = [];
  stage.feed.announce(precisions);
  stage.run();
  for (const message of messages) {
    stage.feed.send(message);
    const deltas = stage.test.consumer('deltas'); // begins where the book stands: before this message
    for (let slot = 0; slot < deltas.available(); slot++) {
      const offset = deltas.offset(slot);
      for (let word = 0; word < SLOT_WORDS; word++) words.push(deltas.view.getInt32(offset + word * 4, true));
    }
    slotsOf.push(deltas.available());
    stage.run();
    stage.tops();
  }
  return { words: Int32Array.from(words), slotsOf: Int32Array.from(slotsOf) };
}

test('the book actor makes no object per message, over a million messages', () => {
  const stage = new BookStage();
  const { words, slotsOf } = record(stage);
  const tops = stage.test.consumer('tops');
  const deltas = stage.test.producer('deltas');
  const ring = new Int32Array(stage.test.memory.rings['deltas.kraken']!.memory.slots);
  const { book } = stage;
  const next = new Float64Array([stage.feed.seq + 1]);

  const pass = (): void => {
    let from = 0;
    for (let message = 0; message < slotsOf.length; message++) {
      const slots = slotsOf[message]!;
      deltas.tryClaim(slots);
      for (let slot = 0; slot < slots; slot++) {
        const offset = deltas.offset(slot);
        for (let word = 0; word < SLOT_WORDS; word++) ring[offset / 4 + word] = words[from++]!;
        deltas.view.setFloat64(offset + DELTA.seq, next[0]!, true);
      }
      next[0]!++;
      deltas.publish(slots);
      book.doWork();
      tops.advance(tops.available());
    }
  };

  const warmUp = 60;
  const passes = Math.ceil(MESSAGES / slotsOf.length);
  const before = stage.counters.checksums_verified;
  const grown: number[] = [];
  for (let round = 0; round < warmUp + passes; round++) {
    const used = getHeapStatistics().used_heap_size;
    pass();
    if (round >= warmUp) grown.push(getHeapStatistics().used_heap_size - used);
  }
  expect(stage.counters.checksums_verified - before).toBe((warmUp + passes) * slotsOf.length);
  // A collection makes a pass look negative; the middle pass is one without.
  const middle = grown.sort((a, b) => a - b)[Math.floor(grown.length / 2)]! / slotsOf.length;
  // What reading the statistics makes is spread over the pass; one object in ten messages would be more.
  expect(middle, 'bytes per message').toBeLessThan(1.6);
});
