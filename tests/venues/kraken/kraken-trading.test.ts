import { describe, expect, test } from 'vitest';
import { instrumentIndex } from '../../../src/market/instrument.ts';
import { lots } from '../../../src/money/money.ts';
import { monotonicNs, wallMs } from '../../../src/platform/time.ts';
import { approved } from '../../support/approved.ts';
import { directoryOf } from '../../support/directory-of.ts';
import {
  AT,
  CL,
  canceled,
  filled,
  ID,
  isNew,
  liveStage,
  pendingNew,
  type RestAnswer,
  trade,
  tradingStage,
} from './trading-stage.ts';

/** REST's row of the order that the stage sends. */
const row = (over: object = {}) => ({
  cl_ord_id: CL,
  status: 'closed',
  opentm: 1700000000.1,
  closetm: 1700000000.2,
  descr: { pair: 'BTC/USD', type: 'buy', price: '26500.4' },
  vol: '0.25000000',
  vol_exec: '0.00000000',
  oflags: 'fciq',
  reason: '',
  trades: [],
  ...over,
});
const restTrade = (over: object = {}) => ({
  ordertxid: ID,
  pair: 'BTC/USD',
  time: 1700000000.15,
  type: 'buy',
  price: '26500.0',
  cost: '6625.00000',
  fee: '17.22500',
  vol: '0.25000000',
  ...over,
});
const soldOut = { vol_exec: '0.25000000', trades: ['TREST1'] };
const FILLED: Record<string, () => RestAnswer> = {
  QueryOrders: () => ({ result: { [ID]: row(soldOut) } }),
  ClosedOrders: () => ({ result: { closed: { [ID]: row(soldOut) }, count: 1 } }),
  QueryTrades: () => ({ result: { TREST1: restTrade() } }),
};

describe('an order', () => {
  test('leaves once, as an immediate-or-cancel limit with the deadline of the venue’s clock', () => {
    const stage = tradingStage();
    stage.venue.aheadMs = 5_000;
    stage.port.start();
    stage.pass(1_500);
    const leftMs = stage.clock.wallMs();
    stage.port.send(approved());
    stage.pass(10);
    const [order] = stage.venue.line.asked('add_order');
    expect(order?.params).toMatchObject({ order_type: 'limit', time_in_force: 'ioc', cl_ord_id: CL, token: 'T1' });
    const { deadline_ms } = stage.config.trading;
    const deadline = Date.parse(String(order?.params['deadline']));
    expect(Math.abs(deadline - (leftMs + 5_000 + deadline_ms))).toBeLessThanOrEqual(2);
  });

  test('is acknowledged, filled and ended, each once', () => {
    const { port, venue, pass, events } = liveStage();
    port.send(approved());
    pass(10);
    venue.line.executions([pendingNew()]);
    venue.line.executions([isNew()]);
    venue.line.executions([trade()]);
    venue.line.executions([filled()]);
    pass(10);
    expect(events).toEqual([
      { type: 'order.acked', clOrdId: CL, venueOrderId: ID },
      {
        type: 'order.filled',
        clOrdId: CL,
        venueOrderId: ID,
        fill: {
          execId: 'TAAAAA-1',
          qtyLots: 25_000_000n,
          priceTicks: 265_000n,
          costUnits: 662_500_000_000n,
          feeUnits: 50_000n,
          feeAsset: 0,
          atMs: Date.parse(`${AT.slice(0, 19)}Z`) + 123.456,
        },
      },
      { type: 'order.ended', clOrdId: CL, venueOrderId: ID, filledLots: 25_000_000n, reason: '' },
    ]);
  });

  test('without an answer becomes uncertain after the time-out, once, and an answer after that still counts', () => {
    const { port, venue, pass, of } = liveStage();
    venue.answer = ({ method }) => method === 'add_order';
    port.send(approved());
    pass(2_900);
    expect(of('order.uncertain')).toEqual([]);
    pass(10_000);
    expect(of('order.uncertain')).toHaveLength(1);
    const [request] = venue.line.asked('add_order');
    if (request !== undefined) venue.line.refuse(request, 'EOrder:Insufficient funds');
    pass(10);
    expect(of('order.refused')).toHaveLength(1);
  });

  test('that was made longer ago than its deadline does not leave: whoever sends it stood still since', () => {
    const { port, venue, clock, pass, of } = liveStage();
    const deadlineNs = 2_000 * 1e6; // the default of trading.deadline_ms
    port.send(approved({ placedNs: monotonicNs(clock.nowNs() - deadlineNs - 1e6) }));
    pass(10);
    expect(venue.line.asked('add_order')).toEqual([]);
    expect(of('order.refused')).toMatchObject([{ error: 'not sent: it was made 2001 ms ago', isRetryable: true }]);
    port.send(approved({ clOrdId: 'amhw3k2x100001204', placedNs: monotonicNs(clock.nowNs() - deadlineNs) }));
    pass(10);
    expect(venue.line.asked('add_order')).toHaveLength(1);
  });

  test('that is refused for the token brings a new token, and the order is not sent again', () => {
    const { port, venue, pass, of } = liveStage();
    venue.answer = (request, line) => {
      if (request.method !== 'add_order' || request.params.token === 'T2') return false;
      venue.token = 'T2';
      line.refuse(request, 'EAPI:Invalid token');
      return true;
    };
    port.send(approved());
    pass(10);
    expect(of('order.refused')).toMatchObject([{ isRetryable: true }]);
    pass(100);
    expect(port.whyNoRoom([instrumentIndex(0)])).toBeUndefined();
    expect(venue.line.asked('add_order')).toHaveLength(1);
    port.send(approved({ clOrdId: 'amhw3k2x100001204' }));
    pass(10);
    expect(venue.line.asked('add_order').at(-1)?.params.token).toBe('T2');
    expect(of('disconnected')).toEqual([]);
  });

  test('is not sent where it cannot be: that is proof', () => {
    const offline = tradingStage();
    offline.port.send(approved());
    offline.take();
    expect(offline.events).toEqual([
      { type: 'order.refused', clOrdId: CL, error: 'not sent: not connected', isRetryable: true },
    ]);
    const { port, venue, events, take } = liveStage(
      {},
      directoryOf(['BTC/USD', 'ETH/USD'], { 'ETH/USD': 'reduce_only' }),
    );
    port.send(approved({ instrument: instrumentIndex(1) }));
    port.send(approved({ instrument: instrumentIndex(7) }));
    take();
    expect(events).toMatchObject([
      { type: 'order.refused', error: 'not sent: ETH/USD is reduce_only', isRetryable: false },
      { type: 'order.refused', isRetryable: false },
    ]);
    expect(venue.line.asked('add_order')).toEqual([]);
  });

  test.each(['maintenance', 'cancel_only', 'post_only', 'limit_only', 'unheard_of'])(
    'is not sent while the venue is %s',
    (system) => {
      const { port, venue, of, pass } = liveStage();
      venue.line.say({ channel: 'status', type: 'update', data: [{ system }] });
      expect(port.whyNoRoom([instrumentIndex(0)])).toBeDefined();
      expect(port.isConnected).toBe(true);
      port.send(approved());
      pass(10);
      expect(of('order.refused')).toMatchObject([{ error: `not sent: the venue is ${system}`, isRetryable: true }]);
      venue.line.say({ channel: 'status', type: 'update', data: [{ system: 'online' }] });
      expect(port.whyNoRoom([instrumentIndex(0)])).toBeUndefined();
    },
  );

  test('leaves no faster than the pace, and no oftener than the pair’s counter lets it', () => {
    const { port, venue, pass, of } = liveStage();
    let sent = 0;
    const fill = () => {
      while (port.whyNoRoom([instrumentIndex(0)]) === undefined)
        port.send(approved({ clOrdId: `amhw3k2x1${String(sent++).padStart(5, '0')}001` }));
    };
    fill();
    expect(sent).toBe(7); // ten messages a second, three of them kept for other things
    for (let turn = 0; turn < 600; turn++) {
      pass(50);
      fill();
    }
    // 125 points less the reserve of 35, and 2.34 a second for thirty seconds.
    expect(sent).toBeGreaterThan(140);
    expect(sent).toBeLessThanOrEqual(90 + 71);
    expect(of('order.refused')).toEqual([]);
    expect(port.whyNoRoom([instrumentIndex(1)])).toBeUndefined();
    expect(venue.line.asked('add_order')).toHaveLength(sent);
  });

  test('has room beside others only when all of them can leave at once', () => {
    const { port, pass, of } = liveStage();
    const both = [instrumentIndex(0), instrumentIndex(1)];
    for (let sent = 0; sent < 6; sent++) {
      expect(port.whyNoRoom(both)).toBeUndefined();
      port.send(approved({ clOrdId: `amhw3k2x10000${sent}001` }));
    }
    expect([port.whyNoRoom([instrumentIndex(0)]), port.whyNoRoom(both)]).toEqual([undefined, 'message_pace']); // one of seven is left
    pass(1_001);
    expect(port.whyNoRoom(both)).toBeUndefined();
    expect(port.whyNoRoom([instrumentIndex(0), instrumentIndex(7)])).toBe('instrument_unknown'); // the venue does not list the other
    expect(of('order.refused')).toEqual([]);
  });

  test('whose answer never comes does not hold its place in the counter for ever', () => {
    const { port, venue, pass, of } = liveStage();
    venue.answer = ({ method }) => method === 'add_order';
    for (let sent = 0; sent < 150; sent++) {
      port.send(approved({ clOrdId: `amhw3k2x1${String(sent).padStart(5, '0')}001` }));
      pass(1_000);
    }
    expect(of('order.refused')).toEqual([]);
    expect(venue.line.asked('add_order')).toHaveLength(150);
  });

  test('that may have been dropped for the message rate is uncertain', () => {
    const { port, venue, pass, of } = liveStage();
    venue.answer = ({ method }, line) => {
      if (method === 'add_order') line.say({ Error: 'Exceeded msg rate' });
      return method === 'add_order';
    };
    port.send(approved());
    pass(10);
    expect(of('order.uncertain')).toHaveLength(1);
    expect(port.whyNoRoom([instrumentIndex(0)])).toBeDefined();
    pass(1_100);
    expect(port.whyNoRoom([instrumentIndex(0)])).toBeUndefined();
  });
});

