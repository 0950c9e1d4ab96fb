import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Ladders, LEVEL_WORDS, packDecimals } from '../../src/market/ladders.ts';
import { lots, ticks } from '../../src/money/money.ts';

type Level = readonly [price: bigint, qty: bigint];

function contents(books: Ladders, side: number): Level[] {
  return Array.from({ length: books.count(side) }, (_, index) => [
    BigInt(books.priceTicks(side, index)),
    books.qtyLots(side, index),
  ]);
}

function fresh(depth: number, ask = 0, memory: ArrayBufferLike = new ArrayBuffer(Ladders.byteLength(1, depth))) {
  const books = new Ladders(memory, 0, 1, depth);
  const side = books.side(0, ask);
  books.clear(side, ask);
  return { books, side };
}

const sorted = (model: Map<bigint, bigint>, ask: number): Level[] =>
  [...model].sort(([a], [b]) => (ask === 1 ? (a < b ? -1 : 1) : a > b ? -1 : 1));

describe('ladders', () => {
  test('equal a naive model over any messages, on both sides, at every depth', () => {
    const qty = fc.oneof(fc.constant(0n), fc.bigInt({ min: 1n, max: 9n }), fc.bigInt({ min: 1n, max: 2n ** 62n - 1n }));
    const price = fc.oneof(fc.bigInt({ min: 1n, max: 60n }), fc.bigInt({ min: 1n, max: 2n ** 53n - 1n }));
    const change = fc.tuple(fc.constantFrom(0, 1), price, qty);
    const messages = fc.array(fc.array(change, { maxLength: 14 }), { maxLength: 80 });
    fc.assert(
      fc.property(messages, fc.constantFrom(1, 2, 10, 25, 100), (list, depth) => {
        const books = new Ladders(new SharedArrayBuffer(Ladders.byteLength(3, depth)), 0, 3, depth);
        const sides = [books.side(1, 0), books.side(1, 1)];
        const model = [new Map<bigint, bigint>(), new Map<bigint, bigint>()];
        sides.forEach((side, ask) => {
          books.clear(side, ask);
        });
        for (const message of list) {
          for (const [ask, price, qty] of message) {
            books.setLevel(sides[ask]!, ticks(price), lots(qty));
            if (qty === 0n) model[ask]!.delete(price);
            else model[ask]!.set(price, qty);
          }
          sides.forEach((side, ask) => {
            expect(contents(books, side)).toEqual(sorted(model[ask]!, ask));
            books.truncate(side);
            model[ask] = new Map(sorted(model[ask]!, ask).slice(0, depth));
            expect(contents(books, side)).toEqual([...model[ask]]);
            expect(books.overflowed(side)).toBe(false);
          });
        }
        for (const other of [0, 2])
          expect(books.count(books.side(other, 0)) + books.count(books.side(other, 1))).toBe(0);
      }),
      { numRuns: 300 },
    );
  });

  test('stay right while the market drifts far in one direction, and back', () => {
    const { books, side } = fresh(10, 1);
    const model = new Map<bigint, bigint>();
    for (let step = 0; step < 4_000; step++) {
      const best = BigInt(step < 2_000 ? 10_000 - step : 6_000 + step);
      books.setLevel(side, ticks(best), lots(5n));
      model.set(best, 5n);
      for (const price of [...model.keys()].filter((one) => one < best)) {
        books.setLevel(side, ticks(price), lots(0n));
        model.delete(price);
      }
      books.truncate(side);
      const kept = sorted(model, 1).slice(0, 10);
      model.clear();
      for (const [ticks, lots] of kept) model.set(ticks, lots);
      expect(contents(books, side)).toEqual(kept);
    }
  });

  test('keep a level pushed beyond the depth until the message ends: a later deletion brings it back', () => {
    const { books, side } = fresh(2);
    books.setLevel(side, ticks(10n), lots(1n));
    books.setLevel(side, ticks(9n), lots(1n));
    books.setLevel(side, ticks(11n), lots(1n));
    books.setLevel(side, ticks(10n), lots(0n));
    books.truncate(side);
    expect(contents(books, side)).toEqual([
      [11n, 1n],
      [9n, 1n],
    ]);
  });

  test('take a whole side replaced in one message, insertions first', () => {
    const depth = 1000;
    const { books, side } = fresh(depth, 1);
    for (let level = 1; level <= depth; level++) books.setLevel(side, ticks(BigInt(level)), lots(1n));
    for (let level = 1; level <= depth; level++) books.setLevel(side, ticks(BigInt(5000 + level)), lots(2n));
    for (let level = 1; level <= depth; level++) books.setLevel(side, ticks(BigInt(level)), lots(0n));
    books.truncate(side);
    expect(books.overflowed(side)).toBe(false);
    expect(contents(books, side)[0]).toEqual([5001n, 2n]);
    expect(books.count(side)).toBe(depth);
  });

  test('mark a side that a message overfilled instead of dropping levels in silence', () => {
    const { books, side } = fresh(10);
    for (let level = 1; level <= books.capacity; level++) books.setLevel(side, ticks(BigInt(level)), lots(1n));
    expect(books.overflowed(side)).toBe(false);
    books.setLevel(side, ticks(5_000n), lots(1n));
    expect(books.overflowed(side)).toBe(true);
    books.clear(side, 0);
    expect(books.overflowed(side)).toBe(false);
  });

  test('tell the best level that changed, and nothing for a deletion of an absent level', () => {
    const { books, side } = fresh(10);
    for (const price of [50n, 40n, 30n]) books.setLevel(side, ticks(price), lots(1n));
    books.settle(side);
    books.setLevel(side, ticks(35n), lots(0n));
    expect(books.firstChanged(side)).toBe(books.capacity);
    books.setLevel(side, ticks(40n), lots(2n));
    expect(books.firstChanged(side)).toBe(1);
    books.setLevel(side, ticks(60n), lots(2n));
    expect(books.firstChanged(side)).toBe(0);
  });

  test('void the memo of a level that is written again, and carry the others along when levels move', () => {
    const { books, side } = fresh(10);
    for (const price of [50n, 40n, 30n]) books.setLevel(side, ticks(price), lots(1n), packDecimals(1, 2));
    const memoOf = (index: number) => {
      const level = books.level(side, index);
      return [books.words[level + LEVEL_WORDS.memo], books.words[level + LEVEL_WORDS.packed]! >> 16];
    };
    for (let index = 0; index < 3; index++) {
      const level = books.level(side, index);
      books.words[level + LEVEL_WORDS.memo] = -1 - index; // all bits set: must survive moving as half of a double
      books.words[level + LEVEL_WORDS.packed] = packDecimals(1, 2) | (60 << 16);
    }
    books.setLevel(side, ticks(60n), lots(1n));
    books.setLevel(side, ticks(45n), lots(1n));
    books.setLevel(side, ticks(40n), lots(9n));
    expect([memoOf(1), memoOf(4)]).toEqual([
      [-1, 60],
      [-3, 60],
    ]);
    expect([memoOf(0)[1], memoOf(2)[1], memoOf(3)[1]]).toEqual([0, 0, 0]);
  });

  test('are found as they were by whoever opens the same memory next', () => {
    const memory = new SharedArrayBuffer(Ladders.byteLength(1, 10));
    const { books, side } = fresh(10, 1, memory);
    books.setLevel(side, ticks(7n), lots(2n ** 60n + 1n));
    const next = new Ladders(memory, 0, 1, 10);
    next.setLevel(side, ticks(6n), lots(3n));
    expect(contents(next, side)).toEqual([
      [6n, 3n],
      [7n, 2n ** 60n + 1n],
    ]);
  });

  test('refuse a depth that is no count', () => {
    expect(() => Ladders.byteLength(1, 0)).toThrow(/depth 0/);
  });
});
