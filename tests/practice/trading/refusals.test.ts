import { describe, expect, test } from 'vitest';
import { rawNumber } from '../../../src/net/exact-json.ts';
import type { NewOrder } from '../../../src/practice/exchange/exchange-types.ts';
import { ALICE, BTC_USD, errorOf, MadeExchange } from './made-exchange.ts';

const GOOD: Partial<NewOrder> = { qty: '1', limitPrice: '100' };
const MARKET: Partial<NewOrder> = { orderType: 'market', qty: '1' };
const argument = (what: string) => `EGeneral:Invalid arguments:${what}`;

describe('what is refused before the engine has it', () => {
  test.each<[string, Partial<NewOrder>, string | undefined]>([
    ['a good order', GOOD, undefined],
    ['a pair that is not listed', { ...GOOD, symbol: 'WWW/USD' }, 'EQuery:Unknown asset pair'],
    ['a side that is none', { ...GOOD, side: 'hold' }, argument('type')],
    ['a type that is none', { ...GOOD, orderType: 'guess' }, argument('ordertype')],
    ['a type that needs trades', { ...GOOD, orderType: 'stop-loss' }, 'EAPI:Feature disabled'],
    ['a type that needs margin', { ...GOOD, orderType: 'settle-position' }, 'EAPI:Feature disabled'],
    ['a time in force that is none', { ...GOOD, timeInForce: 'day' }, argument('timeinforce')],
    ['upper case where the socket has lower', { ...GOOD, timeInForce: 'IOC' }, argument('timeinforce')],
    ['fill or kill at the market', { ...MARKET, timeInForce: 'fok' }, argument('timeinforce')],
    [
      'an immediate iceberg',
      { ...GOOD, orderType: 'iceberg', displayQty: '0.5', timeInForce: 'ioc' },
      argument('timeinforce'),
    ],
    ['self-trade prevention of no kind', { ...GOOD, stp: 'none' }, argument('stptype')],
    ['a fee preference of no kind', { ...GOOD, feePreference: 'both' }, argument('oflags')],
    ['post-only and immediate', { ...GOOD, postOnly: true, timeInForce: 'ioc' }, argument('oflags')],
    ['post-only at the market', { ...MARKET, postOnly: true }, argument('oflags')],
    ['margin', { ...GOOD, margin: true }, 'EAccount:Invalid permissions'],
    ['reduce only', { ...GOOD, reduceOnly: true }, 'EOrder:Reduce only:No position exists'],
    ['a scheduled start', { ...GOOD, effectiveAtMs: 1 }, 'EAPI:Feature disabled'],
    ['no price', { qty: '1' }, argument('price')],
    ['a price of nothing', { ...GOOD, limitPrice: '0' }, argument('price')],
    ['a price below nothing', { ...GOOD, limitPrice: '-1' }, argument('price')],
    ['a price that is no number', { ...GOOD, limitPrice: 'ten' }, argument('price')],
    ['a price with a decimal too many', { ...GOOD, limitPrice: '100.05' }, argument('price')],
    ['zeros that say nothing', { ...GOOD, limitPrice: '100.0000', qty: '1.0000000000' }, undefined],
    ['an exponent', { ...GOOD, qty: '1e-1' }, undefined],
    ['no quantity', { limitPrice: '100' }, argument('volume')],
    ['a quantity of nothing', { ...GOOD, qty: '0' }, argument('volume')],
    ['a quantity with a decimal too many', { ...GOOD, qty: '0.123456789' }, argument('volume')],
    ['a quantity of endless digits', { ...GOOD, qty: '1'.repeat(100_000) }, argument('volume')],
    ['a quantity below the minimum', { ...GOOD, qty: '0.00009999' }, 'EOrder:Order minimum not met'],
    ['the smallest quantity', { ...GOOD, side: 'sell', qty: '0.0001', limitPrice: '9999' }, undefined],
    ['a cost below the minimum', { ...GOOD, qty: '0.004', limitPrice: '100' }, 'EOrder:Cost minimum not met'],
    ['the smallest cost', { ...GOOD, qty: '0.005', limitPrice: '100' }, undefined],
    ['a market order that costs too little', { ...MARKET, qty: '0.0001' }, 'EOrder:Cost minimum not met'],
    ['an amount of quote in a limit order', { limitPrice: '100', cashQty: '10' }, argument('volume')],
    ['an amount of quote for a sale', { orderType: 'market', side: 'sell', cashQty: '10' }, argument('volume')],
    ['an amount of quote and a quantity', { ...MARKET, cashQty: '10' }, argument('volume')],
    ['an amount of quote below the minimum', { orderType: 'market', cashQty: '0.4999' }, 'EOrder:Cost minimum not met'],
    ['a display quantity without an iceberg', { ...GOOD, displayQty: '0.5' }, argument('displayvol')],
    ['an iceberg without a tip', { ...GOOD, orderType: 'iceberg' }, argument('displayvol')],
    [
      'an iceberg with too small a tip',
      { ...GOOD, orderType: 'iceberg', displayQty: '0.06666666' },
      argument('displayvol'),
    ],
    [
      'an iceberg with a tip larger than itself',
      { ...GOOD, orderType: 'iceberg', displayQty: '1.1' },
      argument('displayvol'),
    ],
    ['good till no day', { ...GOOD, timeInForce: 'gtd' }, argument('expiretm')],
    ['an expiry without gtd', { ...GOOD, expireAtMs: 1e15 }, argument('expiretm')],
    ['a userref and a client order id', { ...GOOD, userref: 1, clOrdId: 'a' }, argument('userref')],
    ['a userref that is no int32', { ...GOOD, userref: 2 ** 31 }, argument('userref')],
    ['more than there is', { ...GOOD, qty: '10' }, 'EOrder:Insufficient funds'],
  ])('%s', (_what, order, error) => {
    expect(new MadeExchange().refusal('alice', order)).toBe(error);
  });

  test.each<[string, string | undefined]>([
    ['a', undefined],
    ['amhw3k2x100001203', undefined],
    ['eighteen letters-x', undefined],
    ['nineteen letters--x', argument('cl_ord_id')],
    ['', argument('cl_ord_id')],
    ['umlaut-ä', argument('cl_ord_id')],
    ['line\n', argument('cl_ord_id')],
    ['2c6be801-1f53-4f79-a0bb-4ea1c95dfae9', undefined],
    ['2c6be8011f534f79a0bb4ea1c95dfae9', undefined],
    ['2c6be801-1f53-4f79-a0bb-4ea1c95dfaeg', argument('cl_ord_id')],
    ['2c6be8011f534f79a0bb4ea1c95dfae', argument('cl_ord_id')],
  ])('the client order id %j', (clOrdId, error) => {
    expect(new MadeExchange().refusal('alice', { ...GOOD, clOrdId })).toBe(error);
  });

  test('a client order id is unique among the open orders of an account only', () => {
    const made = new MadeExchange();
    made.add('alice', { ...GOOD, clOrdId: 'same' });
    expect(made.refusal('alice', { ...GOOD, clOrdId: 'same' })).toBe(argument('cl_ord_id'));
    expect(made.refusal('bob', { ...GOOD, clOrdId: 'same' })).toBeUndefined();
    made.trading.cancel('alice', { clOrdId: 'same' });
    made.add('alice', { ...GOOD, clOrdId: 'same', limitPrice: '101', timeInForce: 'ioc' });
    made.add('alice', { ...GOOD, clOrdId: 'same', limitPrice: '101.5', timeInForce: 'ioc' });
    expect(made.trading.trades('alice').length).toBe(2);
  });

  test('a price between two ticks, where the tick is coarser than the decimals', () => {
    const made = new MadeExchange({ pairs: [{ ...BTC_USD, tick: '0.5' }] });
    expect(made.refusal('alice', { ...GOOD, limitPrice: '100.5' })).toBeUndefined();
    expect(made.refusal('alice', { ...GOOD, limitPrice: '100.6' })).toBe('EOrder:Tick size check failed');
  });

  test('a pair that is announced with fewer decimals takes no finer price any more', () => {
    const made = new MadeExchange();
    const entry = made.exchange.market.entry('BTC/USD') ?? {};
    const price = { price_precision: rawNumber('0'), price_increment: rawNumber('1') };
    made.exchange.market.changeInstruments({ assets: [], pairs: [{ ...entry, ...price }] });
    expect(made.refusal('alice', { ...GOOD, limitPrice: '100.5' })).toBe(argument('price'));
    expect(made.refusal('alice', { ...GOOD, limitPrice: '100' })).toBeUndefined();
  });

  test('checking only answers the same and does nothing', () => {
    const made = new MadeExchange();
    const checked = made.trading.add('alice', {
      symbol: 'BTC/USD',
      side: 'buy',
      orderType: 'limit',
      ...GOOD,
      validate: true,
    });
    expect(checked).toEqual({
      ok: true,
      value: { order: undefined, description: 'buy 1.00000000 BTC/USD @ limit 100.0' },
    });
    expect(made.refusal('alice', { ...GOOD, qty: '10', validate: true })).toBe('EOrder:Insufficient funds');
    expect([made.events, made.trading.openOrders('alice'), made.balance('alice', 'USD')]).toEqual([[], [], [1000, 0]]);
  });
});

