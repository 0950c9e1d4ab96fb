/** The sequencer's actor dies within a run: its successor finds the memory, the rings and the exchange as they are. */

import { beforeAll, describe, expect, test } from 'vitest';
import { assetIndex } from '../../../src/market/instrument.ts';
import { lots, ticks, units } from '../../../src/money/money.ts';
import { encodeClientOrderId } from '../../../src/trading/client-order-id.ts';
import { type AccountStage, decodeRecords, FakeExchange, stageAccount, WALL_MS } from './account-stage.ts';
import { Death, killableTeller } from './killable-stage.ts';
import { ASSETS, BTC_USD, ETH_BTC, USD } from './sequencer-stage.ts';
import { openTradingDatabase, type TradingDatabase } from './trading-database.ts';

const EARLIER_MS = WALL_MS - 3_600_000;
let database: TradingDatabase;
beforeAll(async () => {
  database = await openTradingDatabase();
});

/** An exchange on which an earlier run left two orders that no record mentions, and an account that deviates. */
function leftBehind(): FakeExchange {
  const exchange = new FakeExchange();
  const id = (leg: number) => encodeClientOrderId({ runMs: EARLIER_MS, plan: 3, leg, attempt: leg });
  exchange.trade(id(0), BTC_USD, 0, lots(1_000_000n), 900_000n, ticks(500_000n), EARLIER_MS);
  exchange.fillMore(id(0), lots(50_000n), EARLIER_MS);
  exchange.trade(id(1), ETH_BTC, 0, lots(9_000_000n), 4_000_000n, ticks(5_000n), EARLIER_MS);
  exchange.add(USD, units(-3_3333n));
  return exchange;
}

describe('account desk: death at any step', () => {
  test.each([false, true])('a successor books everything exactly once (dying after the step: %s)', async (after) => {
    await database.clear();
    const first = stageAccount({ wallMs: EARLIER_MS - 1_000 });
    first.start();
    await database.addRun(EARLIER_MS - 1_000, first.recordBytes());
    const stored = await database.stored();
    const whole = live(stageAccount({ exchange: leftBehind(), stored }));
    let deaths = 0;
    for (let at = 1; ; at++) {
      const death = killableTeller(at, after);
      const stage = live(stageAccount({ exchange: leftBehind(), stored, tamper: death.tamper }));
      if (death.count.steps < at) break;
      deaths++;
      expect(summary(stage), `death at step ${at}`).toEqual(summary(whole));
    }
    console.log(`account desk: ${deaths} deaths survived`);
    expect(deaths).toBeGreaterThan(30);
  });
});

/** Starts and turns for a minute, with a successor for each death. */
function live(stage: AccountStage): AccountStage {
  const survive = (run: () => void) => {
    try {
      run();
    } catch (thrown) {
      if (!(thrown instanceof Death)) throw thrown;
      survive(() => stage.succeed());
    }
  };
  survive(() => stage.start());
  for (let second = 0; second < 20; second++) survive(() => stage.pass(1_000));
  return stage;
}

/** What a run has come to, apart from how often it looked. */
function summary(stage: AccountStage) {
  const { executions } = decodeRecords(stage.recordBytes());
  return {
    state: stage.desk.state,
    expected: ASSETS.map(({ index }) => stage.expected(assetIndex(index))),
    held: ASSETS.map(({ index }) => stage.exchange.balances.get(index)),
    exposed: ASSETS.map(({ index }) => stage.exposed(assetIndex(index))),
    // A balance may be reported once more: it says the same.
    told: executions
      .filter(({ event }) => event !== 'BALANCE' && event !== 'READING')
      .sort((one, other) => (key(one) < key(other) ? -1 : 1)),
  };
}

const key = (told: object): string =>
  JSON.stringify(told, (_, value) => (typeof value === 'bigint' ? String(value) : value));
