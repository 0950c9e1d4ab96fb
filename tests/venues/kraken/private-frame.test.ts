import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { seededChance } from '../../../src/platform/chance.ts';
import {
  type PrivateFrame,
  privateFrameOf,
  privateFrameOfText,
} from '../../../src/venues/kraken/private/private-frame.ts';
import { mutateFrame } from '../../support/mutate-frame.ts';
import { replaceOne } from '../../support/replace-one.ts';

/** Frames as the protocol reference shows them. */
const FRAMES = {
  pendingNew:
    '{"channel":"executions","type":"update","data":[{"order_id":"OK4GJX-KSTLS-7DZZO5","order_userref":3,"symbol":"BTC/USD","order_qty":0.005,"cum_cost":0.0,"time_in_force":"GTC","exec_type":"pending_new","side":"sell","order_type":"limit","limit_price_type":"static","limit_price":26500.0,"stop_price":0.0,"order_status":"pending_new","fee_usd_equiv":0.0,"fee_ccy_pref":"fciq","timestamp":"2023-09-22T10:33:05.709950Z"}],"sequence":8}',
  new: '{"channel":"executions","type":"update","data":[{"timestamp":"2023-09-22T10:33:05.709982Z","order_status":"new","exec_type":"new","order_userref":3,"order_id":"OK4GJX-KSTLS-7DZZO5"}],"sequence":9}',
  trade:
    '{"channel":"executions","type":"update","data":[{"order_id":"OK4GJX-KSTLS-7DZZO5","order_userref":3,"exec_id":"TGBB7L-HT5LX-J3BZ4A","exec_type":"trade","trade_id":62887576,"symbol":"BTC/USD","side":"sell","last_qty":0.005,"last_price":26599.9,"liquidity_ind":"t","cost":132.9995,"order_type":"limit","timestamp":"2023-09-22T10:33:05.709993Z","order_status":"partially_filled","cum_qty":0.005,"cum_cost":132.9995,"avg_price":26599.9,"fee_usd_equiv":0.3458,"fees":[{"asset":"USD","qty":0.3458}]}],"sequence":10}',
  canceled:
    '{"channel":"executions","type":"update","data":[{"timestamp":"2024-05-09T12:00:00.000001Z","order_status":"canceled","exec_type":"canceled","cum_qty":0.0,"cum_cost":0.0,"fee_usd_equiv":0.0,"avg_price":0.0,"order_id":"OK4GJX-KSTLS-7DZZO5","cl_ord_id":"arb-20240509-00010","reason":"User requested","cancel_reason":"User requested"}],"sequence":11}',
  balancesSnapshot:
    '{"channel":"balances","type":"snapshot","data":[{"asset":"BTC","asset_class":"currency","balance":1.2,"wallets":[{"type":"spot","id":"main","balance":1.2}]},{"asset":"MATIC","asset_class":"currency","balance":500,"wallets":[{"type":"spot","id":"main","balance":300},{"type":"earn","id":"flex","balance":200}]}],"sequence":1}',
  balancesUpdate:
    '{"channel":"balances","type":"update","data":[{"ledger_id":"AAICKV-NMQSR-ZO5IJD","ref_id":"AGBB7L-HT5LX-J3BB4A","timestamp":"2023-09-22T10:33:05.710082Z","type":"trade","asset":"BTC","asset_class":"currency","category":"trade","wallet_type":"spot","wallet_id":"main","amount":-0.005,"fee":0.0,"balance":0.005}],"sequence":9}',
  subscribed:
    '{"method":"subscribe","req_id":1,"result":{"channel":"executions","maxratecount":125,"snap_orders":true,"snap_trades":true},"success":true,"time_in":"2023-10-16T13:18:35.303171Z","time_out":"2023-10-16T13:18:35.318297Z"}',
  accepted:
    '{"method":"add_order","req_id":123456789,"result":{"order_id":"AA5JGQ-SBMRC-SCJ7J7","cl_ord_id":"arb-20240509-00010"},"success":true,"time_in":"2023-09-21T14:15:07.197274Z","time_out":"2023-09-21T14:15:07.205301Z"}',
  refused:
    '{"error":"EOrder:Insufficient funds","method":"add_order","req_id":123456789,"success":false,"time_in":"2023-09-21T14:15:07.197274Z","time_out":"2023-09-21T14:15:07.205301Z"}',
  canceledAll:
    '{"method":"cancel_all","req_id":7,"result":{"count":1},"success":true,"time_in":"2023-09-26T13:09:48.463201Z","time_out":"2023-09-26T13:09:48.471419Z"}',
  batch:
    '{"method":"batch_add","req_id":9,"result":[{"order_id":"ORDERX-IDXXX-XXXXX1","order_userref":1},{"error":"EOrder:Insufficient funds"}],"success":true,"time_in":"2022-06-13T08:09:10.123456Z","time_out":"2022-06-13T08:09:10.789012Z"}',
  status:
    '{"channel":"status","type":"update","data":[{"api_version":"v2","connection_id":13834774380200032777,"system":"online","version":"2.0.0"}]}',
  heartbeat: '{"channel":"heartbeat"}',
  pong: '{"method":"pong","req_id":101,"time_in":"2023-09-24T14:10:23.799685Z","time_out":"2023-09-24T14:10:23.799703Z"}',
  rateExceeded: '{"Error":"Exceeded msg rate"}',
} as const;

