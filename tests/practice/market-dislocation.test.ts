import { describe, expect, test } from 'vitest';
import { VirtualClock } from '../../src/platform/clock.ts';
import type { DislocationReport } from '../../src/practice/market/market-dislocation.ts';
import { PRACTICE_DEFAULTS, PracticeExchange, type PracticeSettings } from '../../src/practice/practice-exchange.ts';
import { GEMINI, tape } from './captures.ts';
import { ClientBooks } from './client-book.ts';
import { InlineClient } from './inline-client.ts';

const TAPE = tape(GEMINI);
const SYMBOLS = TAPE.symbols.map(({ symbol }) => symbol);
const ON_CYCLES = ['BTC/USD', 'ETH/BTC', 'ETH/USD'];

function open(settings: Partial<PracticeSettings> = {}) {
  const clock = new VirtualClock(1_785_641_750_000_000_000n);
  const reports: DislocationReport[] = [];
  const exchange = new PracticeExchange(
    TAPE,
    clock,
    { ...PRACTICE_DEFAULTS, openDelayMs: 0, dislocateBps: 40, ...settings },
    { onDislocation: (report) => reports.push(report) },
  );
  const client = new InlineClient(exchange);
  client.subscribe(SYMBOLS, 25);
  const best = (symbol: string) => exchange.market.books.get(symbol)?.marketLevels('bid')[0]?.price ?? 0n;
  const runUntil = (done: () => boolean) => {
    while (!done()) clock.advanceTo(clock.nextTimerNs() ?? Number.POSITIVE_INFINITY);
  };
  return {
    clock,
    exchange,
    reports,
    client,
    best,
    runUntil,
    run: (ms: number) => clock.advanceTo(clock.nowNs() + ms * 1e6),
  };
}

describe('dislocations', () => {
  test('every book message of a dislocated market verifies, and so does every book afterwards', () => {
    const { client, run, reports, exchange } = open({ loop: true, speed: 5 });
    run(60_000);
    const books = new ClientBooks(Object.fromEntries(SYMBOLS.map((symbol) => [symbol, 25])));
    for (const frame of client.frames) books.take(frame);
    expect(reports.length).toBeGreaterThan(60);
    expect(exchange.stats().dislocations).toBe(reports.filter(({ isOver }) => !isOver).length);
    expect(books).toMatchObject({ failed: 0, malformed: 0 });
    expect(books.verified).toBeGreaterThan(1_000);
  });

  test('one pair at a time, each on a cycle, moves by at least so much and by less than a step more, and back', () => {
    const { best, runUntil, reports } = open();
    const moved = new Set<string>();
    for (let round = 0; round < 12; round++) {
      let before = new Map<string, bigint>();
      runUntil(() => {
        if (reports.length > 2 * round) return true;
        before = new Map(ON_CYCLES.map((symbol) => [symbol, best(symbol)]));
        return false;
      });
      const { symbol, bps } = reports.at(-1)!;
      const was = before.get(symbol)!;
      const by = best(symbol) - was;
      const least = (was * 40n + 9_999n) / 10_000n;
      expect(ON_CYCLES).toContain(symbol);
      expect(Math.sign(bps)).toBe(by > 0n ? 1 : -1);
      expect((by < 0n ? -by : by) - least).toBeLessThanOrEqual(1n);
      expect((by < 0n ? -by : by) - least).toBeGreaterThanOrEqual(0n);
      runUntil(() => reports.length > 2 * round + 1);
      expect(reports.at(-1)).toEqual({ symbol, bps, isOver: true });
      moved.add(symbol);
    }
    expect(moved.size).toBeGreaterThan(1);
  });

  test('what the recording says of a moved pair meanwhile is moved too, so that nothing is left over afterwards', () => {
    const plain = open({ dislocateBps: 0, loop: false });
    const dislocated = open({ loop: false });
    for (const stage of [plain, dislocated]) stage.run(120_000);
    const { reports, runUntil, exchange } = dislocated;
    runUntil(() => reports.at(-1)?.isOver === true);
    for (const symbol of SYMBOLS) {
      const sides = (of: typeof plain) =>
        (['bid', 'ask'] as const).map((side) =>
          of.exchange.market.books
            .get(symbol)
            ?.marketLevels(side)
            .map(({ price, qty }) => `${qty} @ ${price}`),
        );
      expect(sides(dislocated)).toEqual(sides(plain));
    }
    expect(exchange.stats().dislocations).toBeGreaterThan(60);
  });

  test('what is taken while a pair is moved is gone when it is back', () => {
    const { reports, runUntil, exchange, best } = open();
    let before = new Map<string, bigint>();
    runUntil(() => {
      if (reports.length === 1) return true;
      before = new Map(ON_CYCLES.map((symbol) => [symbol, best(symbol)]));
      return false;
    });
    const { symbol } = reports[0]!;
    const book = exchange.market.books.get(symbol)!;
    const home = book.marketLevels('ask')[2]!.price - (best(symbol) - before.get(symbol)!);
    const { price, qty } = book.marketLevels('ask')[2]!;
    exchange.market.change(() => book.take('ask', price, qty));
    runUntil(() => reports.length === 2);
    expect(qty).toBeGreaterThan(0n);
    expect(book.marketQty('ask', home)).toBe(0n);
  });

  test('the same seed dislocates the same pairs at the same times, another one others', () => {
    const story = (seed: number) => {
      const { client, run } = open({ seed });
      run(20_000);
      return client.frames.join('\n');
    };
    expect(story(7)).toBe(story(7));
    expect(story(7)).not.toBe(story(8));
  });

  test('without being asked for nothing is dislocated', () => {
    const { run, reports, exchange } = open({ dislocateBps: 0 });
    run(20_000);
    expect(reports).toEqual([]);
    expect(exchange.stats().dislocations).toBe(0);
  });
});
