import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type AssetIndex, assetIndex, type InstrumentIndex, instrumentIndex } from '../../../src/market/instrument.ts';
import type { GateState } from '../../../src/trading/trading-gate.ts';
import { ASSETS, type Book, type Execution, GOOD_BOOKS, type Stage, stageSequencer, USD } from './sequencer-stage.ts';

/** What happens to a plan between its legs. */
type Happening =
  | { readonly kind: 'pass'; readonly ms: number }
  | {
      readonly kind: 'book';
      readonly instrument: InstrumentIndex;
      readonly worseBps: number;
      readonly depthPct: number;
    }
  | { readonly kind: 'void'; readonly instrument: InstrumentIndex }
  | { readonly kind: 'gate'; readonly state: GateState }
  | { readonly kind: 'opportunity' }
  | { readonly kind: 'death' };

const instrument = fc.integer({ min: 0, max: 2 }).map(instrumentIndex);
const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 40 }) }) },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('book' as const),
      instrument,
      worseBps: fc.integer({ min: -30, max: 60 }),
      depthPct: fc.integer({ min: 0, max: 150 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('void' as const), instrument }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('gate' as const),
      state: fc.constantFrom<GateState>('active', 'active', 'paused', 'reducing', 'halted'),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('opportunity' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('death' as const) }) },
);

/** The good book, worse by some basis points on both sides and with some part of its depth. */
function changed(book: Book, worseBps: number, depthPct: number): Book {
  const level = ([price, lots]: readonly [bigint, bigint], sign: bigint): [bigint, bigint] => [
    price + (sign * price * BigInt(worseBps)) / 10_000n,
    (lots * BigInt(depthPct)) / 100n,
  ];
  const side = (levels: Book['bids'], sign: bigint) =>
    levels.map((one) => level(one, sign)).filter(([, lots]) => lots > 0n);
  return { bids: side(book.bids, -1n), asks: side(book.asks, 1n) };
}

function play(stage: Stage, happenings: readonly Happening[], feePpm: number, deaths: boolean): void {
  for (const what of happenings) {
    if (what.kind === 'pass') stage.pass(what.ms);
    else if (what.kind === 'book') {
      stage.setBook(what.instrument, changed(GOOD_BOOKS[what.instrument]!, what.worseBps, what.depthPct));
    } else if (what.kind === 'void') stage.voidBook(what.instrument);
    else if (what.kind === 'gate') stage.gate.setRisk(what.state, 'operator');
    else if (what.kind === 'death') {
      if (deaths) stage.succeed();
    } else {
      const opportunity = stage.opportunity(feePpm);
      if (opportunity !== undefined) stage.send(opportunity);
      stage.run();
    }
  }
}

/** Everything to its end: all well again for longer than patience lasts. */
function finish(stage: Stage): void {
  stage.gate.setRisk('active', 'none');
  for (const [index, book] of GOOD_BOOKS.entries()) stage.setBook(instrumentIndex(index), book);
  stage.pass(3_000);
  expect(stage.counter('plans_active')).toBe(0);
}

const scale = (asset: AssetIndex): bigint => 10n ** BigInt(ASSETS[asset]!.precision);

function checkFill(fill: Execution, feePpm: number): void {
  const isBuy = fill.side === 0;
  // A quantity of 10^-8 is 100 units of BTC or ETH.
  const baseUnits = fill.qty * 100n;
  expect(isBuy ? fill.spent : fill.received + fill.fee).toBe(fill.cost);
  expect(isBuy ? fill.received + fill.fee : fill.spent).toBe(baseUnits);
  const gross = isBuy ? baseUnits : fill.cost;
  expect(fill.fee).toBe((gross * BigInt(feePpm) + 999_999n) / 1_000_000n);
  expect(fill.qty).toBeLessThanOrEqual(fill.wanted);
}

