/**
 * The account's taker fees as the venue has told them, by instrument, in shared memory: written by the sequencer, which
 * asks for them, read by the detector, which decides by them. Without a word the settings' fees hold.
 *
 *   | changes (i32) | fee of instrument 0 in ppm, plus 1; 0 when not told (i32) | fee of instrument 1 | …
 */
import type { InstrumentIndex } from './instrument.ts';
import type { PartsPerMillion } from './money.ts';

const CHANGES = 0;
const FEES = 1;

export function createFeeTableMemory(instruments: number): SharedArrayBuffer {
  return new SharedArrayBuffer((FEES + instruments) * 4);
}

export class FeeTable {
  readonly #words: Int32Array;

  constructor(memory: SharedArrayBuffer) {
    this.#words = new Int32Array(memory);
  }

  /** Differs whenever anything has changed since. */
  get changes(): number {
    return Atomics.load(this.#words, CHANGES);
  }

  /** Undefined when the venue has not told it. */
  of(instrument: InstrumentIndex): PartsPerMillion | undefined {
    const word = Atomics.load(this.#words, FEES + instrument);
    return word === 0 ? undefined : ((word - 1) as PartsPerMillion);
  }

  /** Takes over what the venue has told. Sequencer only. @returns how many fees are other than before. */
  take(told: readonly { readonly instrument: InstrumentIndex; readonly takerPpm: PartsPerMillion }[]): number {
    const changed = told.filter(({ instrument, takerPpm }) => this.of(instrument) !== takerPpm);
    for (const { instrument, takerPpm } of changed) Atomics.store(this.#words, FEES + instrument, takerPpm + 1);
    if (changed.length > 0) Atomics.add(this.#words, CHANGES, 1); // after the fees: who sees it finds them
    return changed.length;
  }
}
