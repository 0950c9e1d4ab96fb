import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseNumberTexts } from '../../../src/net/exact-json.ts';
import { type ExecutionReport, executionReportOf } from '../../../src/venues/kraken/private/execution-report.ts';
import { MergedOrders } from '../../../src/venues/kraken/private/merged-orders.ts';
import { canceled, filled, ID, isNew, pendingNew, trade } from './trading-stage.ts';

const reportOf = (entry: object) => executionReportOf(parseNumberTexts(JSON.stringify(entry))) as ExecutionReport;

/** All that an order in three fills says, from its first word to its last. */
const LIFE = [
  pendingNew(),
  isNew(),
  trade({ exec_id: 'T1', last_qty: 0.1, cum_qty: 0.1 }),
  trade({ exec_id: 'T2', last_qty: 0.05, cum_qty: 0.15, symbol: undefined, side: undefined }),
  trade({ exec_id: 'T3', last_qty: 0.02, cum_qty: 0.17 }),
  canceled({ cum_qty: 0.17, reason: 'IOC order' }),
].map(reportOf);

const stateOf = (merged: MergedOrders) => {
  const order = merged.byOrderId(ID);
  return { ...order, fills: [...(order?.fills.keys() ?? [])].sort() };
};

describe('merged orders', () => {
  test('sparse entries add up to the whole order', () => {
    const merged = new MergedOrders(10);
    for (const report of LIFE) merged.apply(report);
    expect(stateOf(merged)).toMatchObject({
      symbol: 'BTC/USD',
      side: 0,
      orderQty: '0.25',
      status: 'canceled',
      endQty: '0.17',
      reason: 'IOC order',
      fills: ['T1', 'T2', 'T3'],
    });
  });

  test('in any order and however often entries come, the same is known in the end', () => {
    const straight = new MergedOrders(10);
    for (const report of LIFE) straight.apply(report);
    const shuffled = fc.shuffledSubarray([...LIFE, ...LIFE], { minLength: 2 * LIFE.length });
    fc.assert(
      fc.property(shuffled, (reports) => {
        const merged = new MergedOrders(10);
        const told = reports.flatMap((report) => merged.apply(report).fill?.execId ?? []);
        expect(stateOf(merged)).toEqual(stateOf(straight));
        expect(told.sort()).toEqual(['T1', 'T2', 'T3']);
      }),
    );
  });

  test('an end stays an end, and the first one holds', () => {
    const merged = new MergedOrders(10);
    for (const entry of [canceled(), isNew(), filled()]) merged.apply(reportOf(entry));
    expect(merged.byOrderId(ID)).toMatchObject({ status: 'canceled' });
  });

  test('a total after the end may rise and never falls', () => {
    const merged = new MergedOrders(10);
    for (const cum_qty of [0.1, 0.17, 0.05]) merged.apply(reportOf(canceled({ cum_qty })));
    expect(merged.byOrderId(ID)?.endQty).toBe('0.17');
  });

  test('contradictions keep the older report and are said', () => {
    const merged = new MergedOrders(10);
    const said = [
      pendingNew(),
      trade(),
      trade({ last_qty: 0.2 }),
      isNew({ symbol: 'ETH/USD' }),
      isNew({ side: 'sell' }),
      isNew({ cl_ord_id: 'other' }),
      pendingNew({ order_id: 'O2' }),
    ].flatMap((entry) => merged.apply(reportOf(entry)).contradictions);
    expect(said).toHaveLength(4);
    expect(merged.byOrderId(ID)).toMatchObject({ symbol: 'BTC/USD', side: 0, clOrdId: 'amhw3k2x100001203' });
    expect(merged.byOrderId(ID)?.fills.get('TAAAAA-1')?.qty).toBe('0.25');
    expect(merged.byClOrdId('amhw3k2x100001203')?.orderId).toBe(ID);
  });

  test('memory has an end: orders that have ended go first, then the oldest', () => {
    const merged = new MergedOrders(3);
    const add = (order_id: string, entry: object) =>
      merged.apply(reportOf({ ...entry, order_id, cl_ord_id: `c${order_id}` }));
    add('open', isNew());
    for (let at = 0; at < 10; at++) add(`ended${at}`, canceled());
    expect(merged.size).toBe(3);
    expect(merged.byOrderId('open')).toBeDefined();
    expect(merged.byClOrdId('cended0')).toBeUndefined();
    for (let at = 0; at < 20; at++) add(`lost${at}`, isNew());
    expect(merged.size).toBeLessThanOrEqual(7);
    expect(merged.byOrderId('lost19')).toBeDefined();
  });
});
