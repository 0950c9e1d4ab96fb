/** The public socket in its first version: recorded frames say what is right. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseDecimal } from '../../../src/money/money.ts';
import { VirtualClock } from '../../../src/platform/clock.ts';
import { MarketBook } from '../../../src/practice/market/market-book.ts';
import { level } from '../../../src/practice/market/market-level.ts';
import { PRACTICE_DEFAULTS, PracticeExchange } from '../../../src/practice/practice-exchange.ts';
import { v1BookSnapshot, v1SideOrder, v1SideUpdate } from '../../../src/practice/protocols/kraken/v1/v1-frames.ts';
import { BTC_USD, fixture, GEMINI, tape } from '../captures.ts';
import { ClientEnd } from '../client-end.ts';
import { MadeExchange } from '../trading/made-exchange.ts';
import { V1Books } from './v1-book.ts';

class V1Client extends ClientEnd {
  constructor(exchange: PracticeExchange) {
    super((port) => exchange.connectPublicV1(port));
  }

  say(message: object): unknown[] {
    const from = this.frames.length;
    this.raw(JSON.stringify(message));
    return this.since(from);
  }

  subscribe(name: string, more: object = {}, pair: unknown = ['XBT/USD']): unknown[] {
    return this.say({ event: 'subscribe', pair, reqid: 7, subscription: { name, ...more } });
  }

  since(from: number): unknown[] {
    return this.frames.slice(from).map((frame) => JSON.parse(frame) as unknown);
  }
}

const RECORDED = JSON.parse(gunzipSync(readFileSync(fixture('sdk_orderbook_v1.json.gz'))).toString()) as {
  init: unknown[];
  updates: unknown[];
};
type Row = [string, string, string];
const isBook = (frame: unknown): frame is [number, ...Record<string, Row[] | string>[]] => Array.isArray(frame);

function open() {
  const made = new MadeExchange();
  return { made, client: new V1Client(made.exchange) };
}

test('the client that judges here finds every recorded checksum right', () => {
  const books = new V1Books();
  for (const frame of [...RECORDED.init, ...RECORDED.updates]) books.take(frame);
  expect(books).toMatchObject({ verified: 979, failed: 0, snapshots: 1 });
});

test('the recorded book, played into a book of ours, is written with the recorded digits and checksums', () => {
  const pair = new MadeExchange().trading.pair('BTC/USD');
  if (pair === undefined) throw new Error('no pair');
  const channel = { id: 336, name: 'book-10', pair };
  const book = new MarketBook('BTC/USD', 10, pair.scale, pair.wire);
  const levels = (rows: Row[] = []) =>
    rows.map(([price, qty]) => level(parseDecimal(price.replace(/0000$/, ''), 1), parseDecimal(qty, 8)));
  const rowsOf = (frame: unknown, key: string) =>
    isBook(frame) ? frame.slice(1, -2).flatMap((part) => ((part as Record<string, Row[]>)[key] ?? []) as Row[]) : [];
  const first = RECORDED.init.find(isBook);
  book.apply({ asks: levels(rowsOf(first, 'as')), bids: levels(rowsOf(first, 'bs')) }, true);
  const withoutTimes = (text: string) => text.replace(/,"\d+\.\d{6}"/g, '');
  expect(withoutTimes(v1BookSnapshot(channel, book, 10, 0))).toBe(withoutTimes(JSON.stringify(first)));
  let compared = 0;
  for (const frame of RECORDED.updates.filter(isBook)) {
    const before = book.levels;
    book.apply({ asks: levels(rowsOf(frame, 'a')), bids: levels(rowsOf(frame, 'b')) }, false);
    const change = { book, before, atMs: 0 };
    const made = v1SideOrder(change).flatMap((side) => v1SideUpdate(channel, change, side, 10) ?? []);
    const told = /"c":"(\d+)"/.exec(JSON.stringify(frame))?.[1];
    if (made.length === 0) continue; // several changes of one price that come to nothing
    expect(/"c":"(\d+)"/.exec(made.at(-1) ?? '')?.[1]).toBe(told);
    compared++;
  }
  expect(compared).toBeGreaterThan(950);
});

describe('books', () => {
  test.each([10, 25, 100])('of depth %i verify at every message, levels that come back are marked', (depth) => {
    const clock = new VirtualClock(1_785_641_750_000_000_000n);
    const exchange = new PracticeExchange(tape(BTC_USD), clock, { ...PRACTICE_DEFAULTS, openDelayMs: 0 });
    const client = new V1Client(exchange);
    client.subscribe('book', { depth });
    clock.advanceTo(clock.nowNs() + 60e9);
    const books = new V1Books();
    for (const frame of client.since(0)) books.take(frame);
    expect(exchange.stats().market).toBe('ended');
    expect(books).toMatchObject({ failed: 0, snapshots: 1 });
    expect(books.verified).toBeGreaterThan(900);
    expect(books.republished > 0).toBe(depth === 10);
  });

  test('of many pairs go on through loops without a second snapshot', () => {
    const clock = new VirtualClock(1_785_641_750_000_000_000n);
    const settings = { ...PRACTICE_DEFAULTS, openDelayMs: 0, loop: true, speed: 10 };
    const exchange = new PracticeExchange(tape(GEMINI), clock, settings);
    const client = new V1Client(exchange);
    const pairs = ['XBT/USD', 'ETH/USD', 'ETH/XBT'];
    client.subscribe('book', { depth: 25 }, pairs);
    clock.advanceTo(clock.nowNs() + 10e9);
    const books = new V1Books();
    for (const frame of client.since(0)) books.take(frame);
    expect(exchange.stats().passes).toBe(3);
    expect(books).toMatchObject({ failed: 0, snapshots: 3 });
    expect([...books.books.keys()].sort()).toEqual(pairs.toSorted());
  });
});

test('both sides of a change come one after the other, each with its checksum, and never cross a client', () => {
  const { made, client } = open();
  client.subscribe('book');
  const books = new V1Books();
  for (const frame of client.since(0)) books.take(frame);
  const moves = [
    {
      bids: [
        ['100.0', '0'],
        ['99.5', '0'],
        ['99.0', '0'],
        ['102.5', '1'],
      ],
      asks: [
        ['101.0', '0'],
        ['101.5', '0'],
        ['102.0', '0'],
        ['103.0', '1'],
      ],
    },
    {
      bids: [
        ['102.5', '0'],
        ['98.0', '1'],
      ],
      asks: [
        ['103.0', '0'],
        ['99.0', '1'],
      ],
    },
  ] as const;
  for (const move of moves) {
    const from = client.frames.length;
    made.tape(move);
    const told = client.since(from);
    expect(told).toHaveLength(2);
    for (const frame of told) {
      books.take(frame);
      const { bids, asks } = books.books.get('XBT/USD') ?? { bids: new Map(), asks: new Map() };
      const [bid, ask] = [[...bids.keys()][0], [...asks.keys()][0]];
      if (bid !== undefined && ask !== undefined) expect(Number(bid)).toBeLessThan(Number(ask));
    }
  }
  expect(books).toMatchObject({ failed: 0, verified: 4 });
});

describe('frames', () => {
  test('a subscription is acknowledged as the venue does, to the last field, and ends by number or by name', () => {
    const { client } = open();
    expect(client.frames[0]).toMatch(
      /^\{"connectionID":\d{19,20},"event":"systemStatus","status":"online","version":"1\.\d\.\d"\}$/,
    );
    client.subscribe('book');
    expect(client.frames[1]).toBe(
      '{"channelID":16,"channelName":"book-10","event":"subscriptionStatus","pair":"XBT/USD","reqid":7,"status":"subscribed","subscription":{"depth":10,"name":"book"}}',
    );
    expect(client.frames[2]).toMatch(
      /^\[16,\{"as":\[\["101\.00000","1\.00000000","\d+\.\d{6}"\],.*\},"book-10","XBT\/USD"\]$/,
    );
    expect(client.subscribe('book')).toEqual([
      {
        errorMessage: 'Already subscribed',
        event: 'subscriptionStatus',
        pair: 'XBT/USD',
        reqid: 7,
        status: 'error',
        subscription: { depth: 10, name: 'book' },
      },
    ]);
    expect(client.say({ event: 'unsubscribe', channelID: 16 })).toMatchObject([
      { status: 'unsubscribed', channelID: 16 },
    ]);
    expect(client.say({ event: 'unsubscribe', channelID: 16 })).toMatchObject([{ status: 'error' }]);
    client.subscribe('book', { depth: 25 });
    const other = { event: 'unsubscribe', pair: ['XBT/USD'], subscription: { name: 'book', depth: 10 } };
    expect(client.say(other)).toMatchObject([{ errorMessage: 'Subscription Not Found' }]);
    expect(client.say({ ...other, subscription: { name: 'book', depth: 25 } })).toMatchObject([
      { status: 'unsubscribed' },
    ]);
  });

  test('ticker, trade, spread and candles come with a trade, numbers as the venue writes them', () => {
    const { made, client } = open();
    for (const [name, more] of [
      ['ticker', {}],
      ['trade', {}],
      ['spread', {}],
      ['ohlc', { interval: 5 }],
    ] as const)
      client.subscribe(name, more);
    const [ticker, spread, candle] = client.since(1).filter(Array.isArray) as unknown[][];
    expect(ticker?.slice(1)).toEqual([
      {
        a: ['101.00000', 1, '1.00000000'],
        b: ['100.00000', 1, '1.00000000'],
        c: ['100.00000', '0.00000000'],
        v: ['0.00000000', '0.00000000'],
        p: ['100.00000', '100.00000'],
        t: [0, 0],
        l: ['100.00000', '100.00000'],
        h: ['100.00000', '100.00000'],
        o: ['100.00000', '100.00000'],
      },
      'ticker',
      'XBT/USD',
    ]);
    const time = expect.stringMatching(/^\d{10}\.\d{6}$/);
    expect(spread?.slice(1)).toEqual([
      ['100.00000', '101.00000', time, '1.00000000', '1.00000000'],
      'spread',
      'XBT/USD',
    ]);
    expect(candle?.at(-2)).toBe('ohlc-5');
    const from = client.frames.length;
    made.add('alice', { orderType: 'market', qty: '0.5' });
    const told = (client.since(from) as unknown[][]).map((frame) => [frame.at(-2), frame[1]]);
    const by = Object.fromEntries(told) as Record<string, unknown>;
    expect(by['trade']).toEqual([['101.00000', '0.50000000', time, 'b', 'm', '']]);
    expect(by['ticker']).toMatchObject({
      a: ['101.00000', 0, '0.50000000'],
      c: ['101.00000', '0.50000000'],
      t: [1, 1],
    });
    expect(by['spread']).toEqual(['100.00000', '101.00000', time, '1.00000000', '0.50000000']);
    expect(by['ohlc-5']).toEqual([
      time,
      time,
      '100.00000',
      '101.00000',
      '100.00000',
      '101.00000',
      '101.00000',
      '0.50000000',
      1,
    ]);
  });

  test('heartbeats, pings and states are those of this version', () => {
    const { made, client } = open();
    expect(client.say({ event: 'ping', reqid: 42 })).toEqual([{ event: 'pong', reqid: 42 }]);
    client.subscribe('trade');
    const from = client.frames.length;
    made.run(3_500);
    expect(client.frames.slice(from)).toEqual(Array(3).fill('{"event":"heartbeat"}'));
    made.exchange.market.setSystem('maintenance');
    expect(client.since(from).at(-1)).toMatchObject({ event: 'systemStatus', status: 'maintenance' });
  });
});

describe('refusals', () => {
  test.each([
    ['book', { depth: 42 }, ['XBT/USD'], 'Subscription depth not supported'],
    ['book', { depth: 'ten' }, ['XBT/USD'], 'Subscription book depth must be an integer'],
    ['ohlc', { interval: 7 }, ['XBT/USD'], 'Subscription ohlc interval not supported'],
    ['ohlc', { interval: null }, ['XBT/USD'], 'Subscription ohlc interval must be an integer'],
    ['moon', {}, ['XBT/USD'], 'Subscription name invalid'],
    ['ownTrades', {}, ['XBT/USD'], 'Subscription name invalid'],
    ['book', {}, 'XBT/USD', 'Pair field must be an array'],
    ['book', {}, [], 'Pair field must be an array'],
    ['book', {}, ['BTC/USD'], 'Currency pair not supported BTC/USD'],
    ['book', {}, ['XBTUSD'], 'Currency pair not in ISO 4217-A3 format XBTUSD'],
    ['book', {}, ['__proto__/USD'], 'Currency pair not supported __proto__/USD'],
  ])('%s %j %j: %s', (name, more, pair, errorMessage) => {
    expect(open().client.subscribe(name, more, pair)).toMatchObject([
      { event: 'subscriptionStatus', status: 'error', errorMessage, reqid: 7 },
    ]);
  });

  test('of what is no request of this version', () => {
    const { client } = open();
    expect(client.say({ event: 'addOrder' })).toMatchObject([{ event: 'error', errorMessage: 'Event(s) not found' }]);
    expect(client.say({ method: 'ping' })).toMatchObject([{ event: 'error', errorMessage: 'Event(s) not found' }]);
    client.raw('{"event":');
    expect(client.since(0).at(-1)).toMatchObject({ event: 'error', errorMessage: 'Malformed request' });
  });

  test('anything else at all is answered and changes nothing', () => {
    const { client, made } = open();
    const request = fc.record(
      {
        event: fc.constantFrom('subscribe', 'unsubscribe', 'ping', 'x'),
        pair: fc.jsonValue(),
        reqid: fc.jsonValue(),
        subscription: fc.jsonValue(),
        channelID: fc.jsonValue(),
      },
      { requiredKeys: ['event'] },
    );
    fc.assert(
      fc.property(request, (message) => {
        made.run(1_000);
        expect(client.say(message).length).toBeGreaterThan(0);
        expect(client.closedWith).toBeUndefined();
      }),
      { numRuns: 500, seed: 8 },
    );
  });
});
