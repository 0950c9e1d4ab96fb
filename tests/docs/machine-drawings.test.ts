import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { DRAWN, drawingOf, redraw } from './draw-machine.ts';
import { withTopology } from './topology-tables.ts';

const TEXT = readFileSync(new URL('../../docs/architecture.md', import.meta.url), 'utf8');

describe('drawings of machines', () => {
  test('the ones in docs/architecture.md are what the machines are now; else run node tests/docs/redraw-machines.ts', () => {
    expect(redraw(TEXT)).toBe(TEXT);
  });

  test.each(Object.entries(DRAWN))('the drawing of the %s machine shows every state', (_name, machine) => {
    const drawing = drawingOf(machine);
    for (const state of Object.keys(machine.states))
      expect(drawing).toMatch(new RegExp(`--> ${state}\\b|\\b${state} -->`));
  });

  test('the tables of rings and shared tables are what the topology is now; else run the same', () => {
    expect(withTopology(TEXT)).toBe(TEXT);
    expect(() => withTopology('nothing')).toThrow(/no marks for the topology/);
  });

  test('a text without a place for a machine is refused', () => {
    expect(() => redraw('nothing')).toThrow(/no marks for the machine plan/);
  });
});
