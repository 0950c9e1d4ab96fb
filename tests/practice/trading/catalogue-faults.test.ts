import { describe, expect, test } from 'vitest';
import type { FaultReport } from '../../../src/practice/faults/fault-plan.ts';
import {
  ERROR_FAULT_NAMES,
  FAULT_NAMES,
  FAULTS,
  type FaultMoment,
  type FaultName,
} from '../../../src/practice/faults/faults.ts';
import { ALICE, BTC_USD, ETH_BTC, ETH_USD, MadeExchange } from './made-exchange.ts';
import { PrivateClient } from './private-client.ts';

const TAKE = { order_qty: 0.5, limit_price: 101, time_in_force: 'ioc', cl_ord_id: 'c1', deadline: undefined };
const REST = { order_qty: 0.5, limit_price: 50, cl_ord_id: 'c1' };
const NORMAL = ['ack', 'pending_new', 'new', 'trade', 'balance', 'balance', 'filled'];

/** An exchange on which one fault is ordered, and a subscribed client. */
function open(fault?: FaultName, at: 'before' | 'after subscribing' = 'after subscribing') {
  const reports: FaultReport[] = [];
  const listener = { onFault: (report: FaultReport) => reports.push(report) };
  const made = new MadeExchange({ pairs: [BTC_USD, ETH_USD, ETH_BTC], listener });
  const client = new PrivateClient(made.exchange, 'alice');
  if (fault !== undefined && at === 'before') made.exchange.orderFault(fault);
  client.subscribe('executions', { snap_orders: true });
  client.subscribe('balances');
  if (fault !== undefined && at !== 'before') made.exchange.orderFault(fault);
  const from = client.frames.length;
  return { made, client, reports, words: () => words(client, from), alice: made.trading };
}

/** What arrived, as one name per frame; heartbeats aside. */
function words(client: PrivateClient, from: number): string[] {
  const frames = client.since(from).filter(({ channel }) => channel !== 'heartbeat');
  return frames.map((frame) => {
    if (frame['method'] !== undefined) return frame['success'] === true ? 'ack' : String(frame['error']);
    const [data] = frame['data'] as Record<string, unknown>[];
    if (frame['channel'] === 'executions') return String(data?.['exec_type']);
    return frame['channel'] === 'balances' ? 'balance' : String(frame['channel']);
  });
}

const held = (alice: MadeExchange['trading']) =>
  [...alice.closedOrders('alice'), ...alice.openOrders('alice')].map(({ status, filledQty }) => [status, filledQty]);
const FILLED = [['filled', 50_000_000n]];

test('without a fault an order is answered, announced, filled and ended in this order', () => {
  const { client, words: seen, alice } = open();
  client.add(TAKE);
  expect(seen()).toEqual(NORMAL);
  expect(held(alice)).toEqual(FILLED);
});

