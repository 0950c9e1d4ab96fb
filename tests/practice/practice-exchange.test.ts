import { describe, expect, test } from 'vitest';
import { VirtualClock } from '../../src/platform/clock.ts';
import type { FaultReport } from '../../src/practice/faults/fault-plan.ts';
import { FAULT_NAMES, FAULTS, type FaultName } from '../../src/practice/faults/faults.ts';
import { PRACTICE_DEFAULTS, PracticeExchange, type PracticeSettings } from '../../src/practice/practice-exchange.ts';
import { BITFLYER, BTC_USD, GEMINI, TWO_SOCKETS, tape } from './captures.ts';
import { ClientBooks } from './client-book.ts';
import { InlineClient } from './inline-client.ts';

const TAPES = { btc: tape(BTC_USD), two: tape(TWO_SOCKETS), gemini: tape(GEMINI), bitflyer: tape(BITFLYER) };

function open(name: keyof typeof TAPES, settings: Partial<PracticeSettings> = {}) {
  const clock = new VirtualClock(1_785_641_750_000_000_000n);
  const faults: FaultReport[] = [];
  const exchange = new PracticeExchange(
    TAPES[name],
    clock,
    { ...PRACTICE_DEFAULTS, openDelayMs: 0, ...settings },
    { onFault: (report) => faults.push(report) },
  );
  const run = (ms: number) => clock.advanceTo(clock.nowNs() + ms * 1e6);
  return { exchange, clock, run, faults, client: () => new InlineClient(exchange) };
}

function booksOf(client: InlineClient, depths: Record<string, number>): ClientBooks {
  const books = new ClientBooks(depths);
  for (const frame of client.frames) books.take(frame);
  return books;
}

describe('what is served', () => {
  test.each([10, 25, 100, 500, 1000])('depth %i from a recording of depth 25 verifies at every message', (depth) => {
    const { client, run, exchange } = open('two');
    const one = client();
    one.subscribe(['ETH/USD', 'XRP/USD'], depth);
    run(60_000);
    const books = booksOf(one, { 'ETH/USD': depth, 'XRP/USD': depth });
    expect(exchange.stats().market).toBe('ended');
    expect(books).toMatchObject({ failed: 0, malformed: 0, snapshots: 2 });
    expect(books.verified).toBeGreaterThan(depth === 10 ? 1_000 : 2_200);
  });

  test('a recording that subscribed anew is reported as differences: no standing subscription gets a second snapshot', () => {
    const { client, run } = open('bitflyer');
    const one = client();
    const symbols = TAPES.bitflyer.symbols.map(({ symbol }) => symbol);
    one.subscribe(symbols);
    run(40_000);
    const books = booksOf(one, Object.fromEntries(symbols.map((symbol) => [symbol, 10])));
    expect(books).toMatchObject({ failed: 0, snapshots: symbols.length });
  });

  test('numbers are padded as the venue writes them', () => {
    const { client, run } = open('btc');
    const one = client();
    one.subscribe(['BTC/USD'], 25);
    run(5_000);
    const prices = one.frames.join().match(/"price":[\d.]+/g) ?? [];
    const quantities = one.frames.join().match(/"qty":[\d.]+/g) ?? [];
    expect(prices.length).toBeGreaterThan(100);
    expect(prices.every((price) => /^"price":\d+\.\d$/.test(price))).toBe(true);
    expect(quantities.every((qty) => /^"qty":\d+\.\d{8}$/.test(qty))).toBe(true);
    expect(quantities).toContain('"qty":0.00000000');
  });

  test('every client gets the same market, whenever it came', () => {
    const { client, run } = open('btc');
    const early = client();
    early.subscribe(['BTC/USD'], 25);
    run(20_000);
    const late = client();
    late.subscribe(['BTC/USD'], 25);
    const late10 = client();
    late10.subscribe(['BTC/USD'], 10);
    run(40_000);
    const [a, b, c] = [early, late, late10].map((one) => booksOf(one, { 'BTC/USD': one === late10 ? 10 : 25 }));
    expect([a?.failed, b?.failed, c?.failed]).toEqual([0, 0, 0]);
    const known = b?.seen.length ?? 0;
    expect(known).toBeGreaterThan(500);
    expect(a?.seen.slice(-(known - 1))).toEqual(b?.seen.slice(1));
    expect(c?.books.get('BTC/USD')?.asks).toEqual(new Map([...(a?.books.get('BTC/USD')?.asks ?? [])].slice(0, 10)));
  });

  test('with loop the recording begins again as differences that every subscription can follow, and time goes on', () => {
    const { client, run, exchange } = open('gemini', { loop: true, speed: 10 });
    const one = client();
    const symbols = TAPES.gemini.symbols.map(({ symbol }) => symbol);
    one.subscribe(symbols, 25);
    run(10_000);
    const books = booksOf(one, Object.fromEntries(symbols.map((symbol) => [symbol, 25])));
    expect(exchange.stats().passes).toBe(3);
    expect(books).toMatchObject({ failed: 0, snapshots: symbols.length });
    for (const symbol of symbols) {
      const held = [...(books.books.get(symbol)?.asks ?? [])].map(([price, qty]) => `{"price":${price},"qty":${qty}}`);
      expect(`[${held.join(',')}]`).toBe(exchange.market.books.get(symbol)?.snapshotSide('ask', 25));
    }
    const times = one.frames.flatMap((frame) => frame.match(/"timestamp":"([^"]+)"/)?.[1] ?? []);
    expect(times).toEqual([...times].sort());
    expect(times.at(-1)).toMatch(/^2026-08-02T03:35:\d\d\.\d{6}Z$/);
  });

  test('without loop the market ends and heartbeats go on', () => {
    const { client, run, exchange } = open('btc', { speed: 100 });
    const one = client();
    one.subscribe(['BTC/USD']);
    run(2_000);
    expect(exchange.stats().market).toBe('ended');
    const before = one.frames.length;
    run(5_000);
    expect(one.frames.slice(before)).toEqual(Array(5).fill('{"channel":"heartbeat"}'));
  });

  test('the same seed gives the same bytes', () => {
    const play = () => {
      const { client, run } = open('gemini', { seed: 7, faults: { checksum: 0.05, drop: 0.05, duplicate: 0.05 } });
      const one = client();
      one.subscribe(['BTC/USD', 'ETH/USD']);
      run(20_000);
      return one.frames;
    };
    expect(play()).toEqual(play());
  });
});

