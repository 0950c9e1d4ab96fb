/**
 * Reads from the database, before anything is started, what earlier runs left of an account: plans and orders without an
 * end, what is recorded of the last minutes, balances, exposure and dust.
 */
import type { DuckDBConnection, DuckDBValue } from '@duckdb/node-api';
import { formatDecimal } from '../../../money/money.ts';
import { BUY, sideNamed } from '../../../money/side.ts';
import type { Clock } from '../../../platform/clock.ts';
import type {
  StoredAmount,
  StoredBooking,
  StoredFill,
  StoredPlan,
  StoredTrading,
} from '../../../trading/stored-trading.ts';
import { withStoredDatabase } from './stored-database.ts';

/**
 * What is recorded up to a time of the venue is asked for again from this much before it: its lists can be late. What is
 * recorded already is recognised by its id.
 */
const OVERLAP_MS = 120_000;
/** Longest that an order of ours was out before the time from which the venue is asked for ended ones. */
const ORDER_LIFE_MS = 3_600_000;

type Row = Readonly<Record<string, DuckDBValue>>;
type Query = (sql: string) => Promise<readonly Row[]>;

/**
 * @param account as `tradingAccount` names it.
 * @returns undefined when there is no database yet, or no run of that account in it.
 * @throws DATABASE_LOCKED, DATABASE_FAILED: then nothing may be started.
 */
export function readStoredTrading(file: string, account: string, clock: Clock): Promise<StoredTrading | undefined> {
  return withStoredDatabase(file, clock, 'account_balances', (connection) => readTrading(connection, account));
}

/** As {@link readStoredTrading}, from a database that is open and has the newest schema. */
export async function readTrading(connection: DuckDBConnection, account: string): Promise<StoredTrading | undefined> {
  await connection.run("SET TimeZone = 'UTC'");
  const query = queryOf(connection, account);
  const [first] = await query('SELECT boot FROM own ORDER BY boot LIMIT 1');
  if (first === undefined) return undefined;
  const [{ since_ms: comparedMs, established } = {}] = await query(SINCE);
  const recordedMs = Number(comparedMs ?? 0) - OVERLAP_MS;
  const recent = recentOf(await query(`${BEFORE} WHERE venue_ms < ${recordedMs - ORDER_LIFE_MS} ${NEWEST}`));
  return {
    sinceMs: recordedMs,
    isEstablished: established === true,
    balances: amounts(await query(amountsOf('account_balances', 'balance'))),
    exposure: amounts(await query(amountsOf('open_exposure', 'exposure'))),
    dust: amounts(await query(amountsOf('open_dust', 'dust'))),
    plans: await readPlans(query),
    plansEnded: ids(
      await query(
        `SELECT DISTINCT run_ms || '/' || plan AS id FROM plan_events JOIN own USING (boot)
        WHERE run_ms IS NOT NULL AND event = 'ended' AND ${recent}`,
      ),
    ),
    ordersOpen: (await query(ORDERS_OPEN)).map((row) => ({
      clOrdId: text(row['cl_ord_id']),
      venueOrderId: text(row['venue_order_id']),
      symbol: text(row['symbol']),
      side: sideNamed(text(row['side'])) ?? BUY,
    })),
    ordersKnown: ids(
      await query(`SELECT DISTINCT cl_ord_id AS id FROM order_events JOIN own USING (boot) WHERE ${recent}`),
    ),
    ordersEnded: ids(
      await query(
        `SELECT DISTINCT cl_ord_id AS id FROM order_events JOIN own USING (boot) WHERE event = 'ended' AND ${recent}`,
      ),
    ),
    fillsBooked: (await query(FILLS_BOOKED(recent))).map(bookingOf),
  };
}

/** Every statement sees the runs of the account as `own`. */
function queryOf(connection: DuckDBConnection, account: string): Query {
  return async (sql) => {
    const own = 'WITH own AS MATERIALIZED (SELECT boot, started_at FROM boots WHERE account = $account)';
    return (await connection.runAndReadAll(`${own} ${sql}`, { account })).getRowObjects();
  };
}

const BEFORE = 'SELECT boot, record_seq FROM account_readings JOIN own USING (boot)';
const NEWEST = 'ORDER BY boot DESC, record_seq DESC LIMIT 1';

