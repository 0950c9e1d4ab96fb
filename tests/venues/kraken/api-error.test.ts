import { describe, expect, test } from 'vitest';
import { readAnswer } from '../../../src/venues/kraken/rest/rest-answer.ts';
import { apiErrorOf, decisiveError } from '../../../src/venues/kraken/wire/api-error.ts';
import { body, refusal } from '../../support/scripted-http.ts';

/** Class U of the protocol reference 3.6, and those that are U for orders only: nothing is proven about an order. */
const PROVES_NOTHING = [
  'EGeneral:Internal error',
  'EGeneral:Internal error:x17',
  'EDatabase:Internal error',
  'EService:Deadline elapsed',
  'EService:Unavailable',
  'EService:Busy',
  'EAPI:Invalid nonce',
  'EFuture:Nobody has heard of this',
  'EOrder:Nobody has heard of this either',
  '',
];
/** Class B of the reference: the same again later. */
const LATER = [
  'EAPI:Rate limit exceeded',
  'EGeneral:Too many requests',
  'EAuth:Rate limit exceeded',
  'EAuth:Too many requests',
  'EService:Throttled:1700000010',
  'EOrder:Rate limit exceeded',
  'EOrder:Domain rate limit exceeded',
  'EService:Market in cancel_only mode',
  'EService:Market in post_only mode',
  'EService:Market in limit_only mode',
  'Exceeded msg rate',
];
/** Class N: the same again fails the same way. */
const NEVER = [
  'EAPI:Invalid key',
  'EAPI:Invalid signature',
  'EAPI:Bad request',
  'EAPI:Feature disabled',
  'EGeneral:Permission denied',
  'EGeneral:Invalid arguments:volume',
  'EGeneral:Temporary lockout',
  'EGeneral:Unknown method',
  'EAuth:Account temporary disabled',
  'EAuth:Failed',
  'EAccount:Invalid permissions',
  'EQuery:Unknown asset pair',
  'EOrder:Insufficient funds',
  'EOrder:Order minimum not met',
  'EOrder:Cost minimum not met',
  'EOrder:Tick size check failed',
  'EOrder:Invalid order',
  'EOrder:Unknown order',
  'EOrder:Orders limit exceeded',
  'EOrder:Post only order',
  'EOrder:Reduce only:No position exists',
  'EOrder: No amendable parameters',
  'EBM:limit exceeded:CAL',
  'EFunding:Unknown withdraw key',
  'Price(s) not found',
  'Invalid timeout argument',
];

describe('error catalogue', () => {
  test.each(PROVES_NOTHING)('"%s" proves nothing about an order', (text) => {
    expect(apiErrorOf(text).provesRefusal).toBe(false);
  });

  test.each(LATER)('"%s" proves a refusal, and may be asked again later', (text) => {
    expect(apiErrorOf(text)).toMatchObject({ provesRefusal: true, repeatable: 'later' });
  });

  test.each(NEVER)('"%s" proves a refusal, and is not asked again', (text) => {
    expect(apiErrorOf(text)).toMatchObject({ provesRefusal: true, repeatable: 'never' });
  });

  test.each(['EAPI:Invalid token', 'ESession:Invalid session', 'Token is expired'])(
    '"%s" wants a new token',
    (text) => {
      expect(apiErrorOf(text)).toMatchObject({ topic: 'token', provesRefusal: true, repeatable: 'refreshed' });
    },
  );

  test('case and a space after the colon make no difference', () => {
    for (const text of [
      'eorder: insufficient FUNDS',
      'EOrder:Insufficient funds',
      ' EOrder:  Insufficient funds (USD)',
    ]) {
      expect(apiErrorOf(text)).toMatchObject({ topic: 'account', provesRefusal: true });
    }
  });

  test('the time of a throttling is read', () => {
    expect(apiErrorOf('EService:Throttled: 1700000010').retryAtS).toBe(1_700_000_010);
    expect(apiErrorOf('EService:Throttled:soon').retryAtS).toBeUndefined();
  });

  test('of several errors the one that proves nothing decides, and a warning is none', () => {
    expect(decisiveError(['EOrder:Insufficient funds', 'EService:Unavailable'])?.topic).toBe('unavailable');
    expect(decisiveError(['WGeneral:Danger'])).toBeUndefined();
  });
});

describe('answers', () => {
  const http = (status: number, text: string) => readAnswer({ ok: true, status, body: text });

  test('a warning beside a result is a success', () => {
    expect(readAnswer(body({ error: ['WGeneral:Danger'], result: { a: 1 } }))).toEqual({ ok: true, value: { a: '1' } });
  });

  test.each([
    [502, '<html><h1>Bad Gateway</h1></html>'],
    [503, ''],
    [520, '<!DOCTYPE html>'],
    [500, '{"error":["EOrder:Insufficient funds"]}'],
    [200, '<html>cloudflare</html>'],
    [200, '{"error":[],"result'],
    [200, '{"error":[]}'],
    [200, '[]'],
    [200, 'null'],
    [200, '{"error":"EOrder:Insufficient funds"}'],
    [403, '<html>'],
    [302, ''],
  ])('status %i with %j proves nothing', (status, text) => {
    expect(http(status, text)).toMatchObject({ ok: false, failure: { proof: 'unknown' } });
  });

  test('429 proves that nothing was carried out', () => {
    const failure = { proof: 'refused', topic: 'rate_limit', repeatable: 'later' };
    expect(http(429, '<html>')).toMatchObject({ ok: false, failure });
  });

  test('an error list beside a status of 400 counts as it reads', () => {
    const answer = http(400, '{"error":["EAPI:Invalid key"]}');
    expect(answer).toMatchObject({ ok: false, failure: { proof: 'refused', topic: 'credentials' } });
  });

  test('a request that never left is distinguished from one that may have arrived', () => {
    const lost = (neverSent: boolean) => readAnswer({ ok: false, neverSent, why: 'x' });
    expect([lost(true), lost(false)]).toMatchObject([
      { failure: { proof: 'not_sent' } },
      { failure: { proof: 'unknown' } },
    ]);
  });

  test('an error is reported with the text of the venue, cut short when they are many', () => {
    const answer = readAnswer(refusal(`EOrder:Insufficient funds${'!'.repeat(5_000)}`));
    expect(answer.ok ? '' : answer.failure.text).toHaveLength(200);
  });
});
