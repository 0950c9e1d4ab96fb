/** The private socket in its first version: orders, their steps and their trades, reported and placed. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { PracticeExchange } from '../../../src/practice/practice-exchange.ts';
import { ClientEnd } from '../client-end.ts';
import { MadeExchange, type MadeOptions } from '../trading/made-exchange.ts';

type Row = Record<string, unknown>;

class V1PrivateClient extends ClientEnd {
  readonly token: string;

  constructor(exchange: PracticeExchange, account = 'alice') {
    super((port) => exchange.connectPrivateV1(port));
    this.token = exchange.tokens.issue(account).token;
  }

  say(message: object): unknown[] {
    const from = this.frames.length;
    this.raw(JSON.stringify(message));
    return this.frames.slice(from).map((frame) => JSON.parse(frame) as unknown);
  }

  subscribe(name: string, more: object = {}): unknown[] {
    return this.say({ event: 'subscribe', subscription: { name, token: this.token, ...more } });
  }

  order(event: string, params: object): unknown[] {
    return this.say({ event, token: this.token, reqid: 5, ...params });
  }

  /** Rows of a channel since the frame `from`, with their sequence. */
  rows(channel: string, from = 0): [number, Row][] {
    const frames = this.frames.slice(from).map((frame) => JSON.parse(frame) as unknown);
    const own = frames.filter((frame): frame is [Row[], string, { sequence: number }] => {
      return Array.isArray(frame) && frame[1] === channel;
    });
    return own.flatMap(([rows, , { sequence }]) =>
      rows.map((row): [number, Row] => [sequence, Object.values(row)[0] as Row]),
    );
  }
}

function open(options: MadeOptions = {}) {
  const made = new MadeExchange(options);
  return { made, client: new V1PrivateClient(made.exchange) };
}

const BUY = { pair: 'XBT/USD', type: 'buy', ordertype: 'limit', volume: '0.50000000', price: '100.5' };

