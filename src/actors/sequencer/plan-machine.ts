/**
 * The life of one plan: which leg is next, and what has to happen to whatever is held when a leg does not go as planned.
 * States only: whoever runs it (`plan-desk.ts`) places orders, books fills and tells it what came of them.
 *
 *   checking ─▶ placing ─▶ working ─▶ placing (next leg) … ─▶ completed
 *                 │ ▲         │
 *                 ▼ │         └─ a rest was left ─▶ unwinding ─▶ unwinding_working ─▶ unwinding … ─▶ unwound
 *                held                                  ▲ │
 *                                                      │ ▼
 *                                                 unwinding_waiting
 *   before anything is held: ─▶ abandoned        when nothing helps any more: ─▶ stranded
 *
 * A part that was filled goes on along the cycle; the rest of every leg is taken back at the end, from the last leg to
 * the first. Every state answers every event: what it does not expect is recorded (`onUnexpected`) and changes nothing.
 */
import { assign, setup } from 'xstate';

/** In the order of their codes in a plan's slot. Append only. */
export const PLAN_STATES = [
  'checking',
  'placing',
  'working',
  'held',
  'unwinding',
  'unwinding_working',
  'unwinding_waiting',
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
  /** The order is written down and goes out. */
  'order.placed',
  /** No order can be made of what is at hand: below a minimum, no book, or the gate lets only other orders out. */
  'order.impossible',
  /** The venue has the order. */
  'order.acked',
  /** The order is over, with all, some or none of its quantity. */
  'order.filled',
  'order.partial',
  'order.unfilled',
  /** The gate is paused: no order may leave now. */
  'gate.paused',
  /** The gate is halted: no order will leave. */
  'gate.halted',
  'gate.opened',
  /** Nothing that could be traded is left to take back. */
  'unwind.nothing',
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
  /** Leg in hand, from 0 in trading order. */
  readonly leg: number;
  /** Whether something was left over on the way that is not the start asset. */
  readonly rest: boolean;
}

/** States in which an order is out. */
export const hasOrderOut = (state: PlanState): boolean => state === 'working' || state === 'unwinding_working';
/** States from which a plan does not move. */
export const isOver = (state: PlanState): boolean => PLAN_STATES.indexOf(state) >= PLAN_STATES.indexOf('completed');

export const planMachine = setup({
  types: {
    context: {} as PlanInput,
    input: {} as PlanInput,
    events: {} as PlanEvent,
  },
  guards: {
    /** Nothing but the start asset is held: there is nothing to take back. */
    isFirst: ({ context }) => context.leg === 0,
    isLast: ({ context }) => context.leg === context.legCount - 1,
    isLastWithRest: ({ context }) => context.leg === context.legCount - 1 && context.rest,
  },
  actions: {
    nextLeg: assign({ leg: ({ context }) => context.leg + 1 }),
    /** An unspent rest of the first leg is start asset and needs no taking back. */
    keepRest: assign({ rest: ({ context }) => context.rest || context.leg > 0 }),
    onUnexpected: () => undefined,
  },
}).createMachine({
  id: 'plan',
  context: ({ input }) => input,
  initial: 'checking',
  states: {
    checking: {
      on: {
        'check.passed': 'placing',
        'check.refused': 'abandoned',
        '*': { actions: 'onUnexpected' },
      },
    },
    placing: {
      on: {
        'order.placed': 'working',
        'order.impossible': [
          { guard: 'isFirst', target: 'abandoned' },
          { target: 'unwinding', actions: 'keepRest' },
        ],
        'gate.paused': [{ guard: 'isFirst', target: 'abandoned' }, { target: 'held' }],
        'gate.halted': [{ guard: 'isFirst', target: 'abandoned' }, { target: 'stranded' }],
        '*': { actions: 'onUnexpected' },
      },
    },
    working: {
      on: {
        'order.acked': {},
        'order.filled': [
          { guard: 'isLastWithRest', target: 'unwinding' },
          { guard: 'isLast', target: 'completed' },
          { target: 'placing', actions: 'nextLeg' },
        ],
        'order.partial': [
          { guard: 'isLast', target: 'unwinding', actions: 'keepRest' },
          { target: 'placing', actions: ['keepRest', 'nextLeg'] },
        ],
        'order.unfilled': [
          { guard: 'isFirst', target: 'abandoned' },
          { target: 'unwinding', actions: 'keepRest' },
        ],
        '*': { actions: 'onUnexpected' },
      },
    },
    held: {
      on: {
        'gate.opened': 'placing',
        'gate.halted': 'stranded',
        'patience.over': 'stranded',
        '*': { actions: 'onUnexpected' },
      },
    },
    unwinding: {
      on: {
        'order.placed': 'unwinding_working',
        'order.impossible': 'unwinding_waiting',
        'unwind.nothing': 'unwound',
        'gate.paused': 'unwinding_waiting',
        'gate.halted': 'stranded',
        'patience.over': 'stranded',
        '*': { actions: 'onUnexpected' },
      },
    },
    unwinding_working: {
      on: {
        'order.acked': {},
        'order.filled': 'unwinding',
        'order.partial': 'unwinding_waiting',
        'order.unfilled': 'unwinding_waiting',
        '*': { actions: 'onUnexpected' },
      },
    },
    unwinding_waiting: {
      on: {
        'retry.due': 'unwinding',
        'gate.halted': 'stranded',
        'patience.over': 'stranded',
        '*': { actions: 'onUnexpected' },
      },
    },
    completed: { on: { '*': { actions: 'onUnexpected' } } },
    abandoned: { on: { '*': { actions: 'onUnexpected' } } },
    unwound: { on: { '*': { actions: 'onUnexpected' } } },
    stranded: { on: { '*': { actions: 'onUnexpected' } } },
  },
});
