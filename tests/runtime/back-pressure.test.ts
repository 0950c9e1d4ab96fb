import { expect, test } from 'vitest';
import { createDoorbellMemory, Doorbell } from '../../src/runtime/memory/doorbell.ts';
import { createRingMemory, RingConsumer, RingProducer } from '../../src/runtime/memory/ring.ts';

function parkedProducer(capacity: number) {
  const bells = createDoorbellMemory(1);
  const memory = createRingMemory(capacity, 8);
  const producer = new RingProducer(memory);
  const consumer = new RingConsumer(memory, undefined, new Doorbell(bells, 0));
  const thread = new Doorbell(bells, 0);
  const isRung = () => new Int32Array(bells)[0] === 0;
  return { producer, consumer, thread, isRung };
}

test('a parked producer that found its ring full is rung when the consumer advances', () => {
  const { producer, consumer, thread, isRung } = parkedProducer(2);
  producer.publish(2);
  expect(producer.hasRoom(1)).toBe(false);
  thread.announceParking();
  expect(isRung()).toBe(false);
  consumer.advance(1);
  expect(isRung()).toBe(true);
  expect(producer.hasRoom(1)).toBe(true);
});

test('a parked producer that waits for nothing is left alone', () => {
  const { producer, consumer, thread, isRung } = parkedProducer(4);
  producer.publish(2);
  thread.announceParking();
  consumer.advance(1);
  expect(isRung()).toBe(false);
  producer.wakeWhenAdvanced();
  consumer.advance(1);
  expect(isRung()).toBe(true);
});
