/**
 * Random days on the exchange: several accounts place, change and cancel orders of every kind while the market moves and
 * changes its state. After every step the books must balance.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { NewOrder, OrderRecord, TradeRecord } from '../../../src/practice/exchange/exchange-types.ts';
import { type MatchFault, NO_TRADING_FAULTS } from '../../../src/practice/faults/trading-faults.ts';
import { END_REASON } from '../../../src/practice/protocols/kraken/venue-refusals.ts';
import { ClientBooks } from '../client-book.ts';
import { InlineClient } from '../inline-client.ts';
import { ALICE, BTC_USD, ETH_BTC, ETH_USD, MadeExchange, type MadePair } from './made-exchange.ts';
import { PrivateClient } from './private-client.ts';

const PAIRS: readonly MadePair[] = [BTC_USD, ETH_USD, ETH_BTC];
const SYMBOLS = PAIRS.map(({ symbol }) => symbol);
const NAMES = ['alice', 'bob', 'carol'];
/** Prices near the touch of each pair, in its ticks. */
const MIDDLE: Record<string, number> = { 'BTC/USD': 1005, 'ETH/USD': 1005, 'ETH/BTC': 10_050 };

const priceTicks = (symbol: string, offset: number): string => {
  const pair = PAIRS.find((one) => one.symbol === symbol) as MadePair;
  return ((MIDDLE[symbol] ?? 0) + offset)
    .toString()
    .padStart(pair.price + 1, '0')
    .replace(new RegExp(`(\\d{${pair.price}})$`), '.$1');
};

const account = fc.constantFrom(...NAMES);
const symbol = fc.constantFrom(...SYMBOLS);
const offset = fc.integer({ min: -40, max: 40 });
/** Odd last digits, so that roundings happen. */
const qty = fc.integer({ min: 20_000, max: 400_000_000 }).map((lots) => (lots / 1e8).toFixed(8));

const step = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constant('add' as const),
      account,
      symbol,
      side: fc.constantFrom('buy', 'sell'),
      orderType: fc.constantFrom('limit', 'limit', 'limit', 'market', 'iceberg'),
      timeInForce: fc.constantFrom('gtc', 'gtc', 'gtc', 'ioc', 'fok', 'gtd'),
      stp: fc.constantFrom('cancel_newest', 'cancel_oldest', 'cancel_both'),
      fee: fc.constantFrom('base', 'quote', undefined),
      postOnly: fc.boolean(),
      offset,
      qty,
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('cancel' as const), account, pick: fc.nat(50) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('amend' as const),
      account,
      pick: fc.nat(50),
      qty: fc.option(qty, { nil: undefined }),
      offset: fc.option(offset, { nil: undefined }),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('tape' as const),
      symbol,
      bids: fc.array(fc.tuple(offset, qty), { maxLength: 3 }),
      asks: fc.array(fc.tuple(offset, qty), { maxLength: 3 }),
      middle: offset,
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('all' as const), account }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('switch' as const), account, s: fc.integer({ min: 0, max: 30 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('status' as const),
      symbol: fc.option(symbol, { nil: undefined }),
      to: fc.constantFrom('online', 'maintenance', 'cancel_only', 'post_only', 'limit_only', 'reduce_only'),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('fault' as const),
      match: fc.option(fc.record({ fillPpm: fc.bigInt(0n, 1_000_000n) }), { nil: undefined }),
      goneBps: fc.option(fc.bigInt(0n, 200n), { nil: undefined }),
      cancel: fc.option(fc.bigInt(0n, 1_000_000n), { nil: undefined }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 60_000 }) }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

