import { describe, expect, test } from 'vitest';
import { assetIndex, instrumentIndex } from '../../../src/market/instrument.ts';
import type { HttpResult } from '../../../src/net/transport.ts';
import { seededChance } from '../../../src/platform/chance.ts';
import { VirtualClock } from '../../../src/platform/clock.ts';
import { TRADING_PERMISSIONS } from '../../../src/practice/exchange/accounts/account-spec.ts';
import { encodeClientOrderId } from '../../../src/trading/client-order-id.ts';
import { MemoryNonceStore } from '../../../src/trading/nonce-store.ts';
import { Credentials } from '../../../src/venues/kraken/keys/credentials.ts';
import { judgeKey, type KeyInfo } from '../../../src/venues/kraken/keys/key-permissions.ts';
import { NonceSource } from '../../../src/venues/kraken/keys/nonce-source.ts';
import { KrakenRest } from '../../../src/venues/kraken/rest/kraken-rest.ts';
import type { RestResult } from '../../../src/venues/kraken/rest/rest-answer.ts';
import type { OrderReading } from '../../../src/venues/trading-port.ts';
import { directoryOf } from '../../support/directory-of.ts';
import { refusal, result, ScriptedHttp } from '../../support/scripted-http.ts';

const OWN = encodeClientOrderId({ runMs: 1_700_000_000_000, plan: 7, leg: 1, attempt: 0 });
const PAIRS = {
  XXBTZUSD: { altname: 'XBTUSD', wsname: 'XBT/USD', pair_decimals: 1, lot_decimals: 8 },
  XDGUSD: { altname: 'XDGUSD', wsname: 'XDG/USD', pair_decimals: 1, lot_decimals: 8 },
  XTZUSD: { altname: 'XTZUSD', wsname: 'XTZ/USD', pair_decimals: 1, lot_decimals: 8, status: 'unheard_of' },
  DARK: { altname: 'DARK', pair_decimals: 1, lot_decimals: 8 },
  BROKEN: { altname: 7 },
};
const ASSETS = {
  XXBT: { altname: 'XBT' },
  XXDG: { altname: 'XDG' },
  ZUSD: { altname: 'USD' },
  XTZ: { altname: 'XTZ' },
  'XBT.F': { altname: 'XBT.F' },
};
const BTC_USD = instrumentIndex(0);
const [BTC, USD] = [assetIndex(0), assetIndex(1)];

type Answers = Readonly<Record<string, HttpResult | ((params: URLSearchParams) => HttpResult)>>;

/** A client that has learnt its names, on a venue that answers each endpoint as said. */
function stage(answers: Answers = {}) {
  const clock = new VirtualClock(1_700_000_000_000_000_000n);
  const http = new ScriptedHttp();
  const account = {
    credentials: new Credentials('K', Buffer.alloc(64, 7).toString('base64')),
    nonces: new NonceSource(clock, new MemoryNonceStore()),
  };
  const rest = new KrakenRest({
    http,
    clock,
    chance: seededChance(1),
    baseUrl: 'https://x',
    timeoutMs: 1_000,
    attemptsMax: 1,
    tier: 'pro',
    account,
    onNotice: () => {},
    directory: directoryOf(['BTC/USD', 'DOGE/USD', 'XTZ/USD']),
  });
  const all: Answers = { AssetPairs: result(PAIRS), Assets: result(ASSETS), ...answers };
  let answered = 0;
  const asked: string[] = [];
  function get<T>(ask: (done: (answer: RestResult<T>) => void) => void): RestResult<T> {
    const got: RestResult<T>[] = [];
    ask((answer) => got.push(answer));
    for (let turn = 0; turn < 300 && got.length === 0; turn++) {
      clock.advanceTo(clock.nowNs() + 2e9);
      const sent = http.sent[answered];
      if (sent === undefined) continue;
      answered++;
      const name = sent.url.split('/').at(-1)!.split('?')[0]!;
      asked.push(name);
      const answer = all[name] ?? refusal('EGeneral:Unknown method');
      sent.answer(typeof answer === 'function' ? answer(new URLSearchParams(sent.body)) : answer);
    }
    expect(got).toHaveLength(1);
    return got[0]!;
  }
  expect(get((done) => rest.loadNames(done)).ok).toBe(true);
  asked.length = 0;
  return { rest, get, asked };
}

