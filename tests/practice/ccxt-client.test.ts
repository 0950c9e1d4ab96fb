/**
 * A public client library, written by others, against the practice exchange: nothing of it is changed but addresses, and
 * its nonces, which are the clock's milliseconds: of two calls within one of them the venue refuses the second.
 */
import ccxt from 'ccxt';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/platform/clock.ts';
import { type PracticeServer, startPracticeServer } from '../../src/practice/network/practice-server.ts';
import { GEMINI } from './captures.ts';

type Client = InstanceType<typeof ccxt.pro.kraken>;
let server: PracticeServer;
let client: Client;

beforeAll(async () => {
  server = await startPracticeServer(
    { capture: GEMINI, port: 0, fees: '0.1', settings: { speed: 1, loop: true, seed: 4 } },
    systemClock,
  );
  const [{ key, secret } = { key: '', secret: '' }] = server.accounts;
  client = new ccxt.pro.kraken({ apiKey: key, secret, enableRateLimit: false });
  let nonce = client.nonce();
  client.nonce = () => ++nonce;
  const { rest, wsPublic, wsPrivate } = server;
  const api = client.urls.api as Record<string, unknown>;
  client.urls.api = {
    ...api,
    public: rest,
    private: rest,
    ws: { public: wsPublic, publicV2: wsPublic, private: wsPrivate, privateV2: wsPrivate },
  };
  await client.loadHttpProxyAgent(); // the library wants this before it opens a socket without TLS
});

afterAll(async () => {
  await client.close();
  await server.close();
});

const exactBalance = (asset: string): number => {
  const found = server.exchange.trading.balances('main').find((one) => one.asset.id === asset);
  return Number(found?.total ?? 0n) / 10 ** (found?.asset.decimals ?? 0);
};

const totals = async () => (await client.fetchBalance())['total'] as unknown as Record<string, number>;

