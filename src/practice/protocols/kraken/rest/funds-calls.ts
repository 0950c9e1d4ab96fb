/** What an account has and pays: balances, worth, fees, ledger (protocol reference 3.3). */

import { formatDecimal } from '../../../../money/money.ts';
import { isObject, lexemeOf } from '../../../../net/exact-json.ts';
import { FEE_SCHEDULE } from '../../../exchange/accounts/fee-schedule.ts';
import type { Answer, FeeRates, LedgerRecord } from '../../../exchange/exchange-types.ts';
import { type AssetClass, amountText } from '../../../exchange/pair-rules.ts';
import { refused } from '../venue-refusals.ts';
import { countOf, isWithin, pageOf, periodOf } from './history-page.ts';
import { ledgerRow } from './order-text.ts';
import {
  askedIds,
  assetClassAsked,
  assetKey,
  BAD_ARGUMENTS,
  type CallContext,
  done,
  pairOf,
  UNKNOWN_ASSET,
  UNKNOWN_PAIR,
  wantsModernNames,
} from './rest-context.ts';
import { isList, paramFlag, paramList, paramText, type RestParams } from './rest-params.ts';

/** What `Ledgers` can be asked for; most of it does not happen here. */
const LEDGER_TYPES = [
  ...['all', 'deposit', 'withdrawal', 'trade', 'margin', 'adjustment', 'rollover', 'credit', 'transfer', 'settled'],
  ...['dividend', 'sale', 'staking', 'reward', 'conversion', 'reserve', 'nft_rebate', 'nftrebate', 'custodytransfer'],
];
/** Decimals of what is reported in US dollars. */
const USD_DECIMALS = 4;
/** Decimals of the dollar prices it is converted by. */
const PRICE_DECIMALS = 10;

export function balance({ desk, account }: CallContext, params: RestParams): Answer<unknown> {
  const modern = wantsModernNames(params);
  const rows = desk.balances(account).map(({ asset, total }) => [assetKey(asset.id, modern), amountText(asset, total)]);
  return done(Object.fromEntries(rows));
}

export function balanceEx({ desk, account }: CallContext, params: RestParams): Answer<unknown> {
  const modern = wantsModernNames(params);
  const rows = desk
    .balances(account)
    .map(({ asset, total, held }) => [
      assetKey(asset.id, modern),
      { balance: amountText(asset, total), hold_trade: amountText(asset, held) },
    ]);
  return done(Object.fromEntries(rows));
}

/** Everything at what the books say it is worth, in US dollars or any other asset. Without margin most of it is zero. */
export function tradeBalance({ desk, account, names }: CallContext, params: RestParams): Answer<unknown> {
  const asset = desk.asset(names.assetOf(paramText(params, 'asset') ?? 'USD') ?? '');
  if (asset === undefined) return refused(UNKNOWN_ASSET);
  let worth = 0n;
  for (const { asset: held, total } of desk.balances(account)) worth += desk.usdValue(held, total, PRICE_DECIMALS);
  const one = desk.usdValue(asset, 10n ** BigInt(asset.decimals), PRICE_DECIMALS);
  const all = formatDecimal(one === 0n ? 0n : (worth * 10n ** BigInt(USD_DECIMALS)) / one, USD_DECIMALS);
  const none = formatDecimal(0n, USD_DECIMALS);
  return done({ eb: all, tb: all, m: none, uv: none, n: none, c: none, v: none, e: all, mf: all });
}

/**
 * Fees appear for the pairs that the call names only, the schedule when it is asked for. Neither futures nor assets on the
 * platform count for a tier here.
 */
export function tradeVolume(context: CallContext, params: RestParams): Answer<unknown> {
  const wanted = feePairs(params);
  const known = wanted.flatMap(
    ({ name, assetClass }) => pairOf(context, name, assetClass, wantsModernNames(params)) ?? [],
  );
  if (known.length < wanted.length) return refused(UNKNOWN_PAIR);
  const cents = context.desk.volumeUsdCents(context.account);
  const spot = formatDecimal(cents * 100n, USD_DECIMALS);
  const none = formatDecimal(0n, USD_DECIMALS);
  const inputs = {
    domain_spot_volume_30d: spot,
    domain_futures_volume_30d: none,
    domain_assets_on_platform: none,
  };
  const volume = { currency: 'ZUSD', volume: spot, inputs };
  if (known.length === 0) return done(volume);
  const rows = (of: 'takerPpm' | 'makerPpm') =>
    Object.fromEntries(
      known.map(({ pair, key }) => [key, feeRow(context.desk.fees(context.account, pair)[of], of, cents)]),
    );
  const schedules = known.map(({ pair, key }) => scheduleRow(key, context.desk.fees(context.account, pair)));
  const schedule = paramFlag(params, 'fee_schedule') ? { schedules } : {};
  return done({ ...volume, fees: rows('takerPpm'), fees_maker: rows('makerPpm'), ...schedule });
}

