import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MarketBook, type MarketSide, windowChanges } from '../../src/practice/market/market-book.ts';
import { type Level, level, writeLevel } from '../../src/practice/market/market-level.ts';

const levels = (...pairs: [number, number][]): Level[] =>
  pairs.map(([price, qty]) => level(BigInt(price), BigInt(qty)));
const WIRE = { price: 1, qty: 8 };

test('the official checksum vector verifies, and a changed quantity fails it', () => {
  const decimals = { price: 4, qty: 8 };
  const bids = levels(
    [5666, 483175496356],
    [5665, 665822734739],
    [5664, 1872491513344],
    [5663, 1156392544914],
    [5662, 1400665365711],
    [5661, 1745485679807],
    [5660, 1809715470000],
    [5659, 3364489175666],
    [5658, 14834640000],
    [5657, 60670854372],
  );
  const asks = levels(
    [5668, 441079769741],
    [5669, 465540412487],
    [5670, 4984489424998],
    [5671, 2430641678000],
    [5672, 2978325223475],
    [5673, 5723471239278],
    [5674, 4506504744000],
    [5675, 591276380354],
    [5676, 4251492434778],
    [5677, 3630408470220],
  );
  const book = new MarketBook('MATIC/USD', 10, decimals, decimals);
  book.apply({ bids, asks }, true);
  expect(book.checksum()).toBe(2439117997);
  book.apply({ bids: levels([5657, 109839475580]), asks: [] }, false);
  expect(book.checksum()).toBe(2114181697);
});

test('numbers are written with every decimal of the wire, deletions with zeros', () => {
  const written = writeLevel(level(633887n, 25761900n), WIRE, WIRE);
  expect(written).toEqual({
    json: '{"price":63388.7,"qty":0.25761900}',
    gone: '{"price":63388.7,"qty":0.00000000}',
    digits: '63388725761900',
  });
});

test('a level pushed out of a full window is not deleted, and is inserted when it moves back', () => {
  const before = levels([100, 1], [99, 1], [98, 1]);
  const between = [...levels([101, 5]), ...before];
  expect(windowChanges(before, between, 3, 'bid')).toEqual({ gone: [], set: [between[0]] });
  expect(windowChanges(between, before, 3, 'bid')).toEqual({ gone: [between[0]], set: [before[2]] });
});

test('whatever changes, a client that applies the window and cuts has the best levels', () => {
  const side = fc.array(fc.tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 0, max: 3 })), { maxLength: 12 });
  fc.assert(
    fc.property(
      fc.array(side, { minLength: 1, maxLength: 20 }),
      fc.constantFrom(3, 5, 10),
      fc.constantFrom<MarketSide>('bid', 'ask'),
      fc.constantFrom(5, 8, 100),
      (messages, depth, which, recorded) => {
        const book = new MarketBook('A/B', recorded, WIRE, WIRE);
        let copy = new Map<bigint, bigint>();
        for (const message of messages) {
          const changes = levels(...message);
          const was = book.apply(which === 'bid' ? { bids: changes, asks: [] } : { bids: [], asks: changes }, false);
          const [old, now] = which === 'bid' ? [was.bids, book.bids] : [was.asks, book.asks];
          const { gone, set } = windowChanges(old, now, depth, which);
          for (const one of gone) copy.delete(one.price);
          for (const one of set) copy.set(one.price, one.qty);
          const order = which === 'bid' ? -1 : 1;
          copy = new Map([...copy].sort(([a], [b]) => order * Number(a - b)).slice(0, depth));
          expect([...copy]).toEqual(now.slice(0, depth).map((one) => [one.price, one.qty]));
        }
      },
    ),
  );
});
