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
} from '../../../src/actors/sequencer/plan-machine.ts';
import { keyOf, reachable, walk } from '../walk-machine.ts';

const NOTHING_HELD: PlanInput = { legCount: 3, leg: 0, rest: false };
const MIDDLE: PlanInput = { legCount: 3, leg: 1, rest: false };
const LAST: PlanInput = { legCount: 3, leg: 2, rest: false };
const LAST_WITH_REST: PlanInput = { legCount: 3, leg: 2, rest: true };

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
const TABLE: readonly Row[] = [
  ['checking', NOTHING_HELD, 'check.passed', 'placing'],
  ['checking', NOTHING_HELD, 'check.refused', 'abandoned'],
  ['placing', NOTHING_HELD, 'order.placed', 'working'],
  ['placing', NOTHING_HELD, 'order.impossible', 'abandoned'],
  ['placing', MIDDLE, 'order.impossible', 'unwinding', 1, true],
  ['placing', NOTHING_HELD, 'gate.paused', 'abandoned'],
  ['placing', MIDDLE, 'gate.paused', 'held'],
  ['placing', NOTHING_HELD, 'gate.halted', 'abandoned'],
  ['placing', MIDDLE, 'gate.halted', 'stranded'],
  ['working', NOTHING_HELD, 'order.acked', 'working'],
  ['working', NOTHING_HELD, 'order.filled', 'placing', 1],
  ['working', MIDDLE, 'order.filled', 'placing', 2],
  ['working', LAST, 'order.filled', 'completed'],
  ['working', LAST_WITH_REST, 'order.filled', 'unwinding'],
  ['working', NOTHING_HELD, 'order.partial', 'placing', 1, false],
  ['working', MIDDLE, 'order.partial', 'placing', 2, true],
  ['working', LAST, 'order.partial', 'unwinding', 2, true],
  ['working', NOTHING_HELD, 'order.unfilled', 'abandoned'],
  ['working', MIDDLE, 'order.unfilled', 'unwinding', 1, true],
  ['held', MIDDLE, 'gate.opened', 'placing'],
  ['held', MIDDLE, 'gate.halted', 'stranded'],
  ['held', MIDDLE, 'patience.over', 'stranded'],
  ['unwinding', MIDDLE, 'order.placed', 'unwinding_working'],
  ['unwinding', MIDDLE, 'order.impossible', 'unwinding_waiting'],
  ['unwinding', MIDDLE, 'unwind.nothing', 'unwound'],
  ['unwinding', MIDDLE, 'gate.paused', 'unwinding_waiting'],
  ['unwinding', MIDDLE, 'gate.halted', 'stranded'],
  ['unwinding', MIDDLE, 'patience.over', 'stranded'],
  ['unwinding_working', MIDDLE, 'order.acked', 'unwinding_working'],
  ['unwinding_working', MIDDLE, 'order.filled', 'unwinding'],
  ['unwinding_working', MIDDLE, 'order.partial', 'unwinding_waiting'],
  ['unwinding_working', MIDDLE, 'order.unfilled', 'unwinding_waiting'],
  ['unwinding_waiting', MIDDLE, 'retry.due', 'unwinding'],
  ['unwinding_waiting', MIDDLE, 'gate.halted', 'stranded'],
  ['unwinding_waiting', MIDDLE, 'patience.over', 'stranded'],
];

describe('plan machine', () => {
  test.each(TABLE.map((row) => ({ row })))('expects: $row', ({ row: [state, context, event, target, leg, rest] }) => {
    expect(step(state, context, event)).toEqual({
      state: target,
      leg: leg ?? context.leg,
      rest: rest ?? context.rest,
      unexpected: false,
    });
  });

  test('every other event in every state is recorded as unexpected and changes nothing', () => {
    let pairs = 0;
    for (const state of PLAN_STATES) {
      for (const event of PLAN_EVENTS) {
        if (TABLE.some(([from, , on]) => from === state && on === event)) continue;
        expect(step(state, MIDDLE, event), `${state} on ${event}`).toEqual({
          state,
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

  test.each([3, 4])('paths through a plan of %i legs cover every state and transition', (legCount) => {
    const input = { ...NOTHING_HELD, legCount };
    const walked = walk(planMachine, input, PLAN_EVENTS);
    const edges = reachable(planMachine, input, PLAN_EVENTS).length * PLAN_EVENTS.length;
    console.log(
      `plan machine, ${legCount} legs: ${walked.states.size}/${PLAN_STATES.length} states, ` +
        `${walked.transitions.size}/${edges} transitions, ${walked.paths} paths`,
    );
    expect([...walked.states].sort()).toEqual([...PLAN_STATES].sort());
    expect(walked.transitions.size).toBe(edges);
  });

  test('from every state that is reached an end can be reached, so no plan hangs', () => {
    const nodes = reachable(planMachine, NOTHING_HELD, PLAN_EVENTS);
    const ends = new Set(
      nodes.filter(({ state }) => isOver(state.value as PlanState)).map(({ state }) => keyOf(state)),
    );
    for (let before = -1; before !== ends.size; ) {
      before = ends.size;
      for (const { state, transitions } of nodes) {
        if (Object.values(transitions).some((edge) => ends.has(keyOf(edge.state)))) ends.add(keyOf(state));
      }
    }
    expect(ends.size).toBe(nodes.length);
  });

  test('a fresh plan is checking, and orders are out in the working states only', () => {
    expect(initialTransition(planMachine, NOTHING_HELD)[0].value).toBe('checking');
    expect(PLAN_STATES.filter(hasOrderOut)).toEqual(['working', 'unwinding_working']);
  });
});
