/**
 * The life of one plan: which orders are next, and what has to happen to what is held when they do not go as planned.
 * States only: its runner (`plan-desk.ts`) places orders, books fills and sends it what came of them.
 *
 *   checking ─▶ placing ─▶ working ─▶ placing (next leg) … ─▶ completed
 *                 │ ▲         │ ▲
 *                 ▼ │         │ └─▶ reconciling     while the fate of an order is unknown
 *                held         └─ something was left over ─▶ closing ─▶ closing_working ─▶ closing … ─▶ unwound | completed
 *                                                            │ ▲            └─▶ closing_reconciling
 *                                                            ▼ │
 *                                                       closing_waiting
 *   before anything is held: ─▶ abandoned              when nothing helps any more: ─▶ stranded
 *
 * A part that was filled goes on along the cycle; what is left over of every leg is closed out at the end: completed at a
 * worse price, or taken back. In parallel all legs are one step. Nothing but proof leads out of a reconciling state, or
 * that there will be none: the venue had an order and knows it no more.
 * What a state does not expect is recorded (`onUnexpected`); with an order out it makes the outcome unknown.
 */
import { assign, setup } from 'xstate';

/** In the order of their codes in a plan's slot. */
export const PLAN_STATES = [
  'checking',
  'placing',
  'working',
  'reconciling',
  'held',
  'closing',
  'closing_working',
  'closing_reconciling',
  'closing_waiting',
  'completed',
  'abandoned',
  'unwound',
  'stranded',
] as const;
export type PlanState = (typeof PLAN_STATES)[number];

export const PLAN_EVENTS = [
  /** The opportunity still stands at the newest books. */
  'check.passed',
  'check.refused',
  /** The orders of the step are written down and go out. */
  'order.placed',
  /** No order can be made of what is at hand: below a minimum, no book, a limit, or the gate lets only other orders out. */
  'order.impossible',
  /** The venue has an order. */
  'order.acked',
  /** All orders of the step are over: with all, some or none of what was wanted. */
  'order.filled',
  'order.partial',
  'order.unfilled',
  /** They are over but for one that the venue had and knows no more: what it did is not known. */
  'order.lost',
  /** The fate of an order is unknown. */
  'order.uncertain',
  /** Every order that is out is known to be open. */
  'order.certain',
  /** An order of an earlier step was not over after all. */
  'order.reopened',
  /** No order may leave now: the gate is paused, or the venue or the account is not ready. */
  'gate.paused',
  /** The gate is halted: no order will leave. */
  'gate.halted',
  'gate.opened',
  /** Nothing that could be traded is left over; everything went forward, or something was taken back. */
  'closing.completed',
  'closing.reversed',
  /** What is left over stays: no attempt is left, or the settings say so. */
  'closing.given_up',
  /** A bound of the plan itself: no further order of it will leave. */
  'bound.reached',
  'retry.due',
  'patience.over',
] as const;
export type PlanEventType = (typeof PLAN_EVENTS)[number];
export interface PlanEvent {
  readonly type: PlanEventType;
}

export interface PlanInput {
  /** 3 or 4. */
  readonly legCount: number;
  /** All legs are one step. */
  readonly parallel: boolean;
  /** Current leg, from 0 in trading order. */
  readonly leg: number;
  /** Whether something was left over between legs that is not the start asset. */
  readonly rest: boolean;
}

/** States in which an order is out. */
export const hasOrderOut = (state: PlanState): boolean =>
  state === 'working' || state === 'reconciling' || state === 'closing_working' || state === 'closing_reconciling';
/** States in which the fate of an order is unknown. */
export const isReconciling = (state: PlanState): boolean => state === 'reconciling' || state === 'closing_reconciling';
/** States from which a plan does not move. */
export const isOver = (state: PlanState): boolean => PLAN_STATES.indexOf(state) >= PLAN_STATES.indexOf('completed');
/** States of what is left over being closed out. */
export const isClosing = (state: PlanState): boolean => state.startsWith('closing');

const UNEXPECTED = { '*': { actions: 'onUnexpected' } } as const;

/** What a step that is over leads to. */
const STEP_OVER = {
  'order.filled': [
    { guard: 'isLastWithRest', target: 'closing' },
    { guard: 'isLast', target: 'completed' },
    { target: 'placing', actions: 'nextLeg' },
  ],
  'order.partial': [
    { guard: 'isLast', target: 'closing', actions: 'keepRest' },
    { target: 'placing', actions: ['keepRest', 'nextLeg'] },
  ],
  'order.unfilled': [
    { guard: 'holdsNothing', target: 'abandoned' },
    { target: 'closing', actions: 'mustClose' },
  ],
  'order.lost': 'stranded',
  'order.reopened': { target: 'reconciling', actions: 'mustClose' },
} as const;

