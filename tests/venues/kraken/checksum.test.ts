import { crc32 as zlibCrc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CLAMPED_LOTS, ClampedLevels } from '../../../src/market/clamped-levels.ts';
import { Ladders, packDecimals } from '../../../src/market/ladders.ts';
import { lots, parseDecimal, ticks } from '../../../src/money/money.ts';
import { bookChecksum, type ChecksumLevel, checksumText } from '../../../src/venues/kraken/market/checksum.ts';
import { advance, appendedDigits, appendInteger, appendWide, crc32 } from '../../../src/venues/kraken/market/crc32.ts';
import { RunningChecksum } from '../../../src/venues/kraken/market/running-checksum.ts';

type Row = readonly [price: string, qty: string];

// Protocol reference 7.2: official vector, price_precision 1, qty_precision 8.
const BTC_ASKS: Row[] = [
  ['45285.2', '0.00100000'],
  ['45286.4', '1.54571953'],
  ['45286.6', '1.54571109'],
  ['45289.6', '1.54560911'],
  ['45290.2', '0.15890660'],
  ['45291.8', '1.54553491'],
  ['45294.7', '0.04454749'],
  ['45296.1', '0.35380000'],
  ['45297.5', '0.09945542'],
  ['45299.5', '0.18772827'],
];
const BTC_BIDS: Row[] = [
  ['45283.5', '0.10000000'],
  ['45283.4', '1.54582015'],
  ['45282.1', '0.10000000'],
  ['45281.0', '0.10000000'],
  ['45280.3', '1.54592586'],
  ['45279.0', '0.07990000'],
  ['45277.6', '0.03310103'],
  ['45277.5', '0.30000000'],
  ['45277.3', '1.54602737'],
  ['45276.6', '0.15445238'],
];
// 7.3: official snapshot, price_precision 4, qty_precision 8, written without padding.
const MATIC_BIDS: Row[] = [
  ['0.5666', '4831.75496356'],
  ['0.5665', '6658.22734739'],
  ['0.5664', '18724.91513344'],
  ['0.5663', '11563.92544914'],
  ['0.5662', '14006.65365711'],
  ['0.5661', '17454.85679807'],
  ['0.566', '18097.1547'],
  ['0.5659', '33644.89175666'],
  ['0.5658', '148.3464'],
  ['0.5657', '606.70854372'],
];
const MATIC_ASKS: Row[] = [
  ['0.5668', '4410.79769741'],
  ['0.5669', '4655.40412487'],
  ['0.567', '49844.89424998'],
  ['0.5671', '24306.41678'],
  ['0.5672', '29783.25223475'],
  ['0.5673', '57234.71239278'],
  ['0.5674', '45065.04744'],
  ['0.5675', '5912.76380354'],
  ['0.5676', '42514.92434778'],
  ['0.5677', '36304.0847022'],
];

const scaled = (rows: readonly Row[], price: number, qty: number): ChecksumLevel[] =>
  rows.map(([p, q]) => ({ price: parseDecimal(p, price), qty: parseDecimal(q, qty) }));
const asWritten = (rows: readonly Row[]): ChecksumLevel[] =>
  rows.map(([p, q]) => ({ price: BigInt(p.replace('.', '')), qty: BigInt(q.replace('.', '')) }));
const decimalsOf = (text: string): number => text.split('.')[1]?.length ?? 0;

function runningOf(asks: readonly Row[], bids: readonly Row[], raw: boolean, price: number, qty: number): number {
  const books = new Ladders(new ArrayBuffer(Ladders.byteLength(1, 10)), 0, 1, 10);
  const sides = [books.side(0, 0), books.side(0, 1)] as const;
  for (const [ask, rows] of [bids, asks].entries()) {
    books.clear(sides[ask]!, ask);
    for (const [p, q] of rows) {
      const decimals = packDecimals(decimalsOf(p), decimalsOf(q));
      books.setLevel(sides[ask]!, ticks(parseDecimal(p, price)), lots(parseDecimal(q, qty)), decimals);
    }
  }
  return new RunningChecksum(books, new ClampedLevels(books)).of(sides[0], sides[1], raw, price, qty) >>> 0;
}

const appendNumber = (register: number, value: number): number =>
  appendInteger(register, Math.floor(value / 1e8), value % 1e8);

