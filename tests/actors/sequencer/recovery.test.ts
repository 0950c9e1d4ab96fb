/** Kills a run of the program in the middle of its trading, and lets another one find out what it left. */
import { beforeAll, describe, expect, test } from 'vitest';
import { fillMoves } from '../../../src/actors/sequencer/fill-moves.ts';
import { writeAscii } from '../../../src/shared/ascii-field.ts';
import { seededChance } from '../../../src/shared/chance.ts';
import { encodeClientOrderId } from '../../../src/shared/client-order-id.ts';
import { EXECUTION, EXECUTION_EVENT, ORDER_OUTCOMES, PLAN_OUTCOMES } from '../../../src/shared/execution-message.ts';
import { type AccountStage, DIRECTORY, FakeExchange, stageAccount, WALL_MS } from './account-stage.ts';
import { ASSETS, BTC, BTC_USD, ETH_BTC, ETH_USD, USD } from './sequencer-stage.ts';
import { changeEnds, openTradingDatabase, type TradingDatabase } from './trading-database.ts';

const HOUR_MS = 3_600_000;
let database: TradingDatabase;
beforeAll(async () => {
  database = await openTradingDatabase();
});

/** A leg: what is ordered, and how much of it the exchange fills. */
interface Leg {
  readonly instrument: number;
  readonly side: 0 | 1;
  readonly lots: bigint;
  readonly filled: bigint;
  readonly ticks: bigint;
}
const CYCLE: readonly Leg[] = [
  { instrument: BTC_USD, side: 0, lots: 1_000_000n, filled: 1_000_000n, ticks: 500_000n },
  { instrument: ETH_BTC, side: 0, lots: 19_949_999n, filled: 19_949_999n, ticks: 5_000n },
  { instrument: ETH_USD, side: 1, lots: 19_900_124n, filled: 19_900_124n, ticks: 252_000n },
];
const PLANS: readonly (readonly Leg[])[] = [
  CYCLE,
  CYCLE.map((leg, index) => (index === 1 ? { ...leg, filled: 7_000_000n } : leg)).slice(0, 2),
  CYCLE.map((leg, index) => (index === 0 ? { ...leg, filled: 0n } : leg)).slice(0, 1),
];

