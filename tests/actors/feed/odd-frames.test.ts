/** Frames that a venue is not expected to send, from the router to the books that the detector would trade upon. */

import { describe, expect, test } from 'vitest';
import { FeedMemory } from '../../../src/actors/feed/feed-memory.ts';
import { FrameRouter } from '../../../src/actors/feed/frame-router.ts';
import type { FrameSource } from '../../../src/actors/feed/sources/frame-source.ts';
import { CLAMPED_LOTS } from '../../../src/market/clamped-levels.ts';
import { instrumentIndex } from '../../../src/market/instrument.ts';
import { parseDecimal } from '../../../src/money/money.ts';
import { bookChecksum } from '../../../src/venues/kraken/market/checksum.ts';
import { createTestContext } from '../../support/test-context.ts';
import { BookStage } from '../book/stage.ts';

type Level = readonly [price: string, qty: string];

const quietSource: FrameSource = {
  start: () => {},
  poll: () => 0,
  onTimer: () => {},
  onReply: () => {},
  onBookMessage: () => {},
  onInstruments: () => {},
  resync: () => false,
  stop: () => {},
};

const PAIRS = ['ETH/USD', 'BTC/USD'] as const;
const PRICE_DECIMALS = 2;
const QTY_DECIMALS = 8;

const instruments = JSON.stringify({
  channel: 'instrument',
  type: 'snapshot',
  data: {
    assets: ['USD', 'ETH', 'BTC'].map((id) => ({ id, status: 'enabled', precision: 10, precision_display: 5 })),
    pairs: PAIRS.map((symbol) => ({
      symbol,
      base: symbol.split('/')[0],
      quote: 'USD',
      status: 'online',
      qty_precision: QTY_DECIMALS,
      qty_increment: 1e-8,
      price_precision: PRICE_DECIMALS,
      price_increment: 0.01,
      tick_size: 0.01,
      cost_precision: 5,
      cost_min: 0.5,
      qty_min: 0.0001,
    })),
  },
});

const scaled = (levels: readonly Level[]) =>
  levels.map(([price, qty]) => ({
    price: parseDecimal(price, PRICE_DECIMALS),
    qty: parseDecimal(qty, QTY_DECIMALS),
  }));

/** A snapshot with the checksum of its own levels. */
function snapshot(symbol: string, asks: readonly Level[], bids: readonly Level[]): string {
  const side = (levels: readonly Level[]) => levels.map(([price, qty]) => `{"price":${price},"qty":${qty}}`).join();
  const checksum = bookChecksum(scaled(asks), scaled(bids));
  return `{"channel":"book","type":"snapshot","data":[{"symbol":"${symbol}","bids":[${side(bids)}],"asks":[${side(asks)}],"checksum":${checksum}}]}`;
}

const PLAIN_ASKS: readonly Level[] = [
  ['3000.00', '5.00000000'],
  ['3000.01', '5.00000000'],
];
const PLAIN_BIDS: readonly Level[] = [['2999.00', '5.00000000']];

/** Router and book actor on the same rings. */
function startStage() {
  const feed = createTestContext('feed');
  const router = new FrameRouter(feed.context, new FeedMemory(feed.context.ownMemory));
  router.recover(quietSource);
  const books = new BookStage({ memory: feed.memory, clock: feed.clock });
  const send = (frame: string): void => {
    const bytes = Buffer.from(frame);
    expect(router.onFrame(0, bytes, 0, bytes.length, 1, 0, false)).toBe(true);
    books.run();
  };
  send(instruments);
  return { feed, books, send, router, valid: () => books.counters['books_valid'] };
}

function stageWithBooks() {
  const stage = startStage();
  for (const symbol of PAIRS) stage.send(snapshot(symbol, PLAIN_ASKS, PLAIN_BIDS));
  expect(stage.valid()).toBe(2);
  return stage;
}

describe('a frame of no known kind', () => {
  test.each([
    '{"event":"announcement","text":"x"}',
    '[]',
    'null',
    '"hello"',
    '17',
    '{"channel":"announcements","type":"update","data":[]}',
    '{"channel":7,"data":[{"note":1}]}',
    '{"method":"notice","result":{}}',
    '{"channel":"instrument","type":"update","data":7}',
    'ping',
    '',
  ])('%s leaves every book valid', (frame) => {
    const { send, valid, books } = stageWithBooks();
    for (let times = 0; times < 20; times++) send(frame);
    expect(valid()).toBe(2);
    expect(books.resyncs()).toEqual([]);
  });

  test('is counted, kept for diagnosis, and recorded with its beginning', () => {
    const { feed, send, router } = stageWithBooks();
    send('{"event":"announcement","text":"maintenance on Sunday"}');
    expect(feed.context.counters.get('frames_unknown')).toBe(1);
    expect(feed.context.counters.get('frames_malformed')).toBe(0);
    expect(router.malformedFrames()).toHaveLength(1);
    expect(feed.audits().filter(({ event }) => event === 'frame_unknown')).toMatchObject([
      { text: expect.stringContaining('maintenance on Sunday') },
    ]);
  });

  test('costs the one book that it names, and no other', () => {
    const { send, valid, books } = stageWithBooks();
    send('{"chanel":"book","type":"update","data":[{"symbol":"ETH/USD","bids":[]}]}');
    expect(valid()).toBe(1);
    expect(books.resyncs()).toMatchObject([{ instrument: 0, reason: 'malformed' }]);
  });

  test.each(['{', '{"channel":"book","type":"update","data":[{"sym', '{"channel":"book","type":"update","data":7}'])(
    '%s may have been of any book of the connection: all are void',
    (frame) => {
      const { send, valid } = stageWithBooks();
      send(frame);
      expect(valid()).toBe(0);
    },
  );

  test('a status that cannot be read is an unknown status', () => {
    const { feed, send } = stageWithBooks();
    send('{"channel":"status","type":"update","data":[{"system":"online"}]}');
    expect(feed.context.counters.get('system_status')).toBe(1);
    send('{"channel":"status","type":"update","data":[{"version":"2.0.0"}]}');
    expect(feed.context.counters.get('system_status')).toBe(0);
  });
});

