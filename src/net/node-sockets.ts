/** Sockets on the network: `ws` behind the {@link SocketPort}. Uncompressed: no extension is offered, so none is agreed. */
import type { ClientRequest, IncomingMessage } from 'node:http';
import { type ClientOptions, WebSocket } from 'ws';
import type { Clock } from '../platform/clock.ts';
import { reasonOf } from '../platform/errors.ts';
import { LoopShare } from './loop-share.ts';
import type { TlsOptions } from './tls-options.ts';
import type { Socket, SocketEvents, SocketPort } from './transport.ts';

export interface NodeSocketOptions {
  /** A larger message ends the connection with {@link CLOSE_TOO_LARGE}. */
  readonly frameBytesMax: number;
  /** Time for TCP, TLS and the upgrade together. */
  readonly connectTimeoutMs: number;
  /** How encrypted connections are verified. */
  readonly tls: TlsOptions;
}

/** Our reason text for a connection that was given up without a close code; the code RFC 6455 reserves for it. */
export const CLOSE_ABNORMAL = 1006;
/** RFC 6455: the message was too large for its reader. */
export const CLOSE_TOO_LARGE = 1009;
const CLOSE_NORMAL = 1000;

/**
 * Real sockets. Nothing is opened before `open`. Together they hand over messages for about a millisecond of each turn
 * of the event loop, by `clock`; what one read brought beyond that waits, in order, and its socket is read no further.
 */
export function nodeSockets(clock: Clock, { frameBytesMax, connectTimeoutMs, tls }: NodeSocketOptions): SocketPort {
  // `ws` hands these on to `tls.connect`; its declarations know an older shape of one of them.
  const verification: object = tls;
  const limits: ClientOptions = {
    perMessageDeflate: false,
    maxPayload: frameBytesMax,
    handshakeTimeout: connectTimeoutMs,
  };
  const options = Object.assign(limits, verification);
  const share = new LoopShare(clock);
  return { open: (url, events) => new NodeSocket(new WebSocket(url, options), events, frameBytesMax, share) };
}

class NodeSocket implements Socket {
  readonly #ws: WebSocket;
  readonly #events: SocketEvents;
  readonly #share: LoopShare;
  /** Received, and left for a later turn of the event loop. `ws` gives every message bytes of its own. */
  #held: Buffer[] = [];
  /** How it ended, once it has. */
  #closed: Parameters<SocketEvents['onClosed']> | undefined;
  /** What an 'error' event said; the 'close' that follows it does not say why. */
  #why = '';
  #isTooLarge = false;

  constructor(ws: WebSocket, events: SocketEvents, frameBytesMax: number, share: LoopShare) {
    this.#ws = ws;
    this.#events = events;
    this.#share = share;
    // Listeners stay on a socket that is closed, or its last error would have none.
    ws.on('open', () => events.onOpen());
    ws.on('message', (data) => this.#take(data as Buffer)); // 'nodebuffer', the default, gives Buffers
    ws.on('unexpected-response', (_request: ClientRequest, { statusCode = 0 }: IncomingMessage) => {
      this.#close(CLOSE_ABNORMAL, `HTTP ${statusCode} on upgrade`, statusCode);
      ws.terminate();
    });
    ws.on('error', (error: Error & { readonly code?: string }) => {
      this.#isTooLarge = error.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH';
      this.#why = this.#isTooLarge
        ? `a frame of more than venue.frame_bytes_max (${frameBytesMax} bytes): raise it`
        : reasonOf(error);
    });
    ws.on('close', (code, reason) => {
      const why = [reason.toString('utf8'), this.#why].filter((part) => part !== '').join(': ');
      this.#close(this.#isTooLarge ? CLOSE_TOO_LARGE : code, why, undefined);
    });
  }

  send(text: string): boolean {
    if (this.#ws.readyState !== WebSocket.OPEN) return false;
    this.#ws.send(text, () => undefined); // a socket that fails while sending says so by 'close'
    return true;
  }

  close(): void {
    this.#ws.close(CLOSE_NORMAL);
  }

  terminate(): void {
    this.#ws.terminate();
  }

  #take(message: Buffer): void {
    if (this.#held.length === 0 && this.#share.isLeft()) this.#events.onMessage(message);
    else this.#hold(message);
  }

  #hold(message: Buffer): void {
    this.#held.push(message);
    if (this.#held.length > 1) return;
    this.#ws.pause();
    setImmediate(() => this.#handOver());
  }

  /** Hands over what is held, as far as this turn of the event loop allows. */
  #handOver(): void {
    let next = 0;
    for (; next < this.#held.length && this.#share.isLeft(); next++) {
      const message = this.#held[next];
      if (message !== undefined) this.#events.onMessage(message);
    }
    this.#held = this.#held.slice(next);
    if (this.#held.length > 0) setImmediate(() => this.#handOver());
    else if (this.#closed === undefined) this.#ws.resume();
    else this.#events.onClosed(...this.#closed);
  }

  #close(code: number, reason: string, httpStatus: number | undefined): void {
    if (this.#closed !== undefined) return;
    this.#closed = [code, reason, httpStatus];
    if (this.#held.length === 0) this.#events.onClosed(...this.#closed); // otherwise after what came before it
  }
}
