/** Trading in recorded markets: orders change the books that everybody sees, and nothing of it is ever inconsistent. */
import { afterEach, describe, expect, test } from 'vitest';
import { formatDecimal } from '../../../src/money/money.ts';
import { seededChance } from '../../../src/platform/chance.ts';
import { systemClock, VirtualClock } from '../../../src/platform/clock.ts';
import { type PracticeServer, startPracticeServer } from '../../../src/practice/network/practice-server.ts';
import { PRACTICE_DEFAULTS, PracticeExchange } from '../../../src/practice/practice-exchange.ts';
import { BITFLYER, BTC_USD, GEMINI, TWO_SOCKETS, tape } from '../captures.ts';
import { ClientBooks } from '../client-book.ts';
import { InlineClient } from '../inline-client.ts';
import { SocketClient } from '../socket-client.ts';

const ACCOUNT = { rateTier: 'pro', fees: { tier: 8 } } as const;
const SEED = 20_260_802;

/** Plays a recording while two accounts place orders around the touch, every few milliseconds of the market's time. */
function tradeThrough(file: string) {
  const recording = tape(file);
  const clock = new VirtualClock(1_785_641_750_000_000_000n);
  const assets = recording.entries.pairs.flatMap(({ base, quote }) => [String(base), String(quote)]);
  const balances = Object.fromEntries(assets.map((id) => [id, '100000']));
  const accounts = ['one', 'two'].map((name) => ({ ...ACCOUNT, name, balances }));
  const exchange = new PracticeExchange(recording, clock, { ...PRACTICE_DEFAULTS, accounts, openDelayMs: 0 });
  const viewers = [10, 25].map((depth) => {
    const viewer = new InlineClient(exchange);
    const symbols = recording.symbols.map(({ symbol }) => symbol);
    viewer.subscribe(symbols, depth);
    return { viewer, books: new ClientBooks(Object.fromEntries(symbols.map((symbol) => [symbol, depth]))) };
  });
  const chance = seededChance(SEED);
  let crossed = 0;
  for (let turn = 0; exchange.stats().market !== 'ended' && turn < 4_000; turn += 1) {
    clock.advanceTo(clock.nowNs() + 10e6);
    placeOne(exchange, accounts[chance.integer(2)]?.name ?? 'one', chance);
    for (const { bids, asks } of exchange.market.books.values()) {
      const [bid, ask] = [bids[0]?.price, asks[0]?.price];
      if (bid !== undefined && ask !== undefined && bid >= ask) crossed += 1;
    }
  }
  return { exchange, viewers, crossed };
}

function placeOne(exchange: PracticeExchange, account: string, chance: ReturnType<typeof seededChance>): void {
  const { trading, market } = exchange;
  const books = [...market.books.values()];
  const book = books[chance.integer(books.length)];
  const pair = book === undefined ? undefined : trading.pair(book.symbol);
  const side = chance.integer(2) === 0 ? 'buy' : 'sell';
  const touch = (side === 'buy' ? book?.asks : book?.bids)?.[chance.integer(4)]?.price;
  if (pair === undefined || touch === undefined) return;
  const away = BigInt(chance.integer(5) - 2) * pair.priceIncrement;
  const limitPrice = formatDecimal(touch + away, pair.scale.price);
  const qty = formatDecimal(pair.qtyMin * BigInt(1 + chance.integer(5_000)), pair.scale.qty);
  const timeInForce = chance.integer(3) === 0 ? 'gtc' : 'ioc';
  trading.add(account, { symbol: pair.symbol, side, orderType: 'limit', qty, limitPrice, timeInForce });
  if (chance.integer(50) === 0) trading.cancelAll(account);
}

