/** What in the environment could weaken or reveal a key is refused by name before the key is read. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const MAIN = join(import.meta.dirname, '..', '..', 'src', 'main.ts');
const SAFE = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(NODE|LD_|SSL|OPENSSL)|proxy$/i.test(name)),
);

function dryRun(env: Record<string, string>, options: readonly string[] = [], settings = '') {
  const config = join(temporaryDirectory(), 'run.yaml');
  writeFileSync(config, `mode: paper\nvenue: { secrets_file: /nowhere/key.yaml${settings} }\n`);
  return spawnSync(process.execPath, [...options, MAIN, 'dry-run', '--config', config], {
    encoding: 'utf8',
    env: { ...SAFE, ...env },
  });
}

test.each([
  ['NODE_OPTIONS', '--no-deprecation'],
  ['NODE_TLS_REJECT_UNAUTHORIZED', '0'],
  ['NODE_EXTRA_CA_CERTS', '/nowhere'],
  ['NODE_USE_ENV_PROXY', '1'],
  ['NODE_DEBUG', 'none'],
  ['NODE_REDIRECT_WARNINGS', '/dev/null'],
  ['NODE_COMPILE_CACHE', tmpdir()],
  ['NODE_PATH', '/nowhere'],
  ['SSL_CERT_FILE', '/nowhere'],
  ['SSL_CERT_DIR', '/nowhere'],
  ['SSLKEYLOGFILE', '/dev/null'],
  ['https_proxy', 'http://127.0.0.1:1'],
  ['HTTP_PROXY', 'http://127.0.0.1:1'],
  ['ALL_PROXY', 'http://127.0.0.1:1'],
  ['LD_LIBRARY_PATH', '/nowhere'],
])('%s is refused', (name, value) => {
  const { status, stderr } = dryRun({ [name]: value });
  expect(stderr).toContain('ENVIRONMENT_UNSAFE');
  expect(stderr).toContain(name);
  expect(status).toBe(2);
});

test('every one that is set is named at once, an option of Node too', () => {
  const { stderr } = dryRun({ NODE_DEBUG: 'none', SSLKEYLOGFILE: '/dev/null' }, ['--use-openssl-ca']);
  for (const name of ['NODE_DEBUG', 'SSLKEYLOGFILE', '--use-openssl-ca']) expect(stderr).toContain(name);
});

test('lists of certificates are let pass where nothing is encrypted, and nothing else is', () => {
  const venue = ', private_url: "ws://127.0.0.1:9/v2", rest_url: "http://127.0.0.1:9"';
  expect(dryRun({ SSL_CERT_FILE: '/nowhere', NODE_EXTRA_CA_CERTS: '/nowhere' }, [], venue).stderr).toContain(
    'SECRETS_UNREADABLE',
  );
  expect(dryRun({ NODE_TLS_REJECT_UNAUTHORIZED: '0' }, [], venue).stderr).toContain('ENVIRONMENT_UNSAFE');
});

test('nothing of it set, the start goes on to the key', () => {
  const { status, stderr } = dryRun({ NODE_ENV: 'production', NODE_VERSION: '24' }, ['--disable-sigusr1']);
  expect(stderr).toContain('SECRETS_UNREADABLE');
  expect(status).toBe(2);
});