describe('orders', () => {
  test('an order that rests is reported in steps, from pending to canceled', () => {
    const { client } = open();
    expect(client.subscribe('openOrders')).toEqual([
      {
        channelName: 'openOrders',
        event: 'subscriptionStatus',
        status: 'subscribed',
        subscription: { maxratecount: 180, name: 'openOrders' },
      },
      [[], 'openOrders', { sequence: 1 }],
    ]);
    const [answer] = client.order('addOrder', { ...BUY, userref: '7' }) as [Row];
    expect(answer).toEqual({
      descr: 'buy 0.50000000 XBTUSD @ limit 100.5',
      event: 'addOrderStatus',
      reqid: 5,
      status: 'ok',
      txid: expect.stringMatching(/^O[A-Z2-7]{5}-[A-Z2-7]{5}-[A-Z2-7]{6}$/),
    });
    expect(client.order('cancelOrder', { txid: [answer['txid']] })[0]).toEqual({
      event: 'cancelOrderStatus',
      reqid: 5,
      status: 'ok',
    });
    const steps = client.rows('openOrders');
    expect(steps.map(([sequence]) => sequence)).toEqual([2, 3, 4]);
    const [pending, opened, canceled] = steps.map(([, row]) => row);
    expect(Object.keys(pending ?? {})).toEqual([
      ...[
        'avg_price',
        'cost',
        'descr',
        'expiretm',
        'fee',
        'limitprice',
        'misc',
        'oflags',
        'opentm',
        'refid',
        'starttm',
      ],
      ...['status', 'stopprice', 'timeinforce', 'userref', 'vol', 'vol_exec'],
    ]);
    expect(pending).toMatchObject({
      status: 'pending',
      userref: 7,
      oflags: 'fciq',
      vol: '0.50000000',
      vol_exec: '0.00000000',
      descr: {
        close: null,
        order: 'buy 0.50000000 XBT/USD @ limit 100.5',
        pair: 'XBT/USD',
        price: '100.50000',
        type: 'buy',
      },
    });
    expect(opened).toEqual({ status: 'open', userref: 7 });
    expect(canceled).toMatchObject({ status: 'canceled', vol_exec: '0.00000000', cancel_reason: 'User requested' });
    expect(Number(canceled?.['lastupdated'])).toBeGreaterThan(1.7e9);
  });

  test('fills are reported in both channels, with fees in quote whatever paid them, and as the exchange booked them', () => {
    const { made, client } = open();
    client.subscribe('openOrders');
    client.subscribe('ownTrades');
    client.order('addOrder', { ...BUY, ordertype: 'market', volume: '1.5', price: undefined, oflags: 'fcib' });
    const trades = client.rows('ownTrades').map(([, row]) => row);
    const booked = made.trading.trades('alice');
    expect(booked.every(({ feeAsset }) => feeAsset.id === 'BTC')).toBe(true);
    expect(trades).toHaveLength(2);
    expect(trades[0]).toMatchObject({
      pair: 'XBT/USD',
      type: 'buy',
      ordertype: 'market',
      price: '101.00000',
      vol: '1.00000000',
      cost: '101.0000',
      margin: '0.0000',
      ordertxid: booked[0]?.order.id,
    });
    for (const [at, trade] of booked.entries())
      expect(Number(trades[at]?.['fee'])).toBe(Number(trade.feeInQuote) / 1e4);
    const last = client.rows('openOrders').at(-1)?.[1];
    expect(last).toMatchObject({ status: 'closed', vol_exec: '1.50000000', cost: '151.7500', avg_price: '101.16667' });
  });

  test('a snapshot has what is open and what was traded, newest first; without wish for it none comes', () => {
    const { made, client } = open();
    made.add('alice', { limitPrice: '50', qty: '1' });
    made.add('alice', { limitPrice: '51', qty: '1' });
    made.add('alice', { orderType: 'market', qty: '0.2' });
    made.run(5);
    made.add('alice', { orderType: 'market', qty: '0.3' });
    client.subscribe('openOrders', { ratecounter: true });
    expect(client.rows('openOrders').map(([, row]) => (row['descr'] as Row)['price'])).toEqual([
      '51.00000',
      '50.00000',
    ]);
    client.subscribe('ownTrades');
    expect(client.rows('ownTrades').map(([, row]) => row['vol'])).toEqual(['0.30000000', '0.20000000']);
    const late = new V1PrivateClient(made.exchange);
    expect(late.subscribe('ownTrades', { snapshot: false })).toHaveLength(1);
    const from = client.frames.length;
    made.add('alice', { limitPrice: '52', qty: '1' });
    expect(client.rows('openOrders', from).every(([, row]) => typeof row['ratecount'] === 'number')).toBe(true);
  });

  test('edits, cancel-all and the switch answer with their own texts', () => {
    const { made, client } = open();
    const [placed] = client.order('addOrder', { ...BUY, userref: 9 }) as [Row];
    const edit = { orderid: placed['txid'], pair: 'XBT/USD', price: '99.5', volume: '0.4' };
    const [edited] = client.order('editOrder', edit) as [Row];
    expect(edited).toMatchObject({ event: 'editOrderStatus', status: 'ok', originaltxid: placed['txid'] });
    expect(made.trading.openOrders('alice')).toMatchObject([{ id: edited['txid'], userref: 9, qty: 40_000_000n }]);
    expect(client.order('cancelAllOrdersAfter', { timeout: 60 })).toMatchObject([
      {
        event: 'cancelAllOrdersAfterStatus',
        status: 'ok',
        currentTime: expect.any(String),
        triggerTime: expect.any(String),
      },
    ]);
    expect(client.order('cancelAll', {})).toEqual([{ count: 1, event: 'cancelAllStatus', reqid: 5, status: 'ok' }]);
    expect(client.order('addOrder', { ...BUY, validate: 'true' })).toEqual([
      { descr: 'buy 0.50000000 XBTUSD @ limit 100.5', event: 'addOrderStatus', reqid: 5, status: 'ok' },
    ]);
    expect(made.trading.openOrders('alice')).toEqual([]);
  });

  test('several cancels have an answer each', () => {
    const { client } = open();
    const [placed] = client.order('addOrder', BUY) as [Row];
    expect(client.order('cancelOrder', { txid: ['OAAAAA-AAAAA-AAAAAA', placed['txid']] })).toEqual([
      { errorMessage: 'EOrder:Unknown order', event: 'cancelOrderStatus', reqid: 5, status: 'error' },
      { event: 'cancelOrderStatus', reqid: 5, status: 'ok' },
    ]);
  });
});

