import { describe, expect, test } from 'vitest';
import { DecayingCounter } from '../../../src/net/limiters/decaying-counter.ts';
import type { RateTier } from '../../../src/practice/exchange/exchange-types.ts';
import { amendPoints, cancelPoints, TIER_LIMITS } from '../../../src/practice/exchange/rate-counter.ts';
import { ALICE, BTC_USD, ETH_USD, errorOf, MadeExchange } from './made-exchange.ts';

const GOOD = { qty: '0.01', limitPrice: '90' };
const LIMITED = 'EOrder:Rate limit exceeded';

function open(rateTier: RateTier) {
  const made = new MadeExchange({
    pairs: [BTC_USD, ETH_USD],
    accounts: [{ ...ALICE, rateTier, balances: { USD: '100000' } }],
  });
  const counts: number[] = [];
  made.trading.listen('alice', {
    onExecution: ({ rateCount }) => counts.push(rateCount),
    onLedger: () => {},
    onSettled: () => {},
  });
  return { made, counts };
}

describe('the venue’s worked examples', () => {
  test('add, amend after 7 s, cancel 36 s later: 1 + 3 + 4', () => {
    const points = [1, 1 + amendPoints(7e9), cancelPoints(36e9)];
    expect(points).toEqual([1, 3, 4]);
    const counter = new DecayingCounter(TIER_LIMITS.starter.rate);
    for (const one of points) expect(counter.tryAdd(one, 0)).toBe(true);
    expect(counter.levelAt(0)).toBe(8);
  });

  test('fifty adds at once at 2.34 a second leave 26.6 after ten seconds', () => {
    const counter = new DecayingCounter(TIER_LIMITS.intermediate.rate);
    for (let i = 0; i < 50; i += 1) counter.tryAdd(1, 0);
    expect(counter.levelAt(10e9)).toBe(26.6);
  });

  test.each([
    [0, 8, 3],
    [4.999, 8, 3],
    [5, 6, 2],
    [10, 5, 1],
    [15, 4, 0],
    [44.999, 4, 0],
    [45, 2, 0],
    [90, 1, 0],
    [299.999, 1, 0],
    [300, 0, 0],
  ])('an order %d s old costs %i to cancel and %i more to amend', (ageS, cancel, amend) => {
    expect([cancelPoints(ageS * 1e9), amendPoints(ageS * 1e9)]).toEqual([cancel, amend]);
  });
});

describe('on the exchange', () => {
  test.each<[RateTier, number]>([
    ['starter', 60],
    ['intermediate', 125],
    ['pro', 180],
  ])('%s takes %i immediate orders at once, then refuses until points have decayed', (tier, count) => {
    const { made } = open(tier);
    const add = () => made.refusal('alice', { ...GOOD, timeInForce: 'ioc' });
    for (let i = 0; i < count; i += 1) expect(add()).toBeUndefined();
    expect(add()).toBe(LIMITED);
    const { points, inMs } = TIER_LIMITS[tier].rate.decay;
    made.run(inMs / points);
    expect([add(), add()]).toEqual([undefined, LIMITED]);
    expect(made.refusal('alice', { ...GOOD, symbol: 'ETH/USD', limitPrice: '9', qty: '1' })).toBeUndefined();
  });

  test('what fails the checks counts; an unknown pair has no counter', () => {
    const { made } = open('starter');
    for (let i = 0; i < 60; i += 1) expect(made.refusal('alice', { ...GOOD, qty: 'x' })).toMatch(/volume/);
    expect(made.refusal('alice', GOOD)).toBe(LIMITED);
    expect(made.refusal('alice', { ...GOOD, symbol: 'WWW/USD' })).toBe('EQuery:Unknown asset pair');
  });

  test('cancels count by age, and are limited too', () => {
    const { made, counts } = open('starter');
    const orders = Array.from({ length: 30 }, () => made.add('alice', GOOD));
    const cancelled = orders.map(({ id }) => errorOf(made.trading.cancel('alice', { orderId: id })));
    // 30 + 3 × 8 = 54; one more would be 62.
    expect(cancelled.filter((error) => error === undefined).length).toBe(3);
    expect(counts.at(-1)).toBe(54);
    expect(cancelled.at(-1)).toBe(LIMITED);
    expect(made.trading.cancelAll('alice')).toEqual({ ok: true, value: { count: 27 } });
    expect(counts.at(-1)).toBe(55);
  });

  test('an amendment makes an order young again', () => {
    const { made, counts } = open('pro');
    const order = made.add('alice', GOOD);
    made.run(100_000);
    made.trading.amend('alice', { order: { orderId: order.id }, qty: '0.02' });
    expect(counts.at(-1)).toBe(1);
    made.run(4_000);
    made.trading.cancel('alice', { orderId: order.id });
    expect(counts.at(-1)).toBe(8);
  });

  test('filled orders cost their add only', () => {
    const { made, counts } = open('pro');
    made.add('alice', { qty: '1', limitPrice: '101', timeInForce: 'ioc' });
    made.add('alice', { qty: '1', limitPrice: '101', timeInForce: 'ioc' });
    expect(counts.at(-1)).toBe(2);
  });

  test('a batch counts half a point for each of its orders', () => {
    const { made, counts } = open('pro');
    const order = { symbol: 'BTC/USD', side: 'buy', orderType: 'limit', ...GOOD };
    expect(errorOf(made.trading.addBatch('alice', Array(5).fill(order)))).toBeUndefined();
    expect(counts.at(-1)).toBe(2.5);
  });

  test.each<[RateTier, number]>([
    ['starter', 60],
    ['intermediate', 80],
    ['pro', 225],
  ])('%s has at most %i orders open in a pair; immediate ones are free', (tier, most) => {
    const { made } = open(tier);
    for (let i = 0; i < most; i += 1) {
      made.run(1_000);
      made.add('alice', GOOD);
    }
    made.run(2_000);
    expect(made.refusal('alice', GOOD)).toBe('EOrder:Orders limit exceeded');
    expect(made.refusal('alice', { ...GOOD, timeInForce: 'ioc' })).toBeUndefined();
    expect(made.refusal('alice', { ...GOOD, symbol: 'ETH/USD', limitPrice: '9', qty: '1' })).toBeUndefined();
  });
});
