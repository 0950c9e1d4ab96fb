/**
 * Why trading is not open. Any number of causes can hold at a time, each with who gave it, when and why, until it is
 * cleared; the gate itself (`trading-gate.ts`) only has room for the most serious one.
 */
import type { GateReason, GateState } from './trading-gate.ts';

/** What a cause does to trading as long as it holds, strictest first. The index is stored. */
export const CAUSE_EFFECTS = ['halted', 'paused', 'reducing', 'draining'] as const satisfies readonly GateState[];
export type CauseEffect = (typeof CAUSE_EFFECTS)[number];

export interface GateCause {
  readonly effect: CauseEffect;
  readonly reason: GateReason;
  /** A person's name, or `risk`, or `supervisor`. */
  readonly by: string;
  readonly text: string;
  /** Wall time, milliseconds since 1970: when it came up, and when it did so again last. 0: not known. */
  readonly firstMs: number;
  readonly lastMs: number;
  /** How often it came up. */
  readonly count: number;
}

/** A cause that does not clear itself: it waits for a person. */
export const isLatched = ({ effect }: Pick<GateCause, 'effect'>): boolean => effect !== 'paused';

/** Most that is kept of a name and of a text, in bytes of UTF-8. */
export const BY_BYTES_MAX = 32;
export const TEXT_BYTES_MAX = 160;
/** In place of an empty text. */
export const NO_REASON = '(no reason given)';
export const NO_NAME = '(no name given)';

export interface KeptText {
  readonly text: string;
  /** What was changed in the text; undefined when it is kept as it was given. */
  readonly changed: string | undefined;
}

/**
 * A person's text as it can be kept: one line of well-formed text of at most `bytesMax` bytes, cut at a character.
 * Nothing is too long, too short or too strange to be kept: an operator who halts has no time to choose a text.
 */
export function keepText(original: string, bytesMax: number, instead: string): KeptText {
  // Control characters and line ends would spoil logs and terminals; lone surrogates are no text.
  const line = original
    .toWellFormed()
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .trim();
  const text = cutToBytes(line, bytesMax);
  if (text === '') return { text: instead, changed: 'it was empty' };
  const cut = line.slice(text.length);
  if (cut !== '')
    return { text, changed: `cut after ${bytesMax} bytes, left out: ${JSON.stringify(cutToBytes(cut, 200))}` };
  return {
    text,
    changed: line === original ? undefined : 'control characters, line ends and spaces around were left out',
  };
}

function cutToBytes(text: string, bytesMax: number): string {
  if (Buffer.byteLength(text) <= bytesMax) return text;
  const bytes = Buffer.alloc(bytesMax);
  const { written } = new TextEncoder().encodeInto(text, bytes);
  return bytes.toString('utf8', 0, written).trimEnd();
}

/** `operator by ana since 2026-03-01 07:00:12: strange prices (3 times, last …)`, for people. */
export function describeCause({ reason, by, text, firstMs, lastMs, count }: GateCause): string {
  const again = count > 1 ? ` (${count} times, last at ${describeTime(lastMs)})` : '';
  return `${reason.replaceAll('_', ' ')} by ${by} since ${describeTime(firstMs)}: ${text}${again}`;
}

/** Wall time for people. 0 is a time that was not kept. */
export const describeTime = (ms: number): string =>
  ms === 0 ? 'an earlier run' : `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