describe('crc-32', () => {
  test('gives the check value of the standard', () => expect(crc32('123456789')).toBe(0xcbf43926));

  test('agrees with zlib on any ASCII text', () => {
    const text = fc.string({ unit: 'grapheme-ascii' });
    fc.assert(
      fc.property(text, (value) => {
        expect(crc32(value)).toBe(zlibCrc32(value));
      }),
    );
  });

  test('of an integer equals the crc of its digits, from 0 to 2^53', () => {
    const value = fc.oneof(fc.nat(100_000), fc.nat(), fc.bigInt({ min: 0n, max: 2n ** 53n - 1n }).map(Number));
    fc.assert(
      fc.property(value, fc.nat(999_999), (number, before) => {
        const text = `${before}${number}`;
        const register = appendNumber(appendNumber(advance(-1, String(before).length), before), number);
        const bare = appendNumber(0, before);
        const digits = appendedDigits();
        expect(digits).toBe(String(before).length);
        const joined = appendNumber(bare, number) ^ advance(-1, text.length);
        expect(~joined >>> 0).toBe(zlibCrc32(text));
        expect(appendedDigits()).toBe(String(number).length);
        expect(register).toBe(register | 0);
      }),
    );
  });

  test('of a 64-bit integer is exact beyond 2^53, with zeros added and dropped', () => {
    const any64 = fc.bigInt({ min: 1n, max: 2n ** 64n - 1n });
    fc.assert(
      fc.property(any64, fc.integer({ min: -6, max: 6 }), (value, exponent) => {
        const unit = 10n ** BigInt(Math.max(0, -exponent));
        const stored = (value / unit) * unit;
        fc.pre(stored > 0n);
        const digits = String((stored / unit) * 10n ** BigInt(Math.max(0, exponent)));
        const low = Number(BigInt.asIntN(32, stored));
        const high = Number(BigInt.asIntN(32, stored >> 32n));
        const register = appendWide(0, low, high, exponent) ^ advance(-1, digits.length);
        expect(appendedDigits()).toBe(digits.length);
        expect(~register >>> 0).toBe(zlibCrc32(digits));
      }),
    );
  });

  test('joins pieces of any length up to that of a whole side', () => {
    const text = fc.string({ unit: 'grapheme-ascii', maxLength: 500 });
    const register = (piece: string): number => ~crc32(piece) ^ advance(-1, piece.length);
    fc.assert(
      fc.property(text, text, (left, right) => {
        const joined = advance(register(left), right.length) ^ register(right);
        expect(~(joined ^ advance(-1, left.length + right.length)) >>> 0).toBe(zlibCrc32(left + right));
      }),
    );
  });
});

describe('book checksum', () => {
  test('matches the official BTC/USD vector', () => {
    expect(checksumText(scaled(BTC_ASKS, 1, 8), []).startsWith('452852100000452864154571953')).toBe(true);
    expect(bookChecksum(scaled(BTC_ASKS, 1, 8), scaled(BTC_BIDS, 1, 8))).toBe(3310070434);
    expect(runningOf(BTC_ASKS, BTC_BIDS, false, 1, 8)).toBe(3310070434);
    expect(runningOf(BTC_ASKS, BTC_BIDS, true, 1, 8)).toBe(3310070434); // written in full: both variants agree
  });

  test('matches the official MATIC/USD snapshot and update only when padded', () => {
    expect(runningOf(MATIC_ASKS, MATIC_BIDS, false, 4, 8)).toBe(2439117997);
    expect(bookChecksum(scaled(MATIC_ASKS, 4, 8), scaled(MATIC_BIDS, 4, 8))).toBe(2439117997);
    const updated = [...MATIC_BIDS.slice(0, 9), ['0.5657', '1098.3947558']] as Row[];
    expect(runningOf(MATIC_ASKS, updated, false, 4, 8)).toBe(2114181697);
    const raw = bookChecksum(asWritten(MATIC_ASKS), asWritten(updated));
    expect(raw).not.toBe(2114181697);
    expect(runningOf(MATIC_ASKS, updated, true, 4, 8)).toBe(raw);
  });

  test('as text of bare floats gives the documented wrong value for the MATIC/USD snapshot', () => {
    const raw = bookChecksum(asWritten(MATIC_ASKS), asWritten(MATIC_BIDS));
    expect(raw).toBe(3830085102);
    expect(runningOf(MATIC_ASKS, MATIC_BIDS, true, 4, 8)).toBe(raw);
  });

  test('gives the documented values of the negative controls', () => {
    const stripped = (rows: Row[]): Row[] => rows.map(([p, q]) => [String(Number(p)), String(Number(q))]);
    expect(runningOf(stripped(BTC_ASKS), stripped(BTC_BIDS), true, 1, 8)).toBe(4237635173);
    expect(bookChecksum(scaled(BTC_BIDS, 1, 8), scaled(BTC_ASKS, 1, 8))).toBe(2704419326);
    const changed: Row[] = [['45283.5', '0.20000000'], ...BTC_BIDS.slice(1)];
    expect(runningOf(BTC_ASKS, changed, false, 1, 8)).toBe(38355977);
    expect(runningOf(BTC_ASKS, BTC_BIDS.slice(1), false, 1, 8)).toBe(1166728830);
  });

  test('of an empty book is the crc of nothing', () => {
    expect(bookChecksum([], [])).toBe(0);
    expect(runningOf([], [], false, 1, 8)).toBe(0);
    expect(runningOf([['1.5', '2']], [], false, 1, 8)).toBe(zlibCrc32('15200000000'));
    expect(runningOf([], [['1.5', '2']], false, 1, 8)).toBe(zlibCrc32('15200000000'));
  });
});

