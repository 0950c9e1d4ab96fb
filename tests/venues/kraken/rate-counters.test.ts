import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { instrumentIndex } from '../../../src/market/instrument.ts';
import { DecayingCounter } from '../../../src/net/limiters/decaying-counter.ts';
import { type RateTier, REST_LIMITS } from '../../../src/venues/kraken/rate-tier.ts';
import {
  ADD_POINTS,
  amendPoints,
  batchAddPoints,
  cancelPoints,
  TradingCounter,
  tierOfThreshold,
} from '../../../src/venues/kraken/trading/trading-counter.ts';

const PAIR = instrumentIndex(3);
const TIERS: readonly RateTier[] = ['starter', 'intermediate', 'pro'];

/** The venue's side, written down independently: exact rationals by ages, from the reference's tables. */
class VenueCounter {
  #level = 0;
  #atMs = 0;
  readonly #most: number;
  readonly #perMs: number;

  constructor(most: number, perSecond: number) {
    this.#most = most;
    this.#perMs = perSecond / 1_000;
  }

  /** Whether a request that arrives at `atMs` is let in. */
  arrive(atMs: number, points: number): boolean {
    this.#level = Math.max(0, this.#level - (atMs - this.#atMs) * this.#perMs) + points;
    this.#atMs = atMs;
    return this.#level <= this.#most + 1e-6;
  }
}

describe('trading counter', () => {
  test('an add, an amend after 7 s and a cancel 36 s later cost 1, 1+2 and 4 (reference 4.2)', () => {
    expect([ADD_POINTS, amendPoints(7_000), cancelPoints(36_000)]).toEqual([1, 3, 4]);
  });

  test('every age of the reference has its points', () => {
    const ages = [0, 4_999, 5_000, 9_999, 10_000, 14_999, 15_000, 44_999, 45_000, 89_999, 90_000, 299_999, 300_000];
    expect(ages.map(cancelPoints)).toEqual([8, 8, 6, 6, 5, 5, 4, 4, 2, 2, 1, 1, 0]);
    expect(ages.map(amendPoints)).toEqual([4, 4, 3, 3, 2, 2, 1, 1, 1, 1, 1, 1, 1]);
    expect([2, 3, 15].map(batchAddPoints)).toEqual([1, 2, 8]);
  });

  test('50 adds and 10 s at 2.34 a second leave 26.6 (reference 4.2)', () => {
    const counter = new TradingCounter('intermediate');
    counter.onSent(PAIR, 50);
    counter.onSettled(PAIR, 50, 0);
    // Threshold 125: what is left is seen by what still fits.
    expect(counter.hasRoomToCancel(PAIR, 98.4, 10_000)).toBe(true);
    expect(counter.hasRoomToCancel(PAIR, 98.401, 10_000)).toBe(false);
  });

  test('new orders leave a reserve that cancels can use', () => {
    const counter = new TradingCounter('starter');
    let adds = 0;
    for (; counter.hasRoomToAdd(PAIR, 1, 0); adds++) counter.onSent(PAIR, 1);
    expect(adds).toBe(25);
    expect(counter.hasRoomToCancel(PAIR, 4 * cancelPoints(0), 0)).toBe(true);
    expect(counter.hasRoomToAdd(instrumentIndex(PAIR + 1), 1, 0)).toBe(true);
  });

  test('what the venue reports raises the counter and never lowers it', () => {
    const counter = new TradingCounter('starter');
    counter.onReported(PAIR, 24.5, 0);
    expect(counter.hasRoomToAdd(PAIR, 1, 0)).toBe(false);
    counter.onReported(PAIR, 0, 0);
    expect(counter.hasRoomToAdd(PAIR, 1, 0)).toBe(false);
    expect(counter.hasRoomToAdd(PAIR, 1, 500)).toBe(true);
    counter.onExceeded(PAIR, 500);
    expect(counter.hasRoomToCancel(PAIR, 1, 500)).toBe(false);
  });

  test('the tier follows from the threshold that the venue reports', () => {
    expect([60, 125, 180, 17, 200].map(tierOfThreshold)).toEqual(['starter', 'intermediate', 'pro', 'starter', 'pro']);
  });
});

/** One request of a schedule: when it is wanted, how long it is on its way out and back. */
const schedule = (pointsOf: fc.Arbitrary<number>) =>
  fc.array(fc.record({ gapMs: fc.nat(1_500), outMs: fc.nat(8_000), backMs: fc.nat(8_000), points: pointsOf }), {
    minLength: 20,
    maxLength: 150,
  });

