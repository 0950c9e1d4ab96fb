import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InstrumentDirectory } from '../../../src/market/instrument.ts';
import { RETRY_DEFAULTS, RetryBudget } from '../../../src/net/retry-budget.ts';
import type { HttpResult } from '../../../src/net/transport.ts';
import { seededChance } from '../../../src/platform/chance.ts';
import { VirtualClock } from '../../../src/platform/clock.ts';
import { MemoryNonceStore } from '../../../src/trading/nonce-store.ts';
import { Credentials } from '../../../src/venues/kraken/keys/credentials.ts';
import { NONCE_BLOCK, NonceSource } from '../../../src/venues/kraken/keys/nonce-source.ts';
import { KrakenRest } from '../../../src/venues/kraken/rest/kraken-rest.ts';
import type { RestResult } from '../../../src/venues/kraken/rest/rest-answer.ts';
import { RestClient, type RestNotice } from '../../../src/venues/kraken/rest/rest-client.ts';
import { ENDPOINTS, type EndpointName } from '../../../src/venues/kraken/rest/rest-endpoints.ts';
import { refusal, result, ScriptedHttp } from '../../support/scripted-http.ts';

const SECRET = Buffer.alloc(64, 7).toString('base64');

function stage(seed = 1) {
  const clock = new VirtualClock(1_700_000_000_000_000_000n);
  const http = new ScriptedHttp();
  const notices: RestNotice[] = [];
  const deps = {
    http,
    clock,
    chance: seededChance(seed),
    baseUrl: 'https://api.kraken.com',
    timeoutMs: 5_000,
    attemptsMax: 4,
    tier: 'starter' as const,
    directory: new InstrumentDirectory(),
    account: {
      credentials: new Credentials('KEY', SECRET),
      nonces: new NonceSource(clock, new MemoryNonceStore()),
    },
    onNotice: (notice: RestNotice) => notices.push(notice),
  };
  const passMs = (ms: number) => clock.advanceTo(clock.nowNs() + ms * 1e6);
  return { clock, http, notices, deps, passMs };
}

const nonceOf = (text: string) => BigInt(new URLSearchParams(text).get('nonce') ?? '0');

