/**
 * Writes market messages to the `deltas` ring and numbers them. Everything that follows from one frame is published at
 * once. Control messages that find no room wait here and go before every later message, so that no book message of an
 * instrument can overtake its invalidation.
 */

import { ASK, type BookFrame } from '../../market/book-frame.ts';
import { CLAMPED_LOTS } from '../../market/clamped-levels.ts';
import { type InstrumentIndex, instrumentIndex } from '../../market/instrument.ts';
import { CONTROL, DELTA, DELTA_FLAG, MARKET_KIND } from '../../messages/market-messages.ts';
import { unixNsHigh, unixNsLow } from '../../platform/unix-time.ts';
import type { RingProducer } from '../../runtime/memory/ring.ts';

const TWO_32 = 4_294_967_296;
// Numbers under names of this module: what is imported is looked up on every use.
const { LEVEL } = MARKET_KIND;
const { FIRST, LAST, SNAPSHOT, EMPTY, WIDE } = DELTA_FLAG;
const ASK_FLAG = DELTA_FLAG.ASK;
const ASK_SIDE = ASK;
/** Fields of a slot in words and in doubles. */
const WORD = {
  first: DELTA.kind / 4,
  instrument: DELTA.instrument / 4,
  wallLow: DELTA.wallNs / 4,
  price: DELTA.priceTicks / 4,
  qty: DELTA.qtyLots / 4,
  checksum: DELTA.checksum / 4,
  qtyTop: DELTA.qtyTop / 4,
} as const;
const DOUBLE = { seq: DELTA.seq / 8, recvIndex: DELTA.recvIndex / 8, stampNs: DELTA.stampNs / 8 } as const;

interface ControlMessage {
  readonly kind: number;
  readonly flags: number;
  readonly instrument: InstrumentIndex;
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
  /** The second of the frame before, and its halves in nanoseconds: most frames come within the same one. */
  #second = -1;
  #secondLow = 0;
  #secondHigh = 0;
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

  /** What follows belongs to this frame, received at `wallSeconds` and `wallNanos` since 1970. */
  beginFrame(recvIndex: number, wallSeconds: number, wallNanos: number, stampNs: number): void {
    this.#recvIndex = recvIndex;
    this.#stampNs = stampNs;
    if (wallSeconds !== this.#second) this.#beginSecond(wallSeconds);
    const low = this.#secondLow + wallNanos;
    this.#wallLow = low | 0;
    this.#wallHigh = low < TWO_32 ? this.#secondHigh : this.#secondHigh + 1;
  }

  #beginSecond(wallSeconds: number): void {
    this.#second = wallSeconds;
    this.#secondLow = unixNsLow(wallSeconds, 0);
    this.#secondHigh = unixNsHigh(wallSeconds, 0);
  }

  /** Puts a control message before what is published next. One that waits already is not put twice. */
  addControl(kind: number, flags: number, instrument = instrumentIndex(0), position = 0): void {
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
    const offset = this.#ring.offset(this.#slot++);
    this.#writeHeader(offset, kind | (flags << 8), instrument, ++this.seq);
    this.#ring.doubles[(offset + CONTROL.position) >> 3] = position;
  }

  #writeMessage(book: BookFrame, message: number): void {
    const first = book.firstLevels[message] as number;
    const end = book.firstLevels[message + 1] as number;
    const snapshot = book.isSnapshot[message] ? SNAPSHOT : 0;
    const instrument = instrumentIndex(book.instruments[message] as number);
    const checksum = book.checksums[message] as number;
    const seq = ++this.seq;
    if (first === end) this.#writeEmpty(snapshot, instrument, seq, checksum);
    for (let level = first; level < end; level++) {
      let flags = snapshot;
      if (level === first) flags |= FIRST;
      if (level === end - 1) flags |= LAST;
      if (book.sides[level] === ASK_SIDE) flags |= ASK_FLAG;
      const decimals = (book.decimals[2 * level] as number) | ((book.decimals[2 * level + 1] as number) << 8);
      const offset = this.#ring.offset(this.#slot++);
      this.#writeHeader(offset, LEVEL | (flags << 8) | (decimals << 16), instrument, seq);
      this.#ring.words[(offset >> 2) + WORD.checksum] = checksum;
      this.#writeNumber((offset >> 2) + WORD.price, book, 2 * level);
      this.#writeNumber((offset >> 2) + WORD.qty, book, 2 * level + 1);
      if (book.large.size > 0) this.#markWide(offset >> 2, book.large.get(2 * level + 1));
    }
  }

  /** The top of a quantity that is too large for its field, and the flag that says so. */
  #markWide(word: number, qtyLots: bigint | undefined): void {
    if (qtyLots === undefined || qtyLots < CLAMPED_LOTS) return;
    const { words } = this.#ring;
    words[word + WORD.first] = (words[word + WORD.first] as number) | (WIDE << 8);
    words[word + WORD.qtyTop] = Number(BigInt.asIntN(32, qtyLots >> 64n));
  }

  #writeEmpty(snapshot: number, instrument: InstrumentIndex, seq: number, checksum: number): void {
    const flags = snapshot | FIRST | LAST | EMPTY;
    const offset = this.#ring.offset(this.#slot++);
    this.#writeHeader(offset, LEVEL | (flags << 8), instrument, seq);
    this.#ring.words[(offset >> 2) + WORD.checksum] = checksum;
  }

  /** `first`: the four bytes the slot begins with, the kind in the lowest. */
  #writeHeader(offset: number, first: number, instrument: InstrumentIndex, seq: number): void {
    const { words, doubles } = this.#ring;
    const word = offset >> 2;
    const double = offset >> 3;
    words[word + WORD.first] = first;
    words[word + WORD.instrument] = instrument;
    doubles[double + DOUBLE.seq] = seq;
    doubles[double + DOUBLE.recvIndex] = this.#recvIndex;
    words[word + WORD.wallLow] = this.#wallLow;
    words[word + WORD.wallLow + 1] = this.#wallHigh;
    doubles[double + DOUBLE.stampNs] = this.#stampNs;
  }

  #writeNumber(word: number, book: BookFrame, position: number): void {
    const digits = book.digits[position] as number;
    if (Number.isNaN(digits)) {
      this.#ring.view.setBigInt64(word * 4, BigInt.asIntN(64, book.large.get(position) ?? 0n), true);
      return;
    }
    const { words } = this.#ring;
    const high = digits < TWO_32 ? 0 : Math.floor(digits / TWO_32);
    words[word] = digits - high * TWO_32;
    words[word + 1] = high;
  }
}

/** Slots that the messages of a frame take at most. */
export function slotsOf(book: BookFrame): number {
  return book.levelCount + book.messageCount;
}