describe('deadlines', () => {
  test.each<[number, number, string | undefined]>([
    [499, 0, argument('deadline')],
    [500, 0, undefined],
    [60_000, 0, undefined],
    [60_001, 0, argument('deadline')],
    [-1, 0, 'EService:Deadline elapsed'],
    [2_000, 2_000, undefined],
    [2_000, 2_001, 'EService:Deadline elapsed'],
  ])('%i ms after the request came in, which was %i ms ago', (aheadMs, agoMs, error) => {
    const made = new MadeExchange();
    const receivedAtMs = made.nowMs - agoMs;
    expect(made.refusal('alice', { ...GOOD, receivedAtMs, deadlineMs: receivedAtMs + aheadMs })).toBe(error);
  });

  test('a request without one has five seconds', () => {
    const made = new MadeExchange();
    expect(made.refusal('alice', { ...GOOD, receivedAtMs: made.nowMs - 5_000 })).toBeUndefined();
    expect(made.refusal('alice', { ...GOOD, receivedAtMs: made.nowMs - 5_001 })).toBe('EService:Deadline elapsed');
  });

  test('an amendment has one too', () => {
    const made = new MadeExchange();
    const order = made.add('alice', GOOD);
    const amend = (aheadMs: number) =>
      errorOf(
        made.trading.amend('alice', { order: { orderId: order.id }, qty: '0.5', deadlineMs: made.nowMs + aheadMs }),
      );
    expect([amend(-1), amend(100), amend(1_000)]).toEqual([
      'EService:Deadline elapsed',
      argument('deadline'),
      undefined,
    ]);
  });
});

