/** Runs of the program that are killed in the middle of their trading, and others that find out what they left. */

import { expect } from 'vitest';
import { accountUnits, bookExecution, ofAsset } from '../../../src/actors/risk/risk-ledger.ts';
import { ASSET_ENTRY, openRiskMemory, RISK_HEADER } from '../../../src/actors/risk/risk-memory.ts';
import { fillMovements } from '../../../src/actors/sequencer/model/fill-movements.ts';
import { assetIndex, type InstrumentIndex, instrumentIndex } from '../../../src/market/instrument.ts';
import { EXECUTION, EXECUTION_EVENT, ORDER_OUTCOMES, PLAN_OUTCOMES } from '../../../src/messages/execution-message.ts';
import { RECORD_KIND } from '../../../src/messages/record-messages.ts';
import { type Lots, lots, parseAmountDown, type Ticks, ticks, units } from '../../../src/money/money.ts';
import { writeAscii } from '../../../src/shared/ascii-field.ts';
import { encodeClientOrderId } from '../../../src/trading/client-order-id.ts';
import { createTestContext } from '../../support/test-context.ts';
import { type AccountStage, DIRECTORY, FakeExchange, stageAccount, WALL_MS } from './account-stage.ts';
import { ASSETS, BTC, BTC_USD, ETH_BTC, ETH_USD, SMALL_LIMITS, USD } from './sequencer-stage.ts';
import type { TradingDatabase } from './trading-database.ts';

export const HOUR_MS = 3_600_000;

/** A leg: what is ordered, and how much of it the exchange fills. */
interface Leg {
  readonly instrument: InstrumentIndex;
  readonly side: 0 | 1;
  readonly lots: Lots;
  readonly filled: bigint;
  readonly ticks: Ticks;
}
const CYCLE: readonly Leg[] = [
  { instrument: BTC_USD, side: 0, lots: lots(1_000_000n), filled: 1_000_000n, ticks: ticks(500_000n) },
  { instrument: ETH_BTC, side: 0, lots: lots(19_949_999n), filled: 19_949_999n, ticks: ticks(5_000n) },
  { instrument: ETH_USD, side: 1, lots: lots(19_900_124n), filled: 19_900_124n, ticks: ticks(252_000n) },
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
      stage.plans.ordersOut = [{ clOrdId, instrument: instrumentIndex(instrument), sentNs: stage.clock.nowNs() }];
      yield change(() => {
        tell(EXECUTION_EVENT.ORDER_SENT, plan, head);
        if (plan === 1 || leg !== 1) return;
        // The second leg sweeps along some dust that lay about: from here on the plan has it.
        stage.desk.addDust({ asset: BTC, units: units(-3n), plan }, { nowNs: stage.clock.nowNs(), instrumentsSeq: 0 });
        left.set(BTC, (left.get(BTC) ?? 0n) + 3n);
      });
      yield stage.exchange.trade(clOrdId, instrumentIndex(instrument), side, lots, filled, ticks, stage.nowMs());
      stage.plans.ordersOut = [];
      yield change(() => {
        for (const fill of stage.exchange.find(clOrdId)!.fills) {
          const moves = fillMovements(
            DIRECTORY.instruments[instrument]!,
            stage.exchange.find(clOrdId)!,
            side,
            DIRECTORY,
            fill,
          );
          stage.desk.bookFill({ ...stage.exchange.find(clOrdId)!, clOrdId, instrument }, fill, moves);
          if (moves.spentAsset === USD) spent += moves.spentUnits;
          else left.set(moves.spentAsset, (left.get(moves.spentAsset) ?? 0n) - moves.spentUnits);
          if (moves.receivedAsset === USD) received += moves.receivedUnits;
          else left.set(moves.receivedAsset, (left.get(moves.receivedAsset) ?? 0n) + moves.receivedUnits);
          tell(EXECUTION_EVENT.FILL, plan, (view, at) => {
            head(view, at);
            view.setBigInt64(at + EXECUTION.qtyLots, fill.qtyLots, true);
            view.setBigInt64(at + EXECUTION.priceTicks, fill.priceTicks, true);
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
      for (const [asset, amount] of left)
        stage.desk.addExposure({ asset: assetIndex(asset), units: units(amount), plan }, 'stranded', when);
      tell(EXECUTION_EVENT.PLAN_ENDED, plan, (view, at) => {
        view.setUint8(at + EXECUTION.outcome, PLAN_OUTCOMES.indexOf(left.size === 0 ? 'completed' : 'stranded'));
        view.setBigInt64(at + EXECUTION.profitUnits, received - spent, true);
      });
    });
  }
}

/** The first run, killed after `steps` of its day; undefined when the day has fewer. */
export function firstRun(steps: number): AccountStage | undefined {
  const stage = stageAccount({ exchange: new FakeExchange() });
  stage.start();
  const day = tradingDay(stage);
  for (let step = 0; step < steps; step++) if (day.next().done === true) return undefined;
  return stage;
}

/** Runs on one account and one database. */
export function recoveryStage(database: TradingDatabase) {
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
    await expectKnownToRisk(stage, what);
  }

  /** What survived is known to risk and to the database as it is to the sequencer. */
  async function expectKnownToRisk(stage: AccountStage, what: string): Promise<void> {
    const risk = createTestContext('risk', { config: { limits: SMALL_LIMITS } });
    const bank = openRiskMemory(risk.context.ownMemory, risk.context.config).begin();
    for (const bytes of stage.recordBytes()) {
      if (bytes[0] === RECORD_KIND.EXECUTION) bookExecution(bank, new DataView(bytes.buffer), 0);
    }
    const inDatabase = async (view: string, column: string) =>
      new Map(
        (await database.query(`SELECT asset, ${column}::VARCHAR AS amount FROM ${view}`)).map((row) => [
          String(row['asset']),
          String(row['amount']),
        ]),
      );
    const exposure = await inDatabase('open_exposure', 'exposure');
    const dust = await inDatabase('open_dust', 'dust');
    for (const { index, id, precision } of ASSETS) {
      const units = (amounts: ReadonlyMap<string, string>) => parseAmountDown(amounts.get(id) ?? '0', precision);
      expect(accountUnits(bank, index) ?? 0n, `${what}: ${id}, as risk knows it`).toBe(stage.expected(index));
      expect(ofAsset(bank, index, ASSET_ENTRY.exposureUnits), `${what}: exposure in ${id}`).toBe(stage.exposed(index));
      expect(ofAsset(bank, index, ASSET_ENTRY.dustUnits), `${what}: dust of ${id}`).toBe(stage.dust(index));
      expect(units(exposure), `${what}: exposure in ${id}, in the database`).toBe(stage.exposed(index));
      expect(units(dust), `${what}: dust of ${id}, in the database`).toBe(stage.dust(index));
    }
    expect(bank.getFloat64(RISK_HEADER.ordersOut, true), `${what}: orders out`).toBe(0);
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

  return { nextRun, expectNothingLost, recoverOnce };
}
