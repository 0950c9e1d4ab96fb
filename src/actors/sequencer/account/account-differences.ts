/** What a reading of the account says that we did not expect. Pure. */

import type { AssetIndex, InstrumentDirectory } from '../../../market/instrument.ts';
import { divideUp, minus, NO_UNITS, type Units, units } from '../../../money/money.ts';
import { powerOfTen } from '../../../money/rational.ts';
import { decodeClientOrderId } from '../../../trading/client-order-id.ts';
import type { AccountReading, OrderReading } from '../../../venues/trading-port.ts';

/** Whether an order is of this program, of whichever run. */
export const isOwn = ({ clOrdId }: Pick<OrderReading, 'clOrdId'>): boolean =>
  clOrdId !== undefined && decodeClientOrderId(clOrdId) !== undefined;

/** Venue's balance less the expected one, of every asset in which they differ. What cannot be counted is not compared. */
export function deviations(
  { balances, uncountable }: AccountReading,
  { assets }: InstrumentDirectory,
  expected: (asset: AssetIndex) => Units,
): ReadonlyMap<AssetIndex, Units> {
  const totals = new Map(balances.map(({ asset, totalUnits }) => [asset, totalUnits]));
  const found = new Map<AssetIndex, Units>();
  for (const { index } of assets) {
    if (uncountable.includes(index)) continue;
    const deviation = minus(totals.get(index) ?? NO_UNITS, expected(index));
    if (deviation !== 0n) found.set(index, deviation);
  }
  return found;
}

/**
 * The smallest amount of an asset, in its units, that some pair would take; undefined when none would. What is below is
 * dust.
 */
export function smallestOrderUnits(asset: AssetIndex, { assets, instruments }: InstrumentDirectory): Units | undefined {
  let least: Units | undefined;
  const take = (amount: Units) => {
    if (least === undefined || amount < least) least = amount;
  };
  for (const { base, quote, qtyMin, qtyPrecision, costMin } of instruments) {
    if (base === asset) {
      const [up, down] = powerOfTen((assets[asset]?.precision ?? 0) - qtyPrecision);
      take(units(divideUp(qtyMin * up, down)));
    }
    if (quote === asset) take(costMin);
  }
  return least;
}
