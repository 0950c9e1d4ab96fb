/** What a plan moved beside its profit is valued, reported and counted with it: dust both ways, and fees in other assets. */
import { describe, expect, test } from 'vitest';
import { assetIndex } from '../../../src/market/instrument.ts';
import { divideUp, units } from '../../../src/money/money.ts';
import { type FillTerms, HandVenue } from './hand-venue.ts';
import { ASSETS, type StageOptions, stageSequencer } from './sequencer-stage.ts';

const KFEE = assetIndex(3);
const WITH_KFEE = [...ASSETS, { index: KFEE, id: 'KFEE', precision: 2 }];
/** Decided at 0.1 %, and charged nothing unless a test says so. */
const FEE_PPM = 1_000;

/** A plan to its end, the fill of its first order on the given terms. */
function traded(first: FillTerms, options: StageOptions = {}, feePpm = FEE_PPM) {
  const venue = new HandVenue();
  const stage = stageSequencer({ ...options, trading: { slippage_bps: 0 }, way: { makePort: () => venue } });
  stage.send(stage.opportunity(feePpm));
  stage.run();
  const executed = new Set([venue.last.clOrdId]);
  venue.execute(venue.last, venue.last.qtyLots, first);
  stage.run();
  for (let round = 0; round < 20 && stage.counter('plans_active') === 1; round++) {
    const next = venue.sent.findLast(({ clOrdId }) => !executed.has(clOrdId));
    if (next !== undefined) {
      executed.add(next.clOrdId);
      venue.execute(next);
    }
    stage.pass(100); // what an unpaid fee left over is closed out, too
  }
  const told = stage.told();
  return {
    told,
    ended: told.find(({ event }) => event === 'PLAN_ENDED')!,
    opened: told.find(({ event }) => event === 'PLAN_OPENED')!,
    firstCost: told.find(({ event }) => event === 'FILL')!.cost,
    audits: stage.recorded().audits,
  };
}

describe('a fee in another asset', () => {
  test('that no book values counts as what the known rate would have taken', () => {
    const { ended, firstCost, told } = traded({ feeAsset: KFEE, feeUnits: units(5n) }, { assets: WITH_KFEE });
    expect(told.filter(({ event }) => event === 'EXPOSURE')).toMatchObject([{ amountAsset: KFEE, amount: -5n }]);
    const without = traded({}, { assets: WITH_KFEE });
    expect(ended.mark - without.ended.mark).toBe(-divideUp(firstCost * BigInt(FEE_PPM), 1_000_000n));
    expect(ended.profit).toBe(without.ended.profit);
  });

  test('that is not even listed counts the same, and is said', () => {
    const { ended, firstCost, audits } = traded({ feeElsewhere: '3.5 KFEE' });
    expect(ended.mark - traded({}).ended.mark).toBe(-divideUp(firstCost * BigInt(FEE_PPM), 1_000_000n));
    expect(audits.filter((line) => line.startsWith('fee_elsewhere'))).toEqual([expect.stringContaining('3.5 KFEE')]);
  });
});

test('when nothing slipped, what was expected is realised to the last unit, and nothing lies beside it', () => {
  const { ended, opened } = traded({}, {}, 0);
  expect(ended).toMatchObject({ outcome: 'completed', profit: opened.profit, mark: 0n });
});
