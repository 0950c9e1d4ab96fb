/** Writes one boot's opportunities to a file of JSON lines, in market order, each once. */

import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { type DuckDBConnection, DuckDBTimestampNanosecondsValue, type DuckDBValue } from '@duckdb/node-api';
import { units } from '../../money/money.ts';
import { arbitradeError, reasonOf } from '../../platform/errors.ts';
import { type Amount, type Opportunity, type OpportunityLeg, opportunityJson } from '../../trading/opportunity-json.ts';

/**
 * One row per leg, legs of an opportunity together. A detector that dies after it has recorded an opportunity may record
 * it again: the first record of a market message and ordinal counts.
 */
const QUERY = `
  WITH once AS (
    SELECT * FROM opportunities WHERE boot = $1
    QUALIFY row_number() OVER (PARTITION BY seq, ordinal ORDER BY record_seq) = 1
  )
  SELECT
    o.record_seq, o.recv_index, o.happened_at, o.trigger_symbol, o.cycle, o.start_asset, o.start_decimals,
    o.touch_start_units, o.gross_multiplier, o.net_multiplier, o.size_asset, o.size_decimals, o.start_units, o.end_units,
    l.symbol, l.side, l.price_ticks, l.price_decimals, l.qty_lots, l.qty_decimals,
    l.cost_units, l.cost_decimals, l.fee_units, l.fee_decimals
  FROM once AS o
  JOIN opportunity_legs AS l ON l.boot = o.boot AND l.source = o.source AND l.record_seq = o.record_seq
  ORDER BY o.seq, o.ordinal, l.leg`;

type Row = Readonly<Record<string, DuckDBValue>>;

/**
 * @param file is overwritten.
 * @returns opportunities written. @throws OUTPUT_UNWRITABLE, DATABASE_FAILED.
 */
export async function exportOpportunities(connection: DuckDBConnection, boot: number, file: string): Promise<number> {
  const output = createWriteStream(file);
  const written = finished(output).catch((thrown: unknown) => {
    throw arbitradeError('OUTPUT_UNWRITABLE', '--opportunities', file, reasonOf(thrown));
  });
  const writing = writeLines(connection, boot, async (line) => {
    if (!output.write(`${line}\n`)) await once(output, 'drain');
  }).finally(() => output.end());
  const [count] = await Promise.all([writing, written]);
  return count;
}

async function writeLines(
  connection: DuckDBConnection,
  boot: number,
  write: (line: string) => Promise<void>,
): Promise<number> {
  const result = await connection.stream(QUERY, [BigInt(boot)]);
  let count = 0;
  let legs: Row[] = [];
  const flush = async (): Promise<void> => {
    const [first] = legs;
    if (first === undefined) return;
    await write(opportunityJson(opportunityOf(first, legs)));
    count++;
  };
  for await (const rows of result.yieldRowObjects()) {
    for (const row of rows) {
      if (legs[0] !== undefined && legs[0]['record_seq'] !== row['record_seq']) {
        await flush();
        legs = [];
      }
      legs.push(row);
    }
  }
  await flush();
  return count;
}

function opportunityOf(row: Row, legs: readonly Row[]): Opportunity {
  const at = row['happened_at'];
  return {
    recvIndex: row['recv_index'] as bigint,
    ns: at instanceof DuckDBTimestampNanosecondsValue ? at.nanos : 0n,
    symbol: String(row['trigger_symbol']),
    cycle: String(row['cycle']),
    startAsset: String(row['start_asset']),
    grossMultiplier: Number(row['gross_multiplier']),
    netMultiplier: Number(row['net_multiplier']),
    touchStart: amountOf(row, 'touch_start_units', 'start_decimals'),
    size:
      row['start_units'] === null
        ? null
        : {
            asset: String(row['size_asset']),
            start: amountOf(row, 'start_units', 'size_decimals'),
            end: amountOf(row, 'end_units', 'size_decimals'),
          },
    legs: legs.map(legOf),
  };
}

function legOf(row: Row): OpportunityLeg {
  return {
    symbol: String(row['symbol']),
    side: row['side'] === 'sell' ? 'sell' : 'buy',
    price: amountOf(row, 'price_ticks', 'price_decimals'),
    qty: amountOf(row, 'qty_lots', 'qty_decimals'),
    cost: amountOf(row, 'cost_units', 'cost_decimals'),
    fee: amountOf(row, 'fee_units', 'fee_decimals'),
  };
}

/** @throws DATABASE_FAILED when the decimals are not known: the amount could only be wrong. */
function amountOf(row: Row, amount: string, decimals: string): Amount {
  const places = row[decimals];
  if (typeof places !== 'number') throw arbitradeError('DATABASE_FAILED', 'exporting', `${decimals} is not known`);
  return { units: units(row[amount] as bigint), decimals: places };
}
