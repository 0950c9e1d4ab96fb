import { expect, test } from 'vitest';
import { HandVenue } from './hand-venue.ts';
import { ETH_BTC, stageSequencer } from './sequencer-stage.ts';

test('a cycle over a pair of which the venue says two things is refused for that reason, until they agree', () => {
  const venue = new HandVenue();
  const { opportunity, run, send, told } = stageSequencer({ way: { makePort: () => venue } });
  const decide = () => {
    send(opportunity());
    run();
    return told()
      .filter(({ event }) => event === 'PLAN_REFUSED' || event === 'PLAN_OPENED')
      .map(({ event, reason }) => (event === 'PLAN_OPENED' ? 'opened' : reason));
  };
  venue.disagreed.add(ETH_BTC);
  venue.full.add(ETH_BTC); // that it has no room either says nothing
  expect(decide()).toEqual(['terms_disagree']);
  venue.disagreed.clear();
  expect(decide()).toEqual(['no_room']);
  venue.full.clear();
  expect(decide()).toEqual(['opened']);
});
