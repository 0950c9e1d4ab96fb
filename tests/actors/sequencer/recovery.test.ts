/** Kills a run of the program in the middle of its trading, and lets another one find out what it left. */

import { beforeAll, describe, expect, test } from 'vitest';
import { lots, ticks, units } from '../../../src/money/money.ts';
import { seededChance } from '../../../src/platform/chance.ts';
import { encodeClientOrderId } from '../../../src/trading/client-order-id.ts';
import { DIRECTORY, stageAccount, WALL_MS } from './account-stage.ts';
import { firstRun, HOUR_MS, recoveryStage } from './recovery-stage.ts';
import { BTC_USD, USD } from './sequencer-stage.ts';
import { changeEnds, openTradingDatabase, type TradingDatabase } from './trading-database.ts';

let database: TradingDatabase;
let nextRun: ReturnType<typeof recoveryStage>['nextRun'];
let expectNothingLost: ReturnType<typeof recoveryStage>['expectNothingLost'];
let recoverOnce: ReturnType<typeof recoveryStage>['recoverOnce'];
beforeAll(async () => {
  database = await openTradingDatabase();
  ({ nextRun, expectNothingLost, recoverOnce } = recoveryStage(database));
});

describe('recovery', () => {
  test('killed after any step with any part of its records committed, nothing is lost, doubled or left naked', async () => {
    let kills = 0;
    for (let steps = 0; ; steps++) {
      const killed = firstRun(steps);
      if (killed === undefined) break;
      const records = killed.recordBytes();
      for (const committed of changeEnds(records).slice(-3)) {
        const again = firstRun(steps)!; // an exchange of its own for each
        const what = `killed after step ${steps}, ${committed} of ${records.length} records committed`;
        await database.clear();
        await database.addRun(WALL_MS, records.slice(0, committed));
        const { stage, wallMs } = await nextRun(1, again.exchange);
        await database.addRun(wallMs, stage.recordBytes());
        await expectNothingLost(again.exchange, stage, what);
        kills++;
      }
    }
    console.log(`recovery: ${kills} kills survived`);
    expect(kills).toBeGreaterThan(60);
  });

  test('killed again at any change of its recovery, a third run finishes it', async () => {
    const seed = 7;
    const chance = seededChance(seed);
    let kills = 0;
    for (const steps of [4, 6, 9, 15, 18]) {
      const records = firstRun(steps)!.recordBytes();
      const ends = changeEnds(records).slice(-4);
      const committed = ends[chance.integer(ends.length)]!;
      const whole = await recoverOnce(records.slice(0, committed), steps, Number.POSITIVE_INFINITY);
      for (const second of changeEnds(whole.records)) {
        const what = `seed ${seed}: killed after step ${steps} (${committed} records), then after ${second} records of the recovery`;
        const { exchange } = await recoverOnce(records.slice(0, committed), steps, second);
        const { stage, wallMs } = await nextRun(2, exchange);
        await database.addRun(wallMs, stage.recordBytes());
        await expectNothingLost(exchange, stage, what);
        kills++;
      }
    }
    console.log(`recovery: ${kills} kills during recovery survived`);
    expect(kills).toBeGreaterThan(20);
  });

  test('a recovery that is finished leaves the next run nothing to do', async () => {
    const { exchange } = await recoverOnce(firstRun(6)!.recordBytes(), 6, Number.POSITIVE_INFINITY);
    const { stage } = await nextRun(2, exchange);
    expect(stage.desk.state).toBe('trading');
    const { executions } = stage.told(); // what it took over is reported, and nothing else
    expect(new Set(executions.map(({ event }) => event))).toEqual(new Set(['TAKEN_OVER']));
  });

  test('what is left below any minimum is dust, what is above is exposure, and a plan that left nothing is not stranded', async () => {
    // Before the third leg all of the ETH is held; after it 0.0000000004 BTC, which rounding left.
    for (const [steps, outcome, exposed, dust] of [
      [1, 'abandoned', [], []],
      [7, 'stranded', ['ETH'], ['BTC']],
      [9, 'unwound', [], ['BTC']],
    ] as const) {
      await recoverOnce(firstRun(steps)!.recordBytes(), steps, Number.POSITIVE_INFINITY);
      const rows = await database.query("SELECT outcome, reason FROM plan_events WHERE event = 'ended'");
      expect(rows, `after step ${steps}`).toEqual([{ outcome, reason: 'interrupted' }]);
      const assetsIn = async (table: string) =>
        (await database.query(`SELECT asset FROM ${table}`)).map(({ asset }) => asset);
      expect(await assetsIn('exposure_changes')).toEqual(exposed);
      expect(await assetsIn('dust_changes')).toEqual(dust);
    }
  });

  test('an order that the venue takes only after the recovery is booked as exposure of all it moved', async () => {
    const steps = 2; // the first order is sent; the exchange has not seen it yet
    const killed = firstRun(steps)!;
    await database.clear();
    await database.addRun(WALL_MS, killed.recordBytes());
    const { exchange } = killed;
    const { stage, wallMs } = await nextRun(1, exchange);
    const clOrdId = encodeClientOrderId({ runMs: WALL_MS, plan: 1, leg: 0, attempt: 0 });
    expect(stage.told().executions.find(({ event }) => event === 'ORDER_ENDED')).toMatchObject({
      clOrdId,
      orderOutcome: 'absent',
    });
    exchange.trade(clOrdId, BTC_USD, 0, lots(1_000_000n), 400_000n, ticks(500_000n), stage.nowMs());
    const fill = exchange.find(clOrdId)!.fills[0]!;
    stage.port.tell({ type: 'order.filled', clOrdId, venueOrderId: `O${clOrdId}`, fill });
    stage.pass(60_000);
    await database.addRun(wallMs, stage.recordBytes());
    await expectNothingLost(exchange, stage, 'a late order');
    expect(stage.told().audits.filter((text) => text.startsWith('fill_late'))).toHaveLength(1);
  });

  test('a successor of an actor that dies in the middle of the recovery finishes it', async () => {
    let deaths = 0;
    for (let turns = 1; turns < 40; turns++) {
      const killed = firstRun(9)!;
      const records = killed.recordBytes();
      await database.clear();
      await database.addRun(WALL_MS, records.slice(0, changeEnds(records).at(-5)));
      const { exchange } = killed;
      const wallMs = WALL_MS + HOUR_MS;
      const stage = stageAccount({ exchange, wallMs, stored: await database.stored() });
      stage.desk.start();
      for (let turn = 0; turn < turns; turn++) stage.turn();
      const wasTrading = stage.desk.isTrading;
      stage.succeed();
      stage.pass(20_000);
      await database.addRun(wallMs, stage.recordBytes());
      await expectNothingLost(exchange, stage, `a death after ${turns} turns of the recovery`);
      deaths++;
      if (wasTrading) break;
    }
    expect(deaths).toBeGreaterThan(2);
  });

  test('what the venue and the database differ in beyond that is a deviation', async () => {
    const killed = firstRun(11)!;
    await database.clear();
    await database.addRun(WALL_MS, killed.recordBytes());
    killed.exchange.add(USD, units(-77_0000n));
    const { stage } = await nextRun(1, killed.exchange);
    const deviations = stage.told().executions.filter(({ exposure }) => exposure === 'deviation');
    expect(deviations.map(({ asset, amount }) => [asset, amount])).toEqual([[USD, -77_0000n]]);
    expect(stage.expected(USD)).toBe(killed.exchange.balances.get(USD));
  });

  test('exposure and dust of earlier runs are still in the ledger', async () => {
    const { exchange } = await recoverOnce(firstRun(7)!.recordBytes(), 7, Number.POSITIVE_INFINITY);
    const { stage } = await nextRun(2, exchange);
    const open = await database.query('SELECT asset, sum(amount_units) AS units FROM exposure_changes GROUP BY asset');
    expect(open.length).toBeGreaterThan(0);
    for (const { asset, units } of open) {
      expect(stage.exposed(DIRECTORY.assetNamed(String(asset))!.index)).toBe(BigInt(String(units)));
    }
  });
});