class Day {
  /** What the next order, and the next cancel, meet. */
  #match: MatchFault | undefined;
  #cancel: bigint | undefined;
  readonly made = new MadeExchange({
    faults: {
      ...NO_TRADING_FAULTS,
      onMatch: () => {
        const fault = this.#match;
        this.#match = undefined;
        return fault;
      },
      onCancel: () => {
        const ppm = this.#cancel;
        this.#cancel = undefined;
        return ppm;
      },
    },
    pairs: PAIRS,
    accounts: NAMES.map((name, index) => ({ ...ALICE, name, fees: { tier: 1 + index * 4 } })),
    settings: { openDelayMs: 0 },
  });
  readonly viewer = new InlineClient(this.made.exchange);
  readonly clients = NAMES.map((name) => new PrivateClient(this.made.exchange, name));
  readonly books = new ClientBooks(Object.fromEntries(SYMBOLS.map((one) => [one, 1000])));
  /** What the market has, as this test set it. */
  #seenFrames = 0;

  constructor() {
    this.viewer.subscribe(SYMBOLS, 1000);
    for (const client of this.clients) {
      client.subscribe('executions', { snap_trades: true });
      client.subscribe('balances');
    }
  }

  take(one: Step): void {
    const { made } = this;
    const { trading } = made;
    if (one.kind === 'add') {
      const deadlines = one.timeInForce === 'gtd' ? { expireAtMs: made.nowMs + 20_000 } : {};
      const price = one.orderType === 'market' ? {} : { limitPrice: priceTicks(one.symbol, one.offset) };
      const display = one.orderType === 'iceberg' ? { displayQty: (Number(one.qty) / 4).toFixed(8) } : {};
      const order: NewOrder = { ...one, ...deadlines, ...price, ...display, feePreference: one.fee };
      trading.add(one.account, order);
    } else if (one.kind === 'cancel' || one.kind === 'amend') {
      const open = trading.openOrders(one.account);
      const order = open[one.pick % Math.max(1, open.length)];
      if (order === undefined) return;
      if (one.kind === 'cancel') trading.cancel(one.account, { orderId: order.id });
      else {
        const limitPrice = one.offset === undefined ? undefined : priceTicks(order.pair.symbol, one.offset);
        trading.amend(one.account, { order: { orderId: order.id }, qty: one.qty, limitPrice });
      }
    } else if (one.kind === 'tape') {
      made.tape(this.#uncrossed(one), one.symbol);
    } else if (one.kind === 'fault') {
      this.#match = { ...one.match, ...(one.goneBps === undefined ? {} : { goneBps: one.goneBps }) };
      this.#cancel = one.cancel;
    } else if (one.kind === 'all') trading.cancelAll(one.account);
    else if (one.kind === 'switch') trading.cancelAllAfter(one.account, one.s);
    else if (one.kind === 'status') {
      if (one.symbol === undefined) made.exchange.market.setSystem(one.to);
      else made.exchange.market.setPairStatus(one.symbol, one.to);
    } else made.run(one.ms);
  }

  /** A market never crosses itself: what it has on the other side of the new middle goes. */
  #uncrossed(one: Extract<Step, { kind: 'tape' }>) {
    const market = this.made.exchange.market.books.get(one.symbol);
    const middle = BigInt((MIDDLE[one.symbol] ?? 0) + one.middle);
    const gone = (side: 'bid' | 'ask', isWrong: (price: bigint) => boolean) =>
      (market?.marketLevels(side) ?? [])
        .filter(({ price }) => isWrong(price))
        .map(({ price }) => [priceTicks(one.symbol, Number(price) - (MIDDLE[one.symbol] ?? 0)), '0'] as const);
    const at = (rows: [number, string][], sign: number) =>
      rows.map(([away, lots]) => [priceTicks(one.symbol, one.middle + sign * (Math.abs(away) + 1)), lots] as const);
    return {
      bids: [...gone('bid', (price) => price >= middle), ...at(one.bids, -1)],
      asks: [...gone('ask', (price) => price <= middle), ...at(one.asks, 1)],
    };
  }

