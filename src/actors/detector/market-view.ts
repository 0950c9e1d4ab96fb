/**
 * What the detector knows of the market: the best bid and ask of every instrument, exactly and as rates in floats. Flat
 * arrays, indexed by instrument or by edge; nothing is allocated when a top changes.
 *
 * A rate is what one unit of the asset spent brings of the asset received, after the fee. A rate of 0 stands for "not to
 * be had": no verified book, or nothing on that side. So a product over a cycle is 0 unless every leg can be traded.
 */

import { type Edge, edgeOf, instrumentOfEdge, sideOfEdge } from '../../market/asset-graph.ts';
import type { BookCopy, BookTable } from '../../market/book-table.ts';
import type { TakerFees } from '../../market/fees.ts';
import {
  type Instrument,
  type InstrumentDirectory,
  type InstrumentIndex,
  instrumentIndex,
} from '../../market/instrument.ts';
import type { LegTerms } from '../../market/legs/leg.ts';
import { TOP, TOP_FLAG } from '../../messages/market-messages.ts';
import { readInt64 } from '../../money/int64.ts';
import { type Lots, lots, type Ticks, ticks } from '../../money/money.ts';
import { BUY, SELL } from '../../money/side.ts';
import type { TopRates } from '../../strategies/strategy.ts';

/** A stored top is the tail of a TOP message as it is: bid price, bid quantity, ask price, ask quantity. */
const TOP_BYTES = TOP.SIZE - TOP.bidPriceTicks;
const TOP_WORDS = TOP_BYTES / 4;
const BID_PRICE = 0;
const BID_QTY = 1;
const ASK_PRICE = 2;
const ASK_QTY = 3;
const TOP_FIELDS = 4;

export class Market implements TopRates {
  /** Changed in place by the reader of the instrument log; then passed on through {@link takeInstruments}. */
  readonly directory: InstrumentDirectory;
  readonly rates: Float64Array;
  readonly kept: Float64Array;
  readonly ONE_EDGE: Edge;
  readonly #fees: TakerFees;
  readonly #feePpm: Uint32Array;
  readonly #priceScale: Float64Array;
  readonly #qtyPrecision: Int8Array;
  readonly #words: Int32Array;
  readonly #values: BigInt64Array;
  readonly #view: DataView;

  constructor(instrumentsMax: number, fees: TakerFees, directory: InstrumentDirectory) {
    this.directory = directory;
    this.ONE_EDGE = instrumentsMax * 2;
    this.rates = new Float64Array(instrumentsMax * 2 + 1);
    this.rates[this.ONE_EDGE] = 1;
    this.kept = new Float64Array(instrumentsMax);
    this.#fees = fees;
    this.#feePpm = new Uint32Array(instrumentsMax);
    this.#priceScale = new Float64Array(instrumentsMax).fill(Number.NaN);
    this.#qtyPrecision = new Int8Array(instrumentsMax).fill(-1);
    const tops = new ArrayBuffer(instrumentsMax * TOP_BYTES);
    this.#words = new Int32Array(tops);
    this.#values = new BigInt64Array(tops);
    this.#view = new DataView(tops);
    for (const instrument of directory.instruments) this.#takeInstrument(instrument);
  }

  /**
   * Takes over changed instruments. A top in another precision means nothing any more: it is forgotten until the next.
   */
  takeInstruments(changed: readonly Instrument[]): void {
    for (const instrument of changed) this.#takeInstrument(instrument);
  }

