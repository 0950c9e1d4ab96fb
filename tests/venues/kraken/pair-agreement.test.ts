import { expect, test } from 'vitest';
import { InstrumentDirectory } from '../../../src/market/instrument.ts';
import { lots, ticks, units } from '../../../src/money/money.ts';
import { disagreement } from '../../../src/venues/kraken/rest/pair-agreement.ts';
import { PAIR_ROW } from '../../../src/venues/kraken/wire/venue-names.ts';
import { changesOf } from '../../support/directory-of.ts';

/** BTC/USD as both sides tell it: ticks of 0.1, lots of 10^-8. */
const AGREED = {
  altname: 'XBTUSD',
  wsname: 'XBT/USD',
  pair_decimals: '1',
  lot_decimals: '8',
  ordermin: '0.00005',
  costmin: '0.5',
  tick_size: '0.1',
};

function judged(row: object): string | undefined {
  const directory = new InstrumentDirectory();
  const { assets, instruments } = changesOf(['BTC/USD']);
  const instrument = {
    ...instruments[0]!,
    priceIncrement: ticks(1n),
    qtyIncrement: lots(1n),
    qtyMin: lots(5_000n),
    costMin: units(50_000_000n),
  };
  directory.apply({ assets, instruments: [instrument] });
  return disagreement(instrument, PAIR_ROW.parse({ ...AGREED, ...row }), directory);
}

test('sides that say the same agree, and a REST that wants less, or says nothing, is no hindrance', () => {
  const silent = { ordermin: null, costmin: undefined, tick_size: undefined };
  for (const row of [{}, silent, { pair_decimals: '5', lot_decimals: '10', ordermin: '0.00001', costmin: '0.1' }]) {
    expect(judged(row)).toBeUndefined();
  }
});

test.each([
  [{ tick_size: '0.5' }, 'prices in steps of 0.5', '0.1'],
  [{ tick_size: '0.25' }, 'prices in steps of 0.3', '0.1'],
  [{ pair_decimals: '0' }, 'prices in steps of 1.0', '0.1'],
  [{ lot_decimals: '5' }, 'quantities in steps of 0.00001000', '0.00000001'],
  [{ ordermin: '0.00005001' }, 'a quantity of at least 0.00005001', '0.00005000'],
  [{ ordermin: '0.000050000000001' }, 'a quantity of at least 0.00005001', '0.00005000'],
  [{ costmin: '0.6' }, 'a cost of at least 0.60000000', '0.50000000'],
])('REST with %j wants %s', (row, wanted, socket) => {
  expect(judged(row)).toBe(`REST wants ${wanted}, the socket says ${socket}`);
});
