/**
 * Reads from the database, before anything is started, what earlier runs earned and lost. It is summed up anew from plans,
 * orders and exposure, each of which was committed with what it came from: so a run that was killed has left neither more
 * nor less than what it reported.
 */
import type { DuckDBConnection, DuckDBValue } from '@duckdb/node-api';
import { EXPOSURE_REASONS, type ExposureReason } from '../../../messages/execution-message.ts';
import { formatDecimal, parseDecimal } from '../../../money/money.ts';
import type { Clock } from '../../../platform/clock.ts';
import {
  DAY_MS,
  LOSSES_FROM_KEY,
  outsideChange,
  type StoredLoss,
  type StoredLosses,
} from '../../../trading/stored-losses.ts';
import { withStoredDatabase } from './stored-database.ts';

const MINUTE_MS = 60_000;
/** What is older than a day before the newest result lies in no window of an hour or a day any more. */
const MINUTES_KEPT = DAY_MS / MINUTE_MS;

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
    // Of a database from before results were recorded whole, nothing is counted.
    return columns.currentRowCount === 0 ? undefined : readLosses(connection, account);
  });
}

/** As {@link readStoredLosses}, from a database that is open and has the newest schema. */
export async function readLosses(connection: DuckDBConnection, account: string | undefined): Promise<StoredLosses> {
  await connection.run("SET TimeZone = 'UTC'");
  const query: Query = async (sql) =>
    (
      await connection.runAndReadAll(`${COUNTED} ${sql}`, { account: account ?? null, key: LOSSES_FROM_KEY })
    ).getRowObjects();
  const sums = new Map<string, Sums>();
  for (const row of await query(PLANS)) addPlans(sums, row);
  for (const row of await query(PLANS_BY_MINUTE)) addRecent(sumsOf(sums, row), row, amountOf(row, 'amount'));
  for (const row of await query(OUTSIDE)) addOutside(sums, row);
  const [streaks = {}] = await query(STREAKS);
  return {
    assets: [...sums].map(([asset, sum]) => ({ asset, ...decimalTexts(sum) })),
    losingPlans: Number(streaks['losing'] ?? 0),
    refusedOrders: Number(streaks['refused'] ?? 0),
  };
}

/**
 * Runs of the account, how far the venue's clock was ahead of theirs (reported by each comparison of the account, and at most
 * that: what is reported was asked for before), and where in them counting begins: behind what a person has taken upon himself. */
const COUNTED = `
  WITH own AS MATERIALIZED (SELECT boot FROM boots WHERE account IS NOT DISTINCT FROM $account::VARCHAR),
  shifts AS (
    SELECT boot, max(venue_ms - epoch_ms(happened_at)) AS shift_ms FROM account_readings JOIN own USING (boot)
    GROUP BY boot
  ),
  counted_from AS (
    SELECT coalesce(max(boot), 0) AS from_boot, coalesce(arg_max(value::BIGINT, (boot, record_seq)), 0) AS from_seq
    FROM state_changes JOIN own USING (boot) WHERE source = 'risk' AND key = $key
  ),
  plans AS (
    SELECT boot, execution_seq, start_asset AS asset,
      ((epoch_ms(happened_at) + coalesce(shift_ms, 0)) // 60000)::BIGINT AS minute,
      exact_decimal(profit_units + coalesce(mark_units, 0), start_decimals) AS amount
    FROM plan_events JOIN own USING (boot) LEFT JOIN shifts USING (boot), counted_from
    WHERE event = 'ended' AND (boot, execution_seq) > (from_boot, from_seq)
  ),
  outside AS (
    SELECT boot, execution_seq, asset, reason,
      ((epoch_ms(happened_at) + coalesce(shift_ms, 0)) // 60000)::BIGINT AS minute,
      exact_decimal(amount_units, decimals) AS amount
    FROM exposure_changes JOIN own USING (boot) LEFT JOIN shifts USING (boot), counted_from
    WHERE (boot, execution_seq) > (from_boot, from_seq)
  ),
  orders AS (
    SELECT boot, execution_seq, outcome FROM order_events JOIN own USING (boot), counted_from
    WHERE event = 'ended' AND outcome <> 'absent' AND (boot, execution_seq) > (from_boot, from_seq)
  )`;

const PLANS = `
  SELECT asset, sum(amount)::VARCHAR AS realised, greatest(0, max(so_far))::VARCHAR AS peak
  FROM (SELECT *, sum(amount) OVER (PARTITION BY asset ORDER BY boot, execution_seq) AS so_far FROM plans)
  GROUP BY asset ORDER BY asset`;

const PLANS_BY_MINUTE = `
  SELECT asset, minute, sum(amount)::VARCHAR AS amount FROM plans GROUP BY asset, minute
  HAVING minute >= (SELECT max(minute) FROM plans) - ${MINUTES_KEPT} ORDER BY asset, minute`;

const OUTSIDE = 'SELECT asset, amount::VARCHAR AS amount, reason, minute FROM outside ORDER BY boot, execution_seq';

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
  /** By minute. */
  readonly recent: Map<number, bigint>;
}

function sumsOf(sums: Map<string, Sums>, row: Row): Sums {
  const asset = String(row['asset']);
  const known = sums.get(asset) ?? { realised: 0n, peak: 0n, outside: 0n, recent: new Map() };
  sums.set(asset, known);
  return known;
}

function addPlans(sums: Map<string, Sums>, row: Row): void {
  const sum = sumsOf(sums, row);
  for (const field of ['realised', 'peak'] as const) sum[field] += amountOf(row, field);
}

function addRecent({ recent }: Sums, row: Row, amount: bigint): void {
  const minute = Number(row['minute']);
  recent.set(minute, (recent.get(minute) ?? 0n) + amount);
}

function addOutside(sums: Map<string, Sums>, row: Row): void {
  const sum = sumsOf(sums, row);
  const lostBefore = sum.outside < 0n ? -sum.outside : 0n;
  sum.outside += outsideChange(sum.outside, amountOf(row, 'amount'), reasonOf(row));
  const lost = (sum.outside < 0n ? -sum.outside : 0n) - lostBefore;
  if (lost !== 0n) addRecent(sum, row, -lost);
}

const reasonOf = (row: Row): ExposureReason => EXPOSURE_REASONS.find((one) => one === row['reason']) ?? 'none';
const amountOf = (row: Row, field: string): bigint => parseDecimal(String(row[field]), DECIMALS);

function decimalTexts(sum: Sums): Omit<StoredLoss, 'asset'> {
  const decimal = (units: bigint) => formatDecimal(units, DECIMALS);
  return {
    realised: decimal(sum.realised),
    peak: decimal(sum.peak),
    outside: decimal(sum.outside),
    recent: [...sum.recent]
      .sort(([a], [b]) => a - b)
      .filter(([minute], _index, all) => minute >= (all.at(-1)?.[0] ?? 0) - MINUTES_KEPT)
      .map(([minute, amount]) => ({ endMs: (minute + 1) * MINUTE_MS - 1, amount: decimal(amount) })),
  };
}
