/**
 * What the venue says of an order, held against what was asked of it. Pure. The venue's report is the record of what happened,
 * but a report that cannot be true is not booked and not traded upon: stock that is not there must not be sold.
 */

import { VERIFIED_LEVELS } from '../../../market/book-table.ts';
import type { AssetIndex, Instrument, InstrumentDirectory } from '../../../market/instrument.ts';
import { divideUp, formatDecimal, type Lots, largest, PPM, plus, type Units, units } from '../../../money/money.ts';
import { powerOfTen } from '../../../money/rational.ts';
import { BUY } from '../../../money/side.ts';
import { type WallMs, wallMs } from '../../../platform/time.ts';
import { decodeClientOrderId } from '../../../trading/client-order-id.ts';
import type { Fill, OrderReading } from '../../../venues/trading-port.ts';
import type { Order } from '../model/order.ts';

/** What was asked for, and what of it is booked. */
export type AskedOrder = Pick<
  Order,
  'instrument' | 'side' | 'qtyLots' | 'limitTicks' | 'feePpm' | 'pricePrecision' | 'qtyPrecision'
> & { readonly bookedLots: Lots };

export interface MisreportBounds {
  /** How much dearer than its known rate a fee can be and still be believed, in parts per million of what was traded. */
  readonly feeExcessPpm: number;
  /** Latest time of a fill, by the venue's clock. Later ones would make those that follow seem old. */
  readonly latestMs: WallMs;
  /** Earliest: no order is filled before the run that made it began. One from before would be taken for long booked. */
  readonly earliestMs: WallMs;
  /** Units of the quote asset that a fee in another asset is worth; undefined when nothing says. */
  readonly feeWorth: (fill: Fill) => Units | undefined;
}

/** How far the venue's clock and ours are apart at most: a day, and what a clock that is a day off drifts. */
export const CLOCKS_APART_MAX_MS = 2 * 86_400_000;

/** Within what times a fill of an order can be. @param clOrdId says when the run began that made it. */
export function timeBounds(clOrdId: string, nowMs: number): Pick<MisreportBounds, 'latestMs' | 'earliestMs'> {
  const runMs = decodeClientOrderId(clOrdId)?.runMs ?? CLOCKS_APART_MAX_MS;
  return { latestMs: wallMs(nowMs + CLOCKS_APART_MAX_MS), earliestMs: wallMs(runMs - CLOCKS_APART_MAX_MS) };
}

/** The venue rounds what it books: a difference below this part of its smallest order counts as rounding. */
const ROUNDING_PART = 1_000n;

/** Units that one fill may be rounded by: on paper it is one over all the levels it took, each rounded for itself. */
const ROUNDINGS_MAX = BigInt(VERIFIED_LEVELS);

/** By how many units of an asset two reports of one fill of `instrument` can differ by rounding alone. */
export function roundingUnits(
  { base, quote, costMin, qtyMin, qtyPrecision }: Instrument,
  assets: InstrumentDirectory['assets'],
): (asset: AssetIndex) => Units {
  return (asset) => {
    if (asset === quote) return units(largest(ROUNDINGS_MAX, costMin / ROUNDING_PART));
    if (asset !== base) return units(ROUNDINGS_MAX);
    const [up, down] = powerOfTen((assets[base]?.precision ?? 0) - qtyPrecision);
    return units(largest(ROUNDINGS_MAX, (qtyMin * up) / down / ROUNDING_PART));
  };
}

/** Why `fill` cannot be a fill of `order`; undefined when it can. */
export function misreportedFill(
  order: AskedOrder,
  fill: Fill,
  { instruments, assets }: InstrumentDirectory,
  bounds: MisreportBounds,
): string | undefined {
  const instrument = instruments[order.instrument];
  if (instrument === undefined) return undefined; // it cannot be booked either
  if (fill.otherThanOrder !== undefined) return fill.otherThanOrder;
  const { qtyLots, priceTicks, costUnits, feeUnits } = fill;
  if (qtyLots <= 0n || priceTicks <= 0n || costUnits < 0n || feeUnits < 0n)
    return 'an amount below zero, or of nothing';
  if (!(fill.atMs <= bounds.latestMs && fill.atMs >= bounds.earliestMs)) return `a fill at ${fill.atMs} ms since 1970`;
  const quantityText = (quantity: Lots) => formatDecimal(quantity, order.qtyPrecision);
  if (order.bookedLots + qtyLots > order.qtyLots) {
    return `${quantityText(plus(order.bookedLots, qtyLots))} filled, ${quantityText(order.qtyLots)} ordered`;
  }
  const precision = { base: assets[instrument.base]?.precision ?? 0, quote: assets[instrument.quote]?.precision ?? 0 };
  const slack = roundingUnits(instrument, assets);
  return (
    worsePrice(order, fill) ??
    otherCost(order, fill, precision.quote, slack(instrument.quote)) ??
    dearFee(order, fill, instrument, precision, bounds, slack)
  );
}

