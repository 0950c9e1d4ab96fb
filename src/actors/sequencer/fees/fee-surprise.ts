/**
 * What a fill's fee says of the rate that the account pays. Pure, in integers.
 *
 * The venue rounds the fee of every fill at its ledger's precision, which can be coarser than our unit: the figure itself
 * shows how coarse. A rate is only called dearer when no rounding explains it.
 */

import type { Instrument, InstrumentDirectory, OrderScale } from '../../../market/instrument.ts';
import { type PartsPerMillion, type Units, units } from '../../../money/money.ts';
import { powerOfTen } from '../../../money/rational.ts';
import type { Fill } from '../../../venues/trading-port.ts';

export type FeeJudgement =
  /** At the known rate, or below it. */
  | { readonly kind: 'expected' }
  /** Above it. `ppm` is the rate that the fill shows; above everything a fee can be, it is a million. */
  | { readonly kind: 'dearer'; readonly ppm: PartsPerMillion }
  /** In an asset that was not traded, or of nothing: it shows no rate. */
  | { readonly kind: 'not_comparable' };

const WHOLE_PPM = 1_000_000n;
/** No ledger rounds coarser than this many decimals. */
const COARSEST_DECIMALS = 2;

type Paid = Pick<Fill, 'qtyLots' | 'costUnits' | 'feeUnits' | 'feeAsset'>;

/** @param scale what the fill's lots are counted in. */
export function judgeFee(
  fill: Paid,
  knownPpm: number,
  instrument: Instrument,
  scale: OrderScale,
  directory: InstrumentDirectory,
): FeeJudgement {
  const traded = tradedUnits(fill, instrument, scale, directory);
  if (traded === undefined || traded <= 0n) return { kind: 'not_comparable' };
  const { feeUnits } = fill;
  const step = roundingStep(feeUnits, directory.assets[fill.feeAsset]?.precision ?? 0);
  // One step of the venue's rounding, and one unit of ours.
  if ((feeUnits - step - 1n) * WHOLE_PPM <= traded * BigInt(knownPpm)) return { kind: 'expected' };
  const ppm = (feeUnits * WHOLE_PPM) / traded;
  return { kind: 'dearer', ppm: Number(ppm < WHOLE_PPM ? ppm : WHOLE_PPM) as PartsPerMillion };
}

/** What was traded of the asset that the fee was taken in. */
function tradedUnits(
  { qtyLots, costUnits, feeAsset }: Paid,
  { base, quote }: Instrument,
  { qtyPrecision }: OrderScale,
  { assets }: InstrumentDirectory,
): Units | undefined {
  if (feeAsset === quote) return costUnits;
  if (feeAsset !== base) return undefined;
  const [up, down] = powerOfTen((assets[base]?.precision ?? 0) - qtyPrecision);
  return units((qtyLots * up) / down);
}

/** The coarsest decimal step that `units` is a multiple of, within what ledgers round to. */
function roundingStep(units: Units, precision: number): bigint {
  let step = 1n;
  const coarsest = 10n ** BigInt(Math.max(0, precision - COARSEST_DECIMALS));
  while (step < coarsest && units % (step * 10n) === 0n) step *= 10n;
  return step;
}
