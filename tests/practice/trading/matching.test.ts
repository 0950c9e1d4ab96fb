import { describe, expect, test } from 'vitest';
import type { OrderRecord } from '../../../src/practice/exchange/exchange-types.ts';
import { ClientBooks } from '../client-book.ts';
import { InlineClient } from '../inline-client.ts';
import { ALICE, BOB, ETH_USD, MadeExchange } from './made-exchange.ts';

/** Price and quantity of every fill, in ticks and hundred-millionths. */
const fills = ({ trades }: OrderRecord): [number, number][] =>
  trades.map(({ price, qty }) => [Number(price), Number(qty) / 1e8]);
const ioc = { timeInForce: 'ioc' } as const;

describe('taking', () => {
  test('best prices first, and what was taken is gone from the public book', () => {
    const made = new MadeExchange();
    const order = made.add('alice', { qty: '1.5', limitPrice: '101.5', ...ioc });
    expect(order.status).toBe('filled');
    expect(fills(order)).toEqual([
      [1010, 1],
      [1015, 0.5],
    ]);
    expect(made.book().asks).toEqual([
      ['101.5', '1.50000000'],
      ['102.0', '3.00000000'],
    ]);
  });

  test("the tape's next word on a price is the whole truth again, other prices stay taken", () => {
    const made = new MadeExchange();
    made.add('alice', { qty: '2', limitPrice: '101.5', ...ioc });
    made.tape({ asks: [['101.0', '0.7']] });
    expect(made.book().asks.slice(0, 2)).toEqual([
      ['101.0', '0.70000000'],
      ['101.5', '1.00000000'],
    ]);
  });

  test('what an immediate order does not get is cancelled', () => {
    const made = new MadeExchange();
    const order = made.add('alice', { qty: '1.5', limitPrice: '101', ...ioc });
    expect(order).toMatchObject({ status: 'canceled', filledQty: 100_000_000n });
    expect(order.reason).toMatch(/^Immediate or cancel/);
    expect(made.book().bids[0]).toEqual(['100.0', '1.00000000']);
    expect(made.events).toEqual(['pending_new', 'new', 'trade', 'canceled']);
  });

  test('an immediate order that reaches nothing trades nothing', () => {
    const made = new MadeExchange();
    expect(made.add('alice', { qty: '1', limitPrice: '100.9', ...ioc })).toMatchObject({
      status: 'canceled',
      trades: [],
    });
  });

  test.each([
    ['6', 'filled', 600_000_000n],
    ['6.00000001', 'canceled', 0n],
  ])('fill or kill of %s against 6 there is ends %s', (qty, status, filledQty) => {
    const made = new MadeExchange();
    expect(made.add('alice', { qty, limitPrice: '102', timeInForce: 'fok' })).toMatchObject({ status, filledQty });
    expect(made.book().asks.length).toBe(status === 'filled' ? 0 : 3);
  });

  test('a market order takes what is there and gives up the rest', () => {
    const made = new MadeExchange({ accounts: [{ ...ALICE, balances: { USD: '10000', BTC: '0' } }] });
    const order = made.add('alice', { orderType: 'market', qty: '7' });
    expect(order).toMatchObject({ status: 'canceled', filledQty: 600_000_000n });
    expect(made.book().asks).toEqual([]);
  });

  test('a market order for an amount of quote buys as much as that pays for, never more', () => {
    const made = new MadeExchange();
    const order = made.add('alice', { orderType: 'market', cashQty: '150' });
    // 101 for the first, 49 / 101.5 = 0.48275862… of the second.
    expect(fills(order)).toEqual([
      [1010, 1],
      [1015, 0.48275862],
    ]);
    expect(order).toMatchObject({ status: 'filled', qty: 148_275_862n, filledCost: 1_500_000n });
  });

  test('a post-only order that would take is cancelled, one that would not rests', () => {
    const made = new MadeExchange();
    const crossing = made.add('alice', { qty: '1', limitPrice: '101', postOnly: true });
    expect(crossing).toMatchObject({ status: 'canceled', reason: 'Post only order', trades: [] });
    const resting = made.add('alice', { qty: '1', limitPrice: '100.9', postOnly: true });
    expect(resting).toMatchObject({ status: 'new' });
    expect(made.book().bids[0]).toEqual(['100.9', '1.00000000']);
    expect(made.events).toEqual(['pending_new', 'canceled', 'pending_new', 'new']);
  });
});

