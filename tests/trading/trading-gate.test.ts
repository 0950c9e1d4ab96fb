import { expect, test } from 'vitest';
import { createGateMemory, type GateState, TradingGate } from '../../src/trading/trading-gate.ts';

const STATES: readonly GateState[] = ['halted', 'paused', 'reducing', 'draining', 'active'];

test('the gate is as open as the stricter of its two words', () => {
  const gate = new TradingGate(createGateMemory());
  expect(gate).toMatchObject({ state: 'halted', risk: { reason: 'starting' }, supervisor: { reason: 'starting' } });
  for (const [risk, riskState] of STATES.entries()) {
    for (const [supervisor, supervisorState] of STATES.entries()) {
      gate.setRisk(riskState, 'operator');
      gate.setSupervisor(supervisorState, 'stopping');
      expect(gate.state).toBe(STATES[Math.min(risk, supervisor)]);
    }
  }
});

test('every halt is counted once, whoever closes the gate, also one that is taken back at once', () => {
  const gate = new TradingGate(createGateMemory());
  expect(gate.halts).toBe(0);
  gate.setRisk('halted', 'kill_switch'); // it was closed from the start
  expect(gate.halts).toBe(0);
  gate.setRisk('active', 'none');
  gate.setRisk('halted', 'operator');
  gate.setRisk('halted', 'loss_limit');
  expect(gate.halts).toBe(1);
  gate.setRisk('active', 'none');
  gate.setSupervisor('active', 'none');
  gate.setSupervisor('halted', 'escalation');
  expect(gate.halts).toBe(2);
});

test.each([-1, STATES.length, 7, 255, 2 ** 31 - 1])('a word of %d, which nobody writes, closes the gate', (unknown) => {
  for (const word of [0, 32]) {
    const memory = createGateMemory();
    const gate = new TradingGate(memory);
    gate.setRisk('active', 'none');
    gate.setSupervisor('active', 'none');
    new Int32Array(memory)[word] = unknown;
    expect(gate.state).toBe('halted');
    expect([gate.risk.state, gate.supervisor.state]).toContain('halted');
  }
});
