import { expect, test } from 'vitest';
import { OPEN_PLAN, RISK_HEADER } from '../../../src/actors/risk/risk-memory.ts';
import { SEQUENCER_HEADER } from '../../../src/actors/sequencer/journal/sequencer-memory.ts';

test.each([
  ['sequencer header', SEQUENCER_HEADER],
  ['risk header', RISK_HEADER],
  ['open plan', OPEN_PLAN],
])('%s: no two fields lie on one another', (_name, layout) => {
  // Names in capitals are sizes and counts.
  const offsets = Object.entries(layout).filter(([name]) => !/^[A-Z_]+$/.test(name));
  expect(new Set(offsets.map(([, at]) => at)).size).toBe(offsets.length);
});

test('every number of the sequencer header has eight bytes of its own within it', () => {
  const { SIZE, ...fields } = SEQUENCER_HEADER;
  for (const at of Object.values(fields)) {
    expect(at % 8).toBe(0);
    expect(at).toBeLessThan(SIZE);
  }
});
