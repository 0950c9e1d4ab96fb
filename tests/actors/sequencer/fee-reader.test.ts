import { expect, test } from 'vitest';
import { FeeReader } from '../../../src/actors/sequencer/fees/fee-reader.ts';
import { NewestBooks } from '../../../src/actors/sequencer/model/newest-books.ts';
import type { Instrument, InstrumentIndex } from '../../../src/market/instrument.ts';
import { LADDER_LEGS } from '../../../src/market/legs/ladder-legs.ts';
import type { PartsPerMillion } from '../../../src/money/money.ts';
import { openTable } from '../../../src/runtime/memory/shared-tables.ts';
import type { VenueAccount } from '../../../src/venues/venue.ts';
import { createTestContext } from '../../support/test-context.ts';
import { ASSETS, BTC_USD, ETH_BTC, ETH_USD, PAIRS, putBook } from './sequencer-stage.ts';

const BOOK = { bids: [[1n, 1n]], asks: [[2n, 1n]] } as const;
const HOUR_MS = 3_600_000;

/** The venue reports a fee for every pair but ETH/BTC, and can be out of reach. */
function stageFees() {
  const { context, clock, memory, logged } = createTestContext('sequencer', {
    config: { mode: 'live', limits: { instruments_max: 8, assets_max: 8 }, venue: { fees_interval_ms: HOUR_MS } },
  });
  openTable(memory, 'instrument_log', 'feed').append({ assets: ASSETS, instruments: PAIRS });
  const table = openTable(memory, 'book_table', 'book');
  const venue = { isConnected: true, isReachable: true, takerPpm: 2_600, tellsAll: false };
  const asked: string[][] = [];
  const askFees: VenueAccount['askFees'] = (instruments: readonly Instrument[], done) => {
    asked.push(instruments.map(({ symbol }) => symbol));
    clock.after(10, () => {
      if (!venue.isReachable) return done({ ok: false, why: 'out of reach', isLasting: false });
      const told = instruments.filter(({ index }) => index !== ETH_BTC || venue.tellsAll);
      const takerPpm = venue.takerPpm as PartsPerMillion;
      return done({ ok: true, fees: told.map(({ index }) => ({ instrument: index, takerPpm })) });
    });
  };
  const books = new NewestBooks(context.bookTable, context.instrumentLog, LADDER_LEGS);
  const reader = new FeeReader({ context, books, account: { port: venue, askFees } });
  const pass = (ms: number) => clock.advanceTo(clock.nowNs() + ms * 1e6);
  const open = (instrument: InstrumentIndex) => putBook(table, instrument, BOOK, 1, 0);
  const fee = (instrument: InstrumentIndex) => context.feeTable.of(instrument);
  return { venue, asked, logged, pass, open, reader, feeTable: context.feeTable, fee };
}

test('asks for pairs once their books are there, and says what is not reported', () => {
  const { asked, venue, open, pass, fee, logged } = stageFees();
  pass(5_000);
  expect(asked).toEqual([]);
  open(BTC_USD);
  open(ETH_BTC);
  pass(2_000);
  expect(asked).toEqual([['BTC/USD', 'ETH/BTC']]);
  expect([fee(BTC_USD), fee(ETH_BTC), fee(ETH_USD)]).toEqual([2_600, undefined, undefined]);
  expect(logged).toMatchObject([
    { level: 'warn', event: 'fees_told', text: expect.stringContaining('not traded: ETH/BTC') },
  ]);
  open(ETH_USD);
  pass(2_000);
  expect(asked.slice(1)).toEqual([['ETH/USD']]);
  venue.tellsAll = true;
  pass(300_000); // what was not reported is asked for again, after a while
  expect(asked.slice(2)).toEqual([['ETH/BTC']]);
  expect(fee(ETH_BTC)).toBe(2_600);
});

test('waits for the connection, and asks again when there was no answer', () => {
  const { asked, open, pass, fee, venue } = stageFees();
  open(BTC_USD);
  Object.assign(venue, { isConnected: false, isReachable: false });
  pass(5_000);
  expect(asked).toEqual([]);
  venue.isConnected = true;
  pass(20_000);
  expect(asked).toHaveLength(1);
  expect(fee(BTC_USD)).toBeUndefined();
  venue.isReachable = true;
  pass(30_000);
  expect(fee(BTC_USD)).toBe(2_600);
});

test('asks for all of them again at the interval, and takes over what has changed', () => {
  const { asked, open, pass, fee, venue, reader } = stageFees();
  open(BTC_USD);
  open(ETH_USD);
  pass(2_000);
  venue.takerPpm = 2_400;
  pass(HOUR_MS - 10_000);
  expect(asked).toHaveLength(1);
  pass(20_000);
  expect(asked).toHaveLength(2);
  expect(fee(ETH_USD)).toBe(2_400);
  reader.stop();
  pass(3 * HOUR_MS);
  expect(asked).toHaveLength(2);
});

test('asks at once for a pair whose fill paid more, and ends the doubt with the answer', () => {
  const { asked, open, pass, fee, feeTable, venue } = stageFees();
  open(BTC_USD);
  open(ETH_USD);
  pass(2_000);
  feeTable.doubt(BTC_USD, 4_000 as PartsPerMillion);
  expect([fee(BTC_USD), feeTable.isDoubted(BTC_USD), feeTable.isDoubted(ETH_USD)]).toEqual([4_000, true, false]);
  venue.isReachable = false;
  pass(2_000);
  expect(feeTable.isDoubted(BTC_USD)).toBe(true); // no answer ends no doubt
  Object.assign(venue, { isReachable: true, takerPpm: 4_200 });
  pass(40_000);
  expect(asked.slice(1)).toEqual([['BTC/USD'], ['BTC/USD']]);
  expect([fee(BTC_USD), feeTable.isDoubted(BTC_USD)]).toEqual([4_200, false]);
});

test('what was paid weighs more than a venue that goes on telling less', () => {
  const { open, pass, fee, feeTable, venue } = stageFees();
  open(BTC_USD);
  pass(2_000);
  feeTable.doubt(BTC_USD, 4_000 as PartsPerMillion);
  pass(2_000);
  expect([fee(BTC_USD), feeTable.isDoubted(BTC_USD)]).toEqual([4_000, false]);
  pass(HOUR_MS); // at the next interval too
  expect(fee(BTC_USD)).toBe(4_000);
  venue.takerPpm = 5_000;
  pass(HOUR_MS);
  expect(fee(BTC_USD)).toBe(5_000);
  venue.takerPpm = 3_000; // it has followed once: its figure counts again
  pass(HOUR_MS);
  expect(fee(BTC_USD)).toBe(3_000);
});
