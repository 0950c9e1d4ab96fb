/** `level3`: a client that keeps its own book of orders, by the venue's guide alone, judges every frame. */
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { seededChance } from '../../../src/platform/chance.ts';
import { VirtualClock } from '../../../src/platform/clock.ts';
import { PRACTICE_DEFAULTS, PracticeExchange } from '../../../src/practice/practice-exchange.ts';
import { GEMINI, tape } from '../captures.ts';
import { lexemes } from '../client-book.ts';
import { ClientEnd } from '../client-end.ts';
import { ALICE, BOB, MadeExchange } from '../trading/made-exchange.ts';

interface Row {
  event?: 'add' | 'modify' | 'delete';
  order_id: string;
  limit_price: string;
  order_qty: string;
  timestamp: string;
}
interface Data {
  symbol: string;
  checksum: string;
  bids: Row[];
  asks: Row[];
}

class Level3Client extends ClientEnd {
  readonly token: string;

  constructor(exchange: PracticeExchange, account = 'alice') {
    super((port) => exchange.connectLevel3(port));
    this.token = exchange.tokens.issue(account).token;
  }

  ask(method: string, params: object = {}): Record<string, unknown>[] {
    const from = this.frames.length;
    const all = { channel: 'level3', symbol: ['BTC/USD'], token: this.token, ...params };
    this.raw(JSON.stringify({ method, params: all, req_id: 3 }));
    return this.frames.slice(from).map((frame) => JSON.parse(frame));
  }
}

type Orders = Map<string, Row>;

/** Orders in the sequence in which they came; a change of quantity keeps the place. */
class OrderBook {
  readonly bids: Orders = new Map();
  readonly asks: Orders = new Map();
  readonly events: string[] = [];
  snapshots = 0;
  verified = 0;
  readonly #depth: number;

  constructor(depth: number) {
    this.#depth = depth;
  }

  take(text: string): void {
    const frame = lexemes(text);
    if (frame.channel !== 'level3') return;
    const [data] = frame.data as [Data];
    if (frame.type === 'snapshot') {
      this.snapshots++;
      this.bids.clear();
      this.asks.clear();
    }
    this.#apply(this.bids, data.bids, -1);
    this.#apply(this.asks, data.asks, 1);
    expect(crc32(this.top(this.asks, 1) + this.top(this.bids, -1))).toBe(Number(data.checksum));
    this.verified++;
  }

