/**
 * The account's taker fees as the venue has reported them, by instrument, in shared memory: written by the sequencer, which
 * asks for them, read by the detector, which decides by them. Without an entry the settings' fees hold.
 *
 * A fill that paid more raises the fee and puts it in doubt until the venue has reported it again.
 *
 *   | changes (i32) | fee of instrument 0 in ppm, plus 1, and DOUBT; 0 when not reported (i32) | fee of instrument 1 | …
 */

import type { PartsPerMillion } from '../money/money.ts';
import type { InstrumentIndex } from './instrument.ts';

const CHANGES = 0;
const FEES = 1;
/** Above every fee. */
const DOUBT = 1 << 30;

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

  /** Undefined when the venue has not reported it. */
  of(instrument: InstrumentIndex): PartsPerMillion | undefined {
    const word = Atomics.load(this.#words, FEES + instrument) & ~DOUBT;
    return word === 0 ? undefined : ((word - 1) as PartsPerMillion);
  }

  /** Whether a fill has shown that the venue's figure is out of date. */
  isDoubted(instrument: InstrumentIndex): boolean {
    return (Atomics.load(this.#words, FEES + instrument) & DOUBT) !== 0;
  }

  /** Takes over what the venue has reported: no doubt is left. Sequencer only. @returns how many fees are other than before. */
  take(reported: readonly { readonly instrument: InstrumentIndex; readonly takerPpm: PartsPerMillion }[]): number {
    const changed = reported.filter(({ instrument, takerPpm }) => this.of(instrument) !== takerPpm);
    for (const { instrument, takerPpm } of reported) Atomics.store(this.#words, FEES + instrument, takerPpm + 1);
    if (changed.length > 0) this.#noteChange();
    return changed.length;
  }

  /** Takes over what a fill has paid, until the venue reports it again. Sequencer only. */
  doubt(instrument: InstrumentIndex, paidPpm: PartsPerMillion): void {
    const takerPpm = Math.max(paidPpm, this.of(instrument) ?? 0);
    Atomics.store(this.#words, FEES + instrument, (takerPpm + 1) | DOUBT);
    this.#noteChange();
  }

  /** After the fees: who sees it finds them. */
  #noteChange(): void {
    Atomics.add(this.#words, CHANGES, 1);
  }
}
