/**
 * Writes market messages to the `deltas` ring and numbers them. Everything that follows from one frame is published at
 * once. Control messages that find no room wait here and go before whatever comes next, so that no book message of an
 * instrument can overtake its invalidation.
 */
import type { RingProducer } from '../../runtime/ring.ts';
import { writeInt64 } from '../../shared/int64.ts';
import { CONTROL, DELTA, DELTA_FLAG, MARKET_KIND } from '../../shared/messages.ts';
import { ASK, type BookFrame } from '../../venues/kraken/book-frame.ts';

interface ControlMessage {
  readonly kind: number;
  readonly flags: number;
  readonly instrument: number;
  readonly position: number;
}

export class DeltaPublisher {
  /** Number of the newest market message published. */
  seq: number;
  readonly #ring: RingProducer;
  #controls: ControlMessage[] = [];
  // Of the frame at hand, in every slot that follows from it:
  #recvIndex = 0;
  #wallLow = 0;
  #wallHigh = 0;
  #stampNs = 0;
  #slot = 0;

  constructor(ring: RingProducer) {
    this.#ring = ring;
    const newest = ring.newestOffset();
    this.seq = newest === -1 ? 0 : ring.view.getFloat64(newest + DELTA.seq, true);
  }

  /** `recvIndex` of the newest message published, -1 when there is none: the frame a predecessor finished last. */
  newestRecvIndex(): number {
    const newest = this.#ring.newestOffset();
    return newest === -1 ? -1 : this.#ring.view.getFloat64(newest + DELTA.recvIndex, true);
  }

  /** Control messages that wait for room. */
  get waiting(): number {
    return this.#controls.length;
  }

  /** The number that the next control message to be added will get: those that wait go first. */
  get nextControlSeq(): number {
    return this.seq + this.#controls.length + 1;
  }

  hasRoom(slots: number): boolean {
    return this.#ring.hasRoom(this.#controls.length + slots);
  }

  /** Whether that many slots could ever be published at once. */
  couldHold(slots: number): boolean {
    return slots <= this.#ring.capacity;
  }

  beginFrame(recvIndex: number, wallLow: number, wallHigh: number, stampNs: number): void {
    this.#recvIndex = recvIndex;
    this.#wallLow = wallLow;
    this.#wallHigh = wallHigh;
    this.#stampNs = stampNs;
  }

  /** Puts a control message before what is published next. One that waits already is not put twice. */
  addControl(kind: number, flags: number, instrument = 0, position = 0): void {
    const isSame = (other: ControlMessage) =>
      other.kind === kind && other.flags === flags && other.instrument === instrument && other.position === position;
    if (this.#controls.length > 0 && this.#controls.some(isSame)) return;
    this.#controls.push({ kind, flags, instrument, position });
  }

  /** Publishes the control messages that wait. False when there is no room for them. */
  publishControls(): boolean {
    if (this.#controls.length === 0) return true;
    if (!this.#ring.tryClaim(this.#controls.length)) return false;
    this.#slot = 0;
    this.#writeControls();
    this.#ring.publish(this.#slot);
    return true;
  }

  /**
   * Publishes what waits and the messages of `book` that `isTaken` does not leave out. Nothing of it, and false, when
   * there is no room for all.
   */
  publishBook(book: BookFrame, isTaken: readonly boolean[]): boolean {
    if (!this.#ring.tryClaim(this.#controls.length + slotsOf(book))) return false;
    this.#slot = 0;
    this.#writeControls();
    for (let message = 0; message < book.messageCount; message++) {
      if (isTaken[message]) this.#writeMessage(book, message);
    }
    if (this.#slot > 0) this.#ring.publish(this.#slot);
    return true;
  }

  #writeControls(): void {
    if (this.#controls.length === 0) return;
    for (const control of this.#controls) this.#writeControl(control);
    this.#controls = [];
  }

  #writeControl({ kind, flags, instrument, position }: ControlMessage): void {
    const { view } = this.#ring;
    const offset = this.#ring.offset(this.#slot++);
    this.#writeHeader(offset, kind, flags, instrument, ++this.seq);
    view.setFloat64(offset + CONTROL.position, position, true);
  }

  #writeMessage(book: BookFrame, message: number): void {
    const first = book.firstLevels[message] as number;
    const end = book.firstLevels[message + 1] as number;
    const snapshot = book.isSnapshot[message] ? DELTA_FLAG.SNAPSHOT : 0;
    const instrument = book.instruments[message] as number;
    const checksum = book.checksums[message] as number;
    const seq = ++this.seq;
    if (first === end) {
      this.#writeEmpty(snapshot | DELTA_FLAG.FIRST | DELTA_FLAG.LAST | DELTA_FLAG.EMPTY, instrument, seq, checksum);
    }
    for (let level = first; level < end; level++) {
      let flags = snapshot;
      if (level === first) flags |= DELTA_FLAG.FIRST;
      if (level === end - 1) flags |= DELTA_FLAG.LAST;
      if (book.sides[level] === ASK) flags |= DELTA_FLAG.ASK;
      const offset = this.#ring.offset(this.#slot++);
      this.#writeHeader(offset, MARKET_KIND.LEVEL, flags, instrument, seq);
      this.#ring.view.setUint32(offset + DELTA.checksum, checksum, true);
      this.#writeLevel(book, level, offset);
    }
  }

  #writeEmpty(flags: number, instrument: number, seq: number, checksum: number): void {
    const offset = this.#ring.offset(this.#slot++);
    this.#writeHeader(offset, MARKET_KIND.LEVEL, flags, instrument, seq);
    this.#ring.view.setUint32(offset + DELTA.checksum, checksum, true);
  }

  #writeLevel(book: BookFrame, level: number, offset: number): void {
    const { view } = this.#ring;
    view.setUint8(offset + DELTA.priceDecimals, book.decimals[2 * level] as number);
    view.setUint8(offset + DELTA.qtyDecimals, book.decimals[2 * level + 1] as number);
    writeNumber(view, offset + DELTA.priceTicks, book, 2 * level);
    writeNumber(view, offset + DELTA.qtyLots, book, 2 * level + 1);
  }

  #writeHeader(offset: number, kind: number, flags: number, instrument: number, seq: number): void {
    const { view } = this.#ring;
    view.setUint8(offset + DELTA.kind, kind);
    view.setUint8(offset + DELTA.flags, flags);
    view.setUint32(offset + DELTA.instrument, instrument, true);
    view.setFloat64(offset + DELTA.seq, seq, true);
    view.setFloat64(offset + DELTA.recvIndex, this.#recvIndex, true);
    view.setUint32(offset + DELTA.wallNs, this.#wallLow, true);
    view.setInt32(offset + DELTA.wallNs + 4, this.#wallHigh, true);
    view.setFloat64(offset + DELTA.stampNs, this.#stampNs, true);
  }
}

/** Slots that the messages of a frame take at most. */
export function slotsOf(book: BookFrame): number {
  return book.levelCount + book.messageCount;
}

function writeNumber(view: DataView, offset: number, book: BookFrame, position: number): void {
  const digits = book.digits[position] as number;
  if (Number.isNaN(digits)) view.setBigInt64(offset, book.large.get(position) ?? 0n, true);
  else writeInt64(view, offset, digits);
}
