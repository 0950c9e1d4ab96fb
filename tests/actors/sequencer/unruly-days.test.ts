import { describe, expect, test } from 'vitest';
import { AccountDesk } from '../../../src/actors/sequencer/account/account-desk.ts';
import { instrumentIndex } from '../../../src/market/instrument.ts';
import { seededChance } from '../../../src/platform/chance.ts';
import { type Execution, GOOD_BOOKS, stageSequencer } from './sequencer-stage.ts';
import { faultsOf, START, text } from './unruly-faults.ts';
import { UnrulyVenue } from './unruly-venue.ts';

/** A day of plans on a venue that misbehaves by `seed`, with deaths of the actor; then all is well until everything ended. */
function day(seed: number, policy: 'sequential' | 'parallel', forgetfulness = 0) {
  const chance = seededChance(seed);
  let venue: UnrulyVenue | undefined;
  const told: Execution[] = [];
  const recorded: Execution[] = [];
  const audits: string[] = [];
  const stage = stageSequencer({
    trading: { policy, patience_ms: 1_500, deadline_ms: 1_000, answer_timeout_ms: 300, reconcile_in_flight_ms: 200 },
    limits: { records_ring: 1_024 },
    way: {
      makePort: ({ context: { clock } }) => {
        venue ??= new UnrulyVenue(clock, chance, START);
        venue.forgetfulness = forgetfulness;
        venue.forget();
        return venue;
      },
      makeAccount: (deps) => new AccountDesk({ ...deps, stored: undefined }),
    },
  });
  const collect = () => {
    told.push(...stage.told());
    const { executions, audits: more } = stage.recorded();
    recorded.push(...executions);
    audits.push(...more);
  };
  const refreshBooks = () => {
    for (const [index, book] of GOOD_BOOKS.entries()) stage.setBook(instrumentIndex(index), book);
  };
  for (let ms = 0; ms < 20_000; ms += 50) {
    const dice = chance.unit();
    if (dice < 0.2) {
      const what = stage.opportunity();
      if (what !== undefined) stage.send(what);
    } else if (dice < 0.23) stage.succeed();
    else if (dice < 0.3) {
      const instrument = Math.floor(chance.unit() * 3);
      stage.setBook(instrumentIndex(instrument), {
        ...GOOD_BOOKS[instrument]!,
        [chance.unit() < 0.5 ? 'bids' : 'asks']: [],
      });
    } else if (dice < 0.4) refreshBooks();
    else if (dice < 0.42) stage.gate.setRisk('paused', 'market_data_stale');
    else if (dice < 0.5) stage.gate.setRisk('active', 'none');
    stage.pass(50);
    collect();
  }
  venue!.isTame = true;
  stage.gate.setRisk('active', 'none');
  refreshBooks();
  for (let ms = 0; ms < (forgetfulness > 0 ? 120_000 : 30_000); ms += 500) {
    stage.pass(500);
    if (forgetfulness > 0) refreshBooks(); // else nothing would be closed out on books that have grown stale
    collect();
  }
  return { stage, venue: venue!, told, recorded, audits };
}

describe('sequencer: days on an unruly venue', () => {
  test.each(['sequential', 'parallel'] as const)(
    '%s: every fill is booked once, and every unit is accounted for',
    (policy) => {
      const outcomes: Record<string, number> = {};
      const kinds: Record<string, number> = {};
      for (let seed = 1; seed <= 14; seed++) {
        const lived = day(seed, policy);
        expect(faultsOf(lived), `seed ${seed}, ${policy}`).toEqual([]);
        for (const { event, outcome } of lived.told) {
          if (event === 'PLAN_ENDED') outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
        }
        for (const [kind, count] of lived.venue.kinds) kinds[kind] = (kinds[kind] ?? 0) + count;
      }
      console.log(`unruly days, ${policy}: ${JSON.stringify(outcomes)}, orders ${JSON.stringify(kinds)}`);
      expect(Object.keys(outcomes).sort()).toEqual(['abandoned', 'completed', 'stranded', 'unwound']);
      expect(Object.keys(kinds)).toHaveLength(7);
    },
  );

  test.each(['sequential', 'parallel'] as const)(
    '%s: orders that the venue has and denies are lost, alerted, and booked to the unit when they turn up after all',
    (policy) => {
      let lost = 0;
      let late = 0;
      for (let seed = 101; seed <= 124; seed++) {
        const lived = day(seed, policy, 0.15);
        expect(faultsOf(lived), `seed ${seed}, ${policy}`).toEqual([]);
        const lostIds = lived.told.flatMap(({ clOrdId, orderOutcome, event }) =>
          event === 'ORDER_ENDED' && orderOutcome === 'lost' ? [clOrdId] : [],
        );
        const alerted = lived.audits.filter((line) => line.startsWith('order_lost order '));
        expect(alerted.map((line) => line.split(' ')[2]).sort(), `seed ${seed}`).toEqual([...lostIds].sort());
        lost += lostIds.length;
        late += lived.told.filter(({ event, clOrdId }) => event === 'FILL' && lostIds.includes(clOrdId)).length;
      }
      console.log(`unruly days, ${policy}: ${lost} orders lost, ${late} fills of them booked`);
      expect(lost).toBeGreaterThan(5);
      expect(late).toBeGreaterThan(2);
    },
  );

  test('the same seed gives the same day, to the byte', () => {
    const [one, other] = [day(7, 'sequential'), day(7, 'sequential')];
    expect(JSON.stringify(one.told, text)).toBe(JSON.stringify(other.told, text));
    expect(one.audits).toEqual(other.audits);
  });
});
