import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { assetId, NameIndex, pairNames } from '../../src/practice/protocols/kraken/legacy-names.ts';
import { ASSET_PAIRS } from './captures.ts';

interface RecordedPair {
  readonly altname: string;
  readonly wsname?: string;
  readonly base: string;
  readonly quote: string;
}
const recorded = Object.entries(
  JSON.parse(gunzipSync(readFileSync(ASSET_PAIRS)).toString()).result as Record<string, RecordedPair>,
);
const modern = (part: string) => part.replace(/^XBT$/, 'BTC').replace(/^XDG$/, 'DOGE');
const symbolOf = ({ wsname = '' }: RecordedPair) => wsname.split('/').map(modern).join('/');

test('every pair of a recorded AssetPairs answer has just the names that the venue gives it', () => {
  expect(recorded.length).toBeGreaterThan(1_000);
  for (const [id, pair] of recorded) {
    const symbol = symbolOf(pair);
    expect(pairNames(symbol)).toEqual({ symbol, id, altname: pair.altname, wsname: pair.wsname });
    expect(symbol.split('/').map(assetId)).toEqual([pair.base, pair.quote]);
  }
});

test('every one of them is found by any of its names', () => {
  const symbols = recorded.map(([, pair]) => symbolOf(pair));
  const index = new NameIndex(symbols, ['BTC', 'DOGE', 'USD', 'ETH']);
  for (const [id, pair] of recorded) {
    const symbol = symbolOf(pair);
    for (const name of [id, pair.altname, pair.wsname ?? '', symbol]) expect(index.symbolOf(name)).toBe(symbol);
  }
  expect(['BTCUSD', 'btc/usd', ' xbtusd '].map((name) => index.symbolOf(name))).toEqual(Array(3).fill('BTC/USD'));
  expect(['XXBT', 'XBT', 'BTC', 'XDG', 'ZUSD', 'usd'].map((name) => index.assetOf(name))).toEqual([
    'BTC',
    'BTC',
    'BTC',
    'DOGE',
    'USD',
    'USD',
  ]);
  expect([index.symbolOf('NOPE'), index.assetOf('constructor')]).toEqual([undefined, undefined]);
});
