/**
 * From frames to market messages. Every frame that a source brings comes through here: book messages go to the `deltas`
 * ring as integers, all else is the venue's news. What cannot be read is counted and kept for diagnosis. It costs the books
 * that it may have been about their validity; a frame in which nothing of a book stands costs nothing.
 */

import { CLAMPED_LOTS } from '../../market/clamped-levels.ts';
import { type InstrumentIndex, instrumentIndex } from '../../market/instrument.ts';
import { NOT_FOUND } from '../../market/symbol-table.ts';
import type { InvalidReason } from '../../messages/market-messages.ts';
import { formatDecimal } from '../../money/money.ts';
import type { Clock } from '../../platform/clock.ts';
import type { ActorContext } from '../../runtime/actor.ts';
import type { MalformedFrame } from '../../runtime/control-calls.ts';
import type { Counters } from '../../runtime/memory/counters.ts';
import { isTimed } from '../../runtime/memory/histogram.ts';
import { FRAME_KIND, type MarketDecoder } from '../../venues/market-data.ts';
import { venueNamed } from '../../venues/registry.ts';
import { isWorthRecording } from './audit-outbox.ts';
import { DeltaPublisher, slotsOf } from './delta-publisher.ts';
import type { FeedMemory } from './feed-memory.ts';
import { type FrameCounters, frameCounters } from './frame-counters.ts';
import { InstrumentInference } from './instrument-inference.ts';
import { InstrumentRegistry } from './instrument-registry.ts';
import { MalformedFrames } from './malformed-frames.ts';
import {
  type ConnectionIndex,
  FRAME_HELD,
  FRAME_TAKEN,
  FRAME_UNREAD,
  type FrameSink,
  type FrameSource,
} from './sources/frame-source.ts';
import { Announcements } from './subscriptions/announcements.ts';
import { VenueNews } from './venue-news.ts';

const NO_CONNECTION = -1;
/** A frame that may be held back is not even looked at with less room than this. */
const ROOM_TO_BEGIN = 32;
const TEXT = new TextDecoder();
/** Of a frame of no known kind, so much is recorded. */
const BEGINNING_BYTES = 80;

export class FrameRouter implements FrameSink {
  readonly registry: InstrumentRegistry;
  readonly #memory: FeedMemory;
  readonly #counters: Counters<'feed'>;
  readonly #clock: Clock;
  readonly #decoder: MarketDecoder;
  readonly #publisher: DeltaPublisher;
  readonly #announcements: Announcements;
  readonly #news: VenueNews;
  readonly #inference: InstrumentInference;
  readonly #malformed: MalformedFrames;
  readonly #count: FrameCounters;
  readonly #frameBytesMax: number;
  readonly #connections: Int32Array;
  readonly #snapshotSeqs: Float64Array;
  readonly #isTaken: boolean[] = [];
  readonly #latency;
  #source: FrameSource | undefined;
  #connection = 0;
  /** When the current frame was taken. */
  readonly #stampNs = new Float64Array(1);