const ATTEMPT_OVER = {
  'order.filled': 'closing',
  'order.partial': 'closing_waiting',
  'order.unfilled': 'closing_waiting',
  'order.lost': 'stranded',
  'order.reopened': 'closing_reconciling',
} as const;

export const planMachine = setup({
  types: {
    context: {} as PlanInput,
    input: {} as PlanInput,
    events: {} as PlanEvent,
  },
  guards: {
    /** Nothing but the start asset is held. In parallel no leg brought anything when the step as a whole did not. */
    holdsNothing: ({ context }) => !context.rest && (context.leg === 0 || context.parallel),
    isLast: ({ context }) => context.leg === context.legCount - 1,
    isLastWithRest: ({ context }) => context.leg === context.legCount - 1 && context.rest,
  },
  actions: {
    nextLeg: assign({ leg: ({ context }) => context.leg + 1 }),
    allLegs: assign({ leg: ({ context }) => (context.parallel ? context.legCount - 1 : context.leg) }),
    /** What the first of several legs did not spend is start asset, and no rest. */
    keepRest: assign({ rest: ({ context }) => context.rest || context.leg > 0 }),
    mustClose: assign({ rest: true }),
    onUnexpected: () => undefined,
  },
}).createMachine({
  id: 'plan',
  context: ({ input }) => input,
  initial: 'checking',
  states: {
    checking: { on: { 'check.passed': 'placing', 'check.refused': 'abandoned', ...UNEXPECTED } },
    placing: {
      on: {
        'order.placed': { target: 'working', actions: 'allLegs' },
        'order.impossible': [
          { guard: 'holdsNothing', target: 'abandoned' },
          { target: 'closing', actions: 'mustClose' },
        ],
        'gate.paused': [{ guard: 'holdsNothing', target: 'abandoned' }, { target: 'held' }],
        'gate.halted': [{ guard: 'holdsNothing', target: 'abandoned' }, { target: 'stranded' }],
        'bound.reached': [{ guard: 'holdsNothing', target: 'abandoned' }, { target: 'stranded' }],
        ...UNEXPECTED,
      },
    },
    working: {
      on: {
        ...STEP_OVER,
        'order.acked': {},
        'order.uncertain': 'reconciling',
        '*': { target: 'reconciling', actions: 'onUnexpected' },
      },
    },
    reconciling: {
      on: { ...STEP_OVER, 'order.acked': {}, 'order.uncertain': {}, 'order.certain': 'working', ...UNEXPECTED },
    },
    held: {
      on: {
        'gate.opened': 'placing',
        'gate.halted': 'stranded',
        'patience.over': 'stranded',
        'order.reopened': { target: 'closing_reconciling', actions: 'mustClose' },
        ...UNEXPECTED,
      },
    },
    closing: {
      on: {
        'order.placed': 'closing_working',
        'order.impossible': 'closing_waiting',
        'gate.paused': 'closing_waiting',
        'gate.halted': 'stranded',
        'patience.over': 'stranded',
        'closing.completed': 'completed',
        'closing.reversed': 'unwound',
        'closing.given_up': 'stranded',
        'bound.reached': 'stranded',
        ...UNEXPECTED,
      },
    },
    closing_working: {
      on: {
        ...ATTEMPT_OVER,
        'order.acked': {},
        'order.uncertain': 'closing_reconciling',
        '*': { target: 'closing_reconciling', actions: 'onUnexpected' },
      },
    },
    closing_reconciling: {
      on: {
        ...ATTEMPT_OVER,
        'order.acked': {},
        'order.uncertain': {},
        'order.certain': 'closing_working',
        ...UNEXPECTED,
      },
    },
    closing_waiting: {
      on: {
        'retry.due': 'closing',
        'gate.halted': 'stranded',
        'patience.over': 'stranded',
        'order.reopened': 'closing_reconciling',
        ...UNEXPECTED,
      },
    },
    completed: { on: UNEXPECTED },
    abandoned: { on: UNEXPECTED },
    unwound: { on: UNEXPECTED },
    stranded: { on: UNEXPECTED },
  },
});
