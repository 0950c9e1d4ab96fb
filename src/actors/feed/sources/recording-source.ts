/**
 * A frame source that writes every frame it brings to a capture, byte for byte, before anything is made of it; and what
 * was sent and when it connected, so that a replay knows where books began anew.
 */

import { CaptureWriter } from '../../../captures/capture-writer.ts';
import type { ActorContext } from '../../../runtime/actor.ts';
import { type ConnectionIndex, FRAME_UNREAD, type FrameSink, type FrameSource } from './frame-source.ts';

/**
 * `source`, recorded to the file that option `record` names; `source` itself when there is no such option.
 */
export function recorded(source: FrameSource, context: ActorContext<'feed'>): FrameSource {
  const { record } = context.options;
  if (record === undefined) return source;
  return new RecordingSource(source, record, context);
}

class RecordingSource implements FrameSource {
  readonly #source: FrameSource;
  readonly #file: string;
  readonly #context: ActorContext<'feed'>;
  readonly #text = new TextDecoder();
  #writer: CaptureWriter | undefined;
  #newestNs = 0n;

  constructor(source: FrameSource, file: string, context: ActorContext<'feed'>) {
    this.#source = source;
    this.#file = file;
    this.#context = context;
  }

  /**
   * @throws OPTION_INVALID when the file exists: a recording is never written over. A successor goes on with it, unless it
   * is packed.
   */
  start(sink: FrameSink): void | Promise<void> {
    const { config, isSuccessor } = this.#context;
    const header = { venue: config.venue.name, api: 'ws-v2', addr: config.venue.public_url };
    const writer = new CaptureWriter(this.#file, header, { append: isSuccessor });
    this.#writer = writer;
    return this.#source.start({
      onFrame: (connection, bytes, start, end, seconds, nanos, mayHoldBack) => {
        const ns = this.#inOrder(BigInt(seconds) * 1_000_000_000n + BigInt(nanos));
        writer.write('recv', labelOf(connection), ns, this.#text.decode(bytes.subarray(start, end)));
        return sink.onFrame(connection, bytes, start, end, seconds, nanos, mayHoldBack);
      },
      // What is recorded is the frame itself: the source must unescape it and hand it over unescaped.
      onEscapedFrame: () => FRAME_UNREAD,
      onConnected: (connection, url) => writer.write('connect', labelOf(connection), this.#now(), '', { url }),
      onSent: (connection, text) => writer.write('send', labelOf(connection), this.#now(), text),
      onDisconnected: (connection) => sink.onDisconnected(connection),
      onInstrumentVoid: (instrument, reason) => sink.onInstrumentVoid(instrument, reason),
    });
  }

  #now(): bigint {
    return this.#inOrder(this.#context.clock.wallNs());
  }

  /** Rows stand in order of their time; receive times are rounded down, others are not. */
  #inOrder(ns: bigint): bigint {
    if (ns > this.#newestNs) this.#newestNs = ns;
    return this.#newestNs;
  }

  poll(limit: number): number {
    return this.#source.poll(limit);
  }

  onTimer(): void {
    this.#source.onTimer();
  }

  onReply(...reply: Parameters<FrameSource['onReply']>): void {
    this.#source.onReply(...reply);
  }

  onBookMessage(...message: Parameters<FrameSource['onBookMessage']>): void {
    this.#source.onBookMessage(...message);
  }

  onInstruments(...changed: Parameters<FrameSource['onInstruments']>): void {
    this.#source.onInstruments(...changed);
  }

  resync(...instrument: Parameters<FrameSource['resync']>): boolean {
    return this.#source.resync(...instrument);
  }

  async stop(): Promise<void> {
    await this.#source.stop();
    const writer = this.#writer;
    this.#writer = undefined;
    await writer?.close();
  }
}

function labelOf(connection: ConnectionIndex): string {
  return `S${connection}`;
}
