import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readConfig } from '../../src/settings/read-config.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

function settings(text: string): { readonly folder: string; readonly file: string } {
  const folder = join(temporaryDirectory(), 'a folder');
  mkdirSync(folder);
  const file = join(folder, 'run.yaml');
  writeFileSync(file, text);
  return { folder, file };
}

test('paths are relative to the settings file, and absolute once they are read', () => {
  const { folder, file } = settings(`
venue: { nonce_file: nonces/kraken, secrets_file: ../key.yaml }
persistence: { database: data.duckdb }
control: { socket: ./ctl.sock }
risk: { kill_switch_file: stop }
`);
  const { venue, persistence, control, risk } = readConfig(file);
  expect(venue).toMatchObject({
    nonce_file: join(folder, 'nonces', 'kraken'),
    secrets_file: join(folder, '..', 'key.yaml'),
  });
  expect(persistence.database).toBe(join(folder, 'data.duckdb'));
  expect(control.socket).toBe(join(folder, 'ctl.sock'));
  expect(risk.kill_switch_file).toBe(join(folder, 'stop'));
});

test('so are the defaults; every run has a kill-switch file, and absolute paths stay', () => {
  const { folder, file } = settings('venue: { secrets_file: /run/key.yaml }\n');
  const { venue, persistence, control, risk } = readConfig(file);
  expect(venue.secrets_file).toBe('/run/key.yaml');
  expect(venue.nonce_file).toBe(join(folder, 'arbitrade.nonce'));
  expect(persistence.database).toBe(join(folder, 'arbitrade.duckdb'));
  expect(control.socket).toBe(join(folder, 'arbitrade.sock'));
  expect(risk.kill_switch_file).toBe(join(folder, 'arbitrade.sock.halt'));
});

test('a database in memory is no path, and what was not set is not made up', () => {
  const { persistence, venue } = readConfig(settings('persistence: { database: ":memory:" }\n').file);
  expect(persistence.database).toBe(':memory:');
  expect(venue.secrets_file).toBeUndefined();
});