/** What the plan desk and the exchange do in turn, one thing at a time. */
function* tradingDay(stage: AccountStage): Generator<void> {
  const tell = (event: number, plan: number, fill: (view: DataView, at: number) => void = () => undefined) =>
    stage.journal.emitExecution(event, (view, at) => {
      view.setFloat64(at + EXECUTION.plan, plan, true);
      view.setUint16(at + EXECUTION.startAsset, USD, true);
      fill(view, at);
    });
  const change = (make: () => void) => {
    stage.journal.begin();
    make();
    stage.journal.commit();
    stage.run();
  };
  for (const [index, legs] of PLANS.entries()) {
    const plan = index + 1;
    let spent = 0n;
    let received = 0n;
    yield change(() => tell(EXECUTION_EVENT.PLAN_OPENED, plan));
    const left = new Map<number, bigint>();
    for (const [leg, { instrument, side, lots, filled, ticks }] of legs.entries()) {
      const clOrdId = encodeClientOrderId({ runMs: WALL_MS, plan, leg, attempt: leg });
      const head = (view: DataView, at: number) => {
        view.setUint32(at + EXECUTION.instrument, instrument, true);
        view.setUint8(at + EXECUTION.side, side);
        view.setUint8(at + EXECUTION.leg, leg);
        view.setBigInt64(at + EXECUTION.qtyWantedLots, lots, true);
        writeAscii(view, at + EXECUTION.clOrdId, clOrdId, 18);
      };
      stage.plans.ordersOut = [{ clOrdId, instrument, sentNs: stage.clock.nowNs() }];
      yield change(() => {
        tell(EXECUTION_EVENT.ORDER_SENT, plan, head);
        if (plan === 1 || leg !== 1) return;
        // The second leg sweeps along some dust that lay about: from here on the plan has it.
        stage.desk.addDust({ asset: BTC, units: -3n, plan }, { nowNs: stage.clock.nowNs(), instrumentsSeq: 0 });
        left.set(BTC, (left.get(BTC) ?? 0n) + 3n);
      });
      yield stage.exchange.trade(clOrdId, instrument, side, lots, filled, ticks, stage.nowMs());
      stage.plans.ordersOut = [];
      yield change(() => {
        for (const fill of stage.exchange.find(clOrdId)!.fills) {
          const moves = fillMoves(
            DIRECTORY.instruments[instrument]!,
            stage.exchange.find(clOrdId)!,
            side,
            DIRECTORY,
            fill,
          );
          stage.desk.bookFill(fill, moves);
          if (moves.spentAsset === USD) spent += moves.spentUnits;
          else left.set(moves.spentAsset, (left.get(moves.spentAsset) ?? 0n) - moves.spentUnits);
          if (moves.receivedAsset === USD) received += moves.receivedUnits;
          else left.set(moves.receivedAsset, (left.get(moves.receivedAsset) ?? 0n) + moves.receivedUnits);
          tell(EXECUTION_EVENT.FILL, plan, (view, at) => {
            head(view, at);
            view.setBigInt64(at + EXECUTION.qtyLots, fill.qtyLots, true);
            view.setBigInt64(at + EXECUTION.costUnits, fill.costUnits, true);
            view.setBigInt64(at + EXECUTION.feeUnits, fill.feeUnits, true);
            view.setUint16(at + EXECUTION.feeAsset, fill.feeAsset, true);
            view.setUint16(at + EXECUTION.spentAsset, moves.spentAsset, true);
            view.setBigInt64(at + EXECUTION.spentUnits, moves.spentUnits, true);
            view.setUint16(at + EXECUTION.receivedAsset, moves.receivedAsset, true);
            view.setBigInt64(at + EXECUTION.receivedUnits, moves.receivedUnits, true);
            writeAscii(view, at + EXECUTION.execId, fill.execId, 20);
          });
        }
        const outcome = filled === 0n ? 'unfilled' : filled < lots ? 'partial' : 'filled';
        tell(EXECUTION_EVENT.ORDER_ENDED, plan, (view, at) => {
          head(view, at);
          view.setBigInt64(at + EXECUTION.qtyLots, filled, true);
          view.setUint8(at + EXECUTION.orderOutcome, ORDER_OUTCOMES.indexOf(outcome));
        });
      });
    }
    yield change(() => {
      const when = { nowNs: stage.clock.nowNs(), instrumentsSeq: 0 };
      for (const [asset, units] of left) stage.desk.addExposure({ asset, units, plan }, 'stranded', when);
      tell(EXECUTION_EVENT.PLAN_ENDED, plan, (view, at) => {
        view.setUint8(at + EXECUTION.outcome, PLAN_OUTCOMES.indexOf(left.size === 0 ? 'completed' : 'stranded'));
        view.setBigInt64(at + EXECUTION.profitUnits, received - spent, true);
      });
    });
  }
}

/** The first run, killed after `steps` of its day; undefined when the day has fewer. */
function firstRun(steps: number): AccountStage | undefined {
  const stage = stageAccount({ exchange: new FakeExchange() });
  stage.start();
  const day = tradingDay(stage);
  for (let step = 0; step < steps; step++) if (day.next().done === true) return undefined;
  return stage;
}

/** Another run on the same account and database, up to where it trades. */
async function nextRun(number: number, exchange: FakeExchange, before?: (stage: AccountStage) => void) {
  const wallMs = WALL_MS + number * HOUR_MS;
  const stage = stageAccount({ exchange, wallMs, stored: await database.stored() });
  before?.(stage);
  stage.start();
  stage.pass(20_000);
  return { stage, wallMs };
}

const START = new FakeExchange().balances;

