/**
 * What REST says of a pair against what the socket announced. We count in the socket's terms; where REST wants more, an
 * order that is right by the one is wrong by the other, and which of them the venue applies is not known: the
 * pair is not traded.
 */
import type { Instrument, InstrumentDirectory } from '../../../market/instrument.ts';
import { formatDecimal } from '../../../money/money.ts';
import { amountUp } from '../wire/rounded-amount.ts';
import type { PairRow } from '../wire/venue-names.ts';

/** In what REST is stricter than the socket, in words; undefined when every order that suits the socket suits REST. */
export function disagreement(instrument: Instrument, row: PairRow, directory: InstrumentDirectory): string | undefined {
  const { pricePrecision, qtyPrecision, priceIncrement, qtyIncrement, qtyMin, costMin, quote } = instrument;
  const costDecimals = directory.assets[quote]?.precision ?? 0;
  const step = (decimals: number, precision: number) =>
    decimals >= precision ? 1n : 10n ** BigInt(precision - decimals);
  const atLeast = (text: string | null | undefined, decimals: number) => amountUp(text ?? '0', decimals, 'pair row');
  const tick = atLeast(row.tick_size, pricePrecision);
  const least = atLeast(row.ordermin, qtyPrecision);
  const cheapest = atLeast(row.costmin, costDecimals);
  const wants = (what: string, amount: bigint, socket: bigint, decimals: number) =>
    `REST wants ${what} ${formatDecimal(amount, decimals)}, the socket says ${formatDecimal(socket, decimals)}`;
  const price = (amount: bigint) => wants('prices in steps of', amount, priceIncrement, pricePrecision);
  if (tick > 0n && priceIncrement % tick !== 0n) return price(tick);
  const priceStep = step(row.pair_decimals, pricePrecision);
  if (priceIncrement % priceStep !== 0n) return price(priceStep);
  const qtyStep = step(row.lot_decimals, qtyPrecision);
  if (qtyIncrement % qtyStep !== 0n) return wants('quantities in steps of', qtyStep, qtyIncrement, qtyPrecision);
  if (least > qtyMin) return wants('a quantity of at least', least, qtyMin, qtyPrecision);
  return cheapest > costMin ? wants('a cost of at least', cheapest, costMin, costDecimals) : undefined;
}