describe.each([
  ['one pair', BTC_USD],
  ['two pairs of two sockets', TWO_SOCKETS],
  ['a triangle', GEMINI],
  ['snapshots again and again', BITFLYER],
])('%s', (_what, file) => {
  const { exchange, viewers, crossed } = tradeThrough(file);
  const { trading } = exchange;

  test('every public message verifies, at every depth, and no book is ever crossed', () => {
    for (const { viewer, books } of viewers) {
      for (const frame of viewer.frames) books.take(frame);
      expect(books).toMatchObject({ failed: 0, malformed: 0 });
    }
    expect(crossed).toBe(0);
    const trades = trading.accounts.flatMap((name) => trading.trades(name));
    expect(trades.length).toBeGreaterThan(100);
    expect(new Set(trades.map(({ liquidity }) => liquidity))).toEqual(new Set(['maker', 'taker']));
  });

  test('balances are what the ledger says', () => {
    for (const name of trading.accounts) {
      for (const { asset, total, held } of trading.balances(name)) {
        const entries = trading.ledger(name).filter((entry) => entry.asset.id === asset.id);
        expect(total).toBe(entries.reduce((sum, { amount, fee }) => sum + amount - fee, 0n));
        expect(held >= 0n && total >= held).toBe(true);
      }
    }
  });
});

describe('over real sockets', () => {
  let server: PracticeServer | undefined;

  afterEach(async () => {
    await server?.close();
    server = undefined;
  });

  test('an order on the private socket is reported on both, to the same digits', async () => {
    const accounts = [{ ...ACCOUNT, name: 'one', balances: { USD: '1000000' } }];
    const settings = { speed: 0.000_001, openDelayMs: 0, accounts };
    server = await startPracticeServer({ capture: BTC_USD, port: 0, settings }, systemClock);
    const { wsPublic, wsPrivate, exchange } = server;
    const viewer = await SocketClient.connect(wsPublic);
    viewer.subscribe(['BTC/USD']);
    const client = await SocketClient.connect(wsPrivate);
    const { token } = exchange.tokens.issue('one');
    client.say({ method: 'subscribe', params: { channel: 'executions', token } });
    client.say({ method: 'subscribe', params: { channel: 'balances', token } });
    await Promise.all([viewer.frameWith('"type":"snapshot"'), client.frameWith('"channel":"balances"')]);
    const before = viewer.frames.length;
    const best = exchange.market.books.get('BTC/USD')?.asks[0];
    const limit_price = Number(best?.price) / 10;
    const order = { order_type: 'limit', side: 'buy', symbol: 'BTC/USD', order_qty: 0.0001, limit_price };
    client.say({
      method: 'add_order',
      params: { ...order, time_in_force: 'ioc', cl_ord_id: 'real', token },
      req_id: 5,
    });
    const [ack, filled] = await Promise.all([client.frameWith('"method":"add_order"'), client.frameWith('"filled"')]);
    await viewer.until(() => viewer.frames.slice(before).some((frame) => frame.includes('"type":"update"')));
    expect(ack).toMatch(
      /^\{"method":"add_order","req_id":5,"result":\{"order_id":"O[A-Z2-7-]{18}","cl_ord_id":"real"\},"success":true/,
    );
    expect(filled).toContain('"cum_qty":0.00010000');
    const books = new ClientBooks({ 'BTC/USD': 10 });
    for (const frame of viewer.frames) books.take(frame);
    expect(books).toMatchObject({ failed: 0 });
    const shown = [...(books.books.get('BTC/USD')?.asks ?? [])][0];
    expect(shown?.[1]).toBe(formatDecimal((best?.qty ?? 0n) - 10_000n, 8));
    await Promise.all([viewer.close(), client.close()]);
  });

  test('a private client that is closed and comes again finds what happened in the snapshot', async () => {
    const accounts = [{ ...ACCOUNT, name: 'one', balances: { USD: '1000000' } }];
    server = await startPracticeServer({ capture: BTC_USD, port: 0, settings: { accounts } }, systemClock);
    const { wsPrivate, exchange } = server;
    const { token } = exchange.tokens.issue('one');
    const first = await SocketClient.connect(wsPrivate);
    const order = { order_type: 'limit', side: 'buy', symbol: 'BTC/USD', order_qty: 0.001, limit_price: 10_000 };
    first.say({ method: 'add_order', params: { ...order, cl_ord_id: 'left', token } });
    await first.frameWith('"success":true');
    await first.close();
    const second = await SocketClient.connect(wsPrivate);
    second.say({ method: 'subscribe', params: { channel: 'executions', token, snap_trades: true } });
    expect(await second.frameWith('"snapshot"')).toContain('"cl_ord_id":"left"');
    await second.close();
  });
});
