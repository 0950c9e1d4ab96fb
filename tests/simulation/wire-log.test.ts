import { beforeEach, describe, expect, test } from 'vitest';
import { DECIMALS } from '../../src/simulation/day-readings.ts';
import { WireLog } from '../../src/simulation/wire-log.ts';

const CANCEL_ALL = '{"method":"cancel_all","params":{"token":"t"},"req_id":9}';

function order(clOrdId: string): string {
  const params = `"order_type":"limit","side":"buy","order_qty":0.10000000,"limit_price":0.123456789012345678`;
  return `{"method":"add_order","params":{${params},"symbol":"BTC/USD","cl_ord_id":"${clOrdId}","token":"t"},"req_id":3}`;
}

describe('the log of what arrived over the wire', () => {
  let log: WireLog;
  const gates = () => Object.fromEntries(log.sent.map(({ clOrdId, gate }) => [clOrdId, gate]));

  beforeEach(() => {
    log = new WireLog();
  });

  test('reads an order to the last digit, and nothing else as one', () => {
    log.note(order('a1'), 0);
    log.note('{"method":"subscribe","params":{"channel":"executions","token":"t"},"req_id":1}', 0);
    log.note('{"method":"cancel_order","params":{"cl_ord_id":["a1"],"token":"t"},"req_id":1}', 0);
    const of = { clOrdId: 'a1', symbol: 'BTC/USD', side: 'buy', gate: 'active' };
    expect(log.sent).toEqual([{ ...of, qty: 10n ** BigInt(DECIMALS - 1), limit: 123_456_789_012_345_678n }]);
  });

  test('refuses what could bring in an order unseen', () => {
    expect(() => log.note('{"method":"batch_add","params":{},"req_id":1}', 0)).toThrow('batch_add');
  });

  test('an order that arrives before a halt is confirmed may have left', () => {
    log.haltAsked();
    log.note(order('a1'), 5);
    log.haltConfirmed(6);
    expect(gates()).toEqual({ a1: 'active' });
    expect(log).toMatchObject({ halts: 1, inFlight: 0, isHalted: true });
  });

  test('after the confirmation an order is in flight until everything is cancelled', () => {
    log.haltAsked();
    log.haltConfirmed(6);
    log.note(order('a1'), 7);
    log.note(CANCEL_ALL, 8);
    log.note(order('a2'), 9);
    expect(gates()).toEqual({ a1: 'active', a2: 'halted' });
    expect(log.inFlight).toBe(1);
  });

  test('that everything is cancelled counts when it comes before the confirmation too', () => {
    log.haltAsked();
    log.note(CANCEL_ALL, 5);
    log.haltConfirmed(6);
    log.note(order('a1'), 7);
    expect(gates()).toEqual({ a1: 'halted' });
  });

  test('what was cancelled before the halt was asked for says nothing', () => {
    log.note(CANCEL_ALL, 1);
    log.haltAsked();
    log.haltConfirmed(6);
    log.note(order('a1'), 7);
    expect(gates()).toEqual({ a1: 'active' });
  });

  test('nothing is in flight for more than a second', () => {
    log.haltAsked();
    log.haltConfirmed(6);
    log.note(order('a1'), 1_006);
    log.note(order('a2'), 1_007);
    expect(gates()).toEqual({ a1: 'active', a2: 'halted' });
  });

  test('a second halt does not begin another second', () => {
    log.haltAsked();
    log.haltConfirmed(0);
    log.haltAsked();
    log.haltConfirmed(900);
    log.note(order('a1'), 1_500);
    expect(gates()).toEqual({ a1: 'halted' });
  });

  test('orders may leave from the moment that a resume is asked for', () => {
    log.haltAsked();
    log.haltConfirmed(0);
    log.resumeAsked();
    log.note(order('a1'), 5_000);
    expect(gates()).toEqual({ a1: 'active' });
    expect(log.isHalted).toBe(false);
  });

  test('a resume that was refused leaves the halt as it was', () => {
    log.haltAsked();
    log.haltConfirmed(0);
    log.resumeAsked();
    log.resumeFailed(3_000);
    log.note(order('a1'), 4_001);
    expect(gates()).toEqual({ a1: 'halted' });
  });

  test('a resume that was refused where no one halted closes nothing', () => {
    log.resumeAsked();
    log.resumeFailed(0);
    log.note(order('a1'), 5_000);
    expect(gates()).toEqual({ a1: 'active' });
  });

  test('a halt that was not confirmed closes nothing, and takes no earlier one back', () => {
    log.haltAsked();
    log.haltFailed();
    log.note(order('a1'), 5_000);
    log.haltAsked();
    log.haltConfirmed(5_001);
    log.haltAsked();
    log.haltFailed();
    log.note(order('a2'), 9_000);
    expect(gates()).toEqual({ a1: 'active', a2: 'halted' });
  });

  test('a halt holds over the death of the process', () => {
    log.haltAsked();
    log.haltConfirmed(0);
    log.killed(10);
    log.note(order('a1'), 8_000);
    expect(gates()).toEqual({ a1: 'halted' });
  });

  test('only an order right before a death may be without a record', () => {
    log.note(order('a1'), 0);
    log.note(order('a2'), 100);
    log.killed(2_100);
    log.note(order('a3'), 2_200);
    const may = Object.fromEntries(log.sent.map((one) => [one.clOrdId, one.mayBeUnrecorded ?? false]));
    expect(may).toEqual({ a1: false, a2: true, a3: false });
  });
});
