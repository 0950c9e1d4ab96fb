import { expect, test } from 'vitest';
import { VirtualClock } from '../../../src/platform/clock.ts';
import { madeAccounts } from '../../../src/practice/exchange/accounts/account-spec.ts';
import { ERROR_FAULT_NAMES, FAULT_NAMES, FAULTS, type FaultName } from '../../../src/practice/faults/faults.ts';
import { PRACTICE_DEFAULTS, PracticeExchange } from '../../../src/practice/practice-exchange.ts';
import type { RestAnswer } from '../../../src/practice/protocols/kraken/rest/rest-message.ts';
import { BTC_USD, tape } from '../captures.ts';
import { parsed, RestClient } from './rest-client.ts';

const TAPE = tape(BTC_USD);
const ORDER = { pair: 'XBTUSD', type: 'buy', ordertype: 'limit', volume: '0.01', price: '1000.0', cl_ord_id: 'c1' };

function open(fault: FaultName, chance?: number) {
  const clock = new VirtualClock(1_700_000_000_000_000_000n);
  const accounts = madeAccounts(['BTC', 'USD'], 3);
  const faults = chance === undefined ? {} : { [fault]: chance };
  const exchange = new PracticeExchange(TAPE, clock, { ...PRACTICE_DEFAULTS, accounts, faults });
  const client = new RestClient((request, respond) => exchange.rest.handle(request, respond), accounts[0]);
  if (chance === undefined) exchange.orderFault(fault);
  const answers: RestAnswer[] = [];
  exchange.rest.handle(client.signed('AddOrder', ORDER), (answer) => answers.push(answer));
  return { clock, exchange, client, answers, orders: () => exchange.trading.openOrders('main').length };
}

test.each([
  ['rest-429', 429, 0],
  ['rest-502', 502, 0],
  ['rest-520', 520, 1],
] as const)('%s: a page of HTML with status %i; orders taken: %i', (fault, status, taken) => {
  const { answers, orders } = open(fault);
  expect(answers).toMatchObject([{ kind: 'answer', status, contentType: expect.stringContaining('html') }]);
  expect(orders()).toBe(taken);
});

test('rest-timeout: no answer, no order', () => {
  const { answers, orders, clock } = open('rest-timeout');
  clock.advanceTo(120e9);
  expect([answers, orders()]).toEqual([[], 0]);
});

test('rest-answer-lost: the connection ends, the order is there', () => {
  const { answers, orders } = open('rest-answer-lost');
  expect([answers, orders()]).toEqual([[{ kind: 'cut' }], 1]);
});

test('rest-late: the answer comes, seconds later', () => {
  const { answers, orders, clock } = open('rest-late');
  expect([answers, orders()]).toEqual([[], 1]);
  clock.advanceTo(9e9);
  expect(parsed(answers[0])).toMatchObject({ error: [], result: { txid: [expect.any(String)] } });
});

test('rest-truncated: half an answer, a whole order', () => {
  const { answers, orders } = open('rest-truncated');
  expect(() => parsed(answers[0])).toThrow(SyntaxError);
  expect(orders()).toBe(1);
});

test('nonce-refused and rest-rate-limited: nothing is done, the next call is', () => {
  for (const [fault, error] of [
    ['nonce-refused', 'EAPI:Invalid nonce'],
    ['rest-rate-limited', 'EAPI:Rate limit exceeded'],
  ] as const) {
    const { answers, orders, client } = open(fault);
    expect([parsed(answers[0]).error, orders()]).toEqual([[error], 0]);
    expect(client.private('AddOrder', ORDER).error).toEqual([]);
  }
});

test('taken-with-error: the answer proves nothing, the order is there', () => {
  const { answers, orders } = open('taken-with-error');
  expect(parsed(answers[0]).error[0]).toMatch(/^E(General:Internal error|Service:|Database:)/);
  expect(orders()).toBe(1);
});

test('order-late: the order comes to the engine when its deadline is over, and is not placed', () => {
  const { answers, orders, clock, client, exchange } = open('order-late');
  expect([answers, orders()]).toEqual([[], 0]);
  clock.advanceTo(9e9);
  expect(parsed(answers[0]).error).toEqual(['EService:Deadline elapsed']);
  expect(orders()).toBe(0);
  exchange.orderFault('order-late');
  const patient = { ...ORDER, deadline: new Date(clock.wallMs() + 30_000).toISOString() };
  exchange.rest.handle(client.signed('AddOrder', patient), (answer) => answers.push(answer));
  clock.advanceTo(18e9);
  expect(parsed(answers[1]).error).toEqual([]);
  expect(orders()).toBe(1);
});

test('an order that was put off is not placed when the exchange has closed', () => {
  const { answers, orders, clock, exchange } = open('order-late');
  exchange.close();
  clock.advanceTo(9e9);
  expect([answers, orders()]).toEqual([[], 0]);
});

test('a batch is struck like an order', () => {
  const row = { type: 'buy', ordertype: 'limit', volume: '0.01', price: '1000.0' };
  const { client, exchange, orders } = open('order-rate-limited');
  exchange.orderFault('taken-with-error');
  const batch = client.json('AddOrderBatch', { pair: 'XBTUSD', orders: [{ ...row, volume: '5000' }, row, row] });
  expect(batch.error[0]).toMatch(/^E(General:Internal error|Service:|Database:)/);
  expect(orders()).toBe(2);
  exchange.orderFault('error:EService:Busy');
  expect(client.json('AddOrderBatch', { pair: 'XBTUSD', orders: [row, row] }).error).toEqual(['EService:Busy']);
  expect(orders()).toBe(4);
});

test('every error of the venue can be the answer to a call, and a doubtful one comes after the deed', () => {
  for (const fault of ERROR_FAULT_NAMES) {
    const { client, exchange } = open(fault);
    exchange.orderFault(fault);
    const first = client.private('Balance').error;
    const again = client.private('AddOrder', { ...ORDER, cl_ord_id: 'c2' }).error;
    const struck = exchange.stats().faults[fault] ?? 0;
    if (struck === 0) continue; // of the token alone
    const text = fault.slice('error:'.length).replace(/\d+$/, '');
    const said = [...first, ...again].map((one) => one.replace(/\d+$/, ''));
    expect(struck === 2 || said.includes(text), fault).toBe(true);
  }
});

test('every fault of REST strikes by chance and is counted', () => {
  for (const fault of FAULT_NAMES.filter((name) => FAULTS[name].when === 'rest')) {
    const { client, exchange } = open(fault, 1);
    client.raw(client.signed('Balance'));
    expect(exchange.stats().faults[fault], fault).toBeGreaterThan(0);
  }
});
