import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type InstrumentIndex, instrumentIndex } from '../../../src/market/instrument.ts';
import { lots, type PartsPerMillion, ticks } from '../../../src/money/money.ts';
import { seededChance } from '../../../src/platform/chance.ts';
import { openTable } from '../../../src/runtime/memory/shared-tables.ts';
import { announceTriangle, DetectorStage, type Emitted, type Levels, triangle } from './stage.ts';

const BTC_USD = instrumentIndex(0);
const ETH_BTC = instrumentIndex(1);
const ETH_USD = instrumentIndex(2);
const FREE = { fees: { taker_pct: '0' } };
const FORWARD = 'BTC/USD:buy>ETH/BTC:buy>ETH/USD:sell';

/** Buying BTC at 100, ETH at 2 BTC and selling it at `ethUsd` ticks pays above 20000. */
function openBooks(stage: DetectorStage, ethUsd = 20_200n): void {
  stage.book(BTC_USD, [[ticks(9_990n), lots(500n)]], [[ticks(10_000n), lots(500n)]]);
  stage.book(ETH_BTC, [[ticks(190n), lots(500n)]], [[ticks(200n), lots(500n)]]);
  stage.book(ETH_USD, [[ticks(ethUsd), lots(500n)]], [[ticks(ethUsd + 500n), lots(500n)]], {
    recvIndex: 7,
    wallNs: 1_700_000_000_000_000_001n,
  });
}

function stageWithTriangle(config: object = FREE): DetectorStage {
  const stage = new DetectorStage({ config });
  announceTriangle(stage);
  return stage;
}

