import { describe, expect, test } from 'vitest';
import { InlineClient } from '../inline-client.ts';
import { ALICE, MadeExchange } from './made-exchange.ts';
import { PrivateClient } from './private-client.ts';

const AT = '2026-08-02T03:35:50.000000Z';

function open(options: ConstructorParameters<typeof MadeExchange>[0] = {}) {
  const made = new MadeExchange(options);
  const client = (account = 'alice') => new PrivateClient(made.exchange, account);
  return { made, client };
}

/** Ids and nothing else replaced by their kind and number, so that frames can be compared whole. */
function shown(client: PrivateClient): string[] {
  const known = new Map<string, string>();
  return client.frames.map((frame) =>
    frame.replace(/"([OTLAD])[A-Z2-7]{5}-[A-Z2-7]{5}-[A-Z2-7]{6}"/g, (id: string, kind: string) => {
      const count = [...known.values()].filter((name) => name.startsWith(`"${kind}`)).length;
      const name = known.get(id) ?? `"${kind}${count + 1}"`;
      known.set(id, name);
      return name;
    }),
  );
}

const times = `"time_in":"${AT}","time_out":"${AT}"`;

describe('an order as its client sees it', () => {
  test('every frame of an order that takes, rests and is cancelled, to the last digit', () => {
    const { client } = open();
    const one = client();
    one.subscribe('executions');
    one.subscribe('balances');
    one.add({ order_qty: 1.5, limit_price: 101, cl_ord_id: 'a1' });
    one.ask('cancel_order', { cl_ord_id: ['a1'] });
    expect(one.frames[0]).toMatch(
      /^{"channel":"status","type":"update","data":\[{"version":"[\d.]+","system":"online"/,
    );
    expect(shown(one).slice(1)).toEqual([
      `{"method":"subscribe","req_id":7,"result":{"channel":"executions","maxratecount":180,"snap_orders":true,"snap_trades":false},"success":true,${times}}`,
      '{"channel":"executions","type":"snapshot","data":[],"sequence":1}',
      `{"method":"subscribe","req_id":7,"result":{"channel":"balances","snapshot":true},"success":true,${times}}`,
      '{"channel":"balances","type":"snapshot","data":[{"asset":"USD","asset_class":"currency","balance":1000.0000,"wallets":[{"type":"spot","id":"main","balance":1000.0000}]},{"asset":"BTC","asset_class":"currency","balance":10.0000000000,"wallets":[{"type":"spot","id":"main","balance":10.0000000000}]},{"asset":"ETH","asset_class":"currency","balance":100.0000000000,"wallets":[{"type":"spot","id":"main","balance":100.0000000000}]}],"sequence":1}',
      `{"method":"add_order","req_id":7,"result":{"order_id":"O1","cl_ord_id":"a1"},"success":true,${times}}`,
      `{"channel":"executions","type":"update","data":[{"order_id":"O1","cl_ord_id":"a1","order_userref":0,"symbol":"BTC/USD","order_qty":1.50000000,"cum_cost":0.0000,"time_in_force":"GTC","exec_type":"pending_new","side":"buy","order_type":"limit","limit_price_type":"static","limit_price":101.0,"stop_price":0.0,"order_status":"pending_new","fee_usd_equiv":0.0000,"fee_ccy_pref":"fciq","timestamp":"${AT}"}],"sequence":2}`,
      `{"channel":"executions","type":"update","data":[{"timestamp":"${AT}","order_status":"new","exec_type":"new","cl_ord_id":"a1","order_id":"O1"}],"sequence":3}`,
      `{"channel":"executions","type":"update","data":[{"order_id":"O1","cl_ord_id":"a1","order_userref":0,"exec_id":"T1","exec_type":"trade","trade_id":1,"symbol":"BTC/USD","side":"buy","last_qty":1.00000000,"last_price":101.0,"liquidity_ind":"t","cost":101.0000,"order_type":"limit","timestamp":"${AT}","order_status":"partially_filled","cum_qty":1.00000000,"cum_cost":101.0000,"avg_price":101.0,"fee_usd_equiv":0.4040,"fees":[{"asset":"USD","qty":0.4040}]}],"sequence":4}`,
      `{"channel":"balances","type":"update","data":[{"ledger_id":"L1","ref_id":"T1","timestamp":"${AT}","type":"trade","asset":"BTC","asset_class":"currency","category":"trade","wallet_type":"spot","wallet_id":"main","amount":1.0000000000,"fee":0.0000000000,"balance":11.0000000000}],"sequence":2}`,
      `{"channel":"balances","type":"update","data":[{"ledger_id":"L2","ref_id":"T1","timestamp":"${AT}","type":"trade","asset":"USD","asset_class":"currency","category":"trade","wallet_type":"spot","wallet_id":"main","amount":-101.0000,"fee":0.4040,"balance":898.5960}],"sequence":3}`,
      `{"method":"cancel_order","req_id":7,"result":{"cl_ord_id":"a1"},"success":true,${times}}`,
      `{"channel":"executions","type":"update","data":[{"timestamp":"${AT}","order_status":"canceled","exec_type":"canceled","cum_qty":1.00000000,"cum_cost":101.0000,"fee_usd_equiv":0.4040,"avg_price":101.0,"cancel_reason":"User requested","reason":"User requested","cl_ord_id":"a1","order_id":"O1"}],"sequence":5}`,
    ]);
  });
});

test('a listener hears what a client says as it arrives, before a fault has it lost', () => {
  const heard: string[] = [];
  const listener = { onPrivateText: (text: string) => heard.push(text) };
  const { client } = open({ listener, settings: { faults: { 'disconnect-before-order': 1 } } });
  const one = client();
  one.raw('nonsense');
  one.add({ order_qty: 1.5, limit_price: 101, cl_ord_id: 'a1' });
  expect(one.closedWith).toBe(1006);
  expect(heard[0]).toBe('nonsense');
  expect(heard[1]).toContain('"cl_ord_id":"a1"');
  expect(heard).toHaveLength(2);
});

describe('tokens', () => {
  const error = (client: PrivateClient) => client.ask('cancel_all')[0]?.['error'];

  test.each([
    ['one that nobody made', 'made-up', 'EAPI:Invalid token'],
    ['none', undefined, 'EAPI:Invalid token'],
    ['one that is no text', 7, 'EAPI:Invalid token'],
  ])('%s is refused', (_what, token, want) => {
    const { client } = open();
    const one = client();
    for (const method of ['add_order', 'cancel_all', 'batch_cancel']) {
      expect(one.ask(method, { token })).toMatchObject([{ method, success: false, error: want, req_id: 7 }]);
    }
    expect(one.ask('subscribe', { channel: 'executions', token })).toMatchObject([{ success: false, error: want }]);
  });

  test('it must be used within fifteen minutes; who has used it may go on', () => {
    const { made, client } = open();
    const [late, early] = [client(), client()];
    expect(error(early)).toBeUndefined();
    early.subscribe('executions');
    late.raw('{"method":"ping"}');
    made.run(900_000);
    const fresh = client();
    fresh.token = late.token;
    expect(error(fresh)).toBeUndefined();
    made.run(1);
    const [stale, again] = [client(), client()];
    stale.token = late.token;
    again.token = early.token;
    expect([error(stale), error(again), error(early)]).toEqual([
      'ESession:Invalid session',
      'ESession:Invalid session',
      undefined,
    ]);
  });

  test('it is of one account: what comes and goes with it is that account’s', () => {
    const { client } = open();
    const [alice, bob] = [client('alice'), client('bob')];
    alice.add({ order_qty: 1, limit_price: 90, cl_ord_id: 'mine' });
    expect(bob.ask('cancel_order', { cl_ord_id: ['mine'] })).toMatchObject([{ error: 'EOrder:Unknown order' }]);
    expect(bob.ask('cancel_all')).toMatchObject([{ result: { count: 0 } }]);
    alice.subscribe('executions');
    expect(alice.ask('unsubscribe', { channel: 'executions', token: bob.token })).toMatchObject([{ success: false }]);
  });
});

describe('requests that are none', () => {
  test.each<[string, string, string | undefined]>([
    ['not JSON', '{"method":', 'Malformed request'],
    ['no object', '[1]', 'Malformed request'],
    ['no method', '{"params":{}}', 'Method(s) not found'],
    ['a method of nothing', '{"method":"guess","params":{}}', 'Method(s) not found'],
    ['a method of the older socket', '{"method":"editOrder","params":{}}', 'Method(s) not found'],
    ['no params', '{"method":"add_order"}', 'Params field must be an object'],
    [
      'a req_id that is no integer',
      '{"method":"cancel_all","params":{},"req_id":"7"}',
      "Field 'req_id' must be an integer",
    ],
    [
      'a public channel',
      '{"method":"subscribe","params":{"channel":"book","symbol":["BTC/USD"]}}',
      'Subscription name invalid',
    ],
    ['the instruments', '{"method":"subscribe","params":{"channel":"instrument"}}', 'Subscription name invalid'],
    ['no channel', '{"method":"unsubscribe","params":{}}', 'Subscription name invalid'],
  ])('%s', (_what, text, error) => {
    const { client } = open();
    const one = client();
    const from = one.frames.length;
    one.raw(text);
    expect(one.since(from)).toMatchObject([{ success: false, error }]);
  });

  test('private methods and channels are not to be had on the public socket', () => {
    const { made } = open();
    const viewer = new InlineClient(made.exchange);
    const token = made.exchange.tokens.issue('alice').token;
    viewer.say({ method: 'subscribe', params: { channel: 'executions', token } });
    expect(viewer.last()).toMatchObject({ success: false, error: 'Subscription name invalid' });
    viewer.say({ method: 'cancel_all', params: { token } });
    expect(viewer.last()).toMatchObject({ success: false, error: 'Method(s) not found' });
  });

  test.each<[string, object, string]>([
    ['add_order', { leverage: 2 }, "Unsupported field: 'leverage'"],
    ['add_order', { order_qty: '1' }, "Field 'order_qty' must be a number"],
    ['add_order', { post_only: 1 }, "Field 'post_only' must be a boolean"],
    ['add_order', { deadline: 'soon' }, "Field 'deadline' must be a time in RFC 3339"],
    ['add_order', { symbol: undefined }, 'EGeneral:Invalid arguments:symbol'],
    ['add_order', { symbol: 'XBT/USD' }, 'EQuery:Unknown asset pair'],
    ['add_order', { triggers: {} }, 'EAPI:Feature disabled'],
    ['add_order', { limit_price_type: 'pct' }, 'EGeneral:Invalid arguments:limit_price_type'],
    ['amend_order', {}, 'EGeneral:Invalid arguments:order_id'],
    ['amend_order', { order_id: 'O', cl_ord_id: 'c' }, 'EGeneral:Invalid arguments:order_id'],
    ['amend_order', { order_id: 'O', order_qty: 1 }, 'EOrder:Unknown order'],
    ['amend_order', { order_id: 'O', trigger_price: 1 }, 'EAPI:Feature disabled'],
    ['edit_order', { symbol: 'BTC/USD' }, 'EGeneral:Invalid arguments:order_id'],
    ['edit_order', { order_id: 'O' }, 'EGeneral:Invalid arguments:symbol'],
    ['edit_order', { order_id: 'O', symbol: 'BTC/USD', order_qty: 1 }, 'EOrder:Unknown order'],
    ['edit_order', { order_id: 'undefined', symbol: 'BTC/USD' }, 'EOrder:Unknown order'],
    ['edit_order', { order_id: ['O'], symbol: 'BTC/USD' }, "Field 'order_id' must be a string"],
    ['edit_order', { order_id: 'O', symbol: 'BTC/USD', cl_ord_id: 'c' }, "Unsupported field: 'cl_ord_id'"],
    ['edit_order', { order_id: 'O', symbol: 'BTC/USD', triggers: {} }, 'EAPI:Feature disabled'],
    ['edit_order', { order_id: 'O', symbol: 'BTC/USD', deadline: 1 }, "Field 'deadline' must be a time in RFC 3339"],
    ['cancel_order', {}, 'EGeneral:Invalid arguments:order_id'],
    ['cancel_order', { order_id: ['O'], cl_ord_id: ['c'] }, 'EGeneral:Invalid arguments:order_id'],
    ['cancel_order', { order_id: 'O' }, "Field 'order_id' must be an array of strings"],
    ['cancel_order', { order_userref: [1.5] }, "Field 'order_userref' must be an array of integers"],
    ['cancel_all', { symbol: 'BTC/USD' }, "Unsupported field: 'symbol'"],
    ['cancel_all_orders_after', {}, 'Invalid timeout argument'],
    ['cancel_all_orders_after', { timeout: 86_400 }, 'Invalid timeout argument'],
    ['cancel_all_orders_after', { timeout: -1 }, 'Invalid timeout argument'],
    ['batch_add', { symbol: 'BTC/USD' }, 'EGeneral:Invalid arguments:orders'],
    ['batch_add', { symbol: 'BTC/USD', orders: [{ order_qty: 1 }] }, 'EGeneral:Invalid arguments:orders'],
    ['batch_cancel', { orders: ['O'] }, 'EGeneral:Invalid arguments:orders'],
    ['batch_cancel', { orders: ['O', 'P'] }, 'EOrder:Unknown order'],
  ])('%s with %j', (method, params, error) => {
    const { client } = open();
    const order =
      method === 'add_order'
        ? { order_type: 'limit', side: 'buy', symbol: 'BTC/USD', order_qty: 1, limit_price: 90 }
        : {};
    expect(client().ask(method, { ...order, ...params })).toMatchObject([{ method, success: false, error, req_id: 7 }]);
  });
});

describe('trading', () => {
  test('checking an order only gives no id', () => {
    const { client } = open();
    const one = client();
    expect(one.add({ order_qty: 1, limit_price: 90, validate: true, order_userref: 5 })).toMatchObject([
      { success: true, result: { order_id: '', order_userref: 5 } },
    ]);
  });

  test('each order of a cancel has a reply, which names it as it was asked for', () => {
    const { client } = open();
    const one = client();
    one.add({ order_qty: 1, limit_price: 90, cl_ord_id: 'c1' });
    one.add({ order_qty: 1, limit_price: 90, order_userref: 5 });
    one.add({ order_qty: 1, limit_price: 90, order_userref: 5 });
    expect(one.ask('cancel_order', { cl_ord_id: ['c1', 'c2'] })).toMatchObject([
      { success: true, result: { cl_ord_id: 'c1' }, req_id: 7 },
      { success: false, error: 'EOrder:Unknown order', req_id: 7 },
    ]);
    expect(one.ask('cancel_order', { order_userref: [5] })).toMatchObject([
      { success: true, result: { order_userref: 5 } },
    ]);
    expect(one.ask('cancel_all')).toMatchObject([{ result: { count: 0 } }]);
  });

  test('a batch has a row for each order; what the engine refuses shows in its row', () => {
    const { client } = open();
    const one = client();
    const order = { order_type: 'limit', side: 'buy', limit_price: 90 };
    const rows = [
      { ...order, order_qty: 1, cl_ord_id: 'b1' },
      { ...order, order_qty: 1000, cl_ord_id: 'b2' },
      { ...order, order_qty: 1, order_userref: 3 },
    ];
    const [reply] = one.ask('batch_add', { symbol: 'BTC/USD', orders: rows }) as unknown as [{ result: object[] }];
    expect(reply).toMatchObject({ method: 'batch_add', success: true });
    expect(reply.result).toEqual([
      { order_id: expect.stringMatching(/^O/), cl_ord_id: 'b1' },
      { error: 'EOrder:Insufficient funds' },
      { order_id: expect.stringMatching(/^O/), order_userref: 3 },
    ]);
    const bad = [
      { ...order, order_qty: 1 },
      { ...order, order_qty: 1, limit_price: 90.05 },
    ];
    expect(one.ask('batch_add', { symbol: 'BTC/USD', orders: bad })).toMatchObject([
      { success: false, error: 'EGeneral:Invalid arguments:price' },
    ]);
    expect(one.ask('batch_cancel', { orders: ['3', 'O-NOT-THERE'], cl_ord_id: ['b1'] })).toMatchObject([
      { success: true, result: { count: 2 }, orders_cancelled: 2 },
    ]);
  });

  test('an amendment names the order as it was asked for, and is reported as amended', () => {
    const { client } = open();
    const one = client();
    one.subscribe('executions');
    one.add({ order_qty: 1, limit_price: 90, cl_ord_id: 'c1' });
    const [reply, told] = one.ask('amend_order', { cl_ord_id: 'c1', order_qty: 0.5, limit_price: 91 });
    expect(reply).toMatchObject({
      success: true,
      result: { amend_id: expect.stringMatching(/^T[A-Z2-7]{5}-/), cl_ord_id: 'c1' },
    });
    expect(told).toMatchObject({
      channel: 'executions',
      data: [
        { exec_type: 'amended', order_status: 'new', order_qty: 0.5, limit_price: 91, amended: true, cl_ord_id: 'c1' },
      ],
    });
  });

  describe('an edit', () => {
    const resting = (order: object = {}) => {
      const { made, client } = open();
      const one = client();
      one.subscribe('executions');
      one.add({ order_qty: 1, limit_price: 90, ...order });
      const id = made.trading.openOrders('alice')[0]?.id ?? '';
      const edit = (params: object) => one.ask('edit_order', { order_id: id, symbol: 'BTC/USD', ...params });
      return { made, one, id, edit, now: () => made.trading.openOrders('alice') };
    };

    test('cancels the order and places another, which begins anew under its own id', () => {
      const { id, edit, now } = resting({ cl_ord_id: 'c1', post_only: true });
      const [reply, ...told] = edit({ limit_price: 91, order_userref: 6 });
      const [order] = now();
      expect(reply).toMatchObject({ method: 'edit_order', success: true, req_id: 7 });
      expect(reply?.['result']).toEqual({ order_id: order?.id, original_order_id: id });
      expect(order?.id).not.toBe(id);
      expect(told).toMatchObject([
        { data: [{ exec_type: 'canceled', order_id: id, cl_ord_id: 'c1', reason: 'User requested' }] },
        { data: [{ exec_type: 'pending_new', order_id: order?.id, order_qty: 1, limit_price: 91, order_userref: 6 }] },
        { data: [{ exec_type: 'new', order_id: order?.id }] },
      ]);
      expect(order).toMatchObject({ clOrdId: undefined, userref: 6, postOnly: true, amended: false, filledQty: 0n });
    });

    test('leaves what it does not name as it was', () => {
      const kept = { time_in_force: 'gtd', expire_time: '2026-08-02T03:36:50Z', stp_type: 'cancel_oldest' };
      const { edit, now } = resting({
        ...kept,
        fee_preference: 'base',
        order_userref: 5,
        order_type: 'iceberg',
        display_qty: 0.1,
      });
      const [was] = now();
      edit({ order_qty: 1.2 });
      const [order] = now();
      const { timeInForce, expireAtMs, stp, feePreference, userref, type, displayQty, limitPrice, side } = was ?? {};
      expect(was).toMatchObject({ type: 'iceberg', timeInForce: 'gtd', stp: 'cancel_oldest', displayQty: 10_000_000n });
      expect(order).toMatchObject({
        timeInForce,
        expireAtMs,
        stp,
        feePreference,
        userref,
        type,
        displayQty,
        limitPrice,
        side,
      });
      expect(order).toMatchObject({ qty: 120_000_000n, postOnly: false });
    });

    test('finds its order by a userref too, and only one that is open and the account’s own', () => {
      const { made, id, edit, now, one } = resting({ order_userref: 5 });
      expect(edit({ order_id: '5', limit_price: 91 })).toMatchObject([
        { result: { original_order_id: id } },
        {},
        {},
        {},
      ]);
      const [order] = now();
      expect(edit({ limit_price: 92 })).toMatchObject([{ success: false, error: 'EOrder:Unknown order' }]);
      const stranger = new PrivateClient(made.exchange, 'bob');
      const foreign = { order_id: order?.id, symbol: 'BTC/USD', limit_price: 92 };
      expect(stranger.ask('edit_order', foreign)).toMatchObject([{ error: 'EOrder:Unknown order' }]);
      one.ask('cancel_all');
      expect(edit({ order_id: order?.id, limit_price: 92 })).toMatchObject([{ error: 'EOrder:Unknown order' }]);
    });

    test('that is only checked leaves the order, and says what would be refused', () => {
      const { id, edit, now } = resting();
      expect(edit({ limit_price: 91, validate: true })).toMatchObject([
        { success: true, result: { order_id: '', original_order_id: id } },
      ]);
      expect(edit({ limit_price: 90.05, validate: true })).toMatchObject([
        { error: 'EGeneral:Invalid arguments:price' },
      ]);
      expect(edit({ order_qty: 1000, validate: true })).toMatchObject([{ error: 'EOrder:Insufficient funds' }]);
      expect(now().map((order) => [order.id, order.limitPrice])).toEqual([[id, 900n]]);
    });

    test('to another pair, or to less than is filled, is refused and changes nothing', () => {
      const { id, edit, now } = resting({ order_qty: 1.5, limit_price: 101 });
      expect(edit({ symbol: 'ETH/USD' })).toMatchObject([{ error: 'EGeneral:Invalid arguments:pair' }]);
      expect(edit({ order_qty: 0.9 })).toMatchObject([{ error: 'EOrder:Not enough leaves qty' }]);
      expect(now().map((order) => [order.id, order.qty, order.filledQty])).toEqual([[id, 150_000_000n, 100_000_000n]]);
    });

    test('that is refused after the cancel leaves nothing, and what the old order held is free', () => {
      const { made, id, edit, now } = resting();
      const [cancelled, ...more] = edit({ order_qty: 1000 }).filter(({ channel }) => channel === 'executions');
      expect(cancelled).toMatchObject({ data: [{ exec_type: 'canceled', order_id: id }] });
      expect([more, now(), made.balance('alice', 'USD')[1]]).toEqual([[], [], 0]);
    });

    test('can be refused by a fault that strikes orders, before anything is cancelled', () => {
      const { client, made } = open({ settings: { faults: { 'order-rate-limited': 0 } } });
      const one = client();
      one.add({ order_qty: 1, limit_price: 90 });
      const id = made.trading.openOrders('alice')[0]?.id ?? '';
      made.exchange.orderFault('order-rate-limited');
      expect(one.ask('edit_order', { order_id: id, symbol: 'BTC/USD', limit_price: 91 })).toMatchObject([
        { success: false, error: 'EOrder:Rate limit exceeded' },
      ]);
      expect(made.trading.openOrders('alice').map((order) => order.id)).toEqual([id]);
    });
  });

  test('the dead-man’s switch cancels everything of the account, once, wherever it came from', () => {
    const { made, client } = open();
    const one = client();
    one.subscribe('executions');
    one.add({ order_qty: 1, limit_price: 90 });
    client().add({ order_qty: 1, limit_price: 91 });
    client('bob').add({ order_qty: 1, limit_price: 92 });
    expect(one.ask('cancel_all_orders_after', { timeout: 60 })).toMatchObject([
      { result: { currentTime: '2026-08-02T03:35:50Z', triggerTime: '2026-08-02T03:36:50Z' } },
    ]);
    made.run(59_000);
    one.ask('cancel_all_orders_after', { timeout: 60 });
    made.run(59_999);
    expect(made.trading.openOrders('alice').length).toBe(2);
    made.run(1);
    expect([made.trading.openOrders('alice'), made.trading.openOrders('bob').length]).toEqual([[], 1]);
    expect(one.frames.filter((frame) => frame.includes('Cancel all orders after timeout')).length).toBe(2);
    one.add({ order_qty: 1, limit_price: 90 });
    made.run(120_000);
    expect(made.trading.openOrders('alice').length).toBe(1);
    one.ask('cancel_all_orders_after', { timeout: 1 });
    expect(one.ask('cancel_all_orders_after', { timeout: 0 })).toMatchObject([{ result: { triggerTime: '0' } }]);
    made.run(5_000);
    expect(made.trading.openOrders('alice').length).toBe(1);
  });

  test('an order good till a time expires then, filled in part or not', () => {
    const { made, client } = open();
    const one = client();
    one.subscribe('executions');
    one.add({ order_qty: 1.5, limit_price: 101, time_in_force: 'gtd', expire_time: '2026-08-02T03:36:00Z' });
    made.run(9_999);
    expect(made.trading.openOrders('alice').length).toBe(1);
    made.run(1);
    const last = one.since(0).findLast(({ channel }) => channel === 'executions');
    expect(last).toMatchObject({
      data: [{ exec_type: 'expired', order_status: 'expired', cum_qty: 1, reason: 'Order expired' }],
    });
    expect(one.frames.some((frame) => frame.includes('"expire_time":"2026-08-02T03:36:00.000000Z"'))).toBe(true);
    expect(made.balance('alice', 'USD')[1]).toBe(0);
  });

  test('a deadline that is over is not placed', () => {
    const { client } = open();
    const error = (deadline: string) => client().add({ order_qty: 1, limit_price: 90, deadline })[0]?.['error'];
    expect(error('2026-08-02T03:35:49.999Z')).toBe('EService:Deadline elapsed');
    expect(error('2026-08-02T03:35:51.000Z')).toBeUndefined();
    expect(error('2026-08-02T03:36:51.000Z')).toBe('EGeneral:Invalid arguments:deadline');
  });
});

describe('channels', () => {
  test('the snapshot has open orders and the last fifty fills, as asked for', () => {
    const { made, client } = open();
    const one = client();
    for (let i = 0; i < 60; i += 1) made.add('alice', { qty: '0.01', limitPrice: '101', timeInForce: 'ioc' });
    one.add({ order_qty: 1, limit_price: 90, order_userref: 4, post_only: true });
    const snapshot = (params: object) => {
      const frame = client()
        .subscribe('executions', params)
        .find(({ type }) => type === 'snapshot');
      return frame?.['data'] as Record<string, unknown>[] | undefined;
    };
    const both = snapshot({ snap_orders: true, snap_trades: true }) ?? [];
    expect(both.length).toBe(51);
    expect(both.filter((row) => row['exec_type'] === 'trade').length).toBe(50);
    const [open_] = both;
    expect(open_).toMatchObject({
      exec_type: 'new',
      order_status: 'new',
      order_userref: 4,
      post_only: true,
      cum_qty: 0,
    });
    expect(both[1]).not.toHaveProperty('cum_qty');
    expect(snapshot({})?.length).toBe(1);
    expect(snapshot({ snap_orders: false })).toBeUndefined();
    expect(snapshot({ snap_orders: false, snapshot_trades: true })?.length).toBe(50);
  });

  test('with the events of all users comes no snapshot, and the changes come all the same', () => {
    const { client } = open();
    const one = client();
    for (const channel of ['executions', 'balances'] as const) {
      expect(one.subscribe(channel, { users: 'some' })).toMatchObject([{ error: 'EGeneral:Invalid arguments:users' }]);
      expect(one.subscribe(channel, { users: 'all', snapshot: true })).toMatchObject([{ success: true }]);
    }
    const kinds = one.add({ order_qty: 1, limit_price: 90 }).map((frame) => frame['type']);
    expect(kinds).toEqual([undefined, 'update', 'update']);
  });

  test('an open order that is filled in part says so in the snapshot', () => {
    const { client } = open();
    client().add({ order_qty: 1.5, limit_price: 101, cl_ord_id: 'part' });
    const [, frame] = client().subscribe('executions');
    expect(frame).toMatchObject({
      type: 'snapshot',
      data: [{ order_status: 'partially_filled', cum_qty: 1, avg_price: 101, cum_cost: 101, cl_ord_id: 'part' }],
    });
  });

  test('without every change of state only the main ones are reported; the counter comes when asked for', () => {
    const { client } = open();
    const [brief, counted] = [client(), client()];
    brief.subscribe('executions', { order_status: false });
    counted.subscribe('executions', { ratecounter: true });
    counted.add({ order_qty: 0.5, limit_price: 101, time_in_force: 'ioc' });
    const kinds = (one: PrivateClient) =>
      one
        .since(0)
        .filter(({ type, channel }) => channel === 'executions' && type === 'update')
        .map(({ data }) => (data as Record<string, unknown>[])[0]);
    expect(kinds(brief).map((row) => row?.['exec_type'])).toEqual(['new', 'trade', 'filled']);
    expect(kinds(counted).map((row) => row?.['exec_type'])).toEqual(['pending_new', 'new', 'trade', 'filled']);
    expect(kinds(counted).map((row) => row?.['ratecount'])).toEqual([1, 1, 1, 1]);
    expect(kinds(brief)[0]).not.toHaveProperty('ratecount');
  });

  test.each([
    ['starter', 60],
    ['intermediate', 125],
    ['pro', 180],
  ] as const)('the acknowledgement shows the limit of tier %s', (rateTier, maxratecount) => {
    const { client } = open({ accounts: [{ ...ALICE, rateTier }] });
    expect(client().subscribe('executions')[0]).toMatchObject({ result: { maxratecount } });
  });

  test('a second subscription is refused; after unsubscribing nothing comes; a new one begins its own sequence', () => {
    const { made, client } = open();
    const one = client();
    one.subscribe('balances', { snapshot: false });
    expect(one.subscribe('balances')).toMatchObject([{ success: false, error: 'Already subscribed' }]);
    made.add('alice', { qty: '0.1', limitPrice: '101', timeInForce: 'ioc' });
    expect(one.ask('unsubscribe', { channel: 'balances' })).toMatchObject([
      { success: true, result: { channel: 'balances' } },
    ]);
    expect(one.ask('unsubscribe', { channel: 'balances' })).toMatchObject([{ success: false }]);
    const from = one.frames.length;
    made.add('alice', { qty: '0.1', limitPrice: '101', timeInForce: 'ioc' });
    expect(one.since(from)).toEqual([]);
    expect(one.subscribe('balances')[1]).toMatchObject({ type: 'snapshot', sequence: 1 });
  });

  test('other connections of the account hear of it, those of others do not', () => {
    const { made, client } = open();
    const [one, two, stranger] = [client(), client(), client('bob')];
    for (const each of [one, two, stranger]) each.subscribe('executions');
    const from = [one, two, stranger].map(({ frames }) => frames.length);
    made.add('alice', { qty: '1', limitPrice: '90' });
    expect([one, two, stranger].map(({ frames }, index) => frames.length - (from[index] ?? 0))).toEqual([2, 2, 0]);
    two.leave();
    made.trading.cancelAll('alice');
    expect([one, two].map(({ frames }, index) => frames.length - (from[index] ?? 0))).toEqual([3, 2]);
    expect(made.exchange.stats().clients).toBe(2);
  });

  test('status on connect and on change, heartbeats with a subscription, closed when idle without', () => {
    const { made, client } = open();
    const [subscribed, idle] = [client(), client()];
    subscribed.subscribe('balances');
    made.exchange.market.setSystem('maintenance');
    expect(subscribed.frames.at(-1)).toMatch(/"system":"maintenance"/);
    const from = subscribed.frames.length;
    made.run(3_000);
    expect(subscribed.frames.slice(from)).toEqual(Array(3).fill('{"channel":"heartbeat"}'));
    made.run(60_000);
    expect([subscribed.closedWith, idle.closedWith]).toEqual([undefined, 1000]);
    const from2 = subscribed.frames.length;
    subscribed.raw('{"method":"ping","req_id":3}');
    expect(subscribed.since(from2)).toMatchObject([{ method: 'pong', req_id: 3 }]);
    made.exchange.close();
    expect(subscribed.closedWith).toBe(1001);
  });

  test('the same seed gives the same bytes', () => {
    const day = () => {
      const { made, client } = open();
      const one = client();
      one.subscribe('executions');
      one.subscribe('balances');
      one.add({ order_qty: 1.5, limit_price: 101 });
      made.tape({ asks: [['100.9', '2']] });
      return [one.token, ...one.frames];
    };
    expect(day()).toEqual(day());
  });
});
