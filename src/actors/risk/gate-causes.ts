/**
 * The causes in risk's memory: why trading is not open. A cause is identified by what it does, its reason, who
 * gave it and, where several of a reason can hold ({@link LISTED_REASONS}), its words; so their number is bounded.
 */
import { readText, writeText } from '../../runtime/records/record-writer.ts';
import {
  BY_BYTES_MAX,
  CAUSE_EFFECTS,
  type CauseEffect,
  type GateCause,
  isLatched,
  TEXT_BYTES_MAX,
} from '../../trading/gate-cause.ts';
import type { StoredCause } from '../../trading/stored-causes.ts';
import { GATE_REASONS } from '../../trading/trading-gate.ts';
import type { Condition } from './pause-conditions.ts';
import { CAUSE_ENTRY, CAUSES_MAX, CAUSES_PER_REASON, causeOffset, LISTED_REASONS } from './risk-memory.ts';

export interface HeldCause extends GateCause {
  readonly slot: number;
}

/** A cause as its finder reports it. */
export type NewCause = Pick<GateCause, 'effect' | 'reason' | 'by' | 'text'>;

/** Every cause that holds, most serious first. */
export function heldCauses(bank: DataView): HeldCause[] {
  const causes: (HeldCause & { rank: number })[] = [];
  for (let slot = 0; slot < CAUSES_MAX; slot++) {
    const cause = causeIn(bank, slot);
    if (cause !== undefined) causes.push({ ...cause, rank: bank.getUint8(causeOffset(slot) + CAUSE_ENTRY.rank) });
  }
  const strictness = ({ effect }: GateCause) => CAUSE_EFFECTS.indexOf(effect);
  causes.sort((a, b) => strictness(a) - strictness(b) || a.rank - b.rank || a.firstMs - b.firstMs || a.slot - b.slot);
  return causes.map(({ rank: _, ...cause }) => cause);
}

/** The cause in `slot`; undefined when it is free. */
export function causeIn(bank: DataView, slot: number): HeldCause | undefined {
  const at = causeOffset(slot);
  const effect = CAUSE_EFFECTS[bank.getUint8(at + CAUSE_ENTRY.effect) - 1];
  if (effect === undefined) return undefined;
  return {
    slot,
    effect,
    reason: GATE_REASONS[bank.getUint8(at + CAUSE_ENTRY.reason)] ?? 'none',
    by: readText(bank, at + CAUSE_ENTRY.by, bank.getUint8(at + CAUSE_ENTRY.byLength)),
    text: readText(bank, at + CAUSE_ENTRY.text, bank.getUint8(at + CAUSE_ENTRY.textLength)),
    firstMs: bank.getFloat64(at + CAUSE_ENTRY.firstMs, true),
    lastMs: bank.getFloat64(at + CAUSE_ENTRY.lastMs, true),
    count: bank.getFloat64(at + CAUSE_ENTRY.count, true),
  };
}

/** Whether a cause with this effect holds. */
export const hasEffect = (bank: DataView, effect: CauseEffect): boolean =>
  heldCauses(bank).some((cause) => cause.effect === effect);

/** The cause that `fresh` repeats. */
export function sameCause(bank: DataView, fresh: NewCause): HeldCause | undefined {
  return heldCauses(bank).find((held) => isSame(held, fresh));
}

function isSame(held: GateCause, { effect, reason, by, text }: NewCause): boolean {
  if (held.effect !== effect || held.reason !== reason) return false;
  return !LISTED_REASONS.has(reason) || (held.by === by && held.text === text);
}

/**
 * Adds a cause that waits for a person. One that holds already stays as it is, but for a person's, which is counted; one
 * beyond {@link CAUSES_PER_REASON} takes the newest one's place, with its count.
 */
export function addCause(bank: DataView, fresh: NewCause, nowMs: number): void {
  const same = sameCause(bank, fresh);
  if (same !== undefined) {
    if (fresh.reason === 'operator') put(bank, same.slot, { ...same, lastMs: nowMs, count: same.count + 1 });
    return;
  }
  const ofReason = heldCauses(bank).filter(({ effect, reason }) => effect === fresh.effect && reason === fresh.reason);
  const newest = ofReason.length < CAUSES_PER_REASON ? undefined : ofReason.at(-1);
  if (newest === undefined) put(bank, freeSlot(bank), { ...fresh, firstMs: nowMs, lastMs: nowMs, count: 1 });
  else put(bank, newest.slot, { ...newest, ...fresh, lastMs: nowMs, count: newest.count + 1 });
}

