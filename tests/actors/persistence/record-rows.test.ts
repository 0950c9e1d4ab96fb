import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createActor } from '../../../src/actors/persistence/actor.ts';
import { TABLES } from '../../../src/actors/persistence/record-rows.ts';
import { type AssetIndex, assetIndex, instrumentIndex } from '../../../src/market/instrument.ts';
import {
  EXECUTION_EVENT,
  EXPOSURE_REASONS,
  type ExposureReason,
  ORDER_OUTCOMES,
  PLAN_REASONS,
} from '../../../src/messages/execution-message.ts';
import { OPPORTUNITY } from '../../../src/messages/opportunity-message.ts';
import { RECORD_KIND } from '../../../src/messages/record-messages.ts';
import { type Units, units } from '../../../src/money/money.ts';
import type { Actor } from '../../../src/runtime/actor.ts';
import { openTable } from '../../../src/runtime/memory/shared-tables.ts';
import { AUDIT_EVENTS } from '../../../src/runtime/records/audit-events.ts';
import {
  type OpportunityFields,
  TRIANGLE,
  writeExecution,
  writeOpportunity,
  writePortfolio,
} from '../../support/record-slots.ts';
import { controlOf, createRecordStage, type RecordStage, started } from '../../support/record-stage.ts';
import { readStored } from '../../support/stored-records.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const LARGEST = 2n ** 63n - 1n;
const SMALLEST = -(2n ** 63n);
/** The first integer that a double does not hold. */
const BEYOND_DOUBLE = 2n ** 53n + 1n;
const WALL_NS = 1_618_677_942_582_266_001n;

function createTriangleStage(): RecordStage {
  const scene = createRecordStage();
  openTable(scene.stage.memory, 'instrument_log', 'feed').append(TRIANGLE);
  return scene;
}

async function record(scene: RecordStage, write: () => void): Promise<void> {
  const actor = await started(createActor(scene.stage.context));
  write();
  await actor.onStop();
}

const SIZED: OpportunityFields = {
  seq: 2 ** 52,
  ordinal: 3,
  recvIndex: 7,
  sized: true,
  instrument: instrumentIndex(2),
  startAsset: assetIndex(0),
  gross: 1.000123456789,
  net: 1.0000001,
  touchStart: BEYOND_DOUBLE,
  start: BEYOND_DOUBLE,
  end: LARGEST,
  wallNs: WALL_NS,
  legs: [
    {
      instrument: instrumentIndex(0),
      side: 0,
      turn: 2,
      feePpm: 2600,
      price: 563_421n,
      qty: 12_345_678n,
      cost: 69_557n,
      fee: 1n,
    },
    {
      instrument: instrumentIndex(1),
      side: 0,
      turn: 0,
      feePpm: 0,
      price: LARGEST,
      qty: LARGEST,
      cost: LARGEST,
      fee: LARGEST,
    },
    {
      instrument: instrumentIndex(2),
      side: 1,
      turn: 1,
      feePpm: 4_000_000_000,
      price: 1n,
      qty: 0n,
      cost: SMALLEST,
      fee: -1n,
    },
  ],
};

test('an opportunity and its legs are stored exactly, with names and decimals', async () => {
  const scene = createTriangleStage();
  await record(scene, () => writeOpportunity(scene.writer('detector'), SIZED));
  const [row] = await readStored(scene.file, 'SELECT *, epoch_ns(happened_at) AS ns FROM opportunities');
  expect(row).toMatchObject({
    boot: 1n,
    source: 'detector',
    record_seq: 1n,
    ns: WALL_NS,
    seq: 2n ** 52n,
    ordinal: 3,
    recv_index: 7n,
    trigger_symbol: 'ETH/USD',
    cycle_number: 0xffff_ffffn,
    cycle: 'BTC/USD:buy>ETH/BTC:buy>ETH/USD:sell',
    start_asset: 'USD',
    start_decimals: 4,
    touch_start_units: BEYOND_DOUBLE,
    gross_multiplier: 1.000123456789,
    net_multiplier: 1.0000001,
    sized: true,
    size_asset: 'BTC', // the leg traded first buys ETH for BTC
    size_decimals: 10,
    start_units: BEYOND_DOUBLE,
    end_units: LARGEST,
  });
  const legs = await readStored(
    scene.file,
    'SELECT * EXCLUDE (boot, source, record_seq) FROM opportunity_legs ORDER BY leg',
  );
  expect(legs[0]).toEqual({
    leg: 0,
    turn: 2,
    symbol: 'BTC/USD',
    side: 'buy',
    fee_ppm: 2600n,
    price_ticks: 563_421n,
    price_decimals: 1,
    qty_lots: 12_345_678n,
    qty_decimals: 8,
    cost_units: 69_557n,
    cost_asset: 'USD',
    cost_decimals: 4,
    fee_units: 1n,
    fee_asset: 'BTC',
    fee_decimals: 10,
  });
  expect(legs[1]).toMatchObject({ price_ticks: LARGEST, qty_lots: LARGEST, cost_units: LARGEST, fee_units: LARGEST });
  expect(legs[2]).toMatchObject({ side: 'sell', fee_ppm: 4_000_000_000n, cost_units: SMALLEST, fee_asset: 'USD' });
});

