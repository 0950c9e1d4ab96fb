/**
 * A halt as it is kept in the runtime state (key {@link HALT_KEY}), so that it holds over a restart of the process: at
 * start whoever reads the database hands the decoded value to the risk actor as option `haltedAtStart`.
 */
import { STATE } from './record-messages.ts';
import { GATE_REASONS, type GateReason } from './trading-gate.ts';

export const HALT_KEY = 'halt';

export interface HaltState {
  readonly halted: boolean;
  readonly reason: GateReason;
  /** Who halted or resumed: a person, or `risk`. */
  readonly by: string;
  readonly text: string;
}

/** JSON of at most STATE.VALUE_MAX bytes: a text that is too long is cut. */
export function encodeHaltState({ halted, reason, by, text }: HaltState): string {
  const encode = (length: number, byLength: number): string =>
    JSON.stringify({
      halted,
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

/** Reads a stored value. What cannot be read counts as halted: unknown is not fine. */
export function decodeHaltState(value: string): HaltState {
  try {
    const { halted, reason, by, text } = JSON.parse(value) as Partial<HaltState>;
    if (typeof halted !== 'boolean') return unreadable(value);
    return {
      halted,
      reason: GATE_REASONS.includes(reason ?? 'operator') ? (reason ?? 'operator') : 'operator',
      by: String(by ?? ''),
      text: String(text ?? ''),
    };
  } catch {
    return unreadable(value);
  }
}

function unreadable(value: string): HaltState {
  return { halted: true, reason: 'operator', by: 'risk', text: `stored halt is unreadable: ${value.slice(0, 40)}` };
}
