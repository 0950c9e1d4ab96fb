/** What a plan may do at most, beyond which its machine cannot go. */

import { describe, expect, test } from 'vitest';
import { newPlan } from '../../../src/actors/sequencer/decisions/new-plan.ts';
import { planBounds, resultSoFar } from '../../../src/actors/sequencer/decisions/plan-bounds.ts';
import {
  type AssetIndex,
  InstrumentDirectory,
  type InstrumentIndex,
  instrumentIndex,
} from '../../../src/market/instrument.ts';
import { lots, NO_UNITS, units } from '../../../src/money/money.ts';
import { monotonicNs } from '../../../src/platform/time.ts';
import { HandVenue } from './hand-venue.ts';
import {
  ASSETS,
  BTC,
  BTC_USD,
  ETH_BTC,
  ETH_USD,
  GOOD_BOOKS,
  PAIRS,
  type StageOptions,
  stageSequencer,
  USD,
} from './sequencer-stage.ts';

const DIRECTORY = new InstrumentDirectory();
DIRECTORY.apply({ assets: ASSETS, instruments: PAIRS });

function stageOnVenue(trading: object, options: StageOptions = {}) {
  const venue = new HandVenue();
  const stage = stageSequencer({
    ...options,
    trading: { slippage_bps: 0, ...trading },
    way: { makePort: () => venue },
  });
  stage.send(stage.opportunity());
  stage.run();
  return { stage, venue };
}
const endOf = (stage: ReturnType<typeof stageSequencer>) =>
  stage.told().flatMap(({ event, outcome, reason }) => (event === 'PLAN_ENDED' ? [`${outcome} ${reason}`] : []));

describe('at the pre-trade check', () => {
  test('orders: a plan whose attempts always get on a little is ended all the same', () => {
    const { stage, venue } = stageOnVenue({
      plan_orders_max: 5,
      shortfall_attempts_max: 5,
      patience_ms: 60_000,
      shortfall: 'reverse',
    });
    venue.execute(venue.last);
    stage.run();
    venue.execute(venue.last, lots(0n));
    stage.run();
    for (let round = 0; round < 20 && stage.counter('plans_active') > 0; round++) {
      const { length } = venue.sent;
      venue.execute(venue.last, lots(venue.last.qtyLots / 10n));
      stage.pass(200);
      if (venue.sent.length === length) break;
    }
    expect(venue.sent).toHaveLength(5);
    expect(endOf(stage)).toEqual(['stranded plan_orders_over']);
  });

  test('loss: what it has lost so far, at the books, lets no further order out', () => {
    const { stage, venue } = stageOnVenue({ plan_loss_max_bps: 100, shortfall_loss_max_bps: 100 });
    stage.setBook(BTC_USD, { ...GOOD_BOOKS[BTC_USD]!, bids: [[490_000n, 200_000_000n]] });
    stage.setBook(ETH_USD, { bids: [[240_000n, 500_000_000n]], asks: [[252_100n, 500_000_000n]] });
    venue.execute(venue.last); // 7,500 USD spent, 7,350 held: 2 % lost, and on along the cycle it is more
    stage.run();
    expect(venue.sent).toHaveLength(1);
    expect(endOf(stage)).toEqual(['stranded plan_loss_over']);
  });

  test('a plan that only does what was planned meets none of them, with every bound at its narrowest', () => {
    const { stage, venue } = stageOnVenue({
      plan_orders_max: 4,
      shortfall_attempts_max: 4,
      plan_excess_max_bps: 0,
      plan_loss_max_bps: 0,
      shortfall_loss_max_bps: 0,
    });
    for (let leg = 0; leg < 3; leg++) {
      venue.execute(venue.last);
      stage.run();
    }
    expect(endOf(stage)).toEqual(['completed none']);
  });
});

