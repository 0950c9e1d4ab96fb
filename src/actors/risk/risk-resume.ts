/** Who resumed last, when and why: kept beside the causes that he answered, which are gone. */
import { readText, writeText } from '../../runtime/records/record-writer.ts';
import { BY_BYTES_MAX, TEXT_BYTES_MAX } from '../../trading/gate-cause.ts';
import { RISK_HEADER } from './risk-memory.ts';

export interface ResumeAnswer {
  readonly by: string;
  readonly text: string;
}

export function writeResume(bank: DataView, { by, text }: ResumeAnswer, nowMs: number): void {
  const { resumedMs, resumedByLength, resumedBy, resumedTextLength, resumedText } = RISK_HEADER;
  bank.setFloat64(resumedMs, nowMs, true);
  bank.setUint8(RISK_HEADER.isResumeAnnounced, 0);
  bank.setUint8(resumedByLength, writeText(bank, resumedBy, by, BY_BYTES_MAX));
  bank.setUint8(resumedTextLength, writeText(bank, resumedText, text, TEXT_BYTES_MAX));
}

/** Undefined before the first resume. */
export function readResume(bank: DataView): (ResumeAnswer & { readonly atMs: number }) | undefined {
  const atMs = bank.getFloat64(RISK_HEADER.resumedMs, true);
  if (atMs === 0) return undefined;
  return {
    by: readText(bank, RISK_HEADER.resumedBy, bank.getUint8(RISK_HEADER.resumedByLength)),
    text: readText(bank, RISK_HEADER.resumedText, bank.getUint8(RISK_HEADER.resumedTextLength)),
    atMs,
  };
}
