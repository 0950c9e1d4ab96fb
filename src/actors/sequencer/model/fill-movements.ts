/** What a fill moves: pure arithmetic on the venue's figures. */

import { assetReceived, assetSpent } from '../../../market/asset-graph.ts';
import type { AssetIndex, Instrument, InstrumentDirectory, OrderScale } from '../../../market/instrument.ts';
import { divideUp, negated, type Units, units } from '../../../money/money.ts';
import { powerOfTen } from '../../../money/rational.ts';
import { BUY, type Side } from '../../../money/side.ts';
import type { Fill } from '../../../venues/trading-port.ts';

export interface FillMovements {
  readonly spentAsset: AssetIndex;
  /** What leaves the account, a fee in that asset included. */
  readonly spentUnits: Units;
  readonly receivedAsset: AssetIndex;
  /** What comes into it, less a fee in that asset. */
  readonly receivedUnits: Units;
  readonly feeAsset: AssetIndex;
  readonly feeUnits: Units;
}

type Traded = Pick<Fill, 'qtyLots' | 'costUnits' | 'feeUnits' | 'feeAsset'>;

/**
 * The fee is taken in the asset that the venue says: one of the two, or another.
 * @param scale what the order's lots are counted in: not the instrument's, which can have changed since.
 */
export function fillMovements(
  instrument: Instrument,
  scale: OrderScale,
  side: Side,
  directory: InstrumentDirectory,
  fill: Traded,
): FillMovements {
  const [up, down] = powerOfTen((directory.assets[instrument.base]?.precision ?? 0) - scale.qtyPrecision);
  // The ledger rounds against us where lots are finer than its units.
  const baseUnits = side === BUY ? (fill.qtyLots * up) / down : divideUp(fill.qtyLots * up, down);
  const spentAsset = assetSpent(instrument, side);
  const receivedAsset = assetReceived(instrument, side);
  const [given, taken] = side === BUY ? [fill.costUnits, baseUnits] : [baseUnits, fill.costUnits];
  return {
    spentAsset,
    spentUnits: units(given + (fill.feeAsset === spentAsset ? fill.feeUnits : 0n)),
    receivedAsset,
    receivedUnits: units(taken - (fill.feeAsset === receivedAsset ? fill.feeUnits : 0n)),
    feeAsset: fill.feeAsset,
    feeUnits: fill.feeUnits,
  };
}

/** How each asset's balance changes. */
export function balanceChanges(moves: FillMovements): readonly (readonly [asset: AssetIndex, units: Units])[] {
  const { spentAsset, receivedAsset, feeAsset, feeUnits } = moves;
  const traded = [
    [spentAsset, negated(moves.spentUnits)],
    [receivedAsset, moves.receivedUnits],
  ] as const;
  const isThird = feeAsset !== spentAsset && feeAsset !== receivedAsset && feeUnits !== 0n;
  return isThird ? [...traded, [feeAsset, negated(feeUnits)]] : traded;
}