const order = (more: object = {}) => ({
  cl_ord_id: OWN,
  status: 'closed',
  opentm: 1700000001.5,
  closetm: 1700000001.75,
  descr: { pair: 'XBTUSD', type: 'buy', price: '30010.0' },
  vol: '1.25000000',
  vol_exec: '0.30000000',
  oflags: 'fciq',
  reason: '',
  trades: ['T1', 'T2'],
  ...more,
});
const trade = (more: object = {}) => ({
  ordertxid: 'O1',
  pair: 'XXBTZUSD',
  time: 1700000001.6,
  type: 'buy',
  price: '30000.05',
  cost: '6000.010000001',
  fee: '24.000000001',
  vol: '0.20000000',
  ...more,
});
const TRADES = {
  T1: trade(),
  T2: trade({ time: 1700000001.7, vol: '0.10000000', price: '30010.0', cost: '3001', fee: '12' }),
};
const fate = (answers: Answers, venueOrderId?: string) => {
  const { get, rest, asked } = stage(answers);
  return { got: get((done) => rest.order(OWN, venueOrderId, undefined, done)), asked };
};
const NONE = { open: result({ open: {} }), closed: result({ closed: {}, count: 0 }) };

const ALL = { sinceMs: 0, isNewestOnly: false, onProgress: () => undefined };

describe('names', () => {
  test('a balance is found by legacy, modern and alternative name; X and Z are never cut off', () => {
    const { get, rest } = stage({
      BalanceEx: result({
        XXBT: { balance: '1.0000000019', hold_trade: '0.0000000011' },
        XBT: { balance: '1', hold_trade: '0' },
        ZUSD: { balance: 25435.21, hold_trade: '8249.76' },
        XTZ: { balance: '3', hold_trade: '0' },
        'XBT.F': { balance: '9', hold_trade: '0' },
        'ETH2.S': { balance: '0', hold_trade: '0' },
        NEW: { balance: '5', hold_trade: '0' },
        GONE: { balance: '0.0000', hold_trade: '0' },
      }),
    });
    const XTZ = 3;
    expect(get((done) => rest.balances(done))).toEqual({
      ok: true,
      value: {
        balances: [
          { asset: BTC, totalUnits: 2_00000000n, heldUnits: 1n },
          { asset: USD, totalUnits: 25435_21000000n, heldUnits: 8249_76000000n },
          { asset: XTZ, totalUnits: 3_00000000n, heldUnits: 0n },
        ],
        uncountable: [],
        unknownAssets: ['NEW'],
        notSpot: ['XBT.F'],
        knowsHolds: true,
      },
    });
  });

  test('a venue without BalanceEx is asked for Balance, and holds are not known', () => {
    const { get, rest } = stage({ Balance: result({ ZUSD: '7' }) });
    const value = { balances: [{ asset: USD, totalUnits: 7_00000000n, heldUnits: 0n }], knowsHolds: false };
    expect(get((done) => rest.balances(done))).toMatchObject({ ok: true, value });
  });

  test('a balance of more than can be counted is reported as that, never as another amount nor as an unknown asset', () => {
    const { get, rest } = stage({
      BalanceEx: result({
        XXBT: { balance: '1e70' },
        ZUSD: { balance: '1', hold_trade: '92233720369' },
        XTZ: { balance: '3' },
      }),
    });
    const balances = [{ asset: 3, totalUnits: 3_00000000n, heldUnits: 0n }];
    const value = { balances, uncountable: [BTC, USD], unknownAssets: [] };
    expect(get((done) => rest.balances(done))).toMatchObject({ ok: true, value });
  });

  test('an asset under two names is counted by their sum, in whichever order they come', () => {
    const huge = { balance: '92233720368', hold_trade: '0' };
    for (const rows of [
      { XXBT: huge, XBT: { balance: '1' } },
      { XBT: { balance: '1' }, XXBT: huge },
      { XXBT: { balance: '1e30' }, XBT: { balance: '1' } },
    ]) {
      const { get, rest } = stage({ BalanceEx: result(rows) });
      expect(get((done) => rest.balances(done))).toMatchObject({
        ok: true,
        value: { balances: [], uncountable: [BTC] },
      });
    }
  });

  test('an amount that is no number fails the question, and throws nothing', () => {
    for (const balance of ['NaN', '', '1,5', null, {}, '1e999', '9'.repeat(65)]) {
      const { get, rest } = stage({ BalanceEx: result({ ZUSD: { balance, hold_trade: '0' } }) });
      expect(get((done) => rest.balances(done))).toMatchObject({ ok: false, failure: { topic: 'unreadable' } });
    }
  });
});

