import { describe, expect, test } from 'vitest';
import { AccountDesk } from '../../../src/actors/sequencer/account/account-desk.ts';
import { instrumentIndex } from '../../../src/market/instrument.ts';
import { seededChance } from '../../../src/platform/chance.ts';
import { killable, passOrDie } from './killable-stage.ts';
import { type Execution, GOOD_BOOKS, stageSequencer } from './sequencer-stage.ts';
import { faultsOf, START } from './unruly-faults.ts';
import { UnrulyVenue } from './unruly-venue.ts';

/** One plan that is completed, then one whose last leg fails and is taken back in part and stranded in part. */
function live(at: number, after: boolean) {
  const { tamper, count } = killable(at, after);
  const stage = stageSequencer({ trading: { patience_ms: 100 }, paper: { latency_ms: 20 }, tamper });
  for (let ms = 0; ms < 500; ms += 10) {
    if (ms === 0 || ms === 150) stage.send(stage.opportunity(100));
    if (ms === 190) stage.setBook(instrumentIndex(2), { bids: [], asks: GOOD_BOOKS[2]!.asks });
    if (ms === 200) stage.setBook(instrumentIndex(0), { bids: [], asks: GOOD_BOOKS[0]!.asks });
    passOrDie(stage, 10);
  }
  const told = stage.told();
  const { executions, audits } = stage.recorded();
  return {
    steps: count.steps,
    told,
    executions,
    audits,
    balances: stage.balances(),
    opened: stage.counter('plans_opened'),
  };
}

describe('sequencer: death at any step', () => {
  const undisturbed = live(0, false);

  test('undisturbed, one plan is completed and one is stranded', () => {
    expect(undisturbed.told.filter(({ event }) => event === 'PLAN_ENDED').map(({ outcome }) => outcome)).toEqual([
      'completed',
      'stranded',
    ]);
    expect(undisturbed.executions).toEqual(undisturbed.told);
    expect(undisturbed.audits).toHaveLength(2);
  });

  test.each([
    ['before', false],
    ['after', true],
  ])('dying just %s any step that can be seen, everything is booked and reported exactly once', (_when, after) => {
    const { steps, ...outcome } = undisturbed;
    for (let at = 1; at <= steps; at++) {
      const { steps: _, ...found } = live(at, after);
      expect(found, `death at step ${at} of ${steps}`).toEqual(outcome);
    }
    console.log(`sequencer: ${steps} deaths survived`);
    expect(steps).toBeGreaterThan(100);
  });
});

/** A plan or two on a venue that misbehaves by `seed`; the actor dies once. */
function liveUnruly(seed: number, policy: string, at: number, after: boolean) {
  const { tamper, count } = killable(at, after);
  let venue: UnrulyVenue | undefined;
  // The venue's own: it does not die with the actor, and nothing that it does is a step of the actor's.
  const clock = { nowNs: () => stage.clock.nowNs(), wallMs: () => stage.clock.wallMs() };
  const stage = stageSequencer({
    trading: {
      policy,
      patience_ms: 1_500,
      deadline_ms: 1_000,
      answer_timeout_ms: 300,
      reconcile_in_flight_ms: 200,
      reconcile_orders_ms: 1_000,
    },
    limits: { records_ring: 1_024 },
    way: {
      makePort: () => {
        venue ??= new UnrulyVenue(clock, seededChance(seed), START);
        venue.forget();
        return venue;
      },
      makeAccount: (deps) => new AccountDesk({ ...deps, stored: undefined }),
    },
    tamper,
  });
  const firstStep = count.steps + 1;
  const told: Execution[] = [];
  const recorded: Execution[] = [];
  const audits: string[] = [];
  const collect = () => {
    told.push(...stage.told());
    const more = stage.recorded();
    recorded.push(...more.executions);
    audits.push(...more.audits);
  };
  for (let ms = 0; ms < 14_000; ms += 500) {
    if (ms === 500 || ms === 1_500) stage.send(stage.opportunity());
    if (ms === 3_000) venue!.isTame = true;
    passOrDie(stage, 500);
    collect();
  }
  return { firstStep, steps: count.steps, faults: faultsOf({ stage, venue: venue!, told, recorded, audits }), told };
}

describe('sequencer: death at any step on an unruly venue', () => {
  test.each([
    [3, 'sequential'],
    [5, 'sequential'],
    [6, 'parallel'],
  ] as const)('seed %i, %s: nothing is lost, doubled or left out of the ledger', (seed, policy) => {
    const undisturbed = liveUnruly(seed, policy, 0, false);
    expect(undisturbed.faults).toEqual([]);
    let deaths = 0;
    for (let at = undisturbed.firstStep; at <= undisturbed.steps; at += 37) {
      for (const after of [false, true]) {
        const { faults } = liveUnruly(seed, policy, at, after);
        expect(faults, `seed ${seed}, ${policy}, death ${after ? 'after' : 'before'} step ${at}`).toEqual([]);
        deaths++;
      }
    }
    const events = new Set(undisturbed.told.map(({ event }) => event));
    console.log(`unruly venue, seed ${seed}, ${policy}: ${deaths} deaths survived, ${[...events].join(' ')}`);
    expect(deaths).toBeGreaterThan(40);
  });
});
