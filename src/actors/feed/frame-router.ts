/**
 * From frames to market messages. Every frame that a source brings comes through here: book messages go to the `deltas`
 * ring as integers, statuses and instruments as control messages, replies back to the source. What cannot be read is
 * counted, kept for diagnosis, and costs the books that it may have been about their validity; nothing is guessed.
 */
import type { ActorContext } from '../../runtime/actor.ts';
import type { Counters } from '../../runtime/counters.ts';
import { isTimed } from '../../runtime/histogram.ts';
import type { Clock } from '../../shared/clock.ts';
import type { Instrument, InstrumentChanges, InstrumentIndex } from '../../shared/instrument.ts';
import {
  type InvalidReason,
  invalidReasonCode,
  MARKET_KIND,
  SYSTEM_STATUSES,
  type SystemStatus,
} from '../../shared/market-messages.ts';
import { FRAME_KIND, FrameDecoder } from '../../venues/kraken/frame-decoder.ts';
import { instrumentMessageOf } from '../../venues/kraken/instrument-message.ts';
import { inferPrecisions, verifiesUnder } from '../../venues/kraken/precision-inference.ts';
import { NOT_FOUND } from '../../venues/kraken/symbol-table.ts';
import { type VenueReply, venueReplyOf } from '../../venues/kraken/venue-reply.ts';
import { AuditOutbox, isWorthRecording } from './audit-outbox.ts';
import { DeltaPublisher, slotsOf } from './delta-publisher.ts';
import type { FeedMemory } from './feed-memory.ts';
import {
  type ConnectionIndex,
  FRAME_HELD,
  FRAME_TAKEN,
  FRAME_UNREAD,
  type FrameSink,
  type FrameSource,
} from './frame-source.ts';
import { InstrumentRegistry } from './instrument-registry.ts';
import { type MalformedFrame, MalformedFrames } from './malformed-frames.ts';

const NO_CONNECTION = -1;
/** A frame that may be held back is not even looked at with less room than this. */
const ROOM_TO_BEGIN = 32;
const TEXT = new TextDecoder();

export class FrameRouter implements FrameSink {
  readonly registry: InstrumentRegistry;
  readonly #context: ActorContext<'feed'>;
  readonly #memory: FeedMemory;
  readonly #counters: Counters<'feed'>;
  readonly #clock: Clock;
  readonly #decoder: FrameDecoder;
  readonly #publisher: DeltaPublisher;
  readonly #audits: AuditOutbox;
  readonly #malformed: MalformedFrames;
  readonly #count: ReturnType<typeof counterIndices>;
  readonly #frameBytesMax: number;
  readonly #connections: Int32Array;
  readonly #snapshotSeqs: Float64Array;
  readonly #isTaken: boolean[] = [];
  readonly #latency;
  #source: FrameSource | undefined;
  #connection = 0;
  /** When the frame in hand was taken. */
  readonly #stampNs = new Float64Array(1);

  constructor(context: ActorContext<'feed'>, memory: FeedMemory) {
    const { instruments_max } = context.config.limits;
    this.#context = context;
    this.#memory = memory;
    this.#counters = context.counters;
    this.#clock = context.clock;
    this.registry = new InstrumentRegistry(context.instrumentLog, instruments_max);
    this.#decoder = new FrameDecoder(this.registry.symbols);
    this.#publisher = new DeltaPublisher(context.producer('deltas'));
    this.#audits = new AuditOutbox(context.records);
    this.#malformed = new MalformedFrames(context.config.venue.malformed_kept);
    this.#count = counterIndices(context);
    this.#frameBytesMax = context.config.venue.frame_bytes_max;
    this.#connections = new Int32Array(instruments_max).fill(NO_CONNECTION);
    this.#snapshotSeqs = new Float64Array(instruments_max);
    this.#latency = context.latency('feed_decode');
  }

