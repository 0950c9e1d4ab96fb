import { describe, expect, test } from 'vitest';
import { encodeClientOrderId } from '../../../src/trading/client-order-id.ts';
import { LEDGER_ROW, ORDER_ROW, orderReading, TRADE_ROW } from '../../../src/venues/kraken/rest/order-rows.ts';
import { VenueNames } from '../../../src/venues/kraken/wire/venue-names.ts';
import { directoryOf } from '../../support/directory-of.ts';

const clOrdId = encodeClientOrderId({ runMs: 1_800_000_000_000, plan: 2, leg: 2, attempt: 1 });
const row = (change: object) =>
  ORDER_ROW.parse({
    cl_ord_id: clOrdId,
    status: 'closed',
    opentm: '1800000143.18',
    descr: { pair: 'XETHXXBT', type: 'sell', price: '0.05' },
    vol: '2',
    vol_exec: '2',
    trades: ['T1'],
    ...change,
  });

describe('an order of ours in a pair whose name is not known yet', () => {
  const directory = directoryOf(['ETH/BTC']);
  const names = new VenueNames(directory); // nothing loaded: REST spells it otherwise
  const read = (change: object) => orderReading('O1', row(change), { trades: {}, ledger: [] }, names, directory);

  test('is not read when it was filled: it would look as if it had not been', () => {
    expect(() => read({})).toThrow('a pair that is not known');
  });

  test('is read, without its fills, when the pair is listed no more: waiting for its name would never end', () => {
    const loaded = new VenueNames(directory);
    loaded.takePairs({ XXBTZUSD: { altname: 'XBTUSD', wsname: 'XBT/USD', pair_decimals: 1, lot_decimals: 8 } });
    const facts = { trades: {}, ledger: [] };
    expect(orderReading('O1', row({}), facts, loaded, directory)).toMatchObject({ instrument: undefined, fills: [] });
  });

  test('is read when nothing of it was filled', () => {
    expect(read({ vol_exec: '0.00000000', trades: null })).toMatchObject({ clOrdId, instrument: undefined, fills: [] });
  });

  test('is read when it is a trailing order of another party, whose price is a distance', () => {
    const descr = { pair: 'XETHXXBT', type: 'sell', price: '+5.0000%' };
    expect(read({ cl_ord_id: null, descr })).toMatchObject({ clOrdId: undefined, limitTicks: 0n, qtyLots: 0n });
  });

  test('is read when it is not ours', () => {
    expect(read({ cl_ord_id: 'somebody' })).toMatchObject({ clOrdId: 'somebody', fills: [] });
  });
});

describe('a fee that the ledger reports', () => {
  const directory = directoryOf(['ETH/BTC']);
  const pairs = { XETHXXBT: { altname: 'ETHXBT', wsname: 'ETH/XBT', pair_decimals: 8, lot_decimals: 8 } };
  const namesWith = (assets?: Parameters<VenueNames['takeAssets']>[0]) => {
    const names = new VenueNames(directory);
    names.takePairs(pairs);
    if (assets !== undefined) names.takeAssets(assets);
    return names;
  };
  const trade = TRADE_ROW.parse({
    ...{ ordertxid: 'O1', pair: 'XETHXXBT', time: '1800000143.2', type: 'buy', price: '0.05' },
    ...{ cost: '0.1', fee: '0.0001', vol: '2' },
  });
  const readWith = (names: VenueNames, feeAsset: string) => {
    const ledger = ['XXBT', feeAsset].map((asset) => ({
      ...{ refid: 'T1', time: '1800000143.2', asset },
      fee: asset === feeAsset ? '0.002' : '0',
    }));
    const facts = { trades: { T1: trade }, ledger: ledger.map((entry) => LEDGER_ROW.parse(entry)) };
    return orderReading('O1', row({ oflags: 'fcib' }), facts, names, directory).fills[0];
  };
  const eth = directory.assetNamed('ETH')?.index;

  test('in an old name of a listed asset is booked before the venue has reported its names', () => {
    expect(readWith(namesWith(), 'XETH')).toMatchObject({ feeAsset: eth, feeUnits: 200_000n });
  });

  test('in an asset that is not found is not read before the venue has reported its names: it may be listed', () => {
    expect(() => readWith(namesWith(), 'KFEE')).toThrow('the venue has not listed its assets');
  });

  test('in an asset that is not listed is said to be elsewhere once the names are known', () => {
    const names = namesWith({ XETH: { altname: 'ETH' }, KFEE: { altname: 'FEE' } });
    expect(readWith(names, 'KFEE')).toMatchObject({ feeUnits: 0n, feeElsewhere: '0.002 KFEE' });
    expect(readWith(names, 'XETH')).toMatchObject({ feeAsset: eth, feeUnits: 200_000n });
  });
});

describe('a trade that is not of its order', () => {
  const directory = directoryOf(['ETH/BTC', 'ETH/USD']);
  const names = new VenueNames(directory);
  names.takePairs({
    XETHXXBT: { altname: 'ETHXBT', wsname: 'ETH/XBT', pair_decimals: 8, lot_decimals: 8 },
    XETHZUSD: { altname: 'ETHUSD', wsname: 'ETH/USD', pair_decimals: 2, lot_decimals: 8 },
  });
  const fillWith = (change: object) => {
    const trade = TRADE_ROW.parse({
      ...{ ordertxid: 'O1', pair: 'XETHXXBT', time: '1800000143.2', type: 'sell', price: '0.05' },
      ...{ cost: '0.1', fee: '0.0001', vol: '2' },
      ...change,
    });
    return orderReading('O1', row({}), { trades: { T1: trade }, ledger: [] }, names, directory).fills[0];
  };

  test.each([
    ['pair', { pair: 'XETHZUSD' }, 'a fill of XETHZUSD'],
    ['side', { type: 'buy' }, 'a fill that buys'],
  ])('of another %s carries what is not so', (_what, change, otherThanOrder) => {
    expect(fillWith(change)).toMatchObject({ execId: 'T1', otherThanOrder });
  });

  test.each([
    ['quantity', { vol: '92233720368.54775808' }],
    ['price', { price: '1e30' }],
    ['cost', { cost: '1e30' }],
    ['fee', { fee: '-1e30' }],
  ])('nor is one read whose %s 64 bits do not hold', (_what, change) => {
    expect(() => fillWith(change)).toThrow('trade T1 is of amounts that 64 bits do not hold');
  });

  test('one that is carries nothing, also under another name of its pair, or one that is not known', () => {
    for (const pair of ['XETHXXBT', 'ETHXBT', 'ETH/XBT', 'NEVERHEARD']) {
      expect(fillWith({ pair })).not.toHaveProperty('otherThanOrder');
    }
  });
});
