import { getHeapStatistics } from 'node:v8';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DecayingCounter, type DecaySettings } from '../../../src/net/limiters/decaying-counter.ts';

/** The same by exact fractions: a level is so many points times the nanoseconds of the decay, by whole numbers of any size. */
class Oracle {
  level = 0n;
  out = 0n;
  readonly #inNs: bigint;
  readonly #perNs: bigint;
  readonly #max: bigint;
  #readNs = 0n;

  constructor({ max, decay }: DecaySettings) {
    this.#inNs = BigInt(decay.inMs) * 1_000_000n;
    this.#perNs = BigInt(decay.points);
    this.#max = BigInt(max) * this.#inNs;
  }

  read(nowNs: bigint): void {
    if (nowNs > this.#readNs) this.level -= (nowNs - this.#readNs) * this.#perNs;
    if (this.level < 0n) this.level = 0n;
    this.#readNs = nowNs;
  }

  add(points: number): void {
    this.level += BigInt(points) * this.#inNs;
  }

  begin(points: number): void {
    this.out += BigInt(points) * this.#inNs;
  }

  hasRoom(points: number): boolean {
    return this.level + this.out + BigInt(points) * this.#inNs <= this.#max;
  }

  /** Whether `points` fit after `waitNs` more. */
  hasRoomAfter(points: number, waitNs: bigint): boolean {
    const left = this.level - waitNs * this.#perNs;
    return (left > 0n ? left : 0n) + this.out + BigInt(points) * this.#inNs <= this.#max;
  }
}

const settings: fc.Arbitrary<DecaySettings> = fc.record({
  max: fc.integer({ min: 1, max: 200 }),
  decay: fc.record({
    points: fc.integer({ min: 1, max: 1_000 }),
    inMs: fc.constantFrom(1, 7, 1_000, 5_000, 50_000, 100_000),
  }),
});

const turn = fc.record({
  stepNs: fc.oneof(
    fc.integer({ min: 0, max: 3_000_000_000 }),
    fc.integer({ min: -1_000_000_000, max: 50 }),
    fc.constant(0),
    fc.constant(40_000_000_000_000), // half a day
  ),
  act: fc.constantFrom('add', 'add', 'begin', 'settle', 'abandon'),
  points: fc.integer({ min: 0, max: 40 }),
});

describe('decaying counter', () => {
  test('never drifts from exact fractions, whatever comes and whatever the clock does', () => {
    const property = fc.property(settings, fc.array(turn, { maxLength: 150 }), (given, turns) => {
      const counter = new DecayingCounter(given);
      const oracle = new Oracle(given);
      const out: number[] = [];
      let nowNs = 1_000_000_000_000;
      for (const { stepNs, act, points } of turns) {
        nowNs += stepNs;
        oracle.read(BigInt(nowNs));
        expect(counter.hasRoom(points, nowNs + 0.7)).toBe(oracle.hasRoom(points));
        const waitNs = counter.waitNs(points, nowNs);
        if (Number.isFinite(waitNs)) {
          expect(oracle.hasRoomAfter(points, BigInt(waitNs))).toBe(true);
          if (waitNs > 0) expect(oracle.hasRoomAfter(points, BigInt(waitNs - 1))).toBe(false);
        } else expect(oracle.hasRoomAfter(points, 10n ** 30n)).toBe(false);
        if (act === 'add' && counter.tryAdd(points, nowNs)) oracle.add(points);
        if (act === 'begin' && oracle.hasRoom(points)) {
          counter.begin(points);
          oracle.begin(points);
          out.push(points);
        }
        const settled = act === 'settle' || act === 'abandon' ? out.shift() : undefined;
        if (settled === undefined) continue;
        oracle.begin(-settled);
        if (act === 'abandon') counter.abandon(settled);
        else {
          counter.settle(settled, nowNs);
          oracle.add(settled);
        }
      }
    });
    fc.assert(property, { numRuns: 400 });
  });

  test('other settings take over the level, rounded up by less than a part of a point', () => {
    const property = fc.property(settings, settings, fc.integer({ min: 0, max: 200 }), (before, after, points) => {
      const counter = new DecayingCounter(before);
      counter.raiseTo(points, 5);
      counter.set(after, 5);
      expect(counter.hasRoom(after.max - points, 5)).toBe(true);
      expect(counter.hasRoom(after.max - points + 1, 5)).toBe(false);
      counter.set(before, 5);
      expect(counter.levelAt(5)).toBe(points);
    });
    fc.assert(property);
  });

  test('a bucket lets its burst through at once, then one by one as it fills', () => {
    const bucket = new DecayingCounter({ max: 3, decay: { points: 4, inMs: 1_000 } });
    const granted = (nowNs: number) => {
      let count = 0;
      while (bucket.tryAdd(1, nowNs)) count++;
      return count;
    };
    expect([0, 249_999_999, 250_000_000, 750_000_000, 9e15].map(granted)).toEqual([3, 0, 1, 2, 3]);
  });

  test('a clock that stands still or is set back takes nothing away', () => {
    const counter = new DecayingCounter({ max: 5, decay: { points: 1, inMs: 1 } });
    counter.fill(9e12);
    for (const nowNs of [9e12, 9e12, 4, 4]) expect(counter.levelAt(nowNs)).toBe(5);
    expect(counter.levelAt(4 + 1e6)).toBe(4);
  });

  test('what cannot be counted exactly is refused', () => {
    expect(() => new DecayingCounter({ max: 60, decay: { points: 2.34, inMs: 1_000 } })).toThrow('whole numbers');
    expect(() => new DecayingCounter({ max: 1e6, decay: { points: 1, inMs: 1e6 } })).toThrow('exact');
  });

  test('makes no object', () => {
    const counter = new DecayingCounter({ max: 16, decay: { points: 4, inMs: 1_000 } });
    const TURNS = 100_000;
    const clock = new Float64Array([1e9]); // a number of a closure would itself be an object
    const pass = (): void => {
      for (let turn = 0; turn < TURNS; turn++) {
        const nowNs = clock[0]! + 90_000_000;
        clock[0] = nowNs;
        counter.tryAdd(1, nowNs);
      }
    };
    const grown = Array.from({ length: 41 }, () => {
      const used = getHeapStatistics().used_heap_size;
      pass();
      return getHeapStatistics().used_heap_size - used;
    });
    // A collection makes a pass look negative; the middle pass is one without.
    const middle = grown.sort((a, b) => a - b)[20]! / TURNS;
    expect(middle, 'bytes per turn').toBeLessThan(0.5);
  });
});
