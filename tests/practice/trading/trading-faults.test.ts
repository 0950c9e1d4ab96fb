import { describe, expect, test } from 'vitest';
import {
  type FrameFault,
  type MatchFault,
  NO_TRADING_FAULTS,
  type PrivateFrame,
  type RequestFault,
  type TradingFaults,
} from '../../../src/practice/faults/trading-faults.ts';
import { MadeExchange } from './made-exchange.ts';
import { PrivateClient } from './private-client.ts';

const ORDER = { order_qty: 0.5, limit_price: 101, time_in_force: 'ioc', cl_ord_id: 'c1' };

function open(faults: Partial<TradingFaults>) {
  const made = new MadeExchange({ faults: { ...NO_TRADING_FAULTS, ...faults } });
  const client = new PrivateClient(made.exchange, 'alice');
  return { made, client };
}

/** What arrived, as one name per frame; heartbeats aside. */
function words(client: PrivateClient, from: number): string[] {
  const frames = client.since(from).filter(({ channel }) => channel !== 'heartbeat');
  return frames.map((frame) => {
    if (frame['method'] !== undefined) return frame['success'] === true ? 'ack' : String(frame['error']);
    const [data] = frame['data'] as Record<string, unknown>[];
    return frame['channel'] === 'executions' ? String(data?.['exec_type'] ?? 'snapshot') : String(frame['channel']);
  });
}

describe('a request', () => {
  const strike = (fault: RequestFault) => {
    const { made, client } = open({ onRequest: ({ method }) => (method === 'add_order' ? fault : undefined) });
    client.subscribe('executions');
    const from = client.frames.length;
    client.add(ORDER);
    return { made, client, from };
  };

  test('that is refused changes nothing', () => {
    const { made, client, from } = strike({ kind: 'refuse', error: 'EService:Busy' });
    expect(words(client, from)).toEqual(['EService:Busy']);
    expect(made.trading.closedOrders('alice')).toEqual([]);
  });

  test('that is refused with its token gone: the token is good for nothing any more', () => {
    const { client, from } = strike({ kind: 'refuse', error: 'ESession:Invalid session', revokesToken: true });
    expect(words(client, from)).toEqual(['ESession:Invalid session']);
    expect(client.ask('cancel_all')).toMatchObject([{ error: 'ESession:Invalid session' }]);
  });

  test('that is lost is never answered', () => {
    const { made, client, from } = strike({ kind: 'lose' });
    made.run(500);
    expect(words(client, from)).toEqual([]);
    expect(made.trading.closedOrders('alice')).toEqual([]);
  });

  test('that comes late is carried out then, or is too late', () => {
    const { made, client, from } = strike({ kind: 'delay', ms: 900 });
    made.run(899);
    expect(made.trading.closedOrders('alice')).toEqual([]);
    made.run(1);
    expect(words(client, from)).toEqual(['ack', 'pending_new', 'new', 'trade', 'filled']);
    const late = strike({ kind: 'delay', ms: 6_000 });
    late.made.run(6_000);
    expect(words(late.client, late.from)).toEqual(['EService:Deadline elapsed']);
    expect(late.made.trading.closedOrders('alice')).toEqual([]);
  });

  test('that never arrives because the connection is cut', () => {
    const { made, client } = strike({ kind: 'disconnect' });
    expect(client.closedWith).toBe(1006);
    expect(made.trading.closedOrders('alice')).toEqual([]);
  });

  test('that was delayed and whose connection is gone is carried out all the same, and no one listens for it', () => {
    const { made, client, from } = strike({ kind: 'delay', ms: 100 });
    client.leave();
    made.run(100);
    expect(made.trading.closedOrders('alice').length).toBe(1);
    expect(client.frames.length).toBe(from);
    const subscribing = open({ onRequest: () => ({ kind: 'delay', ms: 100 }) });
    subscribing.client.subscribe('executions');
    subscribing.client.leave();
    subscribing.made.run(100);
    subscribing.made.add('alice', { qty: '1', limitPrice: '101' });
    expect(subscribing.client.frames.length).toBe(1);
  });
});

test('nothing that was put off happens after the exchange has closed', () => {
  const { made, client } = open({ onRequest: () => ({ kind: 'delay', ms: 100 }) });
  client.add(ORDER);
  made.trading.cancelAllAfter('alice', 60);
  made.exchange.close();
  made.run(1_000);
  expect(made.trading.closedOrders('alice')).toEqual([]);
  expect(made.clock.nextTimerNs()).toBeUndefined();
});

