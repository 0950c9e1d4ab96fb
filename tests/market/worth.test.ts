import { expect, test } from 'vitest';
import { InstrumentDirectory } from '../../src/market/instrument.ts';
import { worthOf, worthWithin } from '../../src/market/worth.ts';
import { invalidReasonCode } from '../../src/messages/market-messages.ts';
import { lots, type Units, units } from '../../src/money/money.ts';
import { openTable } from '../../src/runtime/memory/shared-tables.ts';
import { ASSETS, BTC_USD, ETH_BTC, ETH_USD, PAIRS, putBook } from '../actors/sequencer/sequencer-stage.ts';
import { createTestContext } from '../support/test-context.ts';

const [USD, BTC, ETH] = ASSETS as [(typeof ASSETS)[number], (typeof ASSETS)[number], (typeof ASSETS)[number]];

function market() {
  const { memory } = createTestContext('risk', { config: { limits: { instruments_max: 8 } } });
  const table = openTable(memory, 'book_table', 'book');
  const directory = new InstrumentDirectory();
  directory.apply({ assets: ASSETS, instruments: PAIRS });
  putBook(table, BTC_USD, { bids: [[500_000n, lots(1n)]], asks: [[500_010n, lots(1n)]] }, 1, 0); // 50,000.0 and 50,001.0
  putBook(table, ETH_BTC, { bids: [], asks: [[5_000n, lots(1n)]] }, 2, 0);
  const worth = (units: Units, asset: typeof USD, into: typeof USD) => worthOf(units, asset, into, directory, table);
  return { table, directory, worth };
}

test('what is held is worth what it would sell for, what is owed what it would cost', () => {
  const { worth } = market();
  expect(worth(units(5_000_000_000n), BTC, USD)).toBe(250_000_000n); // 0.5 BTC: 25,000.0000 USD
  expect(worth(units(-5_000_000_000n), BTC, USD)).toBe(-250_005_000n);
  expect(worth(units(500_010_000n), USD, BTC)).toBe(10_000_000_000n); // 50,001 USD buy a BTC
  expect(worth(units(-500_000_000n), USD, BTC)).toBe(-10_000_000_000n);
  expect(worth(units(7n), USD, USD)).toBe(7n);
});

test('it is rounded down, also below zero', () => {
  const { worth } = market();
  expect(worth(units(1n), BTC, USD)).toBe(0n);
  expect(worth(units(-1n), BTC, USD)).toBe(-1n);
});

test('without a pair, a verified book or a side of it no one knows', () => {
  const { worth, table } = market();
  expect(worth(units(1n), ETH, USD)).toBeUndefined();
  expect(worth(units(10n ** 10n), ETH, BTC)).toBeUndefined(); // no one bids
  expect(worth(units(-(10n ** 10n)), ETH, BTC)).toBe(-500_000_000n);
  table.setValidity(BTC_USD, invalidReasonCode('checksum'));
  expect(worth(units(10n ** 10n), BTC, USD)).toBeUndefined();
});

test('within a cycle the best of its two ways counts, each with the books that it needs', () => {
  const { table, directory } = market();
  const within = (units: Units, asset: typeof USD, into: typeof USD) =>
    worthWithin(units, asset.index, into.index, PAIRS, directory, table);
  const one = 10n ** 10n;
  expect(within(units(one), BTC, USD)).toBe(500_000_000n); // the way over ETH has no book
  expect(within(units(one), ETH, USD)).toBeUndefined();
  putBook(table, ETH_BTC, { bids: [[4_990n, lots(1n)]], asks: [[5_000n, lots(1n)]] }, 3, 0);
  expect(within(units(one), ETH, USD)).toBe(24_950_000n); // 0.0499 BTC at 50,000
  putBook(table, ETH_USD, { bids: [[252_000n, lots(1n)]], asks: [[252_100n, lots(1n)]] }, 4, 0);
  expect(within(units(one), ETH, USD)).toBe(25_200_000n); // 2,520 USD at once
  expect(within(units(one), BTC, USD)).toBe(504_000_000n); // 20 ETH, 50,400 USD: on along the cycle
  expect(within(units(-one), ETH, USD)).toBe(-25_000_500n); // bought back over BTC: 0.05 × 50,001
  expect(within(units(0n), ETH, USD)).toBe(0n);
});
