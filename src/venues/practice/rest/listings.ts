/** `Assets` and `AssetPairs`: what is listed, as the REST side tells it (protocol reference 3.2). */
import { formatDecimal } from '../../../shared/money.ts';
import type { Answer } from '../exchange-types.ts';
import { FEE_SCHEDULE } from '../fee-schedule.ts';
import { assetAltname, assetId, pairNames } from '../legacy-names.ts';
import { integerOf, type JsonObject, lexemeOf, type RawNumber, rawNumber, textOf } from '../lexeme-json.ts';
import { amountText, type PairRules } from '../pair-rules.ts';
import {
  assetKey,
  done,
  pairKey,
  pairOf,
  type RestContext,
  refused,
  UNKNOWN_ASSET,
  UNKNOWN_PAIR,
  wantsModernNames,
} from './rest-context.ts';
import { paramList, paramText, type RestParams } from './rest-params.ts';

export function assetList(context: RestContext, params: RestParams): Answer<unknown> {
  const listed = context.market.entries.assets;
  const wanted = paramList(params, 'asset')?.map((name) => context.names.assetOf(name));
  if (wanted?.some((asset) => asset === undefined)) return refused(UNKNOWN_ASSET);
  const modern = wantsModernNames(params);
  const rows = listed.flatMap((entry) => {
    const id = textOf(entry, 'id') ?? '';
    return wanted === undefined || wanted.includes(id) ? [[assetKey(id, modern), assetRow(id, entry)]] : [];
  });
  return done(Object.fromEntries(rows));
}

/** The socket's words of which REST has others (protocol reference 1.6, 3.2). */
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
    aclass: 'currency',
    altname: assetAltname(id),
    decimals,
    display_decimals: integerOf(entry, 'precision_display') ?? Math.min(5, decimals),
    ...(collateral === undefined ? {} : { collateral_value: rawNumber(collateral) }),
    status: ASSET_STATUSES[status] ?? status,
  };
}

export function assetPairs(context: RestContext, params: RestParams): Answer<unknown> {
  const wanted =
    paramList(params, 'pair') ?? context.market.entries.pairs.map((entry) => textOf(entry, 'symbol') ?? '');
  const pairs = wanted.map((name) => pairOf(context, name)).filter((pair) => pair !== undefined);
  if (pairs.length < wanted.length) return refused(UNKNOWN_PAIR);
  const info = paramText(params, 'info') ?? 'info';
  const row = Object.hasOwn(PAIR_ROWS, info) ? PAIR_ROWS[info] : undefined;
  if (row === undefined) return refused('EGeneral:Invalid arguments:info');
  const modern = wantsModernNames(params);
  return done(Object.fromEntries(pairs.map((pair) => [pairKey(pair.symbol, modern), row(pair, modern)])));
}

const FEES = {
  fees: FEE_SCHEDULE.map(({ fromUsd, takerPpm }) => [Number(fromUsd), percentNumber(takerPpm)]),
  fees_maker: FEE_SCHEDULE.map(({ fromUsd, makerPpm }) => [Number(fromUsd), percentNumber(makerPpm)]),
  fee_volume_currency: 'ZUSD',
};
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
    aclass_base: 'currency',
    base: modern ? pair.base.id : assetId(pair.base.id),
    aclass_quote: 'currency',
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
    execution_venue: 'international',
  };
}

function percentNumber(ppm: bigint): RawNumber {
  return rawNumber(shortText(formatDecimal(ppm, 4)));
}

/** Without zeros at the end: minimums are written so. */
function shortText(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}
