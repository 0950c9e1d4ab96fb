/** The limits on what plans have earned and what was lost besides: up to a limit is allowed, beyond it halts. */

import { type AssetIndex, assetIndex, type InstrumentDirectory } from '../../market/instrument.ts';
import { formatDecimal, largest, NO_UNITS, parseAmountDown, type Units, units } from '../../money/money.ts';
import type { Config } from '../../settings/config.ts';
import { writeAmount } from '../../shared/amount-field.ts';
import type { GateReason } from '../../trading/trading-gate.ts';
import { forgetCarried } from './carried-losses.ts';
import { clearWindows, unitsWithin } from './loss-windows.ts';
import { runningUnits } from './open-plans.ts';
import { ofAsset, resultUnits } from './risk-ledger.ts';
import { ASSET_ENTRY, assetOffset, RISK_HEADER } from './risk-memory.ts';

export interface AssetLimit {
  readonly asset: AssetIndex;
  readonly name: string;
  readonly precision: number;
  readonly lossMaxUnits: Units | undefined;
  /** Within the present hour and day, UTC. */
  readonly lossHourlyMaxUnits: Units | undefined;
  readonly lossDailyMaxUnits: Units | undefined;
  readonly drawdownMaxUnits: Units | undefined;
}

export interface Breach {
  readonly reason: GateReason;
  readonly text: string;
}

/** The limits of the assets known so far. One that names another asset is a reason of its own not to trade. */
export function assetLimits(risk: Config['risk'], directory: InstrumentDirectory): AssetLimit[] {
  const { loss_max, loss_hourly_max, loss_daily_max, drawdown_max } = risk;
  const names = new Set([loss_max, loss_hourly_max, loss_daily_max, drawdown_max].flatMap(Object.keys));
  return [...names].flatMap((name) => {
    const asset = directory.assetNamed(name);
    if (asset === undefined) return [];
    const { precision } = asset;
    const limit = (text: string | undefined) =>
      text === undefined ? undefined : units(parseAmountDown(text, precision, name));
    return {
      asset: asset.index,
      name,
      precision,
      lossMaxUnits: limit(loss_max[name]),
      lossHourlyMaxUnits: limit(loss_hourly_max[name]),
      lossDailyMaxUnits: limit(loss_daily_max[name]),
      drawdownMaxUnits: limit(drawdown_max[name]),
    };
  });
}

/** What halts beside the limits by asset. */
export interface StreakLimits {
  readonly losingPlansMax: number;
  readonly refusedOrdersMax: number;
}

/** The first limit that is broken. */
export function findBreach(
  bank: DataView,
  limits: readonly AssetLimit[],
  streaks: StreakLimits,
  nowMs: number,
): Breach | undefined {
  const { losingPlansMax: losingMax, refusedOrdersMax: refusedMax } = streaks;
  for (const limit of limits) {
    const breach = breachOf(bank, limit, nowMs);
    if (breach !== undefined) return breach;
  }
  const losing = bank.getFloat64(RISK_HEADER.losingPlans, true);
  if (losing > losingMax) {
    return { reason: 'loss_streak', text: `${losing} losing plans in a row, allowed ${losingMax}` };
  }
  const refused = bank.getFloat64(RISK_HEADER.refusedInARow, true);
  if (refused <= refusedMax) return undefined;
  return { reason: 'refused_orders', text: `${refused} orders refused in a row, allowed ${refusedMax}` };
}

function breachOf(bank: DataView, limit: AssetLimit, nowMs: number): Breach | undefined {
  const { asset, name, precision, lossMaxUnits, drawdownMaxUnits } = limit;
  // A loss counts while its plan is running, a gain when it has ended.
  const running = runningUnits(bank, asset);
  const realised = resultUnits(bank, asset) + running;
  const loss = ofAsset(bank, asset, ASSET_ENTRY.baseUnits) - realised;
  const drawdown = ofAsset(bank, asset, ASSET_ENTRY.peakUnits) - realised;
  const amounts = (units: Units, most: bigint) =>
    `${formatDecimal(units, precision)} ${name}, allowed ${formatDecimal(most, precision)}`;
  if (lossMaxUnits !== undefined && loss > lossMaxUnits) {
    return { reason: 'loss_limit', text: `lost ${amounts(units(loss), lossMaxUnits)}` };
  }
  for (const [window, most] of [
    ['hour', limit.lossHourlyMaxUnits],
    ['day', limit.lossDailyMaxUnits],
  ] as const) {
    const lost = -(unitsWithin(bank, asset, window, nowMs) + running);
    if (most !== undefined && lost > most)
      return { reason: 'loss_limit', text: `lost within the ${window} ${amounts(units(lost), most)}` };
  }
  if (drawdownMaxUnits !== undefined && drawdown > drawdownMaxUnits) {
    return { reason: 'drawdown_limit', text: `fell by ${amounts(units(drawdown), drawdownMaxUnits)}` };
  }
  return undefined;
}

/**
 * A person who resumes takes the loss so far upon himself: losses, drawdowns and the streaks count from here. Without
 * this a broken limit could only be left by restarting the process.
 */
export function restartCounting(bank: DataView, assets: number): void {
  bank.setFloat64(RISK_HEADER.resumedSeq, bank.getFloat64(RISK_HEADER.executionSeq, true), true);
  bank.setUint8(RISK_HEADER.areStreaksCarried, 1);
  bank.setFloat64(RISK_HEADER.losingPlans, 0, true);
  bank.setFloat64(RISK_HEADER.refusedInARow, 0, true);
  for (let index = 0; index < assets; index++) {
    const asset = assetIndex(index);
    const realised = ofAsset(bank, asset, ASSET_ENTRY.realisedUnits);
    writeAmount(bank, assetOffset(asset) + ASSET_ENTRY.baseUnits, realised);
    writeAmount(bank, assetOffset(asset) + ASSET_ENTRY.peakUnits, realised);
    const outside = largest(NO_UNITS, ofAsset(bank, asset, ASSET_ENTRY.outsideUnits));
    writeAmount(bank, assetOffset(asset) + ASSET_ENTRY.outsideUnits, outside);
    clearWindows(bank, asset);
    forgetCarried(bank, asset);
  }
}