describe('resting', () => {
  test('the rest of an order rests at its limit, on top of what the market has there', () => {
    const made = new MadeExchange();
    made.add('alice', { qty: '1.5', limitPrice: '101' });
    made.add('alice', { qty: '0.5', limitPrice: '99.5' });
    expect(made.book().bids.slice(0, 3)).toEqual([
      ['101.0', '0.50000000'],
      ['100.0', '1.00000000'],
      ['99.5', '2.50000000'],
    ]);
    made.tape({ bids: [['99.5', '1']] });
    expect(made.book().bids[2]).toEqual(['99.5', '1.50000000']);
  });

  test('the market fills it at its own price when the tape reaches it, and no more than it brings', () => {
    const made = new MadeExchange();
    const order = made.add('alice', { qty: '1', limitPrice: '100.5' });
    made.tape({ asks: [['100.6', '1']] });
    expect(order.status).toBe('new');
    made.tape({ asks: [['100.2', '0.4']] });
    expect(fills(order)).toEqual([[1005, 0.4]]);
    expect(made.book()).toMatchObject({ bids: [['100.5', '0.60000000'], ['100.0', '1.00000000'], {}, {}] });
    expect(made.book().asks[0]).toEqual(['100.6', '1.00000000']);
    made.tape({ asks: [['100.5', '2']] });
    expect(order).toMatchObject({ status: 'filled' });
    expect(order.trades.map(({ liquidity }) => liquidity)).toEqual(['maker', 'maker']);
    expect(made.book().asks[0]).toEqual(['100.5', '1.40000000']);
  });

  test('what rests outside the recorded depth is in the book all the same', () => {
    const made = new MadeExchange();
    made.add('alice', { side: 'sell', qty: '1', limitPrice: '5000' });
    expect(made.book().asks.at(-1)).toEqual(['5000.0', '1.00000000']);
  });

  test('a snapshot of the tape takes the market away, not the orders of accounts', () => {
    const made = new MadeExchange();
    made.add('alice', { qty: '1', limitPrice: '99.5' });
    made.tape({
      bids: [
        ['99.5', '0'],
        ['100.0', '0'],
        ['99.0', '0'],
      ],
    });
    expect(made.book().bids).toEqual([['99.5', '1.00000000']]);
  });

  test('an iceberg shows its tip and trades whole', () => {
    const made = new MadeExchange();
    const iceberg = made.add('alice', { orderType: 'iceberg', qty: '3', displayQty: '0.5', limitPrice: '100.5' });
    expect(made.book().bids[0]).toEqual(['100.5', '0.50000000']);
    expect(fills(made.add('bob', { side: 'sell', qty: '2.8', limitPrice: '100.5', ...ioc }))).toEqual([[1005, 2.8]]);
    expect(made.book().bids[0]).toEqual(['100.5', '0.20000000']);
    expect(iceberg.status).toBe('partially_filled');
  });

  test('every public message about it verifies, whichever depth a subscriber has', () => {
    const made = new MadeExchange({ settings: { openDelayMs: 0 } });
    const viewers = [10, 25].map((depth) => {
      const viewer = new InlineClient(made.exchange);
      viewer.subscribe(['BTC/USD'], depth);
      return { viewer, books: new ClientBooks({ 'BTC/USD': depth }) };
    });
    for (let i = 0; i < 30; i += 1) made.add('alice', { qty: '0.01', limitPrice: `${85 + (i % 15)}.${i % 10}` });
    made.add('bob', { side: 'sell', qty: '3', limitPrice: '96', ...ioc });
    made.tape({ asks: [['93.0', '10']] });
    made.trading.cancelAll('alice');
    for (const { viewer, books } of viewers) {
      for (const frame of viewer.frames) books.take(frame);
      expect(books).toMatchObject({ failed: 0, malformed: 0 });
      expect(books.verified).toBeGreaterThan(20);
    }
  });
});

