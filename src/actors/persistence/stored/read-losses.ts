/**
 * Reads from the database, before anything is started, what earlier runs earned and lost. It is summed up anew from plans,
 * orders and exposure, each of which was committed with what it came from: so a run that was killed has left neither more
 * nor less than what it told.
 */
import type { DuckDBConnection, DuckDBValue } from '@duckdb/node-api';
import { EXPOSURE_REASONS, type ExposureReason } from '../../../messages/execution-message.ts';
import { formatDecimal, parseDecimal } from '../../../money/money.ts';
import type { Clock } from '../../../platform/clock.ts';
import {
  DAY_MS,
  HOUR_MS,
  LOSSES_FROM_KEY,
  outsideChange,
  type StoredLoss,
  type StoredLosses,
} from '../../../trading/stored-losses.ts';
import { withStoredDatabase } from './stored-database.ts';

/** Of `exact_decimal`. */
const DECIMALS = 18;

type Row = Readonly<Record<string, DuckDBValue>>;
type Query = (sql: string) => Promise<readonly Row[]>;

/**
 * @param account as `tradingAccount` names it; undefined: all runs on paper.
 * @returns undefined when there is no database yet.
 * @throws DATABASE_LOCKED, DATABASE_FAILED: then nothing may be started.
 */
export function readStoredLosses(
  file: string,
  account: string | undefined,
  clock: Clock,
): Promise<StoredLosses | undefined> {
  return withStoredDatabase(file, clock, 'account_balances', async (connection) => {
    const columns = await connection.runAndReadAll(
      "SELECT 1 FROM duckdb_columns() WHERE table_name = 'plan_events' AND column_name = 'mark_units'",
    );
    // Of a database from before results were told whole, nothing is counted.
    return columns.currentRowCount === 0 ? undefined : readLosses(connection, account, clock.wallMs());
  });
}

/** As {@link readStoredLosses}, from a database that is open and has the newest schema. */
export async function readLosses(
  connection: DuckDBConnection,
  account: string | undefined,
  nowMs: number,
): Promise<StoredLosses> {
  await connection.run("SET TimeZone = 'UTC'");
  const query: Query = async (sql) =>
    (
      await connection.runAndReadAll(`${COUNTED} ${sql}`, { account: account ?? null, key: LOSSES_FROM_KEY })
    ).getRowObjects();
  const sums = new Map<string, Sums>();
  for (const row of await query(PLANS(hourOf(nowMs), dayOf(nowMs)))) addPlans(sums, row);
  for (const row of await query(OUTSIDE)) addOutside(sums, row, nowMs);
  const [streaks = {}] = await query(STREAKS);
  return {
    atMs: nowMs,
    assets: [...sums].map(([asset, sum]) => ({ asset, ...inWords(sum) })),
    losingPlans: Number(streaks['losing'] ?? 0),
    refusedOrders: Number(streaks['refused'] ?? 0),
  };
}

/** Runs of the account, and where in them counting begins: behind what a person has taken upon himself. */
const COUNTED = `
  WITH own AS MATERIALIZED (SELECT boot FROM boots WHERE account IS NOT DISTINCT FROM $account::VARCHAR),
  counted_from AS (
    SELECT coalesce(max(boot), 0) AS from_boot, coalesce(arg_max(value::BIGINT, (boot, record_seq)), 0) AS from_seq
    FROM state_changes JOIN own USING (boot) WHERE source = 'risk' AND key = $key
  ),
  plans AS (
    SELECT boot, execution_seq, start_asset AS asset, epoch_ms(happened_at) AS at_ms,
      exact_decimal(profit_units + coalesce(mark_units, 0), start_decimals) AS amount
    FROM plan_events JOIN own USING (boot), counted_from
    WHERE event = 'ended' AND (boot, execution_seq) > (from_boot, from_seq)
  ),
  outside AS (
    SELECT boot, execution_seq, asset, epoch_ms(happened_at) AS at_ms, reason,
      exact_decimal(amount_units, decimals) AS amount
    FROM exposure_changes JOIN own USING (boot), counted_from
    WHERE (boot, execution_seq) > (from_boot, from_seq)
  ),
  orders AS (
    SELECT boot, execution_seq, outcome FROM order_events JOIN own USING (boot), counted_from
    WHERE event = 'ended' AND outcome <> 'absent' AND (boot, execution_seq) > (from_boot, from_seq)
  )`;

