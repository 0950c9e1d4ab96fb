/** Limits on losses hold over restarts of the process, from the database's own sums. */

import { describe, expect, test } from 'vitest';
import { createActor } from '../../../src/actors/persistence/actor.ts';
import { readStoredLosses } from '../../../src/actors/persistence/stored/read-losses.ts';
import { EXECUTION_EVENT, EXPOSURE_REASONS, ORDER_OUTCOMES } from '../../../src/messages/execution-message.ts';
import { type Units, units } from '../../../src/money/money.ts';
import { type Clock, VirtualClock } from '../../../src/platform/clock.ts';
import { openTable } from '../../../src/runtime/memory/shared-tables.ts';
import type { RecordWriter } from '../../../src/runtime/records/record-writer.ts';
import { HOUR_MS, LOSSES_FROM_KEY, type StoredLoss, type StoredLosses } from '../../../src/trading/stored-losses.ts';
import { TRIANGLE, writeExecution } from '../../support/record-slots.ts';
import { createRecordStage, started } from '../../support/record-stage.ts';
import { BTC, sequencer, stageRisk, USD } from './risk-stage.ts';

const WALL_MS = 1_700_000_000_000;
const ACCOUNT = 'main@127.0.0.1:4433';
const DEMO = { mode: 'demo', venue: { rest_url: 'http://127.0.0.1:4433' } };
const { PLAN_ENDED, EXPOSURE, ORDER_ENDED, READING } = EXECUTION_EVENT;

interface Writers {
  readonly sequencer: RecordWriter;
  readonly risk: RecordWriter;
}

/** A run of the program that records what `write` says; its records count from where those of `file` end. */
async function run(write: (writers: Writers) => void, file?: string, config: object = DEMO): Promise<string> {
  const scene = createRecordStage({ config, ...(file === undefined ? {} : { persistence: { database: file } }) });
  openTable(scene.stage.memory, 'instrument_log', 'feed').append(TRIANGLE);
  const actor = await started(createActor(scene.stage.context));
  write({ sequencer: scene.writer('sequencer'), risk: scene.writer('risk') });
  await actor.onStop();
  return file ?? scene.file;
}

/** The clock of whoever reads, so many milliseconds after the records of the stage were written. */
function clockAt(laterMs = 0): Clock {
  return new VirtualClock(BigInt(WALL_MS + laterMs) * 1_000_000n);
}

let executionSeq = 0;
const ended = ({ sequencer: records }: Writers, profitUnits: Units, markUnits = 0n): void => {
  writeExecution(
    records,
    { event: PLAN_ENDED },
    { startAsset: 0 },
    { plan: 1, runMs: 1, executionSeq: ++executionSeq },
    { profitUnits, markUnits },
  );
};
const outside = ({ sequencer: records }: Writers, amountUnits: Units, reason: (typeof EXPOSURE_REASONS)[number]) => {
  writeExecution(
    records,
    { event: EXPOSURE, exposureReason: EXPOSURE_REASONS.indexOf(reason) },
    { startAsset: 0 },
    { plan: 0, runMs: 1, executionSeq: ++executionSeq },
    { amountUnits },
  );
};
const orderEnded = ({ sequencer: records }: Writers, outcome: (typeof ORDER_OUTCOMES)[number]) => {
  writeExecution(
    records,
    { event: ORDER_ENDED, orderOutcome: ORDER_OUTCOMES.indexOf(outcome) },
    {},
    { plan: 1, runMs: 1, executionSeq: ++executionSeq },
    {},
  );
};

const amounts = (loss: StoredLoss | undefined) =>
  loss && [...[loss.realised, loss.peak, loss.outside].map(Number), recently(loss)];
/** All that came and went within the last day of which there is something. */
const recently = ({ recent }: StoredLoss) => recent.reduce((sum, { amount }) => sum + Number(amount), 0);

