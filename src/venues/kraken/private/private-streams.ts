/**
 * What is streamed on a private connection: its two channels, the venue's clock and state, and every frame that comes. A
 * new connection begins everything anew. When something is missing or refused, the holder of the connection decides.
 */

import { ClockProbe } from '../../../net/clock-probe.ts';
import type { Clock } from '../../../platform/clock.ts';
import type { Config } from '../../../settings/config.ts';
import type { RequestId } from '../../market-data.ts';
import * as requests from '../wire/requests.ts';
import { PrivateChannel } from './private-channel.ts';
import { type BalancesFrame, type ExecutionsFrame, type PrivateFrame, privateFrameOf } from './private-frame.ts';
import type { PrivateReply } from './private-reply.ts';
import * as privately from './private-requests.ts';

/** Who makes something of what comes. */
export interface StreamHandler {
  onExecutions(frame: ExecutionsFrame): void;
  onBalances(frame: BalancesFrame): void;
  /** An answer to a request that the connection did not make itself. */
  onReply(reply: PrivateReply): void;
  /** Threshold of the account's trading counter. */
  onMaxRateCount(count: number): void;
  onUnexpected(text: string): void;
}

export interface PrivateStreamsDeps {
  readonly clock: Clock;
  readonly venue: Pick<Config['venue'], 'ping_interval_ms' | 'subscribe_timeout_ms'>;
  readonly handler: StreamHandler;
  /** Sends a request as soon as the pace allows. */
  readonly sendSoon: (write: (terms: privately.PrivateTerms) => string) => RequestId;
  /** A message of the executions is missing. */
  readonly onMissing: (why: string) => void;
  readonly onSubscribeRefused: (channel: string, error: string) => void;
  /** The venue dropped a request, without saying which. */
  readonly onRateExceeded: () => void;
}

export class PrivateStreams {
  readonly #deps: PrivateStreamsDeps;
  readonly #executions = new PrivateChannel('executions');
  readonly #balances = new PrivateChannel('balances');
  readonly #probe = new ClockProbe();
  #openedMs = 0;
  #pingDueMs = 0;
  #system = 'unknown';
  #isClockKnown = false;
  /** The venue's clock less our monotonic one, which cannot be set; undefined until it was reported on any connection. */
  #aheadMs: number | undefined;

  constructor(deps: PrivateStreamsDeps) {
    this.#deps = deps;
  }

  /** Whether both channels are acknowledged and have brought their snapshots, and the venue's clock is known. */
  get areStanding(): boolean {
    return this.#executions.isStanding && this.#balances.isStanding && this.#isClockKnown;
  }

  /** What the venue says of itself. */
  get system(): string {
    return this.#system;
  }

  /** Wall time by the venue's clock, milliseconds: our own is trusted only until the venue has reported its time once. */
  get venueMs(): number {
    return this.#aheadMs === undefined ? this.#deps.clock.wallMs() : this.#nowMs() + this.#aheadMs;
  }

  /** The connection has just been opened: nothing is known on it. */
  onOpened(nowMs: number): void {
    this.#openedMs = nowMs;
    this.#isClockKnown = false;
    this.#system = 'unknown';
  }

  /** Asks for the time and both channels. */
  subscribeAll(nowMs: number): void {
    this.#ping(nowMs);
    this.#ask(this.#executions, nowMs);
    this.#ask(this.#balances, nowMs);
  }

  /** Ends the subscription to the executions; when that is answered they are asked for anew. */
  resubscribe(nowMs: number): void {
    this.#leave(this.#executions, nowMs);
  }

  /** Nothing of the subscriptions is of use to another connection. */
  reset(): void {
    this.#executions.reset();
    this.#balances.reset();
  }

  /** Whether anything that was asked for has been without its answer for too long. */
  isOverdue(nowMs: number): boolean {
    const limitMs = this.#deps.venue.subscribe_timeout_ms;
    const isClockOverdue = !this.#isClockKnown && nowMs - this.#openedMs >= limitMs;
    return isClockOverdue || [this.#executions, this.#balances].some((channel) => channel.isOverdue(nowMs, limitMs));
  }

  /** Asks for the time when that is due. */
  onTimer(nowMs: number): void {
    if (nowMs >= this.#pingDueMs) this.#ping(nowMs);
  }

  /** Takes a frame as it came. */
  take(data: Uint8Array): void {
    const { handler } = this.#deps;
    const nowMs = this.#nowMs();
    const frame: PrivateFrame = privateFrameOf(data);
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
        this.#onPong(frame, nowMs);
        return;
      case 'status':
        this.#system = frame.system;
        return;
      case 'rate_exceeded':
        this.#deps.onRateExceeded();
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

  #ask(channel: PrivateChannel, nowMs: number): void {
    const write = channel.name === 'executions' ? privately.subscribeExecutions : privately.subscribeBalances;
    channel.onSubscribeSent(this.#deps.sendSoon(write), nowMs);
  }

  #leave(channel: PrivateChannel, nowMs: number): void {
    const request = this.#deps.sendSoon((terms) => privately.unsubscribePrivate(channel.name, terms));
    channel.onUnsubscribeSent(request, nowMs);
  }

  #ping(nowMs: number): void {
    const { venue, sendSoon } = this.#deps;
    this.#pingDueMs = nowMs + venue.ping_interval_ms;
    sendSoon(({ reqId }) => {
      this.#probe.onPingSent(reqId, this.#nowMs());
      return requests.ping(reqId);
    });
  }

  /** What a message says is true with any number; the number says whether anything is missing. */
  #onExecutions(frame: ExecutionsFrame): void {
    const verdict = this.#executions.onMessage(frame.sequence, frame.isSnapshot);
    this.#deps.handler.onExecutions(frame);
    if (verdict !== 'gap') return;
    this.#deps.onMissing(`a gap in the executions before ${frame.sequence ?? 'a message without a number'}`);
  }

  #onBalances(frame: BalancesFrame): void {
    const { handler } = this.#deps;
    const verdict = this.#balances.onMessage(frame.sequence, frame.isSnapshot);
    handler.onBalances(frame);
    if (verdict !== 'gap') return;
    handler.onUnexpected(`a gap in the balances before ${frame.sequence ?? 'a message without a number'}`);
    this.#leave(this.#balances, this.#nowMs());
  }

  #onReply(reply: PrivateReply): void {
    const { handler } = this.#deps;
    const channel = [this.#executions, this.#balances].find((one) => one.isAnswerTo(reply.reqId));
    if (channel === undefined) handler.onReply(reply);
    else if (channel.isLeaving) this.#ask(channel, this.#nowMs());
    else if (reply.success === 'yes') {
      channel.onAcknowledged();
      if (reply.maxRateCount !== undefined) handler.onMaxRateCount(reply.maxRateCount);
    } else this.#deps.onSubscribeRefused(channel.name, reply.error);
  }

  #onPong({ reqId, timeInMs, timeOutMs }: Extract<PrivateFrame, { kind: 'pong' }>, nowMs: number): void {
    const aheadUs = this.#probe.onPong(reqId, timeInMs, timeOutMs, nowMs);
    if (aheadUs === undefined) return;
    this.#isClockKnown = true;
    this.#aheadMs = aheadUs / 1_000;
  }

  #nowMs(): number {
    return this.#deps.clock.nowNs() / 1e6;
  }
}
