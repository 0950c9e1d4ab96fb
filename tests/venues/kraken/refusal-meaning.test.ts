import { expect, test } from 'vitest';
import { KRAKEN_MARKET } from '../../../src/venues/kraken/market/kraken-market.ts';

test.each([
  ['Currency pair not supported WWW/USD', 'final'],
  ['Symbol(s) not found', 'final'],
  ['Subscription depth not supported', 'final'],
  ['Already subscribed', 'already_subscribed'],
  ['EService:Unavailable', 'other'],
  ['Exceeded msg rate', 'other'],
])('the refusal "%s" means: %s', (error, meaning) => {
  expect(KRAKEN_MARKET.meaningOfRefusal(error)).toBe(meaning);
});
