import { expect, test } from 'vitest';
import { StallWatch } from '../../src/runtime/stall.ts';
import { afterAwake } from '../../src/runtime/threads/awake-timer.ts';

test('a gap between two looks beyond the limit is a stall, and ages count from its end', () => {
  const watch = new StallWatch(1_000);
  expect(watch.look(5e9)).toBe(0); // the first look knows nothing of what was before
  expect(watch.look(6e9)).toBe(0);
  expect(watch.thawedNs).toBe(Number.NEGATIVE_INFINITY);
  expect(watch.look(7e9 + 1)).toBe(1e9 + 1);
  expect(watch.thawedNs).toBe(7e9 + 1);
  expect(watch.look(7.5e9)).toBe(0);
  expect(watch.thawedNs).toBe(7e9 + 1);
});

/** Timers that the test lets fire, however late. */
function heldClock() {
  const waiting: { delayMs: number; run: () => void }[] = [];
  const after = (delayMs: number, run: () => void) => {
    const timer = { delayMs, run };
    waiting.push(timer);
    return () => void waiting.splice(waiting.indexOf(timer), 1);
  };
  return { after, waiting };
}

test('a deadline for others counts the steps that were waited, not how late they came', () => {
  const { after, waiting } = heldClock();
  let fired = 0;
  afterAwake({ after }, 600, () => fired++);
  const waited: number[] = [];
  for (let timer = waiting.shift(); timer !== undefined; timer = waiting.shift()) {
    waited.push(timer.delayMs); // it may come seconds late: the next step is as long as ever
    timer.run();
  }
  expect(waited).toEqual([250, 250, 100]);
  expect(fired).toBe(1);
});

test('a cancelled deadline does not fire, in whichever step it is', () => {
  const { after, waiting } = heldClock();
  let fired = 0;
  const cancel = afterAwake({ after }, 600, () => fired++);
  waiting.shift()?.run();
  cancel();
  expect(waiting).toEqual([]);
  expect(fired).toBe(0);
});
