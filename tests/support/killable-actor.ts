/** An actor that counts the messages it is given and can be ordered to die in any way, for the supervisor's tests. */
import { workerData } from 'node:worker_threads';
import { arbitradeError } from '../../src/platform/errors.ts';
import type { Actor, ActorContext, ActorFactory } from '../../src/runtime/actor.ts';
import type { ActorId } from '../../src/runtime/counter-names.ts';

export type WayToDie =
  | 'throw'
  | 'overflow'
  | 'throw in a callback'
  | 'endless loop'
  | 'out of memory'
  | 'exit'
  | 'exit normally';
export type Vice =
  | 'fails to start'
  | 'fails to start again'
  | 'is never ready'
  | 'ignores stop'
  | 'fails to stop'
  | 'stops slowly'
  | 'never ends to stop';

/** What killable actors are born with, in the address of their module: the options of a run have no room for it. */
export interface Killability {
  readonly vices?: Partial<Record<ActorId, Vice>>;
  /** Messages that kill their handler, and how. */
  readonly poison?: Readonly<Record<number, WayToDie>>;
  readonly needsEventLoop?: boolean;
}

/** Own memory: | lives | newest message handled | messages out of order | */
export const LIVES = 0;
export const NEWEST = 1;
export const OUT_OF_ORDER = 2;

export const withMortality = (killability: Killability): string => {
  const entry = new URL(import.meta.url);
  entry.search = '';
  entry.searchParams.set('killability', JSON.stringify(killability));
  return entry.href;
};

/** Calls that a killable actor answers, whoever it is. */
export type KillableCalls = Readonly<
  Record<
    ActorId,
    {
      die(way: WayToDie): void;
      lives(): number | undefined;
      /** Everything its thread was born with and its actor can see, but for the memory. */
      sees(): string;
      hang(): Promise<never>;
    }
  >
>;

const never = new Promise<never>(() => {});

const killabilityOf = (url: string): Killability => JSON.parse(new URL(url).searchParams.get('killability') ?? '{}');

export const createActor: ActorFactory = (context): Actor => {
  const { vices = {}, poison = {}, needsEventLoop = false } = killabilityOf(import.meta.url);
  const memory = new Float64Array(context.ownMemory);
  const vice = vices[context.id];
  let wish: WayToDie | undefined;
  const input = context.id === 'book' ? context.consumer('deltas') : undefined;
  const handle = (view: DataView, offset: number) => {
    const number = view.getFloat64(offset, true);
    die(poison[number], context);
    if (number > (memory[NEWEST] as number) + 1) memory[OUT_OF_ORDER]!++;
    memory[NEWEST] = Math.max(number, memory[NEWEST] as number);
  };
  return {
    id: context.id,
    needsEventLoop,
    onStart: () => {
      memory[LIVES]!++;
      if (vice === 'fails to start' || (vice === 'fails to start again' && context.isSuccessor)) throw new Error(vice);
      return vice === 'is never ready' ? never : undefined;
    },
    doWork: () => {
      die(wish, context);
      return input?.drain(handle, 64) ?? 0;
    },
    onStop: () => {
      if (vice === 'fails to stop') throw new Error(vice);
      context.log('info', 'process_stopping', `${context.id} stopped`);
      if (vice === 'stops slowly') return gettingOn(context, 5_000);
      if (vice === 'never ends to stop') return gettingOn(context, Number.POSITIVE_INFINITY);
      return vice === 'ignores stop' ? never : undefined;
    },
    control: {
      die: (way: WayToDie) => {
        wish = way;
      },
      lives: () => memory[LIVES],
      sees: () => JSON.stringify([context.options, workerData.options, workerData.ownOptions]),
      hang: () => never,
    } satisfies KillableCalls[ActorId],
  };
};

/** Says every few milliseconds that it gets on, for so long. */
async function gettingOn(context: ActorContext, forMs: number): Promise<void> {
  const untilNs = context.clock.nowNs() + forMs * 1e6;
  while (context.clock.nowNs() < untilNs) {
    context.noteProgress();
    await new Promise<void>((next) => void context.clock.after(10, next));
  }
}

function die(way: WayToDie | undefined, context: ActorContext): void {
  if (way === undefined) return;
  if (way === 'throw') throw new Error('told to throw');
  if (way === 'overflow') throw arbitradeError('AMOUNT_OVERFLOW', 2n ** 63n);
  if (way === 'throw in a callback') context.clock.after(0, () => fail());
  if (way === 'exit') process.exit(7);
  if (way === 'exit normally') process.exit(0);
  const hoard: unknown[] = [];
  while (way === 'out of memory') hoard.push(new Array(10_000).fill(way));
  while (way === 'endless loop');
}

function fail(): never {
  throw new Error('told to throw in a callback');
}