type Kind = PrivateFrame['kind'];
function read<K extends Kind>(text: string, kind: K): Extract<PrivateFrame, { kind: K }> {
  const frame = privateFrameOfText(text);
  expect(frame.kind).toBe(kind);
  return frame as Extract<PrivateFrame, { kind: K }>;
}
const executions = (entry: object, rest: object = { sequence: 1 }) =>
  read(JSON.stringify({ channel: 'executions', type: 'update', data: [entry], ...rest }), 'executions');
const entry = JSON.parse(FRAMES.trade).data[0] as object;

describe('frames of the private socket', () => {
  test('a full entry and the sparse ones that follow it', () => {
    const first = read(FRAMES.pendingNew, 'executions');
    expect(first).toMatchObject({ isSnapshot: false, sequence: 8, unreadable: [] });
    expect(first.reports[0]).toMatchObject({
      orderId: 'OK4GJX-KSTLS-7DZZO5',
      clOrdId: undefined,
      status: 'pending_new',
      symbol: 'BTC/USD',
      side: 1,
      orderQty: '0.005',
      limitPrice: '26500.0',
      fill: undefined,
      unheardOf: [],
    });
    expect(read(FRAMES.new, 'executions').reports[0]).toMatchObject({ status: 'new', symbol: undefined });
    expect(read(FRAMES.canceled, 'executions').reports[0]).toMatchObject({
      status: 'canceled',
      cumQty: '0.0',
      clOrdId: 'arb-20240509-00010',
      reason: 'User requested',
    });
  });

  test('a trade brings a fill with the amounts as they were written', () => {
    expect(read(FRAMES.trade, 'executions').reports[0]?.fill).toEqual({
      execId: 'TGBB7L-HT5LX-J3BZ4A',
      qty: '0.005',
      price: '26599.9',
      cost: '132.9995',
      fees: [{ asset: 'USD', qty: '0.3458' }],
      atMs: Date.parse('2023-09-22T10:33:05Z') + 709.993,
    });
  });

  test('digits that a double would lose are kept', () => {
    const text = FRAMES.trade
      .replace('"last_qty":0.005', '"last_qty":1234567890.12345678')
      .replace('132.9995', '1e-08');
    expect(read(text, 'executions').reports[0]?.fill).toMatchObject({ qty: '1234567890.12345678', cost: '1e-08' });
  });

  test('a trailing order of another party, whose limit is a distance below, is read', () => {
    const entry = { order_id: 'OFOREIGN', exec_type: 'new', limit_price: -0.5, limit_price_type: 'pct' };
    const frame = privateFrameOfText(
      JSON.stringify({ channel: 'executions', type: 'update', data: [entry], sequence: 2 }),
    );
    expect(frame).toMatchObject({ reports: [{ orderId: 'OFOREIGN', limitPrice: undefined }], unreadable: [] });
  });

  test('an amount as a string is an amount too', () => {
    expect(executions({ ...entry, last_qty: '0.00500000' }).reports[0]?.fill?.qty).toBe('0.00500000');
  });

  test('unknown kinds and states are kept and said, and never taken for an end', () => {
    const { reports } = executions({ order_id: 'O1', exec_type: 'liquidated', order_status: 'vanished' });
    expect(reports[0]).toMatchObject({
      status: undefined,
      unheardOf: ['exec_type "liquidated"', 'order_status "vanished"'],
    });
  });

  test.each([
    ['without an order', { ...entry, order_id: undefined }],
    ['with an empty order id', { ...entry, order_id: '' }],
    ['of a negative quantity', { ...entry, last_qty: -1 }],
    ['of a quantity that is no number', { ...entry, last_qty: 'many' }],
    ['without its id', { ...entry, exec_id: undefined }],
    ['without its price', { ...entry, last_price: null }],
    ['with a fee of no asset', { ...entry, fees: [{ qty: 1 }] }],
    ['of a side unheard of', { ...entry, side: 'both' }],
    ['that is no object', 7],
  ])('a trade %s is unreadable, and the others of its frame are read', (_what, broken) => {
    const frame = { channel: 'executions', type: 'update', data: [broken, entry], sequence: 1 };
    const { reports, unreadable } = read(JSON.stringify(frame), 'executions');
    expect(reports).toHaveLength(1);
    expect(unreadable).toHaveLength(1);
    expect(unreadable[0]?.why).not.toBe('');
  });

  test('what is unreadable still shows whose it is, where it can', () => {
    const { unreadable } = executions({ ...entry, cl_ord_id: 'a1', last_qty: -1 });
    expect(unreadable[0]).toMatchObject({ orderId: 'OK4GJX-KSTLS-7DZZO5', clOrdId: 'a1' });
  });

  test.each([undefined, null, 'x', -1, 1.5, 2 ** 60])('a sequence of %s is none', (sequence) => {
    expect(executions(entry, { sequence }).sequence).toBeUndefined();
  });

  test('balances count the spot wallet only', () => {
    const snapshot = read(FRAMES.balancesSnapshot, 'balances');
    expect(snapshot).toMatchObject({ isSnapshot: true, sequence: 1, unreadable: [] });
    expect(snapshot.reports).toEqual([
      { asset: 'BTC', balance: '1.2', refId: '' },
      { asset: 'MATIC', balance: '300', refId: '' },
    ]);
    expect(read(FRAMES.balancesUpdate, 'balances').reports).toEqual([
      { asset: 'BTC', balance: '0.005', refId: 'AGBB7L-HT5LX-J3BB4A' },
    ]);
    const earned = FRAMES.balancesUpdate.replace('"wallet_type":"spot"', '"wallet_type":"earn"');
    expect(read(earned, 'balances').reports).toEqual([]);
    const broken = FRAMES.balancesUpdate.replace('"asset":"BTC"', '"asset":true');
    expect(read(broken, 'balances')).toMatchObject({ reports: [], unreadable: [expect.any(String)] });
  });

  test('replies', () => {
    expect(read(FRAMES.subscribed, 'reply')).toMatchObject({
      success: 'yes',
      channel: 'executions',
      maxRateCount: 125,
    });
    expect(read(FRAMES.accepted, 'reply')).toMatchObject({
      method: 'add_order',
      reqId: 123456789,
      success: 'yes',
      orderId: 'AA5JGQ-SBMRC-SCJ7J7',
      clOrdId: 'arb-20240509-00010',
    });
    expect(read(FRAMES.refused, 'reply')).toMatchObject({ success: 'no', error: 'EOrder:Insufficient funds' });
    expect(read(FRAMES.canceledAll, 'reply')).toMatchObject({ success: 'yes', count: 1 });
    const rows = [
      { orderId: 'ORDERX-IDXXX-XXXXX1', clOrdId: undefined, error: undefined },
      { orderId: undefined, clOrdId: undefined, error: 'EOrder:Insufficient funds' },
    ];
    expect(read(FRAMES.batch, 'reply').rows).toEqual(rows);
    const { result, ...head } = JSON.parse(FRAMES.batch);
    expect(read(JSON.stringify({ ...head, result: { orders: result } }), 'reply').rows).toEqual(rows);
    expect(read('{"method":"batch_cancel","success":true,"orders_cancelled":3}', 'reply').count).toBe(3);
  });

  test.each(['', ',"success":null', ',"success":"true"', ',"success":1'])(
    'a reply with %j proves nothing',
    (success) => {
      expect(read(`{"method":"add_order","req_id":1,"result":{"order_id":"O1"}${success}}`, 'reply').success).toBe(
        'unclear',
      );
    },
  );

  test('status, heartbeat, pong, and the complaint about too many messages', () => {
    expect(read(FRAMES.status, 'status').system).toBe('online');
    expect(read(FRAMES.heartbeat, 'heartbeat')).toEqual({ kind: 'heartbeat' });
    expect(read(FRAMES.pong, 'pong')).toMatchObject({ reqId: 101 });
    expect(read(FRAMES.rateExceeded, 'rate_exceeded')).toEqual({ kind: 'rate_exceeded' });
  });

  test.each([
    '',
    'null',
    '[]',
    '7',
    '{}',
    '{"channel":"executions"}',
    '{"channel":"balances","type":"update","data":{}}',
    '{',
  ])('%j is unreadable, with a reason', (text) => {
    expect(read(text, 'unreadable').why).not.toBe('');
  });

  test('a frame nested beyond all measure does no harm', () => {
    expect(read(`${'['.repeat(100_000)}${']'.repeat(100_000)}`, 'unreadable').why.length).toBeLessThan(400);
  });

  test('damage of any kind is read or called unreadable, never thrown', () => {
    const frames = Object.values(FRAMES);
    const kinds = new Map<string, number>();
    const work = Buffer.alloc(4_096);
    fc.assert(
      fc.property(fc.constantFrom(...frames), fc.nat(), (frame, seed) => {
        const bytes = Buffer.from(frame);
        const length = mutateFrame(bytes, work, seededChance(seed));
        const { kind } = privateFrameOf(work.subarray(0, length));
        kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
      }),
      { numRuns: 5_000 },
    );
    expect(Math.min(...kinds.values())).toBeGreaterThan(10);
    expect([...kinds.keys()]).toEqual(expect.arrayContaining(['executions', 'balances', 'reply', 'unreadable']));
  });

  test('any JSON at all in place of any value is read or called unreadable, never thrown', () => {
    const values = Object.values(FRAMES).map((text) => JSON.parse(text));
    fc.assert(
      fc.property(fc.constantFrom(...values), fc.jsonValue({ maxDepth: 3 }), fc.nat(), (value, other, pick) => {
        const frame = structuredClone(value);
        replaceOne(frame, other, pick);
        privateFrameOfText(JSON.stringify(frame));
      }),
      { numRuns: 2_000 },
    );
  });
});
