/**
 * A fill as it was booked, and what the venue says of the same id again. A fill happens once: what is reported of it later, by
 * a stream, a look-up or the history, has to be the same. Pure.
 */
import type { InstrumentDirectory, InstrumentIndex, OrderScale } from '../../../market/instrument.ts';
import { formatDecimal, lots, parseAmountDown, parseDecimal, ticks, units } from '../../../money/money.ts';
import type { StoredBooking } from '../../../trading/stored-trading.ts';
import type { Fill } from '../../../venues/trading-port.ts';
import { roundingUnits } from './misreport.ts';

type FillFigures = Pick<Fill, 'qtyLots' | 'priceTicks' | 'costUnits' | 'feeUnits' | 'feeAsset'>;

/** The order that a fill is booked of. */
export interface BookedOrder extends OrderScale {
  readonly clOrdId: string;
  readonly instrument: InstrumentIndex;
}

/** What is remembered of a fill. Ticks and lots are in the scale it carries. */
export interface BookedFill extends FillFigures, BookedOrder {}

export function bookedFill(order: BookedOrder, fill: FillFigures): BookedFill {
  const { clOrdId, instrument, pricePrecision, qtyPrecision } = order;
  const { qtyLots, priceTicks, costUnits, feeUnits, feeAsset } = fill;
  return {
    ...{ clOrdId, instrument, pricePrecision, qtyPrecision },
    ...{ qtyLots, priceTicks, costUnits, feeUnits, feeAsset },
  };
}

/** The order that a fill is reported of. Without a scale, the fill is in the scale of the order as it was booked. */
export interface FilledOrder {
  readonly clOrdId: string;
  readonly scale: OrderScale | undefined;
}

/** A fill of an earlier run; undefined when nothing can be compared: its pair or asset is not listed now. */
export function storedFill(stored: StoredBooking, directory: InstrumentDirectory): BookedFill | undefined {
  const instrument = directory.instrumentNamed(stored.symbol);
  const feeAsset = directory.assetNamed(stored.feeAsset);
  const quote = instrument && directory.assets[instrument.quote];
  if (instrument === undefined || feeAsset === undefined || quote === undefined) return undefined;
  if (Object.values(stored).includes('')) return undefined; // of a record without its scale
  const [pricePrecision, qtyPrecision] = [decimalsOf(stored.price), decimalsOf(stored.qty)];
  return {
    clOrdId: stored.clOrdId,
    instrument: instrument.index,
    pricePrecision,
    qtyPrecision,
    qtyLots: lots(parseDecimal(stored.qty, qtyPrecision)),
    priceTicks: ticks(parseDecimal(stored.price, pricePrecision)),
    costUnits: units(parseAmountDown(stored.cost, quote.precision)),
    feeUnits: units(parseAmountDown(stored.fee, feeAsset.precision)),
    feeAsset: feeAsset.index,
  };
}

/**
 * What the venue says now of a fill that is booked, when it is another; undefined when it is the same. The venue rounds
 * costs and fees differently in each of its lists, so they may differ by what rounding explains.
 */
export function reportedOtherwise(
  booked: BookedFill,
  { clOrdId, scale }: FilledOrder,
  reported: FillFigures & Pick<Fill, 'execId'>,
  directory: InstrumentDirectory,
): string | undefined {
  const { pricePrecision, qtyPrecision } = scale ?? booked;
  const said = (what: string) => `fill ${reported.execId} ${what}`;
  if (clOrdId !== booked.clOrdId) return said(`again, which was of order ${booked.clOrdId}`);
  const qtyNow = formatDecimal(reported.qtyLots, qtyPrecision);
  const qtyBefore = formatDecimal(booked.qtyLots, booked.qtyPrecision);
  if (isOther(reported.qtyLots, qtyPrecision, booked.qtyLots, booked.qtyPrecision))
    return said(`for ${qtyNow}, was for ${qtyBefore}`);
  const priceNow = formatDecimal(reported.priceTicks, pricePrecision);
  const priceBefore = formatDecimal(booked.priceTicks, booked.pricePrecision);
  if (isOther(reported.priceTicks, pricePrecision, booked.priceTicks, booked.pricePrecision))
    return said(`at ${priceNow}, was at ${priceBefore}`);
  return otherMoney(booked, reported, directory, said);
}

function otherMoney(
  booked: BookedFill,
  reported: FillFigures,
  { assets, instruments }: InstrumentDirectory,
  said: (what: string) => string,
): string | undefined {
  const instrument = instruments[booked.instrument];
  if (instrument === undefined) return undefined;
  const slack = roundingUnits(instrument, assets);
  const amountText = (amount: bigint, asset: number) =>
    `${formatDecimal(amount, assets[asset]?.precision ?? 0)} ${assets[asset]?.id ?? `#${asset}`}`;
  const { quote } = instrument;
  if (distance(reported.costUnits, booked.costUnits) > slack(quote)) {
    return said(`at a cost of ${amountText(reported.costUnits, quote)}, was ${amountText(booked.costUnits, quote)}`);
  }
  const isSameAsset = reported.feeAsset === booked.feeAsset;
  const difference = isSameAsset ? distance(reported.feeUnits, booked.feeUnits) : reported.feeUnits + booked.feeUnits;
  const most = isSameAsset ? slack(reported.feeAsset) : 0n;
  if (difference <= most) return undefined;
  const feeBefore = amountText(booked.feeUnits, booked.feeAsset);
  return said(`for a fee of ${amountText(reported.feeUnits, reported.feeAsset)}, was ${feeBefore}`);
}

/** Whether two counts differ. When one scale is coarser, by as much as it cannot show. */
function isOther(a: bigint, aDecimals: number, b: bigint, bDecimals: number): boolean {
  const finest = Math.max(aDecimals, bDecimals);
  const coarseStep = 10n ** BigInt(finest - Math.min(aDecimals, bDecimals));
  const scaled = (value: bigint, decimals: number) => value * 10n ** BigInt(finest - decimals);
  return distance(scaled(a, aDecimals), scaled(b, bDecimals)) >= coarseStep;
}

const distance = (a: bigint, b: bigint): bigint => (a > b ? a - b : b - a);

const decimalsOf = (text: string): number => text.split('.')[1]?.length ?? 0;
