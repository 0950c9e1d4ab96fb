import { inspect } from 'node:util';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Credentials } from '../../../src/venues/kraken/keys/credentials.ts';

/** Protocol reference 3.5: the venue's published example. */
const SECRET = 'kQH5HW/8p1uGOVjbgWA7FunAmGO8lsSUXNsu3eow76sz84Q18fWxnyRzBHCd3pd5nE9qa99HAZtuZuj6F1huXg==';
const NONCE = '1616492376594';
const FORM = 'nonce=1616492376594&ordertype=limit&pair=XBTUSD&price=37500&type=buy&volume=1.25';
const credentials = new Credentials('KEY', SECRET);

test('signs the official vector', () => {
  expect(credentials.sign('/0/private/AddOrder', NONCE, FORM)).toBe(
    '4/dpxb3iT4tp/ZCVEwSnEsLxx0bqyhLpdfOpc6fn7OR8+UClSV5n9E6aSS8MPtnRfp32bAb0nmbRn6H8ndwLUQ==',
  );
});

test('signs a JSON body by the same rule', () => {
  const body = '{"nonce":"1616492376594","ordertype":"limit","pair":"XBTUSD","price":37500,"type":"buy","volume":1.25}';
  expect(credentials.sign('/0/private/AddOrder', NONCE, body)).toBe(
    'BVT3EumzzXSJHlvrinSwICz5uKKlSZPXL9cJIuKqn7ZMhHSbbtXhGdvwoDBmRz6ALXI+GVxFD0ZlGuOmfi2bxA==',
  );
});

test('signs a body that is nothing but the nonce', () => {
  expect(credentials.sign('/0/private/GetWebSocketsToken', NONCE, `nonce=${NONCE}`)).toBe(
    '+mRDmY9Ks0Moc1zjv/BjfvYa98buO0x1yHChZR5onlfAzAUbfIYlLggUZzdQ0RsmXm4Sh+Q8iAIZdo2wSeHeiA==',
  );
});

test('gives another signature when any character of path, nonce or body is another', () => {
  const right = credentials.sign('/0/private/AddOrder', NONCE, FORM);
  const parts = ['/0/private/AddOrder', NONCE, FORM] as const;
  fc.assert(
    fc.property(fc.constantFrom(0, 1, 2), fc.nat(), (part, place) => {
      const text = parts[part];
      const at = place % text.length;
      const other = text[at] === 'x' ? 'y' : 'x';
      const changed = parts.map((p, index) => (index === part ? text.slice(0, at) + other + text.slice(at + 1) : p));
      expect(credentials.sign(changed[0]!, changed[1]!, changed[2]!)).not.toBe(right);
    }),
  );
});

test('refuses a secret that was damaged on its way, without showing it', () => {
  for (const damaged of ['', 'short', `${SECRET.slice(0, 40)} ${SECRET.slice(41)}`, SECRET.replace('=', '!')]) {
    const attempt = () => new Credentials('KEY', damaged);
    expect(attempt).toThrow(/secret/);
    if (damaged.length > 8) expect(attempt).not.toThrow(damaged.slice(0, 8));
  }
});

test('never shows the secret or the whole key', () => {
  const shown = new Credentials('PUBLICKEY', SECRET);
  const texts = [JSON.stringify({ shown }), String(shown), inspect(shown, { depth: 9, showHidden: true }), `${shown}`];
  for (const text of texts) {
    expect(text).not.toContain(SECRET.slice(0, 10));
    expect(text).not.toContain('PUBLICKEY');
  }
});