/** Puts back what an earlier process left: in its slot, so that it need not be kept again. Before any other cause. */
export function restoreCause(bank: DataView, { slot, ...cause }: StoredCause): void {
  const isOwn = slot !== undefined && slot < CAUSES_MAX && causeIn(bank, slot) === undefined;
  const place = isOwn ? slot : freeSlot(bank);
  put(bank, place, cause);
  if (isOwn) setFlag(bank, place, 'isKept', true);
}

/** Makes `conditions`, most serious first, the causes that pause; those that held before keep their time. */
export function setConditions(bank: DataView, conditions: readonly Condition[], nowMs: number): void {
  const held = heldCauses(bank).filter(({ effect }) => effect === 'paused');
  for (const { slot, reason } of held) {
    if (!conditions.some((condition) => condition.reason === reason)) clear(bank, slot);
  }
  for (const [rank, { reason, text }] of conditions.entries()) {
    const before = held.find((cause) => cause.reason === reason);
    const slot = before?.slot ?? freeSlot(bank);
    const times = { firstMs: before?.firstMs ?? nowMs, lastMs: nowMs, count: 1 };
    if (before?.text !== text) put(bank, slot, { effect: 'paused', reason, by: 'risk', text, ...times });
    bank.setUint8(causeOffset(slot) + CAUSE_ENTRY.rank, rank);
  }
}

/** Clears every cause that waits for a person. */
export function clearLatched(bank: DataView): void {
  for (const { slot } of heldCauses(bank).filter(isLatched)) clear(bank, slot);
}

/** Slots whose records are not all written: of causes that wait for a person, and of those that were cleared. */
export function unrecordedSlots(bank: DataView): number[] {
  const slots = Array.from({ length: CAUSES_MAX }, (_, slot) => slot);
  return slots.filter((slot) => !(hasFlag(bank, slot, 'isAnnounced') && hasFlag(bank, slot, 'isKept')));
}

export function setFlag(bank: DataView, slot: number, flag: 'isAnnounced' | 'isKept', value: boolean): void {
  bank.setUint8(causeOffset(slot) + CAUSE_ENTRY[flag], value ? 1 : 0);
}

export const hasFlag = (bank: DataView, slot: number, flag: 'isAnnounced' | 'isKept'): boolean =>
  bank.getUint8(causeOffset(slot) + CAUSE_ENTRY[flag]) === 1;

/** Slots that nothing was ever kept of need no record that says so. */
export function initialiseCauses(bank: DataView): void {
  for (let slot = 0; slot < CAUSES_MAX; slot++) {
    setFlag(bank, slot, 'isAnnounced', true);
    setFlag(bank, slot, 'isKept', true);
  }
}

function freeSlot(bank: DataView): number {
  for (let slot = 0; slot < CAUSES_MAX; slot++) {
    if (bank.getUint8(causeOffset(slot) + CAUSE_ENTRY.effect) === 0) return slot;
  }
  throw new RangeError('more causes than there can be reasons');
}

function put(bank: DataView, slot: number, cause: GateCause): void {
  const at = causeOffset(slot);
  bank.setUint8(at + CAUSE_ENTRY.effect, 1 + CAUSE_EFFECTS.indexOf(cause.effect));
  bank.setUint8(at + CAUSE_ENTRY.reason, GATE_REASONS.indexOf(cause.reason));
  bank.setUint8(at + CAUSE_ENTRY.rank, 0);
  bank.setUint8(at + CAUSE_ENTRY.byLength, writeText(bank, at + CAUSE_ENTRY.by, cause.by, BY_BYTES_MAX));
  bank.setUint8(at + CAUSE_ENTRY.textLength, writeText(bank, at + CAUSE_ENTRY.text, cause.text, TEXT_BYTES_MAX));
  bank.setFloat64(at + CAUSE_ENTRY.firstMs, cause.firstMs, true);
  bank.setFloat64(at + CAUSE_ENTRY.lastMs, cause.lastMs, true);
  bank.setFloat64(at + CAUSE_ENTRY.count, cause.count, true);
  setFlag(bank, slot, 'isAnnounced', !isLatched(cause));
  if (isLatched(cause)) setFlag(bank, slot, 'isKept', false);
}

/** What was kept of it is to be cleared too; a condition was never kept. */
function clear(bank: DataView, slot: number): void {
  const cause = causeIn(bank, slot);
  bank.setUint8(causeOffset(slot) + CAUSE_ENTRY.effect, 0);
  setFlag(bank, slot, 'isAnnounced', true);
  if (cause !== undefined && isLatched(cause)) setFlag(bank, slot, 'isKept', false);
}