describe('refusals', () => {
  test.each([
    ['addOrder', { ...BUY, volume: '0.00001' }, 'EOrder:Order minimum not met'],
    ['addOrder', { ...BUY, volume: '1000000' }, 'EOrder:Insufficient funds'],
    ['addOrder', { ...BUY, pair: 'NOPE/USD' }, 'EQuery:Unknown asset pair'],
    ['addOrder', { ...BUY, asset_class: 'tokenized_asset' }, 'EQuery:Unknown asset pair'],
    ['addOrder', { ...BUY, ordertype: 'stop-loss' }, 'EAPI:Feature disabled'],
    ['addOrder', {}, 'EQuery:Unknown asset pair'],
    ['cancelOrder', {}, 'EGeneral:Invalid arguments:txid'],
    ['editOrder', { orderid: 'OAAAAA-AAAAA-AAAAAA', pair: 'XBT/USD' }, 'EOrder:Unknown order'],
    ['cancelAllOrdersAfter', { timeout: 'soon' }, 'Invalid timeout argument'],
  ])('%s %j: %s', (event, params, errorMessage) => {
    expect(open().client.order(event, params)).toEqual([
      { errorMessage, event: `${event}Status`, reqid: 5, status: 'error' },
    ]);
  });

  test('without a good token nothing is done', () => {
    const { made, client } = open();
    expect(client.say({ event: 'addOrder', ...BUY, token: 'no' })).toMatchObject([
      { errorMessage: 'EAPI:Invalid token' },
    ]);
    expect(client.say({ event: 'subscribe', subscription: { name: 'ownTrades' } })).toMatchObject([
      { event: 'subscriptionStatus', status: 'error', errorMessage: 'EAPI:Invalid token' },
    ]);
    expect(
      client.say({ event: 'subscribe', subscription: { name: 'book', token: client.token }, pair: ['XBT/USD'] }),
    ).toMatchObject([{ errorMessage: 'Pair field unsupported for this subscription type' }]);
    expect(client.subscribe('balances')).toMatchObject([{ errorMessage: 'Subscription name invalid' }]);
    client.subscribe('ownTrades');
    expect(client.subscribe('ownTrades')).toMatchObject([{ errorMessage: 'Already subscribed' }]);
    const end = { event: 'unsubscribe', subscription: { name: 'ownTrades', token: client.token } };
    expect(client.say(end)).toMatchObject([{ status: 'unsubscribed' }]);
    expect(client.say(end)).toMatchObject([{ errorMessage: 'Subscription Not Found' }]);
    expect(made.trading.openOrders('alice')).toEqual([]);
  });

  test('the account of the token is the one that is reported and trades', () => {
    const { made } = open();
    const bob = new V1PrivateClient(made.exchange, 'bob');
    bob.subscribe('openOrders');
    const from = bob.frames.length;
    made.add('alice', { limitPrice: '50', qty: '1' });
    expect(bob.frames.length).toBe(from);
    bob.order('addOrder', BUY);
    expect(made.trading.openOrders('bob')).toHaveLength(1);
  });

  test('a client that leaves in the middle is forgotten, its orders are not', () => {
    const { made, client } = open();
    client.subscribe('openOrders');
    client.order('addOrder', BUY);
    client.leave();
    const from = client.frames.length;
    made.trading.cancelAll('alice');
    expect(client.frames.length).toBe(from);
    expect(made.exchange.stats().clients).toBe(0);
    expect(made.trading.closedOrders('alice')).toHaveLength(1);
  });

  test('any mixture of fields is answered, and no balance goes wrong', () => {
    const { made, client } = open();
    const value = fc.oneof(
      fc.constantFrom(null, '', '__proto__', '1e999', -1, [], {}, '100', 'buy'),
      fc.jsonValue({ maxDepth: 2 }),
    );
    const names = [
      ...Object.keys(BUY),
      'txid',
      'orderid',
      'timeout',
      'reqid',
      'oflags',
      'subscription',
      'deadline',
      'close',
    ];
    const events = ['addOrder', 'editOrder', 'cancelOrder', 'cancelAll', 'cancelAllOrdersAfter', 'subscribe', 'x'];
    const request = fc.record({
      event: fc.constantFrom(...events),
      wrong: fc.dictionary(fc.constantFrom(...names), value, { maxKeys: 3 }),
    });
    fc.assert(
      fc.property(request, ({ event, wrong }) => {
        made.run(1_000);
        const answers = client.order(event, { ...BUY, ...wrong }).filter((frame) => !Array.isArray(frame)) as Row[];
        expect(answers.length).toBeGreaterThan(0);
        for (const answer of answers) expect(['ok', 'error', 'subscribed', undefined]).toContain(answer['status']);
      }),
      { numRuns: 500, seed: 9 },
    );
    for (const { total, held } of made.trading.balances('alice')) expect(total >= held && held >= 0n).toBe(true);
  });
});
