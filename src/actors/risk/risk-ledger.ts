/**
 * Books executions into risk's memory: positions, reserved amounts, realised profit, peaks and the losing streak, orders,
 * exposure and dust. Plain integer arithmetic on bytes; an execution that was booked already changes nothing.
 */

import { type AssetIndex, assetIndex } from '../../market/instrument.ts';
import {
  EXECUTION,
  EXECUTION_EVENT,
  EXPOSURE_REASONS,
  ORDER_OUTCOMES,
  type OrderOutcome,
  PLAN_OUTCOMES,
  type PlanOutcome,
} from '../../messages/execution-message.ts';
import { largest, plus, type Units, units } from '../../money/money.ts';
import { addAmount, writeAmount } from '../../shared/amount-field.ts';
import { outsideChange } from '../../trading/stored-losses.ts';
import { bookPlanFill, bookTakenOver, closePlan, openPlan } from './open-plans.ts';
import { ASSET_ENTRY, assetOffset, RISK_HEADER } from './risk-memory.ts';

export interface Booked {
  /** False when it had been booked before. */
  readonly isNew: boolean;
  /** Something was left that no plan will sell, or it is not known how a plan ended. */
  readonly stranded: boolean;
  /** The venue said what cannot be true. */
  readonly misreported: boolean;
}

const NOTHING_NEW: Booked = { isNew: false, stranded: false, misreported: false };
const BOOKED: Booked = { isNew: true, stranded: false, misreported: false };
const STRANDED: Booked = { ...BOOKED, stranded: true };
const MISREPORTED: Booked = { ...BOOKED, misreported: true };

/** Of a plan that ended so; or of one that had ended, when a fill came that no plan will close out. */
const STRANDED_REASON = EXPOSURE_REASONS.indexOf('stranded');
/** What a plan has taken over to bring it home. */
const FLATTENED_REASON = EXPOSURE_REASONS.indexOf('flattened');

/** Outcomes that leave nothing behind; any other, also one that is not known, may have stranded something. */
const HARMLESS: ReadonlySet<PlanOutcome | undefined> = new Set(['completed', 'abandoned', 'unwound'] as const);

/** Books the execution at `offset` of `slots` into `bank`. */
export function bookExecution(bank: DataView, slots: DataView, offset: number): Booked {
  const seq = slots.getFloat64(offset + EXECUTION.executionSeq, true);
  if (seq <= bank.getFloat64(RISK_HEADER.executionSeq, true)) return NOTHING_NEW;
  bank.setFloat64(RISK_HEADER.executionSeq, seq, true);
  bank.setFloat64(RISK_HEADER.executions, bank.getFloat64(RISK_HEADER.executions, true) + 1, true);
  switch (slots.getUint8(offset + EXECUTION.event)) {
    case EXECUTION_EVENT.PLAN_OPENED:
      openPlan(bank, slots, offset);
      return BOOKED;
    case EXECUTION_EVENT.FILL:
      bookFill(bank, slots, offset);
      return BOOKED;
    case EXECUTION_EVENT.ORDER_MISREPORTED:
      return MISREPORTED;
    case EXECUTION_EVENT.PLAN_ENDED:
      return bookEnd(bank, slots, offset);
    case EXECUTION_EVENT.EXPOSURE:
      addToAsset(bank, ...amountOf(slots, offset, ASSET_ENTRY.exposureUnits));
      bookOutside(bank, slots, offset);
      if (slots.getUint8(offset + EXECUTION.exposureReason) === FLATTENED_REASON) bookTakenOver(bank, slots, offset);
      return slots.getUint8(offset + EXECUTION.exposureReason) === STRANDED_REASON ? STRANDED : BOOKED;
    case EXECUTION_EVENT.DUST:
      addToAsset(bank, ...amountOf(slots, offset, ASSET_ENTRY.dustUnits));
      return BOOKED;
    case EXECUTION_EVENT.BALANCE:
      bookBalance(bank, slots, offset);
      return BOOKED;
    case EXECUTION_EVENT.READING:
      bank.setFloat64(RISK_HEADER.venueMs, Number(slots.getBigInt64(offset + EXECUTION.amountUnits, true)), true);
      bank.setFloat64(RISK_HEADER.venueStampNs, slots.getFloat64(offset + EXECUTION.stampNs, true), true);
      return BOOKED;
    case EXECUTION_EVENT.TAKEN_OVER:
      takeOver(bank, slots, offset);
      return BOOKED;
    default:
      bookOrder(bank, slots, offset);
      return BOOKED;
  }
}