describe('priority', () => {
  test('better prices first, at a price first come first served, the market among them', () => {
    const made = new MadeExchange({ accounts: [ALICE, BOB, { ...ALICE, name: 'carol' }] });
    const first = made.add('alice', { qty: '0.3', limitPrice: '100' });
    // The market adds 2 behind alice; bob comes behind all of it.
    made.tape({ bids: [['100.0', '3']] });
    const second = made.add('bob', { qty: '0.4', limitPrice: '100' });
    const best = made.add('bob', { qty: '0.1', limitPrice: '100.1' });
    const taker = made.add('carol', { side: 'sell', qty: '3.6', limitPrice: '100', ...ioc });
    expect([first.filledQty, second.filledQty, best.filledQty]).toEqual([30_000_000n, 20_000_000n, 10_000_000n]);
    // bob's best, the market's 1 from before alice, alice, the market's 2 from before bob, bob.
    expect(fills(taker)).toEqual([
      [1001, 0.1],
      [1000, 1],
      [1000, 0.3],
      [1000, 2],
      [1000, 0.2],
    ]);
    expect(made.book().bids[0]).toEqual(['100.0', '0.20000000']);
  });

  test('what the market loses at a price, it loses before an order', () => {
    const made = new MadeExchange();
    const order = made.add('alice', { qty: '0.5', limitPrice: '100' });
    made.tape({ bids: [['100.0', '0.2']] });
    made.tape({ bids: [['100.0', '5']] });
    const taker = made.add('bob', { side: 'sell', qty: '0.4', limitPrice: '100', ...ioc });
    expect(fills(taker)).toEqual([
      [1000, 0.2],
      [1000, 0.2],
    ]);
    expect(order.filledQty).toBe(20_000_000n);
  });

  test('an amendment keeps its place only when it makes the order smaller', () => {
    const made = new MadeExchange({ accounts: [ALICE, BOB, { ...ALICE, name: 'carol' }] });
    const one = made.add('alice', { qty: '1', limitPrice: '100.5' });
    const two = made.add('bob', { qty: '1', limitPrice: '100.5' });
    made.trading.amend('alice', { order: { orderId: one.id }, qty: '0.5' });
    made.add('carol', { side: 'sell', qty: '0.2', limitPrice: '100.5', ...ioc });
    expect([one.filledQty, two.filledQty]).toEqual([20_000_000n, 0n]);
    made.trading.amend('alice', { order: { orderId: one.id }, qty: '0.6' });
    made.add('carol', { side: 'sell', qty: '0.3', limitPrice: '100.5', ...ioc });
    expect([one.filledQty, two.filledQty]).toEqual([20_000_000n, 30_000_000n]);
  });

  test('an order remembers its terms from amendment to amendment, with what was unfilled of it at each', () => {
    const made = new MadeExchange();
    const order = made.add('alice', { qty: '1.5', limitPrice: '101' });
    const amend = (change: object) => made.trading.amend('alice', { order: { orderId: order.id }, ...change });
    amend({ limitPrice: '101.5', qty: '2' });
    amend({ limitPrice: '90' });
    const numbers = order.amends.map(({ kind, qty, remainingQty, limitPrice }) => [
      kind,
      qty,
      remainingQty,
      limitPrice,
    ]);
    expect(numbers).toEqual([
      ['original', 150_000_000n, 150_000_000n, 1010n],
      ['user', 200_000_000n, 100_000_000n, 1015n],
    ]);
    expect([order.status, order.filledQty]).toEqual(['filled', 200_000_000n]);
  });

  test('an amended price that crosses takes, and the public sees one change', () => {
    const made = new MadeExchange();
    const order = made.add('alice', { qty: '0.5', limitPrice: '99' });
    made.trading.amend('alice', { order: { orderId: order.id }, limitPrice: '101' });
    expect(order).toMatchObject({ status: 'filled', amended: true });
    expect(fills(order)).toEqual([[1010, 0.5]]);
    expect(made.events).toEqual(['pending_new', 'new', 'amended', 'trade', 'filled']);
    expect(made.book().bids.length).toBe(3);
  });
});