interface FeePair {
  readonly name: string | undefined;
  readonly assetClass: AssetClass | undefined;
}

/** Names, or objects that say of which class each is: currencies are `forex` there. */
function feePairs(params: RestParams): readonly FeePair[] {
  const { pair } = params;
  const assetClass = assetClassAsked(params, 'asset_class');
  if (!isList(pair) || !pair.some(isObject))
    return (paramList(params, 'pair') ?? []).map((name) => ({ name, assetClass }));
  return pair.map((one) => {
    if (!isObject(one)) return { name: lexemeOf(one), assetClass };
    const isCurrency = (paramText(one, 'aclass') ?? 'forex') === 'forex';
    return { name: paramText(one, 'asset'), assetClass: isCurrency ? 'currency' : assetClassAsked(one, 'aclass') };
  });
}

function scheduleRow(pair: string, paid: FeeRates): object {
  const tiers = FEE_SCHEDULE.map(({ fromUsd, makerPpm, takerPpm }) => ({
    maker_fee: percentText(makerPpm),
    taker_fee: percentText(takerPpm),
    min_spot_volume: formatDecimal(fromUsd * 10_000n, USD_DECIMALS),
    active: makerPpm === paid.makerPpm && takerPpm === paid.takerPpm,
  }));
  return { pair, class: 'forex', tiers };
}

function percentText(ppm: bigint): string {
  return formatDecimal(ppm, 4);
}

function feeRow(fee: bigint, of: 'takerPpm' | 'makerPpm', cents: bigint): object {
  const percent = (ppm: bigint | undefined) => percentText(ppm ?? 0n);
  const next = FEE_SCHEDULE.find((tier) => tier.fromUsd * 100n > cents && tier[of] < fee);
  const own = FEE_SCHEDULE.findLast((tier) => tier.fromUsd * 100n <= cents);
  return {
    fee: percent(fee),
    minfee: percent(FEE_SCHEDULE.at(-1)?.[of]),
    maxfee: percent(FEE_SCHEDULE[0]?.[of]),
    nextfee: next === undefined ? null : percent(next[of]),
    nextvolume: next === undefined ? null : formatDecimal(next.fromUsd * 10_000n, USD_DECIMALS),
    tiervolume: formatDecimal((own?.fromUsd ?? 0n) * 10_000n, USD_DECIMALS),
  };
}

export function ledgers(context: CallContext, params: RestParams): Answer<unknown> {
  const all = context.desk.ledger(context.account);
  const wanted = (paramList(params, 'asset') ?? []).filter((name) => name !== 'all');
  const assets = wanted.map((name) => context.names.assetOf(name));
  if (assets.includes(undefined)) return refused(UNKNOWN_ASSET);
  const assetClass = paramText(params, 'aclass');
  const type = paramText(params, 'type') ?? 'all';
  if (!LEDGER_TYPES.includes(type)) return refused(`${BAD_ARGUMENTS}:type`);
  const period = periodOf(params, (id) => all.find((entry) => entry.id === id)?.atMs);
  if (!period.ok) return period;
  const found = all.filter(
    (entry) =>
      (assets.length === 0 || assets.includes(entry.asset.id)) &&
      (assetClass === undefined || assetClass === entry.asset.assetClass) &&
      (type === 'all' || type === entry.type) &&
      isWithin(entry.atMs, period.value),
  );
  const page = pageOf(found, params);
  if (!page.ok) return page;
  return done({ ledger: ledgerRows(page.value, params), ...countOf(found, params) });
}

export function queryLedgers({ desk, account }: CallContext, params: RestParams): Answer<unknown> {
  const ids = askedIds(params, 'id');
  if (!ids.ok) return ids;
  const found = desk.ledger(account).filter(({ id }) => ids.value.includes(id));
  return done(ledgerRows(found, params));
}

function ledgerRows(entries: readonly LedgerRecord[], params: RestParams): object {
  const modern = wantsModernNames(params);
  return Object.fromEntries(entries.map((entry) => [entry.id, ledgerRow(entry, modern)]));
}