interface Model {
  hasRoom(points: number, nowMs: number): boolean;
  onSent(points: number): void;
  onSettled(points: number, nowMs: number): void;
}

/** Plays a schedule against model and venue. @returns how many were sent and how many of those the venue refused. */
function play(
  wanted: readonly { gapMs: number; outMs: number; backMs: number; points: number }[],
  model: Model,
  venue: VenueCounter,
): { sent: number; refused: number } {
  const todo: { atMs: number; run: (atMs: number) => void }[] = [];
  let nowMs = 0;
  let sent = 0;
  let refused = 0;
  const passTo = (untilMs: number): void => {
    for (;;) {
      todo.sort((a, b) => a.atMs - b.atMs);
      const next = todo[0];
      if (next === undefined || next.atMs > untilMs) break;
      todo.shift();
      next.run(next.atMs);
    }
    nowMs = untilMs;
  };
  for (const { gapMs, outMs, backMs, points } of wanted) {
    passTo(nowMs + gapMs);
    if (!model.hasRoom(points, nowMs)) continue;
    model.onSent(points);
    sent++;
    const arrivesMs = nowMs + outMs;
    todo.push({ atMs: arrivesMs, run: (at) => (refused += venue.arrive(at, points) ? 0 : 1) });
    todo.push({ atMs: arrivesMs + backMs, run: (at) => model.onSettled(points, at) });
  }
  passTo(nowMs + 60_000);
  return { sent, refused };
}

describe('whoever asks the counters first is never refused, however requests bunch and overtake on their way', () => {
  test.each([
    ['starter', 15, 0.33],
    ['intermediate', 20, 0.5],
    ['pro', 20, 1],
  ] as const)('REST, %s', (tier, most, perSecond) => {
    let sentInAll = 0;
    fc.assert(
      fc.property(schedule(fc.constantFrom(1, 1, 2)), (wanted) => {
        const counter = new DecayingCounter(REST_LIMITS[tier]);
        const model: Model = {
          hasRoom: (points, nowMs) => counter.hasRoom(points, nowMs * 1e6),
          onSent: (points) => counter.begin(points),
          onSettled: (points, nowMs) => counter.settle(points, nowMs * 1e6),
        };
        const { sent, refused } = play(wanted, model, new VenueCounter(most, perSecond));
        expect(refused).toBe(0);
        sentInAll += sent;
      }),
    );
    expect(sentInAll).toBeGreaterThan(1_000);
  });

  test.each([
    ['starter', 60, 1],
    ['intermediate', 125, 2.34],
    ['pro', 180, 3.75],
  ] as const)('trading, %s', (tier, most, perSecond) => {
    let sentInAll = 0;
    fc.assert(
      fc.property(schedule(fc.constantFrom(1, 8, 8, 6, 4, 2)), (wanted) => {
        const counter = new TradingCounter(tier);
        const model: Model = {
          hasRoom: (points, nowMs) =>
            points === 1 ? counter.hasRoomToAdd(PAIR, 1, nowMs) : counter.hasRoomToCancel(PAIR, points, nowMs),
          onSent: (points) => counter.onSent(PAIR, points),
          onSettled: (points, nowMs) => counter.onSettled(PAIR, points, nowMs),
        };
        const { sent, refused } = play(wanted, model, new VenueCounter(most, perSecond));
        expect(refused).toBe(0);
        sentInAll += sent;
      }),
    );
    expect(sentInAll).toBeGreaterThan(1_000);
  });

  test('the wait that the REST counter names is enough, and not longer than needed', () => {
    for (const tier of TIERS) {
      const counter = new DecayingCounter(REST_LIMITS[tier]);
      while (counter.waitNs(1, 0) === 0) {
        counter.begin(1);
        counter.settle(1, 0);
      }
      const waitNs = counter.waitNs(1, 0);
      expect(counter.waitNs(1, waitNs - 1)).toBe(1);
      expect(counter.waitNs(1, waitNs)).toBe(0);
    }
  });

  test('a call that waits for answers of others is answered that', () => {
    const counter = new DecayingCounter(REST_LIMITS.starter);
    for (let call = 0; call < 15; call++) counter.begin(1);
    expect(counter.waitNs(1, 1e15)).toBe(Number.POSITIVE_INFINITY);
    counter.abandon(1);
    expect(counter.waitNs(1, 1e15)).toBe(0);
  });
});