  /** Takes over the TOP message at `offset`. False when nothing of that instrument's top is different from before. */
  takeTop(view: DataView, offset: number): boolean {
    const instrument = instrumentIndex(view.getUint32(offset + TOP.instrument, true));
    const isValid = (view.getUint8(offset + TOP.flags) & TOP_FLAG.VALID) !== 0;
    if (!isValid) return this.#forget(instrument);
    if (!this.#copyTop(instrument, view, offset + TOP.bidPriceTicks)) return false;
    this.#updateRates(instrument);
    return true;
  }

  /** Restores every top as of message `seq` from the book table, as a successor must. */
  restore(bookTable: BookTable, seq: number, scratch: BookCopy): void {
    for (const { index } of this.directory.instruments) {
      if (!bookTable.readAsOf(index, seq, scratch)) continue;
      const { bids, asks } = scratch;
      const at = index * TOP_FIELDS;
      this.#values[at + BID_PRICE] = bids.count > 0 ? (bids.priceTicks[0] as bigint) : 0n;
      this.#values[at + BID_QTY] = bids.count > 0 ? (bids.qtyLots[0] as bigint) : 0n;
      this.#values[at + ASK_PRICE] = asks.count > 0 ? (asks.priceTicks[0] as bigint) : 0n;
      this.#values[at + ASK_QTY] = asks.count > 0 ? (asks.qtyLots[0] as bigint) : 0n;
      this.#updateRates(index);
    }
  }

  /** Best price that `edge` takes, in ticks; 0 when there is none. */
  touchPrice(edge: Edge): Ticks {
    const field = sideOfEdge(edge) === BUY ? ASK_PRICE : BID_PRICE;
    return ticks(this.#values[instrumentOfEdge(edge) * TOP_FIELDS + field] as bigint);
  }

  /** Quantity at that price, in lots. */
  touchQty(edge: Edge): Lots {
    const field = sideOfEdge(edge) === BUY ? ASK_QTY : BID_QTY;
    return lots(this.#values[instrumentOfEdge(edge) * TOP_FIELDS + field] as bigint);
  }

  /** The terms of trading `edge`; undefined when the instrument or one of its assets is not known. */
  terms(edge: Edge): LegTerms | undefined {
    const instrument = this.directory.instruments[instrumentOfEdge(edge)];
    const base = instrument && this.directory.assets[instrument.base];
    const quote = instrument && this.directory.assets[instrument.quote];
    if (instrument === undefined || base === undefined || quote === undefined) return undefined;
    return { instrument, side: sideOfEdge(edge), base, quote, feePpm: this.#feePpm[instrument.index] as number };
  }

  #takeInstrument(instrument: Instrument): void {
    const { index, pricePrecision, qtyPrecision } = instrument;
    this.#takeFee(instrument);
    const scale = 10 ** pricePrecision;
    if (this.#priceScale[index] !== scale || this.#qtyPrecision[index] !== qtyPrecision) this.#forget(index);
    this.#priceScale[index] = scale;
    this.#qtyPrecision[index] = qtyPrecision;
  }

  /** Takes over what the venue has reported of fees. Rates follow; the strategy is to be rebuilt. */
  takeFees(): void {
    for (const instrument of this.directory.instruments) {
      this.#takeFee(instrument);
      this.#updateRates(instrument.index);
    }
  }

  #takeFee(instrument: Instrument): void {
    const feePpm = this.#fees.of(instrument);
    this.#feePpm[instrument.index] = feePpm;
    this.kept[instrument.index] = (1_000_000 - feePpm) / 1_000_000;
  }

  #forget(instrument: InstrumentIndex): boolean {
    let had = 0;
    const first = instrument * TOP_WORDS;
    for (let word = first; word < first + TOP_WORDS; word++) {
      had |= this.#words[word] as number;
      this.#words[word] = 0;
    }
    this.rates[edgeOf(instrument, BUY)] = 0;
    this.rates[edgeOf(instrument, SELL)] = 0;
    return had !== 0;
  }

  #copyTop(instrument: InstrumentIndex, view: DataView, offset: number): boolean {
    let different = 0;
    const first = instrument * TOP_WORDS;
    for (let word = 0; word < TOP_WORDS; word++) {
      const value = view.getInt32(offset + word * 4, true);
      different |= value ^ (this.#words[first + word] as number);
      this.#words[first + word] = value;
    }
    return different !== 0;
  }

  #updateRates(instrument: InstrumentIndex): void {
    const at = instrument * TOP_BYTES;
    const kept = this.kept[instrument] as number;
    const scale = this.#priceScale[instrument] as number;
    const bid = readInt64(this.#view, at + BID_PRICE * 8);
    const ask = readInt64(this.#view, at + ASK_PRICE * 8);
    this.rates[edgeOf(instrument, SELL)] = bid > 0 ? (kept * bid) / scale : 0;
    this.rates[edgeOf(instrument, BUY)] = ask > 0 ? (kept * scale) / ask : 0;
  }
}
