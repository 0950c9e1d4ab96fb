/**
 * Takes records off the rings into one batch. The rings are advanced when the batch is settled, not before: until then
 * the records lie on them and a successor takes them again. What was committed already is known by its number.
 */

import { AUDIT, RECORD_BYTES, RECORD_FOLLOWERS } from '../../messages/record-messages.ts';
import type { RingConsumer } from '../../runtime/memory/ring.ts';
import type { Positions, RecordBatch, RecordSource } from './database/database-protocol.ts';

interface Inlet {
  readonly source: RecordSource;
  readonly ring: RingConsumer;
  readonly bytes: Uint8Array;
  /** Messages of the ring that the batch has taken or passed over. */
  taken: number;
}

/** A record that persistence itself has written. */
export interface OwnRecord {
  readonly seq: number;
  readonly bytes: Uint8Array;
}

/** Called when a source's numbers do not go on where they should. */
export type OnMissing = (source: RecordSource, expected: number, found: number) => void;

export class RecordCollector {
  readonly #inlets: readonly Inlet[];
  readonly #buffer: Uint8Array;
  readonly #recordsMax: number;
  readonly #onMissing: OnMissing;
  /** Newest number committed, and newest number in the batch, of each source. */
  #committed: Positions = {};
  #newest: Partial<Record<string, number>> = {};
  #runs: { source: RecordSource; count: number }[] = [];
  #count = 0;
  #first = 0;

  /** @param recordsMax records in one batch at most; persistence's own come on top. */
  constructor(rings: ReadonlyMap<RecordSource, RingConsumer>, recordsMax: number, onMissing: OnMissing) {
    this.#inlets = [...rings].map(([source, ring]) => ({
      source,
      ring,
      bytes: new Uint8Array(ring.view.buffer),
      taken: 0,
    }));
    this.#buffer = new Uint8Array((recordsMax + 2 * OWN_RECORDS_MAX) * RECORD_BYTES);
    this.#recordsMax = recordsMax;
    this.#onMissing = onMissing;
  }

  /** Says what the database has. What was in the batch is forgotten; it still lies on the rings. */
  resume(positions: Positions): void {
    this.#committed = { ...positions };
    this.#forgetBatch();
  }

  /** Number of the newest committed record. */
  committed(source: RecordSource): number {
    return this.#committed[source] ?? 0;
  }

  /** Records on the rings that are not in the database, as far as the positions of the rings can be believed. */
  waiting(): number {
    let total = 0;
    for (const { ring } of this.#inlets) total += ring.available();
    return total;
  }

  /** Whether some ring is half full: its writer should not have to wait for the clock. */
  isPressed(): boolean {
    return this.#inlets.some(({ ring }) => ring.available() * 2 >= ring.capacity);
  }

  /**
   * Fills a batch. Each ring in turn is first, so that a busy one cannot starve the others. A record that is known to be
   * missing is reported through the callback, whose own record is `own` then.
   * A change of the sequencer's is taken whole, unless `isLast`: then what is missing of it will not be written.
   * @returns records taken or passed over.
   */
  collect(own: readonly OwnRecord[], isLast = false): number {
    this.#forgetBatch();
    let looked = 0;
    for (let index = 0; index < this.#inlets.length; index++) {
      const inlet = this.#inlets[(this.#first + index) % this.#inlets.length] as Inlet;
      looked += this.#takeFrom(inlet, this.#recordsMax - looked, isLast);
    }
    this.#first = (this.#first + 1) % this.#inlets.length;
    for (const { seq, bytes } of own.slice(0, OWN_RECORDS_MAX)) this.#take('persistence', seq, bytes);
    return looked;
  }

  /** Records in the batch. */
  get count(): number {
    return this.#count;
  }

  /** The batch, valid until the next {@link collect}. */
  batch(): Pick<RecordBatch, 'records' | 'runs'> {
    return { records: this.#buffer.subarray(0, this.#count * RECORD_BYTES), runs: this.#runs };
  }

  /** Newest number taken so far from a source, committed or in the batch. */
  newest(source: RecordSource): number {
    return this.#newest[source] ?? 0;
  }

  /** The batch is in the database: the rings get their slots back. @returns how many. */
  settle(): number {
    let settled = 0;
    for (const { ring, taken } of this.#inlets) {
      if (taken > 0) ring.advance(taken);
      settled += taken;
    }
    this.#committed = { ...this.#newest };
    this.#forgetBatch();
    return settled;
  }

  #takeFrom(inlet: Inlet, limit: number, isLast: boolean): number {
    const count = isLast ? Math.min(inlet.ring.available(), Math.max(limit, 0)) : wholeChanges(inlet, limit);
    for (let index = 0; index < count; index++) {
      const offset = inlet.ring.offset(index);
      const seq = inlet.ring.view.getFloat64(offset + AUDIT.recordSeq, true);
      const expected = this.newest(inlet.source) + 1;
      if (seq < expected) continue; // committed before the ring could be advanced
      if (seq > expected) this.#onMissing(inlet.source, expected, seq);
      this.#take(inlet.source, seq, inlet.bytes.subarray(offset, offset + RECORD_BYTES));
    }
    inlet.taken = count;
    return count;
  }

  #take(source: RecordSource, seq: number, record: Uint8Array): void {
    this.#buffer.set(record, this.#count * RECORD_BYTES);
    this.#count++;
    this.#newest[source] = seq;
    const last = this.#runs.at(-1);
    if (last?.source === source) last.count++;
    else this.#runs.push({ source, count: 1 });
  }

  #forgetBatch(): void {
    for (const inlet of this.#inlets) inlet.taken = 0;
    this.#newest = { ...this.#committed };
    this.#runs = [];
    this.#count = 0;
  }
}

/**
 * How many records can be taken without tearing a change apart: at most `limit`, but rather one change beyond it than
 * none at all.
 */
function wholeChanges({ source, ring }: Inlet, limit: number): number {
  const available = ring.available();
  if (source !== 'sequencer' || limit <= 0) return Math.min(available, Math.max(limit, 0));
  let whole = 0;
  while (whole < limit && whole < available) {
    const next = whole + 1 + ring.view.getUint8(ring.offset(whole) + RECORD_FOLLOWERS);
    if (next > available || (next > limit && whole > 0)) break;
    whole = next;
  }
  return whole;
}

/** Own records that go into one batch at most; as many slots are left for a change that goes beyond the limit. */
const OWN_RECORDS_MAX = 64;