describe('answers', () => {
  test('ack-lost: the order is filled, its answer never comes', () => {
    const { client, made, words: seen, alice } = open('ack-lost');
    client.add(TAKE);
    made.run(20_000);
    expect(seen()).toEqual(NORMAL.slice(1));
    expect(held(alice)).toEqual(FILLED);
  });

  test('ack-after-fill: the answer comes after everything else', () => {
    const { client, made, words: seen } = open('ack-after-fill');
    client.add(TAKE);
    expect(seen()).toEqual(NORMAL.slice(1));
    made.run(50);
    expect(seen()).toEqual([...NORMAL.slice(1), 'ack']);
  });

  test('ack-late: the answer comes when the deadline is long over', () => {
    const { client, made, words: seen } = open('ack-late');
    client.add(TAKE);
    made.run(7_000);
    expect(seen()).not.toContain('ack');
    made.run(1_500);
    expect(seen().at(-1)).toBe('ack');
  });

  test('taken-with-error: the answer proves nothing, the order is filled', () => {
    const { client, words: seen, alice } = open('taken-with-error');
    client.add(TAKE);
    expect(seen()[0]).toMatch(/^E(General:Internal error|Service:|Database:)/);
    expect(held(alice)).toEqual(FILLED);
  });

  test.each(['ack-lost', 'taken-with-error', 'error:EService:Busy'] as const)('%s strikes a batch too', (fault) => {
    const { client, alice } = open(fault);
    const rows = [{ ...TAKE, order_qty: 1000 }, TAKE].map((order, at) => ({
      ...order,
      order_type: 'limit',
      side: 'buy',
      cl_ord_id: `b${at}`,
    }));
    const answers = client.ask('batch_add', { symbol: 'BTC/USD', orders: rows }).filter(({ method }) => method);
    expect(answers.map(({ success }) => success)).toEqual(fault === 'ack-lost' ? [] : [false]);
    expect(held(alice)).toEqual(FILLED);
  });

  test('disconnect-before-ack: the line is cut, the order filled', () => {
    const { client, words: seen, alice } = open('disconnect-before-ack');
    client.add(TAKE);
    expect([seen(), client.closedWith]).toEqual([[], 1001]);
    expect(held(alice)).toEqual(FILLED);
  });

  test('disconnect-after-ack: the answer is the last that is heard', () => {
    const { client, words: seen, alice } = open('disconnect-after-ack');
    client.add(TAKE);
    expect([seen(), client.closedWith]).toEqual([['ack'], 1001]);
    expect(held(alice)).toEqual(FILLED);
  });
});

describe('requests', () => {
  test('disconnect-before-order: the line is cut and there is no order', () => {
    const { client, words: seen, alice } = open('disconnect-before-order');
    client.add(TAKE);
    expect([seen(), client.closedWith]).toEqual([[], 1006]);
    expect(held(alice)).toEqual([]);
  });

  test('order-late: the deadline is over when the engine gets to it', () => {
    const { client, made, words: seen, alice } = open('order-late');
    client.add(TAKE);
    made.run(9_000);
    expect(seen()).toEqual(['EService:Deadline elapsed']);
    expect(held(alice)).toEqual([]);
  });

  test.each([
    ['order-rate-limited', 'EOrder:Rate limit exceeded'],
    ['order-error', 'EGeneral:Permission denied'],
  ] as const)('%s: the order is refused and there is none', (fault, error) => {
    const { client, words: seen, alice } = open(fault);
    client.add(TAKE);
    expect(seen()).toEqual([error]);
    expect(held(alice)).toEqual([]);
  });

  test('token-expired: the token is refused now and from then on, a new one is good', () => {
    const { client, made, words: seen } = open('token-expired');
    client.add(TAKE);
    client.add(TAKE);
    expect(seen()).toEqual(['EAPI:Invalid token', 'ESession:Invalid session']);
    client.token = made.exchange.tokens.issue('alice').token;
    client.add(TAKE);
    expect(seen()[2]).toBe('ack');
  });

  test('unwind-refused: only what turns a trade back is refused', () => {
    const { client, words: seen } = open('unwind-refused');
    client.add(TAKE);
    client.add({ ...TAKE, cl_ord_id: 'c2', order_qty: 0.1 });
    client.add({ ...TAKE, cl_ord_id: 'c3', side: 'sell', limit_price: 99 });
    expect(seen().filter((word) => word === 'ack' || word.startsWith('E'))).toEqual([
      'ack',
      'ack',
      'EOrder:Insufficient funds',
    ]);
  });

  test('every error of the venue can be the answer to an order or to a token', () => {
    for (const fault of ERROR_FAULT_NAMES) {
      const { client, words: seen, reports } = open(fault);
      client.add(TAKE);
      if (reports.length === 0) continue; // an error of REST alone
      const text = fault.slice('error:'.length).replace(/\d+$/, '');
      expect(seen()[0]?.replace(/\d+$/, ''), fault).toBe(text);
    }
  });
});

