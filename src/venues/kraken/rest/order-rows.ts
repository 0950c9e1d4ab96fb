/**
 * Orders, trades and ledger rows of REST, checked and turned into what the rest of the program knows (protocol reference
 * 3.3). Pure.
 *
 * A trade's `fee` is always counted in the quote currency, even when the fee was taken in base: what was really taken
 * stands in the ledger rows that carry the trade's id.
 */

import { z } from 'zod';
import type { AssetIndex, Instrument, InstrumentDirectory, OrderScale } from '../../../market/instrument.ts';
import { lots, NO_UNITS, ticks, units } from '../../../money/money.ts';
import { BUY, SELL } from '../../../money/side.ts';
import { wallMs } from '../../../platform/time.ts';
import { decodeClientOrderId } from '../../../trading/client-order-id.ts';
import type { Fill, OrderReading } from '../../trading-port.ts';
import { amountText, signedAmountText } from '../amount-text.ts';
import { amountDown, amountUp, isCountable } from '../wire/rounded-amount.ts';
import type { VenueNames } from '../wire/venue-names.ts';
import { isWireTime } from '../wire/wire-time.ts';
import { isKeepable } from './wire-fill.ts';

const id = z.string().min(1).max(64);
const seconds = amountText.refine((text) => isWireTime(msOf(text)), 'a time');
const side = z.enum(['buy', 'sell']);

export const ORDER_ROW = z.object({
  cl_ord_id: z.string().max(64).nullish(),
  status: z.string(),
  opentm: seconds,
  closetm: seconds.nullish(),
  // Of a trailing order the price is a distance ('+5.0000%'): not an order of ours, with no limit that could be reported.
  descr: z.object({ pair: id, type: side, price: signedAmountText.nullish().catch(undefined) }),
  vol: amountText,
  vol_exec: amountText,
  oflags: z.string().nullish(),
  reason: z.string().nullish(),
  trades: z.array(id).nullish(),
});
export type OrderRow = z.infer<typeof ORDER_ROW>;

export const TRADE_ROW = z.object({
  ordertxid: id,
  pair: id,
  time: seconds,
  type: side,
  price: amountText,
  cost: amountText,
  fee: signedAmountText,
  vol: amountText,
});
export type TradeRow = z.infer<typeof TRADE_ROW>;

export const LEDGER_ROW = z.object({ refid: z.string().max(64), time: seconds, asset: id, fee: signedAmountText });
export type LedgerRow = z.infer<typeof LEDGER_ROW>;

export type ById<T> = Readonly<Record<string, T>>;

/** Still open, or not known to have ended: an unknown status is not taken for an end. */
export function isOpen({ status }: OrderRow): boolean {
  return !['closed', 'canceled', 'expired'].includes(status);
}

/** Whether its fees were asked to be taken in base: then the ledger knows them, the trade does not. */
export function paysFeeInBase({ oflags }: OrderRow): boolean {
  return (oflags ?? '').split(',').includes('fcib');
}

/** Seconds since 1970, as REST writes them, in milliseconds. */
export function msOf(seconds: string): number {
  return Number(seconds) * 1_000;
}

export interface OrderFacts {
  readonly trades: ById<TradeRow>;
  readonly ledger: readonly LedgerRow[];
  /** What the orders were made in; without it they are reported in the present scale. */
  readonly scale?: OrderScale | undefined;
}

export function isFilled({ vol_exec }: OrderRow): boolean {
  return /[1-9]/.test(vol_exec.split(/e/i)[0] ?? '');
}

/** Whether this program made it: only such orders are reported with their fills. */
export function isOwn({ cl_ord_id }: OrderRow): boolean {
  return decodeClientOrderId(cl_ord_id ?? '') !== undefined;
}

/**
 * The whole of an order; of a foreign one, all but its fills.
 * @throws RangeError when what belongs to it is not all there (yet): its pair, a fill, or the ledger row with its fee.
 */
export function orderReading(
  venueOrderId: string,
  row: OrderRow,
  facts: OrderFacts,
  names: VenueNames,
  directory: InstrumentDirectory,
): OrderReading {
  const listed = names.instrument(row.descr.pair);
  const instrument = listed && { ...listed, ...facts.scale };
  const amounts = (text: string, decimals: number | undefined) =>
    decimals === undefined ? 0n : amountDown(text, decimals, `order ${venueOrderId}`);
  const isReportable = instrument !== undefined && isOwn(row);
  // Without its fills it would look as if it had none. A pair that is listed no more will not be known later either.
  if (!isReportable && isOwn(row) && isFilled(row) && !names.isUnlisted(row.descr.pair)) {
    throw new RangeError(`order ${venueOrderId} is filled in ${row.descr.pair}, a pair that is not known`);
  }
  const fills = isReportable ? fillsOf(venueOrderId, row, facts, { instrument, names, directory }) : [];
  return {
    clOrdId: row.cl_ord_id ?? undefined,
    venueOrderId,
    instrument: instrument?.index,
    pricePrecision: instrument?.pricePrecision ?? 0,
    qtyPrecision: instrument?.qtyPrecision ?? 0,
    side: row.descr.type === 'buy' ? BUY : SELL,
    qtyLots: lots(amounts(row.vol, instrument?.qtyPrecision)),
    limitTicks: ticks(amounts(row.descr.price ?? '0', instrument?.pricePrecision)),
    isOpen: isOpen(row),
    fills,
    reason: row.reason ?? '',
  };
}

