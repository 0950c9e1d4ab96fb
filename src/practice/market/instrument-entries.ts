/**
 * What the practice exchange says in its `instrument` channel: the recording's own entries where it has them, the
 * venue's REST list where one is given, and otherwise entries made from the books, which is said in the log.
 */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import {
  integerOf,
  isObject,
  type JsonObject,
  lexemeOf,
  parseJson,
  type RawNumber,
  rawNumber,
  textOf,
} from '../../net/exact-json.ts';
import { arbitradeError, reasonOf } from '../../platform/errors.ts';
import type { Precision } from './market-level.ts';

/** The two lists of an `instrument` message, entries as they stand on the wire. */
export interface InstrumentEntries {
  readonly assets: readonly JsonObject[];
  readonly pairs: readonly JsonObject[];
}

/** Where the venue trades; here everything is traded at the first. */
export const EXECUTION_VENUES = ['international', 'bitnomial-exchange'] as const;

/** What a subscriber of `instrument` asked for. */
export interface InstrumentScope {
  readonly withTokenized: boolean;
  readonly venue: (typeof EXECUTION_VENUES)[number];
}

export interface ChosenInstruments {
  readonly entries: InstrumentEntries;
  readonly notes: readonly string[];
}

interface SeenSymbol {
  readonly symbol: string;
  readonly wire: Precision;
}

const UNUSED_LIST = 'the recording announces its instruments itself: the AssetPairs answer is not used';

/** Takes the recording's entries, then those of the REST list, and makes up what neither has for a symbol with a book. */
export function chooseInstruments(
  recorded: InstrumentEntries | undefined,
  rest: InstrumentEntries | undefined,
  seen: readonly SeenSymbol[],
): ChosenInstruments {
  const known = recorded ?? withSymbols(rest, seen) ?? { assets: [], pairs: [] };
  const listed = new Set(known.pairs.map((pair) => textOf(pair, 'symbol')));
  const missing = seen.filter(({ symbol }) => !listed.has(symbol));
  const unused = recorded === undefined || rest === undefined ? [] : [UNUSED_LIST];
  if (missing.length === 0) return { entries: known, notes: unused };
  const pairs = [...known.pairs, ...missing.map(pairFromBook)];
  const names = missing.map(({ symbol }) => symbol).join(', ');
  const note = `no instrument entry for ${names}: made from the books; increments are the written decimals, minimums one increment`;
  return { entries: { assets: withAssets(known.assets, pairs), pairs }, notes: [...unused, note] };
}

/**
 * Reads the venue's REST `AssetPairs` answer (plain or gzip) as instrument entries.
 * @throws CAPTURE_UNREADABLE when the file is none.
 */
export function readAssetPairs(file: string): InstrumentEntries {
  try {
    const bytes = readFileSync(file);
    const text = (bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes).toString('utf8');
    return assetPairsEntries(text);
  } catch (thrown) {
    throw arbitradeError('CAPTURE_UNREADABLE', file, reasonOf(thrown));
  }
}

/** Instrument entries from the text of a REST `AssetPairs` answer, with or without its envelope. @throws Error. */
export function assetPairsEntries(text: string): InstrumentEntries {
  const answer = parseJson(text);
  if (!isObject(answer)) throw new Error('it is no AssetPairs answer');
  const result = isObject(answer['result']) ? answer['result'] : answer;
  const rows = Object.values(result).filter(isObject);
  const pairs = rows.flatMap(restPair);
  if (pairs.length === 0) throw new Error('it lists no pair with a wsname');
  return { assets: withAssets(rows.flatMap(tokenizedAsset), pairs), pairs };
}

function withSymbols(
  entries: InstrumentEntries | undefined,
  seen: readonly SeenSymbol[],
): InstrumentEntries | undefined {
  if (entries === undefined) return undefined;
  const wanted = new Set(seen.map(({ symbol }) => symbol));
  const pairs = entries.pairs.filter((pair) => wanted.has(textOf(pair, 'symbol') ?? ''));
  const needed = new Set(pairs.flatMap((pair) => [textOf(pair, 'base'), textOf(pair, 'quote')]));
  return { assets: entries.assets.filter((asset) => needed.has(textOf(asset, 'id'))), pairs };
}

