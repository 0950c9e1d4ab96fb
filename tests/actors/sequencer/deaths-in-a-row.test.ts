/**
 * Runs that are killed in a row: the second and the third while they recover what the first left, at every change that
 * they commit. What was committed before a death is all that the next run knows, besides the exchange.
 */
import { beforeAll, describe, expect, test } from 'vitest';
import { EXECUTION_EVENT } from '../../../src/messages/execution-message.ts';
import { RECORD_KIND } from '../../../src/messages/record-messages.ts';
import { WALL_MS } from './account-stage.ts';
import { firstRun, recoveryStage } from './recovery-stage.ts';
import { changeEnds, openTradingDatabase, type TradingDatabase } from './trading-database.ts';

/** Steps of the first run's day: in a first leg, in a second, in one that was filled in part, and at the end of a plan. */
const STEPS = [3, 4, 7, 9, 14, 16];

let database: TradingDatabase;
beforeAll(async () => {
  database = await openTradingDatabase();
});

/** The first run, dead after `steps`, of whose records `records` were committed; then runs of which `cuts` says the same. */
async function killed(steps: number, records: number, cuts: readonly number[]) {
  const { nextRun } = recoveryStage(database);
  const first = firstRun(steps)!;
  await database.clear();
  await database.addRun(WALL_MS, first.recordBytes().slice(0, records));
  const { exchange } = first;
  for (const [index, cut] of cuts.entries()) {
    const { stage, wallMs } = await nextRun(index + 1, exchange);
    await database.addRun(wallMs, stage.recordBytes().slice(0, cut));
  }
  const { stage, wallMs } = await nextRun(cuts.length + 1, exchange);
  return { exchange, stage, wallMs, told: stage.recordBytes() };
}

/** With so many records committed, none mentions the newest plan of a first run. */
function beforeNewestPlan(steps: number): number {
  const records = firstRun(steps)!.recordBytes();
  const opening = records.findLastIndex(
    ([kind, event]) => kind === RECORD_KIND.EXECUTION && event === EXECUTION_EVENT.PLAN_OPENED,
  );
  return Math.max(...changeEnds(records).filter((end) => end <= opening));
}

describe('deaths in a row', () => {
  test('a plan that no record mentions is found by its orders, wherever the run that booked them dies', async () => {
    const { expectNothingLost } = recoveryStage(database);
    let deaths = 0;
    for (const steps of STEPS) {
      const records = beforeNewestPlan(steps);
      const second = await killed(steps, records, []);
      for (const cut of changeEnds(second.told)) {
        const third = await killed(steps, records, [cut]);
        await database.addRun(third.wallMs, third.told);
        await expectNothingLost(third.exchange, third.stage, `after ${steps} steps, then ${cut} records`);
        deaths++;
      }
    }
    expect(deaths).toBeGreaterThan(25);
  });

  test('nor is anything lost or entered twice when the third run dies too, at the same place or at any other', async () => {
    const { expectNothingLost } = recoveryStage(database);
    let deaths = 0;
    for (const steps of [4, 9]) {
      const records = beforeNewestPlan(steps);
      const second = await killed(steps, records, []);
      for (const cut of changeEnds(second.told)) {
        const third = await killed(steps, records, [cut]);
        for (const again of changeEnds(third.told)) {
          const fourth = await killed(steps, records, [cut, again]);
          await database.addRun(fourth.wallMs, fourth.told);
          await expectNothingLost(fourth.exchange, fourth.stage, `after ${steps} steps, then ${cut}, ${again} records`);
          deaths++;
        }
      }
    }
    expect(deaths).toBeGreaterThan(20);
  });
});