describe('pairs of which REST wants more', () => {
  test('are reported with what it wants, by the newest list', () => {
    const [instrument] = directoryOf(['BTC/USD']).instruments;
    let row: object = PAIRS.XXBTZUSD;
    const { get, rest } = stage({ AssetPairs: () => result({ XXBTZUSD: row }) });
    expect(rest.disagreement(instrument!)).toBeUndefined();
    row = { ...PAIRS.XXBTZUSD, ordermin: '0.5' };
    expect(get((done) => rest.loadNames(done)).ok).toBe(true);
    expect(rest.disagreement(instrument!)).toBe(
      'REST wants a quantity of at least 0.50000000, the socket says 0.00000001',
    );
    row = { ...PAIRS.XXBTZUSD, ordermin: '1e-99' };
    expect(get((done) => rest.loadNames(done)).ok).toBe(true);
    expect(rest.disagreement(instrument!)).toBeUndefined();
  });
});

describe('what became of an order', () => {
  test('by its id at the venue: with its fills, rounded against us where the venue is finer', () => {
    const { got, asked } = fate({ QueryOrders: result({ O1: order() }), QueryTrades: result(TRADES) }, 'O1');
    expect(asked).toEqual(['QueryOrders', 'QueryTrades']);
    const fees = { feeAsset: USD };
    expect(got).toEqual({
      ok: true,
      value: {
        clOrdId: OWN,
        venueOrderId: 'O1',
        instrument: BTC_USD,
        side: 0,
        qtyLots: 125000000n,
        limitTicks: 300100n,
        pricePrecision: 1,
        qtyPrecision: 8,
        isOpen: false,
        reason: '',
        fills: [
          {
            execId: 'T1',
            qtyLots: 20000000n,
            priceTicks: 300001n,
            costUnits: 600001000001n,
            feeUnits: 2400000001n,
            ...fees,
            atMs: 1700000001600,
          },
          {
            execId: 'T2',
            qtyLots: 10000000n,
            priceTicks: 300100n,
            costUnits: 300100000000n,
            feeUnits: 1200000000n,
            ...fees,
            atMs: 1700000001700,
          },
        ],
      },
    });
  });

  test('a fee taken in base is what the ledger says, not what the trade says', () => {
    const ledger = {
      L1: { refid: 'T1', time: '1700000150', asset: 'ZUSD', fee: '0.0000' },
      L2: { refid: 'T1', time: '1700000150', asset: 'XXBT', fee: '0.0008000000' },
      L3: { refid: 'T2', time: '1700000150', asset: 'XXBT', fee: '0.0004' },
      L4: { refid: 'T2', time: '1700000150', asset: 'ZUSD', fee: '0' },
      L5: { refid: 'TX', time: '1700000150', asset: 'ZUSD', fee: '99' },
    };
    const { got } = fate(
      {
        QueryOrders: result({ O1: order({ oflags: 'fcib' }) }),
        QueryTrades: result(TRADES),
        Ledgers: result({ ledger, count: 5 }),
      },
      'O1',
    );
    expect(got).toMatchObject({
      ok: true,
      value: {
        fills: [
          { feeUnits: 80000n, feeAsset: BTC },
          { feeUnits: 40000n, feeAsset: BTC },
        ],
      },
    });
  });

  test('while a trade or a ledger row is missing, nothing is said', () => {
    const orders = result({ O1: order({ oflags: 'fcib' }) });
    const half = {
      L1: { refid: 'T1', time: '1700000150', asset: 'ZUSD', fee: '0' },
      L2: { refid: 'T1', time: '1700000150', asset: 'XXBT', fee: '0.0008' },
    };
    const attempts: Answers[] = [
      { QueryOrders: orders, QueryTrades: result({ T1: TRADES.T1 }), Ledgers: result({ ledger: half, count: 2 }) },
      { QueryOrders: orders, QueryTrades: result(TRADES), Ledgers: result({ ledger: half, count: 2 }) },
      { QueryOrders: orders, QueryTrades: result(TRADES), Ledgers: refusal('EGeneral:Permission denied') },
      { QueryOrders: orders, QueryTrades: refusal('EService:Busy') },
    ];
    for (const answers of attempts) expect(fate(answers, 'O1').got.ok).toBe(false);
  });

  test('a fill of a time that cannot be meant, or with an id that the records cannot hold, is not reported', () => {
    const whole = order({ vol_exec: '0.20000000', trades: ['T1'] });
    const told = (trades: object) =>
      fate({ QueryOrders: result({ O1: whole }), QueryTrades: result(trades) }, 'O1').got.ok;
    expect(told({ T1: trade() })).toBe(true);
    expect(told({ T1: trade({ time: '1e60' }) })).toBe(false);
    expect(told({ [`T${'1'.repeat(20)}`]: trade() })).toBe(false);
  });

  test('without an id of the venue: open orders first, then ended ones; other orders are not mistaken for it', () => {
    const stranger = order({ cl_ord_id: 'somebody' });
    const closed = result({ closed: { OX: stranger, O1: order({ vol_exec: '0' }) }, count: 2 });
    const { got, asked } = fate({ OpenOrders: result({ open: { OY: stranger } }), ClosedOrders: closed });
    expect(asked).toEqual(['OpenOrders', 'ClosedOrders']);
    expect(got).toMatchObject({ ok: true, value: { venueOrderId: 'O1', fills: [] } });
  });

  test('nowhere: undefined; a question without an answer: a failure, never undefined', () => {
    expect(fate({ OpenOrders: NONE.open, ClosedOrders: NONE.closed }).got).toEqual({ ok: true, value: undefined });
    expect(fate({ OpenOrders: NONE.open, ClosedOrders: refusal('EService:Busy') }).got.ok).toBe(false);
    expect(fate({ OpenOrders: result({ open: { O1: { status: 7 } } }), ClosedOrders: NONE.closed }).got.ok).toBe(false);
  });

  test('an id that the venue does not know is looked for by ours', () => {
    const answers = { OpenOrders: NONE.open, ClosedOrders: NONE.closed };
    for (const QueryOrders of [refusal('EOrder:Unknown order'), result({})]) {
      expect(fate({ ...answers, QueryOrders }, 'O9')).toEqual({
        got: { ok: true, value: undefined },
        asked: ['QueryOrders', 'OpenOrders', 'ClosedOrders'],
      });
    }
  });

  test('two orders with one id of ours are a failure, not a choice', () => {
    const closed = result({ closed: { O1: order(), O2: order() }, count: 2 });
    expect(fate({ OpenOrders: NONE.open, ClosedOrders: closed }).got.ok).toBe(false);
  });

  test('a status no one has heard of is not taken for an end', () => {
    const { got } = fate({ QueryOrders: result({ O1: order({ status: 'resting', vol_exec: '0' }) }) }, 'O1');
    expect(got).toMatchObject({ ok: true, value: { isOpen: true } });
  });
});

