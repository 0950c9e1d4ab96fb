/** What the paper account holds: what the settings gave it, and every fill since. Without an inventory it has no limit. */

import type { AssetIndex, InstrumentDirectory } from '../../../market/instrument.ts';
import { parseAmountDown, type Units, units } from '../../../money/money.ts';
import type { Config } from '../../../settings/config.ts';
import { addAmount } from '../../../shared/amount-field.ts';
import { balanceOffset } from '../journal/sequencer-memory.ts';

type InventorySettings = Config['paper']['inventory'];

/** Units of `asset` that are neither spent nor taken; undefined when the account has no limit. */
export function availableUnits(
  asset: AssetIndex,
  settings: InventorySettings,
  bank: DataView,
  takenUnits: Units,
  directory: InstrumentDirectory,
): Units | undefined {
  if (Object.keys(settings).length === 0) return undefined;
  const { id, precision } = directory.assets[asset] ?? { id: '', precision: 0 };
  const given = Object.hasOwn(settings, id) ? parseAmountDown(settings[id] ?? '0', precision, id) : 0n;
  return units(given + bank.getBigInt64(balanceOffset(asset), true) - takenUnits);
}

/** Books a change of the balance of `asset`. */
export function changeBalance(bank: DataView, asset: AssetIndex, units: Units): void {
  const at = balanceOffset(asset);
  addAmount(bank, at, units);
}