describe('the room of a plan', () => {
  const stage = stageSequencer();
  const { legs, startUnits, endUnits } = stage.opportunity()!;
  const plannedUnits = [1_000n, 2_000n, 3_000n].map(units);
  const terms = {
    ordersMax: 24,
    excessMaxBps: 1_000,
    lossMaxBps: 1_000,
    openedSinceNs: monotonicNs(0),
    dustUnits: () => NO_UNITS,
  };
  const made = () =>
    newPlan(
      1,
      false,
      {
        ...{ seq: 9, ordinal: 0, stampNs: monotonicNs(0), isSized: true, firstLots: lots(1n) },
        startUnits,
        endUnits,
        legs,
      },
      {
        ...{
          ok: true,
          startAsset: USD,
          startUnits,
          endUnits,
          lots: [1n, 1n, 1n].map(lots),
          reservedUnits: [0n, 0n, 0n].map(units),
        },
        plannedUnits,
      },
      monotonicNs(5),
    );
  const room = (plan: ReturnType<typeof made>, instrument: InstrumentIndex, side: 0 | 1, more = {}) =>
    planBounds(plan, { instrument, side }, DIRECTORY, stage.table, { ...terms, ...more }).roomUnits;

  test('is what was planned and a tenth, over all its orders; as much again while it is closed out', () => {
    const plan = made();
    plan.state = 'placing';
    expect(room(plan, BTC_USD, 0)).toBe(1_100n); // gives USD
    expect(room(plan, ETH_BTC, 0)).toBe(2_200n); // gives BTC
    plan.gaveUnits[0] = units(900n);
    expect(room(plan, BTC_USD, 0)).toBe(200n);
    plan.state = 'closing';
    expect(room(plan, BTC_USD, 0)).toBe(1_200n);
    expect(room(plan, BTC_USD, 1)).toBe(4_200n); // gives BTC, back
    expect(room(plan, BTC_USD, 1, { dustUnits: (asset: AssetIndex) => (asset === BTC ? 7n : 0n) })).toBe(4_207n);
    expect(room(plan, BTC_USD, 1, { dustUnits: () => -7n })).toBe(4_200n);
  });

  test('does not depend on its age, from which it is distinguished', () => {
    const of = (openedSinceNs: number) =>
      planBounds(made(), { instrument: BTC_USD, side: 0 }, DIRECTORY, stage.table, {
        ...terms,
        openedSinceNs: monotonicNs(openedSinceNs),
      });
    expect([of(5).isTooOld, of(6).isTooOld]).toEqual([false, true]);
    expect(of(5).roomUnits).toBe(of(6).roomUnits);
  });

  test('is none for an asset that it does not trade', () => {
    expect(room(made(), instrumentIndex(7), 0)).toBe(0n);
  });

  test('the result so far values what is held and owed, dust and fees included', () => {
    const plan = made();
    plan.spentUnits = units(10_000_000n);
    expect(resultSoFar(plan, DIRECTORY, stage.table)).toBe(-10_000_000n);
    plan.heldUnits[1] = units(200_000_000n); // 0.02 BTC: over ETH 0.4 × 2,520
    expect(resultSoFar(plan, DIRECTORY, stage.table)).toBe(80_000n);
    plan.markUnits = units(-1n);
    plan.heldUnits[2] = units(-1_000_000_000n); // 0.1 ETH owed: bought back over BTC for 250
    expect(resultSoFar(plan, DIRECTORY, stage.table)).toBe(80_000n - 1n - 2_500_000n);
    stage.voidBook(BTC_USD);
    stage.voidBook(ETH_BTC);
    expect(resultSoFar(plan, DIRECTORY, stage.table)).toBeUndefined();
  });
});

test('dust counts both ways: what is left is worth something, what was taken from stock costs', () => {
  const { stage, venue } = stageOnVenue({});
  venue.execute(venue.last);
  stage.run();
  // 1,000 USD cents' worth of ETH more is sold in the third leg than was bought: a fee took it.
  venue.execute(venue.last, venue.last.qtyLots, { feeUnits: units(0n) });
  stage.run();
  venue.execute(venue.last, lots(venue.last.qtyLots - 5_000n)); // half of the smallest order stays
  stage.run();
  const [ended] = stage.told().filter(({ event }) => event === 'PLAN_ENDED');
  expect(ended).toMatchObject({ outcome: 'completed', mark: 1_260n }); // 0.00005 ETH at 2,520 USD: 0.1260
});
