import { getHeapStatistics } from 'node:v8';
import { expect, test } from 'vitest';
import { connectWaits } from '../../src/net/connect-waits.ts';
import { CLOSE_WITHIN_MS, describeClose, KeptSocket } from '../../src/net/kept-socket.ts';
import { SlidingWindow } from '../../src/net/limiters/sliding-window.ts';
import type { SocketEvents } from '../../src/net/transport.ts';
import { seededChance } from '../../src/platform/chance.ts';
import { VirtualClock } from '../../src/platform/clock.ts';

const WAITS = connectWaits({
  ...{ backoff_base_ms: 500, backoff_max_ms: 30_000, backoff_repeated_min_ms: 5_000 },
  ...{ refused_retry_min_ms: 5_000, refused_retry_max_ms: 300_000 },
});
const FRAME = new Uint8Array(3);

/** A socket that is kept, what was opened for it, and what its owner heard. */
function stage(attemptsMax = 9) {
  const clock = new VirtualClock();
  const far: SocketEvents[] = [];
  const did: string[] = [];
  const heard: string[] = [];
  const kept = new KeptSocket({
    clock,
    chance: seededChance(1),
    budget: new SlidingWindow({ max: attemptsMax, spanNs: 600e9 }),
    waits: WAITS,
    sockets: {
      open: (url, events) => {
        if (url === 'none') throw new SyntaxError('no address');
        const at = far.push(events) - 1;
        return {
          send: (text) => did.push(`${at} sends ${text}`) > 0,
          close: () => did.push(`${at} closes`),
          terminate: () => did.push(`${at} is cut`),
        };
      },
    },
    events: {
      onDue: () => heard.push('due'),
      onOpen: () => heard.push('open'),
      onMessage: ({ length }) => heard.push(`frame of ${length}`),
      onClosed: (code, reason, status) => heard.push(`${describeClose(code, reason)} ${status ?? ''}`.trim()),
      onCloseOverdue: (why) => heard.push(why),
    },
  });
  return { clock, kept, far, did, heard, passMs: (ms: number) => clock.advanceTo(clock.nowNs() + ms * 1e6) };
}

test('what comes from the socket goes to its owner, until the socket is given up', () => {
  const { kept, far, did, heard } = stage();
  kept.open('wss://one');
  far[0]!.onOpen();
  far[0]!.onMessage(FRAME);
  expect(kept.send('a')).toBe(true);
  kept.cut();
  far[0]!.onMessage(FRAME);
  far[0]!.onClosed(1006, '', undefined);
  expect(kept.send('b')).toBe(false);
  kept.open('wss://two');
  far[0]!.onOpen();
  far[1]!.onClosed(1006, 'HTTP 403', 403);
  expect(heard).toEqual(['open', 'frame of 3', 'close 1006: HTTP 403 403']);
  expect(did).toEqual(['0 sends a', '0 is cut']);
});

test('age counts from the attempt, then from the opening; silence from the newest frame', () => {
  const { kept, far, clock, passMs } = stage();
  const ages = () => [kept.ageMs(clock.nowNs() / 1e6), kept.silentMs(clock.nowNs() / 1e6)];
  passMs(1_000);
  kept.open('wss://one');
  passMs(300);
  expect(ages()[0]).toBe(300);
  far[0]!.onOpen();
  passMs(40);
  expect(ages()).toEqual([40, 40]);
  far[0]!.onMessage(FRAME);
  passMs(5);
  expect(ages()).toEqual([45, 5]);
  expect(kept.heardMs).toBe(1_340);
  kept.cut();
  far[0]!.onMessage(FRAME);
  expect(kept.heardMs).toBe(1_340);
});

test('an address that no socket can have leaves none behind, and its attempt has an age', () => {
  const { kept, passMs, clock } = stage();
  passMs(50);
  expect(() => kept.open('none')).toThrow('no address');
  passMs(7);
  expect([kept.send('x'), kept.ageMs(clock.nowNs() / 1e6)]).toEqual([false, 7]);
});

test('a closing that takes too long is reported once; one that ends in time is not', () => {
  const { kept, far, heard, passMs } = stage();
  kept.open('wss://one');
  far[0]!.onOpen();
  kept.close();
  passMs(CLOSE_WITHIN_MS - 1);
  expect(heard).toEqual(['open']);
  passMs(60_000);
  expect(heard).toEqual(['open', `not closed within ${CLOSE_WITHIN_MS} ms; cut off`]);
  kept.close();
  kept.cancelTimers();
  passMs(60_000);
  expect(heard).toHaveLength(2);
});

test('attempts wait for the back-off and for a place in the budget', () => {
  const { kept, heard, passMs } = stage(2);
  for (let attempt = 0; attempt < 2; attempt++) {
    kept.attempts.schedule(true);
    passMs(1);
  }
  kept.attempts.schedule(true);
  passMs(599_997);
  expect(heard).toEqual(['due', 'due']);
  kept.cancelTimers();
  passMs(600_000);
  expect(heard).toEqual(['due', 'due']);
  kept.attempts.schedule(true);
  passMs(1);
  expect(heard).toEqual(['due', 'due', 'due']);
});

test('a frame makes no object on its way', () => {
  const FRAMES = 100_000;
  let events: SocketEvents | undefined;
  const clock = new VirtualClock();
  let frames = 0;
  const kept = new KeptSocket({
    clock,
    chance: seededChance(1),
    budget: new SlidingWindow({ max: 1, spanNs: 1 }),
    waits: WAITS,
    sockets: {
      open: (_url, given) => {
        events = given;
        return { send: () => true, close: () => undefined, terminate: () => undefined };
      },
    },
    events: {
      onDue: () => undefined,
      onOpen: () => undefined,
      onMessage: () => {
        frames++;
      },
      onClosed: () => undefined,
      onCloseOverdue: () => undefined,
    },
  });
  kept.open('wss://one');
  const { onMessage } = events!;
  const grown = Array.from({ length: 41 }, () => {
    const used = getHeapStatistics().used_heap_size;
    for (let frame = 0; frame < FRAMES; frame++) onMessage(FRAME);
    return getHeapStatistics().used_heap_size - used;
  });
  expect(frames).toBe(41 * FRAMES);
  // A collection makes a pass look negative; the middle pass is one without.
  expect(grown.sort((a, b) => a - b)[20]! / FRAMES, 'bytes per frame').toBeLessThan(0.5);
});
