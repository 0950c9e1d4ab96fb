import { describe, expect, test } from 'vitest';
import { VirtualClock } from '../../../src/platform/clock.ts';
import { type AccountSpec, madeAccounts } from '../../../src/practice/exchange/accounts/account-spec.ts';
import { PRACTICE_DEFAULTS, PracticeExchange, type PracticeSettings } from '../../../src/practice/practice-exchange.ts';
import { BTC_USD, GEMINI, tape } from '../captures.ts';
import { dig, RestClient } from './rest-client.ts';

const TAPES = { btc: tape(BTC_USD), gemini: tape(GEMINI) };
const ASSETS = ['BTC', 'USD'];

function open(
  settings: Partial<PracticeSettings> = {},
  account: Partial<AccountSpec> = {},
  name: keyof typeof TAPES = 'btc',
) {
  const clock = new VirtualClock(1_700_000_000_000_000_000n);
  const accounts = madeAccounts(ASSETS, 3).map((one) => ({
    ...one,
    balances: { USD: '100000', BTC: '2' },
    ...account,
  }));
  const exchange = new PracticeExchange(TAPES[name], clock, { ...PRACTICE_DEFAULTS, accounts, ...settings });
  const [main, second] = accounts.map(
    (one) => new RestClient((request, respond) => exchange.rest.handle(request, respond), one),
  ) as [RestClient, RestClient];
  return { clock, exchange, main, second, accounts };
}

const book = (exchange: PracticeExchange) => exchange.market.books.get('BTC/USD');
const LIMIT = { pair: 'XBTUSD', type: 'buy', ordertype: 'limit', volume: '0.01', price: '1000.0' };
const TAKE = { pair: 'XXBTZUSD', type: 'buy', ordertype: 'market', volume: '0.01' };

