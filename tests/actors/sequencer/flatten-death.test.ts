/** The sequencer dies at any step on the way home: everything is booked and reported exactly once. */
import { describe, expect, test } from 'vitest';
import { instrumentIndex } from '../../../src/market/instrument.ts';
import { Death, killable, passOrDie } from './killable-stage.ts';
import { ASSETS, type Execution, GOOD_BOOKS, type Stage, stageSequencer, USD } from './sequencer-stage.ts';

/** A person looks, and says yes to what he sees; when no one answers, he does it again. */
function flatten(stage: Stage): void {
  const ask = () => {
    const { offers } = stage.flatten();
    if (offers.length > 0) stage.flatten({ accepted: offers });
  };
  try {
    ask();
  } catch (thrown) {
    if (!(thrown instanceof Death)) throw thrown;
    stage.succeed();
    ask();
  }
}

/** A plan is stranded in part, in two assets; then what it left is brought home, one of them only in part at first. */
function live(at: number, after: boolean) {
  const { tamper, count } = killable(at, after);
  const stage = stageSequencer({
    strategy: { start_assets: ['USD'] },
    trading: { patience_ms: 100 },
    paper: { latency_ms: 20 },
    limits: { records_ring: 64 },
    tamper,
  });
  const told: Execution[] = [];
  const executions: Execution[] = [];
  const audits: string[] = [];
  let firstStep = 0;
  const book = (instrument: number, side: 'bids' | 'asks', levels: (typeof GOOD_BOOKS)[number]['bids']) =>
    stage.setBook(instrumentIndex(instrument), { ...GOOD_BOOKS[instrument]!, [side]: levels });
  for (let ms = 0; ms < 700; ms += 10) {
    if (ms === 0) stage.send(stage.opportunity(100));
    if (ms === 40) book(2, 'bids', [[252_000n, 100_000_000n]]);
    if (ms === 60) book(2, 'bids', []);
    if (ms === 60) book(0, 'bids', []);
    if (ms === 60) book(1, 'bids', []);
    if (ms === 290) {
      firstStep = count.steps + 1;
      book(0, 'bids', GOOD_BOOKS[0]!.bids);
      book(2, 'bids', [[251_900n, 50_000_000n]]);
    }
    if (ms === 300) flatten(stage);
    if (ms === 340) book(2, 'bids', []);
    if (ms === 500) book(2, 'bids', GOOD_BOOKS[2]!.bids);
    if (ms === 510) flatten(stage);
    passOrDie(stage, 10);
    told.push(...stage.told());
    const recorded = stage.recorded();
    executions.push(...recorded.executions);
    // Patience begins anew with an order that a successor adopts: a later reason, and nothing else, can be another.
    audits.push(...recorded.audits.filter((line) => !line.startsWith('plan_reasons')));
  }
  const outcome = { told, executions, audits, balances: stage.balances(), exposed: stage.exposed() };
  return { firstStep, steps: count.steps, outcome, active: stage.counter('plans_active') };
}

describe('sequencer: death on the way home', () => {
  const undisturbed = live(0, false);
  const { told } = undisturbed.outcome;

  test('undisturbed, what was stranded comes home in two goes, and the account is what the books say', () => {
    const plans = told.filter(({ event }) => event === 'PLAN_OPENED').map(({ reason }) => reason);
    expect(plans.length).toBeGreaterThan(2);
    expect(plans.filter((reason) => reason === 'flatten').length).toBe(plans.length - 1);
    const outcomes = told.filter(({ event }) => event === 'PLAN_ENDED').map(({ outcome }) => outcome);
    expect(outcomes[0]).toBe('stranded');
    expect(outcomes).toContain('completed');
    expect(undisturbed.active).toBe(0);
    expect(undisturbed.outcome.exposed).toEqual([0n, 0n, 0n]);
    expect(undisturbed.outcome.executions).toEqual(told);
    const sums = ASSETS.map(() => 0n);
    for (const { event, amount, amountAsset, profit } of told) {
      if (event === 'EXPOSURE' || event === 'DUST') sums[amountAsset]! += amount;
      if (event === 'PLAN_ENDED') sums[USD]! += profit;
    }
    expect(undisturbed.outcome.balances).toEqual(sums);
  });

  test.each([
    ['before', false],
    ['after', true],
  ])('dying just %s any step, nothing is different', (_when, after) => {
    let deaths = 0;
    for (let at = undisturbed.firstStep; at <= undisturbed.steps; at++) {
      const { outcome } = live(at, after);
      expect(outcome, `death at step ${at} of ${undisturbed.steps}`).toEqual(undisturbed.outcome);
      deaths++;
    }
    console.log(`flatten: ${deaths} deaths survived`);
    expect(deaths).toBeGreaterThan(100);
  });
});
