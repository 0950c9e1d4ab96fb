/**
 * The life of persistence. A commit is asked for in `ready` only, so one is in progress at most; every failure goes
 * through `backing_off` to a new opening, which finds out what had been committed.
 *
 *   idle ─▶ opening ─▶ migrating ─▶ ready ◀──▶ committing
 *              ▲           │                       │
 *              └────── backing_off ◀───────────────┘      (too often in a row: failed)
 */
import { assign, setup } from 'xstate';

/** Failures in a row after which the actor gives up and leaves it to its supervisor. */
export const FAILURES_MAX = 5;

export type PersistenceEvent =
  | { type: 'open' }
  | { type: 'migrate' }
  | { type: 'opened' }
  | { type: 'commit' }
  | { type: 'committed' }
  | { type: 'failed' }
  | { type: 'retry' }
  | { type: 'close' }
  | { type: 'closed' };

const failing = [
  { guard: 'tooOften' as const, target: 'failed', actions: 'countFailure' as const },
  { target: 'backing_off', actions: 'countFailure' as const },
];

export const persistenceMachine = setup({
  types: { context: {} as { failures: number }, events: {} as PersistenceEvent },
  guards: { tooOften: ({ context }) => context.failures + 1 >= FAILURES_MAX },
  actions: {
    countFailure: assign({ failures: ({ context }) => context.failures + 1 }),
    forgetFailures: assign({ failures: 0 }),
  },
}).createMachine({
  id: 'persistence',
  context: { failures: 0 },
  initial: 'idle',
  states: {
    idle: { on: { open: 'opening', close: 'closed' } },
    opening: { on: { migrate: 'migrating', failed: failing, close: 'closing' } },
    migrating: { on: { opened: 'ready', failed: failing, close: 'closing' } },
    ready: { on: { commit: 'committing', failed: failing, close: 'closing' } },
    committing: { on: { committed: { target: 'ready', actions: 'forgetFailures' }, failed: failing } },
    backing_off: { on: { retry: 'opening', close: 'closed' } },
    closing: { on: { closed: 'closed', failed: 'failed' } },
    closed: { type: 'final' },
    failed: { type: 'final' },
  },
});

export type PersistenceState = keyof typeof persistenceMachine.states;