function amountOf(slots: DataView, offset: number, field: number): [asset: AssetIndex, field: number, amount: bigint] {
  const asset = assetIndex(slots.getUint16(offset + EXECUTION.startAsset, true));
  return [asset, field, slots.getBigInt64(offset + EXECUTION.amountUnits, true)];
}

/** What no plan's profit contains. A deposit makes up for what is missing, and for no later loss. */
function bookOutside(bank: DataView, slots: DataView, offset: number): void {
  const [asset, field, amount] = amountOf(slots, offset, ASSET_ENTRY.outsideUnits);
  const reason = EXPOSURE_REASONS[slots.getUint8(offset + EXECUTION.exposureReason)] ?? 'none';
  addToAsset(bank, asset, field, outsideChange(ofAsset(bank, asset, field), amount, reason));
}

/** Units of `asset` lost outside plans: late fills, deviations, fees that no plan brings back. 0 or more. */
export const lostOutside = (bank: DataView, asset: AssetIndex): Units =>
  units(largest(0n, -ofAsset(bank, asset, ASSET_ENTRY.outsideUnits)));

/** What plans and everything else have come to in `asset` since the process started. */
export const resultUnits = (bank: DataView, asset: AssetIndex): Units =>
  units(ofAsset(bank, asset, ASSET_ENTRY.realisedUnits) - lostOutside(bank, asset));

/** From here on the account holds so much: all that was booked up to now is part of it. */
function bookBalance(bank: DataView, slots: DataView, offset: number): void {
  const [asset, , amount] = amountOf(slots, offset, ASSET_ENTRY.openingUnits);
  const at = assetOffset(asset);
  writeAmount(bank, at + ASSET_ENTRY.openingUnits, amount - ofAsset(bank, asset, ASSET_ENTRY.positionUnits));
  bank.setUint8(at + ASSET_ENTRY.isOpened, 1);
}

/** What earlier runs left of an asset: as it is, so that a repeated message changes nothing. */
function takeOver(bank: DataView, slots: DataView, offset: number): void {
  bookBalance(bank, slots, offset);
  const at = assetOffset(assetIndex(slots.getUint16(offset + EXECUTION.startAsset, true)));
  const copy = (from: number, to: number) => writeAmount(bank, at + to, slots.getBigInt64(offset + from, true));
  copy(EXECUTION.exposureUnits, ASSET_ENTRY.exposureUnits);
  copy(EXECUTION.dustUnits, ASSET_ENTRY.dustUnits);
}

/** What the account was reported to hold of `asset`, and every change since; undefined before the first report. */
export function accountUnits(bank: DataView, asset: AssetIndex): Units | undefined {
  if (bank.getUint8(assetOffset(asset) + ASSET_ENTRY.isOpened) === 0) return undefined;
  return plus(ofAsset(bank, asset, ASSET_ENTRY.openingUnits), ofAsset(bank, asset, ASSET_ENTRY.positionUnits));
}

/** Counts what became of orders. */
function bookOrder(bank: DataView, slots: DataView, offset: number): void {
  const event = slots.getUint8(offset + EXECUTION.event);
  if (event === EXECUTION_EVENT.ORDER_SENT) {
    count(bank, RISK_HEADER.ordersSent, 1);
    count(bank, RISK_HEADER.ordersOut, 1);
  } else if (event === EXECUTION_EVENT.ORDER_TAKEN_OVER) {
    count(bank, RISK_HEADER.ordersOut, 1);
  } else if (event === EXECUTION_EVENT.ORDER_UNCERTAIN) {
    count(bank, RISK_HEADER.ordersUncertain, 1);
  } else if (event === EXECUTION_EVENT.ORDER_ENDED) {
    endOrder(bank, ORDER_OUTCOMES[slots.getUint8(offset + EXECUTION.orderOutcome)]);
  }
}

