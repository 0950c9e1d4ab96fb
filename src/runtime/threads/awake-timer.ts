/** Time-outs for others' work: time in which this process stood still does not count. */
import type { CancelTimer, Clock } from '../../platform/clock.ts';

/** Longest that one wait can be; what it is late by does not count. */
const STEP_MS = 250;

/** As `clock.after`, but of the time in which the whole process stood still no more than a step counts. */
export function afterAwake(clock: Pick<Clock, 'after'>, delayMs: number, run: () => void): CancelTimer {
  let leftMs = delayMs;
  let cancel: CancelTimer = () => {};
  const wait = (): void => {
    const stepMs = Math.min(leftMs, STEP_MS);
    cancel = clock.after(stepMs, () => {
      leftMs -= stepMs;
      if (leftMs > 0) wait();
      else run();
    });
  };
  wait();
  return () => cancel();
}
