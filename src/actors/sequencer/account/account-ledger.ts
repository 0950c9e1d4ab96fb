/**
 * What the account is expected to hold, what of it no plan will bring home (exposure), and what is too little to be sold
 * (dust). Each change belongs to the change of the journal that is open, and is reported with it.
 */

import type { AssetIndex } from '../../../market/instrument.ts';
import {
  EXECUTION,
  EXECUTION_EVENT,
  EXPOSURE_REASONS,
  type ExposureReason,
} from '../../../messages/execution-message.ts';
import { type Units, units } from '../../../money/money.ts';
import { addAmount, writeAmount } from '../../../shared/amount-field.ts';
import type { Moment } from '../journal/execution-events.ts';
import type { Journal } from '../journal/journal.ts';
import { balanceOffset, dustOffset, exposureOffset } from '../journal/sequencer-memory.ts';

export interface LedgerEntry {
  readonly asset: AssetIndex;
  /** Signed: what is added. */
  readonly units: Units;
  /** Plan it comes from, 0 when from none; and the run of that plan, when it is not this one. */
  readonly plan: number;
  readonly runMs?: number;
}

export const expectedUnits = (bank: DataView, asset: AssetIndex): Units =>
  units(bank.getBigInt64(balanceOffset(asset), true));
export const exposedUnits = (bank: DataView, asset: AssetIndex): Units =>
  units(bank.getBigInt64(exposureOffset(asset), true));
export const dustUnits = (bank: DataView, asset: AssetIndex): Units => units(bank.getBigInt64(dustOffset(asset), true));

/** Enters something that no plan will bring home, or (negative) that was sold. A `deviation` changes the expectation. */
export function addExposure(journal: Journal, entry: LedgerEntry, reason: ExposureReason, when: Moment): void {
  if (entry.units === 0n) return;
  add(journal.open, exposureOffset(entry.asset), entry.units);
  if (reason === 'deviation') add(journal.open, balanceOffset(entry.asset), entry.units);
  recordAmount(journal, EXECUTION_EVENT.EXPOSURE, entry, when, (view, at) =>
    view.setUint8(at + EXECUTION.exposureReason, EXPOSURE_REASONS.indexOf(reason)),
  );
}

/** Enters what is held below the venue's minimum, or (negative) what was swept of it. */
export function addDust(journal: Journal, entry: LedgerEntry, when: Moment): void {
  if (entry.units === 0n) return;
  add(journal.open, dustOffset(entry.asset), entry.units);
  recordAmount(journal, EXECUTION_EVENT.DUST, entry, when);
}

/** Says what the account is expected to hold of an asset: the sum of all that was recorded before, as a new start. */
export function recordBalance(journal: Journal, asset: AssetIndex, when: Moment): void {
  const units = expectedUnits(journal.open, asset);
  recordAmount(journal, EXECUTION_EVENT.BALANCE, { asset, units, plan: 0 }, when);
}

/** Says what the account is expected to hold of an asset, and what the two ledgers have of it, after earlier runs. */
export function recordTakenOver(journal: Journal, asset: AssetIndex, when: Moment): void {
  const bank = journal.open;
  const entry = { asset, units: expectedUnits(bank, asset), plan: 0 };
  recordAmount(journal, EXECUTION_EVENT.TAKEN_OVER, entry, when, (view, at) => {
    writeAmount(view, at + EXECUTION.exposureUnits, exposedUnits(bank, asset));
    writeAmount(view, at + EXECUTION.dustUnits, dustUnits(bank, asset));
  });
}

/** Sets what the account is expected to hold, and says so. */
export function setBalance(journal: Journal, asset: AssetIndex, units: Units, when: Moment): void {
  writeAmount(journal.open, balanceOffset(asset), units);
  recordBalance(journal, asset, when);
}

/** Says up to which time of the venue the account is compared: what came before is booked, and recorded by then. */
export function recordReading(journal: Journal, venueMs: number, { nowNs, instrumentsSeq }: Moment): void {
  journal.emitExecution(EXECUTION_EVENT.READING, (view, at) => {
    writeAmount(view, at + EXECUTION.amountUnits, BigInt(Math.floor(venueMs)));
    view.setFloat64(at + EXECUTION.stampNs, nowNs, true);
    view.setFloat64(at + EXECUTION.instrumentsSeq, instrumentsSeq, true);
  });
}

function add(bank: DataView, at: number, units: Units): void {
  addAmount(bank, at, units);
}

function recordAmount(
  journal: Journal,
  event: number,
  { asset, units, plan, runMs }: LedgerEntry,
  { nowNs, instrumentsSeq }: Moment,
  more: (view: DataView, at: number) => void = () => undefined,
): void {
  journal.emitExecution(event, (view, at) => {
    view.setFloat64(at + EXECUTION.plan, plan, true);
    if (runMs !== undefined) view.setFloat64(at + EXECUTION.runMs, runMs, true);
    view.setUint16(at + EXECUTION.startAsset, asset, true);
    writeAmount(view, at + EXECUTION.amountUnits, units);
    view.setFloat64(at + EXECUTION.stampNs, nowNs, true);
    view.setFloat64(at + EXECUTION.instrumentsSeq, instrumentsSeq, true);
    more(view, at);
  });
}
