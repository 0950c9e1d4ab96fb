/** Names and decimals of the instruments and assets that records speak of by number. */
import type { AssetIndex, Instrument, InstrumentIndex } from '../../market/instrument.ts';
import type { InstrumentHistory } from '../../market/instrument-history.ts';

export interface NamedAsset {
  readonly id: string;
  /** Null when the venue never announced it. */
  readonly decimals: number | null;
}

export class RecordNames {
  readonly #instruments: InstrumentHistory;

  constructor(instruments: InstrumentHistory) {
    this.#instruments = instruments;
  }

  /** An instrument as it was at market message `seq`. */
  asOf(index: InstrumentIndex, seq: number): Instrument | undefined {
    return this.#instruments.asOf(index, seq);
  }

  symbol(index: InstrumentIndex): string {
    return this.#instruments.directory.instruments[index]?.symbol ?? `#${index}`;
  }

  asset(index: AssetIndex | undefined): NamedAsset {
    const asset = index === undefined ? undefined : this.#instruments.directory.assets[index];
    return { id: asset?.id ?? `#${index ?? '?'}`, decimals: asset?.precision ?? null };
  }
}
