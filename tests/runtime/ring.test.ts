import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createDoorbellMemory, Doorbell } from '../../src/runtime/memory/doorbell.ts';
import {
  createRingMemory,
  inProgressPosition,
  RingConsumer,
  RingGauge,
  type RingMemory,
  RingProducer,
} from '../../src/runtime/memory/ring.ts';

const CAPACITY = 8;

const steps = fc.array(
  fc.oneof(
    fc.record({ do: fc.constant('publish' as const), count: fc.integer({ min: 1, max: CAPACITY + 2 }) }),
    fc.record({ do: fc.constant('drain' as const), limit: fc.integer({ min: 1, max: CAPACITY + 2 }) }),
    fc.record({ do: fc.constant('handle half and die' as const) }),
    fc.record({ do: fc.constant('new producer' as const) }),
  ),
  { maxLength: 200 },
);
const nearAWrap = fc.oneof(
  fc.constant(0),
  fc.integer({ min: -40, max: 0 }),
  fc.integer({ min: 2 ** 31 - 40, max: 2 ** 31 - 1 }),
);

function publish(ring: RingProducer, numbers: readonly number[]): boolean {
  if (!ring.tryClaim(numbers.length)) return false;
  numbers.forEach((number, index) => void ring.view.setFloat64(ring.offset(index), number, true));
  ring.publish(numbers.length);
  return true;
}

function drain(ring: RingConsumer, limit = CAPACITY): number[] {
  const numbers: number[] = [];
  ring.drain((view, offset) => numbers.push(view.getFloat64(offset, true)), limit);
  return numbers;
}

/** Handles up to `deadly`, marks it and stops there, as a thread that dies in the handler. */
function dieAt(memory: RingMemory, deadly: number): void {
  const ring = new RingConsumer(memory);
  const handle = (view: DataView, offset: number) => {
    if (view.getFloat64(offset, true) === deadly) throw new Error('dies');
  };
  expect(() => ring.drain(handle, CAPACITY)).toThrow('dies');
}

describe('ring', () => {
  test('does what a bounded queue does, wherever its positions are and whoever dies', () => {
    fc.assert(
      fc.property(steps, nearAWrap, (script, startPosition) => {
        const memory = createRingMemory(CAPACITY, 16, startPosition);
        let producer = new RingProducer(memory);
        let consumer = new RingConsumer(memory);
        const model: number[] = [];
        let next = 1;
        let refused = 0;
        for (const step of script) {
          if (step.do === 'publish') {
            const numbers = Array.from({ length: step.count }, (_, index) => next + index);
            const fits = model.length + step.count <= CAPACITY;
            expect(producer.hasRoom(step.count)).toBe(fits);
            expect(publish(producer, numbers)).toBe(fits);
            if (fits) model.push(...numbers);
            else refused++;
            if (fits) next += step.count;
          } else if (step.do === 'drain') {
            expect(drain(consumer, step.limit)).toEqual(model.splice(0, step.limit));
          } else if (step.do === 'handle half and die') {
            const deadly = model[Math.floor(model.length / 2)];
            if (deadly !== undefined) dieAt(memory, deadly);
            consumer = new RingConsumer(memory); // everything not advanced over comes again
          } else {
            producer = new RingProducer(memory);
            const newest = producer.newestOffset();
            if (next > 1) expect(producer.view.getFloat64(newest, true)).toBe(next - 1);
          }
          const gauge = new RingGauge(memory);
          expect([gauge.used, gauge.refused, consumer.available()]).toEqual([model.length, refused, model.length]);
          const oldest = producer.oldestUnhandledOffset();
          expect(oldest === -1 ? undefined : producer.view.getFloat64(oldest, true)).toBe(model[0]);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('claims are all or nothing, and a refusal is counted once', () => {
    const memory = createRingMemory(CAPACITY, 8);
    const producer = new RingProducer(memory);
    expect(publish(producer, [1, 2, 3, 4, 5, 6])).toBe(true);
    expect(producer.tryClaim(3)).toBe(false);
    expect(drain(new RingConsumer(memory))).toEqual([1, 2, 3, 4, 5, 6]);
    expect(new RingGauge(memory).refused).toBe(1);
  });

  test('what is claimed and not published is never seen', () => {
    const memory = createRingMemory(CAPACITY, 8);
    const dying = new RingProducer(memory);
    publish(dying, [1]);
    dying.tryClaim(2);
    dying.view.setFloat64(dying.offset(0), 666, true); // and the thread is gone
    const successor = new RingProducer(memory);
    publish(successor, [2]);
    expect(drain(new RingConsumer(memory))).toEqual([1, 2]);
  });

  test('says which message its consumer died of, and nothing when it died of none', () => {
    const memory = createRingMemory(CAPACITY, 8, -3);
    expect(inProgressPosition(memory)).toBeUndefined();
    publish(new RingProducer(memory), [1, 2, 3, 4, 5]);
    dieAt(memory, 4);
    expect(inProgressPosition(memory)).toBe(0);
    expect(drain(new RingConsumer(memory))).toEqual([1, 2, 3, 4, 5]);
    expect(inProgressPosition(memory)).toBeUndefined();
  });

  test('passes over exactly the message that is set aside, wherever it is', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 11 }), fc.integer({ min: 1, max: 5 }), nearAWrap, (aside, limit, start) => {
        const memory = createRingMemory(CAPACITY, 8, start);
        const producer = new RingProducer(memory);
        const consumer = new RingConsumer(memory, (start + aside) | 0);
        const seen: number[] = [];
        for (let number = 0; number < 24; number += 2) {
          publish(producer, [number, number + 1]);
          seen.push(...drain(consumer, limit), ...drain(consumer, CAPACITY), ...drain(consumer, CAPACITY));
        }
        expect(seen).toEqual(Array.from({ length: 24 }, (_, index) => index).filter((number) => number !== aside));
      }),
    );
  });

  test('knows its newest message after position 0 was passed, and none before the first', () => {
    const fresh = new RingProducer(createRingMemory(CAPACITY, 8));
    expect(fresh.newestOffset()).toBe(-1);
    const memory = createRingMemory(CAPACITY, 8, -2);
    publish(new RingProducer(memory), [7, 8]);
    const successor = new RingProducer(memory);
    expect(successor.view.getFloat64(successor.newestOffset(), true)).toBe(8);
  });

  test('refuses a capacity that is no power of two and slots that are not aligned', () => {
    for (const [capacity, slotBytes] of [
      [3, 8],
      [0, 8],
      [1, 8],
      [8, 12],
      [8, 0],
    ] as const) {
      expect(() => createRingMemory(capacity, slotBytes)).toThrow(/TOPOLOGY|inconsistent/);
    }
  });
});

describe('doorbell', () => {
  test('a ring before the wait ends it at once', () => {
    const bell = new Doorbell(createDoorbellMemory(2), 1);
    bell.announceParking();
    bell.ring();
    expect(bell.waitBlocking(60_000)).toBe(true);
  });

  test('a wait that no one ends says so', async () => {
    const bell = new Doorbell(createDoorbellMemory(1), 0);
    bell.announceParking();
    expect(bell.waitBlocking(1)).toBe(false);
    bell.announceParking();
    expect(await bell.waitTurning(1)).toBe(false);
  });

  test('a summons is counted and rings', async () => {
    const bell = new Doorbell(createDoorbellMemory(1), 0);
    bell.announceParking();
    const waited = bell.waitTurning(60_000);
    bell.summon();
    expect(await waited).toBe(true);
    expect(bell.summonses).toBe(1);
  });
});