describe('public calls', () => {
  test('time and status', () => {
    const { main } = open();
    expect(main.public('Time')).toEqual({
      error: [],
      result: { unixtime: 1_700_000_000, rfc1123: 'Tue, 14 Nov 23 22:13:20 +0000' },
    });
    expect(main.public('SystemStatus').result).toEqual({ status: 'online', timestamp: '2023-11-14T22:13:20Z' });
  });

  test('AssetPairs and Assets speak legacy names, or modern ones on request', () => {
    const { main } = open();
    expect(main.public('AssetPairs', 'pair=btcusd').result).toMatchObject({
      XXBTZUSD: {
        altname: 'XBTUSD',
        wsname: 'XBT/USD',
        base: 'XXBT',
        quote: 'ZUSD',
        pair_decimals: 1,
        status: 'online',
      },
    });
    expect(main.public('AssetPairs', 'pair=XBTUSD&assetVersion=1').result).toMatchObject({
      'BTC/USD': { altname: 'XBTUSD', base: 'BTC', quote: 'USD' },
    });
    const fees = { fees: [], fees_maker: [], fee_volume_currency: 'ZUSD' };
    expect(main.public('AssetPairs', 'info=fees').result).toEqual({ XXBTZUSD: fees });
    expect(dig(main.public('Assets'), 'result', 'XXBT')).toMatchObject({
      altname: 'XBT',
      aclass: 'currency',
      decimals: 10,
    });
    expect(main.public('Assets', 'asset=XBT,USD').result).toMatchObject({ XXBT: {}, ZUSD: {} });
  });

  test('assets have the states of REST, not those of the socket', () => {
    const clock = new VirtualClock(1_700_000_000_000_000_000n);
    const { entries, ...rest } = TAPES.btc;
    const states = ['depositonly', 'fundingtemporarilydisabled'];
    const assets = entries.assets.slice(0, 2).map((entry, at) => ({ ...entry, status: states[at] }));
    const exchange = new PracticeExchange({ ...rest, entries: { ...entries, assets } }, clock, PRACTICE_DEFAULTS);
    const client = new RestClient((request, respond) => exchange.rest.handle(request, respond));
    const listed = Object.values(client.public('Assets').result as Record<string, { status: string }>);
    expect(listed.map(({ status }) => status)).toEqual(['deposit_only', 'funding_temporarily_disabled']);
  });

  test('Depth is the book: prices with the decimals of cost, quantities in thousandths, none of them 0', () => {
    const { main, exchange } = open();
    const rows = dig(main.public('Depth', 'pair=XBTUSD&count=3'), 'result', 'XXBTZUSD', 'asks') as string[][];
    expect(rows).toHaveLength(3);
    expect(book(exchange)?.snapshotSide('ask', 3)).toBe(
      '[{"price":63388.8,"qty":0.34887114},{"price":63389.0,"qty":0.00005100},{"price":63389.8,"qty":0.00012000}]',
    );
    expect(rows.map((row) => row.slice(0, 2))).toEqual([
      ['63388.800000000', '0.349'],
      ['63389.000000000', '0.001'],
      ['63389.800000000', '0.001'],
    ]);
  });

  test('a trade of an account shows in Trades, Ticker and OHLC', () => {
    const { main } = open();
    expect(main.public('Trades', 'pair=XBTUSD').result).toEqual({ XXBTZUSD: [], last: '0' });
    expect(main.private('AddOrder', TAKE).error).toEqual([]);
    const [trade] = dig(main.public('Trades', 'pair=XBTUSD'), 'result', 'XXBTZUSD') as unknown[][];
    expect(trade?.slice(1, 6)).toEqual(['0.01000000', 1_700_000_000, 'b', 'm', '']);
    const ticker = dig(main.public('Ticker', 'pair=XBTUSD'), 'result', 'XXBTZUSD');
    expect(ticker).toMatchObject({ c: [trade?.[0], '0.01000000'], v: ['0.01000000', '0.01000000'], t: [1, 1] });
    const candle = dig(main.public('OHLC', 'pair=XBTUSD&interval=5'), 'result', 'XXBTZUSD', 0) as unknown[];
    expect(trade?.[0]).toBe('63388.800000000');
    expect(candle.slice(4)).toEqual(['63388.8', '63388.8', '0.01000000', 1]);
    const last = dig(main.public('Trades', 'pair=XBTUSD'), 'result', 'last');
    expect(main.public('Trades', `pair=XBTUSD&since=${last}`).result).toEqual({ XXBTZUSD: [], last });
    expect(dig(main.public('Spread', 'pair=XBTUSD'), 'result', 'XXBTZUSD')).not.toHaveLength(0);
  });

  test.each([
    ['Nothing', '', 'EGeneral:Unknown method'],
    ['GroupedBook', 'pair=XBTUSD', 'EGeneral:Unknown method'],
    ['constructor', '', 'EGeneral:Unknown method'],
    ['Depth', '', 'EGeneral:Invalid arguments:pair'],
    ['Depth', 'pair=NOPE', 'EQuery:Unknown asset pair'],
    ['Depth', 'pair=XBTUSD&count=0', 'EGeneral:Invalid arguments:count'],
    ['Ticker', 'pair=XBTUSD,NOPE', 'EQuery:Unknown asset pair'],
    ['Assets', 'asset=NOPE', 'EQuery:Unknown asset'],
    ['AssetPairs', 'info=secrets', 'EGeneral:Invalid arguments:info'],
    ['OHLC', 'pair=XBTUSD&interval=7', 'EGeneral:Invalid arguments'],
    ['Trades', 'pair=XBTUSD&since=soon', 'EGeneral:Invalid arguments'],
    ['Ticker', 'pair=%E0%A4%A', 'EAPI:Bad request'],
  ])('%s?%s is refused: %s', (name, query, error) => {
    expect(open().main.public(name, query)).toEqual({ error: [error], result: undefined });
  });
});