describe('ended orders', () => {
  test('are read page after page, each once, and only those since the time', () => {
    const rows = Array.from(
      { length: 120 },
      (_row, at) => [`O${at}`, order({ vol_exec: '0', closetm: 1700000200 - at })] as const,
    );
    const { get, rest, asked } = stage({
      ClosedOrders: (params) => {
        const from = Number(params.get('ofs') ?? '0');
        const end = Number(params.get('end') ?? 'Infinity');
        const within = rows.filter(([, { closetm }]) => (closetm as number) <= end);
        return result({ closed: Object.fromEntries(within.slice(from, from + 50)), count: within.length });
      },
    });
    const got = get<OrderReading[]>((done) => rest.endedOrders({ ...ALL, sinceMs: 1_700_000_101_000 }, done));
    expect(asked).toEqual(['ClosedOrders', 'ClosedOrders', 'ClosedOrders']);
    expect(got.ok && got.value.map(({ venueOrderId }) => venueOrderId)).toEqual(rows.slice(0, 100).map(([id]) => id));
  });

  test('many fills are read from the history; those of foreign orders are not asked for', () => {
    const { get, rest, asked } = stage({
      ClosedOrders: result({ closed: { O1: order({ trades: undefined }), OX: order({ cl_ord_id: 'x' }) }, count: 2 }),
      TradesHistory: result({ trades: { ...TRADES, TX: trade({ ordertxid: 'OX' }) }, count: 3 }),
    });
    const got = get<OrderReading[]>((done) => rest.endedOrders(ALL, done));
    expect(asked).toEqual(['ClosedOrders', 'TradesHistory']);
    expect(got.ok && got.value.map(({ fills }) => fills.length)).toEqual([2, 0]);
  });
});

