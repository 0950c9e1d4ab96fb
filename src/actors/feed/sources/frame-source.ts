/**
 * Where the feed's frames come from: sockets when live, a capture in a replay. The source brings bytes and takes
 * replies; what a frame means is the frame router's business.
 */
import type { Instrument, InstrumentIndex } from '../../../market/instrument.ts';
import type { VenueReply } from '../../../venues/market-data.ts';

/** Number of a connection of this run, from 0: a socket, or a connection label of a capture. */
export type ConnectionIndex = number;

export const FRAME_TAKEN = 1;
export const FRAME_HELD = 0;
export const FRAME_UNREAD = -1;

/** Takes what a source brings. Implemented by the frame router. */
export interface FrameSink {
  /**
   * One received frame: the bytes from `start` to `end`, valid during the call only. `wallSeconds` and `wallNanos`
   * are its receive time (whole seconds since 1970, and the rest), kept apart to avoid a BigInt.
   * @returns false when the deltas ring is full and the source may hold the frame back and offer it again (replay);
   * a source that cannot (sockets) passes `mayHoldBack` false and gets true always.
   */
  onFrame(
    connection: ConnectionIndex,
    bytes: Uint8Array,
    start: number,
    end: number,
    wallSeconds: number,
    wallNanos: number,
    mayHoldBack: boolean,
  ): boolean;
  /**
   * One received frame as it stands in a capture, as the inside of a JSON string. FRAME_UNREAD when it is not in the
   * usual form: the source then unescapes it and calls {@link onFrame}. FRAME_HELD: offer it again.
   */
  onEscapedFrame(
    connection: ConnectionIndex,
    bytes: Uint8Array,
    start: number,
    end: number,
    wallSeconds: number,
    wallNanos: number,
  ): number;
  /** A connection was opened, or opened again. For recordings. */
  onConnected?(connection: ConnectionIndex, url: string): void;
  /** A request went out. For recordings. */
  onSent?(connection: ConnectionIndex, text: string): void;
  /** Every book that this connection carried is void until its next snapshot. */
  onDisconnected(connection: ConnectionIndex): void;
  /** This instrument's book is void: its subscription was refused, fell silent, or is being renewed. */
  onInstrumentVoid(
    instrument: InstrumentIndex,
    reason: 'subscription_refused' | 'silent' | 'disconnected' | 'not_online',
  ): void;
}

export interface FrameSource {
  start(sink: FrameSink): void | Promise<void>;
  /** Brings up to `limit` frames to the sink now. Sockets bring theirs by themselves and return 0. */
  poll(limit: number): number;
  onTimer(): void;
  /** Whether frames will come without anybody asking: the capture is being read from disk. */
  isBusy?(): boolean;
  onReply(connection: ConnectionIndex, reply: VenueReply): void;
  /** A book message of this instrument came in: it is not silent. No allocation. */
  onBookMessage(connection: ConnectionIndex, instrument: InstrumentIndex, isSnapshot: boolean): void;
  /** The venue announced or changed instruments: decide what to subscribe. */
  onInstruments(changed: readonly Instrument[]): void;
  /** The book asks for a new snapshot. False when this source cannot (replay). */
  resync(instrument: InstrumentIndex): boolean;
  stop(): void | Promise<void>;
}
