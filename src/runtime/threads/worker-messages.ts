/** The messages between the main thread and a worker thread about its life. Ticks are never among them. */
import type { MessagePort } from 'node:worker_threads';
import type { ErrorCode } from '../../platform/errors.ts';
import type { Config } from '../../settings/config.ts';
import type { ActorContext } from '../actor.ts';
import type { ActorId } from '../counter-names.ts';
import type { SetAside, SharedMemory } from '../memory/shared-memory.ts';
import type { RunOptions } from '../run-options.ts';
import type { IdleStrategy } from './duty-loop.ts';

/** Options that only one actor sees. */
export type OwnOptions = Readonly<Partial<Record<ActorId, RunOptions>>>;

/** What a worker thread is born with. */
export interface WorkerBirth {
  readonly memory: SharedMemory;
  readonly config: Config;
  readonly actors: readonly { readonly id: ActorId; readonly entry: string }[];
  readonly idle: IdleStrategy;
  readonly seed: number;
  readonly options: RunOptions;
  /** Of its own actors only. */
  readonly ownOptions: OwnOptions;
  readonly isSuccessor: boolean;
  readonly setAside: SetAside;
  /** Its end of the control port. */
  readonly control: MessagePort;
}

/** To a worker. It is summoned by its doorbell after each. */
export type ToWorker = { readonly type: 'stop'; readonly withinMs: number };

/** From a worker. */
export type FromWorker =
  | { readonly type: 'ready' }
  | { readonly type: 'stopped' }
  /** An actor threw. `inTurn` when it was handling messages: then one of them may be the cause. */
  | {
      readonly type: 'failed';
      readonly actor: ActorId;
      readonly reason: string;
      /** Of an operating error. */
      readonly code: ErrorCode | undefined;
      readonly inTurn: boolean;
    }
  | { readonly type: 'log'; readonly actor: ActorId; readonly event: Parameters<ActorContext['log']> };
