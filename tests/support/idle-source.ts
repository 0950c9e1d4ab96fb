/** A source of frames that never has one: the router gets its frames by hand. */
import type { FrameSource } from '../../src/actors/feed/sources/frame-source.ts';

export const IDLE_SOURCE: FrameSource = {
  start: () => undefined,
  poll: () => 0,
  onTimer: () => undefined,
  onReply: () => undefined,
  onBookMessage: () => undefined,
  onInstruments: () => undefined,
  resync: () => false,
  stop: () => undefined,
};
