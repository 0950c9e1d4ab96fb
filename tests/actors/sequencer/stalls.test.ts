/** The process is stopped for a while and goes on: every deadline is looked at before a byte leaves. */
import { describe, expect, test } from 'vitest';
import { instrumentIndex } from '../../../src/market/instrument.ts';
import { HandVenue } from './hand-venue.ts';
import { BTC_USD, ETH_BTC, GOOD_BOOKS, type StageOptions, stageSequencer } from './sequencer-stage.ts';

const FROZEN_MS = 20_000;
/** Half of `runtime.hang_limit_ms`. */
const SETTLE_MS = 1_000;

function stageOnVenue(options: StageOptions = {}) {
  const venue = new HandVenue();
  const stage = stageSequencer({
    ...options,
    trading: { slippage_bps: 0, ...options.trading },
    way: { makePort: () => venue },
  });
  stage.pass(20);
  return { stage, venue };
}
type Stage = ReturnType<typeof stageOnVenue>['stage'];

/** No one turns meanwhile. */
const freeze = (stage: Stage, ms = FROZEN_MS) => stage.clock.advanceTo(stage.clock.nowNs() + ms * 1e6);
const refreshBooks = (stage: Stage) => {
  for (const [index, book] of GOOD_BOOKS.entries()) stage.setBook(instrumentIndex(index), book);
};
const endOf = (stage: Stage) =>
  stage.told().flatMap(({ event, outcome, reason }) => (event === 'PLAN_ENDED' ? [`${outcome} ${reason}`] : []));

describe('frozen and thawed', () => {
  test('no order leaves for a leg of a plan that is too old by then: what it holds is closed out', () => {
    const { stage, venue } = stageOnVenue();
    stage.send(stage.opportunity());
    stage.run();
    venue.execute(venue.last); // reported just before everything stood still
    freeze(stage);
    stage.run();
    expect(venue.sent).toHaveLength(1);
    stage.pass(SETTLE_MS - 50);
    expect(venue.sent).toHaveLength(1);
    refreshBooks(stage);
    for (let round = 0; round < 5 && stage.counter('plans_active') === 1; round++) {
      stage.pass(200);
      expect(venue.last.shrinksExposure, 'only what closes out').toBe(true);
      venue.execute(venue.last);
    }
    stage.run();
    expect(endOf(stage)).toHaveLength(1);
    expect(venue.sent.length).toBeGreaterThan(1);
  });

  test('an opportunity from before is too old, one that comes while books catch up is not taken, one afterwards is', () => {
    const { stage, venue } = stageOnVenue();
    stage.send(stage.opportunity());
    freeze(stage);
    stage.run();
    stage.send(stage.opportunity());
    stage.run();
    const reasons = stage.told().flatMap(({ event, reason }) => (event === 'PLAN_REFUSED' ? [reason] : []));
    expect(reasons).toEqual(['too_old', 'gate_closed']);
    stage.pass(SETTLE_MS);
    refreshBooks(stage);
    stage.send(stage.opportunity());
    stage.run();
    expect(venue.sent).toHaveLength(1);
  });

  test('a leg of a plan that is young enough waits until all that came meanwhile is taken', () => {
    const { stage, venue } = stageOnVenue();
    stage.send(stage.opportunity());
    stage.run();
    venue.execute(venue.last);
    freeze(stage, 2_000);
    stage.run();
    expect(venue.sent).toHaveLength(1);
    stage.pass(SETTLE_MS + 100);
    expect(venue.last).toMatchObject({ instrument: ETH_BTC, leg: 1 });
  });

  test('a halt is no less a halt while it settles', () => {
    const { stage, venue } = stageOnVenue();
    stage.send(stage.opportunity());
    stage.run();
    venue.execute(venue.last);
    freeze(stage);
    stage.gate.setRisk('halted', 'operator');
    stage.run();
    expect(endOf(stage)).toEqual([expect.stringMatching(/^stranded /)]);
    expect(venue.sent.map(({ instrument }) => instrument)).toEqual([BTC_USD]);
  });

  test('a pause that is shorter changes nothing', () => {
    const { stage, venue } = stageOnVenue();
    stage.send(stage.opportunity());
    stage.run();
    venue.execute(venue.last);
    freeze(stage, SETTLE_MS);
    stage.run();
    expect(venue.sent).toHaveLength(2);
  });
});

test('a plan that only grew old, with no one frozen, begins no further leg either', () => {
  const { stage, venue } = stageOnVenue({ trading: { plan_age_max_ms: 1_000 } });
  stage.send(stage.opportunity());
  stage.run();
  stage.pass(1_001);
  venue.execute(venue.last);
  stage.pass(100);
  expect(venue.sent).toHaveLength(2);
  expect(venue.last.shrinksExposure).toBe(true);
});