  check(): void {
    for (const name of NAMES) this.#checkMoney(name);
    for (const one of SYMBOLS) this.#checkBook(one);
    for (const frame of this.viewer.frames.slice(this.#seenFrames)) this.books.take(frame);
    this.#seenFrames = this.viewer.frames.length;
    expect(this.books).toMatchObject({ failed: 0, malformed: 0 });
  }

  #checkMoney(name: string): void {
    const { trading } = this.made;
    const sums = new Map<string, bigint>();
    for (const { asset, amount, fee, balance } of trading.ledger(name)) {
      const sum = (sums.get(asset.id) ?? 0n) + amount - fee;
      expect(balance).toBe(sum);
      sums.set(asset.id, sum);
    }
    const held = new Map<string, bigint>();
    for (const order of trading.openOrders(name)) {
      const { asset, units } = needed(order);
      held.set(asset, (held.get(asset) ?? 0n) + units);
    }
    for (const balance of trading.balances(name)) {
      expect(balance.total).toBe(sums.get(balance.asset.id) ?? 0n);
      expect(balance.held).toBe(held.get(balance.asset.id) ?? 0n);
      expect(balance.held >= 0n && balance.total >= balance.held).toBe(true);
    }
  }

  #checkBook(one: string): void {
    const book = this.made.exchange.market.books.get(one);
    if (book === undefined) throw new Error(one);
    const resting = NAMES.flatMap((name) => this.made.trading.openOrders(name)).filter(
      ({ pair }) => pair.symbol === one,
    );
    for (const side of ['buy', 'sell'] as const) {
      const want = new Map<bigint, bigint>();
      const add = (price: bigint, more: bigint) => want.set(price, (want.get(price) ?? 0n) + more);
      for (const { price, qty: lots } of book.marketLevels(side === 'buy' ? 'bid' : 'ask')) add(price, lots);
      for (const order of resting.filter((order) => order.side === side)) add(order.limitPrice ?? 0n, visible(order));
      const shown = side === 'buy' ? book.bids : book.asks;
      expect(new Map(shown.map(({ price, qty: lots }) => [price, lots]))).toEqual(
        new Map([...want].sort(bySide(side))),
      );
    }
    const { system } = this.made.exchange.market;
    const status = this.made.trading.pair(one)?.status ?? '';
    const matching = [system, status].every((state) => state === 'online' || state === 'limit_only');
    const [bid, ask] = [book.bids[0]?.price, book.asks[0]?.price];
    if (matching && bid !== undefined && ask !== undefined) expect(bid < ask).toBe(true);
  }

  /** Both sides of every trade agree, and what clients were sent is what is recorded. */
  checkEnd(): void {
    const sides = new Map<string, TradeRecord[]>();
    for (const name of NAMES) {
      for (const trade of this.made.trading.trades(name)) {
        const key = `${trade.order.pair.symbol} ${trade.tradeId}`;
        sides.set(key, [...(sides.get(key) ?? []), trade]);
        checkTrade(trade);
      }
    }
    for (const [one, other] of sides.values()) if (one !== undefined && other !== undefined) checkBothSides(one, other);
    for (const [index, name] of NAMES.entries()) this.#checkReported(name, this.clients[index] as PrivateClient);
  }

  happened(): string[] {
    const { trading } = this.made;
    const trades = NAMES.flatMap((name) => trading.trades(name));
    const numbers = trades.map(({ order, tradeId }) => `${order.pair.symbol} ${tradeId}`);
    return [
      ...NAMES.flatMap((name) => trading.closedOrders(name)).map(({ reason }) => (reason === '' ? 'filled' : reason)),
      ...trades.map(({ liquidity }) => liquidity),
      ...numbers.filter((number, index) => numbers.indexOf(number) !== index).map(() => 'with another account'),
    ];
  }

