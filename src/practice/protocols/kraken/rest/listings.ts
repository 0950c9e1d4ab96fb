/** `Assets` and `AssetPairs`: what is listed, as the REST side reports it (protocol reference 3.2). */

import { formatDecimal } from '../../../../money/money.ts';
import { integerOf, type JsonObject, lexemeOf, rawNumber, textOf } from '../../../../net/exact-json.ts';
import type { Answer } from '../../../exchange/exchange-types.ts';
import { amountText, assetClassOf, type PairRules } from '../../../exchange/pair-rules.ts';
import { assetAltname, assetId, pairNames } from '../legacy-names.ts';
import { refused } from '../venue-refusals.ts';
import {
  assetClassAsked,
  assetKey,
  done,
  pairOf,
  pairsOf,
  type RestContext,
  UNKNOWN_ASSET,
  UNKNOWN_PAIR,
  wantsModernNames,
} from './rest-context.ts';
import { paramList, paramText, type RestParams } from './rest-params.ts';

export function assetList(context: RestContext, params: RestParams): Answer<unknown> {
  const assetClass = assetClassAsked(params, 'aclass');
  const listed = context.market.entries.assets.filter((entry) => assetClassOf(entry) === assetClass);
  const known = new Set(listed.map((entry) => textOf(entry, 'id')));
  const wanted = paramList(params, 'asset')?.map((name) => context.names.assetOf(name));
  if (assetClass === undefined) return done({});
  if (wanted?.some((asset) => !known.has(asset))) return refused(UNKNOWN_ASSET);
  const modern = wantsModernNames(params);
  const rows = listed.flatMap((entry) => {
    const id = textOf(entry, 'id') ?? '';
    return wanted === undefined || wanted.includes(id) ? [[assetKey(id, modern), assetRow(id, entry)]] : [];
  });
  return done(Object.fromEntries(rows));
}

/** The socket's names for which REST has others (protocol reference 1.6, 3.2). */
const ASSET_STATUSES: Readonly<Record<string, string | undefined>> = {
  depositonly: 'deposit_only',
  withdrawalonly: 'withdrawal_only',
  fundingtemporarilydisabled: 'funding_temporarily_disabled',
};

function assetRow(id: string, entry: JsonObject): object {
  const status = textOf(entry, 'status') ?? 'enabled';
  const decimals = integerOf(entry, 'precision') ?? 10;
  const collateral = lexemeOf(entry['collateral_value']);
  return {
    aclass: assetClassOf(entry),
    altname: assetAltname(id),
    decimals,
    display_decimals: integerOf(entry, 'precision_display') ?? Math.min(5, decimals),
    ...(collateral === undefined ? {} : { collateral_value: rawNumber(collateral) }),
    status: ASSET_STATUSES[status] ?? status,
  };
}

export function assetPairs(context: RestContext, params: RestParams): Answer<unknown> {
  const info = paramText(params, 'info') ?? 'info';
  const row = Object.hasOwn(PAIR_ROWS, info) ? PAIR_ROWS[info] : undefined;
  if (row === undefined) return refused('EGeneral:Invalid arguments:info');
  const assetClass = assetClassAsked(params, 'aclass_base');
  // Of a class, or traded at a place, that is not there, the venue lists nothing and complains of nothing.
  if (assetClass === undefined || (paramText(params, 'execution_venue') ?? VENUE) !== VENUE) return done({});
  const modern = wantsModernNames(params);
  const wanted = paramList(params, 'pair');
  const pairs = wanted?.flatMap((name) => pairOf(context, name, assetClass, modern) ?? []);
  if (wanted !== undefined && pairs?.length !== wanted.length) return refused(UNKNOWN_PAIR);
  const listed = pairs ?? pairsOf(context, assetClass, modern);
  return done(Object.fromEntries(listed.map(({ pair, key }) => [key, row(pair, modern)])));
}

/** Where everything here is traded, by the venue's name. */
const VENUE = 'international';
/** The venue has listed no fees here since September 2026: `TradeVolume` reports them. */
const FEES = { fees: [], fees_maker: [], fee_volume_currency: 'ZUSD' };
const LEVERAGE = { leverage_buy: [], leverage_sell: [] };
const MARGIN = { margin_call: 80, margin_stop: 40 };

/** By the call's `info`. Nothing here can be traded on margin. */
const PAIR_ROWS: Readonly<Record<string, (pair: PairRules, modern: boolean) => object>> = {
  info: (pair, modern) => ({ ...named(pair, modern), ...LEVERAGE, ...FEES, ...MARGIN, ...limits(pair) }),
  leverage: () => LEVERAGE,
  fees: () => FEES,
  margin: () => MARGIN,
};

function named(pair: PairRules, modern: boolean): object {
  const { altname, wsname } = pairNames(pair.symbol);
  return {
    altname,
    wsname,
    aclass_base: pair.base.assetClass,
    base: modern ? pair.base.id : assetId(pair.base.id),
    aclass_quote: pair.quote.assetClass,
    quote: modern ? pair.quote.id : assetId(pair.quote.id),
    lot: 'unit',
    cost_decimals: pair.costPrecision,
    pair_decimals: pair.wire.price,
    lot_decimals: pair.wire.qty,
    lot_multiplier: 1,
  };
}

function limits(pair: PairRules): object {
  return {
    ordermin: shortText(formatDecimal(pair.qtyMin, pair.scale.qty)),
    costmin: shortText(amountText(pair.quote, pair.costMin)),
    tick_size: shortText(formatDecimal(pair.priceIncrement, pair.scale.price)),
    status: pair.status,
    execution_venue: VENUE,
  };
}

/** Without zeros at the end: minimums are written so. */
function shortText(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}