describe('funds', () => {
  test('Balance, BalanceEx and the hold of a resting order', () => {
    const { main } = open();
    expect(main.private('Balance').result).toEqual({ ZUSD: '100000.0000000000', XXBT: '2.0000000000' });
    expect(main.private('AddOrder', LIMIT).error).toEqual([]);
    const { ZUSD } = main.private('BalanceEx').result as { ZUSD: { hold_trade: string } };
    expect(ZUSD).toMatchObject({ balance: '100000.0000000000' });
    expect(Number(ZUSD.hold_trade)).toBeGreaterThan(10);
    expect(main.private('Balance', { assetVersion: '1' }).result).toMatchObject({ USD: '100000.0000000000' });
  });

  test('a trade is in balances, ledger and history with the same digits', () => {
    const { main, clock } = open();
    const [txid] = dig(main.private('AddOrder', TAKE), 'result', 'txid') as string[];
    const order = dig(main.private('QueryOrders', { txid: txid ?? '', trades: 'true' }), 'result', txid ?? '');
    const { cost, fee, trades, price } = order as { cost: string; fee: string; trades: string[]; price: string };
    expect(order).toMatchObject({ status: 'closed', vol: '0.01000000', vol_exec: '0.01000000', oflags: 'fciq' });
    const history = main.private('TradesHistory', { ledgers: 'true' }).result as {
      count: number;
      trades: Record<string, { cost: string }>;
    };
    expect(Object.keys(history.trades).sort()).toEqual([...trades].sort());
    expect(history.count).toBe(trades.length);
    const sum = Object.values(history.trades).reduce((all, one) => all + Math.round(Number(one.cost) * 1e4), 0);
    expect(sum).toBe(Math.round(Number(cost) * 1e4));
    expect(Number(price)).toBeCloseTo(Number(cost) * 100, 0);
    const { ZUSD } = main.private('Balance').result as { ZUSD: string };
    expect(Math.round((100_000 - Number(cost) - Number(fee)) * 1e4)).toBe(Math.round(Number(ZUSD) * 1e4));
    const ledger = main.private('Ledgers', { asset: 'ZUSD' }).result as {
      count: number;
      ledger: Record<string, { type: string; refid: string; balance: string }>;
    };
    expect(Object.values(ledger.ledger).filter(({ refid }) => trades.includes(refid))).toHaveLength(trades.length);
    expect(Object.values(ledger.ledger)[0]?.balance).toBe(ZUSD);
    const [id = ''] = Object.keys(ledger.ledger);
    expect(main.private('QueryLedgers', { id }).result).toEqual({ [id]: ledger.ledger[id] });
    expect(main.private('QueryTrades', { txid: trades.join(','), ledgers: 'true' }).result).toEqual(history.trades);
    for (const row of Object.values(history.trades)) expect(row).toHaveProperty('ledgers');
    const plain = dig(main.private('TradesHistory'), 'result', 'trades') as object;
    for (const row of Object.values(plain)) expect(row).not.toHaveProperty('ledgers');
    for (const name of ['TradesHistory', 'Ledgers', 'ClosedOrders']) {
      clock.advanceTo(clock.nowNs() + 20e9); // the call counter decays
      expect(main.private(name).result).toHaveProperty('count');
      expect(main.private(name, { without_count: 'true' }).result).not.toHaveProperty('count');
    }
  });

  test('TradeVolume reports the fees that are charged; TradeBalance what it all is worth', () => {
    const { main } = open({}, { fees: { makerPct: '0.1', takerPct: '0.1' } });
    const inputs = {
      domain_spot_volume_30d: '0.0000',
      domain_futures_volume_30d: '0.0000',
      domain_assets_on_platform: '0.0000',
    };
    expect(main.private('TradeVolume').result).toEqual({ currency: 'ZUSD', volume: '0.0000', inputs });
    const volume = main.private('TradeVolume', { pair: 'XBTUSD' }).result;
    expect(volume).toMatchObject({
      fees: { XXBTZUSD: { fee: '0.1000' } },
      fees_maker: { XXBTZUSD: { fee: '0.1000' } },
    });
    const worth = dig(main.private('TradeBalance', { asset: 'ZUSD' }), 'result', 'eb');
    expect(Number(worth)).toBeGreaterThan(100_000);
  });
});

