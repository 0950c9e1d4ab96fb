import { randomBytes } from 'node:crypto';
import { afterEach, expect, test } from 'vitest';
import { systemClock } from '../../src/platform/clock.ts';
import type { FaultReport } from '../../src/practice/faults/fault-plan.ts';
import { type PracticeServer, startPracticeServer } from '../../src/practice/network/practice-server.ts';
import { startPracticeThread } from '../../src/practice/network/practice-thread.ts';
import { PRACTICE_DEFAULTS, type PracticeSettings } from '../../src/practice/practice-exchange.ts';
import { BTC_USD, fixture, TWO_SOCKETS } from './captures.ts';
import { ClientBooks } from './client-book.ts';
import { SocketClient } from './socket-client.ts';

let server: PracticeServer | undefined;
const faults: FaultReport[] = [];
let marketEnded: Promise<void> = Promise.resolve();

async function start(
  settings: Partial<PracticeSettings> = {},
  more: { capture?: string; pingIntervalMs?: number } = {},
) {
  faults.length = 0;
  const { promise, resolve } = Promise.withResolvers<void>();
  marketEnded = promise;
  server = await startPracticeServer({ capture: BTC_USD, port: 0, ...more, settings }, systemClock, {
    onFault: (report) => faults.push(report),
    onMarketEnded: resolve,
  });
  return server;
}

afterEach(async () => {
  await server?.close();
  server = undefined;
});

/** Waits until each client has everything of a market that ends: a pong comes after all that was sent before it. */
async function allOf(...clients: SocketClient[]): Promise<void> {
  await marketEnded;
  for (const client of clients) client.say({ method: 'ping', req_id: 77 });
  await Promise.all(clients.map((client) => client.frameWith('"req_id":77')));
}

const limits = (changed: object) => ({ limits: { ...PRACTICE_DEFAULTS.limits, ...changed } });

test('a whole recording over a real socket, depth 10 of 25, verifies at every message', async () => {
  const { wsPublic, exchange } = await start({ speed: 'max' });
  const client = await SocketClient.connect(wsPublic);
  expect(client.socket.extensions).toBe('');
  client.subscribe(['BTC/USD']);
  await allOf(client);
  const books = new ClientBooks({ 'BTC/USD': 10 });
  for (const frame of client.frames) books.take(frame);
  expect(exchange.stats()).toMatchObject({ market: 'ended', passes: 1, eventsPlayed: 2052 });
  expect(books).toMatchObject({ failed: 0, malformed: 0, snapshots: 1 });
  expect(books.verified).toBeGreaterThan(500);
  await client.close();
});

test('many clients at different depths get the same market', async () => {
  const { wsPublic } = await start({ speed: 'max' }, { capture: TWO_SOCKETS });
  const depths = [10, 25, 100, 25, 10];
  const clients = await Promise.all(depths.map(() => SocketClient.connect(wsPublic)));
  for (const [i, client] of clients.entries()) client.subscribe(['ETH/USD', 'XRP/USD'], depths[i]);
  await allOf(...clients);
  const seen = clients.map((client, i) => {
    const depth = depths[i] ?? 10;
    const books = new ClientBooks({ 'ETH/USD': depth, 'XRP/USD': depth });
    for (const frame of client.frames) books.take(frame);
    expect(books.failed).toBe(0);
    return books;
  });
  const tops = seen.map(({ books }) => [...(books.get('ETH/USD')?.bids ?? [])].slice(0, 10));
  expect(tops[0]).toHaveLength(10);
  expect(tops).toEqual(Array(5).fill(tops[0]));
  await Promise.all(clients.map((client) => client.close()));
});

