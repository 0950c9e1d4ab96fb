/**
 * Takes over what earlier runs earned and lost, so that a limit holds over restarts of the process: each asset once, as soon
 * as the venue has listed it, which is before anything can be traded in it. Hours and days are counted by the venue's
 * clock, since ours may have been set between two runs: what was lost within them is taken over when the account has been
 * compared, and until then nothing is traded.
 */
import type { AssetIndex, InstrumentDirectory } from '../../market/instrument.ts';
import { largest, minus, negated, parseAmountDown, plus, type Units, units } from '../../money/money.ts';
import { writeAmount } from '../../shared/amount-field.ts';
import type { StoredLoss, StoredLosses } from '../../trading/stored-losses.ts';
import { addWithin, LOSS_WINDOWS, startOf } from './loss-windows.ts';
import { addToAsset, ofAsset } from './risk-ledger.ts';
import { ASSET_ENTRY, assetOffset, RISK_HEADER } from './risk-memory.ts';

/** What is taken over of an asset. */
const CARRIED = { nothing: 0, sums: 1, all: 2 } as const;

export interface Clocks {
  /** Wall time, ms. */
  readonly nowMs: number;
  /** How far our clock is ahead of the one that the losses were timed by, ms; undefined as long as that is not known. */
  readonly aheadMs: number | undefined;
}

const carried = (bank: DataView, asset: AssetIndex): number =>
  bank.getUint8(assetOffset(asset) + ASSET_ENTRY.isCarried);

/**
 * How far our clock is ahead of the venue's, as far as a comparison of the account has shown: at most so far, since the
 * comparison was asked for before it was reported. undefined: none has.
 */
export function aheadOfVenueMs(bank: DataView, nowMs: number, nowNs: number): number | undefined {
  const venueMs = bank.getFloat64(RISK_HEADER.venueMs, true);
  if (venueMs === 0) return undefined;
  return nowMs - (venueMs + (nowNs - bank.getFloat64(RISK_HEADER.venueStampNs, true)) / 1e6);
}

/** Whether there is something that was not taken over yet and can be. */
export function hasToCarry(
  bank: DataView,
  { assets }: StoredLosses,
  directory: InstrumentDirectory,
  { aheadMs }: Clocks,
): boolean {
  if (bank.getUint8(RISK_HEADER.areStreaksCarried) === 0) return true;
  return assets.some(({ asset: name }) => {
    const found = directory.assetNamed(name);
    return found !== undefined && carried(bank, found.index) < (aheadMs === undefined ? CARRIED.sums : CARRIED.all);
  });
}

/** Whether something was lost lately of which it is not known whether it was within this hour or day. */
export function hasUntimed(bank: DataView, { assets }: StoredLosses, directory: InstrumentDirectory): boolean {
  return assets.some(({ asset: name, recent }) => {
    const found = directory.assetNamed(name);
    return recent.length > 0 && found !== undefined && carried(bank, found.index) !== CARRIED.all;
  });
}

export function carryLosses(
  bank: DataView,
  stored: StoredLosses,
  directory: InstrumentDirectory,
  clocks: Clocks,
): void {
  if (bank.getUint8(RISK_HEADER.areStreaksCarried) === 0) {
    bank.setUint8(RISK_HEADER.areStreaksCarried, 1);
    bank.setFloat64(RISK_HEADER.losingPlans, stored.losingPlans, true);
    bank.setFloat64(RISK_HEADER.refusedInARow, stored.refusedOrders, true);
  }
  for (const loss of stored.assets) {
    const found = directory.assetNamed(loss.asset);
    if (found === undefined) continue;
    const { index, precision } = found;
    if (carried(bank, index) === CARRIED.nothing) carrySums(bank, index, loss, precision);
    if (carried(bank, index) === CARRIED.sums && clocks.aheadMs !== undefined)
      carryWindows(bank, index, loss, precision, clocks.nowMs, clocks.aheadMs);
  }
}

/** A person has resumed: what was before counts no more, whether it was taken over yet or not. */
export function forgetCarried(bank: DataView, asset: AssetIndex): void {
  bank.setUint8(assetOffset(asset) + ASSET_ENTRY.isCarried, CARRIED.all);
}

/** Results count from the start of the process: what was before lies below its zero. */
function carrySums(bank: DataView, asset: AssetIndex, loss: StoredLoss, precision: number): void {
  const amount = (text: string) => units(parseAmountDown(text, precision, loss.asset));
  const realised = amount(loss.realised);
  addToAsset(bank, asset, ASSET_ENTRY.baseUnits, negated(realised));
  const peak = largest(ofAsset(bank, asset, ASSET_ENTRY.peakUnits), minus(amount(loss.peak), realised));
  writeAmount(bank, assetOffset(asset) + ASSET_ENTRY.peakUnits, peak);
  addToAsset(bank, asset, ASSET_ENTRY.outsideUnits, amount(loss.outside));
  bank.setUint8(assetOffset(asset) + ASSET_ENTRY.isCarried, CARRIED.sums);
}

/** What seems to lie in the future counts too: a clock that disagrees must not hide it. */
function carryWindows(
  bank: DataView,
  asset: AssetIndex,
  loss: StoredLoss,
  precision: number,
  nowMs: number,
  aheadMs: number,
): void {
  for (const window of LOSS_WINDOWS) {
    const fromMs = startOf(window, nowMs) - aheadMs;
    const within = loss.recent.filter(({ endMs }) => endMs >= fromMs);
    const sum = within.reduce<Units>(
      (total, { amount }) => plus(total, units(parseAmountDown(amount, precision, loss.asset))),
      units(0n),
    );
    addWithin(bank, asset, window, sum, nowMs);
  }
  bank.setUint8(assetOffset(asset) + ASSET_ENTRY.isCarried, CARRIED.all);
}