  #apply(orders: Orders, rows: Row[], order: number): void {
    for (const row of rows) {
      const { event = 'add', order_id: id } = row;
      this.events.push(event);
      expect(orders.has(id)).toBe(event !== 'add');
      if (event === 'delete') orders.delete(id);
      else orders.set(id, row);
    }
    const inside = new Set(this.prices(orders, order).slice(0, this.#depth));
    for (const [id, { limit_price }] of orders) if (!inside.has(limit_price)) orders.delete(id);
  }

  prices(orders: Orders, order: number): string[] {
    return [...new Set([...orders.values()].map((row) => row.limit_price))].sort(
      (a, b) => order * (Number(a) - Number(b)),
    );
  }

  top(orders: Orders, order: number): string {
    const digits = (text: string) => text.replace('.', '').replace(/^0+/, '');
    return this.prices(orders, order)
      .slice(0, 10)
      .flatMap((price) => [...orders.values()].filter((row) => row.limit_price === price))
      .map((row) => digits(row.limit_price) + digits(row.order_qty))
      .join('');
  }
}

const judge = (client: ClientEnd, depth: number) => {
  const book = new OrderBook(depth);
  for (const frame of client.frames) book.take(frame);
  return book;
};

describe('books of orders', () => {
  test.each([10, 100])('a recording verifies at every message at depth %i, and through its loops', (depth) => {
    const clock = new VirtualClock(1_785_641_750_000_000_000n);
    const settings = { ...PRACTICE_DEFAULTS, accounts: [ALICE], openDelayMs: 0, loop: true, speed: 10 };
    const exchange = new PracticeExchange(tape(GEMINI), clock, settings);
    const client = new Level3Client(exchange);
    client.ask('subscribe', { symbol: ['ETH/USD'], depth });
    clock.advanceTo(clock.nowNs() + 10e9);
    const book = judge(client, depth);
    expect(exchange.stats().passes).toBe(3);
    expect(book.snapshots).toBe(1);
    expect(book.verified).toBeGreaterThan(100);
    expect(new Set(book.events)).toEqual(new Set(['add', 'modify', 'delete']));
    const shown = exchange.market.books.get('ETH/USD');
    expect(book.prices(book.bids, -1)).toHaveLength(Math.min(depth, shown?.bids.length ?? 0));
  });

  test('orders of accounts are in it under their own ids, as they stand in the queue', () => {
    const made = new MadeExchange();
    const client = new Level3Client(made.exchange);
    client.ask('subscribe');
    const first = made.add('alice', { limitPrice: '100', qty: '0.5' });
    const alone = made.add('bob', { limitPrice: '100.3', qty: '0.4' });
    made.run(10);
    made.tape({ bids: [['100.3', '2.00000000']] });
    made.trading.amend('alice', { order: { orderId: first.id }, qty: '0.3' });
    let book = judge(client, 10);
    const at = (price: string) => [...book.bids.values()].filter((row) => row.limit_price === price);
    expect(at('100.0').map(({ order_qty }) => order_qty)).toEqual(['1.00000000', '0.30000000']);
    expect(at('100.0')[1]?.order_id).toBe(first.id);
    expect(at('100.3').map(({ order_id }) => order_id)[0]).toBe(alone.id);
    const other = made.add('bob', { limitPrice: '100', qty: '0.2' });
    made.trading.amend('alice', { order: { orderId: first.id }, qty: '0.6' }); // loses its place
    book = judge(client, 10);
    expect(
      at('100.0')
        .map(({ order_id }) => order_id)
        .slice(1),
    ).toEqual([other.id, first.id]);
    made.trading.cancelAll('alice');
    made.trading.cancelAll('bob');
    book = judge(client, 10);
    expect(at('100.0')).toHaveLength(1);
  });

  test('orders by chance: every message verifies', () => {
    for (let seed = 1; seed <= 5; seed++) {
      const chance = seededChance(seed);
      const made = new MadeExchange({ accounts: [ALICE, BOB] });
      const client = new Level3Client(made.exchange);
      client.ask('subscribe');
      for (let step = 0; step < 200; step++) {
        const account = chance.integer(2) === 0 ? 'alice' : 'bob';
        const price = `${98 + chance.integer(6)}.${chance.integer(10)}`;
        const [mine] = made.trading.openOrders(account);
        const kind = chance.integer(5);
        if (kind === 0 && mine !== undefined) made.trading.cancel(account, { orderId: mine.id });
        else if (kind === 1 && mine !== undefined)
          made.trading.amend(account, {
            order: { orderId: mine.id },
            qty: `0.${1 + chance.integer(9)}`,
            limitPrice: price,
          });
        else if (kind === 2)
          made.tape({ [chance.integer(2) === 0 ? 'bids' : 'asks']: [[price, `${chance.integer(3)}.00000000`]] });
        else
          made.trading.add(account, {
            ...{ symbol: 'BTC/USD', side: chance.integer(2) === 0 ? 'buy' : 'sell', orderType: 'limit' },
            ...{ qty: `0.${1 + chance.integer(9)}`, limitPrice: price },
          });
        made.run(300);
      }
      const book = judge(client, 10);
      expect(book.verified, `seed ${seed}`).toBeGreaterThan(50);
    }
  });
});

describe('subscriptions', () => {
  test('are acknowledged, begin with a snapshot, and end by their depth', () => {
    const { exchange } = new MadeExchange();
    const client = new Level3Client(exchange);
    expect(client.ask('subscribe')).toMatchObject([
      { method: 'subscribe', success: true, req_id: 3, result: { channel: 'level3', depth: 10, symbol: 'BTC/USD' } },
      { channel: 'level3', type: 'snapshot', data: [{ symbol: 'BTC/USD', checksum: expect.any(Number) }] },
    ]);
    expect(client.frames.at(-1)).toMatch(
      /"bids":\[\{"order_id":"O[A-Z2-7-]{18}","limit_price":100\.0,"order_qty":1\.00000000,"timestamp":"[-\d]+T[:\d]+\.\d{9}Z"\}/,
    );
    expect(client.ask('unsubscribe', { depth: 100 })).toMatchObject([{ error: 'Subscription Not Found' }]);
    expect(client.ask('unsubscribe')).toMatchObject([{ success: true }]);
    expect(client.ask('subscribe', { snapshot: false })).toHaveLength(1);
  });

  test.each([
    [{ token: 'none' }, 'EAPI:Invalid token'],
    [{ token: undefined }, 'EAPI:Invalid token'],
    [{ depth: 25 }, 'Subscription depth not supported'],
    [{ depth: '10' }, 'Subscription depth not supported'],
    [{ depth: -0 }, 'Subscription depth not supported'],
    [{ symbol: ['NOPE/USD'] }, 'Currency pair not supported NOPE/USD'],
    [{ symbol: 'BTC/USD' }, 'Symbol field must be an array'],
    [{ symbol: [] }, 'Symbol field must be an array'],
    [{ channel: 'book' }, 'Subscription name invalid'],
    [{ colour: 'red' }, "Unsupported field: 'colour'"],
    [{ snapshot: 'yes' }, "Field 'snapshot' must be a boolean"],
  ])('%j is refused: %s', (params, error) => {
    const client = new Level3Client(new MadeExchange().exchange);
    expect(client.ask('subscribe', params)).toMatchObject([{ success: false, error }]);
  });

  test('stand once, and only so many may begin within a second', () => {
    const made = new MadeExchange({ accounts: [{ ...ALICE, rateTier: 'starter' }] });
    const client = new Level3Client(made.exchange);
    expect(client.ask('subscribe', { depth: 1000 })[0]).toMatchObject({ success: true });
    expect(client.ask('subscribe')).toMatchObject([{ error: 'Already subscribed' }]);
    client.ask('unsubscribe', { depth: 1000 });
    expect(client.ask('subscribe', { depth: 1000 })[0]).toMatchObject({ success: true });
    client.ask('unsubscribe', { depth: 1000 });
    expect(client.ask('subscribe')).toMatchObject([{ error: 'EGeneral:Too many requests' }]);
    made.run(1_000);
    expect(client.ask('subscribe')[0]).toMatchObject({ success: true });
  });

  test('anything at all is answered, and the line stays', () => {
    const made = new MadeExchange();
    const client = new Level3Client(made.exchange);
    const value = fc.oneof(
      fc.constantFrom(null, '', '__proto__', 1e21, -1, 10, true, [], {}, ['BTC/USD']),
      fc.jsonValue({ maxDepth: 2 }),
    );
    const names = ['channel', 'symbol', 'depth', 'snapshot', 'token', 'colour'];
    const request = fc.record({
      method: fc.constantFrom('subscribe', 'unsubscribe', 'ping', 'add_order', ''),
      params: fc.oneof(fc.jsonValue(), fc.dictionary(fc.constantFrom(...names), value, { maxKeys: 3 })),
    });
    fc.assert(
      fc.property(request, ({ method, params }) => {
        made.run(1_000);
        const from = client.frames.length;
        const isOwn = typeof params === 'object' && params !== null && !Array.isArray(params);
        const rest = { channel: 'level3', symbol: ['BTC/USD'], token: client.token };
        client.raw(JSON.stringify({ method, params: isOwn ? { ...rest, ...params } : params }));
        expect(client.frames.length).toBeGreaterThan(from);
        expect(client.closedWith).toBeUndefined();
      }),
      { numRuns: 500, seed: 10 },
    );
  });

  test('what is on other sockets is not here, and this is not there', () => {
    const { exchange } = new MadeExchange();
    const client = new Level3Client(exchange);
    client.raw('{"method":"ping","req_id":1}');
    expect(client.frames.at(-1)).toContain('"pong"');
    expect(client.ask('add_order', {})).toMatchObject([{ error: 'Method(s) not found' }]);
    const frames: string[] = [];
    const port = {
      send: (text: string) => frames.push(text),
      close: () => {},
      terminate: () => {},
      bufferedBytes: () => 0,
    };
    for (const other of [exchange.connectPublic(port), exchange.connectPrivate(port)]) {
      other.receive(
        JSON.stringify({
          method: 'subscribe',
          params: { channel: 'level3', symbol: ['BTC/USD'], token: client.token },
        }),
      );
      expect(JSON.parse(frames.at(-1) ?? '')).toMatchObject({ success: false, error: 'Subscription name invalid' });
    }
  });
});
