/**
 * The life of the books, off the tick path: takes events to the validity machine, keeps each book's state in own memory,
 * and does what a new state asks for: requests, deadlines, counters, records.
 */

import { VALID } from '../../market/book-table.ts';
import { type InstrumentIndex, instrumentIndex } from '../../market/instrument.ts';
import { INVALID_REASONS, invalidReasonCode, RESYNC } from '../../messages/market-messages.ts';
import { backOffMs } from '../../net/back-off.ts';
import type { ActorContext } from '../../runtime/actor.ts';
import type { Counters } from '../../runtime/memory/counters.ts';
import type { RingProducer } from '../../runtime/memory/ring.ts';
import type { AuditEvent } from '../../runtime/records/audit-events.ts';
import type { Config } from '../../settings/config.ts';
import { AuditLimiter } from './audit-limiter.ts';
import { nextValidity, VALIDITY_STATES, type ValidityEvent, type ValidityState } from './book-machine.ts';
import { type BookMemory, ROW_DOUBLE, ROW_WORD } from './book-memory.ts';
import type { Precisions } from './precisions.ts';

const LIVE = VALIDITY_STATES.indexOf('live');
const AWAITING_SNAPSHOT = invalidReasonCode('awaiting_snapshot');
/** After an interruption of the stream the feed comes back by itself; it gets this many snapshot timeouts for it. */
const PATIENCE = 3;
const NEVER = 0;

export class Validity {
  readonly #context: ActorContext<'book'>;
  readonly #config: Config['book'];
  readonly #memory: BookMemory;
  readonly #precisions: Precisions;
  readonly #resyncs: RingProducer;
  readonly #counters: Counters<'book'>;
  readonly #feed: Counters<'feed'>;
  readonly #limiter = new AuditLimiter();
  readonly #lastFrameAt: number;
  /** No deadline falls due, and no request waits to be sent, before this: until then the timer need not look. */
  #lookAgainNs = 0;

  constructor(context: ActorContext<'book'>, memory: BookMemory, precisions: Precisions) {
    this.#context = context;
    this.#config = context.config.book;
    this.#memory = memory;
    this.#precisions = precisions;
    this.#resyncs = context.producer('resyncs');
    this.#counters = context.counters;
    this.#feed = context.countersOf('feed');
    this.#lastFrameAt = this.#feed.at('last_frame_ns');
  }