const PLANS = (hourMs: number, dayMs: number): string => `
  SELECT asset, sum(amount)::VARCHAR AS realised, greatest(0, max(so_far))::VARCHAR AS peak,
    coalesce(sum(amount) FILTER (WHERE at_ms >= ${hourMs}), 0)::VARCHAR AS hour,
    coalesce(sum(amount) FILTER (WHERE at_ms >= ${dayMs}), 0)::VARCHAR AS day
  FROM (SELECT *, sum(amount) OVER (PARTITION BY asset ORDER BY boot, execution_seq) AS so_far FROM plans)
  GROUP BY asset ORDER BY asset`;

const OUTSIDE = 'SELECT asset, amount::VARCHAR AS amount, reason, at_ms FROM outside ORDER BY boot, execution_seq';

const STREAKS = `
  SELECT
    (SELECT count(*) FROM plans WHERE amount < 0 AND (boot, execution_seq) >
      coalesce((SELECT max((boot, execution_seq)) FROM plans WHERE amount > 0), (0::BIGINT, 0::BIGINT))) AS losing,
    (SELECT count(*) FROM orders WHERE outcome = 'refused' AND (boot, execution_seq) >
      coalesce((SELECT max((boot, execution_seq)) FROM orders WHERE outcome <> 'refused'), (0::BIGINT, 0::BIGINT))
    ) AS refused`;

interface Sums {
  realised: bigint;
  peak: bigint;
  outside: bigint;
  hour: bigint;
  day: bigint;
}

const hourOf = (ms: number): number => Math.floor(ms / HOUR_MS) * HOUR_MS;
const dayOf = (ms: number): number => Math.floor(ms / DAY_MS) * DAY_MS;

function sumsOf(sums: Map<string, Sums>, row: Row): Sums {
  const asset = String(row['asset']);
  const known = sums.get(asset) ?? { realised: 0n, peak: 0n, outside: 0n, hour: 0n, day: 0n };
  sums.set(asset, known);
  return known;
}

function addPlans(sums: Map<string, Sums>, row: Row): void {
  const sum = sumsOf(sums, row);
  for (const field of ['realised', 'peak', 'hour', 'day'] as const) sum[field] += amountOf(row, field);
}

function addOutside(sums: Map<string, Sums>, row: Row, nowMs: number): void {
  const sum = sumsOf(sums, row);
  const lostBefore = sum.outside < 0n ? -sum.outside : 0n;
  sum.outside += outsideChange(sum.outside, amountOf(row, 'amount'), reasonOf(row));
  const lost = (sum.outside < 0n ? -sum.outside : 0n) - lostBefore;
  const atMs = Number(row['at_ms']);
  if (atMs >= hourOf(nowMs)) sum.hour -= lost;
  if (atMs >= dayOf(nowMs)) sum.day -= lost;
}

const reasonOf = (row: Row): ExposureReason => EXPOSURE_REASONS.find((one) => one === row['reason']) ?? 'none';
const amountOf = (row: Row, field: string): bigint => parseDecimal(String(row[field]), DECIMALS);

function inWords(sum: Sums): Omit<StoredLoss, 'asset'> {
  const words = (units: bigint) => formatDecimal(units, DECIMALS);
  return {
    realised: words(sum.realised),
    peak: words(sum.peak),
    outside: words(sum.outside),
    hour: words(sum.hour),
    day: words(sum.day),
  };
}