test('a record keeps the decimals of its time when the precision changes before it is committed', async () => {
  const scene = createTriangleStage();
  const log = openTable(scene.stage.memory, 'instrument_log', 'feed');
  const finer = { ...TRIANGLE.instruments[0]!, pricePrecision: 3, qtyPrecision: 6 };
  await record(scene, () => {
    const fill = { event: EXECUTION_EVENT.FILL };
    writeExecution(scene.writer('sequencer'), fill, {}, { instrumentsSeq: 0 }, {});
    writeOpportunity(scene.writer('detector'), { ...SIZED, seq: 9 });
    log.append({ assets: [], instruments: [finer] }, 10);
    writeOpportunity(scene.writer('detector'), { ...SIZED, seq: 11 });
    writeExecution(scene.writer('sequencer'), fill, {}, { instrumentsSeq: 10 }, {});
  });
  const decimals = 'price_decimals AS price, qty_decimals AS qty';
  const legs = await readStored(
    scene.file,
    `SELECT ${decimals} FROM opportunity_legs WHERE leg = 0 ORDER BY record_seq`,
  );
  const trades = await readStored(scene.file, `SELECT ${decimals} FROM trades ORDER BY record_seq`);
  for (const rows of [legs, trades]) {
    expect(rows).toEqual([
      { price: 1, qty: 8 },
      { price: 3, qty: 6 },
    ]);
  }
});

test('an opportunity without a size has none in the database either', async () => {
  const scene = createTriangleStage();
  await record(scene, () => writeOpportunity(scene.writer('detector'), { ...SIZED, sized: false }));
  const [row] = await readStored(scene.file, 'SELECT * FROM opportunities');
  expect(row).toMatchObject({
    sized: false,
    size_asset: null,
    size_decimals: null,
    start_units: null,
    end_units: null,
  });
});