test('TradeVolume reports the whole schedule when asked, and which tier is paid now', () => {
  const { main } = open({}, { fees: { tier: 3 } });
  const schedules = dig(main.private('TradeVolume', { pair: 'XBTUSD', fee_schedule: 'true' }), 'result', 'schedules');
  expect(schedules).toMatchObject([{ pair: 'XXBTZUSD', class: 'forex' }]);
  const tiers = dig(schedules, 0, 'tiers') as { active: boolean }[];
  expect(tiers).toHaveLength(17);
  expect(tiers[1]).toEqual({ maker_fee: '0.3000', taker_fee: '0.6000', min_spot_volume: '2500.0000', active: false });
  expect(tiers.filter(({ active }) => active)).toEqual([tiers[2]]);
  expect(dig(main.private('TradeVolume', { pair: 'XBTUSD' }), 'result', 'schedules')).toBeUndefined();
});

describe('orders', () => {
  test('an order rests, is found in every way, amended, cancelled, and found again', () => {
    const { main, second } = open();
    const added = main.json('AddOrder', {
      ...LIMIT,
      price: 1000,
      volume: 0.01,
      cl_ord_id: 'arb-1',
      timeinforce: 'GTC',
    });
    expect(dig(added, 'result', 'descr', 'order')).toBe('buy 0.01000000 XBTUSD @ limit 1000.0');
    const [txid = ''] = dig(added, 'result', 'txid') as string[];
    expect(main.private('OpenOrders', { cl_ord_id: 'arb-1' }).result).toMatchObject({
      open: {
        [txid]: {
          status: 'open',
          cl_ord_id: 'arb-1',
          descr: { pair: 'XBTUSD', price: '1000.0' },
          vol_exec: '0.00000000',
        },
      },
    });
    expect(main.private('OpenOrders', { cl_ord_id: 'arb-2' }).result).toEqual({ open: {} });
    expect(second.private('OpenOrders').result).toEqual({ open: {} });
    expect(second.private('QueryOrders', { txid }).error).toEqual(['EOrder:Unknown order']);
    expect(dig(main.private('AmendOrder', { txid, limit_price: '999.0' }), 'result', 'amend_id')).toMatch(
      /^[A-Z0-9-]+$/,
    );
    expect(main.private('CancelOrder', { cl_ord_id: 'arb-1' }).result).toEqual({ count: 1 });
    expect(main.private('CancelOrder', { txid }).error).toEqual(['EOrder:Unknown order']);
    const closed = main.private('ClosedOrders', { cl_ord_id: 'arb-1' }).result;
    expect(closed).toMatchObject({
      count: 1,
      closed: { [txid]: { status: 'canceled', reason: 'User requested', misc: 'amended', descr: { price: '999.0' } } },
    });
  });

  test.each([
    ['TradesHistory', { type: 'everything' }, 'EGeneral:Invalid arguments:type'],
    ['Ledgers', { type: 'gifts' }, 'EGeneral:Invalid arguments:type'],
    ['CancelOrder', { txid: 'OAAAAA-AAAAA-AAAAAA', cl_ord_id: 'arb-1' }, 'EGeneral:Invalid arguments:txid'],
    ['AmendOrder', { txid: 'OAAAAA-AAAAA-AAAAAA', cl_ord_id: 'arb-1' }, 'EGeneral:Invalid arguments:txid'],
    ['AddOrder', { ...LIMIT, sender_sub_id: 'desk-1' }, 'EAPI:Feature disabled'],
    ['AddOrder', { ...LIMIT, trigger: 'index' }, 'EAPI:Feature disabled'],
    ['Level3', { pair: 'XBTUSD' }, 'EGeneral:Unknown method'],
    ['CreditLines', {}, 'EGeneral:Unknown method'],
  ])('%s %j is refused, not taken for something else: %s', (name, params, error) => {
    expect(open().main.private(name, params)).toEqual({ error: [error], result: undefined });
  });

  test('flags that no one knows, or that exclude each other, are refused', () => {
    const { main } = open();
    const add = (oflags: string, more: object = {}) => main.private('AddOrder', { ...LIMIT, oflags, ...more }).error;
    for (const oflags of ['maker', 'post,', 'fcib,fciq', 'FCIB']) {
      expect(add(oflags), oflags).toEqual(oflags === 'post,' ? [] : ['EGeneral:Invalid arguments:oflags']);
    }
    for (const oflags of ['fcib', 'post, fciq', 'nompp', '']) expect(add(oflags), oflags).toEqual([]);
    expect(add('viqc')).toEqual(['EGeneral:Invalid arguments:volume']);
    expect(add('viqc', { ordertype: 'market', volume: '20' })).toEqual([]);
  });

  test('validate places nothing; userrefs name many; batches answer row by row', () => {
    const { main } = open();
    expect(main.private('AddOrder', { ...LIMIT, validate: 'true' }).result).toEqual({
      descr: { order: 'buy 0.01000000 XBTUSD @ limit 1000.0' },
    });
    const rows = ['1000.0', '1001.0'].map((price) => ({
      type: 'buy',
      ordertype: 'limit',
      volume: '0.01',
      price,
      userref: 7,
    }));
    const dear = { type: 'buy', ordertype: 'limit', volume: '500', price: '900.0' };
    const batch = main.json('AddOrderBatch', { pair: 'BTC/USD', orders: [...rows, dear] });
    const orders = dig(batch, 'result', 'orders') as { txid?: string; error?: string }[];
    expect(orders.map(({ txid, error }) => error ?? typeof txid)).toEqual([
      'string',
      'string',
      'EOrder:Insufficient funds',
    ]);
    expect(main.private('CancelOrder', { txid: '7' }).result).toEqual({ count: 2 });
    const form = {
      pair: 'XBTUSD',
      'orders[0][type]': 'buy',
      'orders[0][ordertype]': 'limit',
      'orders[0][volume]': '0.01',
      'orders[0][price]': '990',
    };
    expect(main.private('AddOrderBatch', form).error).toEqual(['EGeneral:Invalid arguments:orders']);
    const two = Object.fromEntries(Object.entries(form).map(([name, value]) => [name.replace('[0]', '[1]'), value]));
    const made = main.private('AddOrderBatch', { ...form, ...two });
    const ids = (dig(made, 'result', 'orders') as { txid: string }[]).map(({ txid }) => txid);
    expect(main.json('CancelOrderBatch', { orders: ids }).result).toEqual({ count: 2 });
  });

  test('EditOrder replaces under a new id; CancelAll and its timer end all', () => {
    const { main, clock } = open();
    const [txid = ''] = dig(main.private('AddOrder', LIMIT), 'result', 'txid') as string[];
    const edited = main.private('EditOrder', { txid, pair: 'XBTUSD', price: '998.0' }).result as { txid: string };
    expect(edited).toMatchObject({ status: 'ok', originaltxid: txid, price: '998.0', volume: '0.01000000' });
    expect(main.private('CancelAll').result).toEqual({ count: 1 });
    main.private('AddOrder', LIMIT);
    expect(main.private('CancelAllOrdersAfter', { timeout: '60' }).result).toEqual({
      currentTime: '2023-11-14T22:13:20Z',
      triggerTime: '2023-11-14T22:14:20Z',
    });
    clock.advanceTo(61e9);
    expect(main.private('OpenOrders').result).toEqual({ open: {} });
    expect(dig(main.private('CancelAllOrdersAfter', { timeout: '0' }), 'result', 'triggerTime')).toBe('0');
  });

  test('EditOrder with validate says what it would do and leaves the order as it is', () => {
    const { main } = open();
    const [txid = ''] = dig(main.private('AddOrder', LIMIT), 'result', 'txid') as string[];
    const edit = { txid, pair: 'XBTUSD', validate: 'true' };
    expect(main.private('EditOrder', { ...edit, price: '998.0' }).result).toEqual({
      status: 'ok',
      originaltxid: txid,
      orders_cancelled: 0,
      descr: { order: 'buy 0.01000000 XBTUSD @ limit 998.0' },
    });
    expect(main.private('EditOrder', { ...edit, price: '998.01' }).error).toEqual(['EGeneral:Invalid arguments:price']);
    expect(main.private('OpenOrders').result).toMatchObject({
      open: { [txid]: { status: 'open', descr: { price: '1000.0' } } },
    });
  });

  test('EditOrder keeps what it is not given, the tip of an iceberg and its expiry included', () => {
    const { main, exchange } = open();
    const stps = () =>
      [...exchange.trading.closedOrders('main'), ...exchange.trading.openOrders('main')].map(({ stp }) => stp);
    const iceberg = { ...LIMIT, ordertype: 'iceberg', volume: '0.1', displayvol: '0.01', stptype: 'cancel-both' };
    const added = main.private('AddOrder', { ...iceberg, timeinforce: 'GTD', expiretm: '+60' });
    const [txid = ''] = dig(added, 'result', 'txid') as string[];
    const edited = dig(main.private('EditOrder', { txid, pair: 'XBTUSD', price: '998.0' }), 'result', 'txid') as string;
    expect(main.private('OpenOrders').result).toMatchObject({
      open: {
        [edited]: { time_in_force: 'GTD', expiretm: 1_700_000_060, descr: { ordertype: 'iceberg', price: '998.0' } },
      },
    });
    expect(main.private('EditOrder', { txid: 'undefined', pair: 'XBTUSD' }).error).toEqual(['EOrder:Unknown order']);
    const plain = { pair: 'XBTUSD', timeinforce: 'GTC', ordertype: 'limit', stp_type: 'cancel_newest' };
    const other = main.private('EditOrder', { txid: edited, ...plain });
    expect(other).toMatchObject({ error: [], result: { originaltxid: edited } });
    expect(stps()).toEqual(['cancel_both', 'cancel_both', 'cancel_newest']);
  });

  test('OrderAmends reports an order as it was placed and each amendment of it, oldest first', () => {
    const { main, second, clock } = open();
    const amends = (order_id: string) => main.private('OrderAmends', { order_id });
    const [txid = ''] = dig(main.private('AddOrder', LIMIT), 'result', 'txid') as string[];
    const original = {
      amend_id: expect.stringMatching(/^T[A-Z2-7]{5}-[A-Z2-7]{5}-[A-Z2-7]{6}$/),
      amend_type: 'original',
      order_qty: '0.01000000',
      remaining_qty: '0.01000000',
      limit_price: '1000.0',
      post_only: false,
      timestamp: 1_700_000_000_000_000_000,
    };
    expect(amends(txid).result).toEqual({ count: 1, amends: [original] });
    clock.advanceTo(1e9);
    const first = dig(main.private('AmendOrder', { txid, order_qty: '0.02' }), 'result', 'amend_id');
    main.private('AmendOrder', { txid, limit_price: '999.01' });
    clock.advanceTo(2e9);
    const last = dig(
      main.private('AmendOrder', { txid, limit_price: '999.0', post_only: 'true' }),
      'result',
      'amend_id',
    );
    const changed = { ...original, amend_type: 'user', order_qty: '0.02000000', remaining_qty: '0.02000000' };
    const whole = {
      count: 3,
      amends: [
        original,
        { ...changed, amend_id: first, timestamp: 1_700_000_001_000_000_000 },
        { ...changed, amend_id: last, limit_price: '999.0', post_only: true, timestamp: 1_700_000_002_000_000_000 },
      ],
    };
    expect(amends(txid).result).toEqual(whole);
    main.private('CancelAll');
    expect(amends(txid).result).toEqual(whole);
    expect(second.private('OrderAmends', { order_id: txid }).error).toEqual(['EOrder:Unknown order']);
    expect(main.private('OrderAmends').error).toEqual(['EGeneral:Invalid arguments:order_id']);
    const exact = main.raw(main.signed('OrderAmends', { order_id: txid }));
    expect(exact?.kind === 'answer' ? exact.body : '').toContain('"timestamp":1700000001000000000');
  });

  test('OrderAmends shows the tip of an iceberg, and no price of a market order', () => {
    const { main } = open();
    const add = (order: object) =>
      (dig(main.private('AddOrder', order as never), 'result', 'txid') as string[])[0] ?? '';
    const iceberg = add({ ...LIMIT, ordertype: 'iceberg', volume: '0.1', displayvol: '0.01' });
    main.private('AmendOrder', { txid: iceberg, display_qty: '0.02' });
    expect(main.private('OrderAmends', { order_id: iceberg }).result).toMatchObject({
      amends: [{ display_qty: '0.01000000' }, { display_qty: '0.02000000' }],
    });
    const [market] = dig(main.private('OrderAmends', { order_id: add(TAKE) }), 'result', 'amends') as object[];
    expect(market).toMatchObject({ amend_type: 'original', order_qty: '0.01000000' });
    expect(market).not.toHaveProperty('limit_price');
  });

  test('OrderAmends asks for the permission that goes with the state of the order', () => {
    const permissions = ['query-open-trades', 'modify-trades'] as const;
    const { main } = open({}, { permissions });
    const [txid = ''] = dig(main.private('AddOrder', LIMIT), 'result', 'txid') as string[];
    expect(main.private('OrderAmends', { order_id: txid }).error).toEqual([]);
    main.private('CancelAll');
    expect(main.private('OrderAmends', { order_id: txid }).error).toEqual(['EGeneral:Permission denied']);
  });

  test('CancelOrderBatch takes one name as well as fifty, by id, userref and own id', () => {
    const { main } = open();
    const add = (more: object = {}) =>
      (dig(main.private('AddOrder', { ...LIMIT, ...more }), 'result', 'txid') as string[])[0] ?? '';
    expect(main.json('CancelOrderBatch', { orders: [add()] }).result).toEqual({ count: 1 });
    add({ userref: '7' });
    expect(main.json('CancelOrderBatch', { orders: [7] }).result).toEqual({ count: 1 });
    add({ cl_ord_id: 'own-1' });
    expect(main.json('CancelOrderBatch', { cl_ord_ids: ['own-1'] }).result).toEqual({ count: 1 });
    expect(main.private('CancelOrderBatch', { 'orders[0]': add() }).result).toEqual({ count: 1 });
    for (const orders of [[], Array(51).fill('O')]) {
      expect(main.json('CancelOrderBatch', { orders }).error).toEqual(['EGeneral:Invalid arguments:orders']);
    }
  });

  test.each([
    [{ ...LIMIT, pair: 'NOPE' }, 'EQuery:Unknown asset pair'],
    [{ ...LIMIT, volume: '0' }, 'EGeneral:Invalid arguments:volume'],
    [{ ...LIMIT, volume: '0.000000001' }, 'EGeneral:Invalid arguments:volume'],
    [{ ...LIMIT, price: '1000.01' }, 'EGeneral:Invalid arguments:price'],
    [{ ...LIMIT, price: 'x' }, 'EGeneral:Invalid arguments:price'],
    [{ ...LIMIT, type: 'hold' }, 'EGeneral:Invalid arguments:type'],
    [{ ...LIMIT, ordertype: 'stop-loss' }, 'EAPI:Feature disabled'],
    [{ ...LIMIT, leverage: '2' }, 'EAccount:Invalid permissions'],
    [{ ...LIMIT, volume: '10000', price: '1000.0' }, 'EOrder:Insufficient funds'],
    [{ ...LIMIT, deadline: 'yesterday' }, 'EGeneral:Invalid arguments:deadline'],
    [{ ...LIMIT, deadline: '2023-11-14T22:13:19.000Z' }, 'EService:Deadline elapsed'],
    [{ ...LIMIT, 'close[ordertype]': 'limit' }, 'EAPI:Feature disabled'],
    [{ ...LIMIT, expiretm: '+x' }, 'EGeneral:Invalid arguments:expiretm'],
    [{ ...LIMIT, cl_ord_id: 'longer than eighteen characters' }, 'EGeneral:Invalid arguments:cl_ord_id'],
  ])('%o is refused: %s', (order, error) => {
    expect(open().main.private('AddOrder', order)).toEqual({ error: [error], result: undefined });
  });

  test('pages count from the newest, and periods leave out their beginning', () => {
    const { main, clock } = open();
    const ids: string[] = [];
    for (let i = 0; i < 120; i += 1) {
      clock.advanceTo(clock.nowNs() + 2e9);
      const [txid = ''] = dig(main.private('AddOrder', LIMIT), 'result', 'txid') as string[];
      ids.unshift(txid);
      clock.advanceTo(clock.nowNs() + 8e9);
      main.private('CancelOrder', { txid });
    }
    const page = (params: Record<string, string>) => {
      const { closed, count } = main.private('ClosedOrders', params).result as { closed: object; count: number };
      return { ids: Object.keys(closed), count };
    };
    expect(page({})).toEqual({ ids: ids.slice(0, 50), count: 120 });
    expect(page({ ofs: '100' })).toEqual({ ids: ids.slice(100), count: 120 });
    expect(page({ ofs: '500' })).toEqual({ ids: [], count: 120 });
    // The third newest: opened 1_700_000_000 + 1172 s, closed 8 s later.
    expect(page({ start: '1700001172', closetime: 'open' }).ids).toEqual(ids.slice(0, 2));
    expect(page({ start: '1700001172', closetime: 'both' }).ids).toEqual(ids.slice(0, 3));
    expect(page({ start: ids[2] ?? '', closetime: 'open' }).ids).toEqual(ids.slice(0, 2));
    expect(page({ end: '1700000012' }).ids).toEqual(ids.slice(-2));
    expect(main.private('ClosedOrders', { ofs: '-1' }).error).toEqual(['EGeneral:Invalid arguments:ofs']);
    expect(main.private('ClosedOrders', { start: 'whenever' }).error).toEqual(['EGeneral:Invalid arguments:start']);
  });
});