describe('a gap in the executions', () => {
  test('makes what is out uncertain, and is subscribed over; fills of the snapshot are reported once', () => {
    const { port, venue, pass, events, of } = liveStage();
    port.send(approved());
    pass(10);
    venue.line.executions([pendingNew()]);
    venue.line.sequence.executions++; // the trade is lost
    venue.snapshot = [trade(), filled()];
    venue.line.executions([isNew()]);
    pass(1);
    expect(port.isConnected).toBe(false);
    pass(20);
    expect(port.isConnected).toBe(true);
    expect(events.map(({ type }) => type)).toEqual([
      'order.acked',
      'unexpected',
      'disconnected',
      'order.uncertain',
      'order.filled',
      'order.ended',
      'connected',
    ]);
    expect(venue.lines).toHaveLength(1);
    expect(venue.line.asked('unsubscribe').map(({ params }) => params.channel)).toEqual(['executions']);
    venue.line.executions([trade(), filled()]);
    pass(10);
    expect(of('order.filled')).toHaveLength(1);
  });

  test('at the very end shows by its silence: an order that was accepted is not reported to its end', () => {
    const { port, venue, pass, of } = liveStage();
    venue.snapshot = [trade(), filled()];
    port.send(approved());
    pass(2_900);
    expect(of('order.uncertain')).toEqual([]);
    pass(200);
    expect(of('order.uncertain')).toHaveLength(1);
    expect(venue.line.asked('unsubscribe')).toHaveLength(1);
    expect(of('order.ended')).toHaveLength(1);
    expect(of('connected')).toHaveLength(1);
  });

  test('is looked for once: an order that stays silent after that is left to the lookup', () => {
    const { port, venue, pass } = liveStage();
    venue.rest['QueryOrders'] = () => ({ result: { [ID]: row({ status: 'open' }) } });
    port.send(approved());
    for (let lookUps = 0; lookUps < 10; lookUps++) {
      pass(4_000);
      port.lookUp(CL, ID);
    }
    expect(venue.lines.flatMap((line) => line.asked('unsubscribe'))).toHaveLength(1);
  });

  test('late and repeated messages are taken for what they say', () => {
    const { port, venue, pass, of } = liveStage();
    port.send(approved());
    pass(10);
    venue.line.executions([pendingNew()]);
    venue.line.executions([trade()]);
    venue.line.sequence.executions = 1;
    venue.line.executions([trade()]);
    venue.line.executions([filled()]);
    pass(10);
    expect(of('order.filled')).toHaveLength(1);
    expect(of('order.ended')).toHaveLength(1);
    expect(of('disconnected')).toEqual([]);
  });

  test('a venue that does not let go of the old subscription is left', () => {
    const { venue, pass, port } = liveStage();
    venue.answer = ({ method }) => method === 'unsubscribe';
    venue.line.sequence.executions += 5;
    venue.line.executions([]);
    pass(10_100);
    expect(venue.lines[0]?.terminated).toBe(true);
    pass(10_000);
    expect(venue.lines).toHaveLength(2);
    expect(port.isConnected).toBe(true);
  });

  test('a gap in the balances is subscribed over without a report about orders', () => {
    const { port, venue, pass, of } = liveStage();
    port.send(approved());
    pass(10);
    venue.line.sequence.balances += 3;
    venue.line.balances([]);
    pass(10);
    expect(venue.line.asked('unsubscribe').map(({ params }) => params.channel)).toEqual(['balances']);
    expect(venue.line.asked('subscribe')).toHaveLength(3);
    expect(port.isConnected).toBe(true);
    expect(of('order.uncertain')).toEqual([]);
  });
});