test('a fill becomes a trade, and a plan its events', async () => {
  const scene = createTriangleStage();
  await record(scene, () => {
    const records = scene.writer('sequencer');
    const plan = { plan: 9, seq: 2 ** 53 - 1 };
    const { PLAN_OPENED, FILL, PLAN_ENDED } = EXECUTION_EVENT;
    const start = { startAsset: 0, ordinal: 65_535 };
    writeExecution(
      records,
      { event: PLAN_OPENED },
      start,
      { ...plan, executionSeq: 1 },
      { startUnits: 5n, profitUnits: 1n },
    );
    writeExecution(
      records,
      { event: FILL, side: 1, leg: 2, attempt: 4 },
      { feeAsset: 0, spentAsset: 2, receivedAsset: 0 },
      { ...plan, executionSeq: 2, runMs: 1_618_677_942_582 },
      {
        spentUnits: LARGEST,
        receivedUnits: SMALLEST,
        priceTicks: LARGEST,
        limitTicks: 2n,
        qtyLots: BEYOND_DOUBLE,
        qtyWantedLots: LARGEST,
        costUnits: SMALLEST,
        feeUnits: 3n,
      },
      2,
      { clOrdId: 'amhw3k2x1000012030', venueOrderId: 'OABCDE-FGHIJ-KLMNO', execId: 'TABCDE-FGHIJ-KLMNOPQ' },
    );
    const reason = PLAN_REASONS.indexOf('partial_fill');
    writeExecution(
      records,
      { event: PLAN_ENDED, outcome: 3 },
      { ...start, reason },
      { ...plan, executionSeq: 3 },
      {
        startUnits: LARGEST,
        endUnits: BEYOND_DOUBLE,
        profitUnits: BEYOND_DOUBLE - LARGEST,
      },
    );
  });
  const [trade] = await readStored(scene.file, 'SELECT * EXCLUDE happened_at FROM trades');
  expect(trade).toEqual({
    boot: 1n,
    source: 'sequencer',
    record_seq: 2n,
    plan: 9n,
    execution_seq: 2n,
    seq: 2n ** 53n - 1n,
    leg: 2,
    attempt: 4,
    symbol: 'ETH/USD',
    side: 'sell',
    price_ticks: LARGEST,
    limit_ticks: 2n,
    price_decimals: 2,
    qty_lots: BEYOND_DOUBLE,
    qty_wanted_lots: LARGEST,
    qty_decimals: 8,
    cost_units: SMALLEST,
    cost_asset: 'USD',
    cost_decimals: 4,
    fee_units: 3n,
    fee_asset: 'USD',
    fee_decimals: 4,
    run_ms: 1_618_677_942_582n,
    cl_ord_id: 'amhw3k2x1000012030',
    venue_order_id: 'OABCDE-FGHIJ-KLMNO',
    exec_id: 'TABCDE-FGHIJ-KLMNOPQ',
    spent_units: LARGEST,
    spent_asset: 'ETH',
    spent_decimals: 18,
    received_units: SMALLEST,
    received_asset: 'USD',
    received_decimals: 4,
  });
  const events = await readStored(
    scene.file,
    'SELECT record_seq, event, outcome, reason, ordinal, start_units, end_units, profit_units FROM plan_events ORDER BY 1',
  );
  expect(events).toEqual([
    {
      record_seq: 1n,
      event: 'opened',
      outcome: 'none',
      reason: 'none',
      ordinal: 65_535,
      start_units: 5n,
      end_units: 0n,
      profit_units: 1n,
    },
    {
      record_seq: 3n,
      event: 'ended',
      outcome: 'unwound',
      reason: 'partial_fill',
      ordinal: 65_535,
      start_units: LARGEST,
      end_units: BEYOND_DOUBLE,
      profit_units: BEYOND_DOUBLE - LARGEST,
    },
  ]);
});

test('an order has a row for each thing that happened to it, and one in the view of orders', async () => {
  const scene = createTriangleStage();
  await record(scene, () => {
    const records = scene.writer('sequencer');
    const { ORDER_SENT, ORDER_ACKED, ORDER_UNCERTAIN, ORDER_ENDED } = EXECUTION_EVENT;
    const id = { clOrdId: 'amhw3k2x100001203' };
    const told = (event: number, more: object, wide: object, venueOrderId = '') =>
      writeExecution(
        records,
        { event, side: 1, leg: 2, attempt: 1, ...more },
        { feeAsset: 0 },
        { plan: 7, seq: 3, runMs: 5 },
        { qtyWantedLots: 300n, limitTicks: 250_000n, ...wide },
        2,
        { ...id, venueOrderId },
      );
    told(ORDER_SENT, {}, {});
    told(ORDER_UNCERTAIN, {}, {});
    told(ORDER_ACKED, {}, {}, 'OX-1');
    const partial = { orderOutcome: ORDER_OUTCOMES.indexOf('partial') };
    told(ORDER_ENDED, partial, { qtyLots: 200n, costUnits: 5n, feeUnits: 1n }, 'OX-1');
  });
  const rows = await readStored(
    scene.file,
    'SELECT record_seq, event, outcome, cl_ord_id, venue_order_id, run_ms, plan, symbol, qty_wanted_lots, qty_lots FROM order_events ORDER BY record_seq',
  );
  const common = { cl_ord_id: 'amhw3k2x100001203', run_ms: 5n, plan: 7n, symbol: 'ETH/USD', qty_wanted_lots: 300n };
  expect(rows).toEqual([
    { ...common, record_seq: 1n, event: 'sent', outcome: 'none', venue_order_id: '', qty_lots: 0n },
    { ...common, record_seq: 2n, event: 'uncertain', outcome: 'none', venue_order_id: '', qty_lots: 0n },
    { ...common, record_seq: 3n, event: 'acked', outcome: 'none', venue_order_id: 'OX-1', qty_lots: 0n },
    { ...common, record_seq: 4n, event: 'ended', outcome: 'partial', venue_order_id: 'OX-1', qty_lots: 200n },
  ]);
  const [order, ...others] = await readStored(
    scene.file,
    `SELECT account, outcome, venue_order_id, limit_price::DOUBLE AS limit_price, qty_wanted::VARCHAR AS wanted,
       qty::VARCHAR AS qty, cost::VARCHAR AS cost, fee_asset, sent_at <= acked_at AND acked_at <= ended_at AS ordered
     FROM orders_decimal`,
  );
  expect(others).toEqual([]);
  expect(order).toEqual({
    account: 'paper of boot 1',
    outcome: 'partial',
    venue_order_id: 'OX-1',
    limit_price: 2_500,
    wanted: '0.000003000000000000',
    qty: '0.000002000000000000',
    cost: '0.000500000000000000',
    fee_asset: 'USD',
    ordered: true,
  });
});