describe('amending', () => {
  const amended = (change: object, first: Partial<NewOrder> = GOOD) => {
    const made = new MadeExchange();
    const order = made.add('alice', first);
    const error = errorOf(made.trading.amend('alice', { order: { orderId: order.id }, ...change }));
    return { made, order, error };
  };

  test.each([
    [{}, 'EOrder: No amendable parameters'],
    [{ qty: 'x' }, argument('volume')],
    [{ qty: '0.00001' }, 'EOrder:Order minimum not met'],
    [{ limitPrice: '100.05' }, argument('price')],
    [{ displayQty: '1' }, argument('displayvol')],
    [{ qty: '100' }, 'EOrder:Insufficient funds'],
    [{ limitPrice: '101', postOnly: true }, 'EOrder:Post only order'],
  ])('%j is refused and changes nothing', (change, error) => {
    const { made, order, error: was } = amended(change);
    expect(was).toBe(error);
    expect(order).toMatchObject({ qty: 100_000_000n, limitPrice: 1000n, amended: false, status: 'new' });
    expect(made.balance('alice', 'USD')[1]).toBe(100.4);
  });

  test('more and dearer holds more, less holds less', () => {
    expect(amended({ qty: '2', limitPrice: '100.5' }).made.balance('alice', 'USD')[1]).toBe(201.804);
    expect(amended({ qty: '0.5' }).made.balance('alice', 'USD')[1]).toBe(50.2);
  });

  test('below what is filled the rest is cancelled', () => {
    const made = new MadeExchange();
    const order = made.add('alice', { qty: '1.5', limitPrice: '101' });
    expect(errorOf(made.trading.amend('alice', { order: { orderId: order.id }, qty: '0.9' }))).toBeUndefined();
    expect(order).toMatchObject({ status: 'canceled', filledQty: 100_000_000n });
    expect(made.balance('alice', 'USD')[1]).toBe(0);
  });

  test('what is not open cannot be amended, nor can what is another account’s', () => {
    const { made, order } = amended({ qty: '0.5' });
    const other = errorOf(made.trading.amend('bob', { order: { orderId: order.id }, qty: '0.4' }));
    made.trading.cancel('alice', { orderId: order.id });
    const late = errorOf(made.trading.amend('alice', { order: { orderId: order.id }, qty: '0.4' }));
    expect([other, late]).toEqual(['EOrder:Unknown order', 'EOrder:Unknown order']);
  });
});

