/**
 * Brings the frames of a capture: as fast as they are taken, or at a multiple of the speed they were recorded at. A
 * capture cannot answer a resync request. When the ring is full the frame is kept and offered again, so nothing is lost.
 *
 * In a run that follows the capture's time, it is this that moves it: no row is taken before everything is done that comes
 * before it, and after the last one time goes on for a while, for plans that are at work by then.
 */

import { ROW_CONNECT, ROW_RECV } from '../../../captures/capture-format.ts';
import { CaptureReader, READ_END, READ_WAIT } from '../../../captures/capture-reader.ts';
import type { CancelTimer } from '../../../platform/clock.ts';
import type { ActorContext } from '../../../runtime/actor.ts';
import { TimeKeeper } from '../../../runtime/capture-time/time-keeper.ts';
import type { FeedMemory } from '../feed-memory.ts';
import { FRAME_TAKEN, FRAME_UNREAD, type FrameSink, type FrameSource } from './frame-source.ts';
import type { ReplayOptions } from './replay-options.ts';

/** How long the capture's time goes on after its last row. */
const AFTERMATH_NS = 60e9;

export class ReplaySource implements FrameSource {
  readonly #context: ActorContext<'feed'>;
  readonly #options: ReplayOptions;
  readonly #memory: FeedMemory;
  readonly #reader: CaptureReader;
  readonly #keeper: TimeKeeper | undefined;
  #sink: FrameSink | undefined;
  #opened = Promise.withResolvers<void>();
  /** What the reader said last, when it is still to be acted upon. */
  #found = READ_WAIT;
  #isEnded = false;
  /** Capture time that stands for clock time zero of this run. */
  #originNs = Number.NaN;
  #cancelTimer: CancelTimer | undefined;

  constructor(context: ActorContext<'feed'>, options: ReplayOptions, memory: FeedMemory) {
    this.#context = context;
    this.#options = options;
    this.#memory = memory;
    const time = context.captureTime;
    this.#keeper = time && new TimeKeeper(context, time);
    this.#reader = new CaptureReader(options.capture, () => this.#onReady());
  }

  /** Waits for the first row: what is no capture is refused here. @throws CAPTURE_UNREADABLE */
  async start(sink: FrameSink): Promise<void> {
    this.#sink = sink;
    while (this.#advance() === READ_WAIT) {
      await this.#opened.promise;
      this.#opened = Promise.withResolvers();
    }
  }

  poll(limit: number): number {
    const most = this.#keeper === undefined ? (this.#options.framesPerTurn ?? limit) : 1;
    let taken = 0;
    while (taken < most && this.#hasFrame() && this.#isDue()) {
      if (!this.#offer()) break;
      this.#found = READ_WAIT;
      taken++;
    }
    return taken;
  }

  /** Whether the file is still being read, or time goes on: work will come without anybody asking for it. */
  isBusy(): boolean {
    return !this.#isEnded && (this.#keeper?.goesOn ?? this.#found === READ_WAIT);
  }

  resync(): boolean {
    return false;
  }

  stop(): void {
    this.#cancelTimer?.();
    this.#reader.close();
  }

  onTimer(): void {}
  onReply(): void {}
  onBookMessage(): void {}
  onInstruments(): void {}

  /** Moves to the next frame not handled yet, if there is none at hand. */
  #hasFrame(): boolean {
    while (!this.#isEnded) {
      if (this.#advance() === READ_WAIT || !this.#isReached()) return false;
      if (this.#found === READ_END) this.#endLap();
      else if (this.#isForUs()) return true;
      else this.#found = READ_WAIT;
    }
    return false;
  }

  /** Whether everything is done that comes before what was read last. */
  #isReached(): boolean {
    if (this.#keeper === undefined) return true;
    const { elapsedNs } = this.#reader;
    return this.#keeper.reach(this.#found === READ_END ? elapsedNs + AFTERMATH_NS : elapsedNs);
  }

  #advance(): number {
    if (this.#found === READ_WAIT) this.#found = this.#reader.next();
    return this.#found;
  }

  /** Whether the row at hand is a frame that no predecessor has handled. A new connection voids its books. */
  #isForUs(): boolean {
    const { reader, memory } = { reader: this.#reader, memory: this.#memory };
    if (reader.kind === ROW_CONNECT) this.#sink?.onDisconnected(reader.conn);
    return reader.kind === ROW_RECV && memory.lapStart + reader.recvIndex >= memory.framesHandled;
  }

  #endLap(): void {
    const { log, counters } = this.#context;
    if (this.#reader.truncated) {
      counters.set(counters.at('source_cut_short'), 1);
      log('warn', 'frame_malformed', 'the capture ends in the middle of a row, which is left out');
    }
    if (!this.#options.loop || this.#reader.recvIndex === -1) {
      this.#isEnded = true;
      counters.set(counters.at('source_ended'), 1);
      return;
    }
    for (let connection = 0; connection < this.#reader.connLabels.length; connection++) {
      this.#sink?.onDisconnected(connection);
    }
    this.#memory.lapStart = this.#memory.framesHandled;
    this.#originNs = Number.NaN;
    this.#reader.rewind();
    this.#found = READ_WAIT;
  }

  #isDue(): boolean {
    const { speed } = this.#options;
    if (speed === 'max') return true;
    const nowNs = this.#context.clock.nowNs();
    const captureNs = this.#reader.elapsedNs / speed;
    if (Number.isNaN(this.#originNs)) this.#originNs = nowNs - captureNs;
    const waitNs = this.#originNs + captureNs - nowNs;
    if (waitNs <= 0) return true;
    this.#cancelTimer ??= this.#context.clock.after(waitNs / 1e6, () => {
      this.#cancelTimer = undefined;
      this.#context.wake();
    });
    return false;
  }

  #offer(): boolean {
    const { reader, sink } = { reader: this.#reader, sink: this.#sink };
    if (sink === undefined) return false;
    const { conn, wallSeconds, wallNanos } = reader;
    if (reader.escapedStart < reader.escapedEnd) {
      const outcome = sink.onEscapedFrame(
        conn,
        reader.row,
        reader.escapedStart,
        reader.escapedEnd,
        wallSeconds,
        wallNanos,
      );
      if (outcome !== FRAME_UNREAD) return outcome === FRAME_TAKEN;
      reader.unescape();
    }
    return sink.onFrame(conn, reader.frame, 0, reader.frameLength, wallSeconds, wallNanos, true);
  }

  #onReady(): void {
    this.#opened.resolve();
    this.#context.wake();
  }
}
