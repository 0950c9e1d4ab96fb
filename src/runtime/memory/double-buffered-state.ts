/**
 * State of an actor that has to survive its death at any instruction: two banks of bytes and a word that says which one
 * counts. Changes are made in the other bank and count all at once, with one store, or not at all. One writer.
 *
 *   | bank in use (i32) | layout (i32) | … 64 | bank 0 … | bank 1 … |
 */
import { arbitradeError } from '../../platform/errors.ts';

const HEADER = 64;
const IN_USE = 0;
const LAYOUT = 1;

/** Bytes of memory for banks of `bankBytes`. */
export function doubleBufferedBytes(bankBytes: number): number {
  return HEADER + 2 * align(bankBytes);
}

export class DoubleBufferedState {
  readonly #words: Int32Array;
  readonly #banks: readonly [Uint8Array, Uint8Array];
  readonly #views: readonly [DataView, DataView];

  /**
   * @param layout a number that changes with the meaning of the bytes; not 0.
   * @throws LAYOUT_MISMATCH when the memory is too small, or was written under another layout.
   */
  constructor(memory: SharedArrayBuffer, bankBytes: number, layout: number) {
    const needed = doubleBufferedBytes(bankBytes);
    if (memory.byteLength < needed) {
      throw arbitradeError('LAYOUT_MISMATCH', 'size of an own memory', memory.byteLength, needed);
    }
    this.#words = new Int32Array(memory, 0, HEADER / 4);
    const size = align(bankBytes);
    this.#banks = [new Uint8Array(memory, HEADER, size), new Uint8Array(memory, HEADER + size, size)];
    this.#views = [new DataView(memory, HEADER, size), new DataView(memory, HEADER + size, size)];
    const found = this.#words[LAYOUT] as number;
    if (found !== 0 && found !== layout) throw arbitradeError('LAYOUT_MISMATCH', 'layout of own memory', found, layout);
    this.#words[LAYOUT] = layout;
  }

  /** What counts. Read only. */
  get current(): DataView {
    return this.#views[this.#inUse];
  }

  /** Begins a change: the other bank, equal to the current one. Beginning again forgets what was not committed. */
  begin(): DataView {
    const inUse = this.#inUse;
    const spare = inUse === 0 ? 1 : 0;
    this.#banks[spare].set(this.#banks[inUse]);
    return this.#views[spare];
  }

  /** Makes what was changed since {@link begin} count, all at once. */
  commit(): void {
    Atomics.store(this.#words, IN_USE, this.#inUse === 0 ? 1 : 0);
  }

  get #inUse(): 0 | 1 {
    return Atomics.load(this.#words, IN_USE) === 0 ? 0 : 1;
  }
}

function align(bytes: number): number {
  return Math.ceil(bytes / 64) * 64;
}