/** Why a reading of an order is not one of `order`; undefined when it is. */
export function misreportedTerms(order: AskedOrder, reading: OrderReading): string | undefined {
  if (reading.instrument !== undefined && reading.instrument !== order.instrument) return 'an order of another pair';
  if (reading.side !== order.side) return 'an order of the other side';
  const isInScale = reading.qtyPrecision === order.qtyPrecision && reading.pricePrecision === order.pricePrecision;
  if (!isInScale || reading.instrument === undefined) return undefined; // what it means is asked elsewhere
  if (reading.qtyLots !== order.qtyLots) return `an order of ${formatDecimal(reading.qtyLots, order.qtyPrecision)}`;
  if (reading.limitTicks === order.limitTicks) return undefined;
  return `a limit of ${formatDecimal(reading.limitTicks, order.pricePrecision)}`;
}

/** What was asked for, as text. */
export function describeAsked(order: AskedOrder, { instruments }: InstrumentDirectory): string {
  const { side, qtyLots, limitTicks, qtyPrecision, pricePrecision } = order;
  const symbol = instruments[order.instrument]?.symbol ?? `#${order.instrument}`;
  const terms = `${formatDecimal(qtyLots, qtyPrecision)} ${symbol} at ${formatDecimal(limitTicks, pricePrecision)}`;
  return `${side === BUY ? 'buy' : 'sell'} ${terms}`;
}

function worsePrice({ side, limitTicks, pricePrecision }: AskedOrder, { priceTicks }: Fill): string | undefined {
  const isWorse = side === BUY ? priceTicks > limitTicks : priceTicks < limitTicks;
  return isWorse ? `a price of ${formatDecimal(priceTicks, pricePrecision)}` : undefined;
}

/** Cost is price times quantity: the price can be finer than a tick, and the venue rounds. */
function otherCost(
  { pricePrecision, qtyPrecision }: AskedOrder,
  { qtyLots, priceTicks, costUnits }: Fill,
  quotePrecision: number,
  rounding: Units,
): string | undefined {
  const [up, down] = powerOfTen(quotePrecision - pricePrecision - qtyPrecision);
  const costAt = (price: bigint) => (price * qtyLots * up) / down;
  const slack = costAt(1n) + rounding + 1n;
  const difference = costUnits - costAt(priceTicks);
  if (difference <= slack && -difference <= slack) return undefined;
  const price = formatDecimal(priceTicks, pricePrecision);
  return `a cost of ${formatDecimal(costUnits, quotePrecision)} at a price of ${price}`;
}

interface Precision {
  readonly base: number;
  readonly quote: number;
}

function dearFee(
  { feePpm, qtyPrecision }: AskedOrder,
  fill: Fill,
  instrument: Instrument,
  precision: Precision,
  { feeExcessPpm, feeWorth }: MisreportBounds,
  slack: (asset: AssetIndex) => Units,
): string | undefined {
  const most = (traded: bigint) => divideUp(traded * BigInt(feePpm + feeExcessPpm), PPM);
  const feeText = (fee: bigint, traded: bigint, decimals: number) =>
    `a fee of ${formatDecimal(fee, decimals)} on ${formatDecimal(traded, decimals)}`;
  if (fill.feeAsset === instrument.base) {
    const [up, down] = powerOfTen(precision.base - qtyPrecision);
    const traded = (fill.qtyLots * up) / down;
    return fill.feeUnits > most(traded) + slack(instrument.base)
      ? feeText(fill.feeUnits, traded, precision.base)
      : undefined;
  }
  const fee = fill.feeAsset === instrument.quote ? fill.feeUnits : feeWorth(fill);
  if (fee === undefined || fee <= most(fill.costUnits) + slack(instrument.quote)) return undefined;
  return feeText(fee, fill.costUnits, precision.quote);
}
