/**
 * Puts records on an actor's ring to persistence and numbers them without gaps, over restarts of the actor too: the
 * number of the newest published record is read back from the ring.
 */

import type { InstrumentIndex } from '../../market/instrument.ts';
import { AUDIT, NO_INSTRUMENT, RECORD_BYTES, RECORD_KIND, STATE } from '../../messages/record-messages.ts';
import type { Clock } from '../../platform/clock.ts';
import type { RingProducer } from '../memory/ring.ts';
import { type AuditEvent, auditEventCode } from './audit-events.ts';

/** All records carry their number and time at the same place. */
const RECORD_SEQ = AUDIT.recordSeq;
const WALL_NS = AUDIT.wallNs;

export interface AuditDetails {
  readonly severity?: 0 | 1 | 2;
  readonly instrument?: InstrumentIndex;
  readonly a?: number;
  readonly b?: number;
  readonly text?: string;
}

export class RecordWriter {
  readonly #ring: RingProducer;
  readonly #clock: Clock;
  #seq: number;

  constructor(ring: RingProducer, clock: Clock) {
    this.#ring = ring;
    this.#clock = clock;
    const newest = ring.newestOffset();
    this.#seq = newest === -1 ? 0 : ring.view.getFloat64(newest + RECORD_SEQ, true);
  }

  /** Number of the newest record written. */
  get seq(): number {
    return this.#seq;
  }

  /** Whether the record of this number is written and committed: until then it stays on the ring. */
  isCommitted(recordSeq: number): boolean {
    if (recordSeq > this.#seq) return false;
    const oldest = this.#ring.oldestUnhandledOffset();
    return oldest === -1 || this.#ring.view.getFloat64(oldest + RECORD_SEQ, true) > recordSeq;
  }

  /** Whether `count` records would fit now. An actor that must not lose a record asks before it acts. */
  hasRoom(count: number): boolean {
    return this.#ring.hasRoom(count);
  }

  /**
   * Writes one record: `fill` gets the slot, zeroed and with number and time set. False when the ring is full (counted
   * there); the caller keeps what it wanted to record and trading pauses.
   */
  tryWrite(kind: number, fill: (view: DataView, offset: number) => void): boolean {
    if (!this.#ring.tryClaim(1)) return false;
    const { view } = this.#ring;
    const offset = this.#ring.offset(0);
    writeRecordHead(view, offset, kind, this.#seq + 1, this.#clock.wallNs());
    fill(view, offset);
    this.#seq++;
    this.#ring.publish(1);
    return true;
  }

  /** Records that something happened. False when the ring is full. */
  tryAudit(event: AuditEvent, details: AuditDetails = {}): boolean {
    return this.tryWrite(RECORD_KIND.AUDIT, (view, offset) => writeAudit(view, offset, event, details));
  }

  /** Records the newest value of a key of the runtime state. False when the ring is full. */
  tryState(key: string, value: string): boolean {
    return this.tryWrite(RECORD_KIND.STATE, (view, offset) => {
      view.setUint16(offset + STATE.keyLength, writeText(view, offset + STATE.key, key, STATE.KEY_MAX), true);
      view.setUint16(offset + STATE.valueLength, writeText(view, offset + STATE.value, value, STATE.VALUE_MAX), true);
    });
  }
}

/** Empties the record slot at `offset` and gives it its kind, number and time. */
export function writeRecordHead(view: DataView, offset: number, kind: number, recordSeq: number, wallNs: bigint): void {
  for (let at = 0; at < RECORD_BYTES; at += 8) view.setFloat64(offset + at, 0, true);
  view.setUint8(offset + AUDIT.kind, kind);
  view.setFloat64(offset + RECORD_SEQ, recordSeq, true);
  view.setBigInt64(offset + WALL_NS, wallNs, true);
}

/** Writes what an audit record says behind its head. */
export function writeAudit(view: DataView, offset: number, event: AuditEvent, details: AuditDetails): void {
  view.setUint8(offset + AUDIT.severity, details.severity ?? 0);
  view.setUint16(offset + AUDIT.event, auditEventCode(event), true);
  view.setUint32(offset + AUDIT.instrument, details.instrument ?? NO_INSTRUMENT, true);
  view.setFloat64(offset + AUDIT.a, details.a ?? 0, true);
  view.setFloat64(offset + AUDIT.b, details.b ?? 0, true);
  const written = writeText(view, offset + AUDIT.text, details.text ?? '', AUDIT.TEXT_MAX);
  view.setUint16(offset + AUDIT.textLength, written, true);
}

/** Writes UTF-8, cut at a character when it does not fit, and returns its length in bytes. */
export function writeText(view: DataView, offset: number, text: string, bytesMax: number): number {
  const bytes = Buffer.alloc(bytesMax);
  const { written } = new TextEncoder().encodeInto(text, bytes);
  for (let index = 0; index < written; index++) view.setUint8(offset + index, bytes.readUInt8(index));
  return written;
}

/** Reads back what {@link writeText} wrote. */
export function readText(view: DataView, offset: number, length: number): string {
  const bytes = Buffer.alloc(length);
  for (let index = 0; index < length; index++) bytes.writeUInt8(view.getUint8(offset + index), index);
  return bytes.toString('utf8');
}
