/** A socket source on the real clock against a scripted venue, with a sink that keeps what it is given. */
import { expect, onTestFinished, vi } from 'vitest';
import type { FrameSink, FrameSource } from '../../src/actors/feed/sources/frame-source.ts';
import { recorded } from '../../src/actors/feed/sources/recording-source.ts';
import { createSocketSource } from '../../src/actors/feed/sources/socket-source.ts';
import {
  type Instrument,
  type InstrumentDirectory,
  type InstrumentIndex,
  type InstrumentStatus,
  instrumentIndex,
} from '../../src/market/instrument.ts';
import type { InstrumentLog } from '../../src/market/instrument-log.ts';
import { type Clock, systemClock, VirtualClock } from '../../src/platform/clock.ts';
import type { ActorContext } from '../../src/runtime/actor.ts';
import type { CounterName } from '../../src/runtime/counter-names.ts';
import type { AuditEvent } from '../../src/runtime/records/audit-events.ts';
import type { RunOptions } from '../../src/runtime/run-options.ts';
import { venueReplyOf } from '../../src/venues/kraken/wire/venue-reply.ts';
import type { VenueReply } from '../../src/venues/market-data.ts';
import { changesOf } from './directory-of.ts';
import { type ScriptedVenue, startScriptedVenue } from './scripted-venue.ts';
import { contextWith, createTestContext } from './test-context.ts';

/** Reads frames with JSON.parse, numbers the instruments, and hands replies back, as the router does. */
export class KeepingSink implements FrameSink {
  readonly voids: string[] = [];
  readonly disconnected: number[] = [];
  /** Book messages by symbol. */
  readonly books = new Map<string, number>();
  readonly times: number[] = [];
  frames = 0;
  malformed = 0;
  /** Replies by kind, as `ack subscribe`, `refusal subscribe`, `pong`. */
  readonly replies: string[] = [];
  readonly #log: InstrumentLog;
  readonly #directory: InstrumentDirectory;
  #source: FrameSource | undefined;

  constructor(log: InstrumentLog) {
    this.#log = log;
    this.#directory = log.directory();
  }

  attach(source: FrameSource): void {
    this.#source = source;
  }

  onFrame(connection: number, bytes: Uint8Array, start: number, end: number, seconds: number, nanos: number): boolean {
    this.frames += 1;
    this.times.push(seconds * 1e3 + nanos / 1e6);
    try {
      this.#read(connection, JSON.parse(Buffer.from(bytes.subarray(start, end)).toString('utf8')));
    } catch {
      this.malformed += 1;
    }
    return true;
  }

  onEscapedFrame(): never {
    throw new Error('sockets bring no escaped frames');
  }

  /** How many replies of a kind came in. */
  heard(reply: string): number {
    return this.replies.filter((other) => other === reply).length;
  }

  onDisconnected(connection: number): void {
    this.disconnected.push(connection);
  }

  onInstrumentVoid(instrument: InstrumentIndex, reason: string): void {
    this.voids.push(`${this.#directory.instruments[instrument]?.symbol} ${reason}`);
  }

  indexOf(symbol: string): number {
    return this.#directory.instrumentNamed(symbol)?.index ?? -1;
  }

  #read(connection: number, frame: { channel?: string; type?: string; data?: unknown }): void {
    if (frame.channel === 'book')
      this.#readBooks(connection, frame.data as { symbol: string }[], frame.type === 'snapshot');
    else if (frame.channel === 'instrument') {
      const { pairs } = frame.data as {
        pairs: { symbol: string; status: InstrumentStatus; price_precision?: number }[];
      };
      this.#readPairs(pairs);
    } else {
      const reply = venueReplyOf(frame);
      if (reply === undefined) this.malformed += 1;
      else this.#takeReply(connection, reply);
    }
  }

  #takeReply(connection: number, reply: VenueReply): void {
    this.replies.push('method' in reply ? `${reply.kind} ${reply.method}` : reply.kind);
    this.#source?.onReply(connection, reply);
  }

  #readBooks(connection: number, books: readonly { symbol: string }[], isSnapshot: boolean): void {
    for (const { symbol } of books) {
      this.books.set(symbol, (this.books.get(symbol) ?? 0) + 1);
      this.#source?.onBookMessage(connection, instrumentIndex(this.indexOf(symbol)), isSnapshot);
    }
  }

  #readPairs(pairs: readonly { symbol: string; status: InstrumentStatus; price_precision?: number }[]): void {
    const known = this.#directory.instruments.map(({ symbol }) => symbol);
    const symbols = [...new Set([...known, ...pairs.map(({ symbol }) => symbol)])];
    const statuses = Object.fromEntries(pairs.map(({ symbol, status }) => [symbol, status]));
    const { assets, instruments } = changesOf(symbols, statuses);
    const changed: Instrument[] = pairs.map(({ symbol, price_precision }) => {
      const instrument = instruments.find((other) => other.symbol === symbol) as Instrument;
      return price_precision === undefined ? instrument : { ...instrument, pricePrecision: price_precision };
    });
    const rescaled = changed.filter(({ index, pricePrecision }) => {
      const before = this.#directory.instruments[index];
      return before !== undefined && before.pricePrecision !== pricePrecision;
    });
    this.#directory.apply({ assets, instruments: changed });
    this.#log.append({ assets, instruments: changed });
    this.#source?.onInstruments(changed);
    for (const { index } of rescaled) this.#source?.resync(index);
  }
}

