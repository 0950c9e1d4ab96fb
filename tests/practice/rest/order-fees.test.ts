/** What a sell pays its fee in that names no preference, by REST and by the socket; and how REST reports a fee. */
import { describe, expect, test } from 'vitest';
import { VirtualClock } from '../../../src/platform/clock.ts';
import { madeAccounts } from '../../../src/practice/exchange/accounts/account-spec.ts';
import { PRACTICE_DEFAULTS, PracticeExchange } from '../../../src/practice/practice-exchange.ts';
import { BTC_USD, tape } from '../captures.ts';
import { PrivateClient } from '../trading/private-client.ts';
import { dig, RestClient } from './rest-client.ts';

const TAPE = tape(BTC_USD);
/** In parts per hundred, to both sides. */
const FEE_PCT = '0.4';
const BID = 63_388.7;

function open(sellFeesIn?: 'quote' | 'base') {
  const clock = new VirtualClock(1_700_000_000_000_000_000n);
  const accounts = madeAccounts(['BTC', 'USD'], 3).map((one) => ({
    ...one,
    fees: { makerPct: FEE_PCT, takerPct: FEE_PCT },
    balances: { USD: '100000', BTC: '2' },
    ...(sellFeesIn === undefined ? {} : { sellFeesIn }),
  }));
  const exchange = new PracticeExchange(TAPE, clock, { ...PRACTICE_DEFAULTS, accounts });
  const client = new RestClient((request, respond) => exchange.rest.handle(request, respond), accounts[0]);
  const socket = new PrivateClient(exchange, 'main');
  return { exchange, client, socket };
}

type Opened = ReturnType<typeof open>;
const SELL = { pair: 'XBTUSD', type: 'sell', ordertype: 'market', volume: '0.01' };

function bySocket({ socket }: Opened, more: object = {}): void {
  const params = { symbol: 'BTC/USD', side: 'sell', order_type: 'market', order_qty: 0.01, ...more };
  expect(socket.ask('add_order', params)[0]).toMatchObject({ success: true });
}

function byRest({ client }: Opened, more: Record<string, string> = {}): void {
  expect(client.private('AddOrder', { ...SELL, ...more }).error).toEqual([]);
}

/** What the fees of all trades come to: as REST reports orders and trades, and what the ledger took of each asset. */
function reportedBy({ client }: Opened) {
  const list = (name: string, key: string, more: Record<string, string> = {}) =>
    Object.values(dig(client.private(name, more), 'result', key) as Record<string, { fee: string; oflags?: string }>);
  const sum = (rows: readonly { fee: string }[]) => rows.reduce((total, { fee }) => total + Number(fee), 0);
  const orders = list('ClosedOrders', 'closed');
  return {
    orderFee: sum(orders),
    tradeFee: sum(list('TradesHistory', 'trades')),
    flags: orders.map(({ oflags }) => oflags),
    usd: sum(list('Ledgers', 'ledger', { asset: 'USD', type: 'trade' })),
    btc: sum(list('Ledgers', 'ledger', { asset: 'XBT', type: 'trade' })),
  };
}

describe.each([
  ['REST', byRest],
  ['the socket', bySocket],
] as const)('a sell by %s that names no preference', (_name, sell) => {
  test.each([undefined, 'quote'] as const)('pays in quote when its account says %s', (sellFeesIn) => {
    const opened = open(sellFeesIn);
    sell(opened);
    const { usd, btc, flags, orderFee, tradeFee } = reportedBy(opened);
    expect(btc).toBe(0);
    expect(usd).toBeCloseTo(0.01 * BID * 0.004, 3);
    expect([orderFee, tradeFee]).toEqual([usd, usd]);
    expect(flags).toEqual(['fciq']);
  });

  test('pays in base when its account says so, and REST reports what that is worth in quote', () => {
    const opened = open('base');
    sell(opened);
    const { usd, btc, flags, orderFee, tradeFee } = reportedBy(opened);
    expect(usd).toBe(0);
    expect(btc).toBeCloseTo(0.01 * 0.004, 9);
    expect(flags).toEqual(['fcib']);
    expect(orderFee).toBeCloseTo(btc * BID, 3);
    expect(tradeFee).toBe(orderFee);
  });
});

