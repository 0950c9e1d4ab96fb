import { expect, test } from 'vitest';
import { describeDeviation, describeReconciled } from '../../../src/actors/sequencer/account/account-texts.ts';
import { units } from '../../../src/money/money.ts';

test('a deviation says which way it is, and what became of it', () => {
  expect(describeDeviation(units(5n), '0.5 BTC')).toMatch(
    /^the account holds 0\.5 BTC more than expected; that is exposure now/,
  );
  expect(describeDeviation(units(-5n), '0.5 BTC')).toMatch(/^the account holds 0\.5 BTC less than expected/);
});

test('balances are as expected only when they were', () => {
  expect(describeReconciled(0)).toBe('balances, open orders and recent fills are as expected');
  expect(describeReconciled(1)).toMatch(/balances were not: one deviation entered as exposure/);
  expect(describeReconciled(3)).toMatch(/balances were not: 3 deviations/);
});
