/**
 * One client's connection, in any of the protocols: heartbeats when nothing else is sent, closing when idle, the message
 * rate, and what becomes of a client that does not read. No socket in here: a port is handed in.
 */
import { DecayingCounter } from '../../net/limiters/decaying-counter.ts';
import type { CancelTimer, Clock } from '../../platform/clock.ts';
import { HEARTBEAT_FRAME, MESSAGE_RATE_FRAME } from '../protocols/kraken/wire-text.ts';

/** The far end of a connection: a real socket's, or another core's in the inline host. */
export interface ClientPort {
  send(text: string): void;
  close(code: number, reason: string): void;
  /** Ends the connection without a close frame. */
  terminate(): void;
  /** Bytes sent that the client has not taken yet. */
  bufferedBytes(): number;
}

/** What the shell reports of its socket. */
export interface ClientEvents {
  receive(text: string): void;
  closed(): void;
  /** False when the far end must appear dead: WebSocket pings get no answer either. */
  answersPings(): boolean;
}

export interface ConnectionLimits {
  /** Longest pause between frames to a client with a subscription. */
  readonly heartbeatMs: number;
  /** A client without subscription that says nothing for this long is closed. */
  readonly idleCloseMs: number;
  /** Requests per second; also the burst. The venue's own number is not published. */
  readonly messagesPerSecond: number;
  /** A client with more than this unread is cut off. */
  readonly bufferBytesMax: number;
  /** At speed `max` the market waits while a client has more than this unread … */
  readonly bufferBytesPause: number;
  /** … but not longer than this: then the client is cut off. */
  readonly slowClientMs: number;
}

export const CONNECTION_LIMITS: ConnectionLimits = {
  heartbeatMs: 1_000,
  idleCloseMs: 60_000,
  messagesPerSecond: 50,
  bufferBytesMax: 8_388_608,
  bufferBytesPause: 262_144,
  slowClientMs: 5_000,
};

export interface ConnectionCounts {
  framesSent: number;
  heartbeatsSent: number;
  requests: number;
  requestsOverRate: number;
  slowClientsCut: number;
  idleClosed: number;
}

/** What the protocol on top of the connection does. */
export interface ConnectionUser {
  /** What is sent while nothing else is; that of v2 when not given. */
  readonly heartbeat?: string;
  onRequest(text: string): void;
  onClosed(): void;
  hasSubscription(): boolean;
}

export class ClientConnection implements ClientEvents {
  readonly #port: ClientPort;
  readonly #clock: Clock;
  readonly #limits: ConnectionLimits;
  readonly #counts: ConnectionCounts;
  readonly #user: ConnectionUser;
  #lastSentNs: number;
  #lastHeardNs: number;
  readonly #requests: DecayingCounter;
  #fullSinceNs: number | undefined;
  #halfOpen = false;
  #open = true;
  #cancel: CancelTimer = () => {};

  constructor(
    port: ClientPort,
    clock: Clock,
    limits: ConnectionLimits,
    counts: ConnectionCounts,
    user: ConnectionUser,
  ) {
    this.#port = port;
    this.#clock = clock;
    this.#limits = limits;
    this.#counts = counts;
    this.#user = user;
    const now = clock.nowNs();
    this.#lastSentNs = now;
    this.#lastHeardNs = now;
    const { messagesPerSecond } = limits;
    this.#requests = new DecayingCounter({ max: messagesPerSecond, decay: { points: messagesPerSecond, inMs: 1_000 } });
    this.#watch();
  }

  get isOpen(): boolean {
    return this.#open;
  }

  /** Sends a frame, unless the line is dead or the client has stopped reading, which ends it. */
  send(text: string): void {
    if (!this.#open || this.#halfOpen) return;
    if (this.#port.bufferedBytes() > this.#limits.bufferBytesMax) {
      this.#cutSlow();
      return;
    }
    this.#counts.framesSent += 1;
    this.#lastSentNs = this.#clock.nowNs();
    this.#port.send(text);
  }

  /** True when the market may go on for this client. Cuts it off when it has kept the market waiting too long. */
  hasRoom(): boolean {
    if (!this.#open || this.#port.bufferedBytes() <= this.#limits.bufferBytesPause) {
      this.#fullSinceNs = undefined;
      return true;
    }
    this.#fullSinceNs ??= this.#clock.nowNs();
    if (this.#clock.nowNs() - this.#fullSinceNs < this.#limits.slowClientMs * 1e6) return false;
    this.#cutSlow();
    return true;
  }

  close(code: number, reason: string): void {
    if (!this.#open) return;
    this.#port.close(code, reason);
    this.#end();
  }

  terminate(): void {
    if (!this.#open) return;
    this.#port.terminate();
    this.#end();
  }

  /** From now on the far end appears dead although nothing closes. */
  goHalfOpen(): void {
    this.#halfOpen = true;
  }

  answersPings(): boolean {
    return !this.#halfOpen;
  }

  receive(text: string): void {
    if (!this.#open || this.#halfOpen) return;
    this.#lastHeardNs = this.#clock.nowNs();
    this.#counts.requests += 1;
    if (this.#requests.tryAdd(1, this.#lastHeardNs)) {
      this.#user.onRequest(text);
    } else {
      this.#counts.requestsOverRate += 1;
      this.send(MESSAGE_RATE_FRAME);
    }
  }

  closed(): void {
    this.#end();
  }

  #cutSlow(): void {
    this.#counts.slowClientsCut += 1;
    this.terminate();
  }

  #end(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#cancel();
    this.#user.onClosed();
  }

  /** One timer per connection: looks again when the next heartbeat or the idle limit could be due. */
  #watch(): void {
    if (!this.#open) return;
    const now = this.#clock.nowNs();
    const subscribed = this.#user.hasSubscription();
    const dueMs = subscribed
      ? this.#limits.heartbeatMs - (now - this.#lastSentNs) / 1e6
      : Math.min(this.#limits.heartbeatMs, this.#limits.idleCloseMs - (now - this.#lastHeardNs) / 1e6);
    if (dueMs > 0) {
      this.#cancel = this.#clock.after(dueMs, () => this.#watch());
    } else if (subscribed) {
      this.#heartbeat();
    } else {
      this.#counts.idleClosed += 1;
      this.close(1000, 'idle');
    }
  }

  #heartbeat(): void {
    if (!this.#halfOpen) this.#counts.heartbeatsSent += 1;
    this.send(this.#user.heartbeat ?? HEARTBEAT_FRAME);
    this.#cancel = this.#clock.after(this.#limits.heartbeatMs, () => this.#watch());
  }
}
