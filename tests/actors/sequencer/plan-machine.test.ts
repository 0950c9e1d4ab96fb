import { describe, expect, test } from 'vitest';
import { initialTransition, transition } from 'xstate';
import {
  hasOrderOut,
  isOver,
  PLAN_EVENTS,
  PLAN_STATES,
  type PlanEventType,
  type PlanInput,
  type PlanState,
  planMachine,
} from '../../../src/actors/sequencer/model/plan-machine.ts';
import { expectCovered, hanging } from '../../support/walk-machine.ts';

const NOTHING_HELD: PlanInput = { legCount: 3, parallel: false, leg: 0, rest: false };
const NOTHING_BUT_REST: PlanInput = { ...NOTHING_HELD, rest: true };
const MIDDLE: PlanInput = { ...NOTHING_HELD, leg: 1 };
const LAST: PlanInput = { ...NOTHING_HELD, leg: 2 };
const LAST_WITH_REST: PlanInput = { ...LAST, rest: true };
const ALL_AT_ONCE: PlanInput = { ...NOTHING_HELD, parallel: true };
const ALL_OUT: PlanInput = { ...LAST, parallel: true };
const ALL_OUT_WITH_REST: PlanInput = { ...ALL_OUT, rest: true };

function step(state: PlanState, context: PlanInput, type: PlanEventType) {
  const [next, actions] = transition(planMachine, planMachine.resolveState({ value: state, context }), { type });
  return {
    state: next.value as PlanState,
    leg: next.context.leg,
    rest: next.context.rest,
    unexpected: actions.some((action) => action.type === 'onUnexpected'),
  };
}

/** What each state makes of each event it expects, from each situation that matters. All else is unexpected. */
type Row = readonly [PlanState, PlanInput, PlanEventType, PlanState, leg?: number, rest?: boolean];
const STEP_OVER = (state: 'working' | 'reconciling'): readonly Row[] => [
  [state, NOTHING_HELD, 'order.acked', state],
  [state, NOTHING_HELD, 'order.filled', 'placing', 1],
  [state, MIDDLE, 'order.filled', 'placing', 2],
  [state, LAST, 'order.filled', 'completed'],
  [state, LAST_WITH_REST, 'order.filled', 'closing'],
  [state, NOTHING_HELD, 'order.partial', 'placing', 1, false],
  [state, MIDDLE, 'order.partial', 'placing', 2, true],
  [state, LAST, 'order.partial', 'closing', 2, true],
  [state, NOTHING_HELD, 'order.unfilled', 'abandoned'],
  [state, NOTHING_BUT_REST, 'order.unfilled', 'closing', 0, true],
  [state, MIDDLE, 'order.unfilled', 'closing', 1, true],
  [state, ALL_OUT, 'order.filled', 'completed'],
  [state, ALL_OUT_WITH_REST, 'order.filled', 'closing'],
  [state, ALL_OUT, 'order.partial', 'closing', 2, true],
  [state, ALL_OUT, 'order.unfilled', 'abandoned'],
  [state, ALL_OUT_WITH_REST, 'order.unfilled', 'closing'],
  [state, NOTHING_HELD, 'order.lost', 'stranded'],
  [state, MIDDLE, 'order.lost', 'stranded'],
  [state, ALL_OUT, 'order.lost', 'stranded'],
  [state, NOTHING_HELD, 'order.reopened', 'reconciling', 0, true],
  [state, MIDDLE, 'order.uncertain', 'reconciling'],
];

const ATTEMPT_OVER = (state: 'closing_working' | 'closing_reconciling'): readonly Row[] => [
  [state, MIDDLE, 'order.acked', state],
  [state, MIDDLE, 'order.filled', 'closing'],
  [state, MIDDLE, 'order.partial', 'closing_waiting'],
  [state, MIDDLE, 'order.unfilled', 'closing_waiting'],
  [state, MIDDLE, 'order.uncertain', 'closing_reconciling'],
  [state, MIDDLE, 'order.lost', 'stranded'],
  [state, MIDDLE, 'order.reopened', 'closing_reconciling'],
];

