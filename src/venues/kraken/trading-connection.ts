/**
 * The private socket: fetches tokens, opens it, keeps it open, keeps its two channels standing, and hands on what comes.
 * Which state follows which is the machine's business; what the frames mean for orders is the handler's.
 */
import { createActor } from 'xstate';
import type { Chance } from '../../shared/chance.ts';
import type { CancelTimer, Clock } from '../../shared/clock.ts';
import type { Config } from '../../shared/config.ts';
import { arbitradeError, reasonOf } from '../../shared/errors.ts';
import { CLOSE_ABNORMAL } from '../node-sockets.ts';
import type { Socket, SocketPort } from '../transport.ts';
import { apiErrorOf } from './api-error.ts';
import { ClockProbe } from './clock-probe.ts';
import { ConnectAttempts } from './connect-attempts.ts';
import type { ConnectBudget } from './connect-budget.ts';
import { remedyForClose, remedyForUpgrade } from './failure-class.ts';
import { PrivateChannel } from './private-channel.ts';
import { type BalancesFrame, type ExecutionsFrame, type PrivateFrame, privateFrameOf } from './private-frame.ts';
import type { PrivateReply } from './private-reply.ts';
import * as privately from './private-requests.ts';
import { REST_MS } from './request-pacer.ts';
import { RequestQueue } from './request-queue.ts';
import * as requests from './requests.ts';
import type { RestFailure } from './rest-answer.ts';
import type { SocketTokens, TokenResult } from './socket-tokens.ts';
import { type TradingState, tradingMachine } from './trading-machine.ts';

/** Who makes something of what comes. */
export interface ConnectionHandler {
  /** Executions and balances stand. */
  onStand(): void;
  /** They do not any more. */
  onFall(why: string): void;
  onExecutions(frame: ExecutionsFrame): void;
  onBalances(frame: BalancesFrame): void;
  /** An answer to a request that the connection did not make itself. */
  onReply(reply: PrivateReply): void;
  /** The venue dropped a request, without saying which. */
  onRateExceeded(): void;
  /** Threshold of the account's trading counter. */
  onMaxRateCount(count: number): void;
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
  readonly budget: ConnectBudget;
  readonly handler: ConnectionHandler;
}

/** Longest wait for the venue's half of the closing handshake. */
const CLOSE_WITHIN_MS = 1_000;
/** Failures of the key itself: nobody but a person can change them. */
const HOPELESS: readonly RestFailure['topic'][] = ['credentials', 'permission', 'unknown_method'];
/** Tokens refused in a row before the connection is given up. */
const TOKENS_REFUSED_MAX = 3;

export class TradingConnection {
  readonly #deps: ConnectionDeps;
  readonly #machine;
  readonly #executions = new PrivateChannel('executions');
  readonly #balances = new PrivateChannel('balances');
  readonly #probe = new ClockProbe();
  readonly #queue: RequestQueue;
  readonly #attempts: ConnectAttempts;
  #socket: Socket | undefined;
  #cancelClose: CancelTimer | undefined;
  #tokensRefused = 0;
  #openedMs = 0;
  #frameMs = 0;
  #frameWallMs = 0;
  #pingDueMs = 0;
  #system = 'unknown';
  #offsetMs: number | undefined;
  #why = '';

