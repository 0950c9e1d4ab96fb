import { expect, test } from 'vitest';
import { InstrumentDirectory } from '../../../src/market/instrument.ts';
import { lots } from '../../../src/money/money.ts';
import { VirtualClock } from '../../../src/platform/clock.ts';
import { monotonicNs } from '../../../src/platform/time.ts';
import { failed } from '../../../src/venues/kraken/rest/rest-answer.ts';
import { PairTerms } from '../../../src/venues/kraken/trading/pair-terms.ts';
import { changesOf } from '../../support/directory-of.ts';

const INTERVAL_MS = 600_000;

/** REST and the socket, each with a minimum of its own for BTC/USD, in lots. */
function stageTerms() {
  const clock = new VirtualClock();
  const directory = new InstrumentDirectory();
  const { assets, instruments } = changesOf(['BTC/USD', 'ETH/USD']);
  const venue = { restMin: 5n, isReachable: true, reads: 0 };
  let readMin = venue.restMin;
  const announce = (qtyMin: bigint) =>
    directory.apply({ assets, instruments: instruments.map((one) => ({ ...one, qtyMin: lots(qtyMin) })) });
  announce(5n);
  const told: string[] = [];
  const terms = new PairTerms({
    clock,
    directory,
    intervalMs: INTERVAL_MS,
    rest: {
      loadNames: (done) => {
        venue.reads++;
        const min = venue.restMin;
        clock.after(100, () => {
          if (!venue.isReachable) return done(failed('unknown', 'http', 'HTTP 502', 'later'));
          readMin = min;
          return done({ ok: true, value: undefined });
        });
      },
      disagreement: ({ symbol, qtyMin }) =>
        symbol === 'BTC/USD' && readMin > qtyMin ? `REST wants ${readMin}, the socket says ${qtyMin}` : undefined,
    },
    onNews: (text, isAgreed) => told.push(`${isAgreed ? 'agreed' : 'not'}: ${text}`),
    onUnexpected: (text) => told.push(`unexpected: ${text}`),
  });
  const pass = (ms: number) => {
    const untilNs = clock.nowNs() + ms * 1e6;
    for (let atNs = clock.nowNs(); atNs < untilNs; atNs = monotonicNs(atNs + 1e8)) {
      clock.advanceTo(Math.min(untilNs, atNs + 1e8));
      terms.onTimer();
    }
  };
  return { venue, announce, told, terms, pass };
}

test('REST is read again after an announcement, and not again before the interval is over', () => {
  const { venue, announce, told, terms, pass } = stageTerms();
  pass(10_000);
  expect(venue.reads).toBe(0); // not begun
  terms.start();
  pass(10_000);
  expect(venue.reads).toBe(0);
  Object.assign(venue, { restMin: 2n });
  announce(2n);
  pass(1_000);
  expect([venue.reads, told]).toEqual([1, []]); // what both say by then is no disagreement
  pass(INTERVAL_MS - 5_000);
  expect(venue.reads).toBe(1);
  pass(10_000);
  expect(venue.reads).toBe(2);
});

test('announcements that follow each other at once cost one reading in five seconds', () => {
  const { venue, announce, terms, pass } = stageTerms();
  terms.start();
  pass(5_000);
  for (let round = 0; round < 100; round++) {
    announce(5n);
    pass(200);
  }
  expect(venue.reads).toBeLessThanOrEqual(5);
  expect(venue.reads).toBeGreaterThanOrEqual(3);
});

test('a disagreement is said once with both values, looked at again soon, and its end is said', () => {
  const { venue, announce, told, terms, pass } = stageTerms();
  terms.start();
  pass(5_000);
  announce(2n); // REST is late
  pass(1_000);
  expect(told).toEqual(['not: BTC/USD is not traded: REST wants 5, the socket says 2']);
  pass(60_000);
  expect(told).toHaveLength(1);
  expect(venue.reads).toBeGreaterThan(3);
  expect(venue.reads).toBeLessThan(8);
  venue.restMin = 3n;
  pass(60_000);
  expect(told.slice(1)).toEqual(['not: BTC/USD is not traded: REST wants 3, the socket says 2']);
  venue.restMin = 1n;
  pass(60_000);
  expect(told.slice(2)).toEqual(['agreed: BTC/USD can be traded: REST and the socket say the same of it']);
  const { reads } = venue;
  pass(INTERVAL_MS - 70_000);
  expect(venue.reads).toBe(reads);
});

test('a REST that changes without an announcement is noticed at the interval', () => {
  const { venue, told, terms, pass } = stageTerms();
  terms.start();
  venue.restMin = 9n;
  pass(INTERVAL_MS + 1_000);
  expect(told).toEqual(['not: BTC/USD is not traded: REST wants 9, the socket says 5']);
});

test('a reading that fails is made again, and none after the end', () => {
  const { venue, announce, told, terms, pass } = stageTerms();
  terms.start();
  pass(5_000);
  Object.assign(venue, { isReachable: false, restMin: 2n });
  announce(2n);
  pass(1_000);
  expect(told).toEqual(['unexpected: the terms of pairs could not be read again: HTTP 502']);
  venue.isReachable = true;
  pass(20_000);
  expect(told).toHaveLength(1);
  announce(2n);
  pass(200);
  terms.stop();
  const { reads } = venue;
  pass(INTERVAL_MS * 2);
  expect([venue.reads, told.length]).toEqual([reads, 1]);
});
