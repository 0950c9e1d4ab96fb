import { describe, expect, test } from 'vitest';
import { AccountDesk } from '../../../src/actors/sequencer/account/account-desk.ts';
import type { ExecutionRoute } from '../../../src/actors/sequencer/execution-route.ts';
import { type InstrumentIndex, instrumentIndex } from '../../../src/market/instrument.ts';
import { type Lots, lots, ticks, type Units, units } from '../../../src/money/money.ts';
import { Histogram } from '../../../src/runtime/memory/histogram.ts';
import { openTable } from '../../../src/runtime/memory/shared-tables.ts';
import type { GateState } from '../../../src/trading/trading-gate.ts';
import type { LoggedEvent } from '../../support/test-context.ts';
import { HandVenue } from './hand-venue.ts';
import {
  BTC,
  BTC_USD,
  ETH,
  ETH_BTC,
  ETH_USD,
  type Execution,
  GOOD_BOOKS,
  PAIRS,
  type Stage,
  stageSequencer,
  USD,
} from './sequencer-stage.ts';

/** Of plans and fills: what is reported of orders and dust has tests of its own. */
const names = (executions: readonly Execution[]) =>
  executions.map(({ event }) => event).filter((event) => event.startsWith('PLAN_') || event === 'FILL');
const plansRecorded = (stage: Stage) =>
  stage.told().flatMap(({ event, reason }) => (event.startsWith('PLAN_') ? [[event, reason]] : []));
const endOf = (executions: readonly Execution[]) => executions.find(({ event }) => event === 'PLAN_ENDED');
const fillsOf = (executions: readonly Execution[]) => executions.filter(({ event }) => event === 'FILL');

/** Every execution reports the same to risk and the database, numbered without a gap. */
function takeAll(stage: Stage) {
  const told = stage.told();
  const { executions, audits } = stage.recorded();
  expect(executions).toEqual(told);
  expect(told.map(({ executionSeq }) => executionSeq)).toEqual(
    told.map((_, index) => (told[0]?.executionSeq ?? 1) + index),
  );
  return { told, audits };
}

const thinner = (instrument: InstrumentIndex, side: 'bids' | 'asks', lots: Lots) => {
  const book = GOOD_BOOKS[instrument]!;
  return { ...book, [side]: [[book[side][0]![0], lots]] } as (typeof GOOD_BOOKS)[number];
};

describe('sequencer: a plan that goes well', () => {
  test('trades its three legs one after the other, each after the latency, and books an exact profit', () => {
    const stage = stageSequencer({ paper: { latency_ms: 20 } });
    const opportunity = stage.opportunity(1_000)!;
    stage.send(opportunity);
    stage.run();
    expect(names(stage.told())).toEqual(['PLAN_OPENED']);
    expect(stage.counter('plans_active')).toBe(1);
    stage.pass(19);
    expect(stage.told()).toEqual([]);
    stage.pass(1);
    expect(names(stage.told())).toEqual(['FILL']);
    stage.pass(20);
    expect(names(stage.told())).toEqual(['FILL']);
    stage.pass(20);
    const last = stage.told();
    expect(names(last)).toEqual(['FILL', 'PLAN_ENDED']);
    const { executions } = stage.recorded();
    expect(names(executions)).toEqual(['PLAN_OPENED', 'FILL', 'FILL', 'FILL', 'PLAN_ENDED']);
    expect(endOf(last)).toMatchObject({
      outcome: 'completed',
      reason: 'none',
      start: opportunity.startUnits,
      end: opportunity.endUnits,
      profit: opportunity.endUnits - opportunity.startUnits,
    });
    expect(stage.balances()[USD]).toBe(opportunity.endUnits - opportunity.startUnits);
    expect(stage.counter('plans_active')).toBe(0);
    expect(stage.counter('plans_completed')).toBe(1);
    expect(stage.counter('fills')).toBe(3);
  });

  test('each leg orders what the leg before really delivered after its fee, which is taken in the asset received', () => {
    const stage = stageSequencer();
    stage.send(stage.opportunity(2_500));
    stage.pass(100);
    const [first, second, third] = fillsOf(stage.told()) as [Execution, Execution, Execution];
    expect([first.spentAsset, first.receivedAsset]).toEqual([USD, BTC]);
    expect([second.spentAsset, second.receivedAsset]).toEqual([BTC, ETH]);
    expect([third.spentAsset, third.receivedAsset]).toEqual([ETH, USD]);
    expect(first.received).toBe(first.qty * 100n - first.fee);
    expect(first.fee).toBe((first.qty * 100n * 2_500n + 999_999n) / 1_000_000n);
    expect(second.spent).toBeLessThanOrEqual(first.received);
    expect(third.spent).toBeLessThanOrEqual(second.received);
    expect(third.received).toBe(third.cost - third.fee);
    expect(third.fee).toBe((third.cost * 2_500n + 999_999n) / 1_000_000n);
    // What is left of BTC and ETH is the dust that no order could have moved.
    const [, btc, eth] = stage.balances();
    expect(btc).toBe(first.received - second.spent);
    expect(eth).toBe(second.received - third.spent);
    expect(eth).toBeLessThan(100n);
  });

  test('takes the better price when the book has become better', () => {
    const stage = stageSequencer();
    const opportunity = stage.opportunity()!;
    stage.send(opportunity);
    stage.run();
    stage.setBook(ETH_USD, { ...GOOD_BOOKS[ETH_USD]!, bids: [[260_000n, lots(500_000_000n)]] });
    stage.pass(100);
    expect(endOf(stage.told())!.profit).toBeGreaterThan(opportunity.endUnits - opportunity.startUnits);
  });

  test('measures the time from the frame to the plan', () => {
    const stage = stageSequencer();
    stage.send(stage.opportunity(), { stampNs: stage.clock.nowNs() - 5_000 });
    stage.run();
    const histogram = new Histogram(stage.memory.latencies.plan_opened);
    expect(histogram.count).toBe(1);
  });

  test('without latency everything happens at once', () => {
    const stage = stageSequencer({ paper: { latency_ms: 0 } });
    stage.send(stage.opportunity());
    stage.run();
    expect(endOf(stage.told())).toMatchObject({ outcome: 'completed' });
  });
});

