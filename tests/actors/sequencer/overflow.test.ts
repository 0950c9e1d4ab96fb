/** A holding that a fill brings beyond 64 bits: an error with a code that no restart cures, never an amount of the other sign. */

import { expect, test } from 'vitest';
import { AccountDesk } from '../../../src/actors/sequencer/account/account-desk.ts';
import { INT64_MAX, units } from '../../../src/money/money.ts';
import { ArbitradeError, INCURABLE_ERRORS } from '../../../src/platform/errors.ts';
import { HandVenue } from './hand-venue.ts';
import { BTC, ETH, stageSequencer, USD } from './sequencer-stage.ts';

const held = (asset: typeof USD, totalUnits: bigint) => ({
  asset,
  totalUnits: units(totalUnits),
  heldUnits: units(0n),
});

/** The venue fills an order for bitcoin while the account holds all but `room` units of what can be counted. */
function bought(room: (boughtUnits: bigint) => bigint) {
  const venue = new HandVenue();
  const stage = stageSequencer({
    trading: { opportunity_age_max_ms: 60_000, reconcile_balances_ms: 1_000, slippage_bps: 0 },
    way: { makePort: () => venue, makeAccount: (deps) => new AccountDesk({ ...deps, stored: undefined }) },
  });
  const opportunity = stage.opportunity();
  const boughtUnits = 15_000_000n * 100n; // 0.15 BTC
  venue.balances = [held(USD, 1_000_000_0000n), held(BTC, INT64_MAX - room(boughtUnits)), held(ETH, 1_000_0000000000n)];
  stage.pass(2_000);
  stage.send(opportunity);
  stage.run();
  expect(venue.last).toMatchObject({ instrument: 0, qtyLots: 15_000_000n });
  venue.execute(venue.last);
  return { stage, venue };
}

function codeOf(run: () => void): string | undefined {
  try {
    run();
  } catch (error) {
    if (error instanceof ArbitradeError) return error.code;
    throw error;
  }
  return undefined;
}

test('a fill for which there is just room is booked', () => {
  const { stage } = bought((boughtUnits) => boughtUnits);
  expect(codeOf(stage.run)).toBeUndefined();
  expect(stage.balances()[BTC]).toBe(INT64_MAX);
});

test('a fill one unit above it is an error; nothing of its change is booked or reported, by a successor neither', () => {
  const { stage, venue } = bought((boughtUnits) => boughtUnits - 1n);
  const before = stage.balances();
  expect(before[BTC]).toBeGreaterThan(0n);
  expect(codeOf(stage.run)).toBe('AMOUNT_OVERFLOW');
  expect(INCURABLE_ERRORS.has('AMOUNT_OVERFLOW')).toBe(true);
  stage.succeed();
  expect(stage.balances()).toEqual(before);
  expect(stage.told().filter(({ event }) => event === 'FILL')).toEqual([]);
  expect(venue.sent).toHaveLength(1);
});
