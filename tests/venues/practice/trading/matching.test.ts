import { describe, expect, test } from 'vitest';
import { MadeExchange } from './made-exchange.ts';

describe('taking', () => {
  test('a limit order takes the best prices first and what it took is gone from the public book', () => {
    const made = new MadeExchange();
    const order = made.add('alice', { qty: '1.5', limitPrice: '101.5', timeInForce: 'ioc' });
    expect(order).toMatchObject({ status: 'filled', filledQty: 150_000_000n });
    expect(order.trades.map(({ price, qty }) => [price, qty])).toEqual([
      [1010n, 100_000_000n],
      [1015n, 50_000_000n],
    ]);
    expect(made.book().asks).toEqual([
      ['101.5', '1.50000000'],
      ['102.0', '3.00000000'],
    ]);
  });
});
