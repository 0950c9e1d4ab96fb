import { describe, expect, test } from 'vitest';
import { ladderWithin } from '../../../src/actors/sequencer/model/newest-books.ts';
import { type PaperOrder, paperFill } from '../../../src/actors/sequencer/paper/paper-fill.ts';
import { type BookCopy, createBookCopy } from '../../../src/market/book-table.ts';
import { assetIndex, InstrumentDirectory, instrumentIndex } from '../../../src/market/instrument.ts';
import { LADDER_LEGS } from '../../../src/market/legs/ladder-legs.ts';
import { type Lots, lots, type Ticks, ticks } from '../../../src/money/money.ts';
import { BUY, SELL, type Side } from '../../../src/money/side.ts';
import { wallMs } from '../../../src/platform/time.ts';
import { instrumentMessageOf } from '../../../src/venues/kraken/market/instrument-message.ts';

/** EUR/USD: ledgers of four decimals, lots of eight, prices of five. */
function eurUsd() {
  const directory = new InstrumentDirectory();
  const pair = {
    symbol: 'EUR/USD',
    base: 'EUR',
    quote: 'USD',
    status: 'online',
    qty_precision: 8,
    qty_increment: 1e-8,
  };
  const rest = { price_precision: 5, price_increment: 1e-5, cost_precision: 6, cost_min: 0.5, qty_min: 0.5 };
  const assets = ['EUR', 'USD'].map((id) => ({ id, precision: 4 }));
  const frame = { channel: 'instrument', type: 'snapshot', data: { assets, pairs: [{ ...pair, ...rest }] } };
  directory.apply(instrumentMessageOf(frame, directory, { instrumentsMax: 4, assetsMax: 4 })!.changes);
  return directory;
}

const directory = eurUsd();
const fillOf = (side: Side, qtyLots: Lots, limitTicks: Ticks, levels: readonly (readonly [bigint, bigint])[]) => {
  const book: BookCopy = createBookCopy(10);
  const ladder = side === BUY ? book.asks : book.bids;
  for (const [at, [price, qty]] of levels.entries()) [ladder.priceTicks[at], ladder.qtyLots[at]] = [price, qty];
  ladder.count = levels.length;
  const [base, quote] = [directory.assets[assetIndex(0)]!, directory.assets[assetIndex(1)]!];
  const instrument = directory.instruments[instrumentIndex(0)]!;
  const terms = { instrument, side, base, quote, feePpm: 0 };
  const order = { clOrdId: 'a', instrument: instrument.index, side, qtyLots, limitTicks, fundsUnits: 10n ** 12n };
  const scale = { pricePrecision: 5, qtyPrecision: 8, feePpm: 0, placedNs: 0 };
  const leg = LADDER_LEGS.leg(terms, ladderWithin(book, side, limitTicks));
  return paperFill({ ...order, ...scale } as unknown as PaperOrder, leg, wallMs(0))!;
};

describe('a fill on paper', () => {
  test('is rounded level by level, against us', () => {
    // 0.9999 EUR are whole units: two levels of 0.33333333 and 0.33323334 of the third, at about 1.
    // Bought 3333.36…, 3333.40 and 3332.43…, each up; sold 3333.36…, 3333.33… and 3332.30…, each down.
    const third = 33_333_333n;
    const levels = [0n, 1n, 2n].map((worse) => [100_001n + worse, third] as const);
    expect(fillOf(BUY, lots(99_990_000n), ticks(100_010n), levels).costUnits).toBe(3_334n + 3_334n + 3_333n);
    const falling = [0n, 1n, 2n].map((worse) => [100_001n - worse, third] as const);
    expect(fillOf(SELL, lots(99_990_000n), ticks(99_990n), falling).costUnits).toBe(3_333n + 3_333n + 3_332n);
  });

  test('has a price no worse than its limit, however the ledger rounds its cost', () => {
    // 6.2245 EUR at 0.99976 are 6.22300…, in the ledger 6.2230: divided by the quantity that would be below the limit.
    for (let qty = 50_000_000n; qty < 60_000_000n; qty += 1_234_567n) {
      expect(fillOf(SELL, lots(qty), ticks(99_976n), [[99_976n, qty]]).priceTicks).toBe(99_976n);
      expect(fillOf(BUY, lots(qty), ticks(99_976n), [[99_976n, qty]]).priceTicks).toBe(99_976n);
    }
  });
});
