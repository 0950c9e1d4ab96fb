/** Two servers, both with a certificate that is trusted; only the key of one of them is pinned. */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocketServer } from 'ws';
import { nodeHttp } from '../../src/net/node-http.ts';
import { nodeSockets } from '../../src/net/node-sockets.ts';
import { pinOf, type TlsOptions, tlsOptions } from '../../src/net/tls-options.ts';
import type { HttpResult } from '../../src/net/transport.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { checkConfig } from '../../src/settings/read-config.ts';

const pem = (name: string) => readFileSync(new URL(`../fixtures/tls/${name}.pem`, import.meta.url));
const CERTIFICATES = [pem('self-signed.cert'), pem('other-key.cert')];
/** By openssl: x509 -pubkey -noout | pkey -pubin -outform der | dgst -sha256 -binary | base64. */
const PIN = 'WM6v4iAIwNMcMknZyMipvKgMB4WhigJ46EFgFGCRsZo=';

async function server(name: string): Promise<{ port: number; reached: string[] }> {
  const reached: string[] = [];
  const server = createServer({ key: pem(`${name}.key`), cert: pem(`${name}.cert`) }, (request, response) => {
    reached.push(`request with ${request.headers['api-key']}`);
    response.end('{}');
  });
  new WebSocketServer({ server }).on('connection', () => reached.push('socket'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, reached };
}

const trusting = (pins: readonly string[]): TlsOptions => ({ ...tlsOptions(pins), ca: CERTIFICATES });

async function ask(port: number, pins: readonly string[]): Promise<HttpResult> {
  const http = nodeHttp(systemClock, trusting(pins));
  onTestFinished(() => http.close());
  const request = { method: 'POST', headers: { 'API-Key': 'k' }, body: '', timeoutMs: 60_000 } as const;
  return new Promise((resolve) => http.request({ ...request, url: `https://localhost:${port}/` }, resolve));
}

function connect(port: number, pins: readonly string[]): Promise<string> {
  const sockets = nodeSockets(systemClock, { frameBytesMax: 1_000, connectTimeoutMs: 60_000, tls: trusting(pins) });
  return new Promise((resolve) => {
    const socket = sockets.open(`wss://localhost:${port}/`, {
      onOpen: () => resolve('open'),
      onMessage: () => undefined,
      onClosed: (_code, why) => resolve(why),
    });
    onTestFinished(() => socket.terminate());
  });
}

test("a pin is the SHA-256 of the certificate's public key", () => {
  expect(pinOf(pem('self-signed.cert'))).toBe(PIN);
});

test('without pins every trusted server is talked to', async () => {
  for (const name of ['self-signed', 'other-key']) {
    const { port, reached } = await server(name);
    expect(await ask(port, [])).toMatchObject({ ok: true, status: 200 });
    expect(await connect(port, [])).toBe('open');
    expect(reached).toEqual(['request with k', 'socket']);
  }
});

test('the server whose key is pinned is talked to, also when it is one of several', async () => {
  const { port, reached } = await server('self-signed');
  const pins = [pinOf(pem('other-key.cert')), PIN];
  expect(await ask(port, pins)).toMatchObject({ ok: true, status: 200 });
  expect(await connect(port, pins)).toBe('open');
  expect(reached).toEqual(['request with k', 'socket']);
});

test('a server with another key gets nothing, however trusted it is', async () => {
  const { port, reached } = await server('other-key');
  const why = expect.stringMatching(/^TLS_PIN_MISMATCH: localhost shows a public key that is none of venue\.tls_pins/);
  expect(await ask(port, [PIN])).toEqual({ ok: false, neverSent: true, why });
  expect(await connect(port, [PIN])).toEqual(why);
  expect(reached).toEqual([]);
});

test('a pin that is none, and an address that shows no key, are refused', () => {
  expect(() => checkConfig({ venue: { tls_pins: ['sha256/abc'] } })).toThrow(
    /venue\.tls_pins\.0: expected the SHA-256 of a public key in base64/,
  );
  expect(() => checkConfig({ venue: { tls_pins: [PIN], public_url: 'ws://127.0.0.1:1/v2' } })).toThrow(
    /venue\.public_url: expected an encrypted address \(wss:\/\/\), for venue\.tls_pins is set/,
  );
  expect(checkConfig({ venue: { tls_pins: [PIN] } }).venue.tls_pins).toEqual([PIN]);
});