describe('running checksum', () => {
  const level = fc.record({
    ask: fc.constantFrom(0, 1),
    price: fc.oneof(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 9_007_199_254_740_99 })),
    qty: fc.oneof(
      fc.constant(0n),
      fc.bigInt({ min: 1n, max: 10n ** 6n }),
      fc.bigInt({ min: 1n, max: 2n ** 53n }),
      fc.bigInt({ min: 2n ** 53n, max: 2n ** 62n - 1n }),
      fc.bigInt({ min: 2n ** 62n, max: 2n ** 90n }), // more than a ladder holds
    ),
    priceDrop: fc.nat(2),
    qtyDrop: fc.nat(3),
  });

  test.each([false, true])('equals the plain one after every message on random books (raw digits: %s)', (raw) => {
    const messages = fc.array(fc.array(level, { maxLength: 8 }), { maxLength: 60 });
    fc.assert(
      fc.property(messages, fc.constantFrom(3, 10, 25), (list, depth) => {
        const books = new Ladders(new ArrayBuffer(64 + Ladders.byteLength(2, depth)), 64, 2, depth);
        const sides = [books.side(1, 0), books.side(1, 1)] as const;
        books.clear(sides[0], 0);
        books.clear(sides[1], 1);
        const clamped = new ClampedLevels(books);
        const running = new RunningChecksum(books, clamped);
        // Decimals written per level, as the feed would give them: precision 2 for prices, 3 for quantities.
        const model = [new Map<bigint, ChecksumLevel>(), new Map<bigint, ChecksumLevel>()] as const;
        for (const message of list) {
          for (const { ask, price, qty, priceDrop, qtyDrop } of message) {
            const [priceUnit, qtyUnit] = [10n ** BigInt(priceDrop), 10n ** BigInt(qtyDrop)];
            const scaled = ticks(BigInt(price) * priceUnit);
            const quantity = lots((qty / qtyUnit) * qtyUnit);
            const held = quantity < CLAMPED_LOTS ? quantity : CLAMPED_LOTS;
            books.setLevel(sides[ask]!, scaled, lots(held), packDecimals(2 - priceDrop, 3 - qtyDrop));
            if (held === CLAMPED_LOTS) clamped.keep(sides[ask]!, Number(scaled), quantity);
            if (quantity === 0n) model[ask]!.delete(scaled);
            else {
              const digits = { price: raw ? scaled / priceUnit : scaled, qty: raw ? quantity / qtyUnit : quantity };
              model[ask]!.set(scaled, digits);
            }
          }
          const kept = model.map((side, ask) => {
            const sorted = [...side].sort(([a], [b]) => (ask === 1 ? Number(a - b) : Number(b - a))).slice(0, depth);
            side.clear();
            for (const [ticks, digits] of sorted) side.set(ticks, digits);
            books.truncate(sides[ask]!);
            return sorted.map(([, digits]) => digits);
          });
          expect(running.of(sides[0], sides[1], raw, 2, 3) >>> 0).toBe(bookChecksum(kept[1]!, kept[0]!));
        }
      }),
      { numRuns: 300 },
    );
  });

  test('starts over after another variant was tried on the same book', () => {
    const books = new Ladders(new ArrayBuffer(Ladders.byteLength(1, 10)), 0, 1, 10);
    const [bids, asks] = [books.side(0, 0), books.side(0, 1)];
    books.clear(bids, 0);
    books.clear(asks, 1);
    books.setLevel(bids, ticks(50n), lots(7000n), packDecimals(1, 0));
    const running = new RunningChecksum(books, new ClampedLevels(books));
    expect(running.of(bids, asks, false, 2, 3) >>> 0).toBe(zlibCrc32('507000'));
    books.unsettle(bids, 10);
    books.unsettle(asks, 10);
    expect(running.of(bids, asks, true, 2, 3) >>> 0).toBe(zlibCrc32('57'));
  });
});