describe('keys', () => {
  test('each call needs its permission', () => {
    const { main } = open({}, { permissions: ['query-funds'] });
    expect(main.private('Balance').error).toEqual([]);
    for (const name of ['AddOrder', 'CancelAll', 'OpenOrders', 'ClosedOrders', 'Ledgers', 'GetWebSocketsToken']) {
      expect(main.private(name).error, name).toEqual(['EGeneral:Permission denied']);
    }
    expect(main.private('GetApiKeyInfo').result).toMatchObject({ permissions: ['query-funds'], apiKeyName: 'main' });
  });

  test('calls are counted by tier, history twice, orders not at all', () => {
    const { main, clock } = open({}, { rateTier: 'starter' });
    for (let i = 0; i < 7; i += 1) expect(main.private('Ledgers').error).toEqual([]);
    expect(main.private('Ledgers').error).toEqual(['EAPI:Rate limit exceeded']);
    expect(main.private('AddOrder', LIMIT).error).toEqual([]);
    expect(main.private('Balance').error).toEqual([]);
    expect(main.private('Balance').error).toEqual(['EAPI:Rate limit exceeded']);
    clock.advanceTo(7e9);
    expect(main.private('Ledgers').error).toEqual([]);
  });

  test('a token comes with its life; an unknown call, a GET and garbage are refused in the envelope', () => {
    const { main } = open();
    expect(main.private('GetWebSocketsToken').result).toMatchObject({ expires: 900 });
    expect(main.private('Withdraw').error).toEqual(['EGeneral:Unknown method']);
    expect(main.private('OpenPositions').result).toEqual({});
    expect(main.raw({ ...main.signed('Balance'), method: 'GET' })).toMatchObject({
      body: '{"error":["EGeneral:Unknown method"]}',
    });
    expect(main.raw({ ...main.signed('Balance'), body: '{' })).toMatchObject({
      body: '{"error":["EAPI:Bad request"]}',
    });
    expect(main.raw({ method: 'GET', target: '/robots.txt', headers: {}, body: '' })).toMatchObject({ status: 404 });
  });
});
