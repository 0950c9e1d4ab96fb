import { expect, test } from 'vitest';
import { createFeeTableMemory, FeeTable } from '../../src/market/fee-table.ts';
import { type InstrumentIndex, instrumentIndex } from '../../src/market/instrument.ts';
import type { PartsPerMillion } from '../../src/money/money.ts';

const told = (instrument: InstrumentIndex, ppm: number) => ({ instrument, takerPpm: ppm as PartsPerMillion });

test('a fee is unknown until it is reported, nothing at all is a fee too, and every reader sees the same', () => {
  const memory = createFeeTableMemory(4);
  const table = new FeeTable(memory);
  const before = table.changes;
  expect(table.of(instrumentIndex(3))).toBeUndefined();
  expect(table.take([told(instrumentIndex(3), 0), told(instrumentIndex(1), 2_600)])).toBe(2);
  expect([0, 1, 2, 3].map((instrument) => new FeeTable(memory).of(instrumentIndex(instrument)))).toEqual([
    undefined,
    2_600,
    undefined,
    0,
  ]);
  expect(new FeeTable(memory).changes).not.toBe(before);
});

test('what is reported again is no change', () => {
  const table = new FeeTable(createFeeTableMemory(2));
  table.take([told(instrumentIndex(0), 2_600)]);
  const before = table.changes;
  expect(table.take([told(instrumentIndex(0), 2_600)])).toBe(0);
  expect(table.changes).toBe(before);
  expect(table.take([told(instrumentIndex(0), 2_400)])).toBe(1);
  expect(table.changes).not.toBe(before);
});
