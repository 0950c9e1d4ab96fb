/**
 * A halt, and a stranded exposure that no person has acknowledged, as they are kept in the runtime state (key
 * {@link HALT_KEY}), so that they hold over a restart of the process: at start whoever reads the database hands the decoded value to the risk actor as option `haltedAtStart`.
 */
import { STATE } from './record-messages.ts';
import { GATE_REASONS, type GateReason } from './trading-gate.ts';

export const HALT_KEY = 'halt';

export interface HaltState {
  readonly halted: boolean;
  /** Something was stranded, and nobody has resumed since: nothing new is begun. */
  readonly stranded: boolean;
  readonly reason: GateReason;
  /** Who halted or resumed: a person, or `risk`. */
  readonly by: string;
  readonly text: string;
}

/** JSON of at most STATE.VALUE_MAX bytes: a text that is too long is cut. */
export function encodeHaltState({ halted, stranded, reason, by, text }: HaltState): string {
  const encode = (length: number, byLength: number): string =>
    JSON.stringify({
      halted,
      ...(stranded ? { stranded } : {}),
      reason,
      by: [...by].slice(0, byLength).join(''),
      text: [...text].slice(0, length).join(''),
    });
  for (let length = text.length; length > 0; length--) {
    const value = encode(length, 16);
    if (Buffer.byteLength(value) <= STATE.VALUE_MAX) return value;
  }
  const value = encode(0, 16);
  return Buffer.byteLength(value) <= STATE.VALUE_MAX ? value : encode(0, 0);
}

/** Reads a stored value; one of before exposure was kept says nothing of it. What cannot be read counts as halted. */
export function decodeHaltState(value: string): HaltState {
  try {
    const { halted, stranded = false, reason, by, text } = JSON.parse(value) as Partial<HaltState>;
    if (typeof halted !== 'boolean' || typeof stranded !== 'boolean') return unreadable(value);
    return {
      halted,
      stranded,
      reason: GATE_REASONS.includes(reason ?? 'operator') ? (reason ?? 'operator') : 'operator',
      by: String(by ?? ''),
      text: String(text ?? ''),
    };
  } catch {
    return unreadable(value);
  }
}

function unreadable(value: string): HaltState {
  const text = `stored halt is unreadable: ${value.slice(0, 40)}`;
  return { halted: true, stranded: false, reason: 'operator', by: 'risk', text };
}
