/**
 * How many restarts are too many, and how long to wait before each. The arithmetic of OTP's supervisors (`intensity`
 * and `period`), over monotonic time; the waiting in between is ours.
 */
export interface Budget {
  /** Restarts that are allowed within the period; one more escalates. */
  readonly max: number;
  readonly withinMs: number;
}

/** Those of the restarts that still count at `nowMs`. */
export const recentRestarts = (restartsMs: readonly number[], nowMs: number, withinMs: number): readonly number[] =>
  restartsMs.filter((atMs) => nowMs - atMs <= withinMs);

/** Whether the restarts so far, the newest included, are more than the budget allows. */
export const overBudget = (restartsMs: readonly number[], nowMs: number, { max, withinMs }: Budget): boolean =>
  recentRestarts(restartsMs, nowMs, withinMs).length > max;

/** Wait before the `nth` restart (from 1) of a period: doubled each time, up to a most. */
export const backoffMs = (nth: number, baseMs: number, maxMs: number): number =>
  Math.min(maxMs, baseMs * 2 ** Math.min(nth - 1, 30));