describe('a level that is too large to count', () => {
  const most = CLAMPED_LOTS;
  const wall = '1000000000000.00000000';

  test.each([
    ['10^12 coins, the best bid', PLAIN_ASKS, [['2999.00', wall]]],
    ['10^12 coins, behind the best ask', [...PLAIN_ASKS, ['3000.02', wall]], PLAIN_BIDS],
    ['just beyond 2^62 lots', [['3000.00', '46116860184.27387904']], PLAIN_BIDS],
    ['just beyond 2^63 lots', [['3000.00', '92233720368.54775808']], PLAIN_BIDS],
    ['beyond 2^64 lots, on both sides', [['3000.00', '184467440737.09551617']], [['2999.00', wall]]],
    ['nearly 2^96 lots', [['3000.00', '792281625142643375935.43950335']], PLAIN_BIDS],
  ] as const)(
    '%s: the checksum verifies, and the book stands with the most that can be counted',
    (_what, asks, bids) => {
      const { feed, send, valid, books } = startStage();
      send(snapshot('ETH/USD', asks, bids));
      expect(valid()).toBe(1);
      const version = books.asOf(instrumentIndex(0), feed.context.counters.get('frame_seq'));
      const held = (levels: readonly Level[]) =>
        scaled(levels).map(({ price, qty }) => [price, qty > most ? most : qty]);
      expect(version).toMatchObject({ asks: held(asks), bids: held(bids) });
      expect(feed.context.counters.get('levels_clamped')).toBeGreaterThan(0);
      expect(feed.audits().filter(({ event }) => event === 'level_clamped')[0]?.text).toMatch(
        /^ETH\/USD: a level of \d+\.\d{8} is more than can be counted; it stands as 46116860184\.27387903$/,
      );
    },
  );

  test('updates go on beside it, and it may shrink, be deleted and come back', () => {
    const { feed, send, valid, books } = startStage();
    const asks: [string, string][] = [
      ['3000.00', wall],
      ...PLAIN_ASKS.slice(1).map(([p, q]) => [p, q] as [string, string]),
    ];
    send(snapshot('ETH/USD', asks, PLAIN_BIDS));
    const update = (price: string, qty: string, after: readonly Level[]) =>
      send(
        `{"channel":"book","type":"update","data":[{"symbol":"ETH/USD","bids":[],"asks":[{"price":${price},"qty":${qty}}],"checksum":${bookChecksum(scaled(after), scaled(PLAIN_BIDS))}}]}`,
      );
    const [, second] = PLAIN_ASKS as [Level, Level];
    update('3000.01', '7.00000000', [
      ['3000.00', wall],
      ['3000.01', '7.00000000'],
    ]);
    update('3000.01', '5.00000000', [['3000.00', wall], second]);
    update('3000.00', '2000000000000.5', [['3000.00', '2000000000000.5'], second]);
    update('3000.00', '46116860184.27387903', [['3000.00', '46116860184.27387903'], second]);
    update('3000.00', '1.00000000', [['3000.00', '1.00000000'], second]);
    update('3000.00', '0', [second]);
    update('3000.00', wall, [['3000.00', wall], second]);
    expect(valid()).toBe(1);
    expect(books.counters['checksums_failed']).toBe(0);
    expect(books.asOf(instrumentIndex(0), feed.context.counters.get('frame_seq'))?.asks[0]).toEqual([300_000n, most]);
  });

  test('a successor of the book actor that needs its exact digits has the book resynced, and goes on', () => {
    const { send, valid, books } = startStage();
    const asks: readonly Level[] = [['3000.00', wall]];
    send(snapshot('ETH/USD', asks, PLAIN_BIDS));
    books.replace();
    send(snapshot('ETH/USD', asks, PLAIN_BIDS));
    expect(valid()).toBe(1);
  });

  test('beyond all counting it costs its own book only, and the reason says what it is', () => {
    const { feed, send, valid } = stageWithBooks();
    send(snapshot('ETH/USD', [['3000.00', '800000000000000000000000.00000000']], PLAIN_BIDS));
    expect(valid()).toBe(1);
    expect(feed.audits().filter(({ event }) => event === 'frame_malformed')[0]?.text).toMatch(
      /^ETH\/USD is void: a quantity too large to count \(at most 792281625142643375935\.43950335\): 8000/,
    );
  });

  test('a price beyond 2^53 ticks costs its own book only, and the reason says what it is', () => {
    const { feed, send, valid, books } = stageWithBooks();
    send(snapshot('ETH/USD', [['90071992547409.92', '1.00000000']], PLAIN_BIDS));
    expect(valid()).toBe(1);
    expect(books.counters['checksums_failed']).toBe(0);
    expect(feed.audits().filter(({ event }) => event === 'frame_malformed')[0]?.text).toMatch(
      /^ETH\/USD is void: a price too large to count \(at most 90071992547409\.91\): 90071992547409\.92$/,
    );
    send(snapshot('ETH/USD', [['90071992547409.91', '1.00000000']], PLAIN_BIDS));
    expect(valid()).toBe(2);
  });
});