/** What the venue says as market message `seq`: the prices of a pair have one more decimal from there on. */
function rescale(stage: Stage, instrument: InstrumentIndex, seq: number): void {
  const pair = PAIRS[instrument]!;
  const finer = { ...pair, pricePrecision: pair.pricePrecision + 1 };
  openTable(stage.memory, 'instrument_log', 'feed').append({ assets: [], instruments: [finer] }, seq);
}

describe('sequencer: what is refused when it arrives', () => {
  const refusal = (stage: Stage) => {
    stage.run();
    const { told } = takeAll(stage);
    expect(names(told)).toEqual(['PLAN_REFUSED']);
    expect(stage.counter('plans_refused')).toBe(1);
    expect(stage.counter('plans_opened')).toBe(0);
    return told[0]!.reason;
  };

  test('one older than allowed; just as old as allowed is taken', () => {
    const stage = stageSequencer({ trading: { opportunity_age_max_ms: 100 } });
    const opportunity = stage.opportunity();
    stage.send(opportunity, { stampNs: stage.clock.nowNs() - 100e6 - 1 });
    expect(refusal(stage)).toBe('too_old');
    stage.send(opportunity, { stampNs: stage.clock.nowNs() - 100e6 });
    stage.run();
    expect(names(stage.told())).toEqual(['PLAN_OPENED']);
  });

  test.each<[GateState]>([['halted'], ['paused'], ['reducing'], ['draining']])('any while the gate is %s', (state) => {
    const stage = stageSequencer();
    stage.gate.setRisk(state, 'operator');
    stage.send(stage.opportunity());
    expect(refusal(stage)).toBe('gate_closed');
  });

  test('any while the supervisor alone holds the gate', () => {
    const stage = stageSequencer();
    stage.gate.setSupervisor('paused', 'actor_down');
    stage.send(stage.opportunity());
    expect(refusal(stage)).toBe('gate_closed');
  });

  test.each([BTC_USD, ETH_BTC, ETH_USD])('one whose book %i is not valid', (instrument) => {
    const stage = stageSequencer();
    const opportunity = stage.opportunity();
    stage.voidBook(instrumentIndex(instrument));
    stage.send(opportunity);
    expect(refusal(stage)).toBe('book_invalid');
  });

  test('one with a book of which nothing was heard for too long', () => {
    const stage = stageSequencer({ venue: { instrument_silence_ms: 1_000 } });
    const opportunity = stage.opportunity();
    stage.pass(1_001);
    stage.setBook(BTC_USD, GOOD_BOOKS[BTC_USD]!);
    stage.setBook(ETH_USD, GOOD_BOOKS[ETH_USD]!);
    stage.send(opportunity);
    expect(refusal(stage)).toBe('book_stale');
  });

  test('one that no longer pays at the newest books', () => {
    const stage = stageSequencer();
    const opportunity = stage.opportunity();
    stage.setBook(ETH_USD, { ...GOOD_BOOKS[ETH_USD]!, bids: [[250_000n, lots(500_000_000n)]] });
    stage.send(opportunity);
    expect(refusal(stage)).toBe('edge_gone');
  });

  test('one of which the books, still within the collar, have taken the profit', () => {
    const stage = stageSequencer({ trading: { slippage_bps: 200 } });
    const opportunity = stage.opportunity();
    stage.setBook(ETH_USD, { ...GOOD_BOOKS[ETH_USD]!, bids: [[250_000n, lots(500_000_000n)]] });
    stage.send(opportunity);
    expect(refusal(stage)).toBe('edge_gone');
  });

  test('one that pays only as long as no level comes in several fills, each rounded by the ledger', () => {
    // An ETH sells for a cent more than it costs: 0.0020 USD and 0.0040 USD; ten fills a level can take 0.0027 of that.
    const booksOf = (btcLots: Lots) => [
      { ...GOOD_BOOKS[BTC_USD]!, asks: [[500_000n, btcLots]] as const },
      GOOD_BOOKS[ETH_BTC]!,
      { ...GOOD_BOOKS[ETH_USD]!, bids: [[250_001n, 500_000_000n]] as const },
    ];
    const stage = stageSequencer({ books: booksOf(lots(1_000_000n)) });
    stage.send(stage.opportunity());
    expect(refusal(stage)).toBe('edge_gone');
    const larger = stageSequencer({ books: booksOf(lots(2_000_000n)) });
    larger.send(larger.opportunity());
    larger.run();
    expect(larger.told()[0]).toMatchObject({ event: 'PLAN_OPENED', profit: 40n });
  });

  test('one that pays, but not more than the least edge', () => {
    const stage = stageSequencer({ strategy: { min_edge_bps: 80 } });
    stage.send(stage.opportunity());
    expect(refusal(stage)).toBe('edge_gone');
    const finer = stageSequencer({ strategy: { min_edge_bps: 80.000000000001 } });
    finer.send(finer.opportunity());
    finer.run();
    expect(finer.told()).toMatchObject([{ event: 'PLAN_REFUSED', reason: 'edge_gone' }]);
    const bolder = stageSequencer({ strategy: { min_edge_bps: 79.999999999999 } });
    bolder.send(bolder.opportunity());
    bolder.run();
    expect(names(bolder.told())).toEqual(['PLAN_OPENED']);
  });

  test('one that was decided on in another precision; one decided on after the change is taken', () => {
    const stage = stageSequencer();
    const before = stage.send(stage.opportunity());
    rescale(stage, ETH_BTC, before.seq + 1);
    expect(refusal(stage)).toBe('precision_changed');
    const later = stageSequencer();
    const what = later.opportunity()!;
    rescale(later, ETH_BTC, 1);
    const tenfold = { bids: [[49_990n, 500_000_000n]], asks: [[50_000n, 500_000_000n]] } as const;
    later.setBook(ETH_BTC, tenfold);
    const legs = what.legs.map((leg) => (leg.instrument === ETH_BTC ? { ...leg, decidedTicks: ticks(50_000n) } : leg));
    later.send({ ...what, legs });
    later.run();
    expect(names(later.told())).toEqual(['PLAN_OPENED']);
  });

  test('one of which a sale at its collar falls below the least cost, though what it brings does not', () => {
    const what = stageSequencer().opportunity()!;
    const last = what.legs[2]!;
    const costAt = (price: bigint) => (price * last.qtyLots) / 10n ** 6n; // cents and 1e-8 ETH to units of 1e-4 USD
    const withCostMin = (costMin: bigint) =>
      stageSequencer({
        pairs: PAIRS.map((pair) => (pair.index === ETH_USD ? { ...pair, costMin: units(costMin) } : pair)),
      });
    const collar = last.decidedTicks - last.decidedTicks / 1_000n; // 10 basis points
    const refused = withCostMin(costAt(collar) + 1n);
    refused.send(what);
    expect(refusal(refused)).toBe('below_minimum');
    const taken = withCostMin(costAt(collar));
    taken.send(what);
    taken.run();
    expect(names(taken.told())).toEqual(['PLAN_OPENED']);
  });

  test('one without a size, one on a pair that is not online, and one on a pair no one knows', () => {
    const stage = stageSequencer();
    stage.send(stage.opportunity(), { sized: 0 });
    expect(refusal(stage)).toBe('unsized');
    const closed = stageSequencer({ pairs: PAIRS.map((pair) => ({ ...pair, status: 'cancel_only' as const })) });
    closed.send(closed.opportunity());
    expect(refusal(closed)).toBe('not_tradable');
    const unknown = stageSequencer();
    const opportunity = unknown.opportunity()!;
    unknown.send({
      ...opportunity,
      legs: opportunity.legs.map((leg) => ({ ...leg, instrument: instrumentIndex(77) })),
    });
    expect(refusal(unknown)).toBe('instrument_unknown');
  });

  test('one that the account cannot pay; what it can pay to the unit is taken whole, and less of it when it has less', () => {
    const probe = stageSequencer();
    const { startUnits } = probe.opportunity()!;
    // Ten basis points of collar come on top of the start.
    const needed = startUnits + startUnits / 1_000n;
    const amount = (units: Units) => `${units / 10_000n}.${(units % 10_000n).toString().padStart(4, '0')}`;
    const startWith = (funds: bigint) => {
      const stage = stageSequencer({ paper: { inventory: { USD: amount(units(funds)) } } });
      stage.send(stage.opportunity());
      stage.run();
      stage.pass(100);
      const told = stage.told();
      expect(endOf(told)).toMatchObject({ outcome: 'completed' });
      return fillsOf(told)[0]!.qty;
    };
    const whole = startWith(needed);
    expect(whole).toBe(probe.opportunity()!.legs[0]!.qtyLots);
    const less = startWith(needed - 1n);
    expect(less).toBeLessThan(whole);
    expect(whole - less).toBeLessThan(whole / 100_000n);
    expect(startWith(needed / 2n)).toBeLessThanOrEqual(whole / 2n);
    const poor = stageSequencer({ paper: { inventory: { USD: '4' } } }); // 5 is the least order
    poor.send(poor.opportunity());
    expect(refusal(poor)).toBe('no_inventory');
    const other = stageSequencer({ paper: { inventory: { BTC: '100' } } });
    other.send(other.opportunity());
    expect(refusal(other)).toBe('no_inventory');
  });

  test('a second plan on an instrument that a plan trades, and one too many', () => {
    const stage = stageSequencer({ trading: { plans_at_once: 2 } });
    stage.send(stage.opportunity());
    stage.send(stage.opportunity());
    stage.run();
    expect(plansRecorded(stage)).toEqual([
      ['PLAN_OPENED', 'none'],
      ['PLAN_REFUSED', 'instrument_busy'],
    ]);
    stage.pass(100);
    stage.send(stage.opportunity());
    stage.run();
    expect(names(stage.told()).at(-1)).toBe('PLAN_OPENED');
  });

  test('one that comes again after it was decided upon changes nothing', () => {
    const stage = stageSequencer();
    const opportunity = stage.opportunity();
    const sent = stage.send(opportunity, { ordinal: 3 });
    stage.send(opportunity, { ...sent, ordinal: 2 });
    stage.send(opportunity, sent);
    stage.send(opportunity, { ...sent, seq: sent.seq - 1, ordinal: 9 });
    stage.run();
    expect(names(takeAll(stage).told)).toEqual(['PLAN_OPENED']);
    expect(stage.counter('opportunities_received')).toBe(1);
  });

  test('two of the same market message are two, and no two plans share what the account holds', () => {
    const pairs = [
      ...PAIRS,
      ...PAIRS.map((pair) => ({ ...pair, index: instrumentIndex(pair.index + 3), symbol: `${pair.symbol}2` })),
    ];
    const stage = stageSequencer({
      trading: { plans_at_once: 2 },
      paper: { inventory: { USD: '10000' } },
      pairs,
      books: [...GOOD_BOOKS, ...GOOD_BOOKS],
    });
    const first = stage.opportunity()!;
    const second = stage.opportunity(0, [
      [instrumentIndex(3), 0],
      [instrumentIndex(4), 0],
      [instrumentIndex(5), 1],
    ])!;
    const { seq } = stage.send(first, { ordinal: 0 });
    stage.send(second, { seq, ordinal: 1 });
    stage.run();
    const [one, other, ...more] = stage.told().filter(({ event }) => event === 'PLAN_OPENED');
    expect(more).toEqual([]);
    expect(one!.start + other!.start).toBeLessThanOrEqual(100_000_000n);
    expect(one!.start + other!.start).toBeGreaterThan(99_999_000n);
    expect(other!.start).toBeLessThan(one!.start);
    stage.pass(100);
    stage.send(second, { seq: seq + 1_000 });
    stage.run();
    expect(stage.told().findLast(({ event }) => event === 'PLAN_OPENED')!.start).toBe(one!.start);
  });
});