/** Everything that must hold once a run has recovered and its records are committed. */
async function expectNothingLost(exchange: FakeExchange, stage: AccountStage, what: string): Promise<void> {
  expect(stage.desk.state, what).toBe('trading');
  for (const { index, id } of ASSETS)
    expect(stage.expected(index), `${what}: ${id}`).toBe(exchange.balances.get(index));
  const fills = await database.query('SELECT exec_id AS id FROM trades ORDER BY 1');
  const execs = [...exchange.orders.values()].flatMap((order) => order.fills.map(({ execId }) => execId));
  expect(
    fills.map(({ id }) => id),
    `${what}: every fill once`,
  ).toEqual(execs.sort());
  const orders = await database.query(`
    SELECT cl_ord_id AS id, count(*) FILTER (WHERE event = 'sent') AS sent, count(*) FILTER (WHERE event = 'ended') AS ended
    FROM order_events GROUP BY 1 ORDER BY 1`);
  for (const order of orders) expect(order, `${what}: ${order['id']}`).toMatchObject({ sent: 1n, ended: 1n });
  const recorded = new Set(orders.map(({ id }) => id));
  for (const { clOrdId } of exchange.orders.values()) expect(recorded, what).toContain(clOrdId);
  const plans = await database.query(`
    SELECT run_ms, plan, count(*) FILTER (WHERE event = 'ended') AS ended FROM plan_events GROUP BY ALL`);
  for (const plan of plans) expect(plan, `${what}: plan ${plan['plan']}`).toMatchObject({ ended: 1n });
  const ended = new Set(plans.map(({ plan }) => Number(plan)));
  for (const { plan } of await database.query('SELECT DISTINCT plan FROM order_events')) {
    expect(ended, `${what}: a plan with an order has an end`).toContain(Number(plan));
  }
  await expectConserved(exchange, what);
}

/** What the exchange moved is profit, exposure or dust, asset by asset, to the unit. */
async function expectConserved(exchange: FakeExchange, what: string): Promise<void> {
  const rows = await database.query(`
    SELECT asset, sum(units) AS units FROM (
      SELECT start_asset AS asset, profit_units AS units FROM plan_events WHERE event = 'ended'
      UNION ALL SELECT asset, amount_units FROM exposure_changes
      UNION ALL SELECT asset, amount_units FROM dust_changes
    ) GROUP BY asset`);
  const booked = new Map(rows.map(({ asset, units }) => [String(asset), BigInt(String(units))]));
  for (const { index, id } of ASSETS) {
    const moved = exchange.balances.get(index)! - START.get(index)!;
    expect(booked.get(id) ?? 0n, `${what}: ${id} is profit, exposure or dust`).toBe(moved);
  }
  const odd = await database.query("SELECT * FROM exposure_changes WHERE reason = 'deviation'");
  expect(odd, `${what}: nothing is unexplained`).toEqual([]);
  const balances = await database.query('SELECT asset, balance::VARCHAR AS balance FROM account_balances');
  for (const { asset, balance } of balances) {
    const { index, precision } = DIRECTORY.assetNamed(String(asset))!;
    const units = BigInt(String(balance).replace('.', '')) / 10n ** BigInt(18 - precision);
    expect(units, `${what}: ${asset} in the database`).toBe(exchange.balances.get(index));
  }
}

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
  }, 60_000);

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
  }, 60_000);

  test('a recovery that is finished leaves the next run nothing to do', async () => {
    const { exchange } = await recoverOnce(firstRun(6)!.recordBytes(), 6, Number.POSITIVE_INFINITY);
    const { stage } = await nextRun(2, exchange);
    expect(stage.desk.state).toBe('trading');
    expect(stage.told().executions).toEqual([]);
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
    exchange.trade(clOrdId, BTC_USD, 0, 1_000_000n, 400_000n, 500_000n, stage.nowMs());
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
  }, 30_000);

  test('what the venue and the database differ in beyond that is a deviation', async () => {
    const killed = firstRun(11)!;
    await database.clear();
    await database.addRun(WALL_MS, killed.recordBytes());
    killed.exchange.add(USD, -77_0000n);
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

/** First run killed after `steps` with `records` committed; second run's first `committed` records committed. */
async function recoverOnce(records: readonly Uint8Array[], steps: number, committed: number) {
  const { exchange } = firstRun(steps)!;
  await database.clear();
  await database.addRun(WALL_MS, records);
  const { stage, wallMs } = await nextRun(1, exchange);
  const told = stage.recordBytes();
  await database.addRun(wallMs, told.slice(0, committed));
  return { exchange, records: told };
}
