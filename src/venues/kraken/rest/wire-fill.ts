/**
 * A fill of the venue in our integers. What does not fit is rounded against us: a quantity bought down and one sold up, a
 * price and a cost bought up and sold down, a fee up. That quantity or price do not fit is said; costs and fees the venue
 * reports with more decimals than its ledger books.
 */

import type { AssetIndex, Instrument, InstrumentDirectory } from '../../../market/instrument.ts';
import { EXECUTION } from '../../../messages/execution-message.ts';
import { lots, ticks, units } from '../../../money/money.ts';
import { BUY, type Side } from '../../../money/side.ts';
import { wallMs } from '../../../platform/time.ts';
import type { Fill } from '../../trading-port.ts';
import type { FillText } from '../private/execution-report.ts';
import { isCountable, type RoundedAmount, roundedAmount, roundedProduct } from '../wire/rounded-amount.ts';

export interface ReadFill {
  readonly fill: Fill;
  /** What could not be taken over exactly. Empty when all is as the venue says. */
  readonly notes: readonly string[];
}

/** How far the time of a fill is ahead of the venue's clock at most. A later one would make those that follow it seem old. */
const AHEAD_MAX_MS = 86_400_000;

/**
 * Whether the records hold an id of a fill whole. Cut short it would not be known again after a restart, and be booked
 * twice.
 */
export function isKeepable(execId: string): boolean {
  return execId.length <= EXECUTION.EXEC_ID_BYTES && /^[\x21-\x7e]+$/.test(execId);
}

/**
 * Reads a fill of an order of `side`; `why` it cannot be booked otherwise. Without its fee it cannot: assuming none would
 * book a profit that is not there.
 * @param venueMs the venue's time now: stands in for a time that the venue did not report, or cannot mean.
 */
export function readFill(
  text: FillText,
  instrument: Instrument,
  side: Side,
  directory: InstrumentDirectory,
  venueMs: number,
): ReadFill | { readonly why: string } {
  if (text.fees === undefined) return { why: 'came without its fee' };
  if (!isKeepable(text.execId)) return { why: 'has an id that the records cannot hold' };
  const notes: string[] = [];
  const exactly = (what: string, { value, isExact }: RoundedAmount): bigint => {
    if (!isExact) notes.push(`fill ${text.execId}: ${what} does not fit and was rounded against us`);
    return value;
  };
  const isBuy = side === BUY;
  const read = (what: 'qty' | 'price', decimals: number, rounding: 'up' | 'down'): bigint =>
    exactly(`${what} ${text[what]}`, roundedAmount(text[what], decimals, rounding, what));
  const fill: Fill = {
    execId: text.execId,
    qtyLots: lots(read('qty', instrument.qtyPrecision, isBuy ? 'down' : 'up')),
    priceTicks: ticks(read('price', instrument.pricePrecision, isBuy ? 'up' : 'down')),
    costUnits: units(costOf(text, isBuy ? 'up' : 'down', precisionOf(instrument.quote, directory))),
    ...feeOf(text, instrument, directory, notes),
    atMs: wallMs(text.atMs <= venueMs + AHEAD_MAX_MS ? text.atMs : venueMs),
  };
  const { qtyLots, priceTicks, costUnits, feeUnits } = fill;
  const isBookable = [qtyLots, priceTicks, costUnits, feeUnits].every(isCountable);
  return isBookable && qtyLots > 0n ? { fill, notes } : { why: 'is of no amount that can be booked' };
}

function precisionOf(asset: AssetIndex, directory: InstrumentDirectory): number {
  return directory.assets[asset]?.precision ?? 0;
}

function costOf({ cost, price, qty }: FillText, rounding: 'up' | 'down', decimals: number): bigint {
  if (cost === undefined) return roundedProduct(price, qty, decimals, rounding, 'cost');
  return roundedAmount(cost, decimals, rounding, 'cost').value;
}

/** A fill carries one fee. Of several assets the first that is known counts; the others are said, and show as deviations. */
function feeOf(
  { fees = [], execId }: FillText,
  instrument: Instrument,
  directory: InstrumentDirectory,
  notes: string[],
): Pick<Fill, 'feeUnits' | 'feeAsset' | 'feeElsewhere'> {
  const elsewhere: string[] = [];
  let feeUnits = 0n;
  let feeAsset: AssetIndex | undefined;
  for (const { asset: name, qty } of fees) {
    const asset = directory.assetNamed(name);
    const { value } = roundedAmount(qty, asset?.precision ?? 0, 'up', 'fee');
    if (value === 0n) continue;
    if (asset === undefined) elsewhere.push(`${qty} ${name}`);
    if (asset === undefined || (feeAsset !== undefined && feeAsset !== asset.index)) {
      notes.push(`fill ${execId}: a fee of ${qty} ${name} is not booked with it`);
      continue;
    }
    feeAsset = asset.index;
    feeUnits += value;
  }
  const fee = { feeUnits: units(feeUnits), feeAsset: feeAsset ?? instrument.quote };
  return elsewhere.length === 0 ? fee : { ...fee, feeElsewhere: elsewhere.join(', ') };
}