test('exposure and dust add up, and the account is what it was said to be plus all that came after', async () => {
  const scene = createTriangleStage();
  const { EXPOSURE, DUST, BALANCE, FILL } = EXECUTION_EVENT;
  await record(scene, () => {
    const records = scene.writer('sequencer');
    const amount = (event: number, asset: AssetIndex, amountUnits: Units, reason: ExposureReason = 'none') =>
      writeExecution(
        records,
        { event, exposureReason: EXPOSURE_REASONS.indexOf(reason) },
        { startAsset: asset },
        { plan: 4, runMs: 5 },
        { amountUnits },
      );
    amount(BALANCE, assetIndex(0), units(99n)); // replaced below
    amount(BALANCE, assetIndex(0), units(1_000_000n));
    amount(EXPOSURE, assetIndex(1), units(50n), 'stranded');
    amount(EXPOSURE, assetIndex(1), units(-20n), 'swept');
    amount(EXPOSURE, assetIndex(0), units(7n), 'deviation');
    amount(EXPOSURE, assetIndex(2), units(9n), 'interrupted');
    amount(EXPOSURE, assetIndex(2), units(-9n), 'accepted');
    amount(DUST, assetIndex(1), units(3n));
    amount(DUST, assetIndex(1), units(4n));
    const moved = { spentUnits: 400_000n, receivedUnits: 80n, feeUnits: 1n };
    writeExecution(records, { event: FILL }, { spentAsset: 0, receivedAsset: 1, feeAsset: 2 }, {}, moved);
  });
  expect(
    await readStored(scene.file, 'SELECT asset, exposure::VARCHAR AS exposure FROM open_exposure ORDER BY asset'),
  ).toEqual([
    { asset: 'BTC', exposure: '0.000000003000000000' },
    { asset: 'USD', exposure: '0.000700000000000000' },
  ]);
  expect(await readStored(scene.file, 'SELECT asset, dust::VARCHAR AS dust FROM open_dust')).toEqual([
    { asset: 'BTC', dust: '0.000000000700000000' },
  ]);
  expect(
    await readStored(scene.file, 'SELECT asset, balance::VARCHAR AS balance FROM account_balances ORDER BY asset'),
  ).toEqual([
    { asset: 'BTC', balance: '0.000000008000000000' },
    { asset: 'ETH', balance: '-0.000000000000000001' }, // a fee in an asset that was not traded
    { asset: 'USD', balance: '60.000700000000000000' },
  ]);
  const reasons = await readStored(scene.file, 'SELECT DISTINCT reason FROM exposure_changes ORDER BY 1');
  expect(reasons.map(({ reason }) => reason)).toEqual(['accepted', 'deviation', 'interrupted', 'stranded', 'swept']);
});