describe('what earlier runs lost, as the database has it', () => {
  test('is summed up over all runs: results with their marks, the peak, what went outside plans, streaks', async () => {
    executionSeq = 0;
    const file = await run((writers) => {
      ended(writers, units(30_0000n));
      ended(writers, units(-10_0000n), -2_0000n);
      outside(writers, units(-5_0000n), 'stranded');
      orderEnded(writers, 'refused');
      orderEnded(writers, 'filled');
    });
    executionSeq = 0;
    await run((writers) => {
      outside(writers, units(50_0000n), 'deviation'); // makes up for the five, and for nothing that comes later
      ended(writers, units(-1_0000n));
      orderEnded(writers, 'refused');
      orderEnded(writers, 'absent');
      orderEnded(writers, 'refused');
    }, file);
    const stored = await readStoredLosses(file, ACCOUNT, clockAt());
    expect(stored?.assets.map(({ asset }) => asset)).toEqual(['USD']);
    expect(amounts(stored?.assets[0])).toEqual([17, 30, 0, 17]);
    expect(stored).toMatchObject({ losingPlans: 2, refusedOrders: 2 });
    expect(stored?.assets[0]?.recent.map(({ endMs }) => endMs)).toEqual([WALL_MS + 59_999 - (WALL_MS % 60_000)]);
  });

  test('counts from the last resume on, by the executions that risk had booked by then', async () => {
    executionSeq = 0;
    const file = await run((writers) => {
      ended(writers, units(-90_0000n));
      ended(writers, units(-3_0000n)); // in flight when the person resumed
      writers.risk.tryState(LOSSES_FROM_KEY, '1');
    });
    expect(amounts((await readStoredLosses(file, ACCOUNT, clockAt()))?.assets[0])).toEqual([-3, 0, 0, -3]);
    executionSeq = 0;
    await run((writers) => ended(writers, units(-4_0000n)), file);
    const stored = await readStoredLosses(file, ACCOUNT, clockAt());
    expect(amounts(stored?.assets[0])).toEqual([-7, 0, 0, -7]);
    expect(stored?.losingPlans).toBe(2);
  });

  test('is of one account, and paper has one of its own', async () => {
    executionSeq = 0;
    const file = await run((writers) => ended(writers, units(-1_0000n)));
    executionSeq = 0;
    await run((writers) => ended(writers, units(-2_0000n)), file, { mode: 'paper' });
    const lost = async (account: string | undefined) =>
      (await readStoredLosses(file, account, clockAt()))?.assets.map(({ realised }) => Number(realised));
    expect(await lost(ACCOUNT)).toEqual([-1]);
    expect(await lost(undefined)).toEqual([-2]);
    expect(await lost('somebody else')).toEqual([]);
    expect(await readStoredLosses(`${file}.none`, ACCOUNT, clockAt())).toBeUndefined();
  });
});

describe('limits over restarts', () => {
  test('a crash loop gets no more than one loss_max, and no longer row of losing plans than one process', async () => {
    for (const [risk, lossUnits, most] of [
      [{ loss_max: { USD: '100' } }, 35_0000n, 3],
      [{ loss_daily_max: { USD: '100' } }, 35_0000n, 3],
      [{ loss_hourly_max: { USD: '100' } }, 35_0000n, 3],
      [{ drawdown_max: { USD: '100' } }, 35_0000n, 3],
      [{ losing_plans_in_a_row_max: 2 }, 1n, 3],
    ] as const) {
      let file: string | undefined;
      let plans = 0;
      for (let process = 0; process < 6; process++) {
        const losses = file === undefined ? undefined : await readStoredLosses(file, ACCOUNT, clockAt());
        const stage = stageRisk({ risk, options: { lossesAtStart: losses } });
        stage.start();
        if (stage.gate.risk.state !== 'active') continue; // the crash took the halt along, the limit holds
        plans++;
        sequencer(stage.executions).ended(1, -lossUnits);
        stage.run();
        executionSeq = 0;
        file = await run((writers) => ended(writers, units(-lossUnits)), file);
      }
      expect(plans, JSON.stringify(risk)).toBe(most);
    }
  });

  const LOST: StoredLosses = {
    assets: [{ asset: 'USD', realised: '-90', peak: '5', outside: '-4', recent: [{ endMs: WALL_MS, amount: '-94' }] }],
    losingPlans: 4,
    refusedOrders: 3,
  };

  test('are taken over once, whenever the venue lists the asset, and a successor does not take them over again', () => {
    const stage = stageRisk({
      risk: { loss_max: { USD: '100' } },
      options: { lossesAtStart: LOST },
      isListed: false,
    });
    const play = sequencer(stage.executions);
    stage.start();
    stage.list();
    stage.pass(100);
    stage.succeed();
    play.ended(1, -6_0000n);
    stage.run();
    expect(stage.now()).toBe('active none'); // a hundred, to the unit
    play.ended(2, -1n);
    stage.run();
    expect(stage.now()).toBe('halted loss_limit');
    expect(stage.causes()[0]).toContain('lost 100.0001 USD, allowed 100');
  });

  test('halt at the start when what was lost is beyond them already', () => {
    const stage = stageRisk({ risk: { loss_max: { USD: '93' } }, options: { lossesAtStart: LOST } });
    stage.start();
    expect(stage.now()).toBe('halted loss_limit');
    const streak = stageRisk({ risk: { refused_orders_in_a_row_max: 2 }, options: { lossesAtStart: LOST } });
    streak.start();
    expect(streak.now()).toBe('halted refused_orders');
  });

  test('count from a resume on, and say so to the next process', () => {
    const stage = stageRisk({ risk: { loss_max: { USD: '93' } }, options: { lossesAtStart: LOST } });
    const play = sequencer(stage.executions);
    stage.start();
    play.dust(BTC, units(1n));
    play.dust(BTC, units(1n));
    stage.run();
    expect(stage.call('resume', 'I know').ok).toBe(true);
    expect(stage.taken().states).toContainEqual([LOSSES_FROM_KEY, '2']);
    stage.succeed();
    play.ended(1, -93_0000n);
    stage.run();
    expect(stage.now()).toBe('active none');
    play.exposure(USD, units(-1n), 'deviation');
    stage.run();
    expect(stage.now()).toBe('halted loss_limit');
  });

  test('of an hour and of a day begin anew with them, and not when the clock is set back', () => {
    const stage = stageRisk({ risk: { loss_hourly_max: { USD: '10' }, loss_daily_max: { USD: '25' } } });
    const play = sequencer(stage.executions);
    stage.start();
    const lose = (units: Units) => {
      play.ended(1, -units);
      stage.run();
      stage.taken();
      return stage.now();
    };
    expect(lose(units(9_0000n))).toBe('active none');
    stage.pass(HOUR_MS);
    expect(lose(units(9_0000n))).toBe('active none');
    stage.pass(HOUR_MS);
    stage.taken();
    stage.pass(100);
    expect(lose(units(6_9999n))).toBe('active none');
    expect(lose(units(2n))).toBe('halted loss_limit');
    expect(stage.causes()[0]).toContain('lost within the day 25.0001 USD');
    stage.call('resume', 'another day');
    expect(lose(units(10_0001n))).toBe('halted loss_limit');
    expect(stage.causes()[0]).toContain('lost within the hour 10.0001 USD');
  });
});

