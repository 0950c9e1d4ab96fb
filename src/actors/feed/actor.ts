/**
 * feed – one venue's public market data. Frames come from sockets, or from a capture when the run has one; the router
 * turns them into market messages. This file is the wiring and the turn.
 */

import { instrumentIndex } from '../../market/instrument.ts';
import { RESYNC } from '../../messages/market-messages.ts';
import type { ActorContext, ActorFactory } from '../../runtime/actor.ts';
import { FeedMemory } from './feed-memory.ts';
import { FrameRouter } from './frame-router.ts';
import type { FrameSource } from './sources/frame-source.ts';
import { recorded } from './sources/recording-source.ts';
import { replayOptions } from './sources/replay-options.ts';
import { ReplaySource } from './sources/replay-source.ts';
import { createSocketSource } from './sources/socket-source.ts';

/** Frames of a capture in one turn. */
const FRAMES_PER_TURN = 64;
const RESYNCS_PER_TURN = 64;

export const createActor: ActorFactory<'feed'> = (context) => {
  const memory = new FeedMemory(context.ownMemory);
  const router = new FrameRouter(context, memory);
  const source = createSource(context, memory);
  const takeResyncs = resyncTaker(context, router, source);
  return {
    id: 'feed',
    needsEventLoop: true,
    onStart: async () => {
      router.recover(source);
      await source.start(router);
    },
    doWork: () => {
      const resyncs = takeResyncs();
      return router.publishWaiting() ? resyncs + source.poll(FRAMES_PER_TURN) : resyncs;
    },
    onTimer: () => source.onTimer(),
    onStop: () => source.stop(),
    isBusy: () => source.isBusy?.() ?? false,
    control: { malformedFrames: () => router.malformedFrames() },
  };
};

function createSource(context: ActorContext<'feed'>, memory: FeedMemory): FrameSource {
  const replay = replayOptions(context.options);
  return replay === undefined
    ? recorded(createSocketSource(context), context)
    : new ReplaySource(context, replay, memory);
}

/** Takes the book's requests off their ring. One that a later snapshot has answered already is not passed on. */
function resyncTaker(context: ActorContext<'feed'>, router: FrameRouter, source: FrameSource): () => number {
  const { counters } = context;
  const requested = counters.at('resyncs_requested');
  const ring = context.consumer('resyncs');
  const take = (view: DataView, offset: number): void => {
    const instrument = instrumentIndex(view.getUint32(offset + RESYNC.instrument, true));
    counters.add(requested, 1);
    if (router.isAnswered(instrument, view.getFloat64(offset + RESYNC.seq, true))) return;
    source.resync(instrument);
  };
  return () => ring.drain(take, RESYNCS_PER_TURN);
}