test('the decimal views show the extremes of 64 bits to the last digit', async () => {
  const scene = createTriangleStage();
  const extremes = { balanceUnits: LARGEST, reservedUnits: SMALLEST, realisedUnits: BEYOND_DOUBLE, drawdownUnits: -1n };
  await record(scene, () => {
    writePortfolio(scene.writer('risk'), assetIndex(0), 1, extremes);
    writePortfolio(scene.writer('risk'), assetIndex(2), 1, extremes);
  });
  const columns = ['balance', 'reserved', 'realised', 'drawdown'].map((name) => `${name}::VARCHAR AS ${name}`);
  const rows = await readStored(scene.file, `SELECT asset, ${columns} FROM portfolio_decimal ORDER BY record_seq`);
  expect(rows).toEqual([
    {
      asset: 'USD', // 4 decimals
      balance: '922337203685477.580700000000000000',
      reserved: '-922337203685477.580800000000000000',
      realised: '900719925474.099300000000000000',
      drawdown: '-0.000100000000000000',
    },
    {
      asset: 'ETH', // 18 decimals
      balance: '9.223372036854775807',
      reserved: '-9.223372036854775808',
      realised: '0.009007199254740993',
      drawdown: '-0.000000000000000001',
    },
  ]);
  const raw = await readStored(
    scene.file,
    'SELECT DISTINCT snapshot, balance_units, reserved_units FROM portfolio_snapshots',
  );
  expect(raw).toEqual([{ snapshot: 1n, balance_units: LARGEST, reserved_units: SMALLEST }]);
});

test('audit events and the runtime state are stored with their names and texts', async () => {
  const scene = createTriangleStage();
  await record(scene, () => {
    const records = scene.writer('book');
    records.tryAudit('book_invalid', {
      severity: 1,
      instrument: instrumentIndex(1),
      a: 2.5,
      b: -1,
      text: 'Prüfsumme €',
    });
    records.tryAudit('halted', { severity: 2 });
    records.tryState('gate', 'paused');
    records.tryState('gate', 'active');
    records.tryState('clé', '');
  });
  const audits = await readStored(
    scene.file,
    "SELECT severity, event, symbol, a, b, text FROM audit_events WHERE source = 'book' ORDER BY record_seq",
  );
  expect(audits).toEqual([
    { severity: 'warning', event: 'book_invalid', symbol: 'ETH/BTC', a: 2.5, b: -1, text: 'Prüfsumme €' },
    { severity: 'error', event: 'halted', symbol: null, a: 0, b: 0, text: '' },
  ]);
  const state = await readStored(scene.file, 'SELECT key, value, source, record_seq FROM runtime_state ORDER BY key');
  expect(state).toEqual([
    { key: 'clé', value: '', source: 'book', record_seq: 5n },
    { key: 'gate', value: 'active', source: 'book', record_seq: 4n },
  ]);
});

test('a record of a kind that is not known keeps its number as an audit event', async () => {
  const scene = createTriangleStage();
  await record(scene, () => scene.writer('feed').tryWrite(99, () => undefined));
  const rows = await readStored(scene.file, "SELECT event, a, record_seq FROM audit_events WHERE source = 'feed'");
  expect(rows).toEqual([{ event: 'record_unreadable', a: 99, record_seq: 1n }]);
  expect(AUDIT_EVENTS).toContain('record_unreadable');
});

test('a record that makes no sense keeps its number, and those behind it come through', async () => {
  const scene = createTriangleStage();
  await record(scene, () => {
    const detector = scene.writer('detector');
    detector.tryWrite(RECORD_KIND.OPPORTUNITY, (view, at) => view.setUint8(at + OPPORTUNITY.legCount, 200));
    writeOpportunity(detector, SIZED);
  });
  const audits = await readStored(
    scene.file,
    "SELECT event, text, record_seq FROM audit_events WHERE source = 'detector'",
  );
  expect(audits).toEqual([
    { event: 'record_unreadable', text: 'record of kind 1: an opportunity of 200 legs', record_seq: 1n },
  ]);
  expect(await readStored(scene.file, 'SELECT record_seq FROM opportunities')).toEqual([{ record_seq: 2n }]);
  expect(await readStored(scene.file, 'SELECT DISTINCT record_seq FROM opportunity_legs')).toEqual([
    { record_seq: 2n },
  ]);
});

