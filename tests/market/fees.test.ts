import { describe, expect, test } from 'vitest';
import { accountFee, takerFee, takerFeeOfTier } from '../../src/market/fees.ts';
import { venueNamed } from '../../src/venues/registry.ts';

const { takerPctByTier } = venueNamed('kraken');
const TIER_1 = { takerPctByTier, tier: 1, pairs_taker_pct: {} };

describe('fees', () => {
  test('the schedule falls from 0.80 % at tier 1 to 0.10 % at tier 12 and 0.05 % at Pro 5', () => {
    expect(takerFeeOfTier(takerPctByTier, 1)).toBe(8_000);
    expect(takerFeeOfTier(takerPctByTier, 12)).toBe(1_000);
    expect(takerFeeOfTier(takerPctByTier, 17)).toBe(500);
    for (let tier = 2; tier <= 17; tier++)
      expect(takerFeeOfTier(takerPctByTier, tier)).toBeLessThan(takerFeeOfTier(takerPctByTier, tier - 1));
  });

  test('a tier outside the schedule costs the worst fee', () => {
    for (const tier of [0, -1, 18, 1.5, Number.NaN]) expect(takerFeeOfTier(takerPctByTier, tier)).toBe(8_000);
  });

  test("a pair's own fee goes before the fee of every pair, which goes before the tier", () => {
    const every = { ...TIER_1, taker_pct: '0.26' };
    const own = { ...every, pairs_taker_pct: { 'BTC/USD': '0.0001' } };
    expect(takerFee(TIER_1, 'BTC/USD')).toBe(8_000);
    expect(takerFee(every, 'BTC/USD')).toBe(2_600);
    expect(takerFee(own, 'BTC/USD')).toBe(1);
    expect(takerFee(own, 'ETH/USD')).toBe(2_600);
  });

  test('names of object members are no pairs', () => {
    expect(takerFee(TIER_1, 'constructor')).toBe(8_000);
  });

  test('a fee below zero, of everything, or finer than a millionth is refused', () => {
    const withFee = (taker_pct: string) => () => takerFee({ ...TIER_1, taker_pct }, 'BTC/USD');
    expect(withFee('-0.01')).toThrowError(expect.objectContaining({ code: 'OPTION_INVALID' }));
    expect(withFee('100')).toThrowError(expect.objectContaining({ code: 'OPTION_INVALID' }));
    expect(withFee('0.00001')).toThrowError(expect.objectContaining({ code: 'DECIMAL_DOES_NOT_FIT' }));
    expect(withFee('free')).toThrowError(expect.objectContaining({ code: 'DECIMAL_INVALID' }));
  });
});

test('what the account pays counts, and only a setting that names a fee can make it dearer', () => {
  const told = 4_000 as ReturnType<typeof takerFee>;
  const settings = { takerPctByTier, tier: 1, pairs_taker_pct: { 'BTC/USD': '0.5', 'ETH/USD': '0.01' } };
  expect(accountFee(settings, 'ADA/USD', told)).toBe(4_000); // the tier is what is not known
  expect(accountFee(settings, 'BTC/USD', told)).toBe(5_000);
  expect(accountFee(settings, 'ETH/USD', told)).toBe(4_000);
  expect(accountFee({ ...settings, taker_pct: '0.01' }, 'ADA/USD', told)).toBe(4_000);
  expect(accountFee({ ...settings, taker_pct: '0.41' }, 'ADA/USD', told)).toBe(4_100);
});