test('what an order says itself stands above what its account says', () => {
  const base = open('base');
  byRest(base, { oflags: 'fciq' });
  bySocket(base, { fee_preference: 'quote' });
  expect(reportedBy(base)).toMatchObject({ btc: 0, flags: ['fciq', 'fciq'] });
  const quote = open('quote');
  byRest(quote, { oflags: 'fcib' });
  bySocket(quote, { fee_preference: 'base' });
  expect(reportedBy(quote)).toMatchObject({ usd: 0, flags: ['fcib', 'fcib'] });
});

test('an execution says which asset its fee is in, whatever was said', () => {
  for (const [sellFeesIn, asset] of [
    ['base', 'BTC'],
    ['quote', 'USD'],
  ] as const) {
    const opened = open(sellFeesIn);
    opened.socket.subscribe('executions');
    bySocket(opened);
    const frames = opened.socket.frames.filter((frame) => frame.includes('"exec_type":"trade"'));
    expect(frames.length).toBeGreaterThan(0);
    for (const frame of frames) expect(frame).toContain(`"fees":[{"asset":"${asset}",`);
  }
});

describe('a market order for an amount of quote', () => {
  test('is reported with both quantities as soon as both are known', () => {
    const { socket } = open();
    socket.subscribe('executions');
    const params = { symbol: 'BTC/USD', side: 'buy', order_type: 'market', cash_order_qty: 100 };
    expect(socket.ask('add_order', params)[0]).toMatchObject({ success: true });
    const steps = socket.frames.flatMap((frame) => {
      const { channel, type, data } = JSON.parse(frame) as { channel?: string; type?: string; data: object[] };
      return channel === 'executions' && type === 'update' ? data : [];
    }) as { exec_type: string; cash_order_qty?: number; order_qty?: number; cum_qty?: number }[];
    const [placed, , ...later] = steps;
    expect(placed).toMatchObject({ exec_type: 'pending_new', cash_order_qty: 100 });
    expect(placed).not.toHaveProperty('order_qty');
    const filled = later.at(-1);
    expect(filled).toMatchObject({ exec_type: 'filled', cash_order_qty: 100 });
    for (const step of later) expect(step).toMatchObject({ cash_order_qty: 100, order_qty: filled?.cum_qty });
  });

  test('is reported by REST in base once that is known', () => {
    const { client } = open();
    const order = { pair: 'XBTUSD', type: 'buy', ordertype: 'market', volume: '100', oflags: 'viqc' };
    expect(client.private('AddOrder', order).error).toEqual([]);
    const [row] = Object.values(dig(client.private('ClosedOrders'), 'result', 'closed') as object) as [
      { vol: string; vol_exec: string; cost: string; oflags: string; descr: { order: string } },
    ];
    expect(row.vol).toBe(row.vol_exec);
    expect(Number(row.vol)).toBeCloseTo(100 / BID, 5);
    expect(Number(row.cost)).toBeCloseTo(100, 2);
    expect(row.oflags).toBe('fciq,viqc');
    expect(row.descr.order).toMatch(/^buy 100\.0+ XBTUSD @ market$/);
  });
});

test('an amendment for another pair than the order is of is refused', () => {
  const { client, socket } = open();
  const placed = client.private('AddOrder', { ...SELL, ordertype: 'limit', price: '90000.0' });
  const [txid = ''] = dig(placed, 'result', 'txid') as string[];
  const amend = (more: Record<string, string>) =>
    client.private('AmendOrder', { txid, limit_price: '90001.0', ...more });
  expect(amend({ pair: 'NOPE' }).error).toEqual(['EQuery:Unknown asset pair']);
  expect(amend({ trigger_price: '90000.0' }).error).toEqual(['EAPI:Feature disabled']);
  expect(amend({ pair: 'XBT/USD' }).error).toEqual([]);
  const bySymbol = (more: object) => socket.ask('amend_order', { order_id: txid, limit_price: 90_002, ...more })[0];
  expect(bySymbol({ symbol: 'ETH/USD' })).toMatchObject({ success: false, error: 'EGeneral:Invalid arguments:symbol' });
  expect(bySymbol({ limit_price_type: 'pct' })).toMatchObject({
    success: false,
    error: 'EGeneral:Invalid arguments:limit_price_type',
  });
  expect(bySymbol({ symbol: 'BTC/USD', limit_price_type: 'static' })).toMatchObject({ success: true });
});
