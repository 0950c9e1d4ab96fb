import { getHeapStatistics } from 'node:v8';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { connectWaits, failedWaitMs } from '../../../src/net/connect-waits.ts';
import { SlidingWindow } from '../../../src/net/limiters/sliding-window.ts';
import { seededChance } from '../../../src/platform/chance.ts';
import { VirtualClock } from '../../../src/platform/clock.ts';
import { checkConfig } from '../../../src/settings/read-config.ts';

const WAITS = connectWaits(checkConfig({}).venue);

/** Most events that lie in any span, counted the slow way. */
function busiest(eventsNs: readonly number[], spanNs: number): number {
  const within = (startNs: number) => eventsNs.filter((at) => at >= startNs && at < startNs + spanNs).length;
  return Math.max(0, ...eventsNs.map(within));
}

/** Remembers every event for ever, and counts those of the span each time. */
class Oracle {
  readonly #max: bigint;
  readonly #spanNs: bigint;
  readonly #events: bigint[] = [];
  #passedNs = 0n;
  #readNs = 0n;

  constructor(max: number, spanNs: number) {
    this.#max = BigInt(max);
    this.#spanNs = BigInt(spanNs);
  }

  read(nowNs: bigint): void {
    if (nowNs > this.#readNs) this.#passedNs += nowNs - this.#readNs;
    this.#readNs = nowNs;
  }

  note(): void {
    this.#events.push(this.#passedNs);
  }

  get count(): bigint {
    return this.#countAfter(0n);
  }

  /** Counted a nanosecond after the other: each event that counts may be the one that has to go. */
  waitNs(count: bigint, most: bigint): number {
    if (count > most) return Number.POSITIVE_INFINITY;
    const ends = [0n, ...this.#events.map((at) => at + this.#spanNs - this.#passedNs).filter((wait) => wait > 0n)];
    return Number(ends.find((wait) => this.#countAfter(wait) + count <= most));
  }

  #countAfter(waitNs: bigint): bigint {
    return BigInt(this.#events.filter((at) => this.#passedNs + waitNs - at < this.#spanNs).length);
  }

  hasRoom(): boolean {
    return this.count < this.#max;
  }
}

describe('sliding window', () => {
  test('says what counting all events anew each time says, whatever the clock does', () => {
    const turn = fc.record({
      stepNs: fc.oneof(fc.integer({ min: -300, max: 700 }), fc.constant(0), fc.constant(1_000_000), fc.constant(-1e6)),
      act: fc.constantFrom('take', 'take', 'ask', 'note'),
      count: fc.integer({ min: 1, max: 12 }),
      most: fc.integer({ min: 1, max: 9 }),
    });
    const property = fc.property(
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 1_000 }),
      fc.array(turn, { maxLength: 120 }),
      (max, spanNs, turns) => {
        const window = new SlidingWindow({ max, spanNs });
        const oracle = new Oracle(max, spanNs);
        let nowNs = 5_000_000;
        for (const { stepNs, act, count, most } of turns) {
          nowNs += stepNs;
          oracle.read(BigInt(nowNs));
          const wider = Math.min(max, most);
          const counted = Number(oracle.count);
          expect(window.countAt(nowNs + 0.4)).toBe(Math.min(max, counted));
          // What was noted although it was too much is remembered up to the window's own measure.
          if (counted <= max) {
            expect(window.waitNs(nowNs, count, wider)).toBe(oracle.waitNs(BigInt(count), BigInt(wider)));
          }
          if (act === 'note') window.note(nowNs);
          const taken = act === 'take' && window.tryTake(nowNs);
          if (act === 'take') expect(taken).toBe(oracle.hasRoom());
          if (taken || act === 'note') oracle.note();
        }
      },
    );
    fc.assert(property, { numRuns: 400 });
  });

  test('no span ever holds more than allowed, and waiting as answered is enough and no longer than needed', () => {
    const property = fc.property(
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 1_000 }),
      fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 120 }),
      (max, spanNs, pausesNs) => {
        const window = new SlidingWindow({ max, spanNs });
        const takenNs: number[] = [];
        let nowNs = 0;
        for (const pauseNs of pausesNs) {
          nowNs += pauseNs;
          const waitNs = window.waitNs(nowNs);
          if (waitNs > 0) expect(window.tryTake(nowNs + waitNs - 1)).toBe(false);
          nowNs += waitNs;
          expect(window.tryTake(nowNs)).toBe(true);
          takenNs.push(nowNs);
        }
        expect(busiest(takenNs, spanNs)).toBeLessThanOrEqual(max);
      },
    );
    fc.assert(property);
  });

  test('sockets that wait as answered spend the whole budget and never more', () => {
    const property = fc.property(
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 1, max: 12 }),
      fc.integer(),
      (max, sockets, seed) => {
        const clock = new VirtualClock();
        const chance = seededChance(seed);
        const window = new SlidingWindow({ max, spanNs: 10e9 });
        const takenNs: number[] = [];
        const attempt = (failures: number) => {
          const nowNs = clock.nowNs();
          if (!window.tryTake(nowNs)) {
            clock.after(window.waitNs(nowNs) / 1e6, () => attempt(failures));
            return;
          }
          takenNs.push(nowNs);
          clock.after(failedWaitMs(failures + 1, true, WAITS, chance), () => attempt(failures + 1));
        };
        for (let socket = 0; socket < sockets; socket++) attempt(0);
        clock.advanceTo(60e9);
        expect(busiest(takenNs, 10e9)).toBeLessThanOrEqual(max);
        expect(takenNs.length).toBeGreaterThan(0);
        if (sockets > max) expect(busiest(takenNs, 10e9)).toBe(max);
      },
    );
    fc.assert(property, { numRuns: 50 });
  });

  test('a clock that stands still lets nothing more through; one that is set back costs one span at the most', () => {
    const window = new SlidingWindow({ max: 2, spanNs: 1_000 });
    for (let ask = 0; ask < 9; ask++) expect(window.tryTake(7_000_000)).toBe(ask < 2);
    expect(window.waitNs(10)).toBe(1_000);
    expect(window.tryTake(1_009)).toBe(false);
    expect(window.tryTake(1_010)).toBe(true);
  });

  test('a successor goes on with what its predecessor has left', () => {
    const settings = { max: 3, spanNs: 1_000e6 };
    const memory = new Float64Array(SlidingWindow.bytesFor(3) / 8);
    const first = new SlidingWindow(settings, memory);
    for (const atMs of [10, 20, 30]) expect(first.tryTake(atMs * 1e6)).toBe(true);
    const second = new SlidingWindow(settings, memory);
    expect(second.tryTake(500e6)).toBe(false);
    expect(second.waitNs(500e6)).toBe(510e6);
  });

  test('a window of nothing takes nothing', () => {
    const window = new SlidingWindow({ max: 0, spanNs: 1 });
    expect([window.tryTake(5), window.waitNs(5), window.countAt(5)]).toEqual([false, Number.POSITIVE_INFINITY, 0]);
  });

  test('makes no object', () => {
    const window = new SlidingWindow({ max: 40, spanNs: 1e9 });
    const TURNS = 100_000;
    const clock = new Float64Array([1e9]); // a number of a closure would itself be an object
    const pass = (): void => {
      for (let turn = 0; turn < TURNS; turn++) {
        const nowNs = clock[0]! + 9_000_000;
        clock[0] = nowNs;
        if (window.hasRoom(nowNs, 3, 20)) window.note(nowNs);
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
