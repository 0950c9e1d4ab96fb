import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { nodeHttp } from '../../src/net/node-http.ts';
import { tlsOptions } from '../../src/net/tls-options.ts';
import type { HttpRequest, HttpResult } from '../../src/net/transport.ts';
import { systemClock } from '../../src/platform/clock.ts';

async function serving(handle: RequestListener): Promise<{ url: string; server: Server }> {
  const server = createServer(handle);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/0/private/Balance?a=b`, server };
}

function client() {
  const http = nodeHttp(systemClock, tlsOptions([]));
  onTestFinished(() => http.close());
  const ask = (url: string, more: Partial<HttpRequest> = {}): Promise<HttpResult> => {
    let calls = 0;
    return new Promise((resolve) => {
      http.request({ method: 'POST', url, headers: {}, body: '', timeoutMs: 5_000, ...more }, (result) => {
        calls++;
        expect(calls).toBe(1);
        resolve(result);
      });
      expect(calls).toBe(0);
    });
  };
  return { http, ask };
}

describe('HTTP on the network', () => {
  test('exactly the given bytes and headers are sent, and status and body come back', async () => {
    const seen: unknown[] = [];
    const { url } = await serving((request, response) => {
      let body = '';
      request.on('data', (chunk) => (body += chunk));
      request.on('end', () => {
        seen.push([request.method, request.url, request.headers['api-key'], body]);
        response.writeHead(520).end('{"ü":1}');
      });
    });
    const { ask } = client();
    const body = 'nonce=1&pair=XBT%2FUSD&ü';
    expect(await ask(url, { headers: { 'API-Key': 'k' }, body })).toEqual({ ok: true, status: 520, body: '{"ü":1}' });
    expect(seen).toEqual([['POST', '/0/private/Balance?a=b', 'k', body]]);
  });

  test('connections are kept', async () => {
    const ports = new Set<number | undefined>();
    const { url } = await serving((request, response) => {
      ports.add(request.socket.remotePort);
      response.end('x');
    });
    const { ask } = client();
    for (let round = 0; round < 3; round++) await ask(url);
    expect(ports.size).toBe(1);
  });

  test('a redirect is an answer like any other', async () => {
    const { url } = await serving((_request, response) => response.writeHead(302, { Location: 'http://x' }).end());
    expect(await client().ask(url)).toMatchObject({ ok: true, status: 302 });
  });

  test('a refused connection, an unknown host and no URL prove that nothing was sent', async () => {
    const { url, server } = await serving(() => {});
    await new Promise((resolve) => server.close(resolve));
    const { ask } = client();
    expect(await ask(url)).toMatchObject({ ok: false, neverSent: true, why: expect.stringContaining('ECONNREFUSED') });
    expect(await ask('http://no-such-host.invalid/')).toMatchObject({ ok: false, neverSent: true });
    expect(await ask('nonsense')).toMatchObject({ ok: false, neverSent: true });
  });

  test('a connection that breaks, an answer that breaks off and silence prove nothing', async () => {
    const { ask } = client();
    const broken = await serving((request) => request.socket.destroy());
    expect(await ask(broken.url)).toMatchObject({ ok: false, neverSent: false });
    const half = await serving((_request, response) => {
      response.writeHead(200, { 'Content-Length': '100' });
      response.write('half');
      response.socket?.end();
    });
    expect(await ask(half.url)).toMatchObject({ ok: false, neverSent: false });
    const silent = await serving(() => {});
    expect(await ask(silent.url, { timeoutMs: 30 })).toMatchObject({
      ok: false,
      neverSent: false,
      why: expect.stringContaining('within 30 ms'),
    });
  });

  test('a server that speaks no TLS gets nothing of a request that needs it', async () => {
    const heard: Buffer[] = [];
    const server = createTcpServer((socket) => {
      socket.on('data', (chunk) => {
        heard.push(chunk);
        socket.end('no');
      });
      socket.on('error', () => socket.destroy());
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    expect(await client().ask(url, { body: 'secret' })).toMatchObject({ ok: false, neverSent: true });
    expect(Buffer.concat(heard).toString('latin1')).not.toContain('secret');
  });

  test('closing ends what is out', async () => {
    const { url } = await serving(() => {});
    const { http, ask } = client();
    const asked = ask(url);
    http.close();
    expect(await asked).toMatchObject({ ok: false, why: 'closed here' });
  });
});