describe('detector', () => {
  test('a cycle that pays is recorded and passed on, the same bytes, sized exactly', () => {
    const stage = stageWithTriangle();
    openBooks(stage);
    stage.run();
    const [recorded, ...more] = stage.recorded();
    expect(more).toEqual([]);
    expect(recorded).toMatchObject({
      recvIndex: 7,
      ns: '1700000000000000001',
      symbol: 'ETH/USD',
      cycle: FORWARD,
      startAsset: 'USD',
      grossMultiplier: 1.01,
      netMultiplier: 1.01,
      touchStartQty: '500.000000', // all 5 BTC of the ask: 2.5 ETH
      size: { asset: 'USD', startQty: '500.000000', endQty: '505.000000', profit: '5.000000' },
      ordinal: 0,
      recordSeq: 1,
    });
    expect(recorded!.legs).toEqual([
      { symbol: 'BTC/USD', side: 'buy', price: '100.00', qty: '5.00', cost: '500.000000', fee: '0.000000' },
      { symbol: 'ETH/BTC', side: 'buy', price: '2.00', qty: '2.50', cost: '5.000000', fee: '0.000000' },
      { symbol: 'ETH/USD', side: 'sell', price: '202.00', qty: '2.50', cost: '505.000000', fee: '0.000000' },
    ]);
    expect(stage.passedOn()).toEqual([recorded]);
    expect(stage.counters).toMatchObject({ opportunities: 1, opportunities_sized: 1, cycles: 2, updates: 3 });
  });

  test('an edge that no order can use is recorded without a size and not passed on', () => {
    const stage = new DetectorStage({ config: FREE });
    stage.status('online');
    stage.announce(triangle(600n)); // more than any level holds
    openBooks(stage);
    stage.run();
    expect(stage.recorded()).toMatchObject([{ cycle: FORWARD, size: null, legs: [{ qty: null }, {}, {}] }]);
    expect(stage.passedOn()).toEqual([]);
  });

  test('decides no more candidates of one message than the strategy may, and counts the rest', () => {
    const found = (strategy: object) => {
      const stage = stageWithTriangle({ ...FREE, strategy });
      openBooks(stage);
      stage.book(ETH_USD, [[ticks(20_200n), lots(500n)]], [[ticks(18_000n), lots(500n)]]); // both ways round pay
      stage.run();
      const { candidates, candidates_over_budget: overBudget } = stage.counters;
      return { candidates, overBudget, lines: stage.recorded().map(({ line }) => line) };
    };
    const all = found({});
    const first = all.lines.slice(0, -1);
    expect(all).toMatchObject({ candidates: 3, overBudget: 0, lines: { length: 3 } });
    expect(found({ exact_evaluations_max: 2 })).toEqual(all);
    expect(found({ exact_evaluations_max: 1 })).toEqual({ candidates: 3, overBudget: 1, lines: first });
  });

  test('a strategy that is switched off looks for nothing, and the market is followed all the same', () => {
    const stage = stageWithTriangle({ ...FREE, strategy: { enabled: false } });
    openBooks(stage);
    stage.run();
    expect(stage.recorded()).toEqual([]);
    expect(stage.counters).toMatchObject({ cycles: 0, evaluations: 0, candidates: 0, updates: 3 });
  });

  test('a multiplier that equals the threshold exactly is no opportunity, one tick more is', () => {
    for (const [bid, count] of [
      [20_200n, 0],
      [20_201n, 1],
    ] as const) {
      const stage = stageWithTriangle({ ...FREE, strategy: { min_edge_bps: 100 } });
      openBooks(stage, bid);
      stage.run();
      expect(stage.recorded()).toHaveLength(count);
      expect(stage.counters.candidates).toBe(1); // the screen lets both through
    }
  });

  test('fees are taken off before the threshold', () => {
    const fees = { taker_pct: '0.26', pairs_taker_pct: { 'ETH/USD': '0.5' } };
    const stage = stageWithTriangle({ fees });
    openBooks(stage);
    stage.run();
    expect(stage.recorded()).toEqual([]);
    openBooks(stage, 20_210n);
    stage.run();
    const [recorded] = stage.recorded();
    expect(recorded!.netMultiplier).toBeCloseTo(1.0105 * 0.9974 ** 2 * 0.995, 14);
  });

  test.each([
    ['its status is not known', (stage: DetectorStage) => stage.announce(triangle())],
    [
      'it says maintenance',
      (stage: DetectorStage) => {
        announceTriangle(stage);
        stage.status('maintenance');
      },
    ],
  ])('nothing is detected while the venue is not online: %s', (_why, prepare) => {
    const stage = new DetectorStage({ config: FREE });
    prepare(stage);
    openBooks(stage);
    stage.run();
    expect(stage.recorded()).toEqual([]);
    stage.status('online');
    stage.book(ETH_USD, [[ticks(20_300n), lots(500n)]], [[ticks(20_900n), lots(500n)]]);
    stage.run();
    expect(stage.recorded()).toHaveLength(1);
  });

  test('fees that the venue has reported take the place of the settings, from the next message on', () => {
    const stage = stageWithTriangle(FREE);
    openBooks(stage);
    stage.run();
    expect(stage.recorded()).toHaveLength(1);
    const table = openTable(stage.test.memory, 'fee_table', 'sequencer');
    table.take([BTC_USD, ETH_BTC, ETH_USD].map((instrument) => ({ instrument, takerPpm: 3_000 as PartsPerMillion })));
    stage.detector.onTimer?.();
    openBooks(stage, 20_201n);
    stage.run();
    const [opportunity] = stage.recorded();
    expect(opportunity?.netMultiplier).toBeCloseTo((20_201 / 20_000) * 0.997 ** 3, 12);
    table.take([{ instrument: instrumentIndex(0), takerPpm: 9_000 as PartsPerMillion }]);
    stage.replace();
    openBooks(stage, 20_200n);
    stage.run();
    expect(stage.recorded()).toEqual([]);
  });

  test('a pair that leaves online takes its cycles along, and brings them back', () => {
    const stage = stageWithTriangle();
    openBooks(stage);
    stage.announce(triangle(1n, ['online', 'post_only', 'online']));
    stage.book(ETH_USD, [[ticks(20_300n), lots(500n)]], [[ticks(20_900n), lots(500n)]]);
    stage.run();
    expect(stage.recorded()).toHaveLength(1);
    expect(stage.counters.cycles).toBe(0);
    stage.announce(triangle());
    stage.book(ETH_USD, [[ticks(20_400n), lots(500n)]], [[ticks(20_900n), lots(500n)]]);
    stage.run();
    expect(stage.recorded()).toHaveLength(1);
  });

  test('a top that did not change says nothing twice, a changed quantity does', () => {
    const stage = stageWithTriangle();
    openBooks(stage);
    openBooks(stage);
    stage.run();
    expect(stage.recorded()).toHaveLength(1);
    stage.book(BTC_USD, [[ticks(9_990n), lots(500n)]], [[ticks(10_000n), lots(400n)]]);
    stage.run();
    expect(stage.recorded()).toMatchObject([{ symbol: 'BTC/USD', touchStartQty: '400.000000' }]);
  });

  test('a quantity precision that changes voids the top until the next one', () => {
    const stage = stageWithTriangle({ ...FREE, strategy: { start_assets: ['USD'] } });
    openBooks(stage);
    stage.run();
    expect(stage.recorded()).toHaveLength(1);
    const { instruments } = triangle();
    stage.announce({ assets: [], instruments: [{ ...instruments[ETH_USD]!, qtyPrecision: 3 }] });
    stage.book(BTC_USD, [[ticks(9_980n), lots(500n)]], [[ticks(9_990n), lots(500n)]]); // pays even more, but for ETH/USD in lots that mean nothing
    stage.run();
    expect(stage.recorded()).toEqual([]);
    stage.book(ETH_USD, [[ticks(20_200n), lots(5_000n)]], [[ticks(20_700n), lots(5_000n)]]);
    stage.run();
    expect(stage.recorded()).toMatchObject([{ cycle: FORWARD, legs: [{}, {}, { qty: '2.500' }] }]);
  });

  test('a successor forgets a top that its predecessor died over while it took a precision over', () => {
    const stage = stageWithTriangle();
    openBooks(stage);
    stage.run();
    expect(stage.recorded()).toHaveLength(1);
    const { instruments } = triangle();
    stage.announce({ assets: [], instruments: [{ ...instruments[ETH_USD]!, pricePrecision: 1 }] });
    const table = openTable(stage.test.memory, 'book_table', 'book');
    table.publish(ETH_USD, table.beginVersion(ETH_USD, stage.seq, 0, 0), 0, 0); // as the book actor does
    const { counters, instrumentLog } = stage.test.context;
    counters.set(counters.at('instruments_position'), instrumentLog.used);
    stage.replace();
    stage.book(BTC_USD, [[ticks(9_980n), lots(500n)]], [[ticks(9_990n), lots(500n)]]);
    stage.run();
    expect(stage.recorded()).toEqual([]);
  });

  test('no size reaches beyond the levels that the checksum vouches for', () => {
    const stage = new DetectorStage({ config: { ...FREE, venue: { depth: 25 } } });
    announceTriangle(stage);
    stage.book(BTC_USD, [[ticks(9_990n), lots(5_000n)]], [[ticks(10_000n), lots(5_000n)]]);
    stage.book(ETH_BTC, [[ticks(190n), lots(5_000n)]], [[ticks(200n), lots(5_000n)]]);
    const bids = Array.from({ length: 25 }, (_, level) => [21_000n - BigInt(level), 10n] as const);
    stage.book(ETH_USD, bids, [[21_500n, 500n]]);
    stage.run();
    expect(stage.recorded()).toMatchObject([{ cycle: FORWARD, legs: [{}, {}, { qty: '1.00', price: '209.91' }] }]);
  });

  test('an edge that pays only while every level is one fill has no size', () => {
    // Two decimals of lots: a hundredth of an ETH less on the way is more than what is earned.
    const stage = stageWithTriangle({ ...FREE, strategy: { start_assets: ['USD'] } });
    stage.book(BTC_USD, [[ticks(9_990n), lots(500n)]], [[ticks(10_000n), lots(500n)]]);
    stage.book(ETH_BTC, [[ticks(190n), lots(500n)]], [[ticks(200n), lots(500n)]]);
    stage.book(ETH_USD, [[ticks(20_200n), lots(50n)]], [[ticks(20_700n), lots(500n)]]); // 0.5 ETH: 1.00 USD is earned, a lot of ETH is 2.02 USD
    stage.run();
    expect(stage.recorded()).toMatchObject([{ cycle: FORWARD, size: null }]);
  });

  test('never an opportunity through a book that is not valid', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const { stage, recorded, invalidAt } = randomRun(seed, 120);
        for (const emitted of recorded) {
          for (const leg of emitted.legs) {
            const instrument = stage.directory.instrumentNamed(leg.symbol)!.index;
            expect(invalidAt(instrument, emitted.seq)).toBe(false);
          }
        }
      }),
      { numRuns: 25, seed: 20_260_804 },
    );
  });

  test('finds exactly what exact arithmetic over all cycles finds, whatever the order of messages', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const { recorded, expected } = randomRun(seed, 120);
        expect(recorded.map(({ seq, cycle }) => `${seq} ${cycle}`)).toEqual(expected);
      }),
      { numRuns: 25, seed: 20_260_805 },
    );
  });
});