describe('protocol', () => {
  test('status comes on connect, its connection_id beyond 2^53 and different for each client', () => {
    const { client } = open('btc');
    const ids = [client(), client()].map((one) => one.frames[0]?.match(/"connection_id":(\d+)/)?.[1] ?? '0');
    expect(ids.every((id) => BigInt(id) > 2n ** 63n)).toBe(true);
    expect(new Set(ids).size).toBe(2);
    expect(client().last()).toMatchObject({ channel: 'status', type: 'update', data: [{ system: 'online' }] });
  });

  test('one acknowledgement per symbol with the same req_id, then its snapshot', () => {
    const { client } = open('two');
    const one = client();
    one.subscribe(['ETH/USD', 'XRP/USD'], 25, 17);
    expect(one.frames.map((frame) => JSON.parse(frame)).slice(1)).toMatchObject([
      { method: 'subscribe', req_id: 17, success: true, result: { channel: 'book', depth: 25, symbol: 'ETH/USD' } },
      { channel: 'book', type: 'snapshot', data: [{ symbol: 'ETH/USD' }] },
      {
        method: 'subscribe',
        req_id: 17,
        success: true,
        result: { channel: 'book', snapshot: true, symbol: 'XRP/USD' },
      },
      { channel: 'book', type: 'snapshot', data: [{ symbol: 'XRP/USD' }] },
    ]);
    expect(one.frames[1]).toMatch(/"time_in":"2026-08-02T[\d:.]{15}Z","time_out":"2026-08-02T[\d:.]{15}Z"/);
  });

  test('instrument answers with its warning and the snapshot', () => {
    const { client } = open('gemini');
    const one = client();
    one.say({ method: 'subscribe', params: { channel: 'instrument' }, req_id: 3 });
    expect(one.having('"method"')[0]).toMatchObject({
      req_id: 3,
      success: true,
      result: { channel: 'instrument', warnings: ['tick_size is deprecated, use price_increment'] },
    });
    expect(one.frames.at(-1)).toContain('"qty_increment":1e-08');
    expect(one.last()).toMatchObject({ channel: 'instrument', type: 'snapshot' });
  });

  test.each<[string, unknown, object]>([
    [
      'an unknown symbol',
      book({ symbol: ['WWW/USD'] }),
      { error: 'Currency pair not supported WWW/USD', symbol: 'WWW/USD' },
    ],
    ['an unsupported depth', book({ symbol: ['BTC/USD'], depth: 20 }), { error: 'Subscription depth not supported' }],
    ['an unknown channel', book({ channel: 'boook' }), { error: 'Subscription name invalid' }],
    ['a channel there is not', book({ channel: 'level3' }), { error: 'Subscription name invalid' }],
    ['a subscription to status', book({ channel: 'status' }), { error: 'Symbol(s) not found' }],
    ['an unknown field', book({ symbol: ['BTC/USD'], dept: 10 }), { error: "Unsupported field: 'dept'" }],
    ['a symbol that is no list', book({ symbol: 'BTC/USD' }), { error: 'Symbol field must be an array' }],
    [
      'a snapshot that is no boolean',
      book({ symbol: ['BTC/USD'], snapshot: 1 }),
      { error: "Field 'snapshot' must be a boolean" },
    ],
    ['a missing method', { req_id: 9 }, { error: 'Method(s) not found', req_id: 9 }],
    ['an unknown method', { method: 'add_order' }, { error: 'Method(s) not found', method: 'add_order' }],
    ['missing params', { method: 'subscribe' }, { error: 'Params field must be an object' }],
    ['a req_id that is no integer', { method: 'ping', req_id: 'x' }, { error: "Field 'req_id' must be an integer" }],
    ['text that is no JSON', '{"method":', { error: 'Malformed request' }],
    ['JSON that is no object', '[1,2]', { error: 'Malformed request' }],
    [
      'unsubscribing what is not subscribed',
      { ...book({ symbol: ['BTC/USD'] }), method: 'unsubscribe' },
      { error: 'Subscription Not Found' },
    ],
  ])('%s is refused and harms nothing', (_what, request, reply) => {
    const { client, run } = open('btc');
    const one = client();
    one.say(request);
    expect(one.last()).toMatchObject({ success: false, ...reply });
    one.subscribe(['BTC/USD']);
    run(5_000);
    expect(booksOf(one, { 'BTC/USD': 10 })).toMatchObject({ failed: 0, snapshots: 1 });
  });

  test('a second subscription to a symbol is refused, with another depth too', () => {
    const { client } = open('btc');
    const one = client();
    one.subscribe(['BTC/USD'], 10);
    for (const depth of [10, 25]) {
      one.subscribe(['BTC/USD'], depth, depth);
      expect(one.last()).toMatchObject({
        success: false,
        error: 'Already subscribed',
        symbol: 'BTC/USD',
        req_id: depth,
      });
    }
  });

  test('after unsubscribe nothing more comes, and it must name the depth', () => {
    const { client, run } = open('btc');
    const one = client();
    one.subscribe(['BTC/USD'], 25);
    run(2_000);
    one.say({ method: 'unsubscribe', params: { channel: 'book', symbol: ['BTC/USD'], depth: 10 }, req_id: 4 });
    expect(one.last()).toMatchObject({ success: false, req_id: 4 });
    one.say({ method: 'unsubscribe', params: { channel: 'book', symbol: ['BTC/USD'], depth: 25 }, req_id: 5 });
    expect(one.last()).toMatchObject({ success: true, req_id: 5, result: { depth: 25, symbol: 'BTC/USD' } });
    const before = one.frames.length;
    run(10_000);
    expect(one.frames).toHaveLength(before);
  });

  test('ping is answered with pong and its req_id, as spelled', () => {
    const { client } = open('btc');
    const one = client();
    one.say('{"method":"ping","req_id":9007199254740993}');
    expect(one.frames.at(-1)).toMatch(
      /^\{"method":"pong","req_id":9007199254740993,"time_in":"[^"]+","time_out":"[^"]+"\}$/,
    );
  });

  test('heartbeats fill silences of a second, and only those', () => {
    const { client, run } = open('btc');
    const quiet = client();
    quiet.say({ method: 'subscribe', params: { channel: 'instrument' } });
    run(10_000);
    expect(quiet.having('heartbeat')).toHaveLength(10);
    const busy = client();
    busy.subscribe(['BTC/USD'], 25);
    run(10_000);
    // The recording itself had 50 heartbeats in 50 seconds beside 2,052 updates: its silences are short.
    expect(busy.having('heartbeat').length).toBeLessThan(4);
  });

  test('a client without subscription that says nothing is closed after a minute', () => {
    const { client, run, exchange } = open('btc');
    const one = client();
    run(50_000);
    one.say({ method: 'ping' });
    run(59_000);
    expect(one.closedWith).toBeUndefined();
    run(2_000);
    expect(one.closedWith).toBe(1000);
    expect(one.having('heartbeat')).toEqual([]);
    expect(exchange.stats()).toMatchObject({ clients: 0, idleClosed: 1 });
  });

  test('beyond the message rate requests are answered in the venue’s odd way and not carried out', () => {
    const { client, run } = open('btc');
    const one = client();
    for (let i = 0; i < 60; i += 1) one.say({ method: 'ping', req_id: i });
    expect(one.frames.filter((frame) => frame === '{"Error":"Exceeded msg rate"}')).toHaveLength(10);
    run(1_000);
    one.say({ method: 'ping', req_id: 99 });
    expect(one.last()).toMatchObject({ method: 'pong', req_id: 99 });
  });

  test('one connection attempt too many closes the door for a whole window', () => {
    const { exchange, run } = open('btc');
    const admitted = Array.from({ length: 151 }, () => exchange.admit());
    expect(admitted.indexOf(false)).toBe(150);
    run(599_000);
    expect(exchange.admit()).toBe(false);
    run(2_000);
    expect(exchange.admit()).toBe(true);
  });

  test('a client that does not read is cut off; at speed max the market waits for it first', () => {
    const { client, run, exchange } = open('btc', { speed: 'max' });
    const slow = client();
    slow.subscribe(['BTC/USD']);
    slow.buffered = 300_000;
    run(4_000);
    expect(exchange.stats()).toMatchObject({ eventsPlayed: 0, slowClientsCut: 0 });
    run(2_000);
    expect(slow.closedWith).toBe(1006);
    expect(exchange.stats()).toMatchObject({ slowClientsCut: 1, clients: 0 });
    const real = open('btc');
    const stuck = real.client();
    stuck.subscribe(['BTC/USD']);
    stuck.buffered = 10_000_000;
    real.run(1_000);
    expect(stuck.closedWith).toBe(1006);
  });
});

