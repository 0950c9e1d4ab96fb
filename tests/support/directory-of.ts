/** A directory of named pairs, all with the same precisions, for tests that only need names and the graph. */
import { InstrumentDirectory, type InstrumentStatus } from '../../src/shared/instrument.ts';
import type { Lots, Ticks, Units } from '../../src/shared/money.ts';

export function directoryOf(
  symbols: readonly string[],
  statuses: Readonly<Partial<Record<string, InstrumentStatus>>> = {},
): InstrumentDirectory {
  const names = [...new Set(symbols.flatMap((symbol) => symbol.split('/')))];
  const directory = new InstrumentDirectory();
  directory.apply({
    assets: names.map((id, index) => ({ index, id, precision: 8 })),
    instruments: symbols.map((symbol, index) => {
      const [base = '', quote = ''] = symbol.split('/');
      return {
        index,
        symbol,
        base: names.indexOf(base),
        quote: names.indexOf(quote),
        status: statuses[symbol] ?? 'online',
        pricePrecision: 1,
        qtyPrecision: 8,
        costPrecision: 5,
        priceIncrement: 1n as Ticks,
        qtyIncrement: 1n as Lots,
        qtyMin: 1n as Lots,
        costMin: 1n as Units,
      };
    }),
  });
  return directory;
}
