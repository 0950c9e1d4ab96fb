import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { INT64_MAX, units } from '../../src/money/money.ts';
import { INCURABLE_ERRORS } from '../../src/platform/errors.ts';
import { addAmount, writeAmount } from '../../src/shared/amount-field.ts';

describe('amounts in memory', () => {
  test.each([0n, 1n, -1n, INT64_MAX, -INT64_MAX])('%s is read as it was written', (value) => {
    const view = new DataView(new ArrayBuffer(24));
    writeAmount(view, 8, value);
    expect([0, 8, 16].map((at) => view.getBigInt64(at, true))).toEqual([0n, value, 0n]);
  });

  test.each([INT64_MAX + 1n, -INT64_MAX - 1n, 2n ** 64n, 10n ** 30n])('%s is an error, not another amount', (value) => {
    const view = new DataView(new ArrayBuffer(8));
    writeAmount(view, 0, 7n);
    expect(() => writeAmount(view, 0, value)).toThrow(expect.objectContaining({ code: 'AMOUNT_OVERFLOW' }));
    expect(view.getBigInt64(0, true)).toBe(7n);
  });

  test('a sum beyond 64 bits is an error either way, and leaves what was there', () => {
    const view = new DataView(new ArrayBuffer(8));
    for (const sign of [1n, -1n]) {
      writeAmount(view, 0, sign * INT64_MAX);
      expect(() => addAmount(view, 0, units(sign))).toThrow(expect.objectContaining({ code: 'AMOUNT_OVERFLOW' }));
      expect(view.getBigInt64(0, true)).toBe(sign * INT64_MAX);
      addAmount(view, 0, units(-sign));
      expect(view.getBigInt64(0, true)).toBe(sign * (INT64_MAX - 1n));
    }
  });

  test('no restart cures it: the supervisor gives up at once, which halts', () => {
    expect(INCURABLE_ERRORS.has('AMOUNT_OVERFLOW')).toBe(true);
  });

  test('sequencer, risk and detector write no amount any other way', () => {
    let files = 0;
    for (const actor of ['sequencer', 'risk', 'detector']) {
      const folder = new URL(`../../src/actors/${actor}/`, import.meta.url);
      for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
        if (!file.endsWith('.ts')) continue;
        files++;
        const lines = readFileSync(new URL(file, folder), 'utf8').split('\n');
        const unchecked = lines.filter((line) => line.includes('setBigInt64') && !line.includes('wallNs'));
        expect(unchecked, file).toEqual([]);
      }
    }
    expect(files).toBeGreaterThan(60);
  });
});
