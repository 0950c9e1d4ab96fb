import { describe, expect, test } from 'vitest';
import { systemClock } from '../../src/platform/clock.ts';
import type { Actor } from '../../src/runtime/actor.ts';
import { Counters, createCounterMemory } from '../../src/runtime/memory/counters.ts';
import { createDoorbellMemory, Doorbell } from '../../src/runtime/memory/doorbell.ts';
import { Duty } from '../../src/runtime/threads/duty.ts';
import { DutyLoop } from '../../src/runtime/threads/duty-loop.ts';

/** A thread's loop with one actor whose work is a list of calls. */
function stage() {
  const work: (() => void)[] = [];
  const actor: Actor = {
    id: 'book',
    onStart: () => {},
    doWork: () => {
      const task = work.shift();
      task?.();
      return task === undefined ? 0 : 1;
    },
    onStop: () => {},
  };
  const duty = new Duty(systemClock);
  duty.add(actor, new Counters(createCounterMemory(), 'book'));
  const doorbell = new Doorbell(createDoorbellMemory(1), 0);
  const loop = new DutyLoop(duty, doorbell, {
    clock: systemClock,
    idle: 'park',
    needsEventLoop: true,
    heartbeatMs: 5,
  });
  /** As a worker is notified: the order, and the bell so that it looks. */
  const stop = () => {
    loop.stop();
    doorbell.summon();
  };
  return { work, loop, stop };
}

describe('a round at once, from a callback', () => {
  test('handles what the callback brought before the callback ends', async () => {
    const { work, loop, stop } = stage();
    const ended = loop.run();
    const handledWithin = await new Promise<boolean>((resolve) => {
      systemClock.after(1, () => {
        let handled = false;
        work.push(() => {
          handled = true;
        });
        loop.roundNow();
        resolve(handled);
      });
    });
    expect(handledWithin).toBe(true);
    stop();
    await ended;
  });

  test('does nothing within a turn: turns do not nest', async () => {
    const { work, loop, stop } = stage();
    const order: string[] = [];
    const ended = loop.run();
    work.push(() => {
      work.push(() => void order.push('second'));
      loop.roundNow();
      order.push('first');
    });
    loop.roundNow();
    loop.roundNow();
    expect(order).toEqual(['first', 'second']);
    stop();
    await ended;
  });

  test('what an actor throws ends the loop and spares the callback', async () => {
    const { work, loop } = stage();
    const ended = loop.run();
    work.push(() => {
      throw new Error('a bad message');
    });
    expect(() => loop.roundNow()).not.toThrow();
    await expect(ended).rejects.toThrow('a bad message');
  });

  test('does nothing once the loop is ordered to stop', async () => {
    const { work, loop, stop } = stage();
    const ended = loop.run();
    stop();
    work.push(() => expect.unreachable());
    loop.roundNow();
    expect(work).toHaveLength(1);
    await ended;
  });
});