describe('sequencer: what goes wrong on the way', () => {
  test('a first leg that does not fill costs nothing: the plan is abandoned', () => {
    const stage = stageSequencer();
    stage.send(stage.opportunity());
    stage.run();
    stage.setBook(BTC_USD, { ...GOOD_BOOKS[BTC_USD]!, asks: [[510_000n, lots(200_000_000n)]] });
    stage.pass(20);
    expect(endOf(takeAll(stage).told)).toMatchObject({ outcome: 'abandoned', reason: 'no_fill', profit: 0n });
    expect(stage.balances()).toEqual([0n, 0n, 0n]);
  });

  test('the collar: at its edge a leg fills, one tick beyond it does not', () => {
    for (const [ask, outcome] of [
      [500_500n, 'FILL'],
      [500_501n, 'PLAN_ENDED'],
    ] as const) {
      const stage = stageSequencer({ trading: { slippage_bps: 10 } });
      stage.send(stage.opportunity());
      stage.run();
      stage.setBook(BTC_USD, { ...GOOD_BOOKS[BTC_USD]!, asks: [[ask, lots(200_000_000n)]] });
      stage.pass(20);
      expect(names(stage.told()).at(-1)).toBe(outcome);
    }
  });

  test('a first leg that fills in part: the plan goes on with less, nothing is taken back', () => {
    const stage = stageSequencer();
    stage.send(stage.opportunity());
    stage.run();
    stage.setBook(BTC_USD, thinner(BTC_USD, 'asks', lots(1_000_000n)));
    stage.pass(100);
    const { told } = takeAll(stage);
    const [first] = fillsOf(told);
    expect(first).toMatchObject({ qty: 1_000_000n, spent: 5_000_000n });
    expect(first!.wanted).toBeGreaterThan(first!.qty);
    expect(endOf(told)).toMatchObject({ outcome: 'completed', start: 5_000_000n });
    expect(endOf(told)!.profit).toBeGreaterThan(0n);
  });

  test('a middle leg that fills in part: that part goes on, the rest is taken back at the end', () => {
    const stage = stageSequencer({ trading: { shortfall: 'reverse' } });
    stage.send(stage.opportunity());
    stage.pass(30);
    stage.setBook(ETH_BTC, thinner(ETH_BTC, 'asks', lots(100_000_000n)));
    stage.pass(200);
    const { told } = takeAll(stage);
    const fills = fillsOf(told);
    expect(fills.map(({ leg, side }) => [leg, side])).toEqual([
      [0, 0],
      [1, 0],
      [2, 1],
      [0, 1],
    ]);
    expect(fills[1]!.qty).toBe(100_000_000n);
    expect(endOf(told)).toMatchObject({ outcome: 'unwound', reason: 'partial_fill' });
    expect(stage.balances()[BTC]).toBeLessThan(100n);
    expect(stage.balances()[USD]).toBe(endOf(told)!.profit);
  });

  test('a last leg that does not fill: everything goes back over two legs', () => {
    const stage = stageSequencer();
    stage.send(stage.opportunity());
    stage.pass(50);
    stage.setBook(ETH_USD, { ...GOOD_BOOKS[ETH_USD]!, bids: [[200_000n, lots(500_000_000n)]] });
    stage.pass(200);
    const { told } = takeAll(stage);
    expect(fillsOf(told).map(({ instrument, side }) => [instrument, side])).toEqual([
      [BTC_USD, 0],
      [ETH_BTC, 0],
      [ETH_BTC, 1],
      [BTC_USD, 1],
    ]);
    expect(endOf(told)).toMatchObject({ outcome: 'unwound', reason: 'no_fill' });
    expect(endOf(told)!.profit).toBeLessThan(0n);
    expect(stage.balances()[USD]).toBe(endOf(told)!.profit);
    expect(stage.counter('plans_unwound')).toBe(1);
  });

  test('a precision that changes in the middle: the order that is out fills nothing, the plan turns round', () => {
    const stage = stageSequencer();
    const { seq } = stage.send(stage.opportunity());
    stage.pass(25); // the order of the second leg is out
    rescale(stage, ETH_BTC, seq + 1);
    stage.pass(200);
    const { told } = takeAll(stage);
    expect(fillsOf(told).map(({ instrument, side }) => [instrument, side])).toEqual([
      [BTC_USD, 0],
      [BTC_USD, 1],
    ]);
    expect(endOf(told)).toMatchObject({ outcome: 'unwound', reason: 'no_fill' });
  });

  test('a precision that changes between two legs: no order is made of what was decided before', () => {
    const stage = stageSequencer();
    const { seq } = stage.send(stage.opportunity());
    stage.pass(25);
    rescale(stage, ETH_USD, seq + 1);
    stage.pass(200);
    const { told } = takeAll(stage);
    expect(fillsOf(told).map(({ instrument, side }) => [instrument, side])).toEqual([
      [BTC_USD, 0],
      [ETH_BTC, 0],
      [ETH_BTC, 1],
      [BTC_USD, 1],
    ]);
    expect(endOf(told)).toMatchObject({ outcome: 'unwound', reason: 'precision_changed' });
  });

  test('a book that becomes void in the middle: the plan turns round there', () => {
    const stage = stageSequencer();
    stage.send(stage.opportunity());
    stage.pass(25);
    stage.voidBook(ETH_BTC);
    stage.pass(200);
    const { told } = takeAll(stage);
    expect(fillsOf(told).map(({ instrument, side }) => [instrument, side])).toEqual([
      [BTC_USD, 0],
      [BTC_USD, 1],
    ]);
    expect(endOf(told)).toMatchObject({ outcome: 'unwound', reason: 'no_fill' });
  });

  test('taking back waits for a void book and goes on when it is verified again', () => {
    const stage = stageSequencer({ trading: { patience_ms: 1_000 } });
    stage.send(stage.opportunity());
    stage.pass(25);
    stage.voidBook(ETH_BTC);
    stage.voidBook(BTC_USD);
    stage.pass(500);
    expect(endOf(stage.told())).toBeUndefined();
    expect(stage.counter('plans_active')).toBe(1);
    stage.setBook(BTC_USD, GOOD_BOOKS[BTC_USD]!);
    stage.pass(100);
    expect(endOf(stage.told())).toMatchObject({ outcome: 'unwound' });
  });

  test('what cannot be taken back while patience lasts is stranded, and said to the unit', () => {
    const stage = stageSequencer({ trading: { patience_ms: 1_000 } });
    stage.send(stage.opportunity());
    stage.pass(25);
    stage.voidBook(ETH_BTC);
    stage.voidBook(BTC_USD);
    stage.pass(1_100);
    const { told, audits } = takeAll(stage);
    const [fill] = fillsOf(told);
    expect(endOf(told)).toMatchObject({ outcome: 'stranded', profit: -fill!.spent });
    const units = fill!.received.toString().padStart(11, '0');
    expect(audits).toEqual([
      `exposure_stranded plan 1 left ${units.slice(0, -10)}.${units.slice(-10)} BTC (no_fill)`,
      expect.stringMatching(/^plan_reasons plan 1 stranded: no_fill \d\d:.*, book_invalid .*out_of_patience/),
    ]);
    expect(stage.balances()[BTC]).toBe(fill!.received);
  });

  test('a gate that halts in the middle: nothing goes out any more, what is held is stranded', () => {
    const stage = stageSequencer();
    stage.send(stage.opportunity());
    stage.pass(25);
    stage.gate.setRisk('halted', 'operator');
    stage.pass(200);
    const { told, audits } = takeAll(stage);
    // The second leg's order was out when the gate closed; the third never left.
    expect(fillsOf(told).map(({ leg }) => leg)).toEqual([0, 1]);
    expect(endOf(told)).toMatchObject({ outcome: 'stranded', reason: 'gate_closed' });
    expect(audits[0]).toMatch(/^exposure_stranded plan 1 left [\d.]+ ETH \(gate_closed\)$/);
  });

  test('a gate that halts before anything was bought: the order that is out is the last one', () => {
    const stage = stageSequencer();
    stage.send(stage.opportunity());
    stage.run();
    stage.gate.setRisk('halted', 'operator');
    stage.setBook(BTC_USD, { ...GOOD_BOOKS[BTC_USD]!, asks: [] });
    stage.pass(200);
    expect(endOf(stage.told())).toMatchObject({ outcome: 'abandoned' });
  });

  test('a gate that pauses in the middle holds the plan, and lets it go on when it opens', () => {
    const stage = stageSequencer({ trading: { patience_ms: 1_000 } });
    stage.send(stage.opportunity());
    stage.pass(25);
    stage.gate.setRisk('paused', 'market_data_stale');
    stage.pass(500);
    expect(fillsOf(stage.told())).toHaveLength(2);
    expect(stage.counter('plans_active')).toBe(1);
    stage.gate.setRisk('active', 'none');
    stage.pass(30);
    expect(endOf(stage.told())).toMatchObject({ outcome: 'completed' });
  });

  test('a gate that stays paused: what is held is stranded when patience is over', () => {
    const stage = stageSequencer({ trading: { patience_ms: 1_000 } });
    stage.send(stage.opportunity());
    stage.pass(25);
    stage.gate.setRisk('paused', 'market_data_stale');
    stage.pass(1_100);
    expect(endOf(stage.told())).toMatchObject({ outcome: 'stranded', reason: 'gate_closed' });
  });

  test('a plan keeps every reason with its time, and a stranded one says what it spent and what its rest is worth', () => {
    const stage = stageSequencer({ trading: { patience_ms: 1_000 } });
    stage.send(stage.opportunity());
    stage.pass(25);
    stage.gate.setRisk('paused', 'market_data_stale');
    stage.pass(1_100);
    const told = stage.told();
    const end = endOf(told);
    expect(end).toMatchObject({ outcome: 'stranded', reason: 'gate_closed', profit: -(end?.start ?? 0n) });
    const { text, fields } = stage.logged.findLast(({ event }) => event === 'plan_ended') as LoggedEvent;
    expect(fields?.['reasons']).toEqual([
      { reason: 'gate_closed', at: expect.stringMatching(/^\d{4}-.*Z$/), count: expect.any(Number) },
      { reason: 'out_of_patience', at: expect.stringMatching(/^\d{4}-.*Z$/), count: 1 },
    ]);
    const times = ((fields?.['reasons'] ?? []) as { at: string }[]).map(({ at }) => Date.parse(at));
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(1_000);
    expect(text).toMatch(
      /^plan 1 stranded: spent [\d.]+ USD, received 0\.0000 USD, left [\d.]+ ETH \(worth [\d.]+ USD\), result [\d.]+ USD$/,
    );
    const units = (name: string) => Number(String(fields?.[name]).split(' ')[0]);
    expect(units('mark'), 'nearly all of it is still there').toBeGreaterThan(0.98 * units('spent'));
    expect(units('result')).toBeCloseTo(units('profit') + units('mark'), 4);
  });

  test('a gate that only lets exposure shrink: the last leg goes out, one before it is turned round', () => {
    const atLast = stageSequencer();
    atLast.send(atLast.opportunity());
    atLast.pass(45);
    atLast.gate.setRisk('reducing', 'stranded_exposure');
    atLast.pass(100);
    expect(endOf(atLast.told())).toMatchObject({ outcome: 'completed' });
    const atFirst = stageSequencer({ trading: { shortfall: 'reverse' } });
    atFirst.send(atFirst.opportunity());
    atFirst.run();
    atFirst.gate.setRisk('reducing', 'stranded_exposure');
    atFirst.pass(200);
    const told = atFirst.told();
    expect(fillsOf(told).map(({ instrument, side }) => [instrument, side])).toEqual([
      [BTC_USD, 0],
      [BTC_USD, 1],
    ]);
    expect(endOf(told)).toMatchObject({ outcome: 'unwound', reason: 'gate_closed' });
  });

  test('a gate that drains: a plan at work goes on with every leg, and no other is begun', () => {
    const stage = stageSequencer();
    stage.send(stage.opportunity());
    stage.run();
    stage.gate.setRisk('draining', 'operator');
    stage.send(stage.opportunity());
    stage.pass(200);
    const told = stage.told();
    expect(fillsOf(told).length).toBe(3);
    expect(endOf(told)).toMatchObject({ outcome: 'completed' });
    stage.send(stage.opportunity());
    stage.pass(200);
    expect(names(stage.told())).not.toContain('PLAN_OPENED');
  });

  test('a first fill too small to go on with and too small to take back is dust', () => {
    const stage = stageSequencer();
    stage.send(stage.opportunity());
    stage.run();
    stage.setBook(BTC_USD, thinner(BTC_USD, 'asks', lots(300n)));
    stage.pass(200);
    expect(endOf(stage.told())).toMatchObject({ outcome: 'unwound', profit: -1_500n });
    expect(stage.balances()[BTC]).toBe(30_000n);
  });

  test('stopping in the middle gives up what is out and records what is held', () => {
    const stage = stageSequencer();
    stage.send(stage.opportunity());
    stage.pass(25);
    stage.actor.onStop();
    const { told, audits } = takeAll(stage);
    expect(endOf(told)).toMatchObject({ outcome: 'stranded', reason: 'no_fill' });
    expect(audits).toEqual([
      expect.stringMatching(/^exposure_stranded /),
      expect.stringMatching(/^plan_reasons plan 1 stranded: no_fill /),
    ]);
  });

  test('stopping before the first fill abandons the plan', () => {
    const stage = stageSequencer();
    stage.send(stage.opportunity());
    stage.run();
    stage.actor.onStop();
    expect(endOf(stage.told())).toMatchObject({ outcome: 'abandoned' });
    expect(stage.balances()).toEqual([0n, 0n, 0n]);
  });
});