describe('detector, continued', () => {
  test('with no room for a record it leaves the message on its ring and loses nothing', () => {
    const config = { ...FREE, strategy: { min_edge_bps: -10_000 }, limits: { records_ring: 64, book_versions: 256 } };
    const stage = stageWithTriangle(config);
    openBooks(stage);
    let bid = 20_200n;
    for (let message = 0; message < 200; message++) {
      bid += message % 2 === 0 ? 1n : -1n;
      stage.book(ETH_USD, [[ticks(bid), lots(500n)]], [[ticks(bid + 500n), lots(500n)]]);
    }
    const recorded: Emitted[] = [];
    for (;;) {
      stage.run();
      stage.passedOn();
      const taken = stage.recorded(7);
      if (taken.length === 0) break;
      recorded.push(...taken);
    }
    expect(recorded).toHaveLength(2 * 201);
    expect(recorded.map(({ recordSeq }) => recordSeq)).toEqual(recorded.map((_, index) => index + 1));
    expect(new Set(recorded.map(({ seq, ordinal }) => `${seq} ${ordinal}`)).size).toBe(recorded.length);
    expect(stage.counters.records_waited).toBeGreaterThan(0);
    expect(stage.counters.opportunities).toBe(402);
  });

  test('what the sequencer has no room for is counted as refused and still recorded', () => {
    const stage = stageWithTriangle({ ...FREE, limits: { opportunities_ring: 64, book_versions: 256 } });
    openBooks(stage);
    for (let message = 1n; message <= 80n; message++) {
      stage.book(ETH_USD, [[ticks(20_200n + message), lots(500n)]], [[ticks(21_000n), lots(500n)]]);
    }
    stage.run();
    expect(stage.recorded()).toHaveLength(81);
    expect(stage.passedOn()).toHaveLength(64);
    expect(stage.counters.opportunities_refused).toBe(17);
  });

  test.each(['after the handled messages', 'in the middle of a message'] as const)(
    'a successor %s goes on as if nothing had been',
    (when) => {
      const lines = (replaceAt: readonly number[], cutBetweenRings: boolean): [string[], string[]] => {
        const chance = seededChance(20_260_806);
        const config = { ...FREE, strategy: { min_edge_bps: -10_000 } };
        const stage = stageWithTriangle(config);
        const recorded: string[] = [];
        const passedOn: string[] = [];
        for (let message = 0; message < 200; message++) {
          randomBook(stage, chance);
          if (replaceAt.includes(message) && cutBetweenRings) dieWhileRecording(stage);
          if (replaceAt.includes(message)) stage.replace();
          stage.run();
          recorded.push(...stage.recorded().map(({ line, recordSeq }) => `${recordSeq} ${line}`));
          passedOn.push(...stage.passedOn().map(({ line, recordSeq }) => `${recordSeq} ${line}`));
        }
        return [recorded, passedOn];
      };
      const undisturbed = lines([], false);
      expect(undisturbed[0].length).toBeGreaterThan(200);
      expect(undisturbed[1].length).toBeGreaterThan(20);
      expect(lines([3, 40, 41, 42, 77, 150], when === 'in the middle of a message')).toEqual(undisturbed);
    },
  );

  test('a successor knows the venue status, the instruments and the best cycle from before', () => {
    const stage = stageWithTriangle();
    openBooks(stage);
    stage.run();
    stage.replace();
    expect(stage.counters).toMatchObject({ cycles: 2, best_leg_1: 1, best_leg_2: 3, best_leg_3: 6, best_leg_4: 0 });
    stage.book(BTC_USD, [[ticks(9_990n), lots(500n)]], [[ticks(9_999n), lots(500n)]]);
    stage.run();
    expect(stage.recorded()).toHaveLength(2);
  });
});