/**
 * Which records can be of orders that the venue is asked after: all from a comparison on that was long enough before. By
 * their order, not by our clock, which may have been set meanwhile.
 */
function recentOf([reading]: readonly Row[]): string {
  if (reading === undefined) return 'true';
  const { boot, record_seq: seq } = reading;
  return `source = 'sequencer' AND (boot > ${boot} OR (boot = ${boot} AND record_seq > ${seq}))`;
}

/**
 * A source's records are committed in their order, so all that was booked when the account was compared the last time is
 * recorded, up to that time of the venue; what came after it can be missing. Where no comparison is recorded (a run that
 * died at once, or one of before they were), our clock alone says when that was: a day is room for it to have been wrong.
 */
const SINCE = `
  , compared AS (
    SELECT arg_max(venue_ms, (boot, record_seq)) AS venue_ms FROM account_readings JOIN own USING (boot)
  ), reconciled AS (
    SELECT max(boot) AS boot FROM audit_events JOIN own USING (boot)
    WHERE source = 'sequencer' AND event = 'account_reconciled'
  ), unread AS (
    SELECT max(epoch_ms(happened_at)) - 86400000 AS at_ms FROM audit_events JOIN reconciled USING (boot)
    WHERE source = 'sequencer'
  )
  SELECT
    coalesce(
      (SELECT venue_ms FROM compared),
      (SELECT at_ms FROM unread),
      (SELECT min(epoch_ms(started_at)) - 86400000 FROM own)
    ) AS since_ms,
    (SELECT boot IS NOT NULL FROM reconciled) AS established`;

/**
 * A plan is known by its own events and by those of its orders: a run can die before the first is committed, and the next
 * one after it has booked the orders and before it has recorded the end.
 */
const PLANS_OPEN = `
  SELECT run_ms, plan,
    any_value(start_asset) AS start_asset, any_value(mark)::VARCHAR AS mark,
    any_value(first_order) AS first_order, any_value(first_symbol) AS first_symbol, any_value(first_side) AS first_side
  FROM (
    SELECT run_ms, plan, start_asset, event = 'ended' AS is_end,
      CASE WHEN event = 'opened' THEN exact_decimal(mark_units, start_decimals) END AS mark,
      NULL AS first_order, NULL AS first_symbol, NULL AS first_side
    FROM plan_events JOIN own USING (boot)
    WHERE run_ms IS NOT NULL AND event IN ('opened', 'ended')
    UNION ALL
    SELECT run_ms, plan, NULL, false, NULL, min(cl_ord_id), arg_min(symbol, cl_ord_id), arg_min(side, cl_ord_id)
    FROM order_events JOIN own USING (boot)
    WHERE event = 'sent'
    GROUP BY run_ms, plan
  )
  GROUP BY run_ms, plan
  HAVING NOT bool_or(is_end)`;

const ORDERS_OPEN = `
  SELECT cl_ord_id, max(venue_order_id) AS venue_order_id,
    any_value(symbol) FILTER (WHERE event = 'sent') AS symbol, any_value(side) FILTER (WHERE event = 'sent') AS side
  FROM order_events JOIN own USING (boot)
  GROUP BY cl_ord_id
  HAVING count(*) FILTER (WHERE event = 'ended') = 0
  ORDER BY cl_ord_id`;

const PLAN_FILLS = `
  , plans AS (${PLANS_OPEN})
  SELECT
    run_ms, plan, exec_id,
    spent_asset, exact_decimal(-spent_units, spent_decimals)::VARCHAR AS spent,
    received_asset, exact_decimal(received_units, received_decimals)::VARCHAR AS received,
    fee_asset, exact_decimal(-fee_units, fee_decimals)::VARCHAR AS fee
  FROM trades JOIN own USING (boot) SEMI JOIN plans USING (run_ms, plan)
  ORDER BY boot, record_seq`;

