/**
 * What the feed says besides books: control messages on the `deltas` ring, and records. What finds no room waits, and goes
 * before every later message.
 */

import type { Instrument, InstrumentChanges, InstrumentIndex } from '../../../market/instrument.ts';
import {
  type InvalidReason,
  invalidReasonCode,
  MARKET_KIND,
  SYSTEM_STATUSES,
  type SystemStatus,
} from '../../../messages/market-messages.ts';
import type { ActorContext } from '../../../runtime/actor.ts';
import type { AuditEvent } from '../../../runtime/records/audit-events.ts';
import { AuditOutbox } from '../audit-outbox.ts';
import type { DeltaPublisher } from '../delta-publisher.ts';
import type { FeedMemory } from '../feed-memory.ts';
import type { FrameCounters } from '../frame-counters.ts';
import type { InstrumentRegistry } from '../instrument-registry.ts';
import type { FrameSource } from '../sources/frame-source.ts';

export interface AnnouncementDeps {
  readonly context: ActorContext<'feed'>;
  readonly memory: FeedMemory;
  readonly registry: InstrumentRegistry;
  readonly publisher: DeltaPublisher;
  readonly count: FrameCounters;
}

export class Announcements {
  readonly #deps: AnnouncementDeps;
  readonly #audits: AuditOutbox;
  #source: FrameSource | undefined;

  constructor(deps: AnnouncementDeps) {
    this.#deps = deps;
    this.#audits = new AuditOutbox(deps.context.records);
  }

  /** What a predecessor had learned of instruments and of the venue's status without announcing it is announced now. */
  recover(source: FrameSource): void {
    this.#source = source;
    this.#beginOutsideFrame();
    const { context, memory, publisher, count } = this.#deps;
    const { instrumentLog } = context;
    for (let position = memory.announcedBytes; position < instrumentLog.used; ) {
      publisher.addControl(MARKET_KIND.INSTRUMENTS, 0, undefined, position);
      position = instrumentLog.read(position).next;
    }
    const status = context.counters.value(count.system_status);
    if (status !== memory.announcedStatus) publisher.addControl(MARKET_KIND.SYSTEM_STATUS, status);
    this.publishWaiting();
  }

  /** Publishes control messages and records that found no room. False while some still wait. */
  publishWaiting(): boolean {
    const { context, publisher, count } = this.#deps;
    const areRecorded = this.#audits.flush();
    if (!areRecorded) context.counters.add(count.records_waited, 1);
    if (publisher.waiting === 0) return areRecorded;
    this.#beginOutsideFrame();
    return this.publish() && areRecorded;
  }

  /** Publishes what was said since the frame began. False when some of it has to wait. */
  publish(): boolean {
    const { context, publisher, count } = this.#deps;
    const isPublished = publisher.publishControls();
    this.notePublished();
    context.counters.set(count.frame_seq, publisher.seq);
    return isPublished;
  }

  /** What is published need not be announced by a successor. */
  notePublished(): void {
    const { context, memory, publisher, count } = this.#deps;
    if (publisher.waiting > 0) return;
    memory.announcedBytes = context.instrumentLog.used;
    memory.announcedStatus = context.counters.value(count.system_status);
  }

  /** This book is void until its next snapshot. */
  invalidate(instrument: InstrumentIndex, reason: InvalidReason): void {
    this.#deps.publisher.addControl(MARKET_KIND.INVALIDATE, invalidReasonCode(reason), instrument);
  }

  /** What is new of assets and instruments. Books whose precision changes are void, and asked for again. */
  instruments(changes: InstrumentChanges): void {
    if (changes.assets.length === 0 && changes.instruments.length === 0) return;
    const { context, registry, publisher, count } = this.#deps;
    const { position, rescaled } = registry.take(changes, publisher.nextControlSeq);
    publisher.addControl(MARKET_KIND.INSTRUMENTS, 0, undefined, position);
    for (const instrument of rescaled) this.invalidate(instrument, 'precision_changed');
    context.counters.set(count.instruments, registry.directory.instruments.length);
    this.audit('info', 'instruments_changed', describe(changes.instruments));
    this.#source?.onInstruments(changes.instruments);
    for (const instrument of rescaled) this.#source?.resync(instrument);
  }

  /** The venue's status, unless it is known. */
  status(status: SystemStatus): void {
    const { context, publisher, count } = this.#deps;
    const code = SYSTEM_STATUSES.indexOf(status);
    if (context.counters.value(count.system_status) === code) return;
    context.counters.set(count.system_status, code);
    publisher.addControl(MARKET_KIND.SYSTEM_STATUS, code);
    this.audit(status === 'online' ? 'info' : 'warn', 'venue_status', status);
  }

  audit(level: 'info' | 'warn', event: AuditEvent, text: string, instrument?: InstrumentIndex): void {
    this.#audits.write(event, {
      severity: level === 'info' ? 0 : 1,
      text,
      ...(instrument !== undefined && { instrument }),
    });
    this.#deps.context.log(level, event, text);
  }

  /** What is published now belongs to the newest frame handled: a successor must not take the next one for handled. */
  #beginOutsideFrame(): void {
    const { context, memory, publisher } = this.#deps;
    const { clock } = context;
    const wallUs = Math.round(clock.wallMs() * 1e3);
    const seconds = Math.floor(wallUs / 1e6);
    const nanos = (wallUs - seconds * 1e6) * 1e3;
    const recvIndex = Math.max(0, memory.framesHandled - 1);
    publisher.beginFrame(recvIndex, seconds, nanos, clock.nowNs());
  }
}

function describe(instruments: readonly Instrument[]): string {
  const symbols = instruments.slice(0, 8).map(({ symbol, status }) => `${symbol} ${status}`);
  return `${instruments.length} instruments: ${symbols.join(', ')}${instruments.length > 8 ? ', …' : ''}`;
}
