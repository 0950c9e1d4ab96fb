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
        fc.boolean(),
        fc.constantFrom(...GATE_REASONS),
        fc.string({ unit: 'binary', maxLength: 40 }),
        fc.string({ unit: 'binary', maxLength: 200 }),
        (halted, stranded, reason, by, text) => {
          const value = encodeHaltState({ halted, stranded, reason, by, text });
          expect(Buffer.byteLength(value)).toBeLessThanOrEqual(STATE.VALUE_MAX);
          const decoded = decodeHaltState(value);
          expect(decoded).toMatchObject({ halted, stranded, reason });
          expect(text.startsWith(decoded.text)).toBe(true);
        },
      ),
    );
  });

  test('a value of before exposure was kept says that none is', () => {
    const value = '{"halted":false,"reason":"none","by":"ana","text":"morning"}';
    expect(decodeHaltState(value)).toEqual({
      halted: false,
      stranded: false,
      reason: 'none',
      by: 'ana',
      text: 'morning',
    });
  });

  test.each(['', '{}', 'null', '{"halted":"no"}', '{"halted":false,"stranded":"no"}', '[1]'])(
    '%j counts as halted',
    (value) => {
      expect(decodeHaltState(value).halted).toBe(true);
    },
  );
});
