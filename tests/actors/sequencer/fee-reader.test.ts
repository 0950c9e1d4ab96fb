import { expect, test } from 'vitest';
import { FeeReader } from '../../../src/actors/sequencer/fee-reader.ts';
import { NewestBooks } from '../../../src/actors/sequencer/newest-books.ts';
import { BookTable } from '../../../src/shared/book-table.ts';
import type { Instrument } from '../../../src/shared/instrument.ts';
import { InstrumentLog } from '../../../src/shared/instrument-log.ts';
import type { PartsPerMillion } from '../../../src/shared/money.ts';
import type { KrakenRest } from '../../../src/venues/kraken/kraken-rest.ts';
import { failed } from '../../../src/venues/kraken/rest-answer.ts';
import { createTestContext } from '../../support/test-context.ts';
import { ASSETS, BTC_USD, ETH_BTC, ETH_USD, PAIRS, putBook } from './sequencer-stage.ts';

const BOOK = { bids: [[1n, 1n]], asks: [[2n, 1n]] } as const;
const HOUR_MS = 3_600_000;

/** The venue tells a fee for every pair but ETH/BTC, and can be out of reach. */
function stageFees() {
  const { context, clock, memory, logged } = createTestContext('sequencer', {
    config: { mode: 'live', limits: { instruments_max: 8, assets_max: 8 }, venue: { fees_interval_ms: HOUR_MS } },
  });
  new InstrumentLog(memory.instrumentLog).append({ assets: ASSETS, instruments: PAIRS });
  const table = new BookTable(memory.bookTable);
  const venue = { isConnected: true, isReachable: true, takerPpm: 2_600 };
  const asked: string[][] = [];
  const takerFees: KrakenRest['takerFees'] = (instruments: readonly Instrument[], done) => {
    asked.push(instruments.map(({ symbol }) => symbol));
    clock.after(10, () => {
      if (!venue.isReachable) return done(failed('unknown', 'transport', 'out of reach', 'later'));
      const feeOf = ({ index }: Instrument) => ({
        instrument: index,
        takerPpm: (index === ETH_BTC ? 8_000 : venue.takerPpm) as PartsPerMillion,
        isTold: index !== ETH_BTC,
      });
      return done({ ok: true, value: instruments.map(feeOf) });
    });
  };
  const books = new NewestBooks(context.bookTable, context.instrumentLog);
  const reader = new FeeReader({ context, books, port: venue, rest: { takerFees } });
  const pass = (ms: number) => clock.advanceTo(clock.nowNs() + ms * 1e6);
  const open = (instrument: number) => putBook(table, instrument, BOOK, 1, 0);
  return { venue, asked, logged, pass, open, reader, fee: (instrument: number) => context.feeTable.of(instrument) };
}

test('asks for pairs once their books are there, and says what had to be assumed', () => {
  const { asked, open, pass, fee, logged } = stageFees();
  pass(5_000);
  expect(asked).toEqual([]);
  open(BTC_USD);
  open(ETH_BTC);
  pass(2_000);
  expect(asked).toEqual([['BTC/USD', 'ETH/BTC']]);
  expect([fee(BTC_USD), fee(ETH_BTC), fee(ETH_USD)]).toEqual([2_600, 8_000, undefined]);
  expect(logged).toMatchObject([
    { level: 'warn', event: 'fees_told', text: expect.stringContaining('1 taken at the worst') },
  ]);
  open(ETH_USD);
  pass(2_000);
  expect(asked.slice(1)).toEqual([['ETH/USD']]);
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
