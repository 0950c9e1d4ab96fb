/**
 * The instruments as the feed knows them: the directory, the bytes of their symbols, their precisions as plain numbers,
 * and the instrument log, whose one writer this is. An instrument that was not announced is provisional (`inferred`).
 */
import {
  type Asset,
  assetIndex,
  type Instrument,
  type InstrumentChanges,
  type InstrumentDirectory,
  type InstrumentIndex,
  instrumentIndex,
} from '../../market/instrument.ts';
import type { InstrumentLog } from '../../market/instrument-log.ts';
import { SymbolTable } from '../../market/symbol-table.ts';
import { lots, NO_UNITS, ticks } from '../../money/money.ts';
import type { Precisions } from '../../venues/market-data.ts';

/** Decimals of an asset that was not announced: those of most assets in the venue's ledger, or what its pair needs. */
const USUAL_ASSET_PRECISION = 10;
const PAIR_SYMBOL = /^([A-Z0-9.]{1,16})\/([A-Z0-9.]{1,16})$/;

export class InstrumentRegistry {
  readonly symbols = new SymbolTable();
  readonly directory: InstrumentDirectory;
  readonly #log: InstrumentLog;
  readonly #pricePrecisions: Uint8Array;
  readonly #qtyPrecisions: Uint8Array;
  readonly #isInferred: Uint8Array;

  constructor(log: InstrumentLog, instrumentsMax: number) {
    this.#log = log;
    this.#pricePrecisions = new Uint8Array(instrumentsMax);
    this.#qtyPrecisions = new Uint8Array(instrumentsMax);
    this.#isInferred = new Uint8Array(instrumentsMax);
    this.directory = log.directory();
    for (const instrument of this.directory.instruments) this.#index(instrument);
  }

  pricePrecision(instrument: InstrumentIndex): number {
    return this.#pricePrecisions[instrument] as number;
  }

  qtyPrecision(instrument: InstrumentIndex): number {
    return this.#qtyPrecisions[instrument] as number;
  }

  isInferred(instrument: InstrumentIndex): boolean {
    return this.#isInferred[instrument] === 1;
  }

  symbolOf(instrument: InstrumentIndex): string {
    return this.directory.instruments[instrument]?.symbol ?? `#${instrument}`;
  }

  /**
   * Takes changes over and appends them to the log; market message `seq` will announce them.
   * @returns the line's position, and the instruments whose books are void because their precision changed.
   */
  take(
    changes: InstrumentChanges,
    seq: number,
  ): { readonly position: number; readonly rescaled: readonly InstrumentIndex[] } {
    const rescaled = changes.instruments.filter((instrument) => this.#isRescaled(instrument));
    const position = this.#log.append(changes, seq);
    this.directory.apply(changes);
    for (const instrument of changes.instruments) this.#index(instrument);
    return { position, rescaled: rescaled.map((instrument) => instrument.index) };
  }

  /** Changes that make `symbol` known provisionally; undefined when it is no pair's name or there is no room for it. */
  provisional(symbol: string, { price, qty }: Precisions, assetsMax: number): InstrumentChanges | undefined {
    const [, baseId, quoteId] = PAIR_SYMBOL.exec(symbol) ?? [];
    const known = this.directory.instrumentNamed(symbol);
    const index = known?.index ?? instrumentIndex(this.directory.instruments.length);
    if (baseId === undefined || quoteId === undefined || index >= this.#isInferred.length) return undefined;
    const base = this.#assetFor(baseId, qty, this.directory.assets.length);
    const quote = this.#assetFor(quoteId, 0, Math.max(this.directory.assets.length, base.index + 1));
    if (Math.max(base.index, quote.index) >= assetsMax) return undefined;
    const isNew = (asset: Asset) => this.directory.assets[asset.index] === undefined;
    return {
      assets: [base, quote].filter(isNew),
      instruments: [inferredInstrument(index, symbol, base, quote, price, qty)],
    };
  }

  #assetFor(id: string, decimals: number, nextIndex: number): Asset {
    const known = this.directory.assetNamed(id);
    return known ?? { index: assetIndex(nextIndex), id, precision: Math.max(USUAL_ASSET_PRECISION, decimals) };
  }

  #isRescaled({ index, pricePrecision, qtyPrecision }: Instrument): boolean {
    if (this.directory.instruments[index] === undefined) return false;
    return pricePrecision !== this.#pricePrecisions[index] || qtyPrecision !== this.#qtyPrecisions[index];
  }

  #index(instrument: Instrument): void {
    const { index } = instrument;
    this.symbols.add(instrument.symbol, index);
    this.#pricePrecisions[index] = instrument.pricePrecision;
    this.#qtyPrecisions[index] = instrument.qtyPrecision;
    this.#isInferred[index] = instrument.status === 'inferred' ? 1 : 0;
  }
}

function inferredInstrument(
  index: InstrumentIndex,
  symbol: string,
  base: Asset,
  quote: Asset,
  pricePrecision: number,
  qtyPrecision: number,
): Instrument {
  return {
    index,
    symbol,
    base: base.index,
    quote: quote.index,
    status: 'inferred',
    pricePrecision,
    qtyPrecision,
    costPrecision: quote.precision,
    priceIncrement: ticks(1n),
    qtyIncrement: lots(1n),
    qtyMin: lots(1n),
    costMin: NO_UNITS,
  };
}
