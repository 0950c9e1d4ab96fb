/**
 * The private socket: fetches tokens, opens it, keeps it open, keeps its two channels standing, and hands on what comes.
 * Which state follows which is the machine's business; what the frames mean for orders is the handler's.
 */
import { createActor } from 'xstate';
import { connectWaits } from '../../../net/connect-waits.ts';
import { remedyForClose, remedyForUpgrade } from '../../../net/connection-remedy.ts';
import { describeClose, KeptSocket } from '../../../net/kept-socket.ts';
import { REST_MS } from '../../../net/limiters/pacer.ts';
import type { SlidingWindow } from '../../../net/limiters/sliding-window.ts';
import { RequestQueue } from '../../../net/request-queue.ts';
import type { SocketPort } from '../../../net/transport.ts';
import type { Chance } from '../../../platform/chance.ts';
import type { Clock } from '../../../platform/clock.ts';
import { arbitradeError, reasonOf } from '../../../platform/errors.ts';
import type { Config } from '../../../settings/config.ts';
import { remedyForKey } from '../rest/failure-class.ts';
import { apiErrorOf } from '../wire/api-error.ts';
import { PrivateStreams, type StreamHandler } from './private-streams.ts';
import type { SocketTokens, TokenResult } from './socket-tokens.ts';
import { type TradingEventType, type TradingState, tradingMachine } from './trading-machine.ts';

/** Who is notified of the life of the connection. */
export interface ConnectionHandler {
  /** Executions and balances stand. */
  onStand(): void;
  /** They do not any more. */
  onFall(why: string): void;
  /** The venue dropped a request, without saying which. */
  onRateExceeded(): void;
  onUnexpected(text: string): void;
  /** No further attempt helps. */
  onRefused(error: Error): void;
}

export interface ConnectionDeps {
  readonly clock: Clock;
  readonly chance: Chance;
  readonly venue: Config['venue'];
  readonly sockets: SocketPort;
  readonly tokens: SocketTokens;
  readonly budget: SlidingWindow;
  readonly handler: ConnectionHandler;
  readonly streams: StreamHandler;
}

/** Tokens refused in a row before the connection is given up. */
const TOKENS_REFUSED_MAX = 3;

export class TradingConnection {
  /** What leaves, but for orders: those use {@link sendOrder}. */
  readonly requests: RequestQueue;
  readonly #deps: ConnectionDeps;
  readonly #machine;
  readonly #streams: PrivateStreams;
  readonly #socket: KeptSocket;
  #tokensRefused = 0;
  #why = '';

