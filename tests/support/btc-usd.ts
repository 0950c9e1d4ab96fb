/** BTC/USD as the only pair there is: a tick is 0.1 USD, a lot 0.00000001 BTC. */
import { assetIndex, type Instrument, InstrumentDirectory, instrumentIndex } from '../../src/market/instrument.ts';
import { lots, ticks, units } from '../../src/money/money.ts';

export const BTC_USD: Instrument = {
  index: instrumentIndex(0),
  symbol: 'BTC/USD',
  base: assetIndex(1),
  quote: assetIndex(0),
  status: 'online',
  pricePrecision: 1,
  qtyPrecision: 8,
  costPrecision: 5,
  priceIncrement: ticks(1n),
  qtyIncrement: lots(1n),
  qtyMin: lots(5_000n),
  costMin: units(5_000n),
};

/** A directory that lists it. A unit of USD is 0.0001. */
export function btcUsdListed(): InstrumentDirectory {
  const directory = new InstrumentDirectory();
  const assets = [
    { index: assetIndex(0), id: 'USD', precision: 4 },
    { index: assetIndex(1), id: 'BTC', precision: 10 },
  ];
  directory.apply({ assets, instruments: [BTC_USD] });
  return directory;
}