describe('ccxt over REST', () => {
  test('learns the markets, the books and what a trade costs', async () => {
    const markets = await client.loadMarkets();
    expect(Object.keys(markets).sort()).toEqual([...server.exchange.market.books.keys()].sort());
    expect(markets['BTC/USD']).toMatchObject({ id: 'XXBTZUSD', base: 'BTC', quote: 'USD', active: true });
    expect((await client.fetchStatus()).status).toBe('ok');
    const book = await client.fetchOrderBook('BTC/USD', 5);
    expect([book.bids.length, book.asks.length]).toEqual([5, 5]);
    const ticker = await client.fetchTicker('BTC/USD');
    expect(ticker.bid).toBeLessThan(Number(ticker.ask));
    expect(await client.fetchTradingFee('BTC/USD')).toMatchObject({ taker: 0.001, maker: 0.001 });
  });

  test('rests an order, finds it by id and own id, changes it and takes it back', async () => {
    const order = await client.createOrder('BTC/USD', 'limit', 'buy', 0.01, 20_000, { clientOrderId: 'ccxt-1' });
    expect(await client.fetchOrder(String(order.id))).toMatchObject({
      status: 'open',
      clientOrderId: 'ccxt-1',
      remaining: 0.01,
    });
    const [open] = await client.fetchOpenOrders('BTC/USD');
    expect(open).toMatchObject({ id: order.id, price: 20_000, side: 'buy' });
    await client.editOrder(String(order.id), 'BTC/USD', 'limit', 'buy', 0.02, 20_001);
    expect(await client.fetchOrder(String(order.id))).toMatchObject({ amount: 0.02, price: 20_001 });
    await client.cancelOrder(String(order.id), 'BTC/USD');
    const closed = await client.fetchClosedOrders();
    expect(closed.find(({ id }) => id === order.id)).toMatchObject({ status: 'canceled', filled: 0 });
  });

  test('buys at the market: order, trades, ledger and balances say the same', async () => {
    const before = await totals();
    const { id } = await client.createOrder('BTC/USD', 'market', 'buy', 0.01);
    const order = await client.fetchOrder(String(id));
    expect(order).toMatchObject({ status: 'closed', filled: 0.01 });
    const trades = (await client.fetchMyTrades('BTC/USD')).filter((trade) => trade.order === id);
    const cost = trades.reduce((sum, trade) => sum + Number(trade.cost) + Number(trade.fee?.cost), 0);
    const after = await totals();
    expect(Number(before['USD']) - Number(after['USD'])).toBeCloseTo(cost, 4);
    expect(Number(after['BTC'])).toBeCloseTo(Number(before['BTC']) + 0.01, 8);
    expect(after['BTC']).toBe(exactBalance('BTC'));
    expect(after['USD']).toBe(exactBalance('USD'));
    const ledger = await client.fetchLedger('USD');
    const entries = ledger.filter(({ referenceId }) => trades.some((trade) => trade.id === referenceId));
    expect(entries.reduce((sum, entry) => sum + Number(entry.amount) + Number(entry.fee?.cost ?? 0), 0)).toBeCloseTo(
      cost,
      4,
    );
  });

  test('batches, the timer, cancelling everything, and errors it knows by name', async () => {
    const row = (price: number) => ({
      symbol: 'BTC/USD',
      type: 'limit' as const,
      side: 'buy' as const,
      amount: 0.01,
      price,
    });
    const batch = await client.createOrders([row(20_000), row(20_002)]);
    await client.cancelOrders(batch.map(({ id }) => String(id)));
    const alone = await client.createOrder('BTC/USD', 'limit', 'buy', 0.01, 20_004);
    await client.cancelOrders([String(alone.id)]);
    await client.createOrders([row(20_000), row(20_002)]);
    await client.cancelAllOrders();
    expect(await client.fetchOpenOrders()).toEqual([]);
    await client.cancelAllOrdersAfter(60_000);
    await client.cancelAllOrdersAfter(0);
    await expect(client.createOrder('BTC/USD', 'limit', 'buy', 1_000, 20_000)).rejects.toBeInstanceOf(
      ccxt.InsufficientFunds,
    );
    await expect(client.cancelOrder('OAAAAA-AAAAA-AAAAAA')).rejects.toBeInstanceOf(ccxt.OrderNotFound);
    const stranger = new ccxt.kraken({ apiKey: client.apiKey, secret: 'c2VjcmV0', urls: client.urls });
    await expect(stranger.fetchBalance()).rejects.toThrow(/EAPI:Invalid signature/);
  });
});

describe('ccxt over sockets', () => {
  test('watches a book, its orders, its trades and its balances while it trades', async () => {
    const book = await client.watchOrderBook('BTC/USD', 10);
    expect(book.bids.length).toBe(10);
    const balances = await client.watchBalance();
    expect((balances['total'] as unknown as Record<string, number>)['BTC']).toBe(exactBalance('BTC'));
    const watched = Promise.all([client.watchOrders('BTC/USD'), client.watchMyTrades('BTC/USD')]);
    const subscribed = () => server.exchange.stats().clients === 2;
    await expect.poll(subscribed).toBe(true);
    const resting = await client.createOrderWs('BTC/USD', 'limit', 'buy', 0.01, 20_000);
    const taking = await client.createOrderWs('BTC/USD', 'market', 'sell', 0.01);
    const [orders, trades] = await watched;
    expect([resting.id, taking.id]).toContain(orders[0]?.id);
    expect(trades[0]).toMatchObject({ order: taking.id, side: 'sell', symbol: 'BTC/USD' });
    expect(await client.watchTicker('BTC/USD')).toMatchObject({ symbol: 'BTC/USD', bid: expect.any(Number) });
    expect(await client.watchBidsAsks(['ETH/USD'])).toMatchObject({ 'ETH/USD': { ask: expect.any(Number) } });
    const ticks = Promise.all([client.watchTrades('BTC/USD'), client.watchOHLCV('BTC/USD')]);
    await client.createOrderWs('BTC/USD', 'market', 'buy', 0.01);
    expect((await ticks)[1][0]).toHaveLength(6);
    await client.cancelAllOrdersWs();
    expect(server.exchange.trading.openOrders('main')).toEqual([]);
  });
});
