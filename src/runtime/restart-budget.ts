/**
 * How many restarts are too many. The arithmetic of OTP's supervisors (`intensity` and `period`), over monotonic time.
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
