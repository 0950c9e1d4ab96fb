import { describe, expect, test } from 'vitest';
import { DoubleBufferedState, doubleBufferedBytes } from '../../src/runtime/memory/double-buffered-state.ts';

const memoryOf = (bytes: number) => new SharedArrayBuffer(doubleBufferedBytes(bytes));

describe('two-bank memory', () => {
  test('a change counts when it is committed, all at once', () => {
    const memory = memoryOf(16);
    const banks = new DoubleBufferedState(memory, 16, 1);
    const bank = banks.begin();
    bank.setFloat64(0, 1);
    bank.setFloat64(8, 2);
    expect([banks.current.getFloat64(0), banks.current.getFloat64(8)]).toEqual([0, 0]);
    banks.commit();
    const successor = new DoubleBufferedState(memory, 16, 1);
    expect([successor.current.getFloat64(0), successor.current.getFloat64(8)]).toEqual([1, 2]);
  });

  test('a successor sees nothing of a change that was not committed, and begins from what counts', () => {
    const memory = memoryOf(16);
    const banks = new DoubleBufferedState(memory, 16, 1);
    banks.begin().setFloat64(0, 1);
    banks.commit();
    banks.begin().setFloat64(0, 99);
    const successor = new DoubleBufferedState(memory, 16, 1);
    expect(successor.current.getFloat64(0)).toBe(1);
    const bank = successor.begin();
    expect(bank.getFloat64(0)).toBe(1);
    bank.setFloat64(8, 5);
    successor.commit();
    expect([successor.current.getFloat64(0), successor.current.getFloat64(8)]).toEqual([1, 5]);
  });

  test('memory that is too small or was written under another layout is refused', () => {
    expect(() => new DoubleBufferedState(new SharedArrayBuffer(64), 16, 1)).toThrowError(/size of an own memory/);
    const memory = memoryOf(16);
    new DoubleBufferedState(memory, 16, 1);
    expect(() => new DoubleBufferedState(memory, 16, 2)).toThrowError(/layout of own memory/);
  });
});
