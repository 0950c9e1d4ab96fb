import { describe, expect, test } from 'vitest';
import { InlineClient } from './inline-client.ts';
import { MadeExchange } from './trading/made-exchange.ts';

const TAKE = { orderType: 'market', qty: '0.5' } as const;

function open() {
  const made = new MadeExchange();
  const client = new InlineClient(made.exchange);
  const subscribe = (channel: string, more: object = {}) => {
    const from = client.frames.length;
    client.say({ method: 'subscribe', params: { channel, symbol: ['BTC/USD'], ...more }, req_id: 1 });
    return client.frames.slice(from).map((frame) => JSON.parse(frame));
  };
  return { made, client, subscribe };
}

describe('ticker', () => {
  test('begins with what the book says, and comes again with each trade', () => {
    const { made, client, subscribe } = open();
    expect(subscribe('ticker')).toMatchObject([
      { method: 'subscribe', success: true, result: { channel: 'ticker', symbol: 'BTC/USD', event_trigger: 'trades' } },
      { channel: 'ticker', type: 'snapshot', data: [{ bid: 100, ask: 101, last: 100, volume: 0, change: 0 }] },
    ]);
    made.tape({ bids: [['100.5', '1.00000000']] });
    expect(client.having('"ticker","type":"update"')).toEqual([]);
    made.add('alice', TAKE);
    const [update] = client.having('"ticker","type":"update"');
    expect(update).toMatchObject({
      data: [
        {
          symbol: 'BTC/USD',
          bid: 100.5,
          last: 101,
          volume: 0.5,
          vwap: 101,
          low: 100,
          high: 101,
          change: 1,
          change_pct: 1,
          trades: 1,
        },
      ],
    });
    expect(client.frames.at(-1)).toContain('"volume":0.50000000,');
  });

  test('comes with each change of the best prices to those who want it so', () => {
    const { made, client, subscribe } = open();
    subscribe('ticker', { event_trigger: 'bbo', snapshot: false });
    made.tape({ bids: [['99.0', '5.00000000']] });
    expect(client.having('"ticker"').filter(({ channel }) => channel === 'ticker')).toEqual([]);
    made.tape({ bids: [['100.5', '1.00000000']] });
    expect(client.having('"type":"update"').at(-1)).toMatchObject({ channel: 'ticker', data: [{ bid: 100.5 }] });
  });
});

describe('tickers of both triggers', () => {
  test('stand side by side: each has its own beginning, occasions and end', () => {
    const { made, client, subscribe } = open();
    const updates = () => client.having('"ticker","type":"update"').length;
    subscribe('ticker', { snapshot: false });
    expect(subscribe('ticker', { event_trigger: 'bbo' })).toMatchObject([
      { success: true, result: { event_trigger: 'bbo' } },
      { channel: 'ticker', type: 'snapshot' },
    ]);
    made.tape({ bids: [['100.5', '1.00000000']] });
    expect(updates()).toBe(1);
    const end = (more: object) =>
      client.say({ method: 'unsubscribe', params: { channel: 'ticker', symbol: ['BTC/USD'], ...more } });
    end({ event_trigger: 'bbo' });
    expect(client.last()).toMatchObject({ success: true, result: { event_trigger: 'bbo' } });
    made.tape({ bids: [['100.6', '1.00000000']] });
    expect(updates()).toBe(1);
    made.add('alice', TAKE);
    expect(updates()).toBe(2);
    end({ event_trigger: 'bbo' });
    expect(client.last()).toMatchObject({ success: false, error: 'Subscription Not Found' });
    end({});
    expect(client.last()).toMatchObject({ success: true, result: { event_trigger: 'trades' } });
  });
});

describe('trade and ohlc', () => {
  test('a trade is reported once, with the side that took, whoever made it', () => {
    const { made, client, subscribe } = open();
    expect(subscribe('trade')).toHaveLength(1);
    made.add('alice', { side: 'sell', limitPrice: '100.5', qty: '0.2' });
    made.add('bob', { orderType: 'market', qty: '0.2', side: 'buy' });
    const trades = client.having('"channel":"trade"').filter(({ type }) => type === 'update');
    expect(trades).toMatchObject([
      {
        data: [
          { symbol: 'BTC/USD', side: 'buy', price: 100.5, qty: 0.2, ord_type: 'market', trade_id: expect.any(Number) },
        ],
      },
    ]);
    const late = new InlineClient(made.exchange);
    late.say({ method: 'subscribe', params: { channel: 'trade', symbol: ['BTC/USD'], snapshot: true } });
    expect(late.last()).toMatchObject({ type: 'snapshot', data: [{ side: 'buy', price: 100.5 }] });
  });

  test('a candle grows with each trade and a new one begins with its minutes', () => {
    const { made, client, subscribe } = open();
    expect(subscribe('ohlc', { interval: 5 })[1]).toMatchObject({
      channel: 'ohlc',
      type: 'snapshot',
      data: [{ interval: 5 }],
    });
    made.add('alice', TAKE);
    made.run(300_000);
    made.add('alice', TAKE);
    const candles = client.having('"channel":"ohlc"').filter(({ type }) => type === 'update');
    expect(candles).toMatchObject([
      { data: [{ open: 100, high: 101, low: 100, close: 101, trades: 1, volume: 0.5, vwap: 101 }] },
      { data: [{ trades: 1, volume: 0.5, interval: 5 }] },
    ]);
    const begins = candles.map(({ data }) => (data as { interval_begin: string }[])[0]?.interval_begin);
    expect(new Set(begins).size).toBe(2);
    expect(begins[0]).toMatch(/:[0-5][05]:00\.000000000Z$/);
    // The message's own time is when it was sent, whatever its candles are of.
    const sent = candles.map(({ timestamp }) => String(timestamp));
    expect(sent.every((time) => /\.\d{9}Z$/.test(time))).toBe(true);
    expect(sent.map((time) => Date.parse(time))).toEqual([made.nowMs - 300_000, made.nowMs]);
  });
});

test.each([
  ['ticker', { event_trigger: 'never' }, 'Event trigger invalid'],
  ['ohlc', { interval: 7 }, 'Subscription ohlc interval not supported'],
  ['trade', { depth: 10 }, "Unsupported field: 'depth'"],
  ['ticker', { symbol: ['NOPE/USD'] }, 'Currency pair not supported NOPE/USD'],
  ['ticker', { symbol: 'BTC/USD' }, 'Symbol field must be an array'],
])('%s with %o is refused: %s', (channel, params, error) => {
  expect(open().subscribe(channel, params)).toMatchObject([{ success: false, error }]);
});

test('a subscription stands once, ends when asked, and keeps the market moving', () => {
  const { made, client, subscribe } = open();
  subscribe('ticker');
  expect(subscribe('ticker')).toMatchObject([{ success: false, error: 'Already subscribed' }]);
  made.run(1_500);
  expect(made.exchange.stats().market).not.toBe('waiting');
  const end = { method: 'unsubscribe', params: { channel: 'ticker', symbol: ['BTC/USD'] } };
  client.say(end);
  expect(client.last()).toMatchObject({ method: 'unsubscribe', success: true });
  client.say(end);
  expect(client.last()).toMatchObject({ success: false, error: 'Subscription Not Found' });
  const from = client.frames.length;
  made.add('alice', TAKE);
  expect(client.frames.slice(from)).toEqual([]);
});
