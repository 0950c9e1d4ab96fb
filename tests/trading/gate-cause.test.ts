import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { STATE } from '../../src/messages/record-messages.ts';
import {
  BY_BYTES_MAX,
  CAUSE_EFFECTS,
  describeCause,
  type GateCause,
  keepText,
  TEXT_BYTES_MAX,
} from '../../src/trading/gate-cause.ts';
import { causeKey, causeTextKey, decodeCauses, encodeFacts } from '../../src/trading/stored-causes.ts';
import { GATE_REASONS } from '../../src/trading/trading-gate.ts';

const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 300 }).map((units) => String.fromCharCode(...units)),
);

describe('words of a person', () => {
  test('whatever they are, one line of them is kept that fits, and it is said when it is not all', () => {
    fc.assert(
      fc.property(anyText, (words) => {
        const { text, changed } = keepText(words, TEXT_BYTES_MAX, 'nothing');
        expect(Buffer.byteLength(text)).toBeLessThanOrEqual(TEXT_BYTES_MAX);
        expect(text).not.toBe('');
        expect(text).toBe(text.trim());
        expect(text.isWellFormed()).toBe(true);
        expect(text).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u);
        expect(changed === undefined).toBe(text === words);
      }),
    );
  });
});

describe('a stored cause', () => {
  test('fits its place, and is read back as it was', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...CAUSE_EFFECTS.filter((effect) => effect !== 'paused')),
        fc.constantFrom(...GATE_REASONS),
        anyText,
        anyText,
        fc.integer({ min: 1, max: 99_999 }),
        (effect, reason, by, words, count) => {
          const cause: GateCause = {
            ...{ effect, reason, count, firstMs: 1_790_000_000_000, lastMs: 1_790_000_000_001 },
            by: keepText(by, BY_BYTES_MAX, 'nobody').text,
            text: keepText(words, TEXT_BYTES_MAX, 'nothing').text,
          };
          const rows = [
            { key: causeKey(7), value: encodeFacts(cause), atMs: 0 },
            { key: causeTextKey(7), value: cause.text, atMs: 0 },
          ];
          for (const { value } of rows) expect(Buffer.byteLength(value)).toBeLessThanOrEqual(STATE.VALUE_MAX);
          expect(decodeCauses(rows)).toEqual([{ slot: 7, ...cause }]);
        },
      ),
    );
  });

  test('of a condition is none: it does not outlive its process', () => {
    const facts = encodeFacts({
      effect: 'paused',
      reason: 'starting',
      by: 'risk',
      text: '',
      firstMs: 1,
      lastMs: 1,
      count: 1,
    });
    expect(decodeCauses([{ key: causeKey(0), value: facts, atMs: 5 }])).toMatchObject([
      { effect: 'halted', by: 'risk' },
    ]);
  });
});

test('a cause in words says who, since when and why, and how often', () => {
  const cause: GateCause = {
    ...{ effect: 'halted', reason: 'operator', by: 'ana', text: 'going home', count: 1 },
    firstMs: Date.UTC(2026, 2, 1, 7, 0, 12),
    lastMs: Date.UTC(2026, 2, 1, 7, 5),
  };
  expect(describeCause(cause)).toBe('operator by ana since 2026-03-01 07:00:12 UTC: going home');
  expect(describeCause({ ...cause, count: 3 })).toBe(
    'operator by ana since 2026-03-01 07:00:12 UTC: going home (3 times, last at 2026-03-01 07:05:00 UTC)',
  );
});