  /**
   * Continues where a predecessor stopped: its last frame is the newest published one, if it died before it noted so;
   * and what it had learned of instruments and of the venue's status without announcing it is announced now.
   */
  recover(source: FrameSource): void {
    this.#source = source;
    const memory = this.#memory;
    memory.framesHandled = Math.max(memory.framesHandled, this.#publisher.newestRecvIndex() + 1);
    this.#beginOutsideFrame();
    const { instrumentLog } = this.#context;
    for (let position = memory.announcedBytes; position < instrumentLog.used; ) {
      this.#publisher.addControl(MARKET_KIND.INSTRUMENTS, 0, 0, position);
      position = instrumentLog.read(position).next;
    }
    const status = this.#context.counters.value(this.#count.system_status);
    if (status !== memory.announcedStatus) this.#publisher.addControl(MARKET_KIND.SYSTEM_STATUS, status);
    this.publishWaiting();
  }

  /** Publishes control messages and records that found no room. False while some still wait. */
  publishWaiting(): boolean {
    const areRecorded = this.#audits.flush();
    if (!areRecorded) this.#counters.add(this.#count.records_waited, 1);
    if (this.#publisher.waiting === 0) return areRecorded;
    this.#beginOutsideFrame();
    return this.#publishControls() && areRecorded;
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
      if (carrier === connection) this.#invalidate(instrument, 'disconnected');
    });
    this.publishWaiting();
  }

  onInstrumentVoid(instrument: InstrumentIndex, reason: InvalidReason): void {
    this.#invalidate(instrument, reason);
    this.publishWaiting();
  }

