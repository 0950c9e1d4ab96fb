/** A plan is begun only when all its legs and one order to close out have room in every limiter. */

import { describe, expect, test } from 'vitest';
import { lots } from '../../../src/money/money.ts';
import { HandVenue } from './hand-venue.ts';
import { BTC_USD, ETH_BTC, ETH_USD, stageSequencer } from './sequencer-stage.ts';

function begin(venue: HandVenue, trading: object = {}, plans = 1) {
  const stage = stageSequencer({
    trading: { slippage_bps: 0, plans_at_once: 1, ...trading },
    way: { makePort: () => venue },
  });
  for (let plan = 0; plan < plans; plan++) {
    stage.send(stage.opportunity());
    stage.run();
  }
  return stage;
}
const refusals = (stage: ReturnType<typeof stageSequencer>) =>
  stage.told().flatMap(({ event, reason }) => (event === 'PLAN_REFUSED' ? [reason] : []));

describe('a plan is not begun to wait half-way', () => {
  test.each([
    [4, []],
    [3, ['message_pace']], // its three legs, and none to close out
    [1, ['message_pace']],
  ])('with a pace for %d orders', (roomFor, expected) => {
    const venue = new HandVenue();
    venue.roomFor = roomFor;
    const stage = begin(venue);
    expect(venue.sent).toHaveLength(expected.length === 0 ? 1 : 0);
    expect(refusals(stage)).toEqual(expected);
  });

  test.each([BTC_USD, ETH_BTC, ETH_USD])('with the trading counter of pair %d full', (instrument) => {
    const venue = new HandVenue();
    venue.full.add(instrument);
    expect(refusals(begin(venue))).toEqual(['no_room']);
    expect(venue.sent).toEqual([]);
  });

  test.each([BTC_USD, ETH_BTC, ETH_USD])(
    'with a counter of pair %d that takes its leg and nothing to close out',
    (pair) => {
      const venue = new HandVenue();
      venue.whyNoRoom = (instruments) => (instruments.filter((one) => one === pair).length > 1 ? 'no_room' : undefined);
      expect(refusals(begin(venue))).toEqual(['no_room']);
    },
  );

  test('with orders of our own that have used up the second: the reason names the setting', () => {
    const venue = new HandVenue();
    const stage = begin(venue, { orders_per_second_max: 5 });
    for (let leg = 0; leg < 3; leg++) {
      venue.execute(venue.last);
      stage.run();
    }
    expect(venue.sent).toHaveLength(3);
    stage.send(stage.opportunity()); // two more may leave within this second
    stage.run();
    expect(refusals(stage)).toEqual(['order_rate']);
    stage.pass(1_000);
    stage.send(stage.opportunity());
    stage.run();
    expect(venue.sent).toHaveLength(4);
  });

  test('what is slower than one plan lets it begin when nothing has left for a second', () => {
    const venue = new HandVenue();
    const stage = begin(venue, { orders_per_second_max: 1 });
    expect(venue.sent).toHaveLength(1);
    venue.execute(venue.last, lots(0n));
    stage.run();
    stage.send(stage.opportunity());
    stage.run();
    expect(refusals(stage)).toEqual(['order_rate']);
  });
});

test('what keeps an order back in the middle of a plan is its reason', () => {
  const venue = new HandVenue();
  const stage = begin(venue, { patience_ms: 100 });
  venue.roomFor = 0;
  venue.execute(venue.last);
  stage.pass(500);
  expect(stage.told().at(-1)).toMatchObject({ event: 'PLAN_ENDED', outcome: 'stranded', reason: 'message_pace' });
});
