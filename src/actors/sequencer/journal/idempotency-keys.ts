/**
 * What was booked already: fills by the venue's id, changes of our own (an order's end, a plan's) by the name we gave them.
 * The newest ones stand in own memory and change with the booking itself, so what is reported twice (by a stream, a
 * reading, a successor's reading) is booked once. The ids of earlier runs' fills come from the database.
 *
 * Of a fill that was booked, what it was is remembered too: the same id with other figures is not the same fill.
 *
 * A name is remembered by 128 bits of its SHA-256. Two ids that differ are both booked, also when a venue chooses them to
 * be mistaken for each other.
 */

import { createHash } from 'node:crypto';
import { assetIndex, instrumentIndex } from '../../../market/instrument.ts';
import { lots, ticks, units } from '../../../money/money.ts';
import type { WallMs } from '../../../platform/time.ts';
import { writeAmount } from '../../../shared/amount-field.ts';
import { readAscii, writeAscii } from '../../../shared/ascii-field.ts';
import type { StoredBooking } from '../../../trading/stored-trading.ts';
import type { BookedFill } from '../decisions/booked-fill.ts';
import { countUp, FACT, FACTS_MAX, factOffset, SEQUENCER_HEADER } from './sequencer-memory.ts';

/** What a name is of. The same text can name one of each. */
export type FactKind = 'fill' | 'change';

export class IdempotencyKeys {
  /** By digest, what is remembered: of a fill that was booked, what it was. */
  readonly #known = new Map<string, BookedFill | undefined>();
  /** By the venue's id. */
  readonly #stored: ReadonlyMap<string, StoredBooking>;

  /** @param stored fills that the database has. */
  constructor(bank: DataView, stored: Iterable<StoredBooking>) {
    this.#stored = new Map(Array.from(stored, (booking) => [booking.execId, booking]));
    const count = Math.min(bank.getFloat64(SEQUENCER_HEADER.facts, true), FACTS_MAX);
    for (let slot = 0; slot < count; slot++) {
      const at = factOffset(slot);
      this.#known.set(digestIn(bank, at), readFill(bank, at));
    }
  }

  has(kind: FactKind, name: string): boolean {
    return (kind === 'fill' && this.#stored.has(name)) || this.#known.has(digestOf(kind, name));
  }

  /** What was booked by the venue's id of a fill; undefined when nothing was, or it was not believed. */
  booked(execId: string): BookedFill | StoredBooking | undefined {
    return this.#known.get(digestOf('fill', execId)) ?? this.#stored.get(execId);
  }

  /** What was booked of an order, as far as it is remembered: each fill once. */
  *ofOrder(clOrdId: string): Generator<BookedFill | StoredBooking> {
    for (const fill of this.#known.values()) if (fill?.clOrdId === clOrdId) yield fill;
    for (const stored of this.#stored.values()) {
      if (stored.clOrdId === clOrdId && !this.#known.has(digestOf('fill', stored.execId))) yield stored;
    }
  }

  /** Whether a fill is from before the oldest that is remembered: booked, as far as a reading of the past can show. */
  isForgotten(bank: DataView, atMs: WallMs): boolean {
    return atMs <= bank.getFloat64(SEQUENCER_HEADER.factsHorizonMs, true);
  }

  /**
   * Remembers a booking, as a part of the change `bank`. What is remembered already keeps its place.
   * @param atMs venue's time; 0 for what is no fill.
   * @param fill what was booked; undefined for what moved nothing.
   */
  note(bank: DataView, kind: FactKind, name: string, atMs = 0, fill?: BookedFill): void {
    const digest = digestOf(kind, name);
    if (this.#known.has(digest)) return;
    const count = countUp(bank, SEQUENCER_HEADER.facts);
    const at = factOffset((count - 1) % FACTS_MAX);
    if (count > FACTS_MAX) this.#forget(bank, at);
    bytesIn(bank, at).write(digest, 'hex');
    bank.setFloat64(at + FACT.atMs, atMs, true);
    writeFill(bank, at, fill);
    this.#known.set(digest, fill);
  }

  #forget(bank: DataView, at: number): void {
    this.#known.delete(digestIn(bank, at));
    const { factsHorizonMs } = SEQUENCER_HEADER;
    const horizonMs = Math.max(bank.getFloat64(factsHorizonMs, true), bank.getFloat64(at + FACT.atMs, true));
    bank.setFloat64(factsHorizonMs, horizonMs, true);
  }
}

function writeFill(bank: DataView, at: number, fill: BookedFill | undefined): void {
  writeAscii(bank, at + FACT.clOrdId, fill?.clOrdId ?? '', FACT.clOrdIdBytes);
  if (fill === undefined) return;
  bank.setUint8(at + FACT.pricePrecision, fill.pricePrecision);
  bank.setUint8(at + FACT.qtyPrecision, fill.qtyPrecision);
  bank.setUint16(at + FACT.feeAsset, fill.feeAsset, true);
  bank.setUint32(at + FACT.instrument, fill.instrument, true);
  for (const field of ['qtyLots', 'priceTicks', 'costUnits', 'feeUnits'] as const)
    writeAmount(bank, at + FACT[field], fill[field]);
}

function readFill(bank: DataView, at: number): BookedFill | undefined {
  const clOrdId = readAscii(bank, at + FACT.clOrdId, FACT.clOrdIdBytes);
  if (clOrdId === '') return undefined;
  return {
    clOrdId,
    pricePrecision: bank.getUint8(at + FACT.pricePrecision),
    qtyPrecision: bank.getUint8(at + FACT.qtyPrecision),
    feeAsset: assetIndex(bank.getUint16(at + FACT.feeAsset, true)),
    instrument: instrumentIndex(bank.getUint32(at + FACT.instrument, true)),
    qtyLots: lots(bank.getBigInt64(at + FACT.qtyLots, true)),
    priceTicks: ticks(bank.getBigInt64(at + FACT.priceTicks, true)),
    costUnits: units(bank.getBigInt64(at + FACT.costUnits, true)),
    feeUnits: units(bank.getBigInt64(at + FACT.feeUnits, true)),
  };
}

/** The first 128 bits of SHA-256 over kind and name, in hex. */
function digestOf(kind: FactKind, name: string): string {
  return createHash('sha256')
    .update(`${kind} ${name}`)
    .digest('hex')
    .slice(0, FACT.digestBytes * 2);
}

const digestIn = (bank: DataView, at: number): string => bytesIn(bank, at).toString('hex');

function bytesIn(bank: DataView, at: number): Buffer {
  return Buffer.from(bank.buffer, bank.byteOffset + at + FACT.digest, FACT.digestBytes);
}
