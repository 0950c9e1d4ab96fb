import { expect, test } from 'vitest';
import { executionReportOf } from '../../../src/venues/kraken/private/execution-report.ts';
import { isEnd } from '../../../src/venues/kraken/private/merged-orders.ts';

const statusOf = (entry: object) => {
  const report = executionReportOf({ order_id: 'OK4GJX-KSTLS-7DZZO5', ...entry });
  return 'why' in report ? report.why : report.status;
};

test.each([
  ['pending_new', 'pending_new'],
  ['new', 'new'],
  ['filled', 'filled'],
  ['canceled', 'canceled'],
  ['expired', 'expired'],
])('an entry without a status that is %s is that', (exec_type, status) => {
  expect(statusOf({ exec_type })).toBe(status);
});

const TRADE = { exec_type: 'trade', exec_id: 'T1', last_qty: '1', last_price: '2', cum_qty: '1', order_qty: '1' };

test('a trade without a status is a part of the order, never its end: more fills may follow', () => {
  expect(statusOf(TRADE)).toBe('partially_filled');
  expect(isEnd('partially_filled')).toBe(false);
  expect(statusOf({ ...TRADE, order_status: 'filled' })).toBe('filled');
});

test('an entry that says nothing of the order’s state, or what no one has heard of, is no end', () => {
  for (const entry of [{}, { exec_type: 'amended' }, { exec_type: 'status' }, { ...TRADE, order_status: 'gone' }]) {
    expect(statusOf(entry)).toBeUndefined();
  }
});
