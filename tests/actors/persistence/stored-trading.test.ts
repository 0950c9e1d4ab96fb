import path from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { expect, test } from 'vitest';
import { createActor } from '../../../src/actors/persistence/actor.ts';
import { loadMigrations, migrate } from '../../../src/actors/persistence/database/migrations.ts';
import { readStoredTrading } from '../../../src/actors/persistence/stored/read-trading.ts';
import { type AssetIndex, assetIndex } from '../../../src/market/instrument.ts';
import { EXECUTION_EVENT, EXPOSURE_REASONS, ORDER_OUTCOMES } from '../../../src/messages/execution-message.ts';
import { type Units, units } from '../../../src/money/money.ts';
import { systemClock } from '../../../src/platform/clock.ts';
import { openTable } from '../../../src/runtime/memory/shared-tables.ts';
import type { RecordWriter } from '../../../src/runtime/records/record-writer.ts';
import { TRIANGLE, writeExecution } from '../../support/record-slots.ts';
import { createRecordStage, started } from '../../support/record-stage.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const RUN_MS = 1_700_000_000_000;
const DAY_MS = 86_400_000;
/** The venue's time, five hours ahead of ours. */
const VENUE_MS = RUN_MS + 18_000_000;
const ACCOUNT = 'main@127.0.0.1:4433';
const DEMO = { mode: 'demo', venue: { rest_url: 'http://127.0.0.1:4433' } };

/** A run of the program that records what `write` says. */
async function run(
  write: (records: RecordWriter) => void,
  config: object = DEMO,
  file?: string,
  wallMs?: number,
): Promise<string> {
  const at = wallMs === undefined ? {} : { wallStartNs: BigInt(wallMs) * 1_000_000n };
  const scene = createRecordStage({
    ...at,
    config,
    ...(file === undefined ? {} : { persistence: { database: file } }),
  });
  openTable(scene.stage.memory, 'instrument_log', 'feed').append(TRIANGLE);
  const actor = await started(createActor(scene.stage.context));
  write(scene.writer('sequencer'));
  await actor.onStop();
  return file ?? scene.file;
}

const { PLAN_OPENED, PLAN_ENDED, ORDER_SENT, ORDER_ENDED, FILL, EXPOSURE, DUST, BALANCE } = EXECUTION_EVENT;
const amount = (
  records: RecordWriter,
  event: number,
  asset: AssetIndex,
  amountUnits: Units,
  reason = 'none',
  number = 0,
) =>
  writeExecution(
    records,
    { event, exposureReason: (EXPOSURE_REASONS as readonly string[]).indexOf(reason) },
    { startAsset: asset },
    { plan: number, runMs: RUN_MS },
    { amountUnits },
  );
const reading = (records: RecordWriter, venueMs: number) =>
  amount(records, EXECUTION_EVENT.READING, assetIndex(0), units(BigInt(venueMs)));
const plan = (records: RecordWriter, event: number, number: number) =>
  writeExecution(records, { event }, { startAsset: 0 }, { plan: number, runMs: RUN_MS }, {});
const order = (records: RecordWriter, event: number, number: number, clOrdId: string, venueOrderId = '') =>
  writeExecution(
    records,
    { event, orderOutcome: ORDER_OUTCOMES.indexOf(event === ORDER_ENDED ? 'filled' : 'none') },
    {},
    { plan: number, runMs: RUN_MS },
    {},
    0,
    { clOrdId, venueOrderId },
  );
const fill = (records: RecordWriter, number: number, execId: string, feeAsset: AssetIndex) =>
  writeExecution(
    records,
    { event: FILL },
    { spentAsset: 0, receivedAsset: 1, feeAsset },
    { plan: number, runMs: RUN_MS },
    { spentUnits: 500_0000n, receivedUnits: 99_000_000n, feeUnits: 1_000n },
    0,
    { execId, clOrdId: 'a' },
  );

