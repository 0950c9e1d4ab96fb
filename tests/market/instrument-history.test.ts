import { expect, test } from 'vitest';
import { assetIndex, type Instrument, instrumentIndex } from '../../src/market/instrument.ts';
import { InstrumentHistory } from '../../src/market/instrument-history.ts';
import { lots, ticks, units } from '../../src/money/money.ts';

const pair = (pricePrecision: number, status: Instrument['status'] = 'online'): Instrument => ({
  index: instrumentIndex(0),
  symbol: 'BTC/USD',
  base: assetIndex(1),
  quote: assetIndex(0),
  status,
  pricePrecision,
  qtyPrecision: 8,
  costPrecision: 5,
  priceIncrement: ticks(1n),
  qtyIncrement: lots(1n),
  qtyMin: lots(1n),
  costMin: units(1n),
});

function historyOf(...lines: readonly (readonly [seq: number, instrument: Instrument])[]): InstrumentHistory {
  const history = new InstrumentHistory();
  for (const [seq, instrument] of lines) history.apply({ changes: { assets: [], instruments: [instrument] }, seq });
  return history;
}

test('an instrument has the scale of its time, and its first one before that', () => {
  const history = historyOf([5, pair(1)], [9, pair(2)], [20, pair(1)]);
  const precisionAt = (seq: number) => history.asOf(instrumentIndex(0), seq)?.pricePrecision;
  expect([0, 5, 8, 9, 19, 20, 1e9].map(precisionAt)).toEqual([1, 1, 1, 2, 2, 1, 1]);
  expect(history.scaledSince(instrumentIndex(0))).toBe(20);
});

test('a change that leaves the scale as it is changes the directory only', () => {
  const history = historyOf([5, pair(1)], [9, pair(1, 'cancel_only')]);
  expect(history.scaledSince(instrumentIndex(0))).toBe(0);
  expect(history.directory.instruments[0]?.status).toBe('cancel_only');
  expect(history.newestSeq).toBe(9);
});

test('what no one announced has neither', () => {
  expect(historyOf().asOf(instrumentIndex(3), 10)).toBeUndefined();
  expect(historyOf().scaledSince(instrumentIndex(3))).toBe(0);
});

test('what was made in a scale is read at a message that had it, in the present one at the newest', () => {
  const history = historyOf([5, pair(1)], [9, pair(2)], [20, pair(1)], [30, pair(3)], [40, pair(3, 'cancel_only')]);
  const seqOf = (pricePrecision: number) => history.seqInScale(instrumentIndex(0), { pricePrecision, qtyPrecision: 8 });
  expect([1, 2, 3].map(seqOf)).toEqual([20, 9, 40]);
  for (const precision of [1, 2, 3])
    expect(history.asOf(instrumentIndex(0), seqOf(precision))?.pricePrecision).toBe(precision);
  expect(seqOf(7)).toBe(40); // it never had that one
});