describe('balances', () => {
  test('come as they change, with what joins them to a fill', () => {
    const { venue, pass, events } = liveStage();
    const update = { wallet_type: 'spot', wallet_id: 'main', ref_id: 'TAAAAA-1', amount: 1 };
    venue.line.balances([{ ...update, asset: 'USD', balance: 132.9995 }]);
    venue.line.balances([{ ...update, asset: 'USD', wallet_type: 'earn', balance: 7 }]);
    venue.line.balances([{ ...update, asset: 'NEVERHEARD', balance: 7 }]);
    pass(10);
    expect(events).toEqual([{ type: 'balance', asset: 1, totalUnits: 13_299_950_000n, refId: 'TAAAAA-1' }]);
  });

  test('of more than can be counted are said, and never reported as another amount', () => {
    const { venue, pass, of } = liveStage();
    const update = { wallet_type: 'spot', wallet_id: 'main', asset: 'USD' };
    for (const balance of ['92233720368.54775808', '1e60', '-1e60']) venue.line.balances([{ ...update, balance }]);
    venue.line.balances([{ ...update, balance: '92233720368.54775807' }]);
    pass(10);
    expect(of('unexpected').map(({ text }) => text)).toEqual([
      'balance 92233720368.54775808 USD cannot be counted',
      'balance 1e60 USD cannot be counted',
      'balance -1e60 USD cannot be counted',
    ]);
    expect(of('balance')).toMatchObject([{ totalUnits: 2n ** 63n - 1n }]);
  });

  test('that cannot be read are said', () => {
    const { venue, pass, of } = liveStage();
    venue.line.balances([{ asset: 'USD', balance: 'much' }]);
    venue.line.balances([{ asset: 'USD', wallet_type: 'spot', wallet_id: 'main', balance: 1.123456789 }]);
    pass(10);
    expect(of('unexpected')).toHaveLength(2);
    expect(of('balance')).toMatchObject([{ totalUnits: 112_345_678n }]);
  });
});

/** How far an order has come when the connection is cut. What the venue did of it is always the same: all of it. */
const STEPS = [
  ['before its answer', () => []],
  ['after pending_new', () => [pendingNew()]],
  ['after new', () => [pendingNew(), isNew()]],
  [
    'after half of its fills',
    () => [pendingNew(), trade({ exec_id: 'TREST1', last_qty: 0.1, cum_qty: 0.1, cost: 2650 })],
  ],
  ['after its fills', () => [pendingNew(), trade({ exec_id: 'TREST1' })]],
] as const;

describe('a connection that is lost', () => {
  test.each(STEPS)('%s leaves the order uncertain; a look at both ways tells the truth', (_step, told) => {
    const { port, venue, pass, of, events } = liveStage();
    venue.answer = ({ method }) => method === 'add_order';
    port.send(approved());
    for (const entry of told()) venue.line.executions([entry]);
    pass(5);
    venue.line.drop(1006, '');
    pass(5);
    const types = events.map(({ type }) => type);
    expect(types.slice(types.indexOf('disconnected'))).toEqual(['disconnected', 'order.uncertain']);
    pass(5_000);
    expect(of('connected')).toHaveLength(1);
    const trades =
      told().length === 2 && 'exec_id' in (told()[1] ?? {}) && _step.includes('half')
        ? { TREST1: restTrade({ vol: '0.1', cost: '2650' }), TREST2: restTrade({ vol: '0.15', cost: '3975' }) }
        : { TREST1: restTrade() };
    const found = { [ID]: row({ vol_exec: '0.25', trades: Object.keys(trades) }) };
    Object.assign(venue.rest, {
      QueryOrders: () => ({ result: found }),
      ClosedOrders: () => ({ result: { closed: found, count: 1 } }),
      QueryTrades: () => ({ result: trades }),
    });
    port.lookUp(CL, undefined);
    pass(1_000);
    const [fate] = of('order.fate');
    expect(fate?.found).toMatchObject({ clOrdId: CL, venueOrderId: ID, isOpen: false, instrument: 0 });
    expect(fate?.found?.fills.reduce((sum, { qtyLots }) => sum + qtyLots, 0n)).toBe(25_000_000n);
    expect(new Set(fate?.found?.fills.map(({ execId }) => execId)).size).toBe(Object.keys(trades).length);
    expect(venue.lines.flatMap((line) => line.asked('add_order'))).toHaveLength(1);
  });

  test('after its end leaves nothing uncertain, and the end is reported from the stream when asked', () => {
    const { port, venue, pass, of } = liveStage();
    port.send(approved());
    venue.line.executions([pendingNew(), trade(), filled()]);
    pass(5);
    venue.line.drop(1006, '');
    pass(5);
    expect(of('order.uncertain')).toEqual([]);
    port.lookUp(CL, ID);
    pass(5);
    expect(of('order.fate')).toMatchObject([{ found: { isOpen: false, qtyLots: 25_000_000n, limitTicks: 265_004n } }]);
    expect(venue.called('QueryOrders')).toEqual([]);
  });

  test('comes back with a snapshot, of which each fill is reported once', () => {
    const { port, venue, pass, of } = liveStage();
    port.send(approved());
    venue.line.executions([pendingNew(), trade({ exec_id: 'T1', last_qty: 0.1, cum_qty: 0.1 })]);
    pass(5);
    venue.snapshot = [
      trade({ exec_id: 'T1', last_qty: 0.1, cum_qty: undefined, order_status: 'filled' }),
      trade({ exec_id: 'T2', last_qty: 0.15, cum_qty: undefined, order_status: 'filled' }),
    ];
    venue.line.drop(1001, 'CloudFlare WebSocket proxy restarting');
    pass(5_000);
    expect(of('order.filled').map(({ fill }) => fill.execId)).toEqual(['T1', 'T2']);
    expect(of('order.ended')).toHaveLength(1);
  });

  test('silence is noticed, and a half-open socket given up', () => {
    const { port, venue, pass, of } = liveStage();
    port.send(approved());
    venue.line.isMute = true;
    pass(8_100);
    expect(of('disconnected')).toMatchObject([{ reason: expect.stringContaining('no frame for') }]);
    expect(venue.lines[0]?.terminated).toBe(true);
    pass(5_000);
    expect(port.isConnected).toBe(true);
  });

  test('is tried again with growing pauses, and at once when it had lasted', () => {
    const { venue, pass, clock } = liveStage();
    const atMs: number[] = [];
    venue.upgrade = (line) => {
      atMs.push(clock.nowNs() / 1e6);
      line.drop(1006, 'HTTP 503 on upgrade', 503);
      return true;
    };
    venue.line.drop(1006, '');
    pass(120_000);
    expect(atMs.length).toBeGreaterThan(4);
    expect(atMs.length).toBeLessThan(25); // the budget of the stage, spent by back-off alone
    const waits = atMs.slice(1).map((at, index) => at - (atMs[index] ?? 0));
    expect(Math.min(...waits.slice(3))).toBeGreaterThanOrEqual(5_000);
  });

  test.each([
    [
      'a policy violation',
      (line: { drop: (code: number, why: string, status?: number) => void }) => line.drop(1008, 'policy'),
    ],
    ['HTTP 403', (line: { drop: (code: number, why: string, status?: number) => void }) => line.drop(1006, '', 403)],
  ])('%s is no fault of the key: it is tried again late', (_what, end) => {
    const { port, venue, pass, of } = liveStage();
    port.send(approved());
    end(venue.line);
    pass(4_900);
    expect(of('order.uncertain')).toHaveLength(1);
    expect(venue.lines).toHaveLength(1);
    pass(10_000);
    expect(of('fatal')).toEqual([]);
    expect(venue.lines).toHaveLength(2);
    expect(port.isConnected).toBe(true);
  });

  test('by us: no new attempt', () => {
    const { port, venue, pass, of } = liveStage();
    port.stop();
    pass(60_000);
    expect(venue.line.closedByUs).toBe(true);
    expect(venue.lines).toHaveLength(1);
    expect(port.isConnected).toBe(false);
    expect(of('disconnected')).toMatchObject([{ reason: 'stopped' }]);
  });
});

