import fc from 'fast-check';
import { expect, test } from 'vitest';
import { VirtualClock } from '../../src/platform/clock.ts';

test('virtual timers fire by due time, ties by setting, cancelled ones never', () => {
  const timer = fc.record({ delayMs: fc.integer({ min: 0, max: 20 }), isCancelled: fc.boolean() });
  fc.assert(
    fc.property(fc.array(timer, { maxLength: 60 }), (timers) => {
      const clock = new VirtualClock();
      const fired: number[] = [];
      for (const [index, { delayMs, isCancelled }] of timers.entries()) {
        const cancel = clock.after(delayMs, () => fired.push(index));
        if (isCancelled) cancel();
      }
      clock.advanceTo(20e6);
      const order = [...timers.entries()].filter(([, { isCancelled }]) => !isCancelled);
      order.sort(([a, { delayMs: first }], [b, { delayMs: second }]) => first - second || a - b);
      expect(fired).toEqual(order.map(([index]) => index));
      expect(clock.nextTimerNs()).toBeUndefined();
    }),
  );
});

test('who waits for the rest of an interval, however small, gets to its end', () => {
  const clock = new VirtualClock(0n, 5_040_729_994);
  const endNs = clock.nowNs() + 0.7;
  let looks = 0;
  const look = () => {
    looks++;
    const restMs = (endNs - clock.nowNs()) / 1e6;
    if (restMs > 0) clock.after(restMs, look);
  };
  look();
  clock.advanceTo(endNs + 10);
  expect(clock.nowNs()).toBeGreaterThan(endNs);
  expect(looks).toBe(2);
});

test('a timer that is set while another fires has its turn on the way', () => {
  const clock = new VirtualClock();
  const firedNs: number[] = [];
  clock.after(1, () => clock.after(1, () => firedNs.push(clock.nowNs())));
  clock.advanceTo(5e6);
  expect(firedNs).toEqual([2e6]);
  expect(clock.nowNs()).toBe(5e6);
});
