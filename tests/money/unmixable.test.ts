import { describe, expect, test } from 'vitest';
import { compilerOn, importing } from '../support/compiler.ts';

/** Each with its right twin: what differs is only what is passed. */
interface Swap {
  readonly what: string;
  readonly wrong: string;
  readonly right: string;
}

const HEADER = [
  importing('type ApprovedOrder, type OrderLimits, type OrderRequest', 'src/trading/approved-order.ts'),
  importing('assetSpent, edgeOf', 'src/market/asset-graph.ts'),
  importing('type BookTable', 'src/market/book-table.ts'),
  importing('type FeeTable', 'src/market/fee-table.ts'),
  importing('type AssetIndex, type Instrument, type InstrumentIndex', 'src/market/instrument.ts'),
  importing('type BalanceReading, type Fill, type TradingPort', 'src/venues/trading-port.ts'),
  importing('isMore, type Lots, lots, minus, plus, type Units, units', 'src/money/money.ts'),
  importing('type LedgerEntry', 'src/actors/sequencer/account/account-ledger.ts'),
  importing('type Plan', 'src/actors/sequencer/model/plan.ts'),
  importing('type Clock', 'src/platform/clock.ts'),
  importing('laterBy', 'src/platform/time.ts'),
  'declare const [plan, amount, clock, patienceMs]: [Plan, Units, Clock, number];',
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

const AMOUNTS: readonly Swap[] = [
  {
    what: 'a limit for the funds, in an order',
    wrong: 'const other: OrderRequest = { ...order, fundsUnits: order.limitTicks };',
    right: 'const other: OrderRequest = { ...order, limitTicks: order.limitTicks };',
  },
  {
    what: 'a price for a quantity, in an order',
    wrong: 'const other: OrderRequest = { ...order, qtyLots: order.limitTicks };',
    right: 'const other: OrderRequest = { ...order, qtyLots: order.qtyLots };',
  },
  {
    what: 'a quantity for a price, in an order',
    wrong: 'const other: OrderRequest = { ...order, limitTicks: order.qtyLots };',
    right: 'const other: OrderRequest = { ...order, limitTicks: fill.priceTicks };',
  },
  {
    what: 'funds for a quantity, in an order',
    wrong: 'const other: OrderRequest = { ...order, qtyLots: order.fundsUnits };',
    right: 'const other: OrderRequest = { ...order, fundsUnits: order.fundsUnits };',
  },
  {
    what: 'lots against a limit in units',
    wrong: 'isMore(order.qtyLots, amount);',
    right: 'isMore(order.fundsUnits, amount);',
  },
  {
    what: 'a limit in lots for one in units, at the pre-trade check',
    wrong: 'const other: OrderLimits = { ...limits, spendMaxUnits: limits.qtyMaxLots };',
    right: 'const other: OrderLimits = { ...limits, spendMaxUnits: limits.spendMaxUnits };',
  },
  {
    what: 'a price for a quantity, in a fill',
    wrong: 'const other: Fill = { ...fill, qtyLots: fill.priceTicks };',
    right: 'const other: Fill = { ...fill, qtyLots: order.qtyLots };',
  },
  {
    what: 'a quantity for a cost, in a fill',
    wrong: 'const other: Fill = { ...fill, costUnits: fill.qtyLots };',
    right: 'const other: Fill = { ...fill, costUnits: fill.feeUnits };',
  },
  {
    what: 'a quantity for what is held',
    wrong: 'plan.heldUnits[0] = fill.qtyLots;',
    right: 'plan.heldUnits[0] = fill.costUnits;',
  },
  {
    what: 'a sum of lots and units',
    wrong: 'const sum: Units = plus(fill.costUnits, fill.qtyLots);',
    right: 'const sum: Units = plus(fill.costUnits, fill.feeUnits);',
  },
  {
    what: 'a difference of a price and a quantity',
    wrong: 'const left: Lots = minus(order.qtyLots, order.limitTicks);',
    right: 'const left: Lots = minus(order.qtyLots, fill.qtyLots);',
  },
  {
    what: 'a bare product of price and quantity for units',
    wrong: 'const other: Fill = { ...fill, costUnits: fill.priceTicks * fill.qtyLots };',
    right: 'const other: Fill = { ...fill, costUnits: units(fill.priceTicks * fill.qtyLots) };',
  },
  {
    what: 'a bare number of the wire for lots',
    wrong: 'const other: OrderRequest = { ...order, qtyLots: 5n };',
    right: 'const other: OrderRequest = { ...order, qtyLots: lots(5n) };',
  },
  {
    what: 'a quantity for an amount of the ledger',
    wrong: 'const other: LedgerEntry = { asset, units: fill.qtyLots, plan: 1 };',
    right: 'const other: LedgerEntry = { asset, units: fill.costUnits, plan: 1 };',
  },
  {
    what: 'a quantity for a balance',
    wrong: 'const other: BalanceReading = { asset, totalUnits: order.qtyLots, heldUnits: amount };',
    right: 'const other: BalanceReading = { asset, totalUnits: amount, heldUnits: amount };',
  },
];

const TIMES: readonly Swap[] = [
  {
    what: 'wall milliseconds for monotonic nanoseconds, in an order',
    wrong: 'const other: OrderRequest = { ...order, placedNs: clock.wallMs() };',
    right: 'const other: OrderRequest = { ...order, placedNs: clock.nowNs() };',
  },
  {
    what: "the venue's time of a fill for monotonic nanoseconds",
    wrong: 'const other: OrderRequest = { ...order, placedNs: fill.atMs };',
    right: 'const other: OrderRequest = { ...order, placedNs: order.placedNs };',
  },
  {
    what: 'monotonic nanoseconds for the time of a fill',
    wrong: 'const other: Fill = { ...fill, atMs: clock.nowNs() };',
    right: 'const other: Fill = { ...fill, atMs: clock.wallMs() };',
  },
  {
    what: 'monotonic nanoseconds for the time that an account is read since',
    wrong: "port.readAccount({ scope: 'everything', sinceMs: order.placedNs });",
    right: "port.readAccount({ scope: 'everything', sinceMs: fill.atMs });",
  },
  {
    what: 'wall milliseconds for the end of patience',
    wrong: 'plan.patienceUntilNs = clock.wallMs();',
    right: 'plan.patienceUntilNs = laterBy(clock.nowNs(), patienceMs);',
  },
  {
    what: 'a duration for a point in time',
    wrong: 'plan.retryDueNs = patienceMs;',
    right: 'plan.retryDueNs = plan.openedNs;',
  },
  {
    what: 'wall milliseconds for the point that a duration is added to',
    wrong: 'laterBy(fill.atMs, patienceMs);',
    right: 'laterBy(order.placedNs, patienceMs);',
  },
];

describe.each([
  ['points in time', TIMES],
  ['positions of instruments and assets', INDICES],
  ['amounts', AMOUNTS],
] as const)('%s', (_, swaps) => {
  const said = compilerOn(
    HEADER,
    swaps.flatMap(({ wrong, right }) => [wrong, right]),
  );

  test.each(swaps.map(({ what }, index) => [what, index] as const))('cannot be mixed up: %s', (_what, index) => {
    expect(said[2 * index + 1], 'the right one is taken').toBe('');
    expect(said[2 * index], 'the wrong one is not').toMatch(/error TS23(22|45)/);
  });
});
