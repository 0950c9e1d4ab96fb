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

const FINE: RiskInput = { condition: false, stranded: false, draining: false };
const STALE: RiskInput = { ...FINE, condition: true };
const STRANDED: RiskInput = { ...FINE, stranded: true };
const BOTH: RiskInput = { ...STALE, stranded: true };
const DRAINED: RiskInput = { ...FINE, draining: true };
const STALE_DRAINED: RiskInput = { ...STALE, draining: true };
const STRANDED_DRAINED: RiskInput = { ...STRANDED, draining: true };

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
  ['active', FINE, 'drain', 'draining', DRAINED],
  ['active', FINE, 'halt', 'halted', FINE],
  ['active', FINE, 'resume', 'active', FINE],
  ['paused', STALE, 'condition.raised', 'paused', STALE],
  ['paused', STALE, 'condition.cleared', 'active', FINE],
  ['paused', BOTH, 'condition.cleared', 'reducing', STRANDED],
  ['paused', STALE, 'exposure.stranded', 'paused', BOTH],
  ['paused', STALE_DRAINED, 'condition.cleared', 'draining', DRAINED],
  ['paused', { ...BOTH, draining: true }, 'condition.cleared', 'reducing', STRANDED_DRAINED],
  ['paused', STALE, 'drain', 'paused', STALE_DRAINED],
  ['paused', STALE, 'halt', 'halted', STALE],
  ['paused', BOTH, 'resume', 'paused', STALE],
  ['paused', STALE_DRAINED, 'resume', 'paused', STALE],
  ['reducing', STRANDED, 'condition.raised', 'paused', BOTH],
  ['reducing', STRANDED, 'condition.cleared', 'reducing', STRANDED],
  ['reducing', STRANDED, 'exposure.stranded', 'reducing', STRANDED],
  ['reducing', STRANDED, 'drain', 'reducing', STRANDED_DRAINED],
  ['reducing', STRANDED, 'halt', 'halted', STRANDED],
  ['reducing', STRANDED, 'resume', 'active', FINE],
  ['reducing', STRANDED_DRAINED, 'resume', 'active', FINE],
  ['draining', DRAINED, 'condition.raised', 'paused', STALE_DRAINED],
  ['draining', DRAINED, 'condition.cleared', 'draining', DRAINED],
  ['draining', DRAINED, 'exposure.stranded', 'reducing', STRANDED_DRAINED],
  ['draining', DRAINED, 'drain', 'draining', DRAINED],
  ['draining', DRAINED, 'halt', 'halted', DRAINED],
  ['draining', DRAINED, 'resume', 'active', FINE],
  ['halted', FINE, 'drain', 'halted', DRAINED],
  ['halted', FINE, 'condition.raised', 'halted', STALE],
  ['halted', STALE, 'condition.cleared', 'halted', FINE],
  ['halted', FINE, 'exposure.stranded', 'halted', STRANDED],
  ['halted', FINE, 'halt', 'halted', FINE],
  ['halted', FINE, 'resume', 'active', FINE],
  ['halted', STRANDED, 'resume', 'active', FINE],
  ['halted', DRAINED, 'resume', 'active', FINE],
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
    for (const context of [FINE, STALE, STRANDED, BOTH, DRAINED]) {
      for (const event of RISK_EVENTS.filter((type) => type !== 'resume')) {
        expect(step('halted', context, event)[0]).toBe('halted');
      }
    }
  });

  test('it starts paused, for the conditions were not checked yet', () => {
    expect(initialTransition(riskMachine, STALE)[0].value).toBe('paused');
  });

  test('paths cover every state and every transition', () => {
    expectCovered('risk machine', riskMachine, STALE, RISK_STATES, RISK_EVENTS);
  });
});
