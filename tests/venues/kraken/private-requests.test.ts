import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Instrument } from '../../../src/market/instrument.ts';
import { formatDecimal, lots, parseDecimal, ticks } from '../../../src/money/money.ts';
import type { OrderRequest } from '../../../src/trading/approved-order.ts';
import * as requests from '../../../src/venues/kraken/private/private-requests.ts';
import { approved } from '../../support/approved.ts';
import { directoryOf } from '../../support/directory-of.ts';

const terms = { reqId: 7, token: 'T', deadlineMs: Date.parse('2024-05-09T12:00:01.000Z') };
/** Every number as the text it was written as. */
const withNumberText = (_key: string, value: unknown, context?: { source?: string }) =>
  typeof value === 'number' ? context?.source : value;

const instrument = directoryOf(['BTC/USD']).instrumentNamed('BTC/USD') as Instrument;

interface Row {
  readonly cl_ord_id: string;
  readonly side: string;
  readonly fee_preference: string;
  readonly order_qty: string;
  readonly limit_price: string;
}

describe('requests of the private socket', () => {
  test('an order reads as the protocol reference shows it', () => {
    expect(requests.addOrder(approved(), instrument, terms)).toBe(
      '{"method":"add_order","params":{"order_type":"limit","side":"buy","order_qty":0.25000000,"limit_price":26500.4,' +
        '"time_in_force":"ioc","fee_preference":"base","stp_type":"cancel_newest","cl_ord_id":"amhw3k2x100001203",' +
        '"symbol":"BTC/USD","deadline":"2024-05-09T12:00:01.000Z","token":"T"},"req_id":7}',
    );
  });

  test('a sale asks for its fee in what it brings', () => {
    const text = requests.addOrder(approved({ side: 1, qtyLots: lots(1n) }), instrument, terms);
    expect(text).toContain('"side":"sell","order_qty":0.00000001,"limit_price":26500.4,');
    expect(text).toContain('"fee_preference":"quote"');
  });

  test('the other methods read as the protocol reference shows them', () => {
    const golden: readonly (readonly [string, string])[] = [
      [
        requests.subscribeExecutions(terms),
        '{"method":"subscribe","params":{"channel":"executions","token":"T","snap_orders":true,"snap_trades":true,"order_status":true,"ratecounter":true},"req_id":7}',
      ],
      [
        requests.subscribeBalances(terms),
        '{"method":"subscribe","params":{"channel":"balances","token":"T","snapshot":true},"req_id":7}',
      ],
      [
        requests.unsubscribePrivate('executions', terms),
        '{"method":"unsubscribe","params":{"channel":"executions","token":"T"},"req_id":7}',
      ],
      [
        requests.amendOrder(
          approved({ limitTicks: ticks(4_907_950n), qtyLots: lots(120_000_000n) }),
          instrument,
          terms,
        ),
        '{"method":"amend_order","params":{"cl_ord_id":"amhw3k2x100001203","order_qty":1.20000000,"limit_price":490795.0,"deadline":"2024-05-09T12:00:01.000Z","token":"T"},"req_id":7}',
      ],
      [
        requests.cancelOrders(['a1', 'a2'], terms),
        '{"method":"cancel_order","params":{"cl_ord_id":["a1","a2"],"token":"T"},"req_id":7}',
      ],
      [
        requests.batchCancel(['a1', 'a2'], terms),
        '{"method":"batch_cancel","params":{"cl_ord_id":["a1","a2"],"token":"T"},"req_id":7}',
      ],
      [requests.cancelAll(terms), '{"method":"cancel_all","params":{"token":"T"},"req_id":7}'],
      [
        requests.cancelAllOrdersAfter(60, terms),
        '{"method":"cancel_all_orders_after","params":{"timeout":60,"token":"T"},"req_id":7}',
      ],
    ];
    for (const [was, want] of golden) expect(was).toBe(want);
  });

  test('a batch names its instrument once and its orders in their order', () => {
    const orders = [approved({ clOrdId: 'a1' }), approved({ clOrdId: 'a2', side: 1 })];
    const { params } = JSON.parse(requests.batchAdd(orders, instrument, terms));
    expect(params.symbol).toBe('BTC/USD');
    expect(params.deadline).toBe('2024-05-09T12:00:01.000Z');
    expect(params.orders.map((row: Row) => [row.cl_ord_id, row.side, row.fee_preference])).toEqual([
      ['a1', 'buy', 'base'],
      ['a2', 'sell', 'quote'],
    ]);
    expect(params.orders.some((row: object) => 'symbol' in row)).toBe(false);
  });

  test('a batch outside the limits of the venue is not written', () => {
    expect(() => requests.batchAdd([approved()], instrument, terms)).toThrow('2 to 15');
    expect(() => requests.batchAdd(Array(16).fill(approved()), instrument, terms)).toThrow('2 to 15');
    expect(() => requests.batchCancel(['a1'], terms)).toThrow('2 to 50');
    expect(() => requests.cancelAllOrdersAfter(86_400, terms)).toThrow('below a day');
    expect(() => requests.cancelAllOrdersAfter(1.5, terms)).toThrow('whole seconds');
  });

  test('whatever the amounts, they are plain decimals that read back to the last digit', () => {
    const amount = fc.bigInt({ min: 1n, max: 2n ** 63n - 1n });
    const decimals = fc.integer({ min: 0, max: 18 });
    fc.assert(
      fc.property(amount, amount, decimals, decimals, (qtyLots, limitTicks, qtyPrecision, pricePrecision) => {
        const scaled = { ...instrument, qtyPrecision, pricePrecision };
        const order = approved({ qtyLots, limitTicks } as Partial<OrderRequest>);
        const text = requests.addOrder(order, scaled, terms);
        const { params } = JSON.parse(text, withNumberText) as { params: Row };
        expect(params.order_qty).toBe(formatDecimal(qtyLots, qtyPrecision));
        expect(params.order_qty).not.toMatch(/e/i);
        expect(parseDecimal(params.order_qty, qtyPrecision)).toBe(qtyLots);
        expect(parseDecimal(params.limit_price, pricePrecision)).toBe(limitTicks);
      }),
    );
  });

  test('names and tokens cannot break out of their place', () => {
    const hostile = { ...instrument, symbol: 'A"/,}{"B' };
    const text = requests.addOrder(approved({ clOrdId: 'a"\\\n' }), hostile, {
      ...terms,
      token: '","validate":true,"',
    });
    const { params } = JSON.parse(text);
    expect(params).toMatchObject({ symbol: 'A"/,}{"B', cl_ord_id: 'a"\\\n', token: '","validate":true,"' });
    expect('validate' in params).toBe(false);
  });
});