test('garbage from one client never harms another', async () => {
  const seed = 20260802;
  const { wsPublic } = await start({ speed: 50, seed, ...limits({ messagesPerSecond: 1_000 }) });
  const good = await SocketClient.connect(wsPublic);
  good.subscribe(['BTC/USD']);
  const bad = await SocketClient.connect(wsPublic);
  for (const text of [
    '',
    '{',
    'null',
    '"x"',
    '[[[[',
    '{"method":{}}',
    '{"method":"subscribe","params":{"channel":[]}}',
  ]) {
    bad.say(text);
  }
  for (let i = 0; i < 200; i += 1) bad.socket.send(randomBytes(64));
  bad.say({ method: 'subscribe', params: { channel: 'book', symbol: Array(5_000).fill('XX/YY') } });
  await bad.until(() => bad.frames.length >= 5_208);
  const huge = await SocketClient.connect(wsPublic);
  huge.say('x'.repeat(300_000));
  await huge.until(() => huge.closedWith !== undefined);
  expect(huge.closedWith).toBe(1009);
  const raw = await SocketClient.connect(wsPublic);
  (raw.socket as unknown as { _socket: { write(bytes: Buffer): void } })._socket.write(Buffer.from([0xff, 0xff, 0x00]));
  await raw.until(() => raw.closedWith !== undefined);
  await allOf(good);
  const books = new ClientBooks({ 'BTC/USD': 10 });
  for (const frame of good.frames) books.take(frame);
  expect(books).toMatchObject({ failed: 0, malformed: 0, snapshots: 1 });
  await Promise.all([good.close(), bad.close()]);
});

test('a client that stops reading is cut off, the market waits no longer, and the others get all of it', async () => {
  const { wsPublic, exchange } = await start({
    speed: 'max',
    loop: true,
    ...limits({ slowClientMs: 300, bufferBytesPause: 16_384 }),
  });
  const good = await SocketClient.connect(wsPublic);
  const stuck = await SocketClient.connect(wsPublic);
  good.subscribe(['BTC/USD']);
  stuck.subscribe(['BTC/USD'], 25);
  await stuck.frameWith('snapshot');
  stuck.socket.pause();
  await good.until(() => exchange.stats().slowClientsCut > 0);
  const passes = exchange.stats().passes;
  await good.until(() => exchange.stats().passes > passes + 2);
  expect(exchange.stats()).toMatchObject({ slowClientsCut: 1, clients: 1 });
  stuck.socket.resume();
  await stuck.until(() => stuck.closedWith !== undefined);
  expect(stuck.closedWith).toBe(1006);
  const books = new ClientBooks({ 'BTC/USD': 10 });
  for (const frame of good.frames) books.take(frame);
  expect(books.failed).toBe(0);
  expect(books.snapshots).toBe(1);
  expect(books.verified).toBeGreaterThan(3_000);
  await good.close();
});

test('the sockets of single orders and of the first version are where they are said to be', async () => {
  const { wsLevel3, wsPublicV1, wsPrivateV1 } = await start({});
  const [level3, open, secret] = await Promise.all(
    [wsLevel3, wsPublicV1, wsPrivateV1].map((url) => SocketClient.connect(url)),
  );
  await Promise.all([level3, open, secret].map((client) => client?.frameWith('online')));
  expect(level3?.frames[0]).toContain('"api_version":"v2"');
  for (const client of [open, secret]) expect(client?.frames[0]).toContain('"event":"systemStatus"');
  await Promise.all([level3, open, secret].map((client) => client?.close()));
});

test('one attempt over the limit is refused with 429 on the upgrade, other paths with 404', async () => {
  const { wsPublic, exchange } = await start(limits({ connectsPerWindow: 2 }));
  await expect(SocketClient.connect(wsPublic.replace('/v2', '/v1'))).rejects.toThrow('HTTP 404');
  const clients = [await SocketClient.connect(wsPublic), await SocketClient.connect(wsPublic)];
  await expect(SocketClient.connect(wsPublic)).rejects.toThrow('HTTP 429');
  expect(exchange.stats()).toMatchObject({ connections: 2, connectionsRefused: 1 });
  for (const client of clients) await client.close();
});

test('a client without subscription is closed when idle, one with heartbeats is not', async () => {
  const { wsPublic } = await start(limits({ idleCloseMs: 200, heartbeatMs: 50 }));
  const idle = await SocketClient.connect(wsPublic);
  const listening = await SocketClient.connect(wsPublic);
  listening.say({ method: 'subscribe', params: { channel: 'instrument' } });
  await idle.until(() => idle.closedWith !== undefined);
  expect(idle.closedWith).toBe(1000);
  await listening.until(() => listening.frames.filter((frame) => frame.includes('heartbeat')).length > 5);
  expect(listening.closedWith).toBeUndefined();
  await listening.close();
});

