import { expect, test } from 'vitest';
import { FeedMemory } from '../../../src/actors/feed/feed-memory.ts';
import { FrameRouter } from '../../../src/actors/feed/frame-router.ts';
import type { FrameSource } from '../../../src/actors/feed/sources/frame-source.ts';
import { CONTROL, MARKET_KIND, SYSTEM_STATUSES } from '../../../src/messages/market-messages.ts';
import { createTestContext, type TestContext } from '../../support/test-context.ts';

const RING = 64;

/** Brings nothing: the test brings the frames itself. */
const quietSource: FrameSource = {
  start: () => {},
  poll: () => 0,
  onTimer: () => {},
  onReply: () => {},
  onBookMessage: () => {},
  onInstruments: () => {},
  resync: () => false,
  stop: () => {},
};

function routerOn(stage: TestContext<'feed'>, isSuccessor = false): FrameRouter {
  const context = isSuccessor ? stage.successor() : stage.context;
  const router = new FrameRouter(context, new FeedMemory(context.ownMemory));
  router.recover(quietSource);
  return router;
}

function takeStatuses(stage: TestContext<'feed'>): string[] {
  const statuses: string[] = [];
  stage.consumer('deltas').drain((view, at) => {
    const isStatus = view.getUint8(at + CONTROL.kind) === MARKET_KIND.SYSTEM_STATUS;
    if (isStatus) statuses.push(SYSTEM_STATUSES[view.getUint8(at + CONTROL.flags)] as string);
  }, RING);
  return statuses;
}

function status(router: FrameRouter, system: string): void {
  const frame = Buffer.from(`{"channel":"status","type":"update","data":[{"system":"${system}"}]}`);
  expect(router.onFrame(0, frame, 0, frame.length, 1, 0, false)).toBe(true);
}

test('a venue status that found no room and died with its feed is announced by the successor, once', () => {
  const stage = createTestContext('feed', { config: { limits: { deltas_ring: RING } } });
  const first = routerOn(stage);
  status(first, 'online');
  stage.producer('deltas').publish(RING - 1); // the rest of the ring is taken
  const dying = routerOn(stage, true);
  status(dying, 'maintenance');
  expect(dying.publishWaiting()).toBe(false);
  const successor = routerOn(stage, true);
  expect(takeStatuses(stage)).toEqual(['online']);
  expect(successor.publishWaiting()).toBe(true);
  expect(takeStatuses(stage)).toEqual(['maintenance']);
  status(successor, 'maintenance');
  routerOn(stage, true);
  expect(takeStatuses(stage)).toEqual([]);
});
