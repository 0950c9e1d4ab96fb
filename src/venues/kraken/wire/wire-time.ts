/** From 1970 to 2261: what nanoseconds in 64 bits can count, and what no clock of ours needs to leave. */
const LATEST_MS = 9_200_000_000_000;

/**
 * Milliseconds since 1970 of an RFC 3339 time, microseconds kept; NaN when there is none, or none that can be meant.
 * `Date.parse` alone would cut the microseconds off.
 */
export function wireTimeMs(text: string | null | undefined): number {
  const match = /^(.{4,16}T\d{2}:\d{2}:\d{2})(\.\d{1,12})?(.{0,8})$/.exec(text ?? '');
  if (match === null) return Number.NaN;
  const [, toSeconds = '', fraction = '', zone = ''] = match;
  const ms = Date.parse(`${toSeconds}${zone}`) + Number(`0${fraction}`) * 1_000;
  return isWireTime(ms) ? ms : Number.NaN;
}

/** Whether a time of the venue, in milliseconds since 1970, can be meant. */
export function isWireTime(ms: number): boolean {
  return ms >= 0 && ms <= LATEST_MS;
}
