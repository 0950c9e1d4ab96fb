import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { configJsonSchema } from '../../src/settings/config.ts';
import { checkConfig, readConfig } from '../../src/settings/read-config.ts';

const file = (name: string) => fileURLToPath(new URL(`../../config/${name}`, import.meta.url));

describe('settings', () => {
  test('default.yaml shows every setting with the default that is in force', () => {
    const shown = parse(readFileSync(file('default.yaml'), 'utf8'));
    expect(shown).toEqual(checkConfig({}));
  });

  test('default.yaml names the settings that have no default', () => {
    const text = readFileSync(file('default.yaml'), 'utf8');
    for (const name of ['taker_pct', 'kill_switch_file', 'secrets_file']) expect(text).toContain(`# ${name}:`);
  });

  test.each(['default.yaml', 'demo.yaml', 'paper.yaml', 'live.yaml'])('%s is valid', (name) => {
    expect(() => readConfig(file(name))).not.toThrow();
  });

  test.each([
    [{ venu: {} }, /venu/],
    [{ venue: { depth: 11 } }, /venue\.depth/],
    [{ venue: { public_url: 'http://x' } }, /venue\.public_url/],
    [{ venue: { rest_url: 'http://api.kraken.com' } }, /venue\.rest_url.*https/],
    [{ venue: { private_url: 'ws://127.0.0.1.example.com' } }, /venue\.private_url.*wss/],
    [{ live: { real_orders: 'yes' } }, /live\.real_orders/],
    [{ fees: { taker_pct: 0.26 } }, /fees\.taker_pct.*found 0\.26/],
    [{ limits: { tops_ring: 1000 } }, /limits\.tops_ring.*power of two/],
    [{ paper: { inventory: { 'US D': '1' } } }, /paper\.inventory/],
    [{ strategy: { min_edge_bps: 1e-13 } }, /strategy\.min_edge_bps.*12 decimals/],
    [[], /settings/],
  ])('refuses %j and names the setting', (raw, message) => {
    expect(() => checkConfig(raw)).toThrowError(
      expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringMatching(message) }),
    );
  });

  test('addresses without encryption are taken on this machine only', () => {
    const local = { private_url: 'ws://127.0.0.1:9100/v2', rest_url: 'http://localhost:9100' };
    expect(checkConfig({ venue: local }).venue).toMatchObject(local);
  });

  test('nothing in live.yaml as it stands lets a real order leave', () => {
    expect(readConfig(file('live.yaml'))).toMatchObject({ mode: 'live', live: { real_orders: false } });
  });

  test('checked settings cannot be changed', () => {
    const config = checkConfig({});
    expect(Object.isFrozen(config.venue.symbols)).toBe(true);
  });

  test('a missing file is refused with its name', () => {
    expect(() => readConfig('no-such.yaml')).toThrowError(expect.objectContaining({ code: 'CONFIG_UNREADABLE' }));
  });

  test('the JSON Schema knows every section and refuses unknown ones', () => {
    const schema = configJsonSchema() as { properties: object; additionalProperties: boolean };
    expect(Object.keys(schema.properties)).toEqual(Object.keys(checkConfig({})));
    expect(schema.additionalProperties).toBe(false);
  });
});
