/**
 * What trading may do, as risk sees it. States only.
 *
 *   active ◀──▶ paused       a condition (stale data, a silent actor) that clears itself
 *     │  ▲        │
 *     ▼  │        │
 *   draining ◀──▶ ┤          a person drains: plans at work go on to their end, none is begun, until a person resumes
 *     │           │
 *     ▼           │
 *   reducing ◀──▶ ┘          something was stranded; only orders that shrink exposure, until a person resumes
 *   any ──halt──▶ halted     latched: only a person resumes it
 *
 * It starts paused: the conditions were not checked yet. Every state answers every event.
 */
import { assign, setup } from 'xstate';

export const RISK_STATES = ['active', 'paused', 'reducing', 'halted', 'draining'] as const;
export type RiskState = (typeof RISK_STATES)[number];

export const RISK_EVENTS = [
  /** A condition holds under which nothing may be traded now. */
  'condition.raised',
  'condition.cleared',
  /** A plan ended with something it could not sell. */
  'exposure.stranded',
  /** A person wants nothing new to be begun. */
  'drain',
  /** A limit was broken, the kill switch was found, or a person said so. */
  'halt',
  /** A person resumes, and the cause is gone. */
  'resume',
] as const;
export type RiskEventType = (typeof RISK_EVENTS)[number];

export interface RiskInput {
  /** Whether a condition for pausing holds. */
  readonly condition: boolean;
  /** Whether something stranded was not acknowledged yet. */
  readonly stranded: boolean;
  /** Whether a person wants nothing new to be begun. */
  readonly draining: boolean;
}

const raise = { condition: true };
const clear = { condition: false };

export const riskMachine = setup({
  types: {
    context: {} as RiskInput,
    input: {} as RiskInput,
    events: {} as { readonly type: RiskEventType },
  },
  guards: {
    isStranded: ({ context }) => context.stranded,
    isDraining: ({ context }) => context.draining,
    hasCondition: ({ context }) => context.condition,
  },
  actions: {
    raise: assign(raise),
    clear: assign(clear),
    strand: assign({ stranded: true }),
    drain: assign({ draining: true }),
    acknowledge: assign({ stranded: false, draining: false }),
  },
}).createMachine({
  id: 'risk',
  context: ({ input }) => input,
  initial: 'paused',
  states: {
    active: {
      on: {
        'condition.raised': { target: 'paused', actions: 'raise' },
        'condition.cleared': { actions: 'clear' },
        'exposure.stranded': { target: 'reducing', actions: 'strand' },
        drain: { target: 'draining', actions: 'drain' },
        halt: 'halted',
        resume: { actions: 'acknowledge' },
      },
    },
    paused: {
      on: {
        'condition.raised': { actions: 'raise' },
        'condition.cleared': [
          { guard: 'isStranded', target: 'reducing', actions: 'clear' },
          { guard: 'isDraining', target: 'draining', actions: 'clear' },
          { target: 'active', actions: 'clear' },
        ],
        'exposure.stranded': { actions: 'strand' },
        drain: { actions: 'drain' },
        halt: 'halted',
        resume: { actions: 'acknowledge' },
      },
    },
    reducing: {
      on: {
        'condition.raised': { target: 'paused', actions: 'raise' },
        'condition.cleared': { actions: 'clear' },
        'exposure.stranded': { actions: 'strand' },
        drain: { actions: 'drain' },
        halt: 'halted',
        resume: { target: 'active', actions: 'acknowledge' },
      },
    },
    draining: {
      on: {
        'condition.raised': { target: 'paused', actions: 'raise' },
        'condition.cleared': { actions: 'clear' },
        'exposure.stranded': { target: 'reducing', actions: 'strand' },
        drain: { actions: 'drain' },
        halt: 'halted',
        resume: { target: 'active', actions: 'acknowledge' },
      },
    },
    halted: {
      on: {
        'condition.raised': { actions: 'raise' },
        'condition.cleared': { actions: 'clear' },
        'exposure.stranded': { actions: 'strand' },
        drain: { actions: 'drain' },
        halt: {},
        resume: [
          { guard: 'hasCondition', target: 'paused', actions: 'acknowledge' },
          { target: 'active', actions: 'acknowledge' },
        ],
      },
    },
  },
});
