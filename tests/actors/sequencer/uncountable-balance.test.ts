import { expect, test } from 'vitest';
import { AccountDesk } from '../../../src/actors/sequencer/account/account-desk.ts';
import { units } from '../../../src/money/money.ts';
import { HandVenue } from './hand-venue.ts';
import { BTC, ETH, stageSequencer, USD } from './sequencer-stage.ts';

const LARGE = units(1_000_000_0000000000n);
const held = (asset: typeof USD) => ({ asset, totalUnits: LARGE, heldUnits: units(0n) });

test.each([
  ['the asset in the middle of the cycle', ETH],
  ['the asset that it starts from', USD],
])('a cycle over a pair of %s is refused when the account holds more of that than can be counted', (_, asset) => {
  const venue = new HandVenue();
  venue.balances = [USD, BTC, ETH].filter((one) => one !== asset).map(held);
  venue.uncountable = [asset];
  const stage = stageSequencer({
    trading: { opportunity_age_max_ms: 60_000, reconcile_balances_ms: 1_000 },
    way: { makePort: () => venue, makeAccount: (deps) => new AccountDesk({ ...deps, stored: undefined }) },
  });
  const decide = () => {
    stage.send(stage.opportunity());
    stage.run();
    return stage
      .told()
      .filter(({ event }) => event === 'PLAN_REFUSED' || event === 'PLAN_OPENED')
      .map(({ event, reason }) => (event === 'PLAN_OPENED' ? 'opened' : reason));
  };
  stage.pass(2_000);
  expect(decide()).toEqual(['balance_uncountable']);
});

test('the same cycle is begun when all it trades can be counted', () => {
  const venue = new HandVenue();
  venue.balances = [USD, BTC, ETH].map(held);
  const stage = stageSequencer({
    trading: { opportunity_age_max_ms: 60_000, reconcile_balances_ms: 1_000 },
    way: { makePort: () => venue, makeAccount: (deps) => new AccountDesk({ ...deps, stored: undefined }) },
  });
  stage.pass(2_000);
  stage.send(stage.opportunity());
  stage.run();
  expect(stage.told().map(({ event }) => event)).toContain('PLAN_OPENED');
});
