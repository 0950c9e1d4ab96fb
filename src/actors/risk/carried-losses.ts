/**
 * Takes over what earlier runs earned and lost, so that a limit holds over restarts of the process: each asset once, as soon
 * as the venue has listed it, which is before anything can be traded in it.
 */

import type { AssetIndex, InstrumentDirectory } from '../../market/instrument.ts';
import { largest, minus, negated, parseAmountDown, units } from '../../money/money.ts';
import { writeAmount } from '../../shared/amount-field.ts';
import type { StoredLoss, StoredLosses } from '../../trading/stored-losses.ts';
import { addWithin } from './loss-windows.ts';
import { addToAsset, ofAsset } from './risk-ledger.ts';
import { ASSET_ENTRY, assetOffset, RISK_HEADER } from './risk-memory.ts';

const isCarried = (bank: DataView, asset: AssetIndex): boolean =>
  bank.getUint8(assetOffset(asset) + ASSET_ENTRY.isCarried) === 1;

/** Whether there is something that was not taken over yet and can be. */
export function hasToCarry(bank: DataView, { assets }: StoredLosses, directory: InstrumentDirectory): boolean {
  if (bank.getUint8(RISK_HEADER.areStreaksCarried) === 0) return true;
  return assets.some(({ asset: name }) => {
    const found = directory.assetNamed(name);
    return found !== undefined && !isCarried(bank, found.index);
  });
}

export function carryLosses(bank: DataView, stored: StoredLosses, directory: InstrumentDirectory): void {
  if (bank.getUint8(RISK_HEADER.areStreaksCarried) === 0) {
    bank.setUint8(RISK_HEADER.areStreaksCarried, 1);
    bank.setFloat64(RISK_HEADER.losingPlans, stored.losingPlans, true);
    bank.setFloat64(RISK_HEADER.refusedInARow, stored.refusedOrders, true);
  }
  for (const loss of stored.assets) {
    const found = directory.assetNamed(loss.asset);
    if (found === undefined || isCarried(bank, found.index)) continue;
    carry(bank, found.index, loss, found.precision, stored.atMs);
  }
}

/** A person has resumed: what was before counts no more, whether it was taken over yet or not. */
export function forgetCarried(bank: DataView, asset: AssetIndex): void {
  bank.setUint8(assetOffset(asset) + ASSET_ENTRY.isCarried, 1);
}

/** Results count from the start of the process: what was before lies below its zero. */
function carry(bank: DataView, asset: AssetIndex, loss: StoredLoss, precision: number, atMs: number): void {
  const amount = (text: string) => units(parseAmountDown(text, precision, loss.asset));
  const realised = amount(loss.realised);
  addToAsset(bank, asset, ASSET_ENTRY.baseUnits, negated(realised));
  const peak = largest(ofAsset(bank, asset, ASSET_ENTRY.peakUnits), minus(amount(loss.peak), realised));
  writeAmount(bank, assetOffset(asset) + ASSET_ENTRY.peakUnits, peak);
  addToAsset(bank, asset, ASSET_ENTRY.outsideUnits, amount(loss.outside));
  addWithin(bank, asset, 'hour', amount(loss.hour), atMs);
  addWithin(bank, asset, 'day', amount(loss.day), atMs);
  bank.setUint8(assetOffset(asset) + ASSET_ENTRY.isCarried, 1);
}