describe('matching and cancelling', () => {
  test('ioc-unfilled: liquidity was there, the order expires without it', () => {
    const { client, words: seen, alice } = open('ioc-unfilled');
    client.add(TAKE);
    expect(seen().slice(0, 2)).toEqual(['ack', 'pending_new']);
    expect(held(alice)[0]?.[1]).toBe(0n);
    expect(['canceled', 'expired']).toContain(held(alice)[0]?.[0]);
  });

  test('partial-then-cancel: a part is filled and the rest cancelled', () => {
    const { client, alice } = open('partial-then-cancel');
    client.add({ ...TAKE, order_qty: 0.9 });
    const [[status, filled] = []] = held(alice);
    expect(status).toBe('canceled');
    expect(Number(filled)).toBeLessThan(90_000_000);
  });

  test('price-runs-away: the side is gone one percent deep, for everybody', () => {
    const { client, made, alice } = open('price-runs-away');
    client.add(TAKE);
    expect(held(alice)[0]?.[1]).toBe(0n);
    expect(made.book().asks[0]).not.toEqual(['101.0', '1.00000000']);
  });

  test('fill-after-cancel: the answer says cancelled, then a fill is reported', () => {
    const { client, made, words: seen, alice } = open('fill-after-cancel');
    client.add(REST);
    client.ask('cancel_order', { cl_ord_id: ['c1'] });
    made.run(100);
    const after = seen().filter((word) => word !== 'balance');
    expect(after.slice(0, 3)).toEqual(['ack', 'pending_new', 'new']);
    expect(after.slice(3, 5)).toEqual(['ack', 'trade']);
    expect(Number(held(alice)[0]?.[1])).toBeGreaterThan(0);
  });
});

describe('executions and balances', () => {
  const sequences = (client: PrivateClient) =>
    client.since(0).flatMap((frame) => (frame['channel'] === 'executions' ? [Number(frame['sequence'])] : []));

  test('execution-duplicate: a message comes twice, with the same number', () => {
    const { client } = open('execution-duplicate');
    client.add(TAKE);
    expect(sequences(client)).toEqual([1, 2, 2, 3, 4, 5]);
  });

  test('execution-reorder: a message comes after its successor', () => {
    const { client } = open('execution-reorder');
    client.add(TAKE);
    expect(sequences(client)).toEqual([1, 3, 2, 4, 5]);
  });

  test('execution-gap: a number is missing', () => {
    const { client } = open('execution-gap');
    client.add(TAKE);
    expect(sequences(client)).toEqual([1, 3, 4, 5]);
  });

  test('private-silent: answers and heartbeats go on, the channels say nothing', () => {
    const { client, made, words: seen, alice } = open('private-silent');
    client.add(TAKE);
    made.run(3_000);
    expect(seen()).toEqual(['ack']);
    expect(client.frames.at(-1)).toBe('{"channel":"heartbeat"}');
    expect(held(alice)).toEqual(FILLED);
  });

  test('private-half-open: nothing is heard any more, not even a pong', () => {
    const { client, made, words: seen, alice } = open('private-half-open');
    client.add(TAKE);
    made.run(5_000);
    client.ask('ping');
    expect([seen(), client.closedWith, client.answersPings()]).toEqual([['ack'], undefined, false]);
    expect(held(alice)).toEqual(FILLED);
  });

  test('disconnect-before-fill: the order is new, then the line is cut', () => {
    const { client, words: seen, alice } = open('disconnect-before-fill');
    client.add(TAKE);
    expect([seen(), client.closedWith]).toEqual([['ack', 'pending_new', 'new'], 1001]);
    expect(held(alice)).toEqual(FILLED);
  });

  test('disconnect-after-fill: the fill is reported, its end is not', () => {
    const { client, words: seen, alice } = open('disconnect-after-fill');
    client.add(TAKE);
    expect([seen(), client.closedWith]).toEqual([['ack', 'pending_new', 'new', 'trade'], 1001]);
    expect(held(alice)).toEqual(FILLED);
  });

  test('balance-late: one of the two balances comes seconds late', () => {
    const { client, made, words: seen } = open('balance-late');
    client.add(TAKE);
    expect(seen().filter((word) => word === 'balance')).toHaveLength(1);
    made.run(3_100);
    expect(seen().at(-1)).toBe('balance');
  });
});