describe('faults', () => {
  /** Two symbols at depth 10 with one fault ordered after five quiet seconds. */
  function strike(fault: FaultName) {
    const opened = open('two');
    const one = opened.client();
    one.say({ method: 'subscribe', params: { channel: 'instrument' } });
    one.subscribe(['ETH/USD', 'XRP/USD']);
    opened.run(5_000);
    opened.exchange.orderFault(fault);
    const before = one.frames.length;
    opened.run(10_000);
    expect(opened.faults).toEqual([
      { fault, connection: expect.any(Number), symbol: fault === 'status' ? undefined : expect.any(String) },
    ]);
    return { ...opened, one, after: one.frames.slice(before), books: booksOf(one, { 'ETH/USD': 10, 'XRP/USD': 10 }) };
  }

  test('checksum: one message does not verify, the next ones do', () => {
    expect(strike('checksum').books).toMatchObject({ failed: 1, malformed: 0 });
  });

  test.each<FaultName>(['digit', 'drop', 'reorder'])('%s: the book no longer verifies', (fault) => {
    expect(strike(fault).books.failed).toBeGreaterThan(0);
  });

  test('duplicate: the same frame twice in a row', () => {
    const { after, books } = strike('duplicate');
    expect(after.filter((frame, i) => frame.includes('update') && frame === after[i - 1])).toHaveLength(1);
    expect(books.failed).toBe(0);
  });

  test('truncate: one frame is no JSON', () => {
    expect(strike('truncate').books.malformed).toBe(1);
  });

  test('silent: one subscription says nothing more, the other goes on, a new subscription heals it', () => {
    const { after, faults, one, run } = strike('silent');
    const symbol = faults[0]?.symbol ?? '';
    expect(after.filter((frame) => frame.includes(`"symbol":"${symbol}"`))).toEqual([]);
    expect(after.filter((frame) => frame.includes('"channel":"book"')).length).toBeGreaterThan(100);
    one.say({ method: 'unsubscribe', params: { channel: 'book', symbol: [symbol] } });
    one.subscribe([symbol]);
    run(5_000);
    expect(booksOf(one, {}).failed).toBe(0);
  });

  test('half-open: nothing more comes, not even heartbeat or pong, and nothing is closed', () => {
    const { after, one } = strike('half-open');
    expect(after).toEqual([]);
    one.say({ method: 'ping' });
    expect(one.frames.at(-1)).not.toContain('pong');
    expect(one.answersPings()).toBe(false);
    expect(one.closedWith).toBeUndefined();
  });

  test.each([1001, 1006, 1008] as const)('disconnect-%i: the connection ends with that code', (code) => {
    const { after, one } = strike(`disconnect-${code}`);
    expect(one.closedWith).toBe(code);
    expect(after.length).toBeLessThan(3);
  });

  test('status: maintenance, and online again', () => {
    const { after } = strike('status');
    const states = after.flatMap((frame) => frame.match(/"system":"(\w+)"/)?.[1] ?? []);
    expect(states).toEqual(['maintenance', 'online']);
  });

  test('instrument-status: a pair is cancel_only for a while', () => {
    const { after } = strike('instrument-status');
    const states = after.flatMap((frame) => frame.match(/"symbol":"ETH\/USD".*"status":"(\w+)"/)?.[1] ?? []);
    expect(states).toEqual(['cancel_only', 'online']);
  });

  test('instrument-precision: announced, written with one more digit from then on, and verifying', () => {
    const { after, books } = strike('instrument-precision');
    expect(after.filter((frame) => frame.includes('"price_precision":3'))).toHaveLength(1);
    const announced = after.findIndex((frame) => frame.includes('"price_precision":3'));
    const eth = after.slice(announced + 1).filter((frame) => frame.includes('"symbol":"ETH/USD"'));
    expect(eth.length).toBeGreaterThan(10);
    expect(eth.every((frame) => !/"price":\d+\.\d{1,2},/.test(frame))).toBe(true);
    expect(eth.join()).toMatch(/"price":\d+\.\d{3},/);
    // A client that keeps the old digits of levels that did not change cannot verify: it must resubscribe.
    expect(books.failed).toBeGreaterThan(0);
  });

  test.each<[FaultName, object]>([
    ['subscribe-error', { acks: 0, errors: 1, snapshots: 0, updates: 0 }],
    ['no-snapshot', { acks: 1, errors: 0, snapshots: 0, updates: 1 }],
    ['no-data', { acks: 1, errors: 0, snapshots: 0, updates: 0 }],
  ])('%s: the client sees %o', (fault, seen) => {
    const { client, run, exchange } = open('btc');
    exchange.orderFault(fault);
    const one = client();
    one.subscribe(['BTC/USD']);
    run(5_000);
    expect({
      acks: one.having('"success":true').length,
      errors: one.having('"success":false').length,
      snapshots: one.having('"type":"snapshot"').length,
      updates: Math.min(1, one.frames.filter((frame) => frame.includes('"book","type":"update"')).length),
    }).toEqual(seen);
  });

  test('slow-ack: data begins before the acknowledgement', () => {
    const { client, run, exchange } = open('btc');
    exchange.orderFault('slow-ack');
    const one = client();
    one.subscribe(['BTC/USD']);
    run(5_000);
    const ack = one.frames.findIndex((frame) => frame.includes('"method":"subscribe"'));
    const snapshot = one.frames.findIndex((frame) => frame.includes('"type":"snapshot"'));
    expect(snapshot).toBe(1);
    expect(ack).toBeGreaterThan(snapshot + 10);
  });

  test('every fault strikes by its probability, and one does not move the strikes of another', () => {
    const strikesOf = (faults: Partial<Record<FaultName, number>>) => {
      const opened = open('two', { seed: 11, faults });
      const one = opened.client();
      one.subscribe(['ETH/USD', 'XRP/USD'], 25);
      opened.run(40_000);
      return opened.faults;
    };
    const alone = strikesOf({ checksum: 0.05 });
    const both = strikesOf({ checksum: 0.05, duplicate: 0.1 });
    expect(alone.length).toBeGreaterThan(60);
    expect(alone.length).toBeLessThan(160);
    expect(both.filter(({ fault }) => fault === 'checksum')).toEqual(alone);
    expect(both.length).toBeGreaterThan(alone.length);
  });

  test('the public half of the catalogue is complete: each fault is drawn somewhere', () => {
    const struck = new Set<FaultName>();
    const ofPublic = FAULT_NAMES.filter((fault) => ['update', 'subscribe', 'second'].includes(FAULTS[fault].when));
    for (const fault of ofPublic) {
      const { client, run, exchange, faults } = open('btc', { faults: { [fault]: 1 } });
      const one = client();
      one.subscribe(['BTC/USD']);
      run(3_000);
      for (const report of faults) struck.add(report.fault);
      exchange.close();
    }
    expect([...struck].sort()).toEqual(ofPublic.sort());
  });
});

function book(params: object) {
  return { method: 'subscribe', params: { channel: 'book', ...params }, req_id: 9 };
}