test('an instrument that was not announced is stored by its number, without decimals', async () => {
  const scene = createRecordStage();
  await record(scene, () =>
    writePortfolio(scene.writer('risk'), assetIndex(5), 1, {
      balanceUnits: 1n,
      reservedUnits: 0n,
      realisedUnits: 0n,
      drawdownUnits: 0n,
    }),
  );
  const rows = await readStored(
    scene.file,
    'SELECT asset, decimals, balance FROM portfolio_decimal JOIN portfolio_snapshots USING (record_seq, asset)',
  );
  expect(rows).toEqual([{ asset: '#5', decimals: null, balance: null }]);
});

test('no column that holds money is a float', async () => {
  const scene = createRecordStage();
  await record(scene, () => undefined);
  const rows = await readStored(
    scene.file,
    "SELECT table_name, column_name FROM duckdb_columns() WHERE data_type IN ('DOUBLE', 'FLOAT') AND NOT internal ORDER BY ALL",
  );
  const floats = new Set(rows.map(({ table_name, column_name }) => `${table_name}.${column_name}`));
  // Multipliers are ratios that screen; a and b of an audit event are whatever the event says.
  expect([...floats]).toEqual([
    'audit_events.a',
    'audit_events.b',
    'opportunities.gross_multiplier',
    'opportunities.net_multiplier',
    'opportunities_decimal.gross_multiplier',
    'opportunities_decimal.net_multiplier',
  ]);
  const tables = await readStored(scene.file, 'SELECT table_name AS name FROM duckdb_tables() ORDER BY 1');
  expect(tables.map(({ name }) => name)).toEqual([...TABLES, 'boots', 'schema_migrations'].sort());
});

test('opportunities are exported in market order, each once, with exact decimals', async () => {
  const scene = createTriangleStage();
  const actor: Actor = await started(createActor(scene.stage.context));
  onTestFinished(() => actor.onStop() as Promise<void>);
  const records = scene.writer('detector');
  const legs = SIZED.legs.map((leg) => ({ ...leg, qty: 100_000_000n, cost: 12_345n, fee: 1n, price: 1_234_567n }));
  writeOpportunity(records, { ...SIZED, seq: 20, ordinal: 1, sized: false, legs });
  writeOpportunity(records, { ...SIZED, seq: 20, ordinal: 0, start: 10_000_000_000n, end: 10_000_000_001n, legs });
  writeOpportunity(records, { ...SIZED, seq: 3, ordinal: 0, sized: false, legs });
  writeOpportunity(records, { ...SIZED, seq: 3, ordinal: 0, sized: false, legs }); // recorded again by a successor
  const file = path.join(temporaryDirectory(), 'opportunities.jsonl');
  const { exportOpportunities } = controlOf(actor);
  expect(await exportOpportunities(file)).toBe(3);

  const text = readFileSync(file, 'utf8');
  expect(text.endsWith('}\n')).toBe(true);
  const lines = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines.map(({ size }) => size)).toEqual([
    null,
    { asset: 'BTC', startQty: '1.0000000000', endQty: '1.0000000001', profit: '0.0000000001' },
    null,
  ]);
  expect(lines[1]).toEqual({
    recvIndex: 7,
    ns: WALL_NS.toString(),
    symbol: 'ETH/USD',
    cycle: 'BTC/USD:buy>ETH/BTC:buy>ETH/USD:sell',
    startAsset: 'USD',
    grossMultiplier: 1.000123456789,
    netMultiplier: 1.0000001,
    touchStartQty: '900719925474.0993',
    size: lines[1].size,
    legs: [
      { symbol: 'BTC/USD', side: 'buy', price: '123456.7', qty: '1.00000000', cost: '1.2345', fee: '0.0000000001' },
      {
        symbol: 'ETH/BTC',
        side: 'buy',
        price: '12.34567',
        qty: '1.00000000',
        cost: '0.0000012345',
        fee: '0.000000000000000001',
      },
      { symbol: 'ETH/USD', side: 'sell', price: '12345.67', qty: '1.00000000', cost: '1.2345', fee: '0.0001' },
    ],
  });
  await expect(exportOpportunities(path.join(file, 'below-a-file'))).rejects.toMatchObject({
    code: 'OUTPUT_UNWRITABLE',
  });
});
