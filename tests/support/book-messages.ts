/** Book messages as a test writes or reads them, and the hand of the feed that puts them on the `deltas` ring. */

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { assetIndex, type InstrumentIndex, instrumentIndex } from '../../src/market/instrument.ts';
import type { InstrumentLog } from '../../src/market/instrument-log.ts';
import {
  CONTROL,
  DELTA,
  DELTA_FLAG,
  type InvalidReason,
  invalidReasonCode,
  MARKET_KIND,
} from '../../src/messages/market-messages.ts';
import { lots, parseDecimal, ticks, units } from '../../src/money/money.ts';
import { integerOf, isObject, type JsonObject, lexemeOf, listOf, parseJson, textOf } from '../../src/net/exact-json.ts';
import { readCaptureRows } from '../../src/practice/market/capture-rows.ts';
import type { RingProducer } from '../../src/runtime/memory/ring.ts';
import { bookChecksum } from '../../src/venues/kraken/market/checksum.ts';

/** A change of one level, as spelled on the wire. */
export interface WireLevel {
  readonly ask: 0 | 1;
  readonly price: string;
  readonly qty: string;
}

export interface BookMessage {
  readonly symbol: string;
  readonly snapshot: boolean;
  readonly levels: readonly WireLevel[];
  readonly checksum: number;
}

export interface Precision {
  readonly price: number;
  readonly qty: number;
}

export interface BookStream {
  readonly messages: readonly BookMessage[];
  readonly precisions: ReadonlyMap<string, Precision>;
}

const fixture = (name: string): string => fileURLToPath(new URL(`../fixtures/kraken/${name}`, import.meta.url));

/** The bundled captures, with the number of book messages each is known to have and the depth it was recorded at. */
export const CAPTURES = [
  { name: 'ws2_book_d25_BTCUSD_20260802.cap.jsonl.gz', depth: 25, messages: 2052 },
  { name: 'ws2_book_d25_ETHUSD_XRPUSD_2sockets_20260802.cap.jsonl.gz', depth: 25, messages: 2276 },
  { name: 'sdk_orderbook_v2.json.gz', depth: 10, messages: 510 },
  { name: 'derived_ws2_d25_gemini_20210417.cap.jsonl.gz', depth: 25, messages: 893 },
  { name: 'derived_ws2_d10_bitflyer_20210722.cap.jsonl.gz', depth: 10, messages: 376 },
] as const;

export function readStream(name: string): BookStream {
  const frames = name.startsWith('sdk_') ? sdkFrames(fixture(name)) : captureFrames(fixture(name));
  const messages = frames.filter((frame) => textOf(frame, 'channel') === 'book').flatMap(messagesOf);
  const precisions = new Map(frames.flatMap(announced));
  if (name.startsWith('sdk_')) precisions.set('BTC/USD', { price: 1, qty: 8 }); // recorded without its zeros
  for (const message of messages) {
    if (!precisions.has(message.symbol)) precisions.set(message.symbol, inferred(message.levels));
  }
  return { messages, precisions };
}

const captureFrames = (file: string): JsonObject[] => readCaptureRows(file).rows.map(({ message }) => message);

function sdkFrames(file: string): JsonObject[] {
  const json = parseJson(gunzipSync(readFileSync(file)).toString()) as JsonObject;
  return [json['init'], ...listOf(json, 'updates')].filter(isObject);
}

export function messagesOf(frame: JsonObject): BookMessage[] {
  const snapshot = textOf(frame, 'type') === 'snapshot';
  return listOf(frame, 'data')
    .filter(isObject)
    .map((data) => ({
      symbol: textOf(data, 'symbol')!,
      snapshot,
      levels: [...levelsOf(data, 'bids', 0), ...levelsOf(data, 'asks', 1)],
      checksum: integerOf(data, 'checksum')!,
    }));
}

function levelsOf(data: JsonObject, key: string, ask: 0 | 1): WireLevel[] {
  const level = (entry: JsonObject) => ({ ask, price: lexemeOf(entry['price'])!, qty: lexemeOf(entry['qty'])! });
  return listOf(data, key).filter(isObject).map(level);
}

function announced(frame: JsonObject): [string, Precision][] {
  const data = frame['data'];
  if (textOf(frame, 'channel') !== 'instrument' || !isObject(data)) return [];
  return listOf(data, 'pairs')
    .filter(isObject)
    .map((pair) => [
      textOf(pair, 'symbol')!,
      { price: integerOf(pair, 'price_precision')!, qty: integerOf(pair, 'qty_precision')! },
    ]);
}

export const decimalsOf = (text: string): number => text.split('.')[1]?.length ?? 0;

const inferred = (levels: readonly WireLevel[]): Precision => ({
  price: Math.max(...levels.map(({ price }) => decimalsOf(price))),
  qty: Math.max(...levels.map(({ qty }) => decimalsOf(qty))),
});

/** A book kept the simplest way: what the true book is after every message. */
export class NaiveBook {
  readonly sides = [new Map<bigint, bigint>(), new Map<bigint, bigint>()] as const;
  readonly #precision: Precision;
  readonly #depth: number;

  constructor(precision: Precision, depth: number) {
    this.#precision = precision;
    this.#depth = depth;
  }