  constructor(deps: ConnectionDeps) {
    this.#deps = deps;
    const { clock, chance, budget, venue, tokens, handler, streams, sockets } = deps;
    const events = {
      onDue: () => this.#machine.send({ type: 'attempt.due' }),
      onOpen: () => this.#onOpened(),
      onMessage: (data: Uint8Array) => this.#onFrame(data),
      onClosed: (code: number, reason: string, status: number | undefined) => this.#onClosed(code, reason, status),
      onCloseOverdue: (why: string) => this.#down('close.overdue', why),
    };
    this.#socket = new KeptSocket({ clock, chance, sockets, budget, waits: connectWaits(venue), events });
    this.requests = new RequestQueue({
      clock,
      perSecond: venue.messages_per_second,
      token: () => tokens.token,
      write: (text) => this.#socket.send(text),
    });
    this.#streams = new PrivateStreams({
      clock,
      venue,
      handler: streams,
      sendSoon: (write) => this.requests.sendSoon(write),
      onMissing: (why) => this.onMissing(why),
      onSubscribeRefused: (channel, error) => this.#onSubscribeRefused(channel, error),
      onRateExceeded: () => this.#onRateExceeded(),
    });
    const actions = {
      scheduleAttempt: () => this.#socket.attempts.schedule(['online', 'unknown'].includes(this.system)),
      cancelTimer: () => this.#socket.cancelTimers(),
      fetchToken: () => this.#deps.tokens.obtain((result) => this.#onToken(result)),
      open: () => this.#open(),
      subscribeAll: () => this.#streams.subscribeAll(this.#nowMs()),
      resubscribe: () => this.#streams.resubscribe(this.#nowMs()),
      stand: () => handler.onStand(),
      fall: () => handler.onFall(this.#why),
      cut: () => this.#cut(),
      close: () => this.#close(),
      settled: () => this.#forget(),
    };
    this.#machine = createActor(tradingMachine.provide({ actions })).start();
  }

  get state(): TradingState {
    return this.#machine.getSnapshot().value;
  }

  /** Whether the streams stand. */
  get isStanding(): boolean {
    return this.state === 'live' || this.state === 'renewing';
  }

  /** Whether orders may leave: streams, venue and token are all right. */
  get isReady(): boolean {
    return this.state === 'live' && this.system === 'online' && this.#deps.tokens.token !== undefined;
  }

  /** What the venue says of itself. */
  get system(): string {
    return this.#streams.system;
  }

  /** Wall time by the venue's clock, milliseconds. */
  get venueMs(): number {
    return this.#streams.venueMs;
  }

  start(): void {
    this.#machine.send({ type: 'start' });
  }

  stop(): void {
    this.#deps.tokens.stop();
    this.#say('stop', 'stopped');
  }

  /** Sends an order at once, or not at all. @returns false when nothing was sent. */
  sendOrder(write: (token: string) => string): boolean {
    return this.isReady && this.requests.sendOrder(write);
  }

  /** The venue refused the token of a request. Several requests may have carried the same: one answer is enough. */
  onTokenRefused(): void {
    if (this.state === 'reauthorising' || this.state === 'renewing') return;
    this.#deps.tokens.onRefused(this.#deps.tokens.token);
    if (++this.#tokensRefused < TOKENS_REFUSED_MAX) this.#say('token.refused', 'the venue refused the token');
    else this.#down('lost', `the venue refused ${this.#tokensRefused} tokens in a row`);
  }

  /** Something of the executions is missing: they are subscribed to anew, with all that is open and the newest fills. */
  onMissing(why: string): void {
    if (!this.#isOpen) return;
    this.#deps.handler.onUnexpected(why);
    if (this.state !== 'live') this.#down('lost', why);
    else this.#say('gap', why);
  }

  /** Looks at every time limit. */
  onTimer(): void {
    const nowMs = this.#nowMs();
    const { venue, tokens } = this.#deps;
    if (this.state !== 'stopped' && this.state !== 'refused' && this.state !== 'idle') tokens.onTimer();
    if (this.state === 'connecting' && this.#socket.ageMs(nowMs) >= venue.connect_timeout_ms) {
      this.#down('lost', `not connected within ${venue.connect_timeout_ms} ms`);
    }
    if (!this.#isOpen) return;
    const silentMs = this.#socket.silentMs(nowMs);
    if (silentMs >= venue.socket_silence_ms) this.#down('lost', `no frame for ${Math.round(silentMs)} ms`);
    else if (this.#streams.isOverdue(nowMs)) this.#down('lost', 'a subscription stays unanswered');
    else this.#onQuietTimer(nowMs);
  }

  get #isOpen(): boolean {
    return ['subscribing', 'reauthorising', 'live', 'renewing', 'resyncing'].includes(this.state);
  }

  #onQuietTimer(nowMs: number): void {
    if (this.isStanding && this.#socket.ageMs(nowMs) >= this.#deps.venue.backoff_max_ms) {
      this.#socket.attempts.onLasted();
      this.#tokensRefused = 0;
    }
    this.#streams.onTimer(nowMs);
  }

  #onToken(result: TokenResult): void {
    if (result.ok) {
      this.#machine.send({ type: 'token.ready' });
      return;
    }
    const { topic, text } = result.failure;
    if (remedyForKey(topic) === 'stop') this.#refused('a token for the private socket', text);
    else {
      this.#socket.attempts.onFailed();
      this.#say('token.failed', `no token: ${text}`);
    }
  }

  #open(): void {
    const { private_url } = this.#deps.venue;
    try {
      this.#socket.open(private_url);
    } catch (thrown) {
      this.#refused(`the address ${private_url}`, reasonOf(thrown));
    }
  }

  #onOpened(): void {
    const nowMs = this.#nowMs();
    this.#streams.onOpened(nowMs);
    this.requests.clear();
    this.#machine.send({ type: 'opened' });
  }

  #onFrame(data: Uint8Array): void {
    if (!this.#isOpen) return;
    this.#streams.take(data);
    if (this.#streams.areStanding && (this.state === 'subscribing' || this.state === 'resyncing')) {
      this.#machine.send({ type: 'subscribed' });
    }
  }

  #onSubscribeRefused(channel: string, error: string): void {
    const { topic } = apiErrorOf(error);
    if (topic === 'token') this.onTokenRefused();
    else if (remedyForKey(topic) === 'stop') this.#refused(`the channel ${channel}`, error);
    else this.#down('lost', `the venue refused ${channel}: ${error === '' ? 'no reason given' : error}`);
  }

  #onRateExceeded(): void {
    this.requests.slowDown();
    this.#deps.handler.onUnexpected(`the venue drops requests; nothing leaves for ${REST_MS} ms`);
    this.#deps.handler.onRateExceeded();
  }

  #onClosed(code: number, reason: string, httpStatus: number | undefined): void {
    const why = describeClose(code, reason);
    const remedy = httpStatus === undefined ? remedyForClose(code) : remedyForUpgrade(httpStatus);
    if (remedy === 'retry') this.#down('lost', why);
    else this.#refusedForNow(why);
  }

  /** The venue or its edge refused the connection, not the key: the next attempt is made late. */
  #refusedForNow(why: string): void {
    const { message } = arbitradeError('VENUE_REFUSED', 'the private connection', `${why}; tried again later`);
    this.#deps.handler.onUnexpected(message);
    this.#socket.attempts.onRefused();
    this.#say('lost', `refused: ${why}`);
  }

  /** No repetition helps: a person has to change something. */
  #refused(what: string, why: string): void {
    this.#deps.handler.onRefused(arbitradeError('VENUE_REFUSED', what, why));
    this.#say('refused', `refused: ${why}`);
  }

  #down(event: 'lost' | 'close.overdue', why: string): void {
    if (this.state === 'closing') this.#socket.attempts.onLasted();
    else this.#socket.attempts.onFailed();
    if (this.#tokensRefused >= TOKENS_REFUSED_MAX) this.#tokensRefused = 0;
    this.#say(event, why);
  }

  /** @param why what the handler is given if the streams fall. */
  #say(type: TradingEventType, why: string): void {
    this.#why = why;
    this.#machine.send({ type });
  }

  #cut(): void {
    this.#forget();
    this.#socket.cut();
  }

  #close(): void {
    this.#forget();
    this.#socket.close();
  }

  /** Nothing that waited for this connection is of use to the next. */
  #forget(): void {
    this.requests.clear();
    this.#streams.reset();
  }

  #nowMs(): number {
    return this.#deps.clock.nowNs() / 1e6;
  }
}
