/** A market with a share that is traded as a token: calls and orders are about one class, currencies when they do not say. */
import { describe, expect, test } from 'vitest';
import { VirtualClock } from '../../../src/platform/clock.ts';
import { madeAccounts } from '../../../src/practice/exchange/accounts/account-spec.ts';
import { assetPairsEntries } from '../../../src/practice/market/instrument-entries.ts';
import { PRACTICE_DEFAULTS, PracticeExchange } from '../../../src/practice/practice-exchange.ts';
import { BTC_USD, tape } from '../captures.ts';
import { InlineClient } from '../inline-client.ts';
import { dig, RestClient } from './rest-client.ts';

const row = (more: object) => ({
  ...{ pair_decimals: 1, lot_decimals: 8, cost_decimals: 5, ordermin: '0.00005', costmin: '0.5', tick_size: '0.1' },
  ...{ aclass_quote: 'currency', quote: 'ZUSD', status: 'online' },
  ...more,
});
const LISTED = {
  XXBTZUSD: row({ altname: 'XBTUSD', wsname: 'XBT/USD', aclass_base: 'currency', base: 'XXBT' }),
  AAPLxUSD: row({ altname: 'AAPLxUSD', wsname: 'AAPLx/USD', aclass_base: 'tokenized_asset', base: 'AAPLx' }),
};

function open() {
  const recorded = tape(BTC_USD);
  const entries = assetPairsEntries(JSON.stringify({ error: [], result: LISTED }));
  const clock = new VirtualClock(1_700_000_000_000_000_000n);
  const accounts = madeAccounts(['BTC', 'USD', 'AAPLx'], 3);
  const exchange = new PracticeExchange({ ...recorded, entries }, clock, { ...PRACTICE_DEFAULTS, accounts });
  const client = new RestClient((request, respond) => exchange.rest.handle(request, respond), accounts[0]);
  return { exchange, client };
}

const keys = (reply: { result: unknown }) => Object.keys(reply.result as object);

describe('lists', () => {
  test.each([
    ['AssetPairs', '', ['XXBTZUSD']],
    ['AssetPairs', 'aclass_base=currency', ['XXBTZUSD']],
    ['AssetPairs', 'aclass_base=tokenized_asset', ['AAPLxUSD']],
    ['AssetPairs', 'aclass_base=tokenized_asset&pair=AAPLx/USD', ['AAPLx/USD']],
    ['AssetPairs', 'aclass_base=tokenized_asset&assetVersion=1', ['AAPLx/USD']],
    ['AssetPairs', 'AssetVersion=1', ['BTC/USD']],
    ['AssetPairs', 'aclass_base=forex', []],
    ['AssetPairs', 'aclass_base=forex&pair=XBTUSD', []],
    ['AssetPairs', 'execution_venue=international', ['XXBTZUSD']],
    ['AssetPairs', 'execution_venue=bitnomial-exchange', []],
    ['AssetPairs', 'pair=BTC/USD', ['BTC/USD']],
    ['AssetPairs', 'pair=XBT/USD', ['XBT/USD']],
    ['AssetPairs', 'pair=BTCUSD', ['XXBTZUSD']],
    ['AssetPairs', 'pair=BTC/USD&assetVersion=1', ['BTC/USD']],
    ['Assets', '', ['XXBT', 'ZUSD']],
    ['Assets', 'aclass=tokenized_asset', ['AAPLx']],
    ['Assets', 'aclass=nothing', []],
    ['Assets', 'aclass=currency&asset=XBT', ['XXBT']],
    ['Ticker', '', ['XXBTZUSD']],
    ['Ticker', 'asset_class=tokenized_asset', []], // nothing was recorded of it
    ['Ticker', 'asset_class=nothing', []],
    ['Ticker', 'pair=BTC/USD', ['BTC/USD']],
    ['Depth', 'pair=BTC/USD', ['BTC/USD']],
    ['Depth', 'pair=AAPLxUSD&asset_class=tokenized_asset', ['AAPLxUSD']],
  ])('%s %s lists %j', (name, query, wanted) => {
    expect(keys(open().client.public(name, query)).sort()).toEqual([...wanted].sort());
  });

  test('rows say what they are', () => {
    const { client } = open();
    const share = dig(client.public('AssetPairs', 'aclass_base=tokenized_asset'), 'result', 'AAPLxUSD');
    expect(share).toMatchObject({ aclass_base: 'tokenized_asset', aclass_quote: 'currency' });
    expect(dig(client.public('Assets', 'aclass=tokenized_asset'), 'result', 'AAPLx', 'aclass')).toBe('tokenized_asset');
  });

  test.each([
    ['AssetPairs', 'pair=AAPLxUSD'],
    ['AssetPairs', 'pair=XBTUSD&aclass_base=tokenized_asset'],
    ...['Ticker', 'Depth', 'Trades', 'OHLC', 'Spread'].map((name) => [name, 'pair=XBTUSD&asset_class=tokenized_asset']),
    ...['Ticker', 'Depth', 'Trades', 'OHLC', 'Spread'].map((name) => [name, 'pair=AAPLxUSD']),
  ])('%s %s finds no such pair', (name, query) => {
    expect(open().client.public(String(name), query).error).toEqual(['EQuery:Unknown asset pair']);
  });

  test('an asset of another class is unknown', () => {
    expect(open().client.public('Assets', 'asset=XBT&aclass=tokenized_asset').error).toEqual(['EQuery:Unknown asset']);
  });
});

