import { expect, test } from 'vitest';
import { ping, subscribeBook, subscribeInstrument, unsubscribeBook } from '../../../src/venues/kraken/wire/requests.ts';

test('requests read as the protocol reference shows them', () => {
  expect(subscribeBook(['BTC/USD', 'ETH/USD'], 25, 17)).toBe(
    '{"method":"subscribe","params":{"channel":"book","symbol":["BTC/USD","ETH/USD"],"depth":25,"snapshot":true},"req_id":17}',
  );
  expect(unsubscribeBook(['BTC/USD'], 25, 18)).toBe(
    '{"method":"unsubscribe","params":{"channel":"book","symbol":["BTC/USD"],"depth":25},"req_id":18}',
  );
  expect(subscribeInstrument(79)).toBe(
    '{"method":"subscribe","params":{"channel":"instrument","snapshot":true},"req_id":79}',
  );
  expect(ping(101)).toBe('{"method":"ping","req_id":101}');
});