/** The actor dies on its way from the sequencer's ring to persistence: one has the opportunity, the other has not. */
function dieWhileRecording(stage: DetectorStage): void {
  const { records } = stage.test.context;
  const write = records.tryWrite.bind(records);
  let allowed = 1;
  Object.assign(records, {
    tryWrite: (...args: Parameters<typeof write>) => {
      if (allowed-- > 0) return write(...args);
      throw new Error('killed');
    },
  });
  try {
    stage.run();
  } catch (thrown) {
    expect((thrown as Error).message).toBe('killed');
  } finally {
    Reflect.deleteProperty(records, 'tryWrite');
  }
}

interface RandomRun {
  readonly stage: DetectorStage;
  readonly recorded: readonly Emitted[];
  /** `seq cycle` of what a naive detector finds. */
  readonly expected: readonly string[];
  invalidAt(instrument: InstrumentIndex, seq: number): boolean;
}

type Top = { bid: readonly [bigint, bigint] | undefined; ask: readonly [bigint, bigint] | undefined };

function randomRun(seed: number, messages: number): RandomRun {
  const chance = seededChance(seed);
  const stage = stageWithTriangle(FREE);
  const tops = new Map<number, Top>();
  const invalid = new Map<string, boolean>();
  const recorded: Emitted[] = [];
  const expected: string[] = [];
  for (let message = 0; message < messages; message++) {
    const { instrument, top } = randomBook(stage, chance);
    const before = JSON.stringify(tops.get(instrument), textOfBigint);
    tops.set(instrument, top);
    const seq = stage.seq;
    for (const index of [BTC_USD, ETH_BTC, ETH_USD]) {
      invalid.set(`${index} ${seq}`, tops.get(index)?.bid === undefined && tops.get(index)?.ask === undefined);
    }
    if (JSON.stringify(top, textOfBigint) !== before) expected.push(...naive(tops).map((cycle) => `${seq} ${cycle}`));
    stage.run();
    recorded.push(...stage.recorded());
    stage.passedOn();
  }
  return { stage, recorded, expected, invalidAt: (index, seq) => invalid.get(`${index} ${seq}`) ?? true };
}