const TABLE: readonly Row[] = [
  ['checking', NOTHING_HELD, 'check.passed', 'placing'],
  ['checking', NOTHING_HELD, 'check.refused', 'abandoned'],
  ['placing', NOTHING_HELD, 'order.placed', 'working'],
  ['placing', ALL_AT_ONCE, 'order.placed', 'working', 2],
  ['placing', NOTHING_HELD, 'order.impossible', 'abandoned'],
  ['placing', ALL_AT_ONCE, 'order.impossible', 'abandoned'],
  ['placing', MIDDLE, 'order.impossible', 'closing', 1, true],
  ['placing', NOTHING_HELD, 'gate.paused', 'abandoned'],
  ['placing', NOTHING_BUT_REST, 'gate.paused', 'held'],
  ['placing', MIDDLE, 'gate.paused', 'held'],
  ['placing', NOTHING_HELD, 'gate.halted', 'abandoned'],
  ['placing', MIDDLE, 'gate.halted', 'stranded'],
  ['placing', NOTHING_HELD, 'bound.reached', 'abandoned'],
  ['placing', MIDDLE, 'bound.reached', 'stranded'],
  ...STEP_OVER('working'),
  ...STEP_OVER('reconciling'),
  ['reconciling', MIDDLE, 'order.certain', 'working'],
  ['held', MIDDLE, 'gate.opened', 'placing'],
  ['held', MIDDLE, 'gate.halted', 'stranded'],
  ['held', MIDDLE, 'patience.over', 'stranded'],
  ['held', MIDDLE, 'order.reopened', 'closing_reconciling', 1, true],
  ['closing', MIDDLE, 'order.placed', 'closing_working'],
  ['closing', MIDDLE, 'order.impossible', 'closing_waiting'],
  ['closing', MIDDLE, 'gate.paused', 'closing_waiting'],
  ['closing', MIDDLE, 'gate.halted', 'stranded'],
  ['closing', MIDDLE, 'patience.over', 'stranded'],
  ['closing', MIDDLE, 'closing.completed', 'completed'],
  ['closing', MIDDLE, 'closing.reversed', 'unwound'],
  ['closing', MIDDLE, 'closing.given_up', 'stranded'],
  ['closing', MIDDLE, 'bound.reached', 'stranded'],
  ...ATTEMPT_OVER('closing_working'),
  ...ATTEMPT_OVER('closing_reconciling'),
  ['closing_reconciling', MIDDLE, 'order.certain', 'closing_working'],
  ['closing_waiting', MIDDLE, 'retry.due', 'closing'],
  ['closing_waiting', MIDDLE, 'gate.halted', 'stranded'],
  ['closing_waiting', MIDDLE, 'patience.over', 'stranded'],
  ['closing_waiting', MIDDLE, 'order.reopened', 'closing_reconciling'],
];

/** Where an event that is not expected leads: with an order out no one knows any more what holds. */
const DOUBTED: Partial<Record<PlanState, PlanState>> = {
  working: 'reconciling',
  closing_working: 'closing_reconciling',
};

describe('plan machine', () => {
  test.each(TABLE.map((row) => ({ row })))('expects: $row', ({ row: [state, context, event, target, leg, rest] }) => {
    expect(step(state, context, event)).toEqual({
      state: target,
      leg: leg ?? context.leg,
      rest: rest ?? context.rest,
      unexpected: false,
    });
  });

  test('every other event in every state is recorded as unexpected, and makes the outcome unknown while an order is out', () => {
    let pairs = 0;
    for (const state of PLAN_STATES) {
      for (const event of PLAN_EVENTS) {
        if (TABLE.some(([from, , on]) => from === state && on === event)) continue;
        expect(step(state, MIDDLE, event), `${state} on ${event}`).toEqual({
          state: DOUBTED[state] ?? state,
          leg: 1,
          rest: false,
          unexpected: true,
        });
        pairs++;
      }
    }
    const expected = new Set(TABLE.map(([from, , on]) => `${from} ${on}`)).size;
    expect(pairs + expected).toBe(PLAN_STATES.length * PLAN_EVENTS.length);
  });

  test('no event leads from a state where something is held to one that forgets it', () => {
    for (const state of PLAN_STATES.filter((name) => !isOver(name) && name !== 'checking')) {
      for (const event of PLAN_EVENTS) expect(step(state, MIDDLE, event).state).not.toBe('abandoned');
    }
  });

  test.each([
    [3, false],
    [4, false],
    [3, true],
    [4, true],
  ])('paths through a plan of %i legs, parallel %s, cover every state and transition', (legCount, parallel) => {
    const input = { ...NOTHING_HELD, legCount, parallel };
    const name = `plan machine, ${legCount} legs${parallel ? ' in parallel' : ''}`;
    // In parallel nothing waits for the gate between two legs.
    const states = PLAN_STATES.filter((state) => !parallel || state !== 'held');
    expectCovered(name, planMachine, input, states, PLAN_EVENTS);
  });

  test('from every state that is reached an end can be reached, so no plan hangs', () => {
    expect(hanging(planMachine, NOTHING_HELD, PLAN_EVENTS, isOver)).toEqual([]);
  });

  test('a fresh plan is checking, and orders are out in the working states only', () => {
    expect(initialTransition(planMachine, NOTHING_HELD)[0].value).toBe('checking');
    expect(PLAN_STATES.filter(hasOrderOut)).toEqual([
      'working',
      'reconciling',
      'closing_working',
      'closing_reconciling',
    ]);
  });
});