describe('a frame', () => {
  const strike = (isStruck: (frame: PrivateFrame) => boolean, fault: FrameFault) => {
    let left = 1;
    const { made, client } = open({
      onFrame: (frame) => {
        if (left === 0 || !isStruck(frame)) return undefined;
        left -= 1;
        return fault;
      },
    });
    client.subscribe('executions');
    const from = client.frames.length;
    client.add(ORDER);
    return { made, client, from };
  };
  const reply = ({ content }: PrivateFrame) => content.kind === 'reply' && content.method === 'add_order';
  const step =
    (wanted: string) =>
    ({ content }: PrivateFrame) =>
      content.kind === 'execution' && content.step === wanted;

  test.each<[string, (frame: PrivateFrame) => boolean, FrameFault, string[]]>([
    ['an ack lost', reply, { kind: 'drop' }, ['pending_new', 'new', 'trade', 'filled']],
    ['an ack after the fill', reply, { kind: 'delay', ms: 1 }, ['pending_new', 'new', 'trade', 'filled', 'ack']],
    [
      'a lying ack',
      reply,
      { kind: 'error', error: 'EService:Unavailable' },
      ['EService:Unavailable', 'pending_new', 'new', 'trade', 'filled'],
    ],
    ['a fill twice', step('trade'), { kind: 'duplicate' }, ['ack', 'pending_new', 'new', 'trade', 'trade', 'filled']],
    ['a fill after the end', step('trade'), { kind: 'swap' }, ['ack', 'pending_new', 'new', 'filled', 'trade']],
    ['a gap', step('trade'), { kind: 'drop' }, ['ack', 'pending_new', 'new', 'filled']],
    ['silence', step('new'), { kind: 'silence' }, ['ack', 'pending_new']],
    ['a half-open socket', step('trade'), { kind: 'half-open' }, ['ack', 'pending_new', 'new']],
    ['a disconnect before the ack', reply, { kind: 'disconnect' }, []],
    ['a disconnect before the fill', step('trade'), { kind: 'disconnect' }, ['ack', 'pending_new', 'new']],
  ])('%s', (_what, isStruck, fault, want) => {
    const { made, client, from } = strike(isStruck, fault);
    made.run(10);
    expect(words(client, from)).toEqual(want);
    // Whatever was reported, it happened.
    expect(made.trading.closedOrders('alice')[0]).toMatchObject({ status: 'filled' });
    expect(client.closedWith).toBe(fault.kind === 'disconnect' ? 1001 : undefined);
    expect(client.answersPings()).toBe(fault.kind !== 'half-open');
  });

  test('a gap shows in the numbers', () => {
    const { client, from } = strike(step('trade'), { kind: 'drop' });
    const numbers = client.since(from).flatMap(({ sequence }) => sequence ?? []);
    expect(numbers).toEqual([2, 3, 5]);
  });

  test('silence ends no answers and no heartbeats', () => {
    const { made, client } = strike(step('new'), { kind: 'silence' });
    const from = client.frames.length;
    made.run(1_000);
    expect(client.ask('cancel_all')).toMatchObject([{ success: true }]);
    expect(client.frames.slice(from)[0]).toBe('{"channel":"heartbeat"}');
  });
});

describe('matching', () => {
  const strike = (fault: MatchFault, order: object) => {
    const { made } = open({ onMatch: () => fault });
    return { made, order: made.add('alice', { qty: '1.5', limitPrice: '102', ...order }) };
  };

  test.each([
    ['immediate and unfilled', 0n, { timeInForce: 'ioc' }, 0n, 'Immediate or cancel order could not be filled'],
    ['filled in part, then cancelled', 500_000n, {}, 75_000_000n, 'Canceled by the exchange'],
    ['fill or kill that may not fill', 999_999n, { timeInForce: 'fok' }, 0n, 'Fill or kill order could not be filled'],
  ])('%s', (_what, fillPpm, order, filledQty, reason) => {
    const { made, order: ended } = strike({ fillPpm }, order);
    expect(ended).toMatchObject({ status: 'canceled', filledQty, reason });
    expect(made.balance('alice', 'USD')[1]).toBe(0);
  });

  test('all of it is no fault', () => {
    expect(strike({ fillPpm: 1_000_000n }, {}).order.status).toBe('filled');
  });

  test('the price runs away: levels near the best vanish for everybody', () => {
    const { made, order } = strike({ goneBps: 50n }, { timeInForce: 'ioc' });
    expect(order.trades.map(({ price }) => price)).toEqual([1020n]);
    expect(made.book().asks).toEqual([['102.0', '1.50000000']]);
  });

  test('a market order goes no further than the money when the price runs away', () => {
    const { made } = open({ onMatch: () => ({ goneBps: 10n }) });
    const order = made.add('alice', { orderType: 'market', qty: '9', side: 'sell', feePreference: 'quote' });
    expect(order.filledQty).toBe(500_000_000n);
    const buy = new MadeExchange({
      accounts: [{ name: 'alice', rateTier: 'pro', fees: { makerPct: '0', takerPct: '0' }, balances: { USD: '101' } }],
      faults: { ...NO_TRADING_FAULTS, onMatch: () => ({ goneBps: 10n }) },
    });
    expect(buy.add('alice', { orderType: 'market', qty: '1' })).toMatchObject({ status: 'canceled', filledQty: 0n });
    expect(buy.balance('alice', 'USD')).toEqual([101, 0]);
  });

  test.each([
    [400_000n, 'canceled', 40_000_000n, ['trade', 'canceled']],
    [1_000_000n, 'filled', 100_000_000n, ['trade', 'filled']],
  ])('a fill of %i parts per million before the cancel', (ppm, status, filledQty, told) => {
    const { made, client } = open({ onCancel: () => ppm });
    const order = made.add('alice', { qty: '1', limitPrice: '90' });
    client.subscribe('executions');
    const from = client.frames.length;
    client.ask('cancel_order', { order_id: [order.id] });
    expect(order).toMatchObject({ status, filledQty });
    expect(words(client, from)).toEqual([status === 'filled' ? 'EOrder:Unknown order' : 'ack', ...told]);
    expect(order.trades[0]).toMatchObject({ price: 900n, liquidity: 'maker' });
  });
});
