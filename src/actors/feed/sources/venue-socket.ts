/**
 * One socket to the venue: opens it, keeps it open, says what is due on it, and hands every frame on. What it carries is
 * in the {@link SubscriptionTable}; when it may try again is the machine's, the back-off's and the budget's business.
 */
import { createActor } from 'xstate';
import type { InstrumentIndex } from '../../../market/instrument.ts';
import { ClockProbe } from '../../../net/clock-probe.ts';
import { connectWaits } from '../../../net/connect-waits.ts';
import { remedyForClose, remedyForUpgrade } from '../../../net/connection-remedy.ts';
import { CLOSE_WITHIN_MS, describeClose, KeptSocket } from '../../../net/kept-socket.ts';
import { Pacer, REST_MS } from '../../../net/limiters/pacer.ts';
import type { SlidingWindow } from '../../../net/limiters/sliding-window.ts';
import { CLOSE_ABNORMAL, CLOSE_TOO_LARGE } from '../../../net/node-sockets.ts';
import type { SocketPort } from '../../../net/transport.ts';
import { arbitradeError, reasonOf } from '../../../platform/errors.ts';
import type { ActorContext } from '../../../runtime/actor.ts';
import type { MarketRequests, RequestId, VenueReply } from '../../../venues/market-data.ts';
import type { AuditOutbox } from '../audit-outbox.ts';
import { type SocketState, socketMachine } from '../feed-machine.ts';
import { InstrumentSubscription } from '../subscriptions/instrument-subscription.ts';
import type { SubscriptionTable } from '../subscriptions/subscription-table.ts';
import type { ConnectionIndex, FrameSink } from './frame-source.ts';

/** What the sockets of a source share. */
export interface SocketDeps {
  readonly context: ActorContext<'feed'>;
  readonly requests: MarketRequests;
  readonly sink: FrameSink;
  readonly sockets: SocketPort;
  readonly table: SubscriptionTable;
  readonly budget: SlidingWindow;
  readonly audits: AuditOutbox;
  /** Symbol of an instrument of the table. */
  readonly symbolOf: (instrument: InstrumentIndex) => string;
  readonly nextRequest: () => RequestId;
  readonly isVenueOnline: () => boolean;
  /** Called after each frame: the time to act on what its replies asked for. */
  readonly afterFrame: () => void;
}

/** Why the venue or its edge does not let a socket connect, and since when (monotonic milliseconds). */
export interface Refusal {
  readonly sinceMs: number;
  readonly why: string;
}

export class VenueSocket {
  readonly index: ConnectionIndex;
  readonly #deps: SocketDeps;
  readonly #machine;
  readonly #pacer: Pacer;
  readonly #probe = new ClockProbe();
  readonly #instruments: InstrumentSubscription | undefined;
  readonly #scratch: InstrumentIndex[] = [];
  readonly #socket: KeptSocket;
  #onSettled: (() => void)[] = [];
  #frameWallMs = 0;
  #pingDueMs = 0;
  #resendDueMs = Number.POSITIVE_INFINITY;
  #refusal: Refusal | undefined;
  /** When the venue first refused it since a connection lasted: one that it opens and ends at once is refused still. */
  #refusedSinceMs: number | undefined;

