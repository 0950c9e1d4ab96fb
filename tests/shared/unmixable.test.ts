import { describe, expect, test } from 'vitest';
import { compilerOn, importing } from '../support/compiler.ts';

/** Each with its right twin: what differs is only what is passed. */
interface Swap {
  readonly what: string;
  readonly wrong: string;
  readonly right: string;
}

const HEADER = [
  importing('type ApprovedOrder, type OrderLimits, type OrderRequest', 'src/shared/approved-order.ts'),
  importing('assetSpent, edgeOf', 'src/shared/asset-graph.ts'),
  importing('type BookTable', 'src/shared/book-table.ts'),
  importing('type FeeTable', 'src/shared/fee-table.ts'),
  importing('type AssetIndex, type Instrument, type InstrumentIndex', 'src/shared/instrument.ts'),
  importing('type Fill, type TradingPort', 'src/venues/trading-port.ts'),
  'declare const [order, limits, port, fill]: [OrderRequest, OrderLimits, TradingPort, Fill];',
  'declare const [listed, book, fees]: [Instrument, BookTable, FeeTable];',
  'declare const [instrument, asset, place]: [InstrumentIndex, AssetIndex, number];',
];

const INDICES: readonly Swap[] = [
  {
    what: 'an asset for an instrument, in an order',
    wrong: 'const other: OrderRequest = { ...order, instrument: asset };',
    right: 'const other: OrderRequest = { ...order, instrument };',
  },
  {
    what: 'an asset for an instrument, at a limit',
    wrong: 'limits.qtyMaxLots(asset);',
    right: 'limits.qtyMaxLots(instrument);',
  },
  {
    what: 'an asset for an instrument, in the book table',
    wrong: 'book.newestSeq(listed.base);',
    right: 'book.newestSeq(listed.index);',
  },
  {
    what: 'an asset for an instrument, in the fee table',
    wrong: 'fees.of(listed.quote);',
    right: 'fees.of(listed.index);',
  },
  {
    what: 'an instrument for the asset of a fee',
    wrong: 'const other: Fill = { ...fill, feeAsset: instrument };',
    right: 'const other: Fill = { ...fill, feeAsset: asset };',
  },
  {
    what: 'an instrument for an asset of a pair',
    wrong: 'const other: Instrument = { ...listed, base: listed.index };',
    right: 'const other: Instrument = { ...listed, base: listed.quote };',
  },
  {
    what: 'an instrument for the asset that is spent',
    wrong: 'const spent: InstrumentIndex = assetSpent(listed, order.side);',
    right: 'const spent: AssetIndex = assetSpent(listed, order.side);',
  },
  {
    what: 'any number for an instrument',
    wrong: 'port.whyNoRoom([place]);',
    right: 'port.whyNoRoom([instrument]);',
  },
  {
    what: 'an edge for an instrument',
    wrong: 'book.newestSeq(edgeOf(instrument, order.side));',
    right: 'book.newestSeq(instrument);',
  },
];

describe.each([['positions of instruments and assets', INDICES]] as const)('%s', (_, swaps) => {
  const said = compilerOn(
    HEADER,
    swaps.flatMap(({ wrong, right }) => [wrong, right]),
  );

  test.each(swaps.map(({ what }, index) => [what, index] as const))('cannot be mixed up: %s', (_what, index) => {
    expect(said[2 * index + 1], 'the right one is taken').toBe('');
    expect(said[2 * index], 'the wrong one is not').toMatch(/error TS23(22|45)/);
  });
});