  apply(message: Pick<BookMessage, 'snapshot' | 'levels'>): void {
    if (message.snapshot) for (const side of this.sides) side.clear();
    for (const { ask, price, qty } of message.levels) {
      const at = parseDecimal(price, this.#precision.price);
      const amount = parseDecimal(qty, this.#precision.qty);
      if (amount === 0n) this.sides[ask].delete(at);
      else this.sides[ask].set(at, amount);
    }
    for (const ask of [0, 1] as const) {
      const kept = this.levels(ask).slice(0, this.#depth);
      this.sides[ask].clear();
      for (const [price, qty] of kept) this.sides[ask].set(price, qty);
    }
  }

  /** Best first. */
  levels(ask: 0 | 1): [bigint, bigint][] {
    return [...this.sides[ask]].sort(([a], [b]) => (ask === 1 ? (a < b ? -1 : 1) : a > b ? -1 : 1));
  }

  get checksum(): number {
    const side = (ask: 0 | 1) => this.levels(ask).map(([price, qty]) => ({ price, qty }));
    return bookChecksum(side(1), side(0));
  }
}

/** Plays the feed: numbers messages and puts them on the `deltas` ring as the feed does. */
export class FeedHand {
  seq = 0;
  readonly #deltas: RingProducer;
  readonly #log: InstrumentLog;
  readonly #precisions = new Map<string, Precision>();
  readonly #indices = new Map<string, InstrumentIndex>();

  constructor(deltas: RingProducer, log: InstrumentLog) {
    this.#deltas = deltas;
    this.#log = log;
  }

  indexOf(symbol: string): InstrumentIndex {
    const known = this.#indices.get(symbol);
    if (known !== undefined) return known;
    this.#indices.set(symbol, instrumentIndex(this.#indices.size));
    return instrumentIndex(this.#indices.size - 1);
  }

  /** Announces instruments in one line of the log. @returns the sequence of the control message. */
  announce(precisions: ReadonlyMap<string, Precision>): number {
    const instruments = [...precisions].map(([symbol, precision]) => {
      this.#precisions.set(symbol, precision);
      return {
        index: this.indexOf(symbol),
        symbol,
        base: assetIndex(0),
        quote: assetIndex(1),
        status: 'online' as const,
        pricePrecision: precision.price,
        qtyPrecision: precision.qty,
        costPrecision: 8,
        priceIncrement: ticks(1n),
        qtyIncrement: lots(1n),
        qtyMin: lots(1n),
        costMin: units(1n),
      };
    });
    const position = this.#log.append({ assets: [], instruments });
    return this.#control(MARKET_KIND.INSTRUMENTS, 0, instrumentIndex(0), position);
  }

  invalidate(symbol: string, reason: InvalidReason): number {
    return this.#control(MARKET_KIND.INVALIDATE, invalidReasonCode(reason), instrumentIndex(this.indexOf(symbol)), 0);
  }

  status(code: number): number {
    return this.#control(MARKET_KIND.SYSTEM_STATUS, code, instrumentIndex(0), 0);
  }

  /** Whether a message of this many levels fits on the ring now. */
  hasRoom(levels: number): boolean {
    return this.#deltas.hasRoom(Math.max(1, levels));
  }

  /** Sends a book message, numbers scaled by the precisions announced. @returns its sequence. */
  send(message: BookMessage): number {
    const { price, qty } = this.#precisions.get(message.symbol)!;
    const count = Math.max(1, message.levels.length);
    if (!this.#deltas.tryClaim(count)) throw new Error('test: the deltas ring is full');
    this.seq++;
    for (let slot = 0; slot < count; slot++) {
      const level = message.levels[slot];
      const offset = this.#header(slot, MARKET_KIND.LEVEL, flagsOf(message, slot, count));
      const { view } = this.#deltas;
      view.setUint32(offset + DELTA.instrument, this.indexOf(message.symbol), true);
      view.setUint32(offset + DELTA.checksum, message.checksum, true);
      view.setUint8(offset + DELTA.priceDecimals, decimalsOf(level?.price ?? ''));
      view.setUint8(offset + DELTA.qtyDecimals, decimalsOf(level?.qty ?? ''));
      view.setBigInt64(offset + DELTA.priceTicks, parseDecimal(level?.price ?? '0', price), true);
      view.setBigInt64(offset + DELTA.qtyLots, parseDecimal(level?.qty ?? '0', qty), true);
    }
    this.#deltas.publish(count);
    return this.seq;
  }

  #control(kind: number, flags: number, instrument: InstrumentIndex, position: number): number {
    if (!this.#deltas.tryClaim(1)) throw new Error('test: the deltas ring is full');
    this.seq++;
    const offset = this.#header(0, kind, flags);
    this.#deltas.view.setUint32(offset + CONTROL.instrument, instrument, true);
    this.#deltas.view.setFloat64(offset + CONTROL.position, position, true);
    this.#deltas.publish(1);
    return this.seq;
  }

  #header(slot: number, kind: number, flags: number): number {
    const { view } = this.#deltas;
    const offset = this.#deltas.offset(slot);
    for (let at = 0; at < DELTA.SIZE; at += 4) view.setUint32(offset + at, 0, true);
    view.setUint8(offset + DELTA.kind, kind);
    view.setUint8(offset + DELTA.flags, flags);
    view.setFloat64(offset + DELTA.seq, this.seq, true);
    view.setFloat64(offset + DELTA.recvIndex, this.seq + 1000, true);
    view.setBigInt64(offset + DELTA.wallNs, BigInt(this.seq) * 1_000_000n, true);
    view.setFloat64(offset + DELTA.stampNs, this.seq, true);
    return offset;
  }
}

function flagsOf({ snapshot, levels }: BookMessage, slot: number, count: number): number {
  return (
    (slot === 0 ? DELTA_FLAG.FIRST : 0) |
    (slot === count - 1 ? DELTA_FLAG.LAST : 0) |
    (snapshot ? DELTA_FLAG.SNAPSHOT : 0) |
    (levels.length === 0 ? DELTA_FLAG.EMPTY : 0) |
    (levels[slot]?.ask === 1 ? DELTA_FLAG.ASK : 0)
  );
}