  /** Counts anew what a predecessor may have counted only half. */
  recover(): void {
    let valid = 0;
    for (let book = 0; book < this.#memory.books; book++) if (this.isLive(instrumentIndex(book))) valid++;
    this.#counters.set(this.#counters.at('books_valid'), valid);
  }

  isLive(book: InstrumentIndex): boolean {
    return this.#memory.word(book, ROW_WORD.state) === LIVE;
  }

  /** A snapshot verified; the book table has it. */
  verified(book: InstrumentIndex, seq: number): void {
    this.#fire(book, { type: 'verified' }, VALID, seq);
  }

  /** A message did not verify. */
  broken(book: InstrumentIndex, reason: number, seq: number): void {
    const liveForNs = this.#context.clock.nowNs() - this.#memory.double(book, ROW_DOUBLE.liveSinceNs);
    const settled = liveForNs >= this.#config.resync_settled_ms * 1e6;
    this.#fire(book, { type: 'broken', settled }, reason, seq);
  }

  /**
   * An update came for a book that has no snapshot. Its stream is alive, so the feed sees nothing wrong with it: from
   * the first one on the snapshot becomes overdue, even one that was never announced by anything.
   */
  lacksSnapshot(book: InstrumentIndex): void {
    if (this.#memory.double(book, ROW_DOUBLE.deadlineNs) !== NEVER || this.#stateOf(book) !== 'awaiting') return;
    this.#setDeadline(book, this.#patienceMs(book, 'awaiting'));
  }

  /** The feed reports that this book's stream was interrupted. */
  voided(book: InstrumentIndex, reason: number, seq: number): void {
    this.#fire(book, { type: 'voided' }, reason, seq);
  }

  /** The instrument's precision changed. */
  rescaled(book: InstrumentIndex, seq: number): void {
    this.#fire(book, { type: 'rescaled' }, invalidReasonCode('precision_changed'), seq);
  }

  /** Looks for what is overdue, and sends requests that found the ring full. */
  onTimer(): void {
    const nowNs = this.#context.clock.nowNs();
    if (nowNs < this.#lookAgainNs) return;
    this.#lookAgainNs = Number.POSITIVE_INFINITY; // an instrument that is due sooner lowers it while it is looked at
    const lastFrameNs = this.#feed.value(this.#lastFrameAt);
    for (let book = 0; book < this.#memory.books; book++) this.#look(instrumentIndex(book), nowNs, lastFrameNs);
  }

  #look(book: InstrumentIndex, nowNs: number, lastFrameNs: number): void {
    if (this.#memory.word(book, ROW_WORD.unsent) !== 0) this.#request(book);
    const deadlineNs = this.#memory.double(book, ROW_DOUBLE.deadlineNs);
    if (deadlineNs === NEVER) return;
    if (deadlineNs <= nowNs) this.#overdue(book, lastFrameNs);
    const nextNs = this.#memory.double(book, ROW_DOUBLE.deadlineNs);
    if (nextNs !== NEVER) this.#lookAgainNs = Math.min(this.#lookAgainNs, nextNs);
  }

  #overdue(book: InstrumentIndex, lastFrameNs: number): void {
    if (this.#couldHaveCome(book, lastFrameNs)) {
      this.#fire(
        book,
        { type: 'overdue' },
        this.#memory.word(book, ROW_WORD.reason),
        this.#memory.double(book, ROW_DOUBLE.eventSeq),
      );
    } else this.#setDeadline(book, this.#config.snapshot_timeout_ms);
  }

  /** While the feed receives nothing at all, a missing snapshot is not this instrument's failing. */
  #couldHaveCome(book: InstrumentIndex, lastFrameNs: number): boolean {
    const state = this.#stateOf(book);
    if (state !== 'asked' && state !== 'awaiting') return true;
    return lastFrameNs > this.#memory.double(book, ROW_DOUBLE.deadlineSetNs);
  }

  #fire(book: InstrumentIndex, event: ValidityEvent, reason: number, seq: number): void {
    const from = this.#stateOf(book);
    const context = {
      attempts: this.#memory.word(book, ROW_WORD.attempts),
      attemptsMax: this.#config.resync_attempts_max,
    };
    const { state, attempts } = nextValidity(from, context, event);
    const reasonBefore = this.#memory.word(book, ROW_WORD.reason);
    this.#memory.setWord(book, ROW_WORD.state, VALIDITY_STATES.indexOf(state));
    this.#memory.setWord(book, ROW_WORD.attempts, attempts);
    this.#memory.setWord(book, ROW_WORD.reason, reason);
    this.#memory.setDouble(book, ROW_DOUBLE.eventSeq, seq);
    if (state !== 'live') this.#context.bookTable.setValidity(book, reason);
    if (from === 'live' && state !== 'live') this.#onInvalid(book, reason, seq);
    if (from !== 'live' && state === 'live') this.#onLive(book, reasonBefore, seq);
    if (from !== state || event.type === 'voided') this.#enter(book, state, seq);
  }