describe('hours and days over restarts, with a clock that is set in between', () => {
  const MINUTE_MS = 60_000;
  /** A run that has lost 80 USD, by a clock that was as much ahead of the venue's. */
  const lostBefore = async (aheadMs: number) => {
    executionSeq = 0;
    const file = await run((writers) => {
      const told = { plan: 0, runMs: 1, executionSeq: ++executionSeq };
      writeExecution(writers.sequencer, { event: READING }, {}, told, { amountUnits: BigInt(WALL_MS - aheadMs) });
      ended(writers, units(-80_0000n));
    });
    return readStoredLosses(file, ACCOUNT, clockAt());
  };
  /** The run after it. @returns what the gate is before the account was compared, then, and after 30 USD more were lost. */
  async function lossAfter(risk: object, stepMs: number, laterMs: number, aheadMs = 0): Promise<readonly string[]> {
    const lossesAtStart = await lostBefore(aheadMs);
    const venueMs = WALL_MS - aheadMs + laterMs;
    const stage = stageRisk({ risk, mode: 'demo', wallMs: venueMs + stepMs, options: { lossesAtStart } });
    const play = sequencer(stage.executions);
    stage.account('trading');
    stage.start();
    const before = stage.now();
    play.reading(venueMs, stage.clock.nowNs());
    stage.run();
    stage.pass(1_000);
    const compared = stage.now();
    play.ended(1, -30_0000n);
    stage.run();
    return [before, compared, stage.now()];
  }
  const HOURLY = { loss_hourly_max: { USD: '100' } };
  const DAILY = { loss_daily_max: { USD: '100' } };
  const CLOSED = 'paused account_not_ready';

  test.each([-24, -1, 0, 1, 24])('by %i hours: what was lost minutes ago counts', async (hours) => {
    for (const limit of [HOURLY, DAILY]) {
      const gates = await lossAfter(limit, hours * HOUR_MS, 5 * MINUTE_MS);
      expect(gates, JSON.stringify(limit)).toEqual([CLOSED, 'active none', 'halted loss_limit']);
    }
  });

  test.each([-24, -1, 0, 1, 24])('what was lost by a clock that was %i hours ahead counts too', async (hours) => {
    for (const limit of [HOURLY, DAILY]) {
      const gates = await lossAfter(limit, 0, 5 * MINUTE_MS, hours * HOUR_MS);
      expect(gates, JSON.stringify(limit)).toEqual([CLOSED, 'active none', 'halted loss_limit']);
    }
  });

  test('what was lost long ago does not, however the clock was set', async () => {
    for (const hours of [-3, -2, 0, 2]) {
      const gates = await lossAfter(HOURLY, hours * HOUR_MS, 2 * HOUR_MS);
      expect(gates, `${hours} hours`).toEqual([CLOSED, 'active none', 'active none']);
    }
  });
});
