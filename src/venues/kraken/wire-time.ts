/**
 * Milliseconds since 1970 of an RFC 3339 time, microseconds kept; NaN when there is none. `Date.parse` alone would cut
 * the microseconds off.
 */
export function wireTimeMs(text: string | null | undefined): number {
  const match = /^(.{4,16}T\d{2}:\d{2}:\d{2})(\.\d{1,12})?(.{0,8})$/.exec(text ?? '');
  if (match === null) return Number.NaN;
  const [, toSeconds = '', fraction = '', zone = ''] = match;
  return Date.parse(`${toSeconds}${zone}`) + Number(`0${fraction}`) * 1_000;
}