/** Each once: those of the orders that the venue is asked after, and those of plans without an end. */
const FILLS_BOOKED = (recent: string): string => `
  , plans AS (${PLANS_OPEN})
  SELECT exec_id, any_value(cl_ord_id) AS cl_ord_id, any_value(symbol) AS symbol,
    any_value(qty_lots)::VARCHAR AS qty_lots, any_value(qty_decimals) AS qty_decimals,
    any_value(price_ticks)::VARCHAR AS price_ticks, any_value(price_decimals) AS price_decimals,
    any_value(cost_units)::VARCHAR AS cost_units, any_value(cost_decimals) AS cost_decimals,
    any_value(fee_units)::VARCHAR AS fee_units, any_value(fee_decimals) AS fee_decimals,
    any_value(fee_asset) AS fee_asset
  FROM trades JOIN own USING (boot)
  WHERE exec_id <> '' AND (${recent} OR (run_ms, plan) IN (SELECT (run_ms, plan) FROM plans))
  GROUP BY exec_id ORDER BY exec_id`;

const PLAN_ENTRIES = `
  , plans AS (${PLANS_OPEN}), entries AS (
    SELECT boot, run_ms, plan, asset, decimals, amount_units FROM exposure_changes
    UNION ALL SELECT boot, run_ms, plan, asset, decimals, amount_units FROM dust_changes
  )
  SELECT run_ms, plan, asset, sum(exact_decimal(amount_units, decimals))::VARCHAR AS amount
  FROM entries JOIN own USING (boot) SEMI JOIN plans USING (run_ms, plan)
  GROUP BY ALL
  ORDER BY ALL`;

async function readPlans(query: Query): Promise<readonly StoredPlan[]> {
  const keyOf = (row: Row): string => `${row['run_ms']}/${row['plan']}`;
  const fills = Map.groupBy(await query(PLAN_FILLS), keyOf);
  const entries = Map.groupBy(await query(PLAN_ENTRIES), keyOf);
  return (await query(`${PLANS_OPEN} ORDER BY run_ms, plan`)).map((row) => ({
    runMs: Number(row['run_ms']),
    plan: Number(row['plan']),
    startAsset: row['start_asset'] === null ? undefined : text(row['start_asset']),
    firstOrder: firstOrderOf(row),
    mark: text(row['mark'] ?? '0'),
    fills: (fills.get(keyOf(row)) ?? []).map(fillOf),
    entered: amounts(entries.get(keyOf(row)) ?? []),
  }));
}

function firstOrderOf(row: Row): StoredPlan['firstOrder'] {
  if (row['first_order'] === null) return undefined;
  const [base = '', quote = ''] = text(row['first_symbol']).split('/');
  return { clOrdId: text(row['first_order']), gives: text(row['first_side']) === 'sell' ? base : quote };
}

function fillOf(row: Row): StoredFill {
  const change = (asset: string, amount: string): StoredAmount => ({
    asset: text(row[asset]),
    amount: text(row[amount]),
  });
  const traded = [change('spent_asset', 'spent'), change('received_asset', 'received')];
  const isThird = !traded.some(({ asset }) => asset === row['fee_asset']);
  return { execId: text(row['exec_id']), changes: isThird ? [...traded, change('fee_asset', 'fee')] : traded };
}

function bookingOf(row: Row): StoredBooking {
  const amount = (units: string, decimals: string) => {
    const places = row[decimals];
    return places === null || places === undefined ? '' : formatDecimal(BigInt(text(row[units])), Number(places));
  };
  return {
    execId: text(row['exec_id']),
    clOrdId: text(row['cl_ord_id']),
    symbol: text(row['symbol']),
    qty: amount('qty_lots', 'qty_decimals'),
    price: amount('price_ticks', 'price_decimals'),
    cost: amount('cost_units', 'cost_decimals'),
    fee: amount('fee_units', 'fee_decimals'),
    feeAsset: text(row['fee_asset']),
  };
}

const amountsOf = (view: string, column: string): string =>
  `SELECT asset, ${column}::VARCHAR AS amount FROM ${view} WHERE account = $account ORDER BY asset`;

const text = (value: DuckDBValue | undefined): string => String(value ?? '');
const ids = (rows: readonly Row[]): readonly string[] => rows.map((row) => text(row['id']));
const amounts = (rows: readonly Row[]): readonly StoredAmount[] =>
  rows.map((row) => ({ asset: text(row['asset']), amount: text(row['amount']) }));