describe('orders', () => {
  const buy = { pair: 'XBTUSD', type: 'buy', ordertype: 'limit', volume: '0.01', price: '1000.0' };
  test('of a class that the pair is not of are refused, whichever call places them', () => {
    const { client, exchange } = open();
    const { type, ordertype, volume, price } = buy;
    const orders = [0, 1].map(() => ({ type, ordertype, volume, price }));
    for (const asset_class of ['tokenized_asset', 'nothing', 'constructor']) {
      expect(client.private('AddOrder', { ...buy, asset_class }).error).toEqual(['EQuery:Unknown asset pair']);
      expect(client.json('AddOrderBatch', { pair: 'XBTUSD', asset_class, orders }).error).toEqual([
        'EQuery:Unknown asset pair',
      ]);
    }
    expect(client.private('AddOrder', { ...buy, pair: 'AAPLxUSD' }).error).toEqual(['EQuery:Unknown asset pair']);
    expect(exchange.trading.openOrders('main')).toEqual([]);
  });

  test('of the right class are taken', () => {
    const { client } = open();
    expect(client.private('AddOrder', { ...buy, asset_class: 'currency' }).error).toEqual([]);
    expect(client.private('AddOrder', { ...buy, pair: 'AAPLx/USD', asset_class: 'tokenized_asset' }).error).toEqual([]);
    const fees = client.private('TradeVolume', { pair: 'AAPLxUSD', asset_class: 'tokenized_asset' });
    expect(Object.keys(dig(fees, 'result', 'fees') as object)).toEqual(['AAPLxUSD']);
    expect(client.private('TradeVolume', { pair: 'AAPLxUSD' }).error).toEqual(['EQuery:Unknown asset pair']);
    const share = { asset: 'AAPLx/USD', aclass: 'tokenized_asset' };
    const both = client.json('TradeVolume', { pair: [share, { asset: 'BTC/USD', aclass: 'forex' }] });
    expect(Object.keys(dig(both, 'result', 'fees') as object)).toEqual(['AAPLx/USD', 'BTC/USD']);
    for (const wrong of [{ ...share, aclass: 'forex' }, { ...share, aclass: 'nothing' }, { aclass: 'forex' }, 5]) {
      expect(client.json('TradeVolume', { pair: [share, wrong] }).error).toEqual(['EQuery:Unknown asset pair']);
    }
  });

  test('the ledger can be asked for one class', () => {
    const { client } = open();
    const assets = (aclass: string) =>
      Object.values(
        dig(client.private('Ledgers', { aclass }), 'result', 'ledger') as Record<string, { asset: string }>,
      );
    expect(assets('tokenized_asset').map(({ asset }) => asset)).toEqual(['AAPLx']);
    expect(
      assets('currency')
        .map(({ asset }) => asset)
        .sort(),
    ).toEqual(['XXBT', 'ZUSD']);
    expect(assets('nothing')).toEqual([]);
  });
});

describe('the instrument channel', () => {
  const told = (params: object) => {
    const client = new InlineClient(open().exchange);
    client.say({ method: 'subscribe', params: { channel: 'instrument', ...params } });
    return client.last() as { data?: { pairs: { symbol: string }[]; assets: { id: string }[] }; error?: string };
  };
  test('reports tokenised assets to those who ask for them', () => {
    expect(told({}).data?.pairs.map(({ symbol }) => symbol)).toEqual(['BTC/USD']);
    expect(told({}).data?.assets.map(({ id }) => id)).not.toContain('AAPLx');
    const all = told({ include_tokenized_assets: true });
    expect(all.data?.pairs.map(({ symbol }) => symbol)).toEqual(['BTC/USD', 'AAPLx/USD']);
    expect(told({ execution_venue: 'bitnomial-exchange' }).data).toEqual({ assets: [], pairs: [] });
    expect(told({ execution_venue: 'moon' }).error).toBe('Execution venue not supported');
    expect(told({ include_tokenized_assets: 'yes' }).error).toBe("Field 'include_tokenized_assets' must be a boolean");
  });

  test('says nothing to the others when only such a pair changes', () => {
    const { exchange } = open();
    const [plain, both] = [false, true].map((include_tokenized_assets) => {
      const client = new InlineClient(exchange);
      client.say({ method: 'subscribe', params: { channel: 'instrument', include_tokenized_assets } });
      return client;
    });
    const before = plain?.frames.length;
    exchange.market.setPairStatus('AAPLx/USD', 'cancel_only');
    expect(plain?.frames.length).toBe(before);
    expect(both?.last()).toMatchObject({ data: { pairs: [{ symbol: 'AAPLx/USD', status: 'cancel_only' }] } });
  });
});