  #checkReported(name: string, client: PrivateClient): void {
    const frames = client.since(0) as unknown as {
      channel: string;
      sequence: number;
      data: Record<string, unknown>[];
    }[];
    for (const channel of ['executions', 'balances']) {
      const sequences = frames.filter((frame) => frame.channel === channel).map(({ sequence }) => sequence);
      expect(sequences).toEqual(sequences.map((_, index) => index + 1));
    }
    const steps = frames.filter(({ channel }) => channel === 'executions').flatMap(({ data }) => data);
    const told = steps.filter((one) => one['exec_type'] === 'trade').map((one) => one['exec_id']);
    expect(told).toEqual(this.made.trading.trades(name).map(({ id }) => id));
    const ended = steps.filter((one) => ['filled', 'canceled', 'expired'].includes(String(one['exec_type'])));
    expect(ended.map((one) => one['order_id'])).toEqual(this.made.trading.closedOrders(name).map(({ id }) => id));
    expect(client.frames.some((frame) => /[:[,]-?[\d.]+[eE]/.test(frame))).toBe(false);
  }
}

const bySide =
  (side: string) =>
  ([a]: [bigint, bigint], [b]: [bigint, bigint]): number =>
    Number(side === 'buy' ? b - a : a - b);

const visible = ({ qty: all, filledQty, displayQty = all }: OrderRecord): bigint =>
  all - filledQty < displayQty ? all - filledQty : displayQty;

const roundedUp = (value: bigint, divisor: bigint): bigint => (value + divisor - 1n) / divisor;

/** What an open order must hold, written down a second time: the dearer fee, everything rounded up. */
function needed({ pair, side, limitPrice = 0n, qty: all, filledQty, feePreference, account: owner }: OrderRecord) {
  const rest = all - filledQty;
  const cost = roundedUp(
    limitPrice * rest * 10n ** BigInt(pair.quote.decimals),
    10n ** BigInt(pair.scale.price + pair.scale.qty),
  );
  const base = rest * 10n ** BigInt(pair.base.decimals - pair.scale.qty);
  const taker = [8_000n, 3_000n, 1_800n][NAMES.indexOf(owner)] ?? 0n;
  if (side === 'buy') {
    return {
      asset: pair.quote.id,
      units: feePreference === 'quote' ? cost + roundedUp(cost * taker, 1_000_000n) : cost,
    };
  }
  return { asset: pair.base.id, units: feePreference === 'base' ? base + roundedUp(base * taker, 1_000_000n) : base };
}

function checkTrade({ order, price, qty: lots, cost }: TradeRecord): void {
  expect(lots > 0n && cost >= 0n).toBe(true);
  const limit = order.limitPrice;
  if (limit !== undefined && !order.amended) expect(order.side === 'buy' ? price <= limit : price >= limit).toBe(true);
  expect(order.filledQty <= order.qty).toBe(true);
  expect(order.filledQty).toBe(order.trades.reduce((sum, one) => sum + one.qty, 0n));
}

function checkBothSides(one: TradeRecord, other: TradeRecord): void {
  const [buy, sell] = one.order.side === 'buy' ? [one, other] : [other, one];
  expect([buy.order.side, sell.order.side]).toEqual(['buy', 'sell']);
  expect(buy.order.account).not.toBe(sell.order.account);
  expect([buy.qty, buy.price]).toEqual([sell.qty, sell.price]);
  expect([0n, 1n]).toContain(buy.cost - sell.cost);
  expect(new Set([buy.liquidity, sell.liquidity]).size).toBe(2);
}

describe('whatever happens on the exchange', () => {
  test('balances, holds, books and records agree after every step', { timeout: 180_000 }, () => {
    /** What the days were made of: a day on which nothing happens proves nothing. */
    const seen = new Map<string, number>();
    const note = (what: string) => seen.set(what, (seen.get(what) ?? 0) + 1);
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 150, size: 'max' }), (steps) => {
        const day = new Day();
        for (const one of steps) {
          day.take(one);
          day.check();
        }
        day.checkEnd();
        for (const what of day.happened()) note(what);
      }),
      { numRuns: 100, seed: 20_260_802 },
    );
    expect([...seen.keys()].sort()).toEqual(
      [...Object.values(END_REASON), 'filled', 'maker', 'taker', 'with another account'].sort(),
    );
  });
});