interface Terms {
  readonly instrument: Instrument;
  readonly names: VenueNames;
  readonly directory: InstrumentDirectory;
}

function fillsOf(orderId: string, row: OrderRow, { trades, ledger }: OrderFacts, terms: Terms): Fill[] {
  const own = Object.entries(trades).filter(([, trade]) => trade.ordertxid === orderId);
  const fills = own.map(([execId, trade]) => {
    const other = otherThanOrder(trade, row, terms);
    const fill = fillOf(execId, trade, paysFeeInBase(row) ? ledger : undefined, terms);
    return other === undefined ? fill : { ...fill, otherThanOrder: other };
  });
  const filledLots = fills.reduce((sum, { qtyLots }) => sum + qtyLots, 0n);
  const wantedLots = amountDown(row.vol_exec, terms.instrument.qtyPrecision, `order ${orderId}`);
  if (filledLots !== wantedLots) {
    throw new RangeError(`order ${orderId} has ${row.vol_exec} filled, its trades come to ${filledLots} lots`);
  }
  return fills.sort((a, b) => a.atMs - b.atMs);
}

/** A trade row has pair and side again. A name that means no listed pair says nothing. */
function otherThanOrder(
  { pair, type }: TradeRow,
  { descr }: OrderRow,
  { instrument, names }: Terms,
): string | undefined {
  const traded = names.instrument(pair)?.index ?? instrument.index;
  if (traded !== instrument.index) return `a fill of ${pair}`;
  return type === descr.type ? undefined : `a fill that ${type}s`;
}

function fillOf(execId: string, trade: TradeRow, ledger: readonly LedgerRow[] | undefined, terms: Terms): Fill {
  if (!isKeepable(execId)) throw new RangeError(`trade ${execId} has an id that the records cannot hold`);
  const { instrument, directory } = terms;
  const quoteDecimals = precisionOf(instrument.quote, directory);
  // Against us where the venue's number is finer than ours: a buy cost more, a sell brought less.
  const against = trade.type === 'buy' ? amountUp : amountDown;
  const fee = ledger === undefined ? quoteFee(execId, trade, terms) : ledgerFee(execId, ledger, terms);
  const fill: Fill = {
    execId,
    qtyLots: lots(amountDown(trade.vol, instrument.qtyPrecision, `trade ${execId}`)),
    priceTicks: ticks(against(trade.price, instrument.pricePrecision, `trade ${execId}`)),
    costUnits: units(against(trade.cost, quoteDecimals, `trade ${execId}`)),
    ...fee,
    atMs: wallMs(msOf(trade.time)),
  };
  // Neither the records nor the account could hold it, nor what is said of it.
  const { qtyLots, priceTicks, costUnits, feeUnits } = fill;
  if ([qtyLots, priceTicks, costUnits, feeUnits].every(isCountable)) return fill;
  throw new RangeError(`trade ${execId} is of amounts that 64 bits do not hold`);
}

type Fee = Pick<Fill, 'feeUnits' | 'feeAsset' | 'feeElsewhere'>;

function quoteFee(execId: string, { fee }: TradeRow, { instrument, directory }: Terms): Fee {
  const feeUnits = amountUp(fee, precisionOf(instrument.quote, directory), `trade ${execId}`);
  return { feeUnits: units(feeUnits), feeAsset: instrument.quote };
}

function ledgerFee(execId: string, ledger: readonly LedgerRow[], { instrument, names, directory }: Terms): Fee {
  const rows = ledger.filter(({ refid }) => refid === execId);
  // Both sides of a trade are booked; with one of them missing the fee may be on that one.
  if (rows.length < 2) throw new RangeError(`the ledger does not have both rows of trade ${execId} yet`);
  const charged = rows.find(({ fee }) => /[1-9]/.test(fee));
  if (charged === undefined) return { feeUnits: NO_UNITS, feeAsset: instrument.base };
  const asset = names.asset(charged.asset);
  if (asset === undefined && !names.knowsAssets) {
    throw new RangeError(
      `the venue has not listed its assets, of which ${charged.asset} is one that paid for trade ${execId}`,
    );
  }
  if (asset === undefined || asset === 'not_spot') {
    return { feeUnits: NO_UNITS, feeAsset: instrument.base, feeElsewhere: `${charged.fee} ${charged.asset}` };
  }
  return {
    feeUnits: units(amountUp(charged.fee, precisionOf(asset.index, directory), `trade ${execId}`)),
    feeAsset: asset.index,
  };
}

function precisionOf(asset: AssetIndex, directory: InstrumentDirectory): number {
  const known = directory.assets[asset];
  if (known === undefined) throw new RangeError(`asset ${asset} is not known`);
  return known.precision;
}
