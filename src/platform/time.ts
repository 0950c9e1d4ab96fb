/**
 * Points in time, each kind with its own type, so that neither can be passed for the other, and a bare number for none.
 * Differences of them, and settings such as `…_ms`, are plain numbers: what they are stands in their names.
 */
declare const clockOf: unique symbol;

/** A point in time by the monotonic clock of this process, in nanoseconds: what ages and deadlines are reckoned by. */
export type MonotonicNs = number & { readonly [clockOf]: 'monotonic' };
/** A point in time by a wall clock, ours or the venue's, in milliseconds since 1970. It can be set back. */
export type WallMs = number & { readonly [clockOf]: 'wall' };

/** For clocks, for what is reckoned from such a point, and where a message is read. */
export const monotonicNs = (value: number): MonotonicNs => value as MonotonicNs;
export const wallMs = (value: number): WallMs => value as WallMs;

/** `delayMs` after `atNs`; negative: before it. */
export const laterBy = (atNs: MonotonicNs, delayMs: number): MonotonicNs => (atNs + delayMs * 1e6) as MonotonicNs;