describe('states of the venue and of a pair', () => {
  const post: Partial<NewOrder> = { ...GOOD, postOnly: true };
  test.each<[string, (string | undefined)[]]>([
    ['online', [undefined, undefined, undefined]],
    ['maintenance', ['EService:Unavailable', 'EService:Unavailable', 'EService:Unavailable']],
    ['cancel_only', Array(3).fill('EService:Market in cancel_only mode')],
    ['post_only', ['EService:Market in post_only mode', undefined, 'EService:Market in post_only mode']],
    ['limit_only', [undefined, undefined, 'EService:Market in limit_only mode']],
    ['something_new', Array(3).fill('EService:Unavailable')],
  ])('%s: a limit order, a post-only one, a market one', (state, errors) => {
    const ask = (made: MadeExchange) => [GOOD, post, MARKET].map((order) => made.refusal('alice', order));
    const system = new MadeExchange();
    system.exchange.market.setSystem(state);
    expect(ask(system)).toEqual(errors);
    const pair = new MadeExchange();
    pair.exchange.market.setPairStatus('BTC/USD', state);
    expect(ask(pair)).toEqual(errors);
  });

  test.each([
    ['reduce_only', 'EOrder:Reduce only:No position exists'],
    ['delisted', 'EQuery:Unknown asset pair'],
    ['work_in_progress', 'EQuery:Unknown asset pair'],
  ])('a pair that is %s', (status, error) => {
    const made = new MadeExchange();
    made.exchange.market.setPairStatus('BTC/USD', status);
    expect(made.refusal('alice', GOOD)).toBe(error);
  });

  test('in maintenance nothing is cancelled, matched or expired; what fell due happens afterwards', () => {
    const made = new MadeExchange();
    const { market } = made.exchange;
    const day = made.add('alice', { ...GOOD, timeInForce: 'gtd', expireAtMs: made.nowMs + 1_000 });
    const filled = made.add('bob', { ...GOOD, limitPrice: '100.5' });
    const armed = made.add('bob', { ...GOOD, limitPrice: '90' });
    made.trading.cancelAllAfter('bob', 2);
    market.setSystem('maintenance');
    for (const answer of [
      made.trading.cancel('alice', { orderId: day.id }),
      made.trading.cancelAll('alice'),
      made.trading.amend('alice', { order: { orderId: day.id }, qty: '0.5' }),
    ]) {
      expect(errorOf(answer)).toBe('EService:Unavailable');
    }
    made.tape({ asks: [['100.4', '0.5']] });
    made.run(5_000);
    expect([day.status, filled.status, armed.status]).toEqual(['new', 'new', 'new']);
    market.setSystem('online');
    expect([day.status, filled.status, armed.status]).toEqual(['expired', 'canceled', 'canceled']);
  });

  test('the switch set anew in maintenance does not strike for the time before', () => {
    const made = new MadeExchange();
    const order = made.add('alice', GOOD);
    made.trading.cancelAllAfter('alice', 1);
    made.exchange.market.setSystem('maintenance');
    made.run(2_000);
    made.trading.cancelAllAfter('alice', 60);
    made.exchange.market.setSystem('online');
    expect(order.status).toBe('new');
    made.run(60_000);
    expect(order.status).toBe('canceled');
  });

  test('cancelling works while nothing is traded', () => {
    for (const state of ['cancel_only', 'post_only', 'limit_only']) {
      const made = new MadeExchange();
      made.add('alice', GOOD);
      made.exchange.market.setSystem(state);
      made.tape({ asks: [['99.9', '0.5']] });
      expect(made.trading.trades('alice').length).toBe(state === 'limit_only' ? 1 : 0);
      expect(made.trading.cancelAll('alice')).toEqual({ ok: true, value: { count: 1 } });
    }
  });

  test('orders meet what the market has become when trading begins again', () => {
    const made = new MadeExchange();
    const order = made.add('alice', GOOD);
    made.exchange.market.setPairStatus('BTC/USD', 'cancel_only');
    made.tape({ asks: [['99.9', '5']] });
    expect(order.status).toBe('new');
    made.exchange.market.setPairStatus('BTC/USD', 'online');
    expect(order.status).toBe('filled');
    expect(order.trades[0]).toMatchObject({ price: 1000n, liquidity: 'maker' });
  });

  test('a pair that is delisted has no orders any more', () => {
    const made = new MadeExchange();
    const order = made.add('alice', GOOD);
    made.exchange.market.setPairStatus('BTC/USD', 'delisted');
    expect(order.status).toBe('canceled');
    expect(made.balance('alice', 'USD')).toEqual([1000, 0]);
  });
});

