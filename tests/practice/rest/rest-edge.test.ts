import { Agent, request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../../src/platform/clock.ts';
import { type PracticeServer, startPracticeServer } from '../../../src/practice/network/practice-server.ts';
import { startPracticeThread } from '../../../src/practice/network/practice-thread.ts';
import { BTC_USD } from '../captures.ts';
import { SocketClient } from '../socket-client.ts';
import { RestClient } from './rest-client.ts';

let server: PracticeServer;

beforeAll(async () => {
  server = await startPracticeServer({ capture: BTC_USD, port: 0, settings: { speed: 'max' } }, systemClock);
});
afterAll(() => server.close());

interface Heard {
  readonly status: number | undefined;
  readonly body: string;
  readonly socketPort: number | undefined;
}

function ask(path: string, options: { method?: string; body?: string | Buffer; headers?: object; agent?: Agent } = {}) {
  const { promise, resolve, reject } = Promise.withResolvers<Heard>();
  const { method = 'GET', body = '', headers = {}, agent } = options;
  const sent = httpRequest(`${server.rest}${path}`, { method, headers: { ...headers }, ...(agent && { agent }) });
  sent.on('response', async (response) => {
    const socketPort = response.socket?.localPort;
    const text = await Array.fromAsync(response, String).catch(reject);
    resolve({ status: response.statusCode, body: (text ?? []).join(''), socketPort });
  });
  sent.on('error', reject);
  sent.end(body);
  return promise;
}

const signed = (name: string, params: Record<string, string> = {}) => {
  const [account] = server.accounts;
  return new RestClient((request, respond) => server.exchange.rest.handle(request, respond), account).signed(name, {
    nonce: String(BigInt(Math.round(systemClock.wallMs() * 1e3)) * 1_000n),
    ...params,
  });
};

test('public and signed private calls over one kept connection', async () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const time = await ask('/0/public/Time', { agent });
  expect(JSON.parse(time.body)).toMatchObject({ error: [], result: { unixtime: expect.any(Number) } });
  const { target, headers, body } = signed('Balance');
  const balance = await ask(target, { method: 'POST', body, headers, agent });
  expect(JSON.parse(balance.body).result).toMatchObject({ ZUSD: '250000.0000000000' });
  expect(balance.socketPort).toBe(time.socketPort);
  agent.destroy();
});

test('a kept connection is promised for longer than clients keep one, so that none writes into its end', async () => {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const client = connect(Number(new URL(server.rest).port), '127.0.0.1', () =>
    client.write('GET /0/public/Time HTTP/1.1\r\nHost: x\r\n\r\n'),
  );
  client.once('data', (data) => resolve(String(data))).once('error', reject);
  const [, seconds] = /^Keep-Alive: timeout=(\d+)/im.exec(await promise) ?? [];
  expect(Number(seconds)).toBeGreaterThanOrEqual(120);
  client.destroy();
});

test.each([
  ['GET', '/0/public/Time', ''],
  ['POST', '/0/public/Depth', 'pair=XBTUSD&count=1'],
])('%s with an offer of HTTP/2, as Java makes it, is answered in HTTP/1.1', async (method, path, body) => {
  const offer = { connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c', 'http2-settings': 'AAEAAEAA' };
  const headers = { ...offer, 'content-type': 'application/x-www-form-urlencoded' };
  const heard = await ask(path, { method, body, headers });
  expect(heard.status).toBe(200);
  expect(JSON.parse(heard.body)).toMatchObject({ error: [], result: expect.anything() });
});

test('what is no request of ours is refused and harms no one', async () => {
  expect((await ask('/')).status).toBe(404);
  expect((await ask('/0/public/Time/../../secret')).status).toBe(404);
  const { target, headers } = signed('Balance');
  const broken = await ask(target, { method: 'POST', headers, body: Buffer.from([0xff, 0xfe, 0x00]) });
  expect(broken.body).toBe('{"error":["EAPI:Bad request"]}');
  const long = await ask(target, { method: 'POST', headers, body: 'a'.repeat(70_000) });
  expect(long.status).toBe(413);
  const raw = connect(Number(new URL(server.rest).port), '127.0.0.1');
  raw.end('GARBAGE\r\n\r\n');
  expect(String((await Array.fromAsync(raw)).join(''))).toMatch(/^HTTP\/1\.1 400/);
  expect((await ask('/0/public/Time')).status).toBe(200);
});

test('many calls at once are each answered, and each nonce counts once', async () => {
  const { target, headers, body } = signed('Balance');
  const twins = await Promise.all([1, 2, 3].map(() => ask(target, { method: 'POST', headers, body })));
  const errors = twins.map((one) => JSON.parse(one.body).error[0] ?? 'none').sort();
  expect(errors).toEqual(['EAPI:Invalid nonce', 'EAPI:Invalid nonce', 'none']);
  const times = await Promise.all(Array.from({ length: 50 }, () => ask('/0/public/Depth?pair=XBTUSD')));
  expect(times.every(({ status }) => status === 200)).toBe(true);
});

test('an answer that a fault loses ends the connection, not the server', async () => {
  server.exchange.orderFault('rest-answer-lost');
  const { target, headers, body } = signed('Balance');
  await expect(ask(target, { method: 'POST', headers, body })).rejects.toThrow(/socket hang up|ECONNRESET/);
  expect((await ask('/0/public/Time')).status).toBe(200);
});

test('a doubled version in the address of a socket is taken as one', async () => {
  const client = await SocketClient.connect(`${server.wsPrivate}/v2`);
  expect(await client.frameWith('"status"')).toContain('"online"');
  await client.close();
});

test('a server with a call it never answers closes all the same', async () => {
  const own = await startPracticeServer({ capture: BTC_USD, port: 0 }, systemClock);
  own.exchange.orderFault('rest-timeout');
  const sent = httpRequest(`${own.rest}/0/private/Balance`, { method: 'POST' });
  const failed = new Promise<Error>((resolve) => sent.on('error', resolve));
  sent.end();
  await expect.poll(() => own.exchange.stats().restRequests).toBe(1);
  await own.close();
  expect((await failed).message).toMatch(/hang up|RESET/);
});

test('a thread reports where it is, who may trade, and what it has in its books of them', async () => {
  const thread = await startPracticeThread({ capture: BTC_USD, port: 0, fees: '0.1', settings: { seed: 3 } });
  const [account] = thread.accounts;
  const client = new RestClient(() => {}, account);
  const { target, headers, body } = client.signed('AddOrder', {
    ...{ pair: 'XBTUSD', type: 'buy', ordertype: 'market', volume: '0.01', cl_ord_id: 'mine' },
  });
  const sent = { method: 'POST', headers: headers as Record<string, string>, body };
  const answer = (await (await fetch(thread.rest + target, sent)).json()) as { result: { txid: string[] } };
  const reading = await thread.readAccount('main');
  expect(reading.orders).toMatchObject([
    { id: answer.result.txid[0], clOrdId: 'mine', status: 'filled', filledQty: '0.01000000' },
  ]);
  const usd = reading.ledger.filter(({ asset }) => asset === 'USD');
  const [deposit, ...trades] = usd;
  expect(deposit).toMatchObject({ type: 'deposit', amount: '250000.0000000000' });
  expect(trades.map(({ refId }) => refId)).toEqual(reading.orders[0]?.fills.map(({ id }) => id));
  expect(trades.at(-1)?.balance).toBe(reading.balances.find(({ asset }) => asset === 'USD')?.total);
  await expect(thread.readAccount('nobody')).rejects.toThrow(/nobody/);
  expect((await thread.stats()).restRequests).toBe(1);
  await thread.close();
});
