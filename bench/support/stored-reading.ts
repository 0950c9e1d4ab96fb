/** What the database says of an account after any number of runs, in the checker's form. Asked through its own views. */

import { DuckDBInstance, type JS } from '@duckdb/node-api';
import { parseDecimal } from '../../src/money/money.ts';
import type { SideName } from '../../src/money/side.ts';
import {
  DECIMALS,
  type FillReading,
  type OurOrder,
  type OurPlan,
  type OurReading,
} from '../../src/simulation/day-readings.ts';

type Row = Readonly<Record<string, JS>>;

/** Reads the file, which whoever wrote it has closed. */
export async function readStoredReading(file: string): Promise<OurReading> {
  const instance = await DuckDBInstance.create(file, { access_mode: 'READ_ONLY' });
  try {
    const connection = await instance.connect();
    const ask = async (sql: string): Promise<Row[]> => (await connection.runAndReadAll(sql)).getRowObjectsJS();
    const orders = (await ask(ORDERS)).map(orderOf);
    const reading = {
      orders: new Map(orders.map((order) => [order.clOrdId, order])),
      fills: (await ask(FILLS)).map(fillOf),
      plans: (await ask(PLANS)).map(planOf),
      additions: (await ask(ADDITIONS)).map((row) => ({
        kind: row['kind'] === 'dust' ? ('dust' as const) : ('exposure' as const),
        asset: text(row['asset']),
        amount: amount(row['amount']),
        reason: text(row['reason']),
        plan: Number(row['plan']),
        runMs: Number(row['run_ms']),
      })),
      balances: new Map((await ask(BALANCES)).map((row) => [text(row['asset']), amount(row['balance'])])),
    };
    connection.closeSync();
    return reading;
  } finally {
    instance.closeSync();
  }
}

const ORDERS = `
  SELECT cl_ord_id, any_value(symbol) AS symbol, any_value(side) AS side,
    count(*) FILTER (WHERE event = 'sent') AS sent,
    max(exact_decimal(limit_ticks, price_decimals))::VARCHAR AS limit_price,
    max(exact_decimal(qty_wanted_lots, qty_decimals))::VARCHAR AS wanted,
    arg_max(outcome, record_seq) FILTER (WHERE event = 'ended') AS outcome,
    arg_max(exact_decimal(qty_lots, qty_decimals), (boot, record_seq)) FILTER (WHERE event = 'ended')::VARCHAR AS qty,
    arg_max(exact_decimal(cost_units, cost_decimals), (boot, record_seq)) FILTER (WHERE event = 'ended')::VARCHAR AS cost,
    arg_max(exact_decimal(fee_units, fee_decimals), (boot, record_seq)) FILTER (WHERE event = 'ended')::VARCHAR AS fee
  FROM order_events GROUP BY cl_ord_id`;
const FILLS = `
  SELECT exec_id, cl_ord_id, symbol, side, qty::VARCHAR AS qty, price::VARCHAR AS price, cost::VARCHAR AS cost, fee::VARCHAR AS fee, fee_asset
  FROM trades_decimal`;
const PLANS = `
  SELECT run_ms, plan, any_value(start_asset) AS asset,
    count(*) FILTER (WHERE event = 'opened') AS opened, count(*) FILTER (WHERE event = 'ended') AS ended,
    max(outcome) FILTER (WHERE event = 'ended') AS outcome,
    (coalesce(sum(exact_decimal(profit_units, start_decimals)) FILTER (WHERE event = 'ended'), 0))::VARCHAR AS profit
  FROM plan_events WHERE event IN ('opened', 'ended') GROUP BY run_ms, plan`;
const ADDITIONS = `
  SELECT 'exposure' AS kind, asset, exact_decimal(amount_units, decimals)::VARCHAR AS amount, reason, plan, run_ms
  FROM exposure_changes
  UNION ALL SELECT 'dust', asset, exact_decimal(amount_units, decimals)::VARCHAR, 'none', plan, run_ms FROM dust_changes`;
const BALANCES = 'SELECT asset, balance::VARCHAR AS balance FROM account_balances';

const text = (value: JS | undefined): string => (typeof value === 'string' ? value : '');
const amount = (value: JS | undefined): bigint => parseDecimal(text(value) === '' ? '0' : text(value), DECIMALS);
const sideOf = (row: Row): SideName => (row['side'] === 'buy' ? 'buy' : 'sell');

function orderOf(row: Row): OurOrder {
  const totals = { qty: amount(row['qty']), cost: amount(row['cost']), fee: amount(row['fee']) };
  return {
    clOrdId: text(row['cl_ord_id']),
    boot: 0,
    symbol: text(row['symbol']),
    side: sideOf(row),
    qty: amount(row['wanted']),
    limit: amount(row['limit_price']),
    sent: Number(row['sent']),
    ended: row['outcome'] === null ? undefined : { outcome: text(row['outcome']), ...totals },
  };
}

function fillOf(row: Row): FillReading {
  return {
    execId: text(row['exec_id']),
    clOrdId: text(row['cl_ord_id']),
    symbol: text(row['symbol']),
    side: sideOf(row),
    qty: amount(row['qty']),
    price: amount(row['price']),
    cost: amount(row['cost']),
    fee: amount(row['fee']),
    feeAsset: text(row['fee_asset']),
  };
}

function planOf(row: Row): OurPlan {
  return {
    boot: Number(row['run_ms']),
    runMs: Number(row['run_ms']),
    plan: Number(row['plan']),
    startAsset: text(row['asset']),
    isFlattening: false, // no person is there
    opened: Number(row['opened']),
    ended: Number(row['ended']),
    outcome: text(row['outcome']),
    profit: amount(row['profit']),
  };
}