/** The base of a pair that is no currency: its entry says so, that of a currency need not. */
function tokenizedAsset(pair: JsonObject): JsonObject[] {
  const [base] = (textOf(pair, 'wsname') ?? '').split('/');
  if (textOf(pair, 'aclass_base') !== 'tokenized_asset' || base === undefined) return [];
  return [{ ...assetEntry(base), class: 'tokenized_asset' }];
}

/** The part of `entries` that is within a scope. A pair is of its base's class, which is `known` from all there are. */
export function entriesWithin(
  entries: InstrumentEntries,
  scope: InstrumentScope,
  known = entries.assets,
): InstrumentEntries {
  if (scope.venue !== EXECUTION_VENUES[0]) return { assets: [], pairs: [] };
  if (scope.withTokenized) return entries;
  const tokenized = new Set(
    known.filter((asset) => textOf(asset, 'class') === 'tokenized_asset').map((asset) => textOf(asset, 'id')),
  );
  return {
    assets: entries.assets.filter((asset) => !tokenized.has(textOf(asset, 'id'))),
    pairs: entries.pairs.filter((pair) => !tokenized.has(textOf(pair, 'base'))),
  };
}

/** REST names become v2 names by their components alone (protocol reference 5.4). */
function restPair(pair: JsonObject): JsonObject[] {
  const [base, quote] = (textOf(pair, 'wsname') ?? '').split('/').map(modernName);
  const price = integerOf(pair, 'pair_decimals');
  const qty = integerOf(pair, 'lot_decimals');
  if (base === undefined || quote === undefined || price === undefined || qty === undefined) return [];
  const tick = rawNumber(lexemeOf(pair['tick_size']) ?? increment(price).rawJSON);
  return [
    {
      ...pairEntry(base, quote, { price, qty }),
      status: textOf(pair, 'status') ?? 'online',
      cost_precision: rawNumber(lexemeOf(pair['cost_decimals']) ?? '5'),
      cost_min: rawNumber(lexemeOf(pair['costmin']) ?? '0'),
      qty_min: rawNumber(lexemeOf(pair['ordermin']) ?? increment(qty).rawJSON),
      tick_size: tick,
      price_increment: tick,
    },
  ];
}

function modernName(part: string): string {
  return part === 'XBT' ? 'BTC' : part === 'XDG' ? 'DOGE' : part;
}

function pairFromBook({ symbol, wire }: SeenSymbol): JsonObject {
  const [base = symbol, quote = symbol] = symbol.split('/');
  return pairEntry(base, quote, wire);
}

/** An `instrument` pair whose increments are its last decimals and whose minimums are one increment. */
function pairEntry(base: string, quote: string, wire: Precision): JsonObject {
  const cost = Math.min(wire.price + wire.qty, 10);
  return {
    symbol: `${base}/${quote}`,
    base,
    quote,
    status: 'online',
    qty_precision: rawNumber(String(wire.qty)),
    qty_increment: increment(wire.qty),
    price_precision: rawNumber(String(wire.price)),
    cost_precision: rawNumber(String(cost)),
    marginable: false,
    has_index: true,
    cost_min: increment(cost),
    tick_size: increment(wire.price),
    price_increment: increment(wire.price),
    qty_min: increment(wire.qty),
  };
}

/** The venue spells small steps with an exponent: `1e-08`. */
function increment(decimals: number): RawNumber {
  if (decimals === 0) return rawNumber('1');
  if (decimals < 5) return rawNumber(`0.${'0'.repeat(decimals - 1)}1`);
  return rawNumber(`1e-${String(decimals).padStart(2, '0')}`);
}

function withAssets(assets: readonly JsonObject[], pairs: readonly JsonObject[]): JsonObject[] {
  const known = new Set(assets.map((asset) => textOf(asset, 'id')));
  const needed = new Set(pairs.flatMap((pair) => [textOf(pair, 'base'), textOf(pair, 'quote')]));
  const missing = [...needed].filter((id) => id !== undefined && !known.has(id));
  return [...assets, ...missing.map((id) => assetEntry(String(id)))];
}

/** Ledger precision of an asset that was not announced: 10, the most the venue uses. */
function assetEntry(id: string): JsonObject {
  return {
    id,
    status: 'enabled',
    precision: rawNumber('10'),
    precision_display: rawNumber('5'),
    borrowable: false,
    collateral_value: rawNumber('0.0'),
  };
}
