import { describe, expect, test } from 'vitest';
import { seededChance } from '../../../src/shared/chance.ts';
import { VirtualClock } from '../../../src/shared/clock.ts';
import { InstrumentDirectory } from '../../../src/shared/instrument.ts';
import { Credentials } from '../../../src/venues/kraken/credentials.ts';
import { KrakenRest } from '../../../src/venues/kraken/kraken-rest.ts';
import { MemoryNonceStore, NonceSource } from '../../../src/venues/kraken/nonce-source.ts';
import { RestClient, type RestNotice } from '../../../src/venues/kraken/rest-client.ts';
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

  test('never makes an order twice, whatever the answer', () => {
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
});