test('what a run left is read back: plans and orders without an end, ids, balances, exposure and dust', async () => {
  const file = await run((records) => {
    amount(records, BALANCE, assetIndex(0), units(1_000_0000n));
    amount(records, BALANCE, assetIndex(2), units(5n));
    records.tryAudit('account_reconciled');
    reading(records, VENUE_MS);
    plan(records, PLAN_OPENED, 1);
    order(records, ORDER_SENT, 1, 'a-one');
    fill(records, 1, 'T1', assetIndex(1));
    order(records, ORDER_ENDED, 1, 'a-one', 'O1');
    plan(records, PLAN_ENDED, 1);
    amount(records, EXPOSURE, assetIndex(1), units(40n), 'stranded');
    amount(records, EXPOSURE, assetIndex(1), units(-10n), 'swept');
    amount(records, DUST, assetIndex(2), units(7n));
    plan(records, PLAN_OPENED, 2);
    order(records, ORDER_SENT, 2, 'a-two');
    fill(records, 2, 'T2', assetIndex(2));
    amount(records, EXPOSURE, assetIndex(2), units(-1_000n), 'accepted', 2);
    order(records, ORDER_SENT, 2, 'a-three', 'O3');
  });
  const stored = await readStoredTrading(file, ACCOUNT, systemClock);
  expect(stored).toMatchObject({ isEstablished: true, sinceMs: VENUE_MS - 120_000 });
  expect(stored?.plans).toEqual([
    {
      runMs: RUN_MS,
      plan: 2,
      startAsset: 'USD',
      mark: '0.000000000000000000',
      firstOrder: { clOrdId: 'a-three', gives: 'USD' },
      fills: [
        {
          execId: 'T2',
          changes: [
            { asset: 'USD', amount: '-500.000000000000000000' },
            { asset: 'BTC', amount: '0.009900000000000000' },
            { asset: 'ETH', amount: '-0.000000000000001000' }, // a fee in an asset that was not traded
          ],
        },
      ],
      entered: [{ asset: 'ETH', amount: '-0.000000000000001000' }],
    },
  ]);
  expect(stored?.plansEnded).toEqual([`${RUN_MS}/1`]);
  expect(stored?.ordersOpen).toEqual([
    { clOrdId: 'a-three', venueOrderId: 'O3', symbol: 'BTC/USD', side: 0 },
    { clOrdId: 'a-two', venueOrderId: '', symbol: 'BTC/USD', side: 0 },
  ]);
  expect([...(stored?.ordersKnown ?? [])].sort()).toEqual(['a-one', 'a-three', 'a-two']);
  expect(stored?.ordersEnded).toEqual(['a-one']);
  expect(stored?.fillsBooked.map(({ execId }) => execId)).toEqual(['T1', 'T2']);
  expect(stored?.exposure).toEqual([
    { asset: 'BTC', amount: '0.000000003000000000' },
    { asset: 'ETH', amount: '-0.000000000000001000' },
  ]);
  expect(stored?.dust).toEqual([{ asset: 'ETH', amount: '0.000000000000000007' }]);
  expect(stored?.balances).toEqual([
    { asset: 'BTC', amount: '0.019800000000000000' },
    { asset: 'ETH', amount: '-0.000000000000000995' },
    { asset: 'USD', amount: '0.000000000000000000' },
  ]);
});

test('a plan whose opening was never recorded is known by its orders, and starts from what the first of them gives', async () => {
  const file = await run((records) => {
    records.tryAudit('account_reconciled');
    order(records, ORDER_SENT, 7, 'a-two');
    order(records, ORDER_SENT, 7, 'a-one');
    fill(records, 7, 'T7', assetIndex(1));
    order(records, ORDER_ENDED, 7, 'a-one');
  });
  const stored = await readStoredTrading(file, ACCOUNT, systemClock);
  expect(stored?.plans).toMatchObject([
    { plan: 7, startAsset: undefined, firstOrder: { clOrdId: 'a-one', gives: 'USD' }, fills: [{ execId: 'T7' }] },
  ]);
  expect(stored?.fillsBooked.map(({ execId }) => execId)).toEqual(['T7']);
});