test('WebSocket pings go both ways', async () => {
  const { wsPublic } = await start({}, { pingIntervalMs: 20 });
  const client = await SocketClient.connect(wsPublic);
  const pong = new Promise<string>((resolve) => client.socket.once('pong', (data) => resolve(data.toString())));
  client.socket.ping('are you there');
  expect(await pong).toBe('are you there');
  await client.until(() => client.pings > 3);
  expect(client.closedWith).toBeUndefined();
  await client.close();
});

test.each([1001, 1006, 1008] as const)('fault disconnect-%i arrives as that close code', async (code) => {
  const { wsPublic, exchange } = await start({ speed: 10 });
  exchange.orderFault(`disconnect-${code}`);
  const client = await SocketClient.connect(wsPublic);
  client.subscribe(['BTC/USD']);
  await client.until(() => client.closedWith !== undefined);
  expect(client.closedWith).toBe(code);
  expect(faults).toEqual([{ fault: `disconnect-${code}`, connection: 1, symbol: 'BTC/USD' }]);
});

test('fault half-open: the socket is open, and pings stay unanswered', async () => {
  const { wsPublic, exchange } = await start({ speed: 10 }, { pingIntervalMs: 10 });
  exchange.orderFault('half-open');
  const client = await SocketClient.connect(wsPublic);
  const witness = await SocketClient.connect(wsPublic);
  client.subscribe(['BTC/USD']);
  await witness.until(() => faults.length > 0);
  const pings = client.pings;
  let pongs = 0;
  client.socket.on('pong', () => (pongs += 1));
  client.socket.ping();
  const after = witness.pings;
  await witness.until(() => witness.pings > after + 10);
  expect(pongs).toBe(0);
  expect(client.pings).toBeLessThan(pings + 2);
  expect(client.closedWith).toBeUndefined();
  await client.close();
  await witness.close();
});

test('the strikes of a seed are the same over real sockets, run after run', async () => {
  const seed = 4711;
  const run = async () => {
    const rates = { checksum: 0.02, drop: 0.02, truncate: 0.01, reorder: 0.02 };
    const { wsPublic } = await start({ speed: 'max', seed, faults: rates });
    const client = await SocketClient.connect(wsPublic);
    client.subscribe(['BTC/USD']);
    await allOf(client);
    await client.close();
    await server?.close();
    const books = new ClientBooks({ 'BTC/USD': 10 });
    for (const frame of client.frames) books.take(frame);
    return { faults: [...faults], malformed: books.malformed, failed: books.failed };
  };
  const first = await run();
  expect(first.faults.length).toBeGreaterThan(20);
  expect(first.failed).toBeGreaterThan(0);
  expect(first.malformed).toBe(first.faults.filter(({ fault }) => fault === 'truncate').length);
  expect(await run()).toEqual(first);
});

test('on a thread of its own: serves, counts, strikes on order, and ends', async () => {
  const reports: FaultReport[] = [];
  const ended = Promise.withResolvers<void>();
  const thread = await startPracticeThread(
    { capture: BTC_USD, port: 0, settings: { speed: 'max' } },
    { onFault: (report) => reports.push(report), onMarketEnded: ended.resolve },
  );
  thread.orderFault('checksum', 2);
  const client = await SocketClient.connect(thread.wsPublic);
  client.subscribe(['BTC/USD'], 25);
  await ended.promise;
  client.say({ method: 'ping' });
  await client.frameWith('pong');
  const books = new ClientBooks({ 'BTC/USD': 25 });
  for (const frame of client.frames) books.take(frame);
  expect(books).toMatchObject({ failed: 2, verified: 2050 });
  expect(await thread.stats()).toMatchObject({ market: 'ended', clients: 1, faults: { checksum: 2 } });
  expect(reports).toHaveLength(2);
  expect(thread.notes.join()).toContain('made from the books');
  await thread.close();
  await client.until(() => client.closedWith !== undefined);
  expect(client.closedWith).toBe(1001);
});

test('a file that is no capture and a taken port are refused with their code', async () => {
  const none = { capture: fixture('sdk_orderbook_v2.json.gz'), port: 0 };
  await expect(startPracticeThread(none)).rejects.toMatchObject({ code: 'CAPTURE_UNREADABLE' });
  const { wsPublic } = await start();
  const port = Number(new URL(wsPublic).port);
  await expect(startPracticeThread({ capture: BTC_USD, port })).rejects.toMatchObject({ code: 'OPTION_INVALID' });
});
