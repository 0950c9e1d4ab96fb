import { expect, test } from 'vitest';
import { instrumentIndex } from '../../../src/market/instrument.ts';
import type { PartsPerMillion } from '../../../src/money/money.ts';
import { BTC_USD, ETH_BTC, ETH_USD, stageSequencer } from './sequencer-stage.ts';

const ALL = [BTC_USD, ETH_BTC, ETH_USD];

function stageWithKey() {
  const stage = stageSequencer({ mode: 'demo', way: {}, trading: { opportunity_age_max_ms: 60_000 } });
  const { feeTable } = stage.context;
  const tell = (ppm: number, pairs: readonly number[] = ALL) =>
    feeTable.take(
      pairs.map((instrument) => ({ instrument: instrumentIndex(instrument), takerPpm: ppm as PartsPerMillion })),
    );
  /** What becomes of an opportunity that was decided at a fee. */
  const decide = (feePpm: number) => {
    stage.send(stage.opportunity(feePpm));
    stage.run();
    return stage
      .told()
      .filter(({ event }) => event === 'PLAN_REFUSED' || event === 'PLAN_OPENED')
      .map(({ event, reason }) => (event === 'PLAN_OPENED' ? 'opened' : reason));
  };
  return { ...stage, feeTable, tell, decide };
}

test('with a key nothing is traded before the venue has reported the fees of all pairs concerned', () => {
  const { decide, tell } = stageWithKey();
  expect(decide(100)).toEqual(['fees_unknown']);
  tell(100, [BTC_USD, ETH_USD]);
  expect(decide(100)).toEqual(['fees_unknown']);
  tell(100);
  expect(decide(100)).toEqual(['opened']);
});

test('what was decided at a lower fee than the account pays by now is decided anew', () => {
  const { decide, tell } = stageWithKey();
  tell(100);
  tell(200, [ETH_BTC]);
  expect(decide(100)).toEqual(['fees_risen']);
  expect(decide(200)).toEqual(['opened']);
});

test('a fill that pays more raises the fee at once, and its pair waits until the venue was asked again', () => {
  const { decide, tell, feeTable, pass, logged, context } = stageWithKey();
  tell(100);
  expect(decide(500)).toEqual(['opened']);
  const { changes } = context.feeTable;
  pass(1_000); // filled at the fee it was decided at
  expect(
    ALL.map((instrument) => [
      feeTable.of(instrumentIndex(instrument)),
      feeTable.isDoubted(instrumentIndex(instrument)),
    ]),
  ).toEqual(ALL.map(() => [500, true]));
  expect(context.feeTable.changes).toBeGreaterThan(changes); // the detector looks for that
  expect(logged.filter(({ event }) => event === 'fee_surprise')).toHaveLength(3);
  expect(decide(500)).toEqual(['fee_surprise']);
  tell(500, [BTC_USD, ETH_BTC]);
  expect(decide(500)).toEqual(['fee_surprise']);
  tell(500, [ETH_USD]);
  expect(decide(500)).toEqual(['opened']);
});

test('fees at or below what was reported surprise no one', () => {
  const { decide, tell, feeTable, pass, logged } = stageWithKey();
  tell(500);
  expect(decide(500)).toEqual(['opened']);
  pass(1_000);
  expect(ALL.some((instrument) => feeTable.isDoubted(instrumentIndex(instrument)))).toBe(false);
  expect(logged.filter(({ event }) => event === 'fee_surprise')).toEqual([]);
});
