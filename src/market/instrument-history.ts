/**
 * What is known of the instruments, and since which market message in which scale: ticks and lots that were counted
 * before a precision changed mean something else in the new one.
 */
import {
  type Instrument,
  InstrumentDirectory,
  type InstrumentIndex,
  isSameScale,
  type OrderScale,
} from './instrument.ts';
import type { InstrumentLine } from './instrument-log.ts';

/** An instrument as it was from market message `seq` on. */
interface Scale {
  readonly seq: number;
  readonly instrument: Instrument;
}

export class InstrumentHistory {
  /** Everything as it is now. */
  readonly directory = new InstrumentDirectory();
  /** Market message of the newest line taken over. */
  newestSeq = 0;
  /** Per instrument, from its first scale to its present one. */
  readonly #scales: Scale[][] = [];

  /** Takes over a line of the instrument log; lines come in their order. */
  apply({ changes, seq }: Pick<InstrumentLine, 'changes' | 'seq'>): void {
    this.directory.apply(changes);
    this.newestSeq = seq;
    for (const instrument of changes.instruments) this.#noteScale(instrument, seq);
  }

  /** Market message since which an instrument has its present scale; 0 when it never had another. */
  scaledSince(index: InstrumentIndex): number {
    const scales = this.#scales[index] ?? [];
    return scales.length > 1 ? (scales.at(-1)?.seq ?? 0) : 0;
  }

  /** The instrument in the scale it had at market message `seq`; its first one when it was not known then. */
  asOf(index: InstrumentIndex, seq: number): Instrument | undefined {
    const scales = this.#scales[index] ?? [];
    return (scales.findLast((scale) => scale.seq <= seq) ?? scales[0])?.instrument;
  }

  /** A market message at which an instrument had that scale: the newest one as long as it still has it. */
  seqInScale(index: InstrumentIndex, scale: OrderScale): number {
    const present = this.directory.instruments[index];
    if (present === undefined || isSameScale(present, scale)) return this.newestSeq;
    return this.#scales[index]?.findLast(({ instrument }) => isSameScale(instrument, scale))?.seq ?? this.newestSeq;
  }

  #noteScale(instrument: Instrument, seq: number): void {
    const scales = this.#scales[instrument.index] ?? [];
    this.#scales[instrument.index] = scales;
    const present = scales.at(-1)?.instrument;
    if (present !== undefined && isSameScale(present, instrument)) return;
    scales.push({ seq, instrument });
  }
}
