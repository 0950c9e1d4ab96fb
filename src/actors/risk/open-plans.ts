/**
 * The plans at work as risk sees them: what each reserved, gained and holds by its fills, and what it would come to at the
 * books. So a loss counts while its plan is running, not only when it ends.
 */

import type { BookTable } from '../../market/book-table.ts';
import { type AssetIndex, assetIndex, type InstrumentDirectory } from '../../market/instrument.ts';
import { worthWithin } from '../../market/worth.ts';
import { EXECUTION, PLAN_REASONS, PLANS_MAX } from '../../messages/execution-message.ts';
import { plus, smaller, type Units, units } from '../../money/money.ts';
import { addAmount, writeAmount } from '../../shared/amount-field.ts';
import { OPEN_PLAN, openPlanOffset } from './risk-memory.ts';

const FLATTEN_REASON = PLAN_REASONS.indexOf('flatten');

/** Offsets of the places that hold a plan. */
function* openOffsets(bank: DataView): Generator<number> {
  for (let index = 0; index < PLANS_MAX; index++) {
    const at = openPlanOffset(index);
    if (bank.getFloat64(at + OPEN_PLAN.plan, true) !== 0) yield at;
  }
}

/** Plans opened and not ended. */
export const openPlans = (bank: DataView): number => [...openOffsets(bank)].length;

/** Units of `asset` that open plans have reserved and not yet spent. */
export function reservedUnits(bank: DataView, asset: AssetIndex): Units {
  let sum = 0n;
  for (const at of openOffsets(bank)) {
    if (startAssetAt(bank, at) === asset) sum += bank.getBigInt64(at + OPEN_PLAN.reservedUnits, true);
  }
  return units(sum);
}

/** Units of `asset` that open plans which start from it have lost so far. 0 or less; what others gain is not set against it. */
export function runningUnits(bank: DataView, asset: AssetIndex): Units {
  let sum = 0n;
  for (const at of openOffsets(bank)) {
    if (startAssetAt(bank, at) === asset) sum += smaller(0n, bank.getBigInt64(at + OPEN_PLAN.resultUnits, true));
  }
  return units(sum);
}

export function openPlan(bank: DataView, slots: DataView, offset: number): void {
  const at = freePlace(bank);
  if (at === undefined) return; // more open plans than can be: what they reserve is shown too low, nothing else
  for (let byte = 0; byte < OPEN_PLAN.SIZE; byte++) bank.setUint8(at + byte, 0);
  for (const [to, from] of NAME) bank.setFloat64(at + to, slots.getFloat64(offset + from, true), true);
  bank.setUint16(at + OPEN_PLAN.asset, assetIndex(slots.getUint16(offset + EXECUTION.startAsset, true)), true);
  writeAmount(bank, at + OPEN_PLAN.reservedUnits, slots.getBigInt64(offset + EXECUTION.startUnits, true));
  writeAmount(bank, at + OPEN_PLAN.gainedUnits, slots.getBigInt64(offset + EXECUTION.markUnits, true));
  bank.setUint8(
    at + OPEN_PLAN.isFlattening,
    Number(slots.getUint16(offset + EXECUTION.reason, true) === FLATTEN_REASON),
  );
  for (let leg = 0; leg < OPEN_PLAN.INSTRUMENTS; leg++) {
    const instrument = slots.getUint32(offset + EXECUTION.legInstruments + leg * 4, true);
    bank.setUint32(at + OPEN_PLAN.instruments + leg * 4, instrument, true);
  }
}

/** Books what a plan took over of the exposure: with it begins what it holds. */
export function bookTakenOver(bank: DataView, slots: DataView, offset: number): void {
  const at = placeOf(bank, slots, offset);
  const asset = assetIndex(slots.getUint16(offset + EXECUTION.startAsset, true));
  if (at !== undefined) move(bank, at, asset, units(-slots.getBigInt64(offset + EXECUTION.amountUnits, true)));
}

/** What plans that flatten have yet to sell, or (negative) to buy. */
export function flatteningHoldings(bank: DataView): readonly { readonly asset: AssetIndex; readonly units: Units }[] {
  return [...openOffsets(bank)]
    .filter((at) => bank.getUint8(at + OPEN_PLAN.isFlattening) === 1)
    .flatMap((at) => [...holdingsAt(bank, at)]);
}