  #enter(book: InstrumentIndex, state: ValidityState, seq: number): void {
    this.#memory.setWord(book, ROW_WORD.unsent, 0);
    this.#setDeadline(book, this.#patienceMs(book, state));
    if (state === 'asked') {
      this.#counters.add(this.#counters.at('resyncs_requested'), 1);
      this.#request(book);
    } else if (state === 'given_up') {
      this.#counters.add(this.#counters.at('given_up'), 1);
      this.#record('book_given_up', book, seq);
    }
  }

  /** How long a state lasts before it is overdue. */
  #patienceMs(book: InstrumentIndex, state: ValidityState): number {
    switch (state) {
      case 'live':
        return NEVER;
      case 'awaiting':
        return PATIENCE * this.#config.snapshot_timeout_ms;
      case 'asked':
        return this.#config.snapshot_timeout_ms;
      case 'backing_off':
        return this.#backOffMs(book);
      case 'given_up':
        return this.#config.given_up_retry_ms;
      default:
        return state satisfies never;
    }
  }

  #onInvalid(book: InstrumentIndex, reason: number, seq: number): void {
    this.#counters.add(this.#counters.at('books_valid'), -1);
    this.#counters.add(this.#counters.at('invalidations'), 1);
    this.#record('book_invalid', book, seq, INVALID_REASONS[reason]);
  }

  #onLive(book: InstrumentIndex, reasonBefore: number, seq: number): void {
    this.#counters.add(this.#counters.at('books_valid'), 1);
    this.#memory.setDouble(book, ROW_DOUBLE.liveSinceNs, this.#context.clock.nowNs());
    if (reasonBefore === VALID || reasonBefore === AWAITING_SNAPSHOT) return; // its first snapshot
    this.#counters.add(this.#counters.at('resyncs_completed'), 1);
    this.#record('book_resynced', book, seq, INVALID_REASONS[reasonBefore]);
  }

  /** Asks the feed for a snapshot; when the ring is full, at the next timer. */
  #request(book: InstrumentIndex): void {
    this.#memory.setWord(book, ROW_WORD.unsent, 1);
    if (!this.#resyncs.tryClaim(1)) {
      this.#lookAgainNs = 0;
      return;
    }
    const { view } = this.#resyncs;
    const offset = this.#resyncs.offset(0);
    view.setUint8(offset + RESYNC.kind, 1);
    view.setUint8(offset + RESYNC.reason, this.#memory.word(book, ROW_WORD.reason));
    view.setUint32(offset + RESYNC.instrument, book, true);
    view.setFloat64(offset + RESYNC.seq, this.#memory.double(book, ROW_DOUBLE.eventSeq), true);
    view.setFloat64(offset + RESYNC.attempt, this.#memory.word(book, ROW_WORD.attempts), true);
    view.setFloat64(offset + RESYNC.stampNs, this.#context.clock.nowNs(), true);
    this.#resyncs.publish(1);
    this.#memory.setWord(book, ROW_WORD.unsent, 0);
  }

  /** So that books do not ask in step, a part of it is left to chance. */
  #backOffMs(book: InstrumentIndex): number {
    const { resync_backoff_base_ms: baseMs, resync_backoff_max_ms: maxMs } = this.#config;
    const steps = this.#memory.word(book, ROW_WORD.attempts) - 1;
    return backOffMs(steps, { baseMs, maxMs, growth: 2, jitter: 'half' }, this.#context.chance);
  }

  #setDeadline(book: InstrumentIndex, inMs: number): void {
    const nowNs = this.#context.clock.nowNs();
    this.#memory.setDouble(book, ROW_DOUBLE.deadlineSetNs, nowNs);
    const deadlineNs = inMs === NEVER ? NEVER : nowNs + inMs * 1e6;
    this.#memory.setDouble(book, ROW_DOUBLE.deadlineNs, deadlineNs);
    if (deadlineNs !== NEVER) this.#lookAgainNs = Math.min(this.#lookAgainNs, deadlineNs);
  }

  #record(event: AuditEvent, book: InstrumentIndex, seq: number, why = ''): void {
    if (!this.#limiter.allow(this.#context.clock.nowNs())) return;
    const leftOut = this.#limiter.takeLeftOut();
    const attempts = this.#memory.word(book, ROW_WORD.attempts);
    const symbol = this.#precisions.symbol(book);
    const text = `${symbol} ${why}`.trim() + (leftOut > 0 ? ` (${leftOut} records like it left out)` : '');
    const severity = event === 'book_resynced' ? 0 : event === 'book_invalid' ? 1 : 2;
    this.#context.records.tryAudit(event, { severity, instrument: book, a: seq, b: attempts, text });
    this.#context.log(LEVELS[severity], event, text, { instrument: symbol, seq, attempts });
  }

  #stateOf(book: InstrumentIndex): ValidityState {
    return VALIDITY_STATES[this.#memory.word(book, ROW_WORD.state)] ?? 'awaiting';
  }
}

const LEVELS = ['info', 'warn', 'error'] as const;