  constructor(context: ActorContext<'feed'>, memory: FeedMemory) {
    const { instruments_max, assets_max } = context.config.limits;
    this.#memory = memory;
    this.#counters = context.counters;
    this.#clock = context.clock;
    this.registry = new InstrumentRegistry(context.instrumentLog, instruments_max);
    const { market } = venueNamed(context.config.venue.name);
    this.#decoder = market.makeDecoder(this.registry.symbols);
    this.#publisher = new DeltaPublisher(context.producer('deltas'));
    this.#malformed = new MalformedFrames(context.config.venue.malformed_kept);
    this.#count = frameCounters(context);
    const { registry } = this;
    const deps = { context, memory, registry, publisher: this.#publisher, count: this.#count };
    this.#announcements = new Announcements(deps);
    this.#news = new VenueNews(context, registry, this.#announcements, this.#count);
    this.#inference = new InstrumentInference(market.precisions, registry, this.#announcements, assets_max);
    this.#frameBytesMax = context.config.venue.frame_bytes_max;
    this.#connections = new Int32Array(instruments_max).fill(NO_CONNECTION);
    this.#snapshotSeqs = new Float64Array(instruments_max);
    this.#latency = context.latency('feed_decode');
  }

  /** Continues where a predecessor stopped: its last frame is the newest published one, if it died before it noted so. */
  recover(source: FrameSource): void {
    this.#source = source;
    this.#news.source = source;
    const memory = this.#memory;
    memory.framesHandled = Math.max(memory.framesHandled, this.#publisher.newestRecvIndex() + 1);
    this.#announcements.recover(source);
  }

  /** Publishes control messages and records that found no room. False while some still wait. */
  publishWaiting(): boolean {
    return this.#announcements.publishWaiting();
  }

  /** Frames that could not be read, oldest first. */
  malformedFrames(): readonly MalformedFrame[] {
    return this.#malformed.list();
  }

  /** Whether a resync asked for at `seq` is already answered by a later snapshot. */
  isAnswered(instrument: InstrumentIndex, seq: number): boolean {
    return seq < (this.#snapshotSeqs[instrument] ?? 0);
  }

  onEscapedFrame(
    connection: ConnectionIndex,
    bytes: Uint8Array,
    start: number,
    end: number,
    wallSeconds: number,
    wallNanos: number,
  ): number {
    if (!this.#publisher.hasRoom(ROOM_TO_BEGIN)) return FRAME_HELD;
    if (end - start > this.#frameBytesMax) return FRAME_UNREAD; // its real length is known once it is unescaped
    this.#beginFrame(connection, wallSeconds, wallNanos);
    if (!this.#decoder.scanEscaped(bytes, start, end)) return FRAME_UNREAD;
    return this.#takeBook(true) ? FRAME_TAKEN : FRAME_HELD;
  }

  onFrame(
    connection: ConnectionIndex,
    bytes: Uint8Array,
    start: number,
    end: number,
    wallSeconds: number,
    wallNanos: number,
    mayHoldBack: boolean,
  ): boolean {
    if (mayHoldBack && !this.#publisher.hasRoom(ROOM_TO_BEGIN)) return false;
    this.#beginFrame(connection, wallSeconds, wallNanos);
    if (end - start > this.#frameBytesMax) return this.#refuseTooLarge(bytes, start, end);
    if (this.#decoder.scan(bytes, start, end)) return this.#takeBook(mayHoldBack);
    return this.#takeGeneral(bytes, start, end, mayHoldBack);
  }

  onDisconnected(connection: ConnectionIndex): void {
    this.#connections.forEach((carrier, instrument) => {
      if (carrier === connection) this.#announcements.invalidate(instrumentIndex(instrument), 'disconnected');
    });
    this.publishWaiting();
  }

  onInstrumentVoid(instrument: InstrumentIndex, reason: InvalidReason): void {
    this.#announcements.invalidate(instrument, reason);
    this.publishWaiting();
  }

  #beginFrame(connection: ConnectionIndex, wallSeconds: number, wallNanos: number): void {
    this.#connection = connection;
    this.#clock.readNs(this.#stampNs, 0);
    const stampNs = this.#stampNs[0] as number;
    this.#publisher.beginFrame(this.#memory.framesHandled, wallSeconds, wallNanos, stampNs);
  }

  #endFrame(): true {
    const counters = this.#counters;
    const frames = this.#memory.framesHandled + 1;
    this.#memory.framesHandled = frames;
    counters.set(this.#count.frames, frames);
    const stampNs = this.#stampNs[0] as number;
    counters.set(this.#count.last_frame_ns, stampNs);
    counters.set(this.#count.frame_seq, this.#publisher.seq);
    if (isTimed(frames)) this.#latency.recordSince(this.#clock, this.#stampNs, 0);
    return true;
  }

  // Book messages

  #takeBook(mayHoldBack: boolean): boolean {
    const { book } = this.#decoder;
    const slots = slotsOf(book) + 2 * book.messageCount; // each message may bring a control message or two
    if (mayHoldBack && this.#publisher.couldHold(slots) && !this.#publisher.hasRoom(slots)) return false;
    for (let message = 0; message < book.messageCount; message++) this.#isTaken[message] = this.#prepare(message);
    if (this.#publisher.publishBook(book, this.#isTaken)) this.#noteBook();
    else this.#lag();
    this.#announcements.notePublished();
    return this.#endFrame();
  }

  /** Makes a message ready to publish. False when it is left out. */
  #prepare(message: number): boolean {
    const { book } = this.#decoder;
    if (book.instruments[message] === NOT_FOUND) book.instruments[message] = this.#inference.identify(book, message);
    const instrument = instrumentIndex(book.instruments[message] as number);
    if (instrument === NOT_FOUND) return this.#leaveOutUnknown();
    const { registry } = this;
    if (registry.isInferred(instrument) && book.isSnapshot[message])
      this.#inference.inferAgain(book, message, instrument);
    if (!book.scale(message, registry.pricePrecision(instrument), registry.qtyPrecision(instrument)))
      return this.#refuseMessage(message, instrument);
    if (book.large.size > 0) this.#noteClamped(message, instrument);
    return true;
  }

  #leaveOutUnknown(): false {
    this.#counters.add(this.#count.messages_unknown, 1);
    return false;
  }

  /** Levels of more lots than a book can hold stand with the most that it can. */
  #noteClamped(message: number, instrument: InstrumentIndex): void {
    const { book } = this.#decoder;
    const counters = this.#counters;
    const end = book.firstLevels[message + 1] as number;
    for (let level = book.firstLevels[message] as number; level < end; level++) {
      const lots = book.large.get(2 * level + 1);
      if (lots === undefined || lots <= CLAMPED_LOTS) continue;
      counters.add(this.#count.levels_clamped, 1);
      if (!isWorthRecording(counters.value(this.#count.levels_clamped))) continue;
      const decimals = this.registry.qtyPrecision(instrument);
      const text = `${this.registry.symbolOf(instrument)}: a level of ${formatDecimal(lots, decimals)} is more than can be counted; it stands as ${formatDecimal(CLAMPED_LOTS, decimals)}`;
      this.#announcements.audit('warn', 'level_clamped', text, instrument);
    }
  }

  /** Never rounded: the book is void, and so are earlier messages of this frame for it. */
  #refuseMessage(message: number, instrument: InstrumentIndex): false {
    const { book } = this.#decoder;
    for (let earlier = 0; earlier < message; earlier++) {
      if (book.instruments[earlier] === instrument) this.#isTaken[earlier] = false;
    }
    const counters = this.#counters;
    counters.add(this.#count.messages_refused, 1);
    this.#announcements.invalidate(instrument, 'malformed');
    if (isWorthRecording(counters.value(this.#count.messages_refused))) {
      const text = `${this.registry.symbolOf(instrument)} is void: ${book.refusal}`;
      this.#announcements.audit('warn', 'frame_malformed', text, instrument);
    }
    return false;
  }

  #noteBook(): void {
    const { book } = this.#decoder;
    const counters = this.#counters;
    let messages = 0;
    let levels = 0;
    for (let message = book.messageCount - 1; message >= 0; message--) {
      if (!this.#isTaken[message]) continue;
      const instrument = instrumentIndex(book.instruments[message] as number);
      const seq = this.#publisher.seq - messages++; // the frame's messages were numbered last, in their order
      levels += (book.firstLevels[message + 1] as number) - (book.firstLevels[message] as number);
      this.#connections[instrument] = this.#connection;
      if (book.isSnapshot[message])
        this.#snapshotSeqs[instrument] = Math.max(this.#snapshotSeqs[instrument] as number, seq);
      this.#source?.onBookMessage(this.#connection, instrument, book.isSnapshot[message] as boolean);
    }
    counters.add(this.#count.book_messages, messages);
    counters.add(this.#count.levels, levels);
  }

  /** The ring is full and a socket cannot wait: these books have lost a message. */
  #lag(): void {
    const { book } = this.#decoder;
    const counters = this.#counters;
    for (let message = 0; message < book.messageCount; message++) {
      const instrument = instrumentIndex(book.instruments[message] as number);
      if (!this.#isTaken[message]) continue;
      this.#connections[instrument] = this.#connection;
      this.#announcements.invalidate(instrument, 'lagging');
      counters.add(this.#count.messages_lagging, 1);
      if (!isWorthRecording(counters.value(this.#count.messages_lagging))) continue;
      this.#announcements.audit(
        'warn',
        'instrument_lagging',
        `${this.registry.symbolOf(instrument)}: the deltas ring is full`,
        instrument,
      );
    }
  }

  // Other frames

  #takeGeneral(bytes: Uint8Array, start: number, end: number, mayHoldBack: boolean): boolean {
    // Rare enough to wait for room for the worst case: one control message per instrument.
    const slots = this.registry.directory.instruments.length + ROOM_TO_BEGIN;
    if (mayHoldBack && this.#publisher.couldHold(slots) && !this.#publisher.hasRoom(slots)) return false;
    const kind = this.#decoder.decodeGeneral(TEXT.decode(bytes.subarray(start, end)));
    if (kind === FRAME_KIND.BOOK) return this.#takeFallback(mayHoldBack);
    const why = kind === FRAME_KIND.NEWS ? this.#news.take(this.#decoder, this.#connection) : this.#decoder.why;
    if (why !== undefined) this.#takeUnread(why, kind === FRAME_KIND.MALFORMED, bytes, start, end);
    this.#announcements.publish();
    return this.#endFrame();
  }

  #takeFallback(mayHoldBack: boolean): boolean {
    const isTaken = this.#takeBook(mayHoldBack);
    if (isTaken) this.#counters.add(this.#count.frames_fallback, 1);
    return isTaken;
  }

  // Frames that say nothing

  #refuseTooLarge(bytes: Uint8Array, start: number, end: number): true {
    this.#counters.add(this.#count.frames_too_large, 1);
    this.#takeMalformed(
      `a frame of ${end - start} bytes; venue.frame_bytes_max allows ${this.#frameBytesMax}`,
      bytes,
      start,
      start + this.#frameBytesMax,
      this.#decoder.instrumentsIn(bytes, start, end),
    );
    this.#announcements.publish();
    return this.#endFrame();
  }

  /** @param isMalformed it is no JSON, or a book frame in a wrong shape; otherwise JSON of no known kind. */
  #takeUnread(why: string, isMalformed: boolean, bytes: Uint8Array, start: number, end: number): void {
    const named = this.#decoder.instrumentsIn(bytes, start, end);
    if (named.length > 0 || (isMalformed && bearsBookMarks(bytes, start, end))) {
      this.#takeMalformed(why, bytes, start, end, named);
    } else this.#takeUnknown(why, bytes, start, end);
  }

  /** Nothing of a book stands in it: a message that is new to this program, or not used by it. No book is doubted for it. */
  #takeUnknown(why: string, bytes: Uint8Array, start: number, end: number): void {
    const counters = this.#counters;
    counters.add(this.#count.frames_unknown, 1);
    this.#malformed.keep(this.#memory.framesHandled, this.#connection, why, bytes, start, end);
    if (!isWorthRecording(counters.value(this.#count.frames_unknown))) return;
    const beginning = TEXT.decode(bytes.subarray(start, Math.min(end, start + BEGINNING_BYTES)));
    this.#announcements.audit('info', 'frame_unknown', `${why}: ${beginning}`);
  }

  /** It may have been a message of the books it names, or of any book of its connection: they are void. */
  #takeMalformed(why: string, bytes: Uint8Array, start: number, end: number, named: readonly InstrumentIndex[]): void {
    const counters = this.#counters;
    counters.add(this.#count.frames_malformed, 1);
    this.#malformed.keep(this.#memory.framesHandled, this.#connection, why, bytes, start, end);
    if (isWorthRecording(counters.value(this.#count.frames_malformed)))
      this.#announcements.audit('warn', 'frame_malformed', why);
    for (const instrument of named) this.#announcements.invalidate(instrument, 'malformed');
    if (named.length > 0) return;
    this.#connections.forEach((carrier, instrument) => {
      if (carrier === this.#connection) this.#announcements.invalidate(instrumentIndex(instrument), 'malformed');
    });
  }
}

/** What a book frame begins with, and field names of which it has several: damage leaves some of them. */
const OPEN_BRACE = '{';
const BOOK_MARKS = ['book', 'symbol', 'bids', 'asks', 'price', 'qty', 'checksum'] as const;

/** Whether a frame that is no JSON may be what was left of a book frame. Plain text of another kind is none. */
function bearsBookMarks(bytes: Uint8Array, start: number, end: number): boolean {
  const text = TEXT.decode(bytes.subarray(start, end));
  return text.startsWith(OPEN_BRACE) || BOOK_MARKS.some((mark) => text.includes(mark));
}