  constructor(index: ConnectionIndex, deps: SocketDeps) {
    this.index = index;
    this.#deps = deps;
    const { context, budget, sockets } = deps;
    const { venue } = context.config;
    const { clock, chance } = context;
    this.#socket = new KeptSocket({
      clock,
      chance,
      sockets,
      budget,
      waits: connectWaits(venue),
      events: this.#events(),
    });
    this.#pacer = new Pacer(venue.messages_per_second);
    if (index === 0) {
      this.#instruments = new InstrumentSubscription({
        subscribeTimeoutMs: venue.subscribe_timeout_ms,
        retryMs: venue.backoff_max_ms,
      });
    }
    const actions = {
      scheduleAttempt: () => this.#socket.attempts.schedule(deps.isVenueOnline()),
      cancelTimer: () => this.#socket.cancelTimers(),
      open: () => this.#open(),
      subscribeAll: () => this.#subscribeAll(),
      cut: () => this.#socket.cut(),
      close: () => this.#socket.close(),
      settled: () => this.#settled(),
    };
    this.#machine = createActor(socketMachine.provide({ actions })).start();
  }

  get state(): SocketState {
    return this.#machine.getSnapshot().value;
  }

  /** The refusal that has kept it from connecting; undefined once it is connected again. */
  get refusal(): Refusal | undefined {
    return this.#refusal;
  }

  /** Whether requests can be sent on it. */
  get isOpen(): boolean {
    const { state } = this;
    return state === 'subscribing' || state === 'live';
  }

  /** Time of the current frame, or of the newest one. Monotonic milliseconds. */
  get frameMs(): number {
    return this.#socket.heardMs;
  }

  start(): void {
    this.#machine.send({ type: 'start' });
  }

  /** Closes and waits until it is closed, at most {@link CLOSE_WITHIN_MS}. */
  stop(): Promise<void> {
    return new Promise((resolve) => {
      this.#onSettled.push(resolve);
      if (this.state === 'stopped') this.#settled();
      else this.#machine.send({ type: 'stop' });
    });
  }

  /** Looks at every time limit, and sends what is due. */
  onTimer(nowMs: number): void {
    if (!this.isOpen) return;
    const { venue } = this.#deps.context.config;
    const silentMs = this.#socket.silentMs(nowMs);
    const isSilent = silentMs >= venue.socket_silence_ms;
    if (isSilent || !this.#checkSubscriptions(nowMs)) {
      this.#giveUp(isSilent ? `no frame for ${Math.round(silentMs)} ms` : 'subscriptions stay unanswered');
      return;
    }
    if (nowMs >= this.#resendDueMs) this.#resendUnanswered();
    if (this.#socket.ageMs(nowMs) >= venue.backoff_max_ms) this.#noteLasted();
    this.sendDue(nowMs);
  }

  #noteLasted(): void {
    this.#socket.attempts.onLasted();
    this.#refusedSinceMs = undefined;
  }

  /** Sends as many of the waiting requests as the pace allows. */
  sendDue(nowMs: number): void {
    if (!this.isOpen) return;
    const nowNs = this.#deps.context.clock.nowNs();
    while (this.#pacer.waitNs(nowNs) === 0 && this.#sendNext(nowMs)) this.#pacer.tryTake(nowNs);
    const answered = this.#deps.table.isAnswered(this.index) && this.#instruments?.isAnswered !== false;
    if (answered && this.state === 'subscribing') this.#machine.send({ type: 'subscribed' });
  }

  onPong({ reqId, timeInMs, timeOutMs }: Extract<VenueReply, { kind: 'pong' }>): void {
    const offsetUs = this.#probe.onPong(reqId, timeInMs, timeOutMs, this.#frameWallMs);
    const { counters } = this.#deps.context;
    if (offsetUs !== undefined) counters.set(counters.at('clock_offset_us'), offsetUs);
  }

  /** The venue dropped requests, without saying which. */
  onRateExceeded(nowMs: number): void {
    this.#pacer.slowDown(this.#deps.context.clock.nowNs());
    this.#resendDueMs = nowMs + REST_MS;
    const text = `the venue drops requests; at most ${this.#pacer.limit} a second on socket ${this.index} now`;
    this.#report('warn', 'venue_rate_exceeded', text, 0);
  }

  /** The subscription to the venue's instruments, if a reply without a symbol is about it. */
  instrumentsAsked(request: RequestId | undefined, channel: string | undefined) {
    return this.#instruments?.isAbout(request, channel) === true ? this.#instruments : undefined;
  }

  #events() {
    return {
      onDue: () => this.#machine.send({ type: 'attempt.due' }),
      onOpen: () => this.#onOpened(),
      onMessage: (data: Uint8Array) => this.#onFrame(data),
      onClosed: (code: number, reason: string, httpStatus: number | undefined) =>
        this.#onClosed(code, reason, httpStatus),
      onCloseOverdue: (why: string) => this.#down('close.overdue', CLOSE_ABNORMAL, why),
    };
  }

  #open(): void {
    const { public_url } = this.#deps.context.config.venue;
    try {
      this.#socket.open(public_url);
    } catch (thrown) {
      this.#down('refused', 0, reasonOf(thrown)); // an address that no WebSocket can have, such as one with a fragment
    }
  }

  #onOpened(): void {
    const nowMs = this.#nowMs();
    this.#pingDueMs = nowMs + this.#deps.context.config.venue.ping_interval_ms;
    this.#resendDueMs = Number.POSITIVE_INFINITY;
    this.#refusal = undefined;
    this.#count('connects');
    const { public_url } = this.#deps.context.config.venue;
    this.#report('info', 'venue_connected', public_url, 0);
    this.#deps.sink.onConnected?.(this.index, public_url);
    this.#machine.send({ type: 'opened' });
    this.sendDue(nowMs);
  }

  #subscribeAll(): void {
    this.#deps.table.onSocketOpened(this.index);
    this.#instruments?.onSocketOpened();
  }

  /** The tick path: no allocation here. */
  #onFrame(bytes: Uint8Array): void {
    if (!this.isOpen) return;
    const { clock } = this.#deps.context;
    this.#frameWallMs = clock.wallMs();
    const seconds = Math.floor(this.#frameWallMs / 1e3);
    // A double of milliseconds since 1970 is exact to a quarter of a microsecond: whole microseconds, rounded down.
    const nanos = Math.floor((this.#frameWallMs - seconds * 1e3) * 1e3) * 1e3;
    this.#deps.sink.onFrame(this.index, bytes, 0, bytes.length, seconds, nanos, false);
    this.#deps.afterFrame();
    this.#deps.context.turnNow();
  }

  #onClosed(code: number, reason: string, httpStatus: number | undefined): void {
    if (code === CLOSE_TOO_LARGE) this.#count('frames_too_large');
    if (httpStatus !== undefined) {
      this.#down(remedyForUpgrade(httpStatus) === 'retry_late' ? 'refused' : 'lost', httpStatus, reason);
      return;
    }
    const why = describeClose(code, reason);
    // Opened again, it would be sent the same frame: the wait grows as after a refusal, and a person is asked to look.
    if (code === CLOSE_TOO_LARGE) this.#down('refused', code, why);
    else this.#down(remedyForClose(code) === 'retry_late' ? 'refused' : 'lost', code, why);
  }

  #giveUp(why: string): void {
    this.#down('lost', CLOSE_ABNORMAL, why);
  }

  /** The connection is over, or was never made. */
  #down(event: 'lost' | 'refused' | 'close.overdue', code: number, why: string): void {
    const wasOpen = this.isOpen;
    const wasClosing = this.state === 'closing';
    if (wasOpen || wasClosing) this.#count('disconnects');
    if (wasClosing) this.#socket.attempts.onLasted();
    else if (event === 'refused') this.#noteRefused(why);
    else this.#socket.attempts.onFailed();
    this.#reportDown(event, code, why, wasClosing && event !== 'close.overdue');
    this.#deps.table.onSocketLost(this.index);
    this.#instruments?.onSocketLost();
    this.#machine.send({ type: event });
    if (wasOpen) this.#deps.sink.onDisconnected(this.index);
  }

  #noteRefused(why: string): void {
    this.#socket.attempts.onRefused();
    this.#refusedSinceMs ??= this.#nowMs();
    this.#refusal = { sinceMs: this.#refusedSinceMs, why };
  }

  #reportDown(event: 'lost' | 'refused' | 'close.overdue', code: number, why: string, isWanted: boolean): void {
    const { public_url } = this.#deps.context.config.venue;
    if (event === 'refused' && !isWanted) {
      const later = `${why}; tried again later`;
      const { message } =
        code === CLOSE_TOO_LARGE
          ? arbitradeError('VENUE_UNREACHABLE', public_url, later)
          : arbitradeError('VENUE_REFUSED', `the connection to ${public_url}`, later);
      this.#report('error', 'market_data_refused', message, code);
    } else this.#report(isWanted ? 'info' : 'warn', 'venue_disconnected', why, code);
  }

  #settled(): void {
    for (const resolve of this.#onSettled) resolve();
    this.#onSettled = [];
  }

  /** @returns false when the venue answers no more. */
  #checkSubscriptions(nowMs: number): boolean {
    const { table, sink, context, symbolOf } = this.#deps;
    const silent = this.#scratch;
    const answers = table.onTimer(this.index, nowMs, silent);
    for (const instrument of silent) {
      sink.onInstrumentVoid(instrument, 'silent');
      context.log('warn', 'book_invalid', `${symbolOf(instrument)} is silent; subscribing again`, {
        connection: this.index,
      });
    }
    return answers && this.#instruments?.onTimer(nowMs) !== false;
  }

  #resendUnanswered(): void {
    this.#resendDueMs = Number.POSITIVE_INFINITY;
    this.#deps.table.resendUnanswered(this.index);
    this.#instruments?.resendUnanswered();
  }

  /** Sends the most urgent request that waits. False when none does. */
  #sendNext(nowMs: number): boolean {
    return (
      this.#sendInstruments(nowMs) || this.#sendUnsubscribe(nowMs) || this.#sendSubscribe(nowMs) || this.#ping(nowMs)
    );
  }

  #sendInstruments(nowMs: number): boolean {
    if (this.#instruments?.isQueued !== true) return false;
    const request = this.#deps.nextRequest();
    this.#instruments.onSent(request, nowMs);
    return this.#send(this.#deps.requests.subscribeInstrument(request));
  }

  #sendUnsubscribe(nowMs: number): boolean {
    const { table, nextRequest, context } = this.#deps;
    const request = nextRequest();
    table.takeUnsubscribes(this.index, request, nowMs, this.#scratch);
    if (this.#scratch.length === 0) return false;
    return this.#send(this.#deps.requests.unsubscribeBook(this.#symbols(), context.config.venue.depth, request));
  }

  #sendSubscribe(nowMs: number): boolean {
    const { table, nextRequest, context } = this.#deps;
    const request = nextRequest();
    const renewals = table.takeSubscribes(this.index, request, nowMs, this.#scratch);
    if (this.#scratch.length === 0) return false;
    context.counters.add(context.counters.at('resyncs_sent'), renewals);
    return this.#send(this.#deps.requests.subscribeBook(this.#symbols(), context.config.venue.depth, request));
  }

  #ping(nowMs: number): boolean {
    if (nowMs < this.#pingDueMs) return false;
    const { context, nextRequest } = this.#deps;
    const request = nextRequest();
    this.#pingDueMs = nowMs + context.config.venue.ping_interval_ms;
    this.#probe.onPingSent(request, context.clock.wallMs());
    this.#count('pings');
    return this.#send(this.#deps.requests.ping(request));
  }

  #send(text: string): true {
    this.#socket.send(text);
    this.#deps.sink.onSent?.(this.index, text);
    return true;
  }

  #symbols(): string[] {
    return this.#scratch.map(this.#deps.symbolOf);
  }

  #report(
    level: 'info' | 'warn' | 'error',
    event: 'venue_connected' | 'venue_disconnected' | 'venue_rate_exceeded' | 'market_data_refused',
    text: string,
    code: number,
  ): void {
    const { context, audits } = this.#deps;
    const severity = level === 'info' ? 0 : level === 'warn' ? 1 : 2;
    context.log(level, event, text, { connection: this.index, code, failures: this.#socket.attempts.failures });
    audits.write(event, { severity, a: this.index, b: code, text });
  }

  #count(name: 'connects' | 'disconnects' | 'pings' | 'frames_too_large'): void {
    const { counters } = this.#deps.context;
    counters.add(counters.at(name), 1);
  }

  #nowMs(): number {
    return this.#deps.context.clock.nowNs() / 1e6;
  }
}