describe('sequencer: rings that are full', () => {
  test('a halt cancels what is out while records have no room, once, and it is recorded when they have', () => {
    const venue = new HandVenue();
    const makeAccount: ExecutionRoute['makeAccount'] = (deps) => new AccountDesk({ ...deps, stored: undefined });
    const stage = stageSequencer({ mode: 'demo', way: { makePort: () => venue, makeAccount } });
    stage.pass(1_000);
    const cancelled = () => venue.cancelled.filter((what) => what === 'all');
    expect(cancelled()).toEqual([]);
    stage.recorded();
    while (stage.context.records.tryAudit('none'));
    stage.gate.setRisk('halted', 'operator');
    stage.pass(100);
    expect(cancelled()).toEqual(['all']);
    stage.recorded();
    stage.pass(100);
    expect(stage.recorded().audits).toContain('orders_cancelled all orders, 0 known to be out: trading is halted');
    expect(cancelled()).toEqual(['all']);
  });

  test('opportunities wait on their ring while records have no room, and nothing is lost', () => {
    const stage = stageSequencer({ limits: { records_ring: 64 } });
    while (stage.context.records.tryAudit('none'));
    stage.send(stage.opportunity());
    stage.run();
    expect(stage.told()).toEqual([]);
    expect(stage.counter('records_waited')).toBeGreaterThan(0);
    stage.succeed(); // the filler was written by the predecessor's writer
    stage.recorded();
    stage.pass(100);
    expect(names(takeAll(stage).told)).toEqual(['PLAN_OPENED', 'FILL', 'FILL', 'FILL', 'PLAN_ENDED']);
  });

  test('a plan waits with its fill while executions have no room', () => {
    const stage = stageSequencer({ limits: { opportunities_ring: 64 } });
    const opportunity = stage.opportunity();
    stage.send(opportunity);
    stage.run();
    for (let index = 0; index < 60; index++) {
      stage.send(opportunity);
      stage.run();
    }
    stage.pass(100);
    expect(stage.recordedCount()).toBeLessThanOrEqual(64);
    const before = stage.told();
    stage.pass(100);
    const all = [...before, ...stage.told()];
    stage.pass(100);
    all.push(...stage.told());
    expect(fillsOf(all)).toHaveLength(3);
    expect(endOf(all)).toMatchObject({ outcome: 'completed' });
    expect(all.map(({ executionSeq }) => executionSeq)).toEqual(all.map((_, index) => index + 1));
  });
});
