import { describe, expect, test } from 'vitest';
import { requireConfirmed, requireEnabled, requireFit } from '../../src/engine/live-consent.ts';
import { TRADING_PERMISSIONS } from '../../src/practice/exchange/accounts/account-spec.ts';
import type { ConfigInput } from '../../src/settings/config.ts';
import { checkConfig } from '../../src/settings/read-config.ts';
import { changesNeeded, judgeKey, type KeyInfo } from '../../src/venues/kraken/keys/key-permissions.ts';

const LIVE: ConfigInput = {
  mode: 'live',
  live: { real_orders: true },
  strategy: { start_assets: ['USD', 'EUR'] },
  trading: { order_max: { USD: '100', EUR: '100' } },
  risk: { loss_max: { USD: '10', EUR: '10' } },
};
const KEY = { name: 'trading-eu', key: 'k', secret: 's' };
const INFO = { name: 'trading-eu', permissions: TRADING_PERMISSIONS, validUntilMs: undefined, ipAllowlist: [] };
/** What the venue's adapter makes of it. */
const reportOf = (info: KeyInfo, wallMs = 0) => ({
  name: info.name,
  changesNeeded: changesNeeded(judgeKey(info, wallMs)),
});
const refusal = (code: string, message: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) });

describe('the three yeses', () => {
  test('settings that mean it and bound it pass', () => {
    expect(() => requireEnabled(checkConfig(LIVE))).not.toThrow();
  });

  test.each([
    [{ mode: 'paper' }, 'LIVE_NOT_ENABLED', /mode is "paper".*dry-run/],
    [{ live: {} }, 'LIVE_NOT_ENABLED', /live\.real_orders is false/],
    [{ strategy: {} }, 'CONFIG_INVALID', /strategy\.start_assets/],
    [{ trading: { order_max: { USD: '100' } } }, 'LIVE_UNLIMITED', /trading\.order_max has none for EUR/],
    [{ risk: { loss_max: { EUR: '1' } } }, 'LIVE_UNLIMITED', /risk\.loss_max has none for USD/],
    [{ persistence: { database: ':memory:' } }, 'CONFIG_INVALID', /persistence\.database/],
  ])('settings with %j do not: %s', (less, code, message) => {
    const config = checkConfig({ ...LIVE, ...less });
    expect(() => requireEnabled(config)).toThrowError(refusal(code, message));
  });

  test('the operator must name the key, and the right one', () => {
    expect(() => requireConfirmed(KEY, 'trading-eu')).not.toThrow();
    expect(() => requireConfirmed(KEY, undefined)).toThrowError(
      refusal('LIVE_NOT_CONFIRMED', /no key was named.*--key/),
    );
    expect(() => requireConfirmed(KEY, 'trading-us')).toThrowError(refusal('LIVE_NOT_CONFIRMED', /another name/));
  });

  test('a key that trades and cannot withdraw passes, with or without a name of its own', () => {
    expect(() => requireFit(KEY, reportOf(INFO))).not.toThrow();
    expect(() => requireFit(KEY, reportOf({ ...INFO, name: '' }))).not.toThrow();
  });

  test.each(TRADING_PERMISSIONS)('a key without %s is refused by what it lacks', (missing) => {
    const permissions = TRADING_PERMISSIONS.filter((permission) => permission !== missing);
    expect(() => requireFit(KEY, reportOf({ ...INFO, permissions }))).toThrowError(
      refusal('KEY_REFUSED', new RegExp(`it needs ${missing} \\(`)),
    );
  });

  test.each(['withdraw-funds', 'add-withdraw-address', 'update-withdraw-address'])(
    'a key with %s is refused',
    (more) => {
      const permissions = [...TRADING_PERMISSIONS, more];
      expect(() => requireFit(KEY, reportOf({ ...INFO, permissions }))).toThrowError(
        refusal('KEY_REFUSED', new RegExp(`take away ${more} \\(`)),
      );
    },
  );

  test('a key that has expired, or is called otherwise at the venue, is refused', () => {
    expect(() => requireFit(KEY, reportOf({ ...INFO, validUntilMs: 5 }, 5))).toThrowError(
      refusal('KEY_REFUSED', /expired/),
    );
    expect(() => requireFit(KEY, reportOf({ ...INFO, name: 'other' }))).toThrowError(
      refusal('KEY_REFUSED', /another name/),
    );
  });
});