describe('rest client', () => {
  test('asks for a token with nonce and signature and reads it', () => {
    const { http, deps, passMs } = stage();
    const got: unknown[] = [];
    new KrakenRest(deps).webSocketsToken((answer) => got.push(answer));
    passMs(0);
    const { url, method, headers, body } = http.last;
    expect({ url, method }).toEqual({ url: 'https://api.kraken.com/0/private/GetWebSocketsToken', method: 'POST' });
    expect(body).toMatch(/^nonce=\d+$/);
    const nonce = nonceOf(body).toString();
    const path = '/0/private/GetWebSocketsToken';
    expect(headers['API-Sign']).toBe(deps.account.credentials.sign(path, nonce, body));
    http.last.answer(result({ token: 'T', expires: 900 }));
    expect(got).toEqual([{ ok: true, value: { token: 'T', expiresMs: 900_000 } }]);
  });

  test('sends private requests one after the other, nonces rising', () => {
    const { http, deps, passMs } = stage();
    const client = new RestClient(deps);
    for (let call = 0; call < 5; call++) client.call('QueryOrders', { txid: `O${call}` }, () => {});
    for (let sent = 1; sent <= 5; sent++) {
      passMs(0);
      expect(http.sent).toHaveLength(sent);
      http.last.answer(result({}));
    }
    const nonces = http.sent.map(({ body }) => nonceOf(body));
    expect(nonces).toEqual([...nonces].sort((a, b) => (a < b ? -1 : 1)));
    expect(new Set(nonces).size).toBe(5);
  });

  test('never makes an order twice, with any answer', () => {
    const { http, deps, passMs } = stage();
    const client = new RestClient(deps);
    const proofs: string[] = [];
    for (const text of [
      'EService:Unavailable',
      'EAPI:Invalid nonce',
      'EOrder:Rate limit exceeded',
      'EFuture:Unheard',
    ]) {
      client.call('AddOrder', { pair: 'XBTUSD' }, (answer) => proofs.push(answer.ok ? 'ok' : answer.failure.proof));
      passMs(0);
      http.last.answer(refusal(text));
      passMs(120_000);
    }
    expect(http.sent).toHaveLength(4);
    expect(proofs).toEqual(['unknown', 'unknown', 'refused', 'unknown']);
  });

  test('a question is asked again within its attempts, after growing pauses, and then fails', () => {
    const { http, deps, passMs, notices } = stage();
    const got: unknown[] = [];
    new RestClient(deps).call('QueryOrders', {}, (answer) => got.push(answer));
    passMs(0);
    for (let attempt = 1; attempt <= 4; attempt++) {
      expect(http.sent).toHaveLength(attempt);
      http.last.answer({ ok: true, status: 520, body: '<html>' });
      passMs(30_000);
    }
    expect(http.sent).toHaveLength(4);
    expect(got).toMatchObject([{ ok: false, failure: { topic: 'http', proof: 'unknown' } }]);
    const waits = notices.map((notice) => (notice.type === 'repeated' ? notice.waitMs : Number.NaN));
    expect(waits).toHaveLength(3);
    for (const [at, waitMs] of waits.entries()) expect(waitMs).toBeLessThan(500 * 2 ** (at + 1));
  });

  test('all questions together have a budget of repetitions, which fills again', () => {
    const budget = new RetryBudget({ ...RETRY_DEFAULTS, attemptsMax: 5 }, seededChance(1));
    const grantedAt = (nowMs: number) => {
      let granted = 0;
      while (budget.tryTake(1, nowMs * 1e6) !== undefined) granted++;
      return granted;
    };
    expect([grantedAt(0), grantedAt(4_999), grantedAt(5_000), grantedAt(15_000), grantedAt(1e9)]).toEqual([
      10, 0, 1, 2, 10,
    ]);
    expect(budget.tryTake(5, 2e15)).toBeUndefined();
  });

  test('a refused nonce is followed by one much larger, then by one that no wrong clock explains', () => {
    const { http, deps, passMs, notices } = stage();
    const got: unknown[] = [];
    new RestClient(deps).call('BalanceEx', {}, (answer) => got.push(answer));
    passMs(0);
    for (let round = 0; round < 2; round++) {
      http.last.answer(refusal('EAPI:Invalid nonce'));
      passMs(0);
    }
    const [first, second, third] = http.sent.map((sent) => nonceOf(sent.body));
    expect(second! - first!).toBeGreaterThanOrEqual(NONCE_BLOCK);
    expect(third! - second!).toBeGreaterThanOrEqual(2_880n * NONCE_BLOCK);
    http.last.answer(result({}));
    expect(got).toMatchObject([{ ok: true }]);
    expect(notices.filter(({ type }) => type === 'nonce_refused')).toHaveLength(2);
  });

  test('a key that was used with larger nonces is asked with no more', () => {
    const { http, deps, passMs } = stage();
    const client = new RestClient(deps);
    const got: RestResult<unknown>[] = [];
    const lost: string[] = [];
    client.whenKeyLost(({ code }) => lost.push(code));
    client.call('BalanceEx', {}, (answer) => got.push(answer));
    client.call('GetWebSocketsToken', {}, (answer) => got.push(answer));
    client.call('OpenOrders', {}, (answer) => got.push(answer));
    for (let round = 0; round < 3; round++) {
      passMs(0);
      http.last.answer(refusal('EAPI:Invalid nonce'));
    }
    client.call('CancelAll', {}, (answer) => got.push(answer));
    passMs(3_600_000);
    expect(http.sent).toHaveLength(3);
    expect(lost).toEqual(['KEY_OUTRUN']);
    expect(got).toHaveLength(4);
    for (const answer of got) {
      expect(answer).toMatchObject({ ok: false, failure: { topic: 'key_lost', repeatable: 'never' } });
      expect(!answer.ok && answer.failure.text).toContain('this key was used with larger nonces; make another key');
    }
    client.call('Time', {}, (answer) => got.push(answer)); // public questions need no key
    passMs(10_000);
    expect(http.last.url).toContain('/0/public/Time');
  });

  test('refused nonces with an answer in between, or with silence, lose no key', () => {
    const { http, deps, passMs } = stage();
    const client = new RestClient(deps);
    const lost: string[] = [];
    client.whenKeyLost(({ code }) => lost.push(code));
    const inTurn = ['EAPI:Invalid nonce', 'EAPI:Invalid nonce', 'EQuery:Unknown asset'];
    for (let round = 0; round < 12; round++) {
      client.call('BalanceEx', {}, () => {});
      passMs(60_000);
      http.last.answer(refusal(inTurn[round % 3]!));
      passMs(60_000);
      if (round % 3 !== 2) http.last.answer(refusal('EQuery:Unknown asset'));
    }
    expect(lost).toEqual([]);
  });

  test('a key that the venue stops knowing is asked with no more after three times, and once is an accident', () => {
    const { http, deps, passMs } = stage();
    const client = new RestClient(deps);
    const lost: string[] = [];
    client.whenKeyLost(({ message }) => lost.push(message));
    const ask = (answer: HttpResult) => {
      client.call('BalanceEx', {}, () => {});
      passMs(60_000);
      http.last.answer(answer);
    };
    for (const answer of [refusal('EAPI:Invalid key'), refusal('EAPI:Invalid key'), result({})]) ask(answer);
    expect(lost).toEqual([]);
    for (let round = 0; round < 3; round++) ask(refusal('EAPI:Invalid key'));
    expect(lost).toEqual(['the venue refused the key: EAPI:Invalid key']);
    const sent = http.sent.length;
    client.call('BalanceEx', {}, () => {});
    passMs(60_000);
    expect(http.sent).toHaveLength(sent);
  });

  test('a lockout ends everything at once and for a quarter of an hour, public questions too', () => {
    const { http, deps, passMs, notices } = stage();
    const client = new RestClient(deps);
    const topics: string[] = [];
    const take = (answer: RestResult<unknown>) => topics.push(answer.ok ? 'ok' : answer.failure.topic);
    client.call('BalanceEx', {}, take);
    client.call('OpenOrders', {}, take);
    passMs(0);
    http.last.answer(refusal('EGeneral:Temporary lockout'));
    client.call('Time', {}, take);
    client.call('CancelAll', {}, take);
    passMs(15 * 60_000 - 1);
    expect(topics).toEqual(['lockout', 'lockout', 'lockout', 'lockout']);
    expect(http.sent).toHaveLength(1);
    expect(notices).toEqual([{ type: 'locked_out', forMs: 900_000 }]);
    passMs(1);
    client.call('Time', {}, take);
    passMs(0);
    expect(http.sent).toHaveLength(2);
  });

  test('nothing is sent before the time that a throttling names', () => {
    const { http, deps, passMs } = stage();
    const client = new RestClient(deps);
    client.call('AddOrder', {}, () => {});
    passMs(0);
    http.last.answer(refusal('EService:Throttled:1700000007'));
    client.call('CancelAll', {}, () => {});
    passMs(6_999);
    expect(http.sent).toHaveLength(1);
    passMs(2);
    expect(http.sent).toHaveLength(2);
  });

  test('a time of throttling that is absurd does not stop the client for good', () => {
    const { http, deps, passMs } = stage();
    const client = new RestClient(deps);
    client.call('AddOrder', {}, () => {});
    passMs(0);
    http.last.answer(refusal('EService:Throttled:999999999999'));
    client.call('CancelAll', {}, () => {});
    passMs(60_001);
    expect(http.sent).toHaveLength(2);
  });

  test('cancels go before tokens, tokens before questions, and no cancel waits for the counter', () => {
    const { http, deps, passMs } = stage();
    const client = new RestClient(deps);
    for (let call = 0; call < 20; call++) client.call('OpenOrders', {}, () => {});
    client.call('GetWebSocketsToken', {}, () => {});
    client.call('CancelAll', {}, () => {});
    const names: string[] = [];
    for (let turn = 0; turn < 9; turn++) {
      passMs(0);
      if (http.sent.length <= names.length) break;
      names.push(http.last.url.split('/').at(-1)!);
      http.last.answer(result({}));
    }
    expect(names).toEqual(['CancelAll', 'GetWebSocketsToken', ...Array(7).fill('OpenOrders')]);
    passMs(0);
    expect(http.sent).toHaveLength(9); // 15 points are used up: 0 + 1 + 7 × 2
    client.call('CancelOrder', {}, () => {});
    passMs(0);
    expect(http.last.url).toMatch(/CancelOrder$/);
  });

  test('points of a request without an answer count until it cannot arrive any more', () => {
    const { http, deps, passMs } = stage();
    const client = new RestClient({ ...deps, attemptsMax: 1 });
    for (let call = 0; call < 20; call++) client.call('BalanceEx', {}, () => {});
    for (let sent = 1; sent <= 15; sent++) {
      passMs(0);
      expect(http.sent).toHaveLength(sent);
      http.last.answer({ ok: false, neverSent: false, why: 'no answer' });
    }
    passMs(29_999);
    expect(http.sent).toHaveLength(15);
    passMs(5_000);
    expect(http.sent.length).toBeGreaterThan(15);
  });

  test('public questions leave a second apart, and need no key', () => {
    const { http, deps, passMs } = stage();
    const client = new RestClient({ ...deps, account: undefined });
    const got: unknown[] = [];
    client.call('AssetPairs', { pair: 'XBT/USD,ETHUSD' }, () => {});
    client.call('Time', {}, () => {});
    client.call('BalanceEx', {}, (answer) => got.push(answer));
    passMs(0);
    expect(http.last.url).toBe('https://api.kraken.com/0/public/AssetPairs?pair=XBT%2FUSD%2CETHUSD');
    http.last.answer(result({}));
    passMs(999);
    expect(http.sent).toHaveLength(1);
    passMs(1);
    expect(http.sent).toHaveLength(2);
    expect(got).toMatchObject([{ ok: false, failure: { proof: 'not_sent' } }]);
  });

  test('a nonce that cannot be written down sends nothing', () => {
    const { http, deps, passMs } = stage();
    const store = {
      highest: 0n,
      reserve: () => {
        throw new Error('disk full');
      },
      close: () => {},
    };
    const account = { ...deps.account, nonces: new NonceSource(deps.clock, store) };
    const got: unknown[] = [];
    new RestClient({ ...deps, account }).call('AddOrder', {}, (answer) => got.push(answer));
    passMs(0);
    expect(http.sent).toEqual([]);
    expect(got).toMatchObject([{ ok: false, failure: { proof: 'not_sent', text: 'disk full' } }]);
  });

  test('stopping ends what waits as not sent; what is out is still answered, and nothing follows', () => {
    const { http, deps, passMs } = stage();
    const client = new RestClient(deps);
    const got: string[] = [];
    const take = (answer: RestResult<unknown>) => got.push(answer.ok ? 'ok' : answer.failure.proof);
    client.call('BalanceEx', {}, take);
    client.call('OpenOrders', {}, take);
    passMs(0);
    client.stop();
    http.last.answer(result({}));
    client.call('Time', {}, take);
    passMs(60_000);
    expect(got).toEqual(['not_sent', 'ok', 'not_sent']);
    expect(http.sent).toHaveLength(1);
  });

  test('stopping ends what waits to be asked again, too, and what was refused just now', () => {
    const { http, deps, passMs } = stage();
    const client = new RestClient({ ...deps, account: undefined });
    const got: string[] = [];
    const take = (answer: RestResult<unknown>) => got.push(answer.ok ? 'ok' : answer.failure.text);
    client.call('Time', {}, take);
    passMs(0);
    http.last.answer({ ok: true, status: 502, body: '' });
    client.call('BalanceEx', {}, take);
    client.stop();
    passMs(60_000);
    expect(got).toEqual(['the client was stopped', 'BalanceEx needs a key']);
    expect(http.sent).toHaveLength(1);
  });

  test('every call is answered exactly once, with every answer of the venue', () => {
    const answers: HttpResult[] = [
      result({}),
      refusal('EAPI:Invalid nonce'),
      refusal('EAPI:Rate limit exceeded'),
      refusal('EService:Throttled:1700000020'),
      refusal('EGeneral:Temporary lockout'),
      refusal('EFuture:Unheard'),
      { ok: true, status: 502, body: '' },
      { ok: false, neverSent: true, why: 'x' },
      { ok: false, neverSent: false, why: 'x' },
    ];
    const endpoints = Object.keys(ENDPOINTS) as EndpointName[];
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...endpoints), { minLength: 1, maxLength: 30 }),
        fc.array(fc.constantFrom(...answers), { minLength: 1, maxLength: 10 }),
        fc.integer(),
        (calls, script, seed) => {
          const { http, deps, passMs } = stage(seed);
          const client = new RestClient(deps);
          const counts = calls.map(() => 0);
          for (const [at, endpoint] of calls.entries()) client.call(endpoint, {}, () => counts[at]!++);
          for (let answered = 0, idle = 0; idle < 20; ) {
            passMs(60_000);
            if (http.sent.length > answered) http.sent[answered]!.answer(script[answered++ % script.length]!);
            else idle++;
          }
          expect(counts).toEqual(calls.map(() => 1));
          const orders = http.sent.filter(({ url }) => /AddOrder$|OrdersAfter$/.test(url)).length;
          expect(orders).toBeLessThanOrEqual(calls.filter((name) => !ENDPOINTS[name].isRepeatable).length);
        },
      ),
    );
  });
});