export function closePlan(bank: DataView, slots: DataView, offset: number): void {
  const at = placeOf(bank, slots, offset);
  if (at !== undefined) bank.setFloat64(at + OPEN_PLAN.plan, 0, true);
}

/** Books a fill into its plan, when that is at work. A fee in a third asset counts when the plan ends. */
export function bookPlanFill(bank: DataView, slots: DataView, offset: number): void {
  const at = placeOf(bank, slots, offset);
  if (at === undefined) return;
  const int64 = (field: number) => slots.getBigInt64(offset + field, true);
  const spentAsset = assetIndex(slots.getUint16(offset + EXECUTION.spentAsset, true));
  move(bank, at, spentAsset, units(-int64(EXECUTION.spentUnits)));
  move(
    bank,
    at,
    assetIndex(slots.getUint16(offset + EXECUTION.receivedAsset, true)),
    units(int64(EXECUTION.receivedUnits)),
  );
  // The first leg has spent what was reserved; what it left over is free again.
  if (spentAsset === startAssetAt(bank, at)) writeAmount(bank, at + OPEN_PLAN.reservedUnits, 0n);
}

/** Values every open plan at the books. One that no book values keeps what was known of it last. */
export function markPlans(bank: DataView, directory: InstrumentDirectory, books: BookTable): void {
  for (const at of openOffsets(bank)) {
    const result = resultAt(bank, at, directory, books);
    if (result !== undefined) writeAmount(bank, at + OPEN_PLAN.resultUnits, result);
  }
}

function resultAt(bank: DataView, at: number, directory: InstrumentDirectory, books: BookTable): Units | undefined {
  const pairs = Array.from({ length: OPEN_PLAN.INSTRUMENTS }, (_, leg) =>
    bank.getUint32(at + OPEN_PLAN.instruments + leg * 4, true),
  ).flatMap((instrument) => directory.instruments[instrument] ?? []);
  let result = units(bank.getBigInt64(at + OPEN_PLAN.gainedUnits, true));
  for (const { asset, units: held } of holdingsAt(bank, at)) {
    const worth = worthWithin(held, asset, startAssetAt(bank, at), pairs, directory, books);
    if (worth === undefined) return undefined;
    result = plus(result, worth);
  }
  return result;
}

function* holdingsAt(bank: DataView, at: number): Generator<{ readonly asset: AssetIndex; readonly units: Units }> {
  for (let index = 0; index < OPEN_PLAN.HOLDINGS; index++) {
    const holding = at + OPEN_PLAN.holdings + index * OPEN_PLAN.HOLDING_BYTES;
    const place = bank.getUint32(holding, true); // asset plus 1
    const held = units(bank.getBigInt64(holding + 8, true));
    if (place > 0 && held !== 0n) yield { asset: assetIndex(place - 1), units: held };
  }
}

function move(bank: DataView, at: number, asset: AssetIndex, units: Units): void {
  const add = (field: number) => addAmount(bank, field, units);
  if (asset === startAssetAt(bank, at)) {
    add(at + OPEN_PLAN.gainedUnits);
    return;
  }
  for (let index = 0; index < OPEN_PLAN.HOLDINGS; index++) {
    const holding = at + OPEN_PLAN.holdings + index * OPEN_PLAN.HOLDING_BYTES;
    const known = bank.getUint32(holding, true);
    if (known !== 0 && known !== asset + 1) continue;
    bank.setUint32(holding, asset + 1, true);
    add(holding + 8);
    return;
  }
}

const startAssetAt = (bank: DataView, at: number): AssetIndex => assetIndex(bank.getUint16(at + OPEN_PLAN.asset, true));

/** A plan's number begins at 1 in every run: together with the run it names the plan. */
const NAME = [
  [OPEN_PLAN.plan, EXECUTION.plan],
  [OPEN_PLAN.runMs, EXECUTION.runMs],
] as const;

/** Where the plan that an execution is of is noted. Those of earlier runs are not. */
function placeOf(bank: DataView, slots: DataView, offset: number): number | undefined {
  for (const at of openOffsets(bank)) {
    if (NAME.every(([to, from]) => bank.getFloat64(at + to, true) === slots.getFloat64(offset + from, true))) return at;
  }
  return undefined;
}

function freePlace(bank: DataView): number | undefined {
  for (let index = 0; index < PLANS_MAX; index++) {
    const at = openPlanOffset(index);
    if (bank.getFloat64(at + OPEN_PLAN.plan, true) === 0) return at;
  }
  return undefined;
}
