/**
 * The causes that wait for a person, as they are kept in the runtime state, so that they hold over a restart of the
 * process. A cause has a slot, and two keys: its facts, and its text, which is written first. A reader of the database
 * at the start hands what was kept to the risk actor as option `causesAtStart`.
 */
import { CAUSE_EFFECTS, type CauseEffect, type GateCause, isLatched } from './gate-cause.ts';
import { GATE_REASONS, type GateReason } from './trading-gate.ts';

/** Key of the facts of a slot; its text is under `textKey`. */
export const CAUSE_KEY_PREFIX = 'gate_cause.';
export const causeKey = (slot: number): string => `${CAUSE_KEY_PREFIX}${slot}`;
export const causeTextKey = (slot: number): string => `${CAUSE_KEY_PREFIX}${slot}.text`;
/** Stands under the key of a slot whose cause was cleared. */
export const CLEARED = 'cleared';

/** Under this key stood one halt or stranding alone, before causes were a list. */
export const SINGLE_HALT_KEY = 'halt';

export interface StoredCause extends GateCause {
  /** Where it is kept; undefined when it was read from {@link SINGLE_HALT_KEY}. */
  readonly slot: number | undefined;
}

/** One key of the runtime state. */
export interface StateRow {
  readonly key: string;
  readonly value: string;
  /** Wall time of its record, milliseconds since 1970. */
  readonly atMs: number;
}

/** The facts of a cause: short, with every name of a person. */
export function encodeFacts({ effect, reason, firstMs, lastMs, count, by }: GateCause): string {
  return JSON.stringify([effect, reason, Math.round(firstMs), Math.round(lastMs), count, by]);
}

/** All causes that `rows` hold. What cannot be read counts as halted. */
export function decodeCauses(rows: readonly StateRow[]): StoredCause[] {
  const texts = new Map(rows.map(({ key, value }) => [key, value]));
  return rows.flatMap((row) => {
    if (row.key === SINGLE_HALT_KEY) return decodeSingle(row);
    const slot = slotOf(row.key);
    if (slot === undefined || row.value === CLEARED) return [];
    return [{ slot, ...decodeFacts(row, texts.get(causeTextKey(slot)) ?? '') }];
  });
}

function slotOf(key: string): number | undefined {
  const digits = key.startsWith(CAUSE_KEY_PREFIX) ? key.slice(CAUSE_KEY_PREFIX.length) : '';
  return /^\d{1,4}$/.test(digits) ? Number(digits) : undefined;
}

function decodeFacts(row: StateRow, text: string): GateCause {
  try {
    const [effect, reason, firstMs, lastMs, count, by] = JSON.parse(row.value) as unknown[];
    if (!isLatchedEffect(effect)) return unreadable(row);
    const times = { firstMs: Number(firstMs) || 0, lastMs: Number(lastMs) || 0, count: Number(count) || 1 };
    return { effect, reason: knownReason(reason), by: String(by ?? ''), text, ...times };
  } catch {
    return unreadable(row);
  }
}

const isLatchedEffect = (effect: unknown): effect is CauseEffect =>
  CAUSE_EFFECTS.some((known) => known === effect && isLatched({ effect: known }));

const knownReason = (reason: unknown): GateReason => GATE_REASONS.find((known) => known === reason) ?? 'operator';

/** A stored value of before causes were a list: a halt, something stranded, or both with the text of one of them. */
function decodeSingle(row: StateRow): StoredCause[] {
  if (row.value === CLEARED) return [];
  const slot = undefined;
  try {
    const { halted, stranded = false, reason, by, text } = JSON.parse(row.value) as Record<string, unknown>;
    if (typeof halted !== 'boolean' || typeof stranded !== 'boolean') return [{ slot, ...unreadable(row) }];
    const times = { firstMs: row.atMs, lastMs: row.atMs, count: 1 };
    const stored = { by: String(by ?? ''), text: String(text ?? ''), ...times };
    const halt = { slot, effect: 'halted', reason: knownReason(reason), ...stored } as const;
    const isOwn = !halted || reason === 'stranded_exposure';
    const left = isOwn ? stored : { by: 'risk', text: 'a plan left exposure behind', ...times };
    const strand = { slot, effect: 'reducing', reason: 'stranded_exposure', ...left } as const;
    return [...(halted ? [halt] : []), ...(stranded ? [strand] : [])];
  } catch {
    return [{ slot, ...unreadable(row) }];
  }
}

function unreadable({ value, atMs }: StateRow): GateCause {
  const text = `what was kept of a halt is unreadable: ${value.slice(0, 40)}`;
  return { effect: 'halted', reason: 'operator', by: 'risk', text, firstMs: atMs, lastMs: atMs, count: 1 };
}