describe('subscriptions', () => {
  test('the key is checked first: one that can withdraw, or cannot trade, is refused with what to change', () => {
    const { port, venue, pass, events } = tradingStage();
    venue.rest['GetApiKeyInfo'] = () => ({ result: { permissions: ['query-funds', 'withdraw-funds'] } });
    port.start();
    pass(60_000);
    expect(events).toMatchObject([{ type: 'fatal', error: { code: 'KEY_REFUSED' } }]);
    expect(String(events[0]?.type === 'fatal' && events[0].error.message)).toMatch(
      /take away.*Withdraw.*needs.*Query open/,
    );
    expect(venue.lines).toEqual([]);
  });

  test('a key the venue does not know is final; a venue that does not answer is asked again', () => {
    const wrong = tradingStage();
    wrong.venue.rest['GetApiKeyInfo'] = () => ({ error: ['EAPI:Invalid key'] });
    wrong.port.start();
    wrong.pass(1_000);
    expect(wrong.of('fatal')).toHaveLength(1);
    const down = tradingStage();
    down.venue.rest['GetApiKeyInfo'] = () => ({ ok: false, neverSent: false, why: 'reset' });
    down.port.start();
    down.pass(30_000);
    expect(down.of('fatal')).toEqual([]);
    expect(down.of('unexpected').length).toBeGreaterThan(0);
    delete down.venue.rest['GetApiKeyInfo'];
    down.pass(30_000);
    expect(down.port.isConnected).toBe(true);
  });

  test('while the key cannot be asked about, REST shows whether the venue is closed or our clock is wrong', () => {
    const { port, venue, pass, of, clock } = tradingStage();
    const texts = () => of('unexpected').map(({ text }) => text);
    venue.rest['GetApiKeyInfo'] = () => ({ error: ['EService:Unavailable'] });
    venue.rest['SystemStatus'] = () => ({ result: { status: 'maintenance', timestamp: venue.time() } });
    venue.rest['Time'] = () => ({ result: { unixtime: Math.floor(clock.wallMs() / 1_000) + 60 } });
    port.start();
    pass(10_000);
    expect(texts()).toContain('the venue is in maintenance');
    expect(texts()).toContainEqual(expect.stringMatching(/^our clock is (59|60) s behind the venue's$/));
    venue.rest['GetApiKeyInfo'] = () => ({ error: ['EAPI:Feature disabled'] });
    venue.rest['SystemStatus'] = () => ({ result: { status: 'online', timestamp: venue.time() } });
    venue.rest['Time'] = () => ({ result: { unixtime: Math.floor(clock.wallMs() / 1_000) } });
    pass(10_000);
    const before = texts().length;
    pass(30_000);
    expect(
      texts()
        .slice(before)
        .every((text) => text.startsWith('the key could not be asked for')),
    ).toBe(true);
    delete venue.rest['GetApiKeyInfo'];
    pass(30_000);
    expect(port.isConnected).toBe(true);
  });

  test('a token the venue refuses is replaced on the same connection', () => {
    const { port, venue, pass, of } = tradingStage();
    let given = 0;
    venue.rest['GetWebSocketsToken'] = () => ({ result: { token: `T${given++}`, expires: 900 } });
    port.start();
    pass(1_500);
    expect(port.isConnected).toBe(true);
    expect(given).toBe(2);
    expect(venue.lines).toHaveLength(1);
    expect(of('fatal')).toEqual([]);
  });

  test('tokens that are refused again and again are given a rest', () => {
    const { port, venue, pass } = tradingStage();
    venue.rest['GetWebSocketsToken'] = () => ({ result: { token: 'never right', expires: 900 } });
    port.start();
    pass(30_000);
    expect(venue.called('GetWebSocketsToken').length).toBeLessThan(30);
    expect(venue.lines.length).toBeGreaterThan(1);
    delete venue.rest['GetWebSocketsToken'];
    pass(60_000);
    expect(port.isConnected).toBe(true);
  });

  test('a token is renewed at half of its life, and requests carry the newest', () => {
    const { port, venue, pass } = liveStage();
    venue.token = 'T2';
    pass(449_000);
    expect(venue.called('GetWebSocketsToken')).toHaveLength(1);
    pass(2_000);
    expect(venue.called('GetWebSocketsToken')).toHaveLength(2);
    port.send(approved());
    expect(venue.line.asked('add_order')[0]?.params.token).toBe('T2');
    expect(venue.lines).toHaveLength(1);
  });

  test('without a token that is still good no order leaves', () => {
    const { port, venue, pass, of } = liveStage();
    venue.rest['GetWebSocketsToken'] = () => ({ error: ['EService:Unavailable'] });
    pass(899_000);
    expect(port.whyNoRoom([instrumentIndex(0)])).toBeUndefined();
    pass(2_000);
    expect(port.whyNoRoom([instrumentIndex(0)])).toBeDefined();
    port.send(approved());
    pass(10);
    expect(of('order.refused')).toHaveLength(1);
    delete venue.rest['GetWebSocketsToken'];
    pass(60_000);
    expect(port.whyNoRoom([instrumentIndex(0)])).toBeUndefined();
  });

  test.each(['executions', 'balances'])('a silent subscription to %s is noticed', (channel) => {
    const { port, venue, pass } = tradingStage();
    venue.answer = (request, line) => {
      if (request.method !== 'subscribe' || request.params.channel !== channel || venue.lines.length > 1) return false;
      line.accept(request, { channel });
      return true;
    };
    port.start();
    pass(11_000);
    expect(port.isConnected).toBe(false);
    pass(10_000);
    expect(port.isConnected).toBe(true);
    expect(venue.lines).toHaveLength(2);
  });

  test('a channel that the key may not have is final', () => {
    const { port, venue, pass, of } = tradingStage();
    venue.answer = (request, line) => {
      if (request.method === 'subscribe') line.refuse(request, 'EGeneral:Permission denied');
      return request.method === 'subscribe';
    };
    port.start();
    pass(10_000);
    expect(of('fatal')).toHaveLength(1);
    expect(venue.lines).toHaveLength(1);
  });

  test('a venue whose clock cannot be meant is not traded on', () => {
    const { port, venue, pass, of } = tradingStage();
    venue.answer = ({ method, req_id }, line) => {
      const time = '+275760-09-13T00:00:00Z';
      if (method === 'ping') line.say({ method: 'pong', req_id, time_in: time, time_out: time });
      return method === 'ping';
    };
    port.start();
    pass(30_000);
    port.send(approved());
    pass(10);
    expect([port.isConnected, of('connected')]).toEqual([false, []]);
    expect(of('order.refused')).toMatchObject([{ error: 'not sent: not connected' }]);
  });

  test('a state of the venue of any length is said in short, and not traded in', () => {
    const { port, venue, pass, of } = liveStage();
    venue.line.say({ channel: 'status', type: 'update', data: [{ system: 'x'.repeat(100_000) }] });
    pass(10);
    port.send(approved());
    pass(10);
    expect(of('order.refused')).toMatchObject([{ error: `not sent: the venue is ${'x'.repeat(64)}` }]);
  });

  test('warnings without end are said in part', () => {
    const { venue, pass, of } = liveStage();
    const warnings = Array.from({ length: 5_000 }, () => 'w'.repeat(1_000));
    venue.line.say({ method: 'add_order', req_id: 99, success: true, result: { warnings } });
    pass(10);
    expect(of('unexpected').length).toBeLessThan(10);
    expect(Math.max(...of('unexpected').map(({ text }) => text.length))).toBeLessThan(400);
  });

  test('frames that cannot be read are said, and change nothing else', () => {
    const { port, venue, pass, of } = liveStage();
    for (const text of ['{', '{"channel":"executions"}', '7', '{"method":"add_order","req_id":99,"success":true}']) {
      venue.line.raw(text);
    }
    pass(10);
    expect(of('unexpected')).toHaveLength(4);
    expect(port.isConnected).toBe(true);
  });
});

describe('a lookup', () => {
  test('asks REST by the venue’s id, once for several questions, and its fills are not reported again', () => {
    const { port, venue, pass, of } = liveStage();
    port.send(approved());
    pass(10);
    Object.assign(venue.rest, FILLED);
    port.lookUp(CL, ID);
    port.lookUp(CL, ID);
    pass(100);
    expect(of('order.fate')).toMatchObject([{ found: { isOpen: false, fills: [{ execId: 'TREST1' }] } }]);
    venue.line.executions([pendingNew(), trade({ exec_id: 'TREST1' }), filled()]);
    pass(10);
    expect(of('order.filled')).toEqual([]);
  });

  test('by the venue’s id takes an order for ours though REST leaves out our id, and not when it has another', () => {
    const { port, venue, pass, of } = liveStage();
    const asNamed = (cl_ord_id: unknown) => {
      venue.rest['QueryOrders'] = () => ({ result: { [ID]: row({ ...soldOut, cl_ord_id }) } });
      venue.rest['QueryTrades'] = () => ({ result: { TREST1: restTrade() } });
      port.lookUp(CL, ID);
      pass(100);
    };
    asNamed('amhw3k2x100009999');
    expect(of('order.fate')).toEqual([]);
    asNamed(undefined);
    expect(of('order.fate')).toMatchObject([{ found: { clOrdId: CL, fills: [{ execId: 'TREST1' }] } }]);
  });

  test('knows a pair that was listed after REST was asked for its names, and ends no order whose pair it does not know', () => {
    const { port, venue, pass, of } = liveStage();
    port.send(approved());
    pass(10);
    const asPair = (pair: string) => {
      venue.rest['QueryOrders'] = () => ({ result: { [ID]: row({ ...soldOut, descr: { ...row({}).descr, pair } }) } });
      venue.rest['QueryTrades'] = () => ({ result: { TREST1: { ...restTrade(), pair } } });
      port.lookUp(CL, ID);
      pass(100);
    };
    asPair('NOBODYKNOWS');
    expect(of('order.fate')).toEqual([]);
    expect(of('order.fate_unknown')).toHaveLength(1);
    asPair('XBTUSD');
    expect(of('order.fate')).toMatchObject([{ found: { instrument: 0, fills: [{ execId: 'TREST1' }] } }]);
  });

  test('that finds nothing proves nothing before the order’s deadline has passed', () => {
    const { port, venue, pass, of } = liveStage();
    venue.answer = ({ method }) => method === 'add_order';
    port.send(approved());
    pass(100);
    port.lookUp(CL, undefined);
    pass(100);
    expect(of('order.fate_unknown')).toMatchObject([{ why: 'not there; it may still arrive' }]);
    pass(4_000);
    port.lookUp(CL, undefined);
    pass(100);
    expect(of('order.fate')).toEqual([{ type: 'order.fate', clOrdId: CL, found: undefined }]);
  });

  test('that does not find what the venue had reports it so: that is another answer than that there was none', () => {
    const { port, pass, of } = liveStage();
    port.send(approved());
    pass(1_000);
    port.lookUp(CL, undefined);
    pass(100);
    expect(of('order.denied')).toEqual([]); // it may still be shown
    pass(5_000);
    port.lookUp(CL, undefined);
    pass(100);
    expect(of('order.denied')).toEqual([{ type: 'order.denied', clOrdId: CL, venueOrderId: ID }]);
    expect(of('order.fate')).toEqual([]);
  });

  test('that the stream cannot confirm proves nothing', () => {
    const { port, venue, pass, of } = liveStage();
    port.send(approved());
    pass(5_000);
    venue.upgrade = () => true;
    venue.line.drop(1006, '');
    pass(10);
    port.lookUp('amhw3k2x100001205', undefined);
    pass(100);
    expect(of('order.fate_unknown').at(-1)?.why).toContain('not streamed');
    pass(120_000);
    port.lookUp('amhw3k2x100001205', undefined);
    pass(100);
    expect(of('order.fate')).toMatchObject([{ clOrdId: 'amhw3k2x100001205', found: undefined }]);
  });

  test('of an order that a predecessor sent waits as if it had been sent just now', () => {
    const { port, pass, of } = tradingStage();
    port.start();
    pass(1_500);
    port.lookUp(CL, undefined);
    pass(100);
    expect(of('order.fate_unknown')).toHaveLength(1);
    pass(4_000);
    port.lookUp(CL, undefined);
    pass(100);
    expect(of('order.fate')).toHaveLength(1);
  });

  test('that REST does not answer, or answers in half, is unknown', () => {
    const { port, venue, pass, of } = liveStage();
    venue.rest['OpenOrders'] = () => ({ error: ['EGeneral:Permission denied'] });
    port.lookUp(CL, undefined);
    pass(5_000);
    expect(of('order.fate_unknown')).toHaveLength(1);
    Object.assign(venue.rest, FILLED, { QueryTrades: () => ({ result: {} }) });
    port.lookUp(CL, ID);
    pass(10_000);
    expect(of('order.fate_unknown')).toHaveLength(2);
    expect(of('order.fate')).toEqual([]);
  });
});

describe('the account', () => {
  const RICH = {
    BalanceEx: () => ({ result: { XXBT: { balance: '1.5', hold_trade: '0.5' }, ZUSD: { balance: '100.25' } } }),
    AssetPairs: () => ({ result: {} }),
    Assets: () => ({ result: { XXBT: { altname: 'XBT' }, ZUSD: { altname: 'USD' } } }),
  };
  const stageOf = () => {
    const stage = tradingStage();
    Object.assign(stage.venue.rest, RICH);
    stage.port.start();
    stage.pass(1_500);
    stage.events.length = 0;
    return stage;
  };

  test('is read whole, foreign orders too', () => {
    const { port, venue, pass, of, clock } = stageOf();
    venue.rest['OpenOrders'] = () => ({ result: { open: { O9: row({ cl_ord_id: null, status: 'open' }) } } });
    Object.assign(venue.rest, { ClosedOrders: FILLED['ClosedOrders'], QueryTrades: FILLED['QueryTrades'] });
    port.readAccount({ scope: 'everything', sinceMs: wallMs(clock.wallMs() - 60_000) });
    pass(1_000);
    const [answer] = of('account');
    expect(answer?.account).toMatchObject({
      balances: [
        { asset: 0, totalUnits: 150_000_000n, heldUnits: 50_000_000n },
        { asset: 1, totalUnits: 10_025_000_000n, heldUnits: 0n },
      ],
      openOrders: [{ venueOrderId: 'O9', clOrdId: undefined, isOpen: true }],
      endedOrders: [{ venueOrderId: ID, clOrdId: CL, fills: [{ execId: 'TREST1' }] }],
      unknownAssets: [],
    });
  });

  test('is read since a time of the venue, whatever our clock says, and never since one that is to come', () => {
    const stage = tradingStage();
    Object.assign(stage.venue.rest, RICH);
    stage.venue.aheadMs = -300_000;
    stage.port.start();
    stage.pass(1_500);
    const venueMs = () => stage.clock.wallMs() - 300_000;
    const since = [wallMs(venueMs() - 60_000), wallMs(venueMs() + 3_600_000), undefined];
    for (const sinceMs of since) {
      stage.port.readAccount({ scope: 'everything', sinceMs });
      stage.pass(30_000);
    }
    const asOf = stage.of('account').map(({ account }) => account.asOfMs);
    expect(asOf).toHaveLength(3);
    for (const atMs of asOf) expect(venueMs() - atMs).toBeGreaterThan(0);
    const asked = stage.venue.called('ClosedOrders').map((params) => Number(params.get('start')) * 1_000);
    expect(Math.abs((asked[0] ?? 0) - (since[0] ?? 0))).toBeLessThan(5_000);
    for (const [at, startMs] of asked.entries()) expect(startMs).toBeLessThanOrEqual(asOf[at] ?? 0);
    expect((asOf[2] ?? 0) - (asked[2] ?? 0)).toBeGreaterThanOrEqual(60_000);
  });

  test('is read to its end while it moves all the time', () => {
    const { port, venue, pass, of } = stageOf();
    venue.rest['ClosedOrders'] = () => {
      venue.line.executions([isNew({ order_id: 'O9' })]);
      return { result: { closed: {}, count: 0 } };
    };
    port.readAccount({ scope: 'everything', sinceMs: wallMs(0) });
    pass(1_000);
    expect(of('account')).toHaveLength(1);
    expect(venue.called('BalanceEx')).toHaveLength(1);
  });

  test('is asked for no more than is wanted', () => {
    const { port, venue, pass, of } = stageOf();
    port.readAccount({ scope: 'balances', sinceMs: wallMs(0) });
    pass(1_000);
    expect(of('account')).toMatchObject([{ account: { scope: 'balances', openOrders: [], endedOrders: [] } }]);
    expect([venue.called('OpenOrders'), venue.called('ClosedOrders')]).toEqual([[], []]);
    const closed = Object.fromEntries(Array.from({ length: 50 }, (_, at) => [`O${at}`, row({ cl_ord_id: null })]));
    venue.rest['ClosedOrders'] = () => ({ result: { closed, count: 10_000 } });
    port.readAccount({ scope: 'recent', sinceMs: wallMs(0) });
    pass(30_000);
    expect(venue.called('ClosedOrders')).toHaveLength(1);
    expect(of('account')[1]?.account.endedOrders).toHaveLength(50);
    expect(of('account_progress').length).toBeGreaterThan(0);
  });

  test('is not read without the streams, and each question has its answer', () => {
    const { port, venue, pass, of } = stageOf();
    port.readAccount({ scope: 'everything', sinceMs: wallMs(0) });
    port.readAccount({ scope: 'everything', sinceMs: wallMs(0) });
    venue.upgrade = () => true;
    pass(1);
    venue.line.drop(1006, '');
    pass(5_000);
    expect(of('account_unknown')).toHaveLength(2);
  });

  test('takes up the open orders of a predecessor: what comes of them is reported', () => {
    const { port, venue, pass, of, events } = stageOf();
    venue.rest['OpenOrders'] = () => ({ result: { open: { [ID]: row({ status: 'open' }) } } });
    port.readAccount({ scope: 'everything', sinceMs: wallMs(0) });
    pass(1_000);
    expect(of('account')).toHaveLength(1);
    events.length = 0;
    port.cancel(CL);
    pass(10);
    expect(venue.line.asked('cancel_order').map(({ params }) => params['cl_ord_id'])).toEqual([[CL]]);
    venue.line.executions([trade({ last_qty: 0.1, cum_qty: 0.1 }), canceled({ cum_qty: 0.1 })]);
    pass(10);
    expect(events.map(({ type }) => type)).toEqual(['order.filled', 'order.ended']);
  });
});

describe('cancels', () => {
  test('wait for the acknowledgement, and are sent once', () => {
    const { port, venue, pass } = liveStage();
    venue.answer = ({ method }) => method === 'add_order';
    port.send(approved());
    port.cancel(CL);
    pass(100);
    expect(venue.line.asked('cancel_order')).toEqual([]);
    venue.line.executions([pendingNew()]);
    pass(100);
    expect(venue.line.asked('cancel_order')).toHaveLength(1);
  });

  test('that find nothing open leave the fate in doubt', () => {
    const { port, venue, pass, of } = liveStage();
    venue.answer = (request, line) => {
      if (request.method === 'cancel_order') line.refuse(request, 'EOrder:Unknown order');
      return request.method === 'cancel_order';
    };
    port.send(approved());
    pass(10);
    port.cancel(CL);
    pass(10);
    expect(of('order.uncertain')).toMatchObject([{ why: 'its cancel: EOrder:Unknown order' }]);
  });

  test.each([
    ['a cancel', 'cancel_order'],
    ['a cancel of everything', 'cancel_all'],
    ['the dead-man’s switch', 'cancel_all_orders_after'],
  ])('refused for the token bring a new one, whatever carried it: %s', (_what, refused) => {
    const { port, venue, pass, of } = liveStage();
    venue.answer = (request, line) => {
      if (request.method !== refused || request.params.token === 'T2') return false;
      venue.token = 'T2';
      line.refuse(request, 'EAPI:Invalid token');
      return true;
    };
    port.send(approved());
    pass(10);
    if (refused === 'cancel_order') port.cancel(CL);
    else if (refused === 'cancel_all') port.cancelAll();
    else port.setDeadMansSwitch(true);
    pass(1_000);
    port.send(approved({ clOrdId: 'amhw3k2x100001204' }));
    pass(10);
    expect(venue.line.asked('add_order').map(({ params }) => params.token)).toEqual(['T1', 'T2']);
    expect(of('disconnected')).toEqual([]);
  });

  test('refused for the counter show that it is full: no order leaves until it has decayed', () => {
    const { port, venue, pass } = liveStage();
    venue.answer = (request, line) => {
      if (request.method === 'cancel_order') line.refuse(request, 'EOrder:Rate limit exceeded');
      return request.method === 'cancel_order';
    };
    port.send(approved());
    pass(10);
    expect(port.whyNoRoom([instrumentIndex(0)])).toBeUndefined();
    port.cancel(CL);
    pass(10);
    expect([port.whyNoRoom([instrumentIndex(0)]), port.whyNoRoom([instrumentIndex(1)])]).toEqual([
      'no_room',
      undefined,
    ]);
    pass(20_000);
    expect(port.whyNoRoom([instrumentIndex(0)])).toBeUndefined();
  });

  test('without an answer leave the fate in doubt', () => {
    const { port, venue, pass, of } = liveStage({ trading: { answer_timeout_ms: 1_000 } });
    venue.answer = ({ method }) => method === 'cancel_order';
    port.send(approved());
    pass(500);
    port.cancel(CL);
    pass(450);
    venue.line.executions([pendingNew()]);
    pass(650);
    expect(of('order.uncertain').map(({ why }) => why)).toEqual(['its cancel: no answer']);
  });

  test('go by REST while the socket is down', () => {
    const { port, venue, pass } = liveStage();
    port.send(approved());
    pass(10);
    venue.upgrade = () => true;
    venue.line.drop(1006, '');
    port.cancel(CL);
    port.cancelAll();
    pass(100);
    expect(venue.called('CancelOrder').map((params) => params.get('cl_ord_id'))).toEqual([CL]);
    expect(venue.called('CancelAll')).toHaveLength(1);
  });

  test('of everything go by the socket, and by REST when it does not answer', () => {
    const { port, venue, pass } = liveStage();
    port.cancelAll();
    pass(100);
    expect(venue.line.asked('cancel_all')).toHaveLength(1);
    expect(venue.called('CancelAll')).toEqual([]);
    venue.answer = ({ method }) => method === 'cancel_all';
    port.cancelAll();
    pass(3_100);
    expect(venue.called('CancelAll')).toHaveLength(1);
    venue.answer = (request, line) => {
      if (request.method === 'cancel_all') line.refuse(request, 'EGeneral:Internal error');
      return request.method === 'cancel_all';
    };
    port.cancelAll();
    pass(100);
    expect(venue.called('CancelAll')).toHaveLength(2);
  });

  test('of everything are repeated until one is confirmed', () => {
    const { port, venue, pass, of } = liveStage();
    venue.upgrade = () => true;
    venue.line.drop(1006, '');
    venue.rest['CancelAll'] = () => ({ error: ['EGeneral:Internal error'] });
    port.cancelAll();
    pass(30_000);
    expect(of('unexpected').length).toBeGreaterThan(1);
    delete venue.rest['CancelAll'];
    pass(30_000);
    const calls = venue.called('CancelAll').length;
    pass(60_000);
    expect(venue.called('CancelAll')).toHaveLength(calls);
  });
});

describe('the dead-man’s switch', () => {
  const timeouts = (stage: ReturnType<typeof liveStage>) =>
    stage.venue.lines.flatMap((line) => line.asked('cancel_all_orders_after')).map(({ params }) => params['timeout']);

  test('is armed at once, again at every interval, and turned off', () => {
    const stage = liveStage();
    stage.port.setDeadMansSwitch(true);
    stage.pass(100);
    stage.port.setDeadMansSwitch(true);
    expect(timeouts(stage)).toEqual([60]);
    stage.pass(45_000);
    expect(timeouts(stage)).toEqual([60, 60, 60, 60]);
    stage.port.setDeadMansSwitch(false);
    stage.pass(60_000);
    expect(timeouts(stage)).toEqual([60, 60, 60, 60, 0]);
  });

  test('is turned off only after the request before has its answer: they could overtake each other', () => {
    const stage = liveStage();
    stage.venue.answer = ({ method }) => method === 'cancel_all_orders_after';
    stage.port.setDeadMansSwitch(true);
    stage.port.setDeadMansSwitch(false);
    stage.pass(100);
    expect(timeouts(stage)).toEqual([60]);
    const [request] = stage.venue.line.asked('cancel_all_orders_after');
    if (request !== undefined) stage.venue.line.accept(request, {});
    stage.pass(100);
    expect(timeouts(stage)).toEqual([60, 0]);
  });

  test('is turned off when somebody says so, whoever armed it', () => {
    const stage = liveStage();
    stage.pass(1_000);
    expect(timeouts(stage)).toEqual([]);
    stage.port.setDeadMansSwitch(false);
    stage.pass(60_000);
    expect(timeouts(stage)).toEqual([0]);
  });

  test('is armed again on a new connection, and repeated sooner when it was refused', () => {
    const stage = liveStage();
    stage.port.setDeadMansSwitch(true);
    stage.pass(100);
    stage.venue.line.drop(1006, '');
    stage.pass(5_000);
    expect(timeouts(stage)).toEqual([60, 60]);
    stage.venue.answer = (request, line) => {
      if (request.method === 'cancel_all_orders_after') line.refuse(request, 'EService:Unavailable');
      return request.method === 'cancel_all_orders_after';
    };
    stage.pass(21_000);
    expect(timeouts(stage).length).toBeGreaterThan(3);
    expect(stage.of('unexpected').length).toBeGreaterThan(0);
  });

  test('stays off when the settings say so', () => {
    const stage = liveStage({ trading: { dead_mans_switch_ms: 0 } });
    stage.port.setDeadMansSwitch(true);
    stage.pass(60_000);
    expect(timeouts(stage)).toEqual([]);
  });
});

test('the same seed gives the same bytes', () => {
  const run = () => {
    const { port, venue, pass, events } = liveStage();
    port.setDeadMansSwitch(true);
    port.send(approved());
    pass(20);
    venue.line.drop(1006, '');
    pass(30_000);
    port.lookUp(CL, undefined);
    port.readAccount({ scope: 'everything', sinceMs: wallMs(0) });
    pass(5_000);
    return JSON.stringify([venue.lines.map(({ texts }) => texts), events], (_key, value) =>
      typeof value === 'bigint' ? String(value) : value,
    );
  };
  expect(run()).toBe(run());
});

describe('a pair whose precision changes', () => {
  /** Two decimals more of a price, two fewer of a quantity. */
  const rescale = ({ directory }: ReturnType<typeof tradingStage>) => {
    const [pair] = directory.instruments;
    directory.apply({ assets: [], instruments: [{ ...pair!, pricePrecision: 3, qtyPrecision: 6 }] });
  };
  const BOOKED = { qtyLots: 25_000_000n, priceTicks: 265_000n, costUnits: 662_500_000_000n };

  test('takes no order that was made before: it is not sent, and may be made anew', () => {
    const stage = liveStage();
    const order = approved();
    rescale(stage);
    stage.port.send(order);
    stage.pass(10);
    expect(stage.venue.line.asked('add_order')).toEqual([]);
    expect(stage.of('order.refused')).toMatchObject([{ clOrdId: CL, isRetryable: true }]);
    stage.port.send(
      approved({ clOrdId: 'amhw3k2x100002003', pricePrecision: 3, qtyPrecision: 6, qtyLots: lots(250_000n) }),
    );
    stage.pass(10);
    expect(stage.venue.line.asked('add_order')).toMatchObject([{ params: { order_qty: 0.25 } }]);
  });

  test('while an order is out has it reported by the stream as it was sent', () => {
    const stage = liveStage();
    stage.port.send(approved());
    rescale(stage);
    for (const entry of [pendingNew(), trade(), filled()]) stage.venue.line.executions([entry]);
    stage.pass(10);
    expect(stage.of('order.filled')).toMatchObject([{ fill: BOOKED }]);
    expect(stage.of('order.ended')).toMatchObject([{ filledLots: 25_000_000n }]);
    stage.port.lookUp(CL, ID);
    stage.take();
    expect(stage.of('order.fate')).toMatchObject([{ found: { pricePrecision: 1, qtyPrecision: 8, fills: [BOOKED] } }]);
  });

  test('while an order is out has it reported by REST as it was sent', () => {
    const stage = liveStage();
    stage.port.send(approved());
    stage.pass(10);
    rescale(stage);
    stage.venue.rest = FILLED;
    stage.port.lookUp(CL, ID);
    stage.pass(3_000);
    const terms = { qtyLots: 25_000_000n, limitTicks: 265_004n, pricePrecision: 1, qtyPrecision: 8 };
    expect(stage.of('order.fate')).toMatchObject([{ found: { ...terms, fills: [BOOKED] } }]);
  });

  test('has an order that a predecessor sent reported as the sequencer remembers it, by stream and by REST', () => {
    const stage = liveStage();
    stage.atWork.set(CL, { pricePrecision: 1, qtyPrecision: 8 });
    rescale(stage);
    stage.venue.line.executions([pendingNew(), trade()]);
    stage.pass(10);
    expect(stage.of('order.filled')).toMatchObject([{ fill: BOOKED }]);
    const other = liveStage();
    other.atWork.set(CL, { pricePrecision: 1, qtyPrecision: 8 });
    rescale(other);
    other.venue.rest = FILLED;
    other.port.readAccount({ scope: 'everything', sinceMs: wallMs(0) }); // read in the present scale: of an order at work nothing is taken up from it
    other.pass(5_000);
    other.port.lookUp(CL, ID);
    other.pass(5_000);
    expect(other.of('order.fate')).toMatchObject([{ found: { qtyPrecision: 8, fills: [BOOKED] } }]);
  });

  test('has an order that no one knows reported as the pair is now, and says so', () => {
    const stage = liveStage();
    rescale(stage);
    stage.venue.rest = FILLED;
    stage.port.lookUp(CL, ID);
    stage.pass(5_000);
    const fill = { qtyLots: 250_000n, priceTicks: 26_500_000n, costUnits: 662_500_000_000n };
    const terms = { qtyLots: 250_000n, limitTicks: 26_500_400n, pricePrecision: 3, qtyPrecision: 6 };
    expect(stage.of('order.fate')).toMatchObject([{ found: { ...terms, fills: [fill] } }]);
  });
});