test('what a later run books of an earlier one counts as the earlier one’s', async () => {
  const file = await run((records) => {
    records.tryAudit('account_reconciled');
    plan(records, PLAN_OPENED, 1);
    order(records, ORDER_SENT, 1, 'a-one');
  });
  await run(
    (records) => {
      order(records, ORDER_ENDED, 1, 'a-one');
      plan(records, PLAN_ENDED, 1);
    },
    DEMO,
    file,
  );
  expect(await readStoredTrading(file, ACCOUNT, systemClock)).toMatchObject({ plans: [], ordersOpen: [] });
});

test('a run that never reconciled has no expectation, and nothing from long before its start is missing', async () => {
  const file = await run((records) => amount(records, BALANCE, assetIndex(0), units(1n))); // cut off in the middle
  expect(await readStoredTrading(file, ACCOUNT, systemClock)).toMatchObject({
    isEstablished: false,
    sinceMs: RUN_MS - 120_000 - DAY_MS,
  });
});

test('runs of other accounts, and paper’s, are no one’s business', async () => {
  const file = await run((records) => plan(records, PLAN_OPENED, 1), { mode: 'paper' });
  expect(await readStoredTrading(file, ACCOUNT, systemClock)).toBeUndefined();
  await run((records) => plan(records, PLAN_OPENED, 2), { ...DEMO, trading: { account: 'other' } }, file);
  expect(await readStoredTrading(file, ACCOUNT, systemClock)).toBeUndefined();
  expect((await readStoredTrading(file, 'other@127.0.0.1:4433', systemClock))?.plans).toMatchObject([{ plan: 2 }]);
});

test('no database, and one from before there were orders in it, have nothing to say', async () => {
  const file = path.join(temporaryDirectory(), 'records.duckdb');
  expect(await readStoredTrading(file, ACCOUNT, systemClock)).toBeUndefined();
  const instance = await DuckDBInstance.create(file);
  const connection = await instance.connect();
  await migrate(connection, loadMigrations().slice(0, 1), 1n);
  connection.closeSync();
  instance.closeSync();
  expect(await readStoredTrading(file, ACCOUNT, systemClock)).toBeUndefined();
});

test('what is asked of the venue, and what is known of it, does not depend on our clock', async () => {
  let wallMs = RUN_MS;
  let file: string | undefined;
  // Each run is an hour earlier by our clock, and later by the venue's.
  for (const [index, id] of ['T1', 'T2', 'T3', 'T4'].entries()) {
    const venueMs = VENUE_MS + index * 2_400_000;
    const write = (records: RecordWriter) => {
      records.tryAudit('account_reconciled');
      reading(records, venueMs);
      order(records, ORDER_SENT, index, `a-${id}`);
      fill(records, index, id, assetIndex(1));
      order(records, ORDER_ENDED, index, `a-${id}`, 'O1');
      plan(records, PLAN_ENDED, index);
    };
    file = await run(write, DEMO, file, wallMs);
    wallMs -= 3_600_000;
  }
  const stored = await readStoredTrading(file ?? '', ACCOUNT, systemClock);
  expect(stored?.sinceMs).toBe(VENUE_MS + 3 * 2_400_000 - 120_000);
  // What can have ended since then was sent an hour earlier at most.
  expect(stored?.fillsBooked.map(({ execId }) => execId)).toEqual(expect.arrayContaining(['T2', 'T3', 'T4']));
  expect(stored?.fillsBooked.map(({ execId }) => execId)).not.toContain('T1');
  expect(stored?.ordersKnown).toEqual(expect.arrayContaining(['a-T2', 'a-T3', 'a-T4']));
  expect(stored?.ordersEnded).toEqual(expect.arrayContaining(['a-T2', 'a-T3', 'a-T4']));
});