const textOfBigint = (_key: string, value: unknown) => (typeof value === 'bigint' ? value.toString() : value);

/** Both directions of the triangle in integers: prices have two decimals each. */
function naive(tops: ReadonlyMap<number, Top>): string[] {
  const [btcUsd, ethBtc, ethUsd] = [BTC_USD, ETH_BTC, ETH_USD].map((index) => tops.get(index)) as Top[];
  const found: string[] = [];
  if (btcUsd?.ask && ethBtc?.ask && ethUsd?.bid && ethUsd.bid[0] * 100n > btcUsd.ask[0] * ethBtc.ask[0]) {
    found.push(FORWARD);
  }
  if (btcUsd?.bid && ethUsd?.ask && ethBtc?.bid && btcUsd.bid[0] * ethBtc.bid[0] > ethUsd.ask[0] * 100n) {
    found.push('BTC/USD:sell>ETH/USD:buy>ETH/BTC:sell');
  }
  return found;
}

/** One random message: a book of a few levels near parity, one with an empty side, or an invalidation. */
function randomBook(
  stage: DetectorStage,
  chance: ReturnType<typeof seededChance>,
): { instrument: InstrumentIndex; top: Top } {
  const instrument = chance.integer(3);
  const kind = chance.integer(12);
  if (kind === 0) {
    stage.invalidate(instrumentIndex(instrument));
    return { instrument: instrumentIndex(instrument), top: { bid: undefined, ask: undefined } };
  }
  const par = [10_000n, 200n, 20_000n][instrument]!;
  const spread = par / 100n;
  const bid = par - spread + BigInt(chance.integer(Number(spread) * 2));
  const ask = bid + 1n + BigInt(chance.integer(Number(spread)));
  const side = (best: bigint, step: bigint): Levels =>
    Array.from({ length: 1 + chance.integer(3) }, (_, level) => [
      best + step * BigInt(level),
      1n + BigInt(chance.integer(300)),
    ]);
  const bids = kind === 1 ? [] : side(bid, -1n);
  const asks = kind === 2 ? [] : side(ask, 1n);
  stage.book(instrumentIndex(instrument), bids, asks, { recvIndex: stage.seq, wallNs: BigInt(stage.seq) });
  return { instrument: instrumentIndex(instrument), top: { bid: bids[0], ask: asks[0] } };
}