describe('pairs', () => {
  test.each([
    ['pair-delisted', 'delisted'],
    ['pair-reduce-only', 'reduce_only'],
  ] as const)('%s: the pair where a plan would go on is out of reach for a while', (fault, status) => {
    const { client, made } = open(fault);
    client.add(TAKE);
    made.run(10);
    expect(made.trading.pair('ETH/BTC')?.status).toBe(status);
    expect(client.add({ ...TAKE, symbol: 'ETH/BTC', limit_price: 0.101, cl_ord_id: 'c2' })[0]).toMatchObject({
      success: false,
    });
    made.run(6_000);
    expect(made.trading.pair('ETH/BTC')?.status).toBe('online');
  });
});

describe('the whole catalogue', () => {
  const PRIVATE: readonly FaultMoment[] = [
    'order',
    'answer',
    'match',
    'cancel',
    'fill',
    'execution',
    'balance',
    'private',
  ];

  test('every private fault strikes by chance and is counted by its name', () => {
    for (const fault of FAULT_NAMES.filter((name) => PRIVATE.includes(FAULTS[name].when))) {
      const made = new MadeExchange({
        pairs: [BTC_USD, ETH_BTC],
        accounts: [{ ...ALICE, balances: { USD: '100000', BTC: '100' } }],
        settings: { faults: { [fault]: 0.5 }, seed: 5 },
      });
      for (let round = 0; round < 12; round += 1) {
        const client = new PrivateClient(made.exchange, 'alice');
        client.subscribe('executions');
        client.subscribe('balances');
        client.add({ ...TAKE, order_qty: 0.01, limit_price: 200, cl_ord_id: `a${round}` });
        client.add({ ...TAKE, order_qty: 0.01, limit_price: 1, side: 'sell', cl_ord_id: `b${round}` });
        client.add({ ...REST, cl_ord_id: `c${round}` });
        client.ask('cancel_order', { cl_ord_id: [`c${round}`] });
        made.run(20_000);
        made.tape({ asks: [['101.0', '1.00000000']], bids: [['100.0', '1.00000000']] });
      }
      expect(made.exchange.stats().faults[fault], fault).toBeGreaterThan(0);
    }
  });

  test('all faults together leave the account whole: balances are the sums of the ledger', () => {
    const made = new MadeExchange({
      settings: { faults: Object.fromEntries(FAULT_NAMES.map((name) => [name, 0.05])), seed: 8 },
    });
    for (let round = 0; round < 60; round += 1) {
      const client = new PrivateClient(made.exchange, 'alice');
      client.subscribe('executions');
      const side = round % 2 === 0 ? 'buy' : 'sell';
      client.add({ ...TAKE, order_qty: 0.01, limit_price: side === 'buy' ? 200 : 1, side, cl_ord_id: `a${round}` });
      client.add({ ...REST, order_qty: 0.01, cl_ord_id: `b${round}` });
      client.ask('cancel_all');
      made.run(2_000);
      made.tape({ asks: [['101.0', '1.00000000']], bids: [['100.0', '1.00000000']] });
    }
    made.run(60_000);
    for (const { asset, total } of made.trading.balances('alice')) {
      const entries = made.trading.ledger('alice').filter((entry) => entry.asset.id === asset.id);
      expect(entries.reduce((sum, { amount, fee }) => sum + amount - fee, 0n)).toBe(total);
    }
    expect(Object.keys(made.exchange.stats().faults).length).toBeGreaterThan(15);
  });
});
