/** Every request that the adapter can write, taken and carried out by the practice exchange, which reads with code of its own. */

import { describe, expect, test } from 'vitest';
import type { Instrument } from '../../../src/market/instrument.ts';
import { lots, ticks } from '../../../src/money/money.ts';
import * as requests from '../../../src/venues/kraken/private/private-requests.ts';
import { ping } from '../../../src/venues/kraken/wire/requests.ts';
import { MadeExchange } from '../../practice/trading/made-exchange.ts';
import { PrivateClient } from '../../practice/trading/private-client.ts';
import { approved } from '../../support/approved.ts';
import { directoryOfExchange } from './exchange-stage.ts';

function open() {
  const made = new MadeExchange();
  const client = new PrivateClient(made.exchange, 'alice');
  const instrument = directoryOfExchange(made.exchange).instrumentNamed('BTC/USD') as Instrument;
  let reqId = 0;
  const ask = (write: (terms: requests.OrderTerms) => string) => {
    const from = client.frames.length;
    client.raw(write({ reqId: ++reqId, token: client.token, deadlineMs: made.nowMs + 5_000 }));
    return client.since(from);
  };
  const own = (clOrdId: string, limitTicks = 1_010n, qtyLots = 50_000_000n) =>
    approved({ clOrdId, limitTicks: ticks(limitTicks), qtyLots: lots(qtyLots), pricePrecision: 1, qtyPrecision: 8 });
  /** Two orders of the account that rest, with ids of ours. */
  const resting = () => ['r1', 'r2'].map((clOrdId) => made.add('alice', { qty: '1', limitPrice: '90', clOrdId }).id);
  const open = () => made.trading.openOrders('alice').map(({ clOrdId }) => clOrdId);
  return { made, client, instrument, ask, own, resting, open };
}

describe('the practice exchange takes', () => {
  test('an order, and a batch of them, which has a row for each', () => {
    const { ask, own, instrument, made } = open();
    expect(ask((terms) => requests.addOrder(own('a1'), instrument, terms))).toMatchObject([
      { method: 'add_order', success: true, req_id: 1, result: { order_id: expect.any(String), cl_ord_id: 'a1' } },
    ]);
    const rows = [own('a2', 1_020n), own('a3', 1_020n, 10n ** 15n), own('a4', 900n)];
    expect(ask((terms) => requests.batchAdd(rows, instrument, terms))).toMatchObject([
      { success: true, result: [{ cl_ord_id: 'a2' }, { error: 'EOrder:Insufficient funds' }, { cl_ord_id: 'a4' }] },
    ]);
    const closed = made.trading.closedOrders('alice').map(({ clOrdId, status }) => [clOrdId, status]);
    expect(closed).toEqual([
      ['a1', 'filled'],
      ['a2', 'filled'],
      ['a4', 'canceled'],
    ]);
  });

  test('an amendment of what rests, to the last digit', () => {
    const { ask, own, instrument, made, resting } = open();
    resting();
    expect(ask((terms) => requests.amendOrder(own('r1', 895n, 123_456_789n), instrument, terms))).toMatchObject([
      { method: 'amend_order', success: true, result: { amend_id: expect.any(String), cl_ord_id: 'r1' } },
    ]);
    expect(made.trading.openOrders('alice')[0]).toMatchObject({ qty: 123_456_789n, limitPrice: 895n });
    expect(ask((terms) => requests.amendOrder(own('none'), instrument, terms))).toMatchObject([
      { success: false, error: 'EOrder:Unknown order' },
    ]);
  });

  test('cancels: of one, of several with an answer each, of a batch with one for all, of everything', () => {
    const { ask, resting, open: left } = open();
    resting();
    expect(ask((terms) => requests.cancelOrders(['r1', 'none'], terms))).toMatchObject([
      { success: true, result: { cl_ord_id: 'r1' } },
      { success: false, error: 'EOrder:Unknown order' },
    ]);
    expect(left()).toEqual(['r2']);
    ask((terms) => requests.cancelAll(terms));
    resting();
    expect(ask((terms) => requests.batchCancel(['r1', 'r2'], terms))).toMatchObject([
      { method: 'batch_cancel', success: true, result: { count: 2 } },
    ]);
    resting();
    expect(ask((terms) => requests.cancelAll(terms))).toMatchObject([{ success: true, result: { count: 2 } }]);
    expect(left()).toEqual([]);
  });

  test('the dead-man’s switch, armed and turned off', () => {
    const { ask, resting, open: left, made } = open();
    const seconds = (ahead: number) => new Date(made.nowMs + ahead * 1_000).toISOString().replace(/\.\d+Z/, 'Z');
    resting();
    ask(requests.subscribeBalances); // an idle connection would be closed
    expect(ask((terms) => requests.cancelAllOrdersAfter(60, terms))).toMatchObject([
      { success: true, result: { currentTime: seconds(0), triggerTime: seconds(60) } },
    ]);
    expect(ask((terms) => requests.cancelAllOrdersAfter(0, terms))).toMatchObject([
      { success: true, result: { triggerTime: '0' } },
    ]);
    made.run(120_000);
    expect(left()).toEqual(['r1', 'r2']);
    ask((terms) => requests.cancelAllOrdersAfter(60, terms));
    made.run(60_000);
    expect(left()).toEqual([]);
  });

  test('subscriptions, their end, and a ping', () => {
    const { ask } = open();
    const [executions] = ask(requests.subscribeExecutions);
    expect(executions).toMatchObject({ success: true, result: { channel: 'executions', snap_trades: true } });
    expect(ask(requests.subscribeBalances)[0]).toMatchObject({ success: true, result: { channel: 'balances' } });
    expect(ask((terms) => requests.unsubscribePrivate('executions', terms))).toMatchObject([
      { method: 'unsubscribe', success: true, result: { channel: 'executions' } },
    ]);
    expect(ask(({ reqId }) => ping(reqId))).toMatchObject([{ method: 'pong', req_id: 4 }]);
  });
});