describe('accounts', () => {
  test.each([
    [{ name: '' }, /a name/],
    [{ name: 'alice' }, /not taken/],
    [{ name: 'dora', balances: { XXX: '1' } }, /assets of/],
    [{ name: 'dora', balances: { USD: '-1' } }, /balance from 0/],
    [{ name: 'dora', balances: { USD: 'much' } }, /plain decimal/],
    [{ name: 'dora', balances: { USD: '0.00001' } }, /does not fit/],
    [{ name: 'dora', fees: { tier: 18 } }, /tier from 1 to 17/],
    [{ name: 'dora', fees: { makerPct: '0', takerPct: '100' } }, /100 %/],
  ])('%j is refused', (settings, error) => {
    expect(() => new MadeExchange().trading.openAccount({ ...ALICE, ...settings })).toThrow(error);
  });

  test('no one else’s account is seen or touched', () => {
    const made = new MadeExchange();
    const order = made.add('alice', GOOD);
    expect(made.trading.order('bob', order.id)).toBeUndefined();
    expect(errorOf(made.trading.cancel('bob', { orderId: order.id }))).toBe('EOrder:Unknown order');
    expect(made.trading.openOrders('bob')).toEqual([]);
    expect(() => made.trading.balances('nobody')).toThrow(/no account/);
    expect(() => made.trading.cancelAll('nobody')).toThrow(/no account/);
    // The exchange goes on, and still reports what changes.
    const heard: string[] = [];
    const onSettled = () => heard.push('settled');
    made.trading.listen('alice', { onExecution: ({ kind }) => heard.push(kind), onLedger: () => {}, onSettled });
    made.trading.cancelAll('alice');
    expect(heard).toEqual(['canceled', 'settled']);
  });
});
