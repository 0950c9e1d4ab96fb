import { expect, test } from 'vitest';
import { parseCaptureRows, readCaptureRows } from '../../src/practice/market/capture-rows.ts';
import { readAssetPairs } from '../../src/practice/market/instrument-entries.ts';
import { readTape } from '../../src/practice/market/market-tape.ts';
import { ASSET_PAIRS, BITFLYER, BTC_USD, fixture, GEMINI, TWO_SOCKETS, tape } from './captures.ts';

test.each([
  [BTC_USD, 2052, 1],
  [TWO_SOCKETS, 2276, 2],
  [GEMINI, 893, 10],
  [BITFLYER, 376, 7],
])('every checksum of %s verifies while it is read', (file, messages, symbols) => {
  const read = tape(file);
  expect(read.checksums).toEqual({ verified: messages, failed: 0 });
  expect(read.symbols).toHaveLength(symbols);
});

test('a capture without instrument message gets entries made from its books, and says so', () => {
  const read = tape(BTC_USD);
  expect(read.notes.join()).toContain('no instrument entry for BTC/USD');
  expect(JSON.parse(JSON.stringify(read.entries)).pairs[0]).toMatchObject({
    symbol: 'BTC/USD',
    price_precision: 1,
    qty_precision: 8,
    qty_increment: 1e-8,
    price_increment: 0.1,
    status: 'online',
  });
});

test('entries of the REST list take the place of made-up ones, with modern names and real minimums', () => {
  const read = readTape(BTC_USD, readCaptureRows(BTC_USD), readAssetPairs(ASSET_PAIRS));
  const { pairs, assets } = JSON.parse(JSON.stringify(read.entries));
  expect(read.notes).toEqual([]);
  expect(pairs).toHaveLength(1);
  expect(pairs[0]).toMatchObject({ symbol: 'BTC/USD', base: 'BTC', qty_min: 0.00005, cost_min: 0.5, tick_size: 0.1 });
  expect(assets.map((asset: { id: string }) => asset.id).sort()).toEqual(['BTC', 'USD']);
});

test('a list that is given for nothing is said to be', () => {
  const { notes } = readTape(GEMINI, readCaptureRows(GEMINI), readAssetPairs(ASSET_PAIRS));
  expect(notes).toEqual(['the recording announces its instruments itself: the AssetPairs answer is not used']);
});

test('a capture with an instrument message keeps its entries digit by digit', () => {
  const text = JSON.stringify(tape(GEMINI).entries);
  expect(text).toContain('"qty_increment":1e-08');
  expect(text).toContain('"collateral_value":0.0');
});

test('what is no capture is refused with its name', () => {
  expect(() => readCaptureRows(fixture('sdk_orderbook_v2.json.gz'))).toThrow(/sdk_orderbook_v2.*could not be read/);
  expect(() => readCaptureRows(fixture('none.gz'))).toThrow(/none\.gz could not be read/);
  expect(() => parseCaptureRows('{"t":"recv"}')).toThrow(/header/);
  expect(() => readTape('x', parseCaptureRows('{"t":"header"}'))).toThrow(/no book snapshot/);
});

test('broken frames in a capture are left out and counted', () => {
  const rows = parseCaptureRows(
    '{"t":"header"}\n{"t":"recv","conn":"A","ns":"1","data":"{\\"channel\\":"}\n{"t":"recv","conn":"A","ns":"2","data":"{}"}',
  );
  expect(rows).toMatchObject({ malformed: 1, rows: [{ offsetMs: 1e-6 }] });
});

test('the unfinished last row of a killed recorder is left out', () => {
  const rows = parseCaptureRows(
    '{"t":"header"}\n{"t":"recv","conn":"A","ns":"2","data":"{}"}\n{"t":"recv","conn":"A","ns":"3","da',
  );
  expect(rows).toMatchObject({ malformed: 1, rows: [{ offsetMs: 0 }] });
});