  constructor(deps: ConnectionDeps) {
    this.#deps = deps;
    const { clock, chance, budget, venue, tokens } = deps;
    this.#queue = new RequestQueue({
      clock,
      perSecond: venue.messages_per_second,
      token: () => tokens.token,
      write: (text) => this.#socket?.send(text) === true,
    });
    this.#attempts = new ConnectAttempts({
      clock,
      chance,
      budget,
      backoff: {
        baseMs: venue.backoff_base_ms,
        maxMs: venue.backoff_max_ms,
        repeatedMinMs: venue.backoff_repeated_min_ms,
      },
      onDue: () => this.#machine.send({ type: 'attempt.due' }),
    });
    const actions = {
      scheduleAttempt: () => this.#attempts.schedule(this.#system === 'online' || this.#system === 'unknown'),
      cancelTimer: () => this.#cancelTimers(),
      fetchToken: () => this.#deps.tokens.obtain((result) => this.#onToken(result)),
      open: () => this.#open(),
      subscribeAll: () => this.#subscribeAll(),
      resubscribe: () => this.#leave(this.#executions),
      stand: () => this.#stand(),
      fall: () => this.#deps.handler.onFall(this.#why),
      cut: () => this.#cut(),
      close: () => this.#close(),
      settled: () => this.#settled(),
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
    return this.state === 'live' && this.#system === 'online' && this.#deps.tokens.token !== undefined;
  }

  /** What the venue says of itself. */
  get system(): string {
    return this.#system;
  }

  /** Wall time by the venue's clock, milliseconds. */
  get venueMs(): number {
    return this.#deps.clock.wallMs() + (this.#offsetMs ?? 0);
  }

  /** Whether the pace lets `count` orders leave now. */
  hasPaceForOrders(count: number): boolean {
    return this.#queue.hasPaceForOrders(count);
  }

  start(): void {
    this.#machine.send({ type: 'start' });
  }

  stop(): void {
    this.#deps.tokens.stop();
    this.#why = 'stopped';
    this.#machine.send({ type: 'stop' });
  }

  nextRequest(): requests.RequestId {
    return this.#queue.nextRequest();
  }

  /** Sends an order at once, or not at all. @returns false when nothing was sent. */
  sendOrder(write: (token: string) => string): boolean {
    return this.isReady && this.#queue.sendOrder(write);
  }

  /** Sends a request as soon as the pace allows. It is dropped when the connection falls before. */
  sendSoon(write: (terms: privately.PrivateTerms) => string): requests.RequestId {
    return this.#queue.sendSoon(write);
  }

  /** The venue refused the token of a request. Several requests may have carried the same: one answer is enough. */
  onTokenRefused(): void {
    if (this.state === 'reauthorising' || this.state === 'renewing') return;
    this.#deps.tokens.onRefused(this.#deps.tokens.token);
    this.#why = 'the venue refused the token';
    if (++this.#tokensRefused < TOKENS_REFUSED_MAX) this.#machine.send({ type: 'token.refused' });
    else this.#down('lost', `the venue refused ${this.#tokensRefused} tokens in a row`);
  }

  /** Something of the executions is missing: they are subscribed to anew, with all that is open and the newest fills. */
  onMissing(why: string): void {
    if (!this.#isOpen) return;
    this.#deps.handler.onUnexpected(why);
    if (this.state !== 'live') this.#down('lost', why);
    else {
      this.#why = why;
      this.#machine.send({ type: 'gap' });
    }
  }

  /** Looks at every time limit. */
  onTimer(): void {
    const nowMs = this.#nowMs();
    const { venue, tokens } = this.#deps;
    if (this.state !== 'stopped' && this.state !== 'refused' && this.state !== 'idle') tokens.onTimer();
    if (this.state === 'connecting' && nowMs - this.#openedMs >= venue.connect_timeout_ms) {
      this.#down('lost', `not connected within ${venue.connect_timeout_ms} ms`);
    }
    if (!this.#isOpen) return;
    const silentMs = nowMs - this.#frameMs;
    if (silentMs >= venue.socket_silence_ms) this.#down('lost', `no frame for ${Math.round(silentMs)} ms`);
    else if (this.#isOverdue(nowMs)) this.#down('lost', 'a subscription stays unanswered');
    else this.#onQuietTimer(nowMs);
  }

  get #isOpen(): boolean {
    return ['subscribing', 'reauthorising', 'live', 'renewing', 'resyncing'].includes(this.state);
  }

  #onQuietTimer(nowMs: number): void {
    if (this.isStanding && nowMs - this.#openedMs >= this.#deps.venue.backoff_max_ms) {
      this.#attempts.onLasted();
      this.#tokensRefused = 0;
    }
    if (nowMs >= this.#pingDueMs) this.#ping(nowMs);
  }

  #isOverdue(nowMs: number): boolean {
    const limitMs = this.#deps.venue.subscribe_timeout_ms;
    const isClockOverdue = this.#offsetMs === undefined && nowMs - this.#openedMs >= limitMs;
    return isClockOverdue || [this.#executions, this.#balances].some((channel) => channel.isOverdue(nowMs, limitMs));
  }

  #onToken(result: TokenResult): void {
    if (result.ok) {
      this.#machine.send({ type: 'token.ready' });
      return;
    }
    const { topic, text } = result.failure;
    if (HOPELESS.includes(topic)) this.#refused('a token for the private socket', text);
    else {
      this.#attempts.onFailed();
      this.#why = `no token: ${text}`;
      this.#machine.send({ type: 'token.failed' });
    }
  }

  #open(): void {
    const { sockets, venue } = this.#deps;
    this.#openedMs = this.#nowMs();
    let socket: Socket | undefined;
    // Events of a socket that was given up are nobody's.
    const ifCurrent = (act: () => void) => {
      if (this.#socket === socket) act();
    };
    try {
      socket = sockets.open(venue.private_url, {
        onOpen: () => ifCurrent(() => this.#onOpened()),
        onMessage: (data) => ifCurrent(() => this.#onFrame(data)),
        onClosed: (code, reason, status) => ifCurrent(() => this.#onClosed(code, reason, status)),
      });
      this.#socket = socket;
    } catch (thrown) {
      this.#refused(`the address ${venue.private_url}`, reasonOf(thrown));
    }
  }

  #onOpened(): void {
    const nowMs = this.#nowMs();
    this.#openedMs = nowMs;
    this.#frameMs = nowMs;
    this.#offsetMs = undefined;
    this.#system = 'unknown';
    this.#queue.clear();
    this.#machine.send({ type: 'opened' });
  }

  #subscribeAll(): void {
    const nowMs = this.#nowMs();
    this.#ping(nowMs);
    this.#ask(this.#executions);
    this.#ask(this.#balances);
  }

  #ask(channel: PrivateChannel): void {
    const write = channel.name === 'executions' ? privately.subscribeExecutions : privately.subscribeBalances;
    channel.onSubscribeSent(this.sendSoon(write), this.#nowMs());
  }

  #leave(channel: PrivateChannel): void {
    const request = this.sendSoon((terms) => privately.unsubscribePrivate(channel.name, terms));
    channel.onUnsubscribeSent(request, this.#nowMs());
  }

  #ping(nowMs: number): void {
    this.#pingDueMs = nowMs + this.#deps.venue.ping_interval_ms;
    this.sendSoon(({ reqId }) => {
      this.#probe.onPingSent(reqId, this.#deps.clock.wallMs());
      return requests.ping(reqId);
    });
  }

  #stand(): void {
    this.#why = '';
    this.#deps.handler.onStand();
  }

  #onFrame(data: Uint8Array): void {
    if (!this.#isOpen) return;
    this.#frameMs = this.#nowMs();
    this.#frameWallMs = this.#deps.clock.wallMs();
    this.#take(privateFrameOf(data));
    const isAllHere = this.#executions.isStanding && this.#balances.isStanding && this.#offsetMs !== undefined;
    if (isAllHere && (this.state === 'subscribing' || this.state === 'resyncing')) {
      this.#machine.send({ type: 'subscribed' });
    }
  }

  #take(frame: PrivateFrame): void {
    const { handler } = this.#deps;
    switch (frame.kind) {
      case 'executions':
        this.#onExecutions(frame);
        return;
      case 'balances':
        this.#onBalances(frame);
        return;
      case 'reply':
        this.#onReply(frame);
        return;
      case 'pong':
        this.#onPong(frame);
        return;
      case 'status':
        this.#system = frame.system;
        return;
      case 'rate_exceeded':
        this.#onRateExceeded();
        return;
      case 'heartbeat':
        return;
      case 'unreadable':
        handler.onUnexpected(`a frame of the private socket: ${frame.why}`);
        return;
      default:
        frame satisfies never;
    }
  }

  /** What a message says is true whatever its number; the number says whether anything is missing. */
  #onExecutions(frame: ExecutionsFrame): void {
    const verdict = this.#executions.onMessage(frame.sequence, frame.isSnapshot);
    this.#deps.handler.onExecutions(frame);
    if (verdict !== 'gap') return;
    this.onMissing(`a gap in the executions before ${frame.sequence ?? 'a message without a number'}`);
  }

  #onBalances(frame: BalancesFrame): void {
    const verdict = this.#balances.onMessage(frame.sequence, frame.isSnapshot);
    this.#deps.handler.onBalances(frame);
    if (verdict !== 'gap') return;
    this.#deps.handler.onUnexpected(`a gap in the balances before ${frame.sequence ?? 'a message without a number'}`);
    this.#leave(this.#balances);
  }

  #onReply(reply: PrivateReply): void {
    const channel = [this.#executions, this.#balances].find((one) => one.isAnswerTo(reply.reqId));
    if (channel === undefined) this.#deps.handler.onReply(reply);
    else if (channel.isLeaving) this.#ask(channel);
    else if (reply.success === 'yes') {
      channel.onAcknowledged();
      if (reply.maxRateCount !== undefined) this.#deps.handler.onMaxRateCount(reply.maxRateCount);
    } else this.#onSubscribeRefused(channel.name, reply.error);
  }

  #onSubscribeRefused(channel: string, error: string): void {
    const { topic } = apiErrorOf(error);
    if (topic === 'token') this.onTokenRefused();
    else if (HOPELESS.includes(topic)) this.#refused(`the channel ${channel}`, error);
    else this.#down('lost', `the venue refused ${channel}: ${error === '' ? 'no reason given' : error}`);
  }

  #onPong({ reqId, timeInMs, timeOutMs }: Extract<PrivateFrame, { kind: 'pong' }>): void {
    const offsetUs = this.#probe.onPong(reqId, timeInMs, timeOutMs, this.#frameWallMs);
    if (offsetUs !== undefined) this.#offsetMs = offsetUs / 1_000;
  }

  #onRateExceeded(): void {
    this.#queue.slowDown();
    this.#deps.handler.onUnexpected(`the venue drops requests; nothing leaves for ${REST_MS} ms`);
    this.#deps.handler.onRateExceeded();
  }

  #onClosed(code: number, reason: string, httpStatus: number | undefined): void {
    const why = reason === '' ? `close ${code}` : `close ${code}: ${reason}`;
    const remedy = httpStatus === undefined ? remedyForClose(code) : remedyForUpgrade(httpStatus);
    if (remedy === 'stop') this.#refused('the private connection', why);
    else this.#down('lost', why);
  }

  #refused(what: string, why: string): void {
    this.#why = `refused: ${why}`;
    this.#deps.handler.onRefused(arbitradeError('VENUE_REFUSED', what, why));
    this.#machine.send({ type: 'refused' });
  }

  #down(event: 'lost' | 'close.overdue', why: string): void {
    if (this.state === 'closing') this.#attempts.onLasted();
    else this.#attempts.onFailed();
    this.#why = why;
    if (this.#tokensRefused >= TOKENS_REFUSED_MAX) this.#tokensRefused = 0;
    this.#machine.send({ type: event });
  }

  #cut(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    this.#forget();
    socket?.terminate();
  }

  #close(): void {
    this.#forget();
    this.#socket?.close();
    this.#cancelClose = this.#deps.clock.after(CLOSE_WITHIN_MS, () =>
      this.#down('close.overdue', `not closed within ${CLOSE_WITHIN_MS} ms (${CLOSE_ABNORMAL}); cut off`),
    );
  }

  #settled(): void {
    this.#forget();
  }

  #cancelTimers(): void {
    this.#attempts.cancel();
    this.#cancelClose?.();
  }

  /** Nothing that waited for this connection is of use to the next. */
  #forget(): void {
    this.#queue.clear();
    this.#executions.reset();
    this.#balances.reset();
  }

  #nowMs(): number {
    return this.#deps.clock.nowNs() / 1e6;
  }
}
