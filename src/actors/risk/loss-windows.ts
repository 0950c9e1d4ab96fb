/**
 * What each asset has earned or lost within the present hour and day, in UTC. A window only moves forward: a clock that is
 * set back does not begin one again.
 */

import type { AssetIndex } from '../../market/instrument.ts';
import type { Units } from '../../money/money.ts';
import { writeAmount } from '../../shared/amount-field.ts';
import { DAY_MS, HOUR_MS } from '../../trading/stored-losses.ts';
import { ASSET_ENTRY, assetOffset } from './risk-memory.ts';

const WINDOWS = {
  hour: { lengthMs: HOUR_MS, start: ASSET_ENTRY.hourMs, units: ASSET_ENTRY.hourUnits },
  day: { lengthMs: DAY_MS, start: ASSET_ENTRY.dayMs, units: ASSET_ENTRY.dayUnits },
} as const;
export type LossWindow = keyof typeof WINDOWS;
export const LOSS_WINDOWS = ['hour', 'day'] as const satisfies readonly LossWindow[];

/** What `asset` came to within the window that `nowMs` lies in; negative: lost. */
export function unitsWithin(bank: DataView, asset: AssetIndex, window: LossWindow, nowMs: number): bigint {
  const { start, units } = WINDOWS[window];
  const at = assetOffset(asset);
  return bank.getFloat64(at + start, true) < startOf(window, nowMs) ? 0n : bank.getBigInt64(at + units, true);
}

/** Adds a result of `asset`, of now. */
export function addToWindows(bank: DataView, asset: AssetIndex, units: Units, nowMs: number): void {
  if (units === 0n) return;
  addWithin(bank, asset, 'hour', units, nowMs);
  addWithin(bank, asset, 'day', units, nowMs);
}

export function addWithin(bank: DataView, asset: AssetIndex, window: LossWindow, units: Units, nowMs: number): void {
  const at = assetOffset(asset);
  const { start, units: field } = WINDOWS[window];
  writeAmount(bank, at + field, unitsWithin(bank, asset, window, nowMs) + units);
  bank.setFloat64(at + start, Math.max(bank.getFloat64(at + start, true), startOf(window, nowMs)), true);
}

/** Nothing was lost within the present hour and day. */
export function clearWindows(bank: DataView, asset: AssetIndex): void {
  const at = assetOffset(asset);
  for (const { units } of Object.values(WINDOWS)) writeAmount(bank, at + units, 0n);
}

/** When the window began that `nowMs` lies in. */
export const startOf = (window: LossWindow, nowMs: number): number => {
  const { lengthMs } = WINDOWS[window];
  return Math.floor(nowMs / lengthMs) * lengthMs;
};
