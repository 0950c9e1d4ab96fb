/** Durations on the command line: `500ms`, `20s`, `10m`, `2h`. */
import { arbitradeError } from '../platform/errors.ts';

const MILLISECONDS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** Milliseconds of a duration text. @throws OPTION_INVALID. */
export function parseDuration(option: string, text: string): number {
  const match = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h)$/.exec(text);
  const scale = MILLISECONDS[match?.[2] ?? ''];
  if (match === null || scale === undefined) {
    throw arbitradeError('OPTION_INVALID', option, 'a duration such as 500ms, 20s, 10m or 2h', text);
  }
  return Number(match[1]) * scale;
}
