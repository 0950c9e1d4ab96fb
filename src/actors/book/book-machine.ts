/**
 * Validity of one instrument's book.
 *
 *   awaiting ──verified──▶ live ──broken──▶ asked ──verified──▶ live
 *                                            │ broken, overdue
 *                                            ▼
 *                                       backing_off ──overdue──▶ asked
 *                                            │ attempts used up
 *                                            ▼
 *                                        given_up ──overdue (seldom)──▶ asked
 *
 * A snapshot that verifies makes a book live from any state; `voided` (the feed lost the stream and fetches a snapshot
 * itself) sends it back to awaiting. States only: the actor keeps the state's number in memory that outlives it and asks
 * {@link nextValidity} when something changes, never per tick.
 */
import { assign, setup, transition } from 'xstate';

/** In the order of their numbers in memory: `awaiting` is 0, as fresh memory is. */
export const VALIDITY_STATES = ['awaiting', 'live', 'asked', 'backing_off', 'given_up'] as const;
export type ValidityState = (typeof VALIDITY_STATES)[number];

export type ValidityEvent =
  /** A snapshot's checksum matched. */
  | { type: 'verified' }
  /** A message did not verify, or made no sense. `settled`: the book had been live for long; earlier trouble is over. */
  | { type: 'broken'; settled: boolean }
  /** The instrument's precision changed: the levels are in another scale. The feed may be fetching a snapshot already. */
  | { type: 'rescaled' }
  /** The feed says the stream was interrupted; it fetches a snapshot by itself. */
  | { type: 'voided' }
  /** What the state waits for did not come in time, or its pause is over. */
  | { type: 'overdue' };

export interface ValidityContext {
  /** Requests for a snapshot since the book was last live for long. */
  readonly attempts: number;
  readonly attemptsMax: number;
}

export const validityMachine = setup({
  types: { context: {} as ValidityContext, events: {} as ValidityEvent, input: {} as ValidityContext },
  guards: {
    isFresh: ({ context, event }) => context.attempts === 0 || (event.type === 'broken' && event.settled),
    isUsedUp: ({ context }) => context.attempts >= context.attemptsMax,
  },
  actions: {
    countFirst: assign({ attempts: 1 }),
    countOne: assign({ attempts: ({ context }) => context.attempts + 1 }),
  },
}).createMachine({
  id: 'validity',
  context: ({ input }) => input,
  initial: 'awaiting',
  on: { verified: '.live', voided: '.awaiting' },
  states: {
    awaiting: {
      on: {
        broken: [
          { guard: 'isUsedUp', target: 'given_up' },
          { target: 'asked', actions: 'countOne' },
        ],
        overdue: [
          { guard: 'isUsedUp', target: 'given_up' },
          { target: 'asked', actions: 'countOne' },
        ],
      },
    },
    live: {
      on: {
        broken: [
          { guard: 'isFresh', target: 'asked', actions: 'countFirst' },
          { guard: 'isUsedUp', target: 'given_up' },
          { target: 'backing_off' },
        ],
        rescaled: 'backing_off',
      },
    },
    asked: {
      on: {
        broken: [{ guard: 'isUsedUp', target: 'given_up' }, { target: 'backing_off' }],
        overdue: [{ guard: 'isUsedUp', target: 'given_up' }, { target: 'backing_off' }],
      },
    },
    backing_off: { on: { overdue: { target: 'asked', actions: 'countOne' } } },
    given_up: { on: { overdue: { target: 'asked', actions: 'countOne' } } },
  },
});

/** State and attempts after an event. Pure. */
export function nextValidity(
  state: ValidityState,
  context: ValidityContext,
  event: ValidityEvent,
): { state: ValidityState; attempts: number } {
  const [next] = transition(validityMachine, validityMachine.resolveState({ value: state, context }), event);
  return { state: next.value, attempts: next.context.attempts };
}
