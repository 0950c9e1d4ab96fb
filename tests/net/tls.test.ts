/** Encrypted connections are verified whatever the environment says. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocketServer } from 'ws';

const pem = (name: string) => fileURLToPath(new URL(`../fixtures/tls/self-signed.${name}.pem`, import.meta.url));
const url = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);

/** Pretends to be the venue, with a certificate of its own making. */
async function impostor(): Promise<{ port: number; reached: string[] }> {
  const reached: string[] = [];
  const server = createServer(
    { key: readFileSync(pem('key')), cert: readFileSync(pem('cert')) },
    (request, response) => {
      reached.push(String(request.headers['api-key']));
      response.end('{}');
    },
  );
  new WebSocketServer({ server }).on('connection', () => reached.push('socket'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, reached };
}

test.each([
  {},
  { NODE_TLS_REJECT_UNAUTHORIZED: '0' },
  { NODE_EXTRA_CA_CERTS: pem('cert') },
  { SSL_CERT_FILE: pem('cert'), NODE_OPTIONS: '--use-openssl-ca' },
])('with %j no key reaches an impostor', async (env) => {
  const { port, reached } = await impostor();
  const program = `
    import { nodeHttp } from ${url('../../src/net/node-http.ts')};
    import { nodeSockets } from ${url('../../src/net/node-sockets.ts')};
    import { tlsOptions } from ${url('../../src/net/tls-options.ts')};
    import { systemClock } from ${url('../../src/platform/clock.ts')};
    const http = nodeHttp(systemClock, tlsOptions([]));
    const asked = await new Promise((resolve) => http.request(
      { method: 'POST', url: 'https://localhost:${port}/', headers: { 'API-Key': 'k' }, body: '', timeoutMs: 20_000 }, resolve));
    http.close();
    const closed = await new Promise((resolve) => nodeSockets(systemClock, { frameBytesMax: 1_000, connectTimeoutMs: 20_000, tls: tlsOptions([]) })
      .open('wss://localhost:${port}/', {
        onOpen: () => resolve('open'), onMessage: () => undefined,
        onClosed: (code, why) => resolve('closed ' + why),
      }));
    console.log(JSON.stringify({ asked, closed }));
  `;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    env: { ...process.env, ...env } as NodeJS.ProcessEnv,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (more: string) => (text += more));
  await new Promise((resolve) => child.once('close', resolve));
  const { asked, closed } = JSON.parse(text);
  expect(asked).toMatchObject({ ok: false, neverSent: true, why: expect.stringMatching(/self-signed/) });
  expect(closed).toMatch(/^closed .*self-signed/);
  expect(reached).toEqual([]);
});
