/** Any of the real actors, which can be ordered to die in any way. */
import { createActor as createBook } from '../../src/actors/book/actor.ts';
import { createActor as createDetector } from '../../src/actors/detector/actor.ts';
import { createActor as createFeed } from '../../src/actors/feed/actor.ts';
import { createActor as createPersistence } from '../../src/actors/persistence/actor.ts';
import { createActor as createRisk } from '../../src/actors/risk/actor.ts';
import { createActor as createSequencer } from '../../src/actors/sequencer/actor.ts';
import type { Actor, ActorContext, ActorFactory } from '../../src/runtime/actor.ts';
import type { ControlCalls } from '../../src/runtime/control-calls.ts';
import type { ActorId } from '../../src/runtime/counter-names.ts';

export type Death = 'throw' | 'endless loop' | 'out of memory';

/** What the real actors answer, and a way to die. */
export type KillableEngineCalls = { readonly [A in ActorId]: ControlCalls[A] & { die(way: Death): void } };

const FACTORIES: { readonly [A in ActorId]: ActorFactory<A> } = {
  feed: createFeed,
  book: createBook,
  detector: createDetector,
  sequencer: createSequencer,
  risk: createRisk,
  persistence: createPersistence,
};

export function createActor(context: ActorContext): Actor {
  const factory = FACTORIES[context.id] as ActorFactory;
  const actor = factory(context);
  let wish: Death | undefined;
  return {
    id: actor.id,
    needsEventLoop: actor.needsEventLoop === true,
    onStart: () => actor.onStart(),
    doWork: () => {
      if (wish !== undefined) die(wish);
      return actor.doWork();
    },
    onTimer: () => actor.onTimer?.(),
    isBusy: () => actor.isBusy?.() === true,
    onStop: () => actor.onStop(),
    control: {
      ...actor.control,
      die: (way: Death) => {
        wish = way;
      },
    },
  };
}

function die(way: Death): void {
  if (way === 'throw') throw new Error('told to throw');
  const hoard: unknown[] = [];
  while (way === 'out of memory') hoard.push(new Array(10_000).fill(way));
  while (way === 'endless loop');
}