/** An order that the venue took ends a row of refusals, with any outcome. */
function endOrder(bank: DataView, outcome: OrderOutcome | undefined): void {
  if (bank.getFloat64(RISK_HEADER.ordersOut, true) > 0) count(bank, RISK_HEADER.ordersOut, -1);
  if (outcome === 'refused') {
    count(bank, RISK_HEADER.ordersRefused, 1);
    count(bank, RISK_HEADER.refusedInARow, 1);
  } else if (outcome === 'absent') {
    count(bank, RISK_HEADER.ordersAbsent, 1);
  } else {
    bank.setFloat64(RISK_HEADER.refusedInARow, 0, true);
  }
}

function count(bank: DataView, field: number, by: number): void {
  bank.setFloat64(field, bank.getFloat64(field, true) + by, true);
}

/** Adds to an i64 of an asset's entry. */
export function addToAsset(bank: DataView, asset: AssetIndex, field: number, amount: bigint): void {
  const at = assetOffset(asset) + field;
  addAmount(bank, at, units(amount));
}

export const ofAsset = (bank: DataView, asset: AssetIndex, field: number): Units =>
  units(bank.getBigInt64(assetOffset(asset) + field, true));

function bookFill(bank: DataView, slots: DataView, offset: number): void {
  const spentAsset = assetIndex(slots.getUint16(offset + EXECUTION.spentAsset, true));
  const spent = slots.getBigInt64(offset + EXECUTION.spentUnits, true);
  const receivedAsset = assetIndex(slots.getUint16(offset + EXECUTION.receivedAsset, true));
  addToAsset(bank, spentAsset, ASSET_ENTRY.positionUnits, -spent);
  addToAsset(bank, receivedAsset, ASSET_ENTRY.positionUnits, slots.getBigInt64(offset + EXECUTION.receivedUnits, true));
  const feeAsset = assetIndex(slots.getUint16(offset + EXECUTION.feeAsset, true));
  if (feeAsset !== spentAsset && feeAsset !== receivedAsset) {
    addToAsset(bank, feeAsset, ASSET_ENTRY.positionUnits, -slots.getBigInt64(offset + EXECUTION.feeUnits, true));
  }
  bookPlanFill(bank, slots, offset);
}

function bookEnd(bank: DataView, slots: DataView, offset: number): Booked {
  const asset = assetIndex(slots.getUint16(offset + EXECUTION.startAsset, true));
  // Dust, which costs or is worth something, and fees in other assets count like any other result.
  const mark = slots.getBigInt64(offset + EXECUTION.markUnits, true);
  const profit = slots.getBigInt64(offset + EXECUTION.profitUnits, true) + mark;
  closePlan(bank, slots, offset);
  addToAsset(bank, asset, ASSET_ENTRY.realisedUnits, profit);
  const realised = ofAsset(bank, asset, ASSET_ENTRY.realisedUnits);
  if (realised > ofAsset(bank, asset, ASSET_ENTRY.peakUnits)) {
    writeAmount(bank, assetOffset(asset) + ASSET_ENTRY.peakUnits, realised);
  }
  if (profit !== 0n) countStreak(bank, profit < 0n);
  return HARMLESS.has(PLAN_OUTCOMES[slots.getUint8(offset + EXECUTION.outcome)]) ? BOOKED : STRANDED;
}

/** A plan that gained ends the streak; one that came to exactly nothing leaves it as it is. */
function countStreak(bank: DataView, lost: boolean): void {
  const losing = lost ? bank.getFloat64(RISK_HEADER.losingPlans, true) + 1 : 0;
  bank.setFloat64(RISK_HEADER.losingPlans, losing, true);
}
