/** Tapes of the bundled captures, read once per test file. */
import { fileURLToPath } from 'node:url';
import { readCaptureRows } from '../../src/practice/market/capture-rows.ts';
import { type MarketTape, readTape } from '../../src/practice/market/market-tape.ts';

export const fixture = (name: string): string => fileURLToPath(new URL(`../fixtures/kraken/${name}`, import.meta.url));

export const BTC_USD = fixture('ws2_book_d25_BTCUSD_20260802.cap.jsonl.gz');
export const TWO_SOCKETS = fixture('ws2_book_d25_ETHUSD_XRPUSD_2sockets_20260802.cap.jsonl.gz');
export const GEMINI = fixture('derived_ws2_d25_gemini_20210417.cap.jsonl.gz');
export const BITFLYER = fixture('derived_ws2_d10_bitflyer_20210722.cap.jsonl.gz');
export const ASSET_PAIRS = fixture('rest_AssetPairs_20250722.json.gz');

export function tape(file: string): MarketTape {
  return readTape(file, readCaptureRows(file));
}