export interface SocketStage {
  readonly venue: ScriptedVenue;
  readonly source: FrameSource;
  readonly sink: KeepingSink;
  readonly context: ActorContext<'feed'>;
  /** What the source's timer threw: the supervisor would hear of it. */
  readonly thrown: readonly unknown[];
  count(name: CounterName<'feed'>): number;
  /** Texts of the audit records of a kind so far, with their severity. */
  audits(event: AuditEvent): string[];
  /** Waits until `condition` does not throw. */
  until(condition: () => void): Promise<void>;
  /** Moves virtual time on. */
  advance(ms: number): void;
  /** Virtual time now, milliseconds. */
  nowMs(): number;
  /** Milliseconds until the next timer of virtual time; undefined when none is set. */
  nextTimerMs(): number | undefined;
  /** Waits for `count` more heartbeats: whatever was on the wire before them has arrived. */
  heartbeats(count: number): Promise<void>;
  /** Another source on the same memory, as after a death. Started and driven like the first. */
  successor(): { readonly source: FrameSource; readonly sink: KeepingSink };
}

export interface StageOptions {
  readonly symbols: readonly string[];
  /** Settings of `venue` on top of the quick ones. */
  readonly venue?: Readonly<Record<string, unknown>>;
  readonly config?: Readonly<Record<string, unknown>>;
  readonly options?: RunOptions;
  /** Time stands still but for {@link SocketStage.advance}: nothing is due before the test says so. */
  readonly virtualTime?: boolean;
  /** Prepares the script before the source starts. */
  readonly script?: (venue: ScriptedVenue) => void;
}

/** Time limits short enough for a test, long enough for a busy machine. */
const QUICK = {
  backoff_base_ms: 5,
  backoff_max_ms: 40,
  backoff_repeated_min_ms: 10,
  refused_retry_min_ms: 10,
  refused_retry_max_ms: 100,
  connect_timeout_ms: 2_000,
  subscribe_timeout_ms: 5_000,
  ping_interval_ms: 60_000,
  socket_silence_ms: 5_000,
  instrument_silence_ms: 60_000,
  messages_per_second: 100,
};

const until = (condition: () => void) => vi.waitFor(condition, { timeout: 20_000, interval: 3 });

/** Starts venue and source; both end with the test. */
export async function startSocketStage(given: StageOptions): Promise<SocketStage> {
  const venue = await startScriptedVenue({ symbols: given.symbols });
  given.script?.(venue);
  const settings = { ...QUICK, public_url: venue.url, symbols: [...given.symbols], ...given.venue };
  const stage = createTestContext('feed', {
    config: { ...given.config, venue: settings },
    ...(given.options === undefined ? {} : { options: given.options }),
  });
  const clock: Clock = given.virtualTime === true ? stage.clock : systemClock;
  const context = contextWith(stage.context, { clock });
  const audited: { event: AuditEvent; text: string }[] = [];
  const first = drive(context);
  onTestFinished(() => venue.close());
  return {
    venue,
    ...first,
    context,
    count: (name) => context.counters.get(name),
    audits: (event) => {
      for (const { event: kind, severity, text } of stage.audits()) {
        audited.push({ event: kind, text: `${severity} ${text}` });
      }
      return audited.filter((audit) => audit.event === event).map(({ text }) => text);
    },
    until,
    advance: (ms) => stage.clock.advanceTo(stage.clock.nowNs() + ms * 1e6),
    nowMs: () => stage.clock.nowNs() / 1e6,
    nextTimerMs: () => {
      const dueNs = stage.clock.nextTimerNs();
      return dueNs === undefined ? undefined : (dueNs - stage.clock.nowNs()) / 1e6;
    },
    heartbeats: async (count) => {
      const before = first.sink.heard('heartbeat');
      await until(() => expect(first.sink.heard('heartbeat')).toBeGreaterThanOrEqual(before + count));
    },
    successor: () => drive(contextWith(stage.successor(), { clock })),
  };
}

function drive(context: ActorContext<'feed'>): { source: FrameSource; sink: KeepingSink; thrown: unknown[] } {
  const thrown: unknown[] = [];
  const sink = new KeepingSink(context.instrumentLog);
  const source = recorded(createSocketSource(context), context);
  sink.attach(source);
  void source.start(sink);
  const timer = setInterval(() => {
    if (context.clock instanceof VirtualClock) context.clock.advanceTo(context.clock.nowNs()); // what is due now
    try {
      source.onTimer();
    } catch (error) {
      thrown.push(error);
    }
  }, 4);
  onTestFinished(async () => {
    clearInterval(timer);
    await source.stop();
  });
  return { source, sink, thrown };
}
