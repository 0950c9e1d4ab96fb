import { createHash, createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { VirtualClock } from '../../../src/platform/clock.ts';
import { type AccountSpec, TRADING_PERMISSIONS } from '../../../src/practice/exchange/accounts/account-spec.ts';
import { isAllowed, KeyRing } from '../../../src/practice/protocols/kraken/rest/key-ring.ts';

// The venue's own documented example, and two derived from it (protocol reference 3.5, 7.1).
const SECRET = 'kQH5HW/8p1uGOVjbgWA7FunAmGO8lsSUXNsu3eow76sz84Q18fWxnyRzBHCd3pd5nE9qa99HAZtuZuj6F1huXg==';
const NONCE = '1616492376594';
const VECTORS = [
  {
    target: '/0/private/AddOrder',
    body: `nonce=${NONCE}&ordertype=limit&pair=XBTUSD&price=37500&type=buy&volume=1.25`,
    sign: '4/dpxb3iT4tp/ZCVEwSnEsLxx0bqyhLpdfOpc6fn7OR8+UClSV5n9E6aSS8MPtnRfp32bAb0nmbRn6H8ndwLUQ==',
  },
  {
    target: '/0/private/AddOrder',
    body: `{"nonce":"${NONCE}","ordertype":"limit","pair":"XBTUSD","price":37500,"type":"buy","volume":1.25}`,
    sign: 'BVT3EumzzXSJHlvrinSwICz5uKKlSZPXL9cJIuKqn7ZMhHSbbtXhGdvwoDBmRz6ALXI+GVxFD0ZlGuOmfi2bxA==',
  },
  {
    target: '/0/private/GetWebSocketsToken',
    body: `nonce=${NONCE}`,
    sign: '+mRDmY9Ks0Moc1zjv/BjfvYa98buO0x1yHChZR5onlfAzAUbfIYlLggUZzdQ0RsmXm4Sh+Q8iAIZdo2wSeHeiA==',
  },
];

function ring(changed: Partial<AccountSpec> = {}) {
  const clock = new VirtualClock(1_700_000_000_000_000_000n);
  const account: AccountSpec = {
    name: 'main',
    key: 'K',
    secret: SECRET,
    tier: 1,
    fees: { tier: 1 },
    rateTier: 'pro',
    balances: {},
    permissions: TRADING_PERMISSIONS,
    nonceWindow: 0,
    nonceScales: 'one',
    ...changed,
  };
  return { clock, keys: new KeyRing([account], clock) };
}

function request({ target, body, sign }: (typeof VECTORS)[number], headers: object = {}) {
  return { method: 'POST', target, headers: { 'api-key': 'K', 'api-sign': sign, ...headers }, body };
}

function signed(nonce: string) {
  const body = `nonce=${nonce}`;
  const digest = createHash('sha256')
    .update(nonce + body)
    .digest();
  const sign = createHmac('sha512', Buffer.from(SECRET, 'base64')).update('/0/private/Balance').update(digest);
  return request({ target: '/0/private/Balance', body, sign: sign.digest('base64') });
}

const [FORM, JSON_BODY, TOKEN] = VECTORS as [
  (typeof VECTORS)[number],
  (typeof VECTORS)[number],
  (typeof VECTORS)[number],
];

test.each(VECTORS)('takes the known signature of $target with $body', (vector) => {
  expect(ring().keys.check(request(vector), NONCE)).toMatchObject({ ok: true, key: { nonce: BigInt(NONCE) } });
});

test('one changed byte of body, path, nonce or signature is an invalid signature', () => {
  const { keys } = ring();
  const changed = [
    request({ ...FORM, body: FORM.body.replace('1.25', '1.26') }),
    request({ ...FORM, target: '/0/private/AddOrde' }),
    request({ ...FORM, sign: TOKEN.sign }),
    request({ ...FORM, sign: '' }),
    request({ ...FORM, sign: 'not base64 at all' }),
  ];
  for (const one of changed) expect(keys.check(one, NONCE)).toEqual({ ok: false, error: 'EAPI:Invalid signature' });
  expect(keys.check(request(FORM), '1616492376595')).toEqual({ ok: false, error: 'EAPI:Invalid signature' });
  expect(keys.check(request(FORM), NONCE)).toMatchObject({ ok: true });
});

test('an unknown key is refused before anything else, a missing or odd nonce before the signature', () => {
  const { keys } = ring();
  expect(keys.check(request(FORM, { 'api-key': 'L' }), NONCE)).toEqual({ ok: false, error: 'EAPI:Invalid key' });
  expect(keys.check(request(FORM, { 'api-key': undefined }), NONCE)).toEqual({ ok: false, error: 'EAPI:Invalid key' });
  for (const nonce of [undefined, '', '-1', '1e3', '1.5', '18446744073709551616', 'x']) {
    expect(keys.check(request(FORM), nonce)).toEqual({ ok: false, error: 'EAPI:Invalid nonce' });
  }
});

test('a nonce counts once, and only a signed one moves the mark', () => {
  const { keys } = ring();
  expect(keys.check({ ...request(FORM), headers: { 'api-key': 'K', 'api-sign': 'AAAA' } }, NONCE).ok).toBe(false);
  expect(keys.check(request(FORM), NONCE).ok).toBe(true);
  expect(keys.check(request(JSON_BODY), NONCE)).toEqual({ ok: false, error: 'EAPI:Invalid nonce' });
});

test('within a nonce window each lower nonce is taken once', () => {
  const { keys } = ring({ nonceWindow: 10 });
  expect(keys.check(request(FORM), NONCE).ok).toBe(true);
  expect(keys.check(request(FORM), NONCE)).toEqual({ ok: false, error: 'EAPI:Invalid nonce' });
});

test('nonces of several units share a key only where that is said, and each unit goes up alone', () => {
  const now = 1_700_000_000_000;
  const order = [String(now * 1e6), String(now), String(now), String(now - 1), String(now + 1), '5', `${now * 1e6}`];
  const taken = (nonceScales: 'one' | 'each') => {
    const { keys } = ring({ nonceScales });
    return order.map((nonce) => keys.check(signed(nonce), nonce).ok);
  };
  expect(taken('one')).toEqual([true, false, false, false, false, false, false]);
  expect(taken('each')).toEqual([true, true, false, false, true, false, false]);
});

test('a key that keeps failing is locked out for a quarter of an hour', () => {
  const { keys, clock } = ring();
  const bad = request({ ...FORM, sign: 'AAAA' });
  for (let i = 0; i < 61; i += 1) expect(keys.check(bad, NONCE)).toMatchObject({ error: 'EAPI:Invalid signature' });
  expect(keys.check(request(FORM), NONCE)).toEqual({ ok: false, error: 'EGeneral:Temporary lockout' });
  clock.advanceTo(901e9);
  expect(keys.check(request(FORM), NONCE).ok).toBe(true);
});

test('whoever tries again while locked out waits a quarter of an hour anew', () => {
  const { keys, clock } = ring();
  const bad = request({ ...FORM, sign: 'AAAA' });
  for (let i = 0; i < 61; i += 1) keys.check(bad, NONCE);
  clock.advanceTo(899e9);
  expect(keys.check(request(FORM), NONCE).ok).toBe(false);
  clock.advanceTo(899e9 + 899e9);
  expect(keys.check(request(FORM), NONCE).ok).toBe(false);
  clock.advanceTo(899e9 + 899e9 + 900e9);
  expect(keys.check(request(FORM), NONCE).ok).toBe(true);
});

test('the call counter holds at its tier and decays', () => {
  const { keys, clock } = ring({ rateTier: 'starter' });
  const checked = keys.check(request(FORM), NONCE);
  if (!checked.ok) throw new Error(checked.error);
  const { counter } = checked.key;
  expect(Array.from({ length: 16 }, () => counter.tryAdd(1, clock.nowNs())).indexOf(false)).toBe(15);
  clock.advanceTo(2.9e9);
  expect(counter.tryAdd(1, clock.nowNs())).toBe(false);
  clock.advanceTo(3.1e9);
  expect([counter.tryAdd(1, clock.nowNs()), counter.tryAdd(1, clock.nowNs())]).toEqual([true, false]);
});

test('a permission is needed only where one is named', () => {
  const checked = ring({ permissions: ['query-funds'] }).keys.check(request(FORM), NONCE);
  if (!checked.ok) throw new Error(checked.error);
  expect(isAllowed(checked.key, [])).toBe(true);
  expect(isAllowed(checked.key, ['close-trades', 'modify-trades'])).toBe(false);
  expect(isAllowed(checked.key, ['query-funds'])).toBe(true);
});
