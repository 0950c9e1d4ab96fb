import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeHaltState, encodeHaltState } from '../../src/shared/halt-state.ts';
import { STATE } from '../../src/shared/record-messages.ts';
import { GATE_REASONS } from '../../src/shared/trading-gate.ts';

describe('halt state', () => {
  test('whatever a person writes fits its place, and halted, reason and the beginning of the text survive', () => {
    fc.assert(
      fc.property(
        fc.boolean(),
        fc.constantFrom(...GATE_REASONS),
        fc.string({ unit: 'binary', maxLength: 40 }),
        fc.string({ unit: 'binary', maxLength: 200 }),
        (halted, reason, by, text) => {
          const value = encodeHaltState({ halted, reason, by, text });
          expect(Buffer.byteLength(value)).toBeLessThanOrEqual(STATE.VALUE_MAX);
          const decoded = decodeHaltState(value);
          expect(decoded).toMatchObject({ halted, reason });
          expect(text.startsWith(decoded.text)).toBe(true);
        },
      ),
    );
  });

  test.each(['', '{}', 'null', '{"halted":"no"}', '[1]'])('%j counts as halted', (value) => {
    expect(decodeHaltState(value).halted).toBe(true);
  });
});