  #beginFrame(connection: ConnectionIndex, wallSeconds: number, wallNanos: number): void {
    this.#connection = connection;
    this.#clock.readNs(this.#stampNs, 0);
    const stampNs = this.#stampNs[0] as number;
    this.#publisher.beginFrame(this.#memory.framesHandled, wallSeconds, wallNanos, stampNs);
  }

  /** What is published now belongs to the newest frame handled: a successor must not take the next one for handled. */
  #beginOutsideFrame(): void {
    const clock = this.#clock;
    const wallUs = Math.round(clock.wallMs() * 1e3);
    const seconds = Math.floor(wallUs / 1e6);
    const nanos = (wallUs - seconds * 1e6) * 1e3;
    const recvIndex = Math.max(0, this.#memory.framesHandled - 1);
    this.#publisher.beginFrame(recvIndex, seconds, nanos, clock.nowNs());
  }

  #endFrame(): true {
    const counters = this.#counters;
    const frames = this.#memory.framesHandled + 1;
    this.#memory.framesHandled = frames;
    counters.set(this.#count.frames, frames);
    const stampNs = this.#stampNs[0] as number;
    if (counters.value(this.#count.first_frame_ns) === 0) counters.set(this.#count.first_frame_ns, stampNs);
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
    this.#noteAnnounced();
    return this.#endFrame();
  }

  /** Makes a message ready to publish. False when it is left out. */
  #prepare(message: number): boolean {
    const { book } = this.#decoder;
    if (book.instruments[message] === NOT_FOUND) book.instruments[message] = this.#identify(message);
    const instrument = book.instruments[message] as number;
    if (instrument === NOT_FOUND) return this.#leaveOutUnknown();
    const { registry } = this;
    if (registry.isInferred(instrument) && book.isSnapshot[message]) this.#inferAgain(message, instrument);
    if (book.scale(message, registry.pricePrecision(instrument), registry.qtyPrecision(instrument))) return true;
    return this.#refuseMessage(message, instrument);
  }

  /** A symbol not known when the frame was read: made known by an earlier message of this frame, or by this snapshot. */
  #identify(message: number): InstrumentIndex {
    const { book } = this.#decoder;
    const symbol = book.symbols[message] as string;
    const known = this.registry.symbols.named(symbol);
    if (known !== NOT_FOUND || !book.isSnapshot[message]) return known;
    return this.#infer(message, symbol);
  }

  #infer(message: number, symbol: string): InstrumentIndex {
    const precisions = inferPrecisions(this.#decoder.book, message);
    if (precisions === undefined) return NOT_FOUND;
    const changes = this.registry.provisional(symbol, precisions, this.#context.config.limits.assets_max);
    if (changes === undefined) return NOT_FOUND;
    this.#takeChanges(changes);
    return this.registry.symbols.named(symbol);
  }

  /** A later snapshot may show more digits than the first one did. */
  #inferAgain(message: number, instrument: InstrumentIndex): void {
    const { registry } = this;
    const precisions = { price: registry.pricePrecision(instrument), qty: registry.qtyPrecision(instrument) };
    if (verifiesUnder(this.#decoder.book, message, precisions)) return;
    const better = inferPrecisions(this.#decoder.book, message);
    if (better === undefined || (better.price === precisions.price && better.qty === precisions.qty)) return;
    this.#infer(message, registry.symbolOf(instrument));
  }

  #leaveOutUnknown(): false {
    this.#counters.add(this.#count.messages_unknown, 1);
    return false;
  }

  /** Never rounded: the book is void, and so are earlier messages of this frame for it. */
  #refuseMessage(message: number, instrument: InstrumentIndex): false {
    const { book } = this.#decoder;
    for (let earlier = 0; earlier < message; earlier++) {
      if (book.instruments[earlier] === instrument) this.#isTaken[earlier] = false;
    }
    const counters = this.#counters;
    counters.add(this.#count.messages_refused, 1);
    this.#invalidate(instrument, 'malformed');
    if (isWorthRecording(counters.value(this.#count.messages_refused))) {
      const text = `${this.registry.symbolOf(instrument)}: a number does not fit its precision`;
      this.#audit('warn', 'frame_malformed', text, instrument);
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
      const instrument = book.instruments[message] as number;
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
      const instrument = book.instruments[message] as number;
      if (!this.#isTaken[message]) continue;
      this.#connections[instrument] = this.#connection;
      this.#invalidate(instrument, 'lagging');
      counters.add(this.#count.messages_lagging, 1);
      if (!isWorthRecording(counters.value(this.#count.messages_lagging))) continue;
      this.#audit(
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
    const why = kind === FRAME_KIND.JSON ? this.#takeJson(this.#decoder.json) : this.#decoder.why;
    if (why !== undefined) this.#takeMalformed(why, bytes, start, end);
    this.#publishControls();
    return this.#endFrame();
  }

  #takeFallback(mayHoldBack: boolean): boolean {
    const isTaken = this.#takeBook(mayHoldBack);
    if (isTaken) this.#counters.add(this.#count.frames_fallback, 1);
    return isTaken;
  }

  /** @returns what is wrong with the frame, or undefined when it was understood or is of no concern. */
  #takeJson(json: unknown): string | undefined {
    if (channelOf(json) === 'instrument') return this.#takeInstruments(json);
    const reply = venueReplyOf(json);
    if (reply !== undefined) {
      this.#takeReply(reply);
      return undefined;
    }
    const channel = channelOf(json);
    if (channel === 'status') return 'a status without a system';
    return channel === undefined ? 'neither a channel nor a reply' : undefined;
  }

  #takeInstruments(json: unknown): string | undefined {
    const { instruments_max: instrumentsMax, assets_max: assetsMax } = this.#context.config.limits;
    const message = instrumentMessageOf(json, this.registry.directory, { instrumentsMax, assetsMax });
    if (message === undefined) return 'no instrument message';
    for (const { name, reason } of message.refused) this.#audit('warn', 'instrument_refused', `${name}: ${reason}`);
    this.#takeChanges(message.changes);
    return undefined;
  }

  #takeChanges(changes: InstrumentChanges): void {
    if (changes.assets.length === 0 && changes.instruments.length === 0) return;
    const { position, rescaled } = this.registry.take(changes, this.#publisher.nextControlSeq);
    this.#publisher.addControl(MARKET_KIND.INSTRUMENTS, 0, 0, position);
    for (const instrument of rescaled) this.#invalidate(instrument, 'precision_changed');
    this.#counters.set(this.#count.instruments, this.registry.directory.instruments.length);
    this.#audit('info', 'instruments_changed', describe(changes.instruments));
    this.#source?.onInstruments(changes.instruments);
    for (const instrument of rescaled) this.#source?.resync(instrument);
  }

  #takeReply(reply: VenueReply): void {
    const counters = this.#counters;
    switch (reply.kind) {
      case 'heartbeat':
        counters.add(this.#count.heartbeats, 1);
        break;
      case 'status':
        this.#takeStatus(SYSTEM_STATUSES.find((known) => known === reply.system) ?? 'unknown');
        break;
      case 'pong':
        counters.add(this.#count.pongs, 1);
        break;
      case 'ack':
        if (reply.method === 'subscribe') counters.add(this.#count.subscribe_acks, 1);
        break;
      case 'refusal':
        if (reply.method === 'subscribe') counters.add(this.#count.subscribe_errors, 1);
        break;
      case 'rate_exceeded':
        break;
      default:
        reply satisfies never;
    }
    this.#source?.onReply(this.#connection, reply);
  }

  #takeStatus(status: SystemStatus): void {
    const code = SYSTEM_STATUSES.indexOf(status);
    if (this.#counters.value(this.#count.system_status) === code) return;
    this.#counters.set(this.#count.system_status, code);
    this.#publisher.addControl(MARKET_KIND.SYSTEM_STATUS, code);
    this.#audit(status === 'online' ? 'info' : 'warn', 'venue_status', status);
  }

  // Frames that say nothing

  #refuseTooLarge(bytes: Uint8Array, start: number, end: number): true {
    this.#counters.add(this.#count.frames_too_large, 1);
    this.#takeMalformed(
      `${end - start} bytes, limit ${this.#frameBytesMax}`,
      bytes,
      start,
      start + this.#frameBytesMax,
    );
    this.#publishControls();
    return this.#endFrame();
  }

  /** It may have been a message of the books it names, or of any book of its connection: they are void. */
  #takeMalformed(why: string, bytes: Uint8Array, start: number, end: number): void {
    const counters = this.#counters;
    counters.add(this.#count.frames_malformed, 1);
    this.#malformed.keep(this.#memory.framesHandled, this.#connection, why, bytes, start, end);
    if (isWorthRecording(counters.value(this.#count.frames_malformed))) this.#audit('warn', 'frame_malformed', why);
    const named = this.#decoder.instrumentsIn(bytes, start, end);
    for (const instrument of named) this.#invalidate(instrument, 'malformed');
    if (named.length > 0) return;
    this.#connections.forEach((carrier, instrument) => {
      if (carrier === this.#connection) this.#invalidate(instrument, 'malformed');
    });
  }

  #invalidate(instrument: InstrumentIndex, reason: InvalidReason): void {
    this.#publisher.addControl(MARKET_KIND.INVALIDATE, invalidReasonCode(reason), instrument);
  }

  #publishControls(): boolean {
    const isPublished = this.#publisher.publishControls();
    this.#noteAnnounced();
    this.#counters.set(this.#count.frame_seq, this.#publisher.seq);
    return isPublished;
  }

  #noteAnnounced(): void {
    if (this.#publisher.waiting > 0) return;
    this.#memory.announcedBytes = this.#context.instrumentLog.used;
    this.#memory.announcedStatus = this.#context.counters.value(this.#count.system_status);
  }

  #audit(level: 'info' | 'warn', event: Parameters<AuditOutbox['write']>[0], text: string, instrument?: number): void {
    this.#audits.write(event, {
      severity: level === 'info' ? 0 : 1,
      text,
      ...(instrument !== undefined && { instrument }),
    });
    this.#context.log(level, event, text);
  }
}

function channelOf(json: unknown): string | undefined {
  const hasChannel = typeof json === 'object' && json !== null && 'channel' in json;
  return hasChannel && typeof json.channel === 'string' ? json.channel : undefined;
}

function describe(instruments: readonly Instrument[]): string {
  const symbols = instruments.slice(0, 8).map(({ symbol, status }) => `${symbol} ${status}`);
  return `${instruments.length} instruments: ${symbols.join(', ')}${instruments.length > 8 ? ', …' : ''}`;
}

const COUNTED = [
  'frames',
  'frames_malformed',
  'frames_fallback',
  'frames_too_large',
  'book_messages',
  'levels',
  'heartbeats',
  'instruments',
  'subscribe_acks',
  'subscribe_errors',
  'pongs',
  'messages_refused',
  'messages_unknown',
  'messages_lagging',
  'records_waited',
  'first_frame_ns',
  'last_frame_ns',
  'system_status',
  'frame_seq',
] as const;

function counterIndices(context: ActorContext<'feed'>): Readonly<Record<(typeof COUNTED)[number], number>> {
  const entries = COUNTED.map((name) => [name, context.counters.at(name)]);
  return Object.fromEntries(entries) as Record<(typeof COUNTED)[number], number>;
}