describe('two accounts', () => {
  test('trade at the resting price, each with its own fee and its own ids of one trade', () => {
    const made = new MadeExchange();
    const maker = made.add('bob', { side: 'sell', qty: '1', limitPrice: '100.5', feePreference: 'quote' });
    const taker = made.add('alice', { qty: '1', limitPrice: '101', ...ioc });
    const [sold] = maker.trades;
    const [bought] = taker.trades;
    expect(bought).toMatchObject({ price: 1005n, cost: 1_005_000n, fee: 4_020n, liquidity: 'taker', tradeId: 1 });
    expect(sold).toMatchObject({ price: 1005n, cost: 1_005_000n, fee: 2_010n, liquidity: 'maker', tradeId: 1 });
    expect(sold?.id).not.toBe(bought?.id);
    expect(made.balance('bob', 'USD')).toEqual([1100.299, 0]);
    expect(made.balance('alice', 'USD')).toEqual([899.098, 0]);
    expect(made.book().asks.length).toBe(3);
  });

  test('pairs have trade numbers of their own', () => {
    const made = new MadeExchange({
      pairs: [{ ...ETH_USD, symbol: 'BTC/USD', price: 1, bids: [['10.0', '5']], asks: [] }, ETH_USD],
    });
    const one = made.add('alice', { side: 'sell', qty: '0.1', limitPrice: '10', ...ioc });
    const two = made.add('alice', { symbol: 'ETH/USD', side: 'sell', qty: '0.1', limitPrice: '10', ...ioc });
    expect([one, two].map(({ trades }) => trades[0]?.tradeId)).toEqual([1, 1]);
  });
});

describe('self-trade prevention', () => {
  const meet = (stp: string | undefined) => {
    const made = new MadeExchange();
    const resting = made.add('alice', { side: 'sell', qty: '0.5', limitPrice: '100.5' });
    const arriving = made.add('alice', { qty: '0.8', limitPrice: '101', stp });
    return { made, resting, arriving };
  };

  test.each([
    [undefined, 'new', 'canceled', 0n],
    ['cancel_newest', 'new', 'canceled', 0n],
    ['cancel_oldest', 'canceled', 'filled', 80_000_000n],
    ['cancel_both', 'canceled', 'canceled', 0n],
  ])('%s: the resting order is %s, the arriving one %s', (stp, resting, arriving, filledQty) => {
    const met = meet(stp);
    expect(met.resting.status).toBe(resting);
    expect(met.arriving).toMatchObject({ status: arriving, filledQty });
    for (const order of [met.resting, met.arriving]) {
      if (order.status === 'canceled') expect(order.reason).toBe('Self trade prevention');
    }
    expect(met.made.balance('alice', 'BTC')[1]).toBe(resting === 'new' ? 0.5 : 0);
  });

  test('an arriving order keeps what it got before it met its own', () => {
    const made = new MadeExchange();
    made.add('bob', { side: 'sell', qty: '0.2', limitPrice: '100.4' });
    const own = made.add('alice', { side: 'sell', qty: '0.5', limitPrice: '100.5' });
    const order = made.add('alice', { qty: '1', limitPrice: '101' });
    expect(order).toMatchObject({ status: 'canceled', filledQty: 20_000_000n });
    expect(own.status).toBe('new');
  });

  test('fill or kill counts only what it may have', () => {
    const made = new MadeExchange();
    made.add('alice', { side: 'sell', qty: '0.5', limitPrice: '101.2' });
    const fok = (stp: string, qty: string) => made.add('alice', { qty, limitPrice: '101.5', timeInForce: 'fok', stp });
    expect(fok('cancel_newest', '1.1').status).toBe('canceled');
    expect(made.trading.openOrders('alice').length).toBe(1);
    expect(fok('cancel_oldest', '1.1').status).toBe('filled');
  });

  test('accounts are not each other', () => {
    const made = new MadeExchange();
    const resting = made.add('bob', { side: 'sell', qty: '0.5', limitPrice: '100.5' });
    expect(made.add('alice', { qty: '0.5', limitPrice: '101' }).status).toBe('filled');
    expect(resting.status).toBe('filled');
  });
});