describe('fees and keys', () => {
  test('fees are read by any name; what is not reported, or no fee, is not known', () => {
    const { get, rest } = stage({
      TradeVolume: result({
        currency: 'ZUSD',
        fees: { XXBTZUSD: { fee: '0.26001' }, XDGUSD: { fee: '100' }, XTZUSD: null },
      }),
    });
    const instruments = directoryOf(['BTC/USD', 'DOGE/USD', 'XTZ/USD']).instruments;
    expect(get((done) => rest.takerFees(instruments, done))).toEqual({
      ok: true,
      value: [{ instrument: 0, takerPpm: 2_601 }],
    });
  });

  test('a pair that REST does not list costs the others no answer', () => {
    const listed = ['XBTUSD', 'XTZUSD'];
    const { get, rest, asked } = stage({
      TradeVolume: (params) => {
        const isKnown =
          params
            .get('pair')
            ?.split(',')
            .every((name) => listed.includes(name)) === true;
        return isKnown ? result({ fees: { XXBTZUSD: { fee: '0.26' } } }) : refusal('EQuery:Unknown asset pair');
      },
    });
    const { instruments } = directoryOf(['BTC/USD', 'NEW/USD', 'XTZ/USD']);
    expect(get((done) => rest.takerFees(instruments, done))).toEqual({
      ok: true,
      value: [{ instrument: 0, takerPpm: 2_600 }],
    });
    expect(asked).toEqual(['TradeVolume', 'TradeVolume']);
    const none = directoryOf(['NEW/USD']).instruments;
    expect(get((done) => rest.takerFees(none, done))).toMatchObject({ ok: false, failure: { topic: 'request' } });
  });

  test('a key is read in either spelling', () => {
    for (const info of [
      {
        apiKeyName: 'e',
        permissions: TRADING_PERMISSIONS,
        validUntil: '1700000009',
        ipAllowlist: ['203.0.113.7'],
        lastUsed: null,
      },
      { api_key_name: 'e', permissions: TRADING_PERMISSIONS, valid_until: 1700000009, ip_allowlist: ['203.0.113.7'] },
    ]) {
      const { get, rest } = stage({ GetApiKeyInfo: result(info) });
      const value = {
        name: 'e',
        permissions: TRADING_PERMISSIONS,
        validUntilMs: 1_700_000_009_000,
        ipAllowlist: ['203.0.113.7'],
      };
      expect(get((done) => rest.keyInfo(done))).toEqual({ ok: true, value });
    }
  });

  test('a key that may withdraw, lacks anything or is over may not trade', () => {
    const judged = (permissions: readonly string[], validUntilMs?: number) =>
      judgeKey({ name: '', permissions, validUntilMs, ipAllowlist: [] }, 1_000);
    expect(judged(TRADING_PERMISSIONS).mayTrade).toBe(true);
    for (const name of ['withdraw-funds', 'add-withdraw-address', 'update-withdraw-address']) {
      expect(judged([...TRADING_PERMISSIONS, name])).toMatchObject({ mayTrade: false, forbidden: [{ name }] });
    }
    for (const name of TRADING_PERMISSIONS) {
      const verdict = judged(TRADING_PERMISSIONS.filter((other) => other !== name));
      expect(verdict).toMatchObject({ mayTrade: false, missing: [{ name }] });
    }
    expect(judged(TRADING_PERMISSIONS, 1_000)).toMatchObject({ mayTrade: false, isExpired: true });
  });

  test('where keys cannot be asked about they are tried; withdrawal shows, and silence decides nothing', () => {
    const trial = (WithdrawMethods: HttpResult) => {
      const { get, rest } = stage({
        Balance: result({}),
        OpenOrders: NONE.open,
        ClosedOrders: NONE.closed,
        Ledgers: result({ ledger: {}, count: 0 }),
        GetWebSocketsToken: refusal('EGeneral:Permission denied'),
        AddOrder: refusal('EOrder:Order minimum not met'),
        CancelOrder: refusal('EOrder:Unknown order'),
        WithdrawMethods,
      });
      const got = get<KeyInfo>((done) => rest.keyInfo(done));
      return got.ok ? [...got.value.permissions].sort() : got.failure.topic;
    };
    const tried = TRADING_PERMISSIONS.filter((name) => name !== 'create-ws-token');
    expect(trial(refusal('EGeneral:Permission denied'))).toEqual([...tried].sort());
    expect(trial(result([]))).toEqual([...tried, 'withdraw-funds'].sort());
    expect(trial(refusal('EService:Unavailable'))).toBe('unavailable');
  });
});
