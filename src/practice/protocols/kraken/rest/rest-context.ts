/** What the REST calls work with, and the answers they give. */

import type { Clock } from '../../../../platform/clock.ts';
import type { Answer, TradingDesk } from '../../../exchange/exchange-types.ts';
import { ASSET_CLASSES, type AssetClass, type PairRules } from '../../../exchange/pair-rules.ts';
import type { TradingFaults } from '../../../faults/trading-faults.ts';
import type { Market } from '../../../market/market.ts';
import type { MarketStatistics } from '../../../market/market-statistics.ts';
import type { NameIndex } from '../legacy-names.ts';
import { assetId, pairNames } from '../legacy-names.ts';
import { refused } from '../venue-refusals.ts';
import type { KeyState } from './key-ring.ts';
import { paramList, paramText, type RestParams } from './rest-params.ts';

export interface RestContext {
  readonly clock: Clock;
  readonly market: Market;
  readonly desk: TradingDesk;
  readonly statistics: MarketStatistics;
  /** By any name a client may use. */
  readonly names: NameIndex;
  /** Called when a client wants market data or trades: a market without clients does not move. */
  readonly onMarketWanted: () => void;
  readonly tradingFaults: TradingFaults;
  /** A token for the private socket, and how many seconds it may wait for its first use. */
  readonly issueToken: (account: string) => { readonly token: string; readonly expiresS: number };
}

/** A request about orders, by REST or by the first version of the socket, which has the same parameters. */
export interface OrderContext extends RestContext {
  readonly account: string;
  /** When it arrived, wall milliseconds: a fault may have it carried out later. */
  readonly receivedAtMs: number;
}

/** A call of the private side: for whom, and with what. */
export interface CallContext extends OrderContext {
  readonly key: KeyState;
}

/** Ids that a `Query` call takes at once. */
const IDS_MAX = 50;

export const BAD_ARGUMENTS = 'EGeneral:Invalid arguments';
export const UNKNOWN_PAIR = 'EQuery:Unknown asset pair';
export const UNKNOWN_ASSET = 'EQuery:Unknown asset';

export function done<T>(value: T): Answer<T> {
  return { ok: true, value };
}

/** A pair, and the key under which an answer reports it. */
export interface AskedPair {
  readonly pair: PairRules;
  readonly key: string;
}

/**
 * The pair that a parameter names, in any spelling; undefined also when it is of another class than the call is about.
 * Asked for with a slash it comes back under the name it was asked by, otherwise under the venue's own.
 */
export function pairOf(
  context: RestContext,
  name: string | undefined,
  wanted: AssetClass | undefined,
  modern = false,
): AskedPair | undefined {
  const symbol = name === undefined ? undefined : context.names.symbolOf(name);
  const pair = symbol === undefined ? undefined : context.desk.pair(symbol);
  if (name === undefined || pair === undefined || pair.base.assetClass !== wanted) return undefined;
  return { pair, key: name.includes('/') ? name.trim() : pairKey(pair.symbol, modern) };
}

/** Every pair of a class. */
export function pairsOf(context: RestContext, wanted: AssetClass | undefined, modern: boolean): readonly AskedPair[] {
  const pairs = [...context.market.books.keys()].flatMap((symbol) => context.desk.pair(symbol) ?? []);
  return pairs
    .filter(({ base }) => base.assetClass === wanted)
    .map((pair) => ({ pair, key: pairKey(pair.symbol, modern) }));
}

/** The class that a call is about: currencies when it does not say; undefined for a class that there is not. */
export function assetClassAsked(
  params: RestParams,
  name: 'asset_class' | 'aclass' | 'aclass_base',
): AssetClass | undefined {
  const asked = paramText(params, name) ?? 'currency';
  return ASSET_CLASSES.find((known) => known === asked);
}

/** The records that a `Query` call names: one at least. */
export function askedIds(params: RestParams, name: string): Answer<readonly string[]> {
  const ids = paramList(params, name) ?? [];
  return ids.length === 0 || ids.length > IDS_MAX ? refused(`${BAD_ARGUMENTS}:${name}`) : done(ids);
}

/** `assetVersion=1` asks for modern names as keys; some clients begin it with a capital. */
export function wantsModernNames(params: RestParams): boolean {
  return (paramText(params, 'assetVersion') ?? paramText(params, 'AssetVersion')) === '1';
}

export function pairKey(symbol: string, modern: boolean): string {
  return modern ? symbol : pairNames(symbol).id;
}

export function assetKey(asset: string, modern: boolean): string {
  return modern ? asset : assetId(asset);
}

/** Unix seconds with microseconds, as REST writes times. */
export function unixSeconds(wallMs: number): number {
  return Number((wallMs / 1_000).toFixed(6));
}