describe('sequencer: conservation', () => {
  test.each([[false], [true]])('the account changes by the sum of the fills, to the unit (deaths: %s)', (deaths) => {
    const outcomes = new Map<string, number>();
    fc.assert(
      fc.property(
        fc.array(happening, { minLength: 4, maxLength: 40 }),
        fc.constantFrom(0, 100, 1_000, 2_600),
        fc.constantFrom('sequential', 'sequential', 'parallel'),
        fc.constantFrom('cheapest', 'cheapest', 'reverse', 'complete', 'hold'),
        (happenings, feePpm, policy, shortfall) => {
          const stage = stageSequencer({ trading: { patience_ms: 200, policy, shortfall } });
          stage.send(stage.opportunity(feePpm));
          stage.run();
          play(stage, happenings, feePpm, deaths);
          finish(stage);
          const told = stage.told();
          const { executions } = stage.recorded();
          expect(executions).toEqual(told);
          expect(told.map(({ executionSeq }) => executionSeq)).toEqual(told.map((_, index) => index + 1));
          const sums = ASSETS.map(() => 0n);
          for (const fill of told.filter(({ event }) => event === 'FILL')) {
            checkFill(fill, feePpm);
            sums[fill.spentAsset]! -= fill.spent;
            sums[fill.receivedAsset]! += fill.received;
          }
          expect(stage.balances()).toEqual(sums);
          // Whatever is held besides the start asset stands in one of the ledgers.
          const ledger = ASSETS.map(() => 0n);
          for (const { event, amount, amountAsset } of told) {
            if (event === 'EXPOSURE' || event === 'DUST') ledger[amountAsset]! += amount;
          }
          for (const { index } of ASSETS.filter(({ index }) => index !== USD)) {
            expect(ledger[index]).toBe(sums[index]);
            // Leg after leg nothing is ever owed.
            if (policy === 'sequential') expect(sums[index]).toBeGreaterThanOrEqual(0n);
            expect(sums[index]).toBeLessThan(1_000n * scale(assetIndex(index)));
          }
          const ended = told.filter(({ event }) => event === 'PLAN_ENDED');
          expect(ended.reduce((sum, { profit }) => sum + profit, 0n)).toBe(sums[USD]);
          expect(ended.length).toBe(told.filter(({ event }) => event === 'PLAN_OPENED').length);
          for (const { outcome } of ended) outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
          expect(stage.counter('events_unexpected')).toBe(0);
        },
      ),
      { numRuns: 400, ...(deaths ? { seed: 20260101 } : { seed: 20260102 }) },
    );
    console.log(`conservation, deaths ${deaths}: ${JSON.stringify(Object.fromEntries(outcomes))}`);
    expect([...outcomes.keys()].sort()).toEqual(['abandoned', 'completed', 'stranded', 'unwound']);
  });
});

describe('sequencer: a successor in every phase', () => {
  const script = (stage: Stage): void => {
    stage.send(stage.opportunity(100));
    stage.run();
  };
  const WAYS: readonly (readonly [string, (stage: Stage, ms: number) => void])[] = [
    ['completed', () => undefined],
    ['unwound', (stage, ms) => ms === 25 && stage.setBook(instrumentIndex(1), { bids: GOOD_BOOKS[1]!.bids, asks: [] })],
    ['unwound', (stage, ms) => ms === 45 && stage.setBook(instrumentIndex(2), { bids: [], asks: GOOD_BOOKS[2]!.asks })],
    ['stranded', (stage, ms) => ms === 25 && stage.gate.setRisk('halted', 'operator')],
    ['stranded', (stage, ms) => ms === 25 && stage.gate.setRisk('paused', 'operator')],
    [
      'abandoned',
      (stage, ms) => ms === 5 && stage.setBook(instrumentIndex(0), { bids: GOOD_BOOKS[0]!.bids, asks: [] }),
    ],
  ];

  const run = (act: (stage: Stage, ms: number) => void, diesAt: number | undefined) => {
    const stage = stageSequencer({ trading: { patience_ms: 100 } });
    script(stage);
    for (let ms = 0; ms < 300; ms += 5) {
      act(stage, ms);
      if (ms === diesAt) stage.succeed();
      stage.pass(5);
    }
    return { told: stage.told(), balances: stage.balances(), active: stage.counter('plans_active') };
  };

  test.each(WAYS)('a plan that is %s ends the same whenever its actor dies', (outcome, act) => {
    const undisturbed = run(act, undefined);
    expect(undisturbed.active).toBe(0);
    expect(undisturbed.told.at(-1)).toMatchObject({ event: 'PLAN_ENDED', outcome });
    for (let diesAt = 0; diesAt < 300; diesAt += 5)
      expect(run(act, diesAt), `dies at ${diesAt} ms`).toEqual(undisturbed);
  });
});
