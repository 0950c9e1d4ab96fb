import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { isObject, type JsonObject, lexemeOf, listOf, parseJson, textOf } from '../../../src/net/exact-json.ts';
import { instrumentMessageOf } from '../../../src/venues/kraken/market/instrument-message.ts';
import { NaiveBook, type WireLevel } from '../../support/book-messages.ts';
import { DetectorStage, type Emitted } from './stage.ts';

/** Every checksum of these files verifies (the book's tests hold that), so here a plain book stands in for it. */
describe('detector against the oracles of the derived captures', () => {
  const free = { fees: { taker_pct: '0' }, strategy: { min_edge_bps: 0 } };

  test.each([
    ['derived_ws2_d25_gemini_20210417', 6],
    ['derived_ws2_d10_bitflyer_20210722', 0],
  ])('without fees %s has the opportunities of the brute force, %i rows, and no other', (name, positive) => {
    const { stage, recorded } = replay(name, free);
    const rows = oracle(name).filter(({ multiplier }) => multiplier > 1);
    expect(rows).toHaveLength(positive);
    expectRows(recorded, rows);
    expect(stage.counters).toMatchObject({ cycles: 2, opportunities: recorded.length });
    for (const { grossMultiplier, netMultiplier } of recorded) expect(netMultiplier).toBe(grossMultiplier);
  });

  test.each(['derived_ws2_d25_gemini_20210417', 'derived_ws2_d10_bitflyer_20210722'])(
    'with a threshold below every row, %s has every row of the brute force at which a top has changed',
    (name) => {
      const { recorded } = replay(name, { ...free, strategy: { min_edge_bps: -10_000 } });
      expectRows(recorded, oracle(name));
      expect(recorded.length).toBeGreaterThan(oracle(name).length / 4);
    },
  );

  test('with real fees nothing pays, and the best cycle and the distribution of edges say how far it was', () => {
    const { stage, recorded } = replay('derived_ws2_d25_gemini_20210417', {});
    expect(recorded).toEqual([]);
    const {
      best_gross_multiplier: gross,
      best_net_multiplier: net,
      best_leg_1,
      best_leg_2,
      best_leg_3,
    } = stage.counters;
    expect(gross).toBeCloseTo(1.000015988598, 11);
    expect(net).toBeCloseTo(gross * 0.992 ** 3, 12);
    const symbols = [best_leg_1, best_leg_2, best_leg_3].map(
      (leg) => stage.directory.instruments[(leg - 1) >> 1]!.symbol,
    );
    expect(symbols).toEqual(['BTC/USD', 'ETH/USD', 'ETH/BTC']);
    expect(stage.test.context.edges('net_edge').quantileBps(1)).toBeCloseTo((net - 1) * 10_000, 0);
    expect(stage.test.context.edges('gross_edge').count).toBeGreaterThan(100);
  });
});

/** Each opportunity is a row; each row without one repeats the cycle's row before it. */
function expectRows(recorded: readonly Emitted[], rows: readonly OracleRow[]): void {
  const keyOf = ({ recvIndex, cycle }: { recvIndex: number; cycle: string }) => `${recvIndex} ${cycle}`;
  const emittedAt = new Map(recorded.map((emitted) => [keyOf(emitted), emitted]));
  expect(emittedAt.size).toBe(recorded.length);
  const before = new Map<string, OracleRow>();
  let found = 0;
  for (const row of rows) {
    const { recvIndex, ns, symbol, cycle, startAsset, multiplier, touchStartQty } = row;
    const emitted = emittedAt.get(keyOf(row));
    if (emitted === undefined) {
      expect(before.get(cycle)).toMatchObject({ multiplier, touchStartQty });
    } else {
      found++;
      expect(emitted).toMatchObject({ recvIndex, ns, symbol, cycle, startAsset });
      expect(Math.abs(emitted.grossMultiplier - multiplier)).toBeLessThan(1e-9);
      expect(emitted.touchStartQty).toBe(touchStartQty);
    }
    before.set(cycle, row);
  }
  expect(found).toBe(recorded.length);
}

interface OracleRow {
  readonly recvIndex: number;
  readonly ns: string;
  readonly symbol: string;
  readonly cycle: string;
  readonly startAsset: string;
  readonly touchStartQty: string;
  readonly multiplier: number;
}

function oracle(name: string): OracleRow[] {
  const [, ...lines] = unpack(`${name}.oracle.csv.gz`);
  return lines.map((line) => {
    const [recvIndex = '', ns = '', symbol = '', cycle = '', startAsset = '', multiplier = '', qty = ''] =
      line.split(',');
    return {
      ...{ recvIndex: Number(recvIndex), ns, symbol, cycle, startAsset, touchStartQty: qty },
      multiplier: Number(multiplier),
    };
  });
}

function replay(name: string, config: object): { stage: DetectorStage; recorded: Emitted[] } {
  const stage = new DetectorStage({ config });
  const books = new Map<string, NaiveBook>();
  const recorded: Emitted[] = [];
  const received = unpack(`${name}.cap.jsonl.gz`)
    .map((line) => JSON.parse(line) as { t: string; ns: string; data: string })
    .filter(({ t }) => t === 'recv');
  for (const [recvIndex, { ns, data }] of received.entries()) {
    const frame = parseJson(data) as JsonObject;
    const channel = textOf(frame, 'channel');
    if (channel === 'status') stage.status('online');
    if (channel === 'instrument') announce(stage, data);
    if (channel === 'book') {
      for (const message of listOf(frame, 'data').filter(isObject)) {
        const from = { recvIndex, wallNs: BigInt(ns) };
        applyBook(stage, books, message, textOf(frame, 'type') === 'snapshot', from);
      }
    }
    stage.run();
    recorded.push(...stage.recorded());
    stage.passedOn();
  }
  return { stage, recorded };
}

function announce(stage: DetectorStage, data: string): void {
  const limits = { instrumentsMax: 100, assetsMax: 100 };
  stage.announce(instrumentMessageOf(JSON.parse(data), stage.directory, limits)!.changes);
}

function applyBook(
  stage: DetectorStage,
  books: Map<string, NaiveBook>,
  message: JsonObject,
  snapshot: boolean,
  from: { recvIndex: number; wallNs: bigint },
): void {
  const instrument = stage.directory.instrumentNamed(textOf(message, 'symbol')!)!;
  const { symbol, pricePrecision: price, qtyPrecision: qty } = instrument;
  const book = books.get(symbol) ?? new NaiveBook({ price, qty }, 25);
  books.set(symbol, book);
  book.apply({ snapshot, levels: [...levelsOf(message, 'bids', 0), ...levelsOf(message, 'asks', 1)] });
  stage.book(instrument.index, book.levels(0), book.levels(1), from);
}

function levelsOf(message: JsonObject, key: string, ask: 0 | 1): WireLevel[] {
  return listOf(message, key)
    .filter(isObject)
    .map((level) => ({ ask, price: lexemeOf(level['price'])!, qty: lexemeOf(level['qty'])! }));
}

function unpack(file: string): string[] {
  const bytes = readFileSync(new URL(`../../fixtures/kraken/${file}`, import.meta.url));
  return gunzipSync(bytes).toString().trimEnd().split(/\r?\n/);
}
