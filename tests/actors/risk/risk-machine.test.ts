import { describe, expect, test } from 'vitest';
import { initialTransition, transition } from 'xstate';
import {
  RISK_EVENTS,
  RISK_STATES,
  type RiskEventType,
  type RiskInput,
  type RiskState,
  riskMachine,
} from '../../../src/actors/risk/risk-machine.ts';
import { expectCovered } from '../../support/walk-machine.ts';

const FINE: RiskInput = { condition: false, stranded: false };
const STALE: RiskInput = { condition: true, stranded: false };
const STRANDED: RiskInput = { condition: false, stranded: true };
const BOTH: RiskInput = { condition: true, stranded: true };

function step(state: RiskState, context: RiskInput, type: RiskEventType): [RiskState, RiskInput] {
  const [next] = transition(riskMachine, riskMachine.resolveState({ value: state, context }), { type });
  return [next.value as RiskState, next.context];
}

type Row = readonly [RiskState, RiskInput, RiskEventType, RiskState, RiskInput];

/** Every state with every event; contexts that cannot come with a state are left out. */
const TABLE: readonly Row[] = [
  ['active', FINE, 'condition.raised', 'paused', STALE],
  ['active', FINE, 'condition.cleared', 'active', FINE],
  ['active', FINE, 'exposure.stranded', 'reducing', STRANDED],
  ['active', FINE, 'halt', 'halted', FINE],
  ['active', FINE, 'resume', 'active', FINE],
  ['paused', STALE, 'condition.raised', 'paused', STALE],
  ['paused', STALE, 'condition.cleared', 'active', FINE],
  ['paused', BOTH, 'condition.cleared', 'reducing', STRANDED],
  ['paused', STALE, 'exposure.stranded', 'paused', BOTH],
  ['paused', STALE, 'halt', 'halted', STALE],
  ['paused', BOTH, 'resume', 'paused', STALE],
  ['reducing', STRANDED, 'condition.raised', 'paused', BOTH],
  ['reducing', STRANDED, 'condition.cleared', 'reducing', STRANDED],
  ['reducing', STRANDED, 'exposure.stranded', 'reducing', STRANDED],
  ['reducing', STRANDED, 'halt', 'halted', STRANDED],
  ['reducing', STRANDED, 'resume', 'active', FINE],
  ['halted', FINE, 'condition.raised', 'halted', STALE],
  ['halted', STALE, 'condition.cleared', 'halted', FINE],
  ['halted', FINE, 'exposure.stranded', 'halted', STRANDED],
  ['halted', FINE, 'halt', 'halted', FINE],
  ['halted', FINE, 'resume', 'active', FINE],
  ['halted', STRANDED, 'resume', 'active', FINE],
  ['halted', BOTH, 'resume', 'paused', STALE],
];

describe('risk machine', () => {
  test.each(TABLE)('%s with %j on %s goes to %s with %j', (state, context, event, target, after) => {
    expect(step(state, context, event)).toEqual([target, after]);
  });

  test('the table has every state with every event', () => {
    const pairs = new Set(TABLE.map(([state, , event]) => `${state} ${event}`));
    expect(pairs.size).toBe(RISK_STATES.length * RISK_EVENTS.length);
  });

  test('only a resume leads out of halted', () => {
    for (const context of [FINE, STALE, STRANDED, BOTH]) {
      for (const event of RISK_EVENTS.filter((type) => type !== 'resume')) {
        expect(step('halted', context, event)[0]).toBe('halted');
      }
    }
  });

  test('it starts paused, for nobody has looked yet', () => {
    expect(initialTransition(riskMachine, STALE)[0].value).toBe('paused');
  });

  test('paths cover every state and every transition', () => {
    expectCovered('risk machine', riskMachine, STALE, RISK_STATES, RISK_EVENTS);
  });
});
