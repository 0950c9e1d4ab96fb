/** Named pairs, all with the same precisions, for tests that only need names and the graph. */
import {
  assetIndex,
  type Instrument,
  type InstrumentChanges,
  InstrumentDirectory,
  type InstrumentStatus,
  instrumentIndex,
} from '../../src/market/instrument.ts';
import type { Lots, Ticks, Units } from '../../src/money/money.ts';

export type Statuses = Readonly<Partial<Record<string, InstrumentStatus>>>;

/** The pairs in the order given, numbered from 0, and the assets in the order of their first mention. */
export function changesOf(symbols: readonly string[], statuses: Statuses = {}): InstrumentChanges {
  const names = [...new Set(symbols.flatMap((symbol) => symbol.split('/')))];
  return {
    assets: names.map((id, index) => ({ index: assetIndex(index), id, precision: 8 })),
    instruments: symbols.map((symbol, index) => pairOf(symbol, index, names, statuses[symbol] ?? 'online')),
  };
}

export function directoryOf(symbols: readonly string[], statuses: Statuses = {}): InstrumentDirectory {
  const directory = new InstrumentDirectory();
  directory.apply(changesOf(symbols, statuses));
  return directory;
}

function pairOf(symbol: string, index: number, names: readonly string[], status: InstrumentStatus): Instrument {
  const [base = '', quote = ''] = symbol.split('/');
  return {
    index: instrumentIndex(index),
    symbol,
    base: assetIndex(names.indexOf(base)),
    quote: assetIndex(names.indexOf(quote)),
    status,
    pricePrecision: 1,
    qtyPrecision: 8,
    costPrecision: 5,
    priceIncrement: 1n as Ticks,
    qtyIncrement: 1n as Lots,
    qtyMin: 1n as Lots,
    costMin: 1n as Units,
  };
}
