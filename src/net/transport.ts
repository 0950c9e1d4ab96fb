/**
 * The connections that a venue's adapter can open. Callbacks, no promises: in the inline host everything happens
 * on the virtual clock and in one order.
 */
export interface HttpRequest {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Exactly these bytes are sent: signatures are over them. */
  readonly body: string;
  readonly timeoutMs: number;
}

export type HttpResult =
  | { readonly ok: true; readonly status: number; readonly body: string }
  /** `neverSent` is proven: refused connection, unknown host. Anything else may have arrived. */
  | { readonly ok: false; readonly neverSent: boolean; readonly why: string };

export interface HttpPort {
  /** Calls `done` exactly once, never before it returns. */
  request(request: HttpRequest, done: (result: HttpResult) => void): void;
  close(): void;
}

export interface SocketEvents {
  onOpen(): void;
  onMessage(data: Uint8Array): void;
  /** Once; nothing comes after it. `httpStatus` when the upgrade was refused with one. */
  onClosed(code: number, reason: string, httpStatus: number | undefined): void;
}

export interface Socket {
  /** False when the socket is not open: nothing was sent. */
  send(text: string): boolean;
  close(): void;
  /** Ends it without a close frame. */
  terminate(): void;
}

export interface SocketPort {
  /** @throws when `url` is none that a socket can have. */
  open(url: string, events: SocketEvents): Socket;
}

/** Handed to actors as run option `transport` by hosts that are not on the network. */
export interface Transport {
  readonly http: HttpPort;
  readonly sockets: SocketPort;
}
